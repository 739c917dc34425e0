//! A handoff is moved once, whole, and without waiting crosswise.

use super::leads::insert;
use super::server::{Db, at_once};
use super::tx::{reads, writes};
use super::world::{caller, decided, handoff_id, later, lead_id, mover, now, rep, rules};
use baton::connectors::CrmRef;
use baton::store::{Changes, DecidedLead, Move, Moved, StoreError};
use baton_core::domain::effect::Effect;
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::outcome::{Booking, NextStepKind, Outcome, Slot};
use baton_core::handoff::state::Closing;
use baton_core::handoff::{Event, Stage};
use baton_core::routing::decision::{Target, TargetRole};
use baton_core::rules::model::set::RingPlan;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub async fn of_two_saves_at_one_revision_one_counts(db: Db) {
    insert(&db, vec![decided(caller(1))]).await.expect("a lead");
    let handoff = db.store.handoff(&handoff_id(1)).await.expect("the handoff");
    let saved = at_once(&db, 0..8, |db, _| {
        let mut next = handoff.clone();
        next.revision += 1;
        async move {
            writes!(db.store, [next], |tx| tx
                .change(&Changes { moved: &[(&next, next.revision - 1)], ..Changes::default() })
                .await)
            .await
        }
    });
    let mut counted = 0;
    for saved in saved.await {
        match saved {
            Ok(()) => counted += 1,
            Err(StoreError::Conflict { what: "handoff", id }) => assert_eq!(id, handoff_id(1).to_string()),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(counted, 1);
}

/// Reps whose phone some lead holds.
async fn holders(db: &Db) -> BTreeSet<RepId> {
    let states = writes!(db.store, |tx| tx.reps_lock(&rules().reps.keys().cloned().collect()).await);
    let held = states.await.expect("states").into_values().filter(|state| state.reserved.is_some());
    held.map(|state| state.rep).collect()
}

/// The rep who is rung first, and their leg.
fn rung(lead: &DecidedLead) -> (RepId, LegId) {
    let leg = lead.handoff.legs.first().expect("somebody is rung");
    (leg.rep.clone(), leg.id.clone())
}

/// What this worker makes of an event.
async fn told(db: &Db, number: u32, event: Event, worker: &'static str, at: DateTime<Utc>) -> Moved {
    let moved = writes!(db.store, [event], |tx| {
        tx.transition(&handoff_id(number), &event, &rules(), &mover(worker, at)).await
    });
    moved.await.expect("a move")
}

pub async fn a_move_is_one_commit_and_the_view_follows(db: Db) {
    let sent = decided(caller(1));
    let (first, leg) = rung(&sent);
    let hold = sent.handoff.holds.first().cloned().expect("a phone is ours");
    insert(&db, vec![sent.clone()]).await.expect("a lead");
    let owner = sent.handoff.owner.clone();
    let begun = writes!(db.store, [first, hold, owner], |tx| {
        let mut reps = tx.reps_lock(&BTreeSet::from([first.clone(), owner.clone()])).await?;
        reps.get_mut(&owner).expect("the owner").take(now().date_naive());
        assert!(reps.get_mut(&first).expect("who rings").reserve(&handoff_id(1), hold.until, now()));
        tx.change(&Changes { reps: &reps.into_values().collect::<Vec<_>>(), ..Changes::default() }).await?;
        // As the batch that decided it: the turn that a later move hands on must be on the ledger.
        let pools: Vec<_> = rules().pools.keys().cloned().collect();
        tx.ledgers_lock(&pools).await.map(|_| ())
    });
    begun.await.expect("a beginning");
    let moved = told(&db, 1, Event::Declined { leg, why: None }, "second", later(3)).await;
    assert!(!moved.ignored);
    assert!(moved.steps.iter().all(|step| step.fence == 1 && step.run_at <= later(3)), "{:?}", moved.steps);
    let found = reads!(db.store, |tx| {
        let list = tx.leads_list(Some(NextStepKind::Handoff), 10).await?;
        Ok((tx.handoff(&handoff_id(1)).await?, tx.timeline(&lead_id(1)).await?, list))
    });
    let (handoff, timeline, list) = found.await.expect("a read");
    assert_eq!(handoff.revision, sent.handoff.revision + 1);
    let Stage::Ringing { leg, .. } = &handoff.stage else { panic!("the next rep is rung: {:?}", handoff.stage) };
    assert_ne!(*leg, rung(&sent).1);
    assert_eq!(timeline.iter().map(|line| line.kind.as_str()).collect::<Vec<_>>(), ["decided", "declined"]);
    let [line] = list.as_slice() else { panic!("{list:?}") };
    assert_eq!((&line.lead, &line.next_step, &line.owner), (&lead_id(1), &handoff.next_step(), &handoff.owner));
    let (first, second) = (rung(&sent).0, handoff.holds.first().expect("a phone is ours").rep.clone());
    assert_eq!(
        holders(&db).await,
        BTreeSet::from([first, second.clone()]),
        "the first phone is up until it is hung up"
    );
    let leg = rung(&sent).1;
    let hung_up = Move { handoff: handoff_id(1), frees: Some(leg), event: None };
    let freed =
        writes!(db.store, [hung_up], |tx| tx.transitions(&[hung_up], &rules(), &mover("second", later(4))).await);
    let freed = freed.await.expect("a hang-up");
    assert!(freed[0].steps.is_empty() && freed[0].handoff.revision == sent.handoff.revision + 1, "nothing else moves");
    assert_eq!(holders(&db).await, BTreeSet::from([second]), "now it is free for others");
    let crm = CrmRef { id: "00Q1".into(), url: None, owner_crm_id: Some("005".into()), by_hand: false };
    let set = |number: u32| writes!(db.store, [crm], |tx| tx.leads_set_crm(&[(&lead_id(number), &crm)]).await);
    set(1).await.expect("a write");
    let lead = db.store.lead(&lead_id(1)).await.expect("a read");
    assert_eq!(lead.and_then(|lead| lead.crm), Some(crm.clone()));
    let nobody = set(9).await;
    assert!(matches!(nobody, Err(StoreError::NotFound { what: "lead", .. })), "{nobody:?}");
}

/// A caller of the front door was left to the agent, and had gone before it came: the call back is on the owner's list, once.
pub async fn a_lead_that_is_open_once_more_is_counted_once(db: Db) {
    let mut left = decided(caller(1));
    let handoff = &mut left.handoff;
    (handoff.legs, handoff.holds, handoff.closed) = (Vec::new(), Vec::new(), true);
    handoff.stage = Stage::Done { outcome: Outcome::LeftToAgent { at: now() } };
    insert(&db, vec![left]).await.expect("a lead");
    let open = "SELECT CAST(SUM(open_leads) AS BIGINT) FROM rep_state";
    let missed = told(&db, 1, Event::Missed, "first", later(3)).await;
    assert!(missed.handoff.is_open(), "it stands at {:?}", missed.handoff.stage);
    assert_eq!(db.number(open).await, 1);
    told(&db, 1, Event::Closed { why: Closing::Won }, "first", later(60)).await;
    assert_eq!(db.number(open).await, 0, "and is closed once");
}

/// Two callers who each have three reps at most: whoever is rung, then these two.
fn two_with_the_same_next(first: &RepId, second: &RepId) -> [DecidedLead; 2] {
    [1, 2].map(|number| {
        let mut lead = decided(caller(number));
        let rung = lead.handoff.targets[0].clone();
        let others = [first, second].map(|rep| Target::new(rep.clone(), TargetRole::Member));
        lead.handoff.targets = [vec![rung], others.to_vec()].concat();
        lead.handoff.terms.ring_at_most = 3;
        lead
    })
}

/// Two callers whose next rep is the same one: that phone rings for the first, and the second goes on to whoever is next.
pub async fn handoffs_that_move_together_do_not_get_in_each_others_way(db: Db) {
    let (first, second) = (&rep("priya.nair"), &rep("jonas.weber"));
    let leads = two_with_the_same_next(first, second);
    let legs = leads.each_ref().map(|lead| rung(lead).1);
    insert(&db, leads.to_vec()).await.expect("two leads");
    let moves: Vec<Move> = [1, 2].into_iter().zip(legs).map(|(number, leg)| declined(number, leg)).collect();
    let moved = writes!(db.store, [moves], |tx| tx.transitions(&moves, &rules(), &mover("w", later(3))).await);
    let moved = moved.await.expect("both move");
    let rings: Vec<&RepId> = moved.iter().filter_map(|moved| Some(&moved.handoff.holds.first()?.rep)).collect();
    assert_eq!(rings, [first, second]);
    for (number, moved) in [1, 2].into_iter().zip(&moved) {
        let stored = db.store.handoff(&handoff_id(number)).await.expect("the handoff");
        assert_eq!(stored, moved.handoff, "what is told is what is stored");
        let story = db.store.timeline(&lead_id(number)).await.expect("the story");
        assert_eq!(story.iter().map(|line| line.kind.as_str()).collect::<Vec<_>>(), ["decided", "declined"]);
    }
}

/// Two phones are asked for at once: the first caller has both, and the second, who can have neither, is not rung for any more.
pub async fn phones_that_ring_at_once_ring_for_one_lead(db: Db) {
    let (first, second) = (&rep("priya.nair"), &rep("jonas.weber"));
    let mut leads = two_with_the_same_next(first, second);
    for lead in &mut leads {
        lead.handoff.terms.ring = RingPlan::AtOnce(2);
    }
    let legs = leads.each_ref().map(|lead| rung(lead).1);
    insert(&db, leads.to_vec()).await.expect("two leads");
    let moves: Vec<Move> = [1, 2].into_iter().zip(legs).map(|(number, leg)| declined(number, leg)).collect();
    let moved = writes!(db.store, [moves], |tx| tx.transitions(&moves, &rules(), &mover("w", later(3))).await);
    let moved = moved.await.expect("both move");
    let held = |moved: &Moved| moved.handoff.holds.iter().map(|hold| hold.rep.clone()).collect::<Vec<_>>();
    assert_eq!(held(&moved[0]), [first.clone(), second.clone()]);
    assert!(held(&moved[1]).is_empty(), "all that is asked for, or nothing");
    assert!(!matches!(moved[1].handoff.stage, Stage::Ringing { .. }), "it stands at {:?}", moved[1].handoff.stage);
    assert!([first, second].into_iter().all(|rep| moved[1].handoff.refused.contains(rep)), "each was asked for");
}

fn declined(number: u32, leg: LegId) -> Move {
    Move { handoff: handoff_id(number), frees: None, event: Some(Event::Declined { leg, why: None }) }
}

pub async fn what_is_held_up_by_one_move_stores_none_of_them(db: Db) {
    let lead = decided(caller(1));
    let leg = rung(&lead).1;
    insert(&db, vec![lead.clone()]).await.expect("a lead");
    let moves = [declined(1, leg.clone()), declined(9, leg)];
    let moved = writes!(db.store, [moves], |tx| tx.transitions(&moves, &rules(), &mover("w", later(3))).await);
    let told = moved.await;
    assert!(matches!(&told, Err(StoreError::NotFound { what: "handoff", .. })), "{told:?}");
    let stored = db.store.handoff(&handoff_id(1)).await.expect("the handoff");
    assert_eq!(stored.revision, lead.handoff.revision);
}

/// Found in the crash loop: two callers chose one time, each was told it was free, and both were in the calendar.
pub async fn of_two_leads_that_choose_one_time_one_books_it(db: Db) {
    let slot = |hours: i64| {
        let from = later(3600 * hours);
        Slot { rep: rep("priya.nair"), from, until: from + TimeDelta::minutes(30) }
    };
    let offered = |number: u32| {
        let mut lead = decided(caller(number));
        lead.handoff.holds.clear();
        lead.handoff.stage = Stage::Offering { search: 1, slots: vec![slot(3), slot(4)] };
        lead
    };
    insert(&db, (1..=8).map(offered).collect()).await.expect("eight leads");
    let choosing = at_once(&db, 1..=8, |db, number| async move {
        told(&db, number, Event::SlotChosen { slot: slot(3) }, "w", now()).await.steps
    });
    let books = choosing.await.into_iter().flatten().filter(|step| matches!(step.effect, Effect::Book { .. })).count();
    assert_eq!(books, 1, "the others hear the time that is left");
    let refused = writes!(db.store, |tx| {
        let taken = Event::SlotTaken { attempt: 1 };
        let mut claimed = vec![tx.slots_claimed(&rep("priya.nair"), now()).await?.len()];
        for number in 1..=8 {
            tx.transition(&handoff_id(number), &taken, &rules(), &mover("w", now())).await?;
        }
        claimed.push(tx.slots_claimed(&rep("priya.nair"), now()).await?.len());
        Ok(claimed)
    });
    assert_eq!(refused.await.expect("moves"), [1, 0], "what the calendar refused is let go");
}

/// A time of priya's, so many hours from now.
fn hour(hours: u32) -> Slot {
    let from = later(3600 * i64::from(hours));
    Slot { rep: rep("priya.nair"), from, until: from + TimeDelta::minutes(30) }
}

/// Who is to meet priya so many hours from now.
fn meets(number: u32, hours: u32) -> DecidedLead {
    let mut lead = decided(caller(number));
    lead.handoff.holds.clear();
    let booking = Booking { slot: hour(hours), vendor_ref: format!("event{number}") };
    lead.handoff.stage = Stage::Done { outcome: Outcome::Booked { booking } };
    lead
}

pub async fn of_leads_that_move_to_one_time_one_has_it(db: Db) {
    insert(&db, (1..=4).map(|number| meets(number, number + 3)).collect()).await.expect("four leads");
    let moving = at_once(&db, 1..=4, |db, number| async move {
        told(&db, number, Event::MoveWanted { to: hour(2) }, "w", now()).await
    });
    let moved = moving.await;
    let is_moving = |moved: &&Moved| moved.handoff.moving_to().is_some();
    let moves = moved.iter().flat_map(|moved| &moved.steps);
    let moves = moves.filter(|step| matches!(step.effect, Effect::MoveMeeting { .. })).count();
    assert_eq!((moves, moved.iter().filter(is_moving).count()), (1, 1), "the others are told that it is taken");
    assert!(moved.iter().all(|moved| !moved.ignored && moved.handoff.change.is_some()));

    // The calendar refuses it: another may have it.
    let first = moved.iter().find(is_moving).expect("one").handoff.clone();
    let attempt = first.booking_attempts;
    let refused = Event::MeetingNotMoved { attempt, why: "taken".to_owned(), taken: true };
    let other = (1..=4).find(|number| handoff_id(*number) != first.id).expect("another");
    let after = writes!(db.store, [refused, first], |tx| {
        tx.transition(&first.id, &refused, &rules(), &mover("w", now())).await?;
        tx.transition(&handoff_id(other), &Event::MoveWanted { to: hour(2) }, &rules(), &mover("w", now())).await
    });
    assert!(after.await.expect("moves").handoff.moving_to().is_some());
}

pub async fn a_rep_has_no_more_meetings_on_a_day_than_the_rules_allow(db: Db) {
    let chooses = |number: u32, at_most: Option<u32>| {
        let mut lead = decided(caller(number));
        lead.handoff.holds.clear();
        lead.handoff.terms.booking.at_most = at_most;
        lead.handoff.stage = Stage::Offering { search: 1, slots: vec![hour(number)] };
        lead
    };
    let leads = vec![meets(1, 1), chooses(2, Some(2)), chooses(3, Some(2)), chooses(4, None)];
    insert(&db, leads).await.expect("four leads");
    let met = reads!(db.store, |tx| tx.meetings_of(&rep("priya.nair"), now(), later(9999), &lead_id(1), now()).await);
    assert!(met.await.expect("meetings").is_empty(), "a lead's own meeting is in nobody's way");
    let mut books = Vec::new();
    for number in 2..=4 {
        let steps = told(&db, number, Event::SlotChosen { slot: hour(number) }, "w", now()).await.steps;
        books.push(steps.iter().any(|step| matches!(step.effect, Effect::Book { .. })));
    }
    assert_eq!(books, [true, false, true], "two of a day, one of them being booked; and whom no rule holds");
}

/// Found in the load bench: a move locked whom it was to ring, found that phone taken, and locked the next one out of order;
/// with a worker that locks in order the two waited for each other until the database gave one of them up.
pub async fn a_move_that_must_ask_the_next_rep_waits_for_nobody_crosswise(db: Db) {
    let mut sent = decided(caller(1));
    let (high, low, leg) = (rep("priya.nair"), rep("jonas.weber"), rung(&sent).1);
    assert!(high > low && !sent.handoff.targets[..1].iter().any(|first| first.rep == low));
    sent.handoff.targets.truncate(1);
    sent.handoff.targets.extend([&high, &low].map(|rep| Target::new(rep.clone(), TargetRole::Member)));
    sent.handoff.terms.ring_at_most = 3;
    insert(&db, vec![sent.clone()]).await.expect("a lead");
    let taken = writes!(db.store, [high], |tx| {
        // As when a release goes live: what has to be made first cannot be locked in order.
        let mut reps = tx.reps_lock(&rules().reps.keys().cloned().collect()).await?;
        let mut held = reps.remove(&high).expect("a rep");
        let got = held.reserve(&handoff_id(9), later(3600), now());
        tx.change(&Changes { reps: &[held], ..Changes::default() }).await?;
        Ok(got)
    });
    assert!(taken.await.expect("a reservation"));
    let tries = Arc::new(AtomicU32::new(0));
    let (holds, held) = tokio::sync::watch::channel(false);
    let holds = Arc::new(holds);
    let in_order = writes!(db.store, [tries, holds, high, low], |tx| {
        tries.fetch_add(1, Ordering::Relaxed);
        tx.reps_lock(&BTreeSet::from([low])).await?;
        holds.send_replace(true);
        // The move comes to the lock meanwhile.
        tokio::time::sleep(Duration::from_millis(300)).await;
        tx.reps_lock(&BTreeSet::from([high])).await.map(|_| ())
    });
    let moving = async {
        held.clone().wait_for(|held| *held).await.expect("a holder");
        let moved = writes!(db.store, [tries, leg], |tx| {
            tries.fetch_add(1, Ordering::Relaxed);
            tx.transition(&handoff_id(1), &Event::Declined { leg, why: None }, &rules(), &mover("second", later(3)))
                .await
        });
        moved.await.expect("a move")
    };
    let (in_order, _moved) = tokio::join!(in_order, moving);
    in_order.expect("both locks");
    assert_eq!(tries.load(Ordering::Relaxed), 2, "neither was given up and begun again");
    let handoff = db.store.handoff(&handoff_id(1)).await;
    let held: Vec<_> = handoff.expect("the handoff").holds.into_iter().map(|hold| hold.rep).collect();
    assert_eq!(held, [low], "the other phone was taken");
}

pub async fn of_two_workers_with_one_event_one_moves_the_handoff(db: Db) {
    let sent = decided(caller(1));
    let (_, leg) = rung(&sent);
    insert(&db, vec![sent]).await.expect("a lead");
    let told = at_once(&db, ["first", "second", "third", "fourth"], |db, worker| {
        let event = Event::Answered { leg: leg.clone() };
        async move { told(&db, 1, event, worker, later(3)).await }
    });
    let mut moves = 0;
    for moved in told.await {
        moves += u32::from(!moved.ignored);
        assert_eq!(moved.ignored, moved.steps.is_empty());
    }
    assert_eq!(moves, 1);
    let lines = db.store.timeline(&lead_id(1)).await.expect("the timeline");
    assert_eq!(lines.len(), 5, "what changed nothing is told all the same");
    assert_eq!(lines.iter().filter(|line| line.body["ignored"] == true).count(), 3);
}

/// Two callers are put through, and one is rung for still; of one of the two the rep is gone at once.
pub async fn how_long_callers_waited_is_read_of_those_who_were_put_through(db: Db) {
    for number in 1..=3 {
        let sent = decided(caller(number));
        let (_, leg) = rung(&sent);
        let pool = sent.decision.plan.pool.clone();
        insert(&db, vec![sent]).await.expect("a lead");
        told(&db, number, Event::Answered { leg: leg.clone() }, "first", later(3)).await;
        if number == 3 {
            break;
        }
        let (accepted, joined) = (i64::from(4 * number), i64::from(5 * number));
        told(&db, number, Event::Accepted { leg: leg.clone() }, "first", later(accepted)).await;
        told(&db, number, Event::Joined { leg: leg.clone() }, "first", later(joined)).await;
        let waits = db.store.waits_lately().await.expect("the waits");
        let expected: Vec<_> = (1..=number).rev().map(|of| Duration::from_secs(u64::from(5 * of))).collect();
        assert_eq!(waits.0.iter().map(|(_, waited)| *waited).collect::<Vec<_>>(), expected, "the newest first");
        assert_eq!(waits.0[0].0, pool);
        if number == 2 {
            told(&db, number, Event::RepLeft { leg }, "first", later(joined + 2)).await;
        }
    }
    let waits = db.store.waits_lately().await.expect("the waits");
    assert_eq!(waits.0.len(), 1, "{waits:?}");
}
