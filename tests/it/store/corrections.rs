//! A turn is corrected once per cause, under the lock of its pool, and the journal tells who said so.

use super::server::{Db, at_once, ledgers};
use super::tx::{reads, writes};
use super::world::{caller, decided, lead_id, now, pool, rep, rules};
use baton::store::{Changes, Correction, DecidedLead, Grant, JournalLine, StoreError, Tx};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::routing::ledger::{Cause, Entry, EntryKind, Ledger, TURN, tally};
use std::collections::BTreeMap;

/// The pool of the scenario's callers.
const POOL: &str = "emea-enterprise";

/// A lead that cost its owner a turn; returns the owner.
pub async fn insert(db: &Db, number: u32) -> RepId {
    let made = decided(caller(number));
    let owner = made.decision.plan.owner.clone();
    assert_eq!(made.decision.plan.pool, pool(POOL), "{}", made.decision.plan.reason.in_words());
    let EntryKind::Turn { payer, weights } = made.decision.turn.clone().expect("a turn").kind else {
        panic!("a decision charges a turn")
    };
    given(db, made, payer, weights).await;
    owner
}

/// Stores a lead whose turn this rep pays, whomever its decision named.
async fn given(db: &Db, made: DecidedLead, payer: RepId, team: BTreeMap<RepId, u32>) {
    let stored = writes!(db.store, [made, payer, team], |tx| {
        tx.change(&Changes { decided: std::slice::from_ref(&made), ..Changes::default() }).await?;
        turn(tx, made.lead.id, &team, Some(payer)).await
    });
    stored.await.expect("a lead");
}

/// A turn among these, paid by the one who is named or else by the one who is next.
async fn turn(tx: &mut Tx, lead: LeadId, team: &BTreeMap<RepId, u32>, payer: Option<RepId>) -> Result<(), StoreError> {
    let mut ledgers = tx.ledgers_lock(&[pool(POOL)]).await?;
    let ledger = ledgers.get_mut(&pool(POOL)).expect("the pool");
    let payer = payer.unwrap_or_else(|| ledger.choose(team).expect("somebody is there"));
    let entry = ledger.turn(team, &payer);
    ledger.apply(&entry);
    let ledger = ledger.clone();
    tx.ledgers_save(&[(entry, lead)], &[ledger], "decision", now()).await
}

async fn correct(db: &Db, lead: u32, cause: Cause, to: Option<&str>) -> Option<Entry> {
    let correction =
        Correction { cause, to: to.map(rep), reason: "told in a test".to_owned(), author: "ops".to_owned() };
    let corrected =
        writes!(db.store, [correction], |tx| tx.turn_correct(&lead_id(lead), &correction, &rules(), now()).await);
    corrected.await.expect("a correction")
}

async fn journal(db: &Db) -> Vec<JournalLine> {
    reads!(db.store, |tx| tx.journal(&pool(POOL)).await).await.expect("a journal")
}

async fn ledger(db: &Db) -> Ledger {
    ledgers(&db.store).await.remove(&pool(POOL)).expect("the pool")
}

/// A member who did not get the lead.
fn other_member(owner: &RepId) -> String {
    let members = &rules().pools[&pool(POOL)].members;
    members.keys().find(|member| *member != owner).expect("a second member").to_string()
}

pub async fn a_misroute_told_twice_refunds_once(db: Db) {
    let owner = insert(&db, 1).await;
    assert!(ledger(&db).await.balance(&owner) < 0);
    let entry = correct(&db, 1, Cause::Misrouted, None).await.expect("a refund");
    assert!(matches!(&entry.kind, EntryKind::Undone { payer, .. } if *payer == owner), "{entry:?}");
    assert!(ledger(&db).await.balances.values().all(|balance| *balance == 0), "as if the lead had not been");
    assert_eq!(correct(&db, 1, Cause::Misrouted, None).await, None);
    assert_eq!(correct(&db, 1, Cause::NoShow, None).await, None, "what is undone is undone");
    assert_eq!(journal(&db).await.len(), 2);
    let story = db.number("SELECT COUNT(*) FROM timeline WHERE kind = 'turn_corrected'").await;
    assert_eq!(story, 1, "the lead's timeline tells it");
}

pub async fn a_lead_with_a_new_owner_costs_the_new_owner(db: Db) {
    let owner = insert(&db, 1).await;
    let before = ledger(&db).await.balance(&owner);
    let other = other_member(&owner);
    correct(&db, 1, Cause::Misrouted, Some(&other)).await.expect("the turn moves");
    let after = ledger(&db).await;
    assert_eq!(after.balance(&owner), before + TURN);
    assert_eq!(correct(&db, 1, Cause::Misrouted, Some(&other)).await, None, "told twice");
    assert_eq!(correct(&db, 1, Cause::Reassigned, Some(&other)).await, None, "it is theirs already");
    correct(&db, 1, Cause::Reassigned, Some(owner.as_str())).await.expect("the CRM is followed");
    assert_eq!(ledger(&db).await.balance(&owner), before);
    let lines = journal(&db).await;
    let last = lines.last().expect("three entries");
    assert_eq!((last.author.as_str(), last.lead.as_ref()), ("ops", Some(&lead_id(1))));
}

pub async fn a_lead_that_left_the_pool_costs_nobody(db: Db) {
    insert(&db, 1).await;
    correct(&db, 1, Cause::Reassigned, Some("haruka.sato")).await.expect("an entry");
    let after = ledger(&db).await;
    assert!(after.balances.values().all(|balance| *balance == 0));
    assert!(!after.balances.contains_key(&rep("haruka.sato")), "who shares no turns here pays none");
}

pub async fn a_turn_by_hand_stands_in_the_journal_with_its_author(db: Db) {
    let owner = insert(&db, 1).await;
    let others: BTreeMap<RepId, u32> =
        rules().pools[&pool(POOL)].members.iter().map(|(rep, weight)| (rep.clone(), *weight)).collect();
    let grant = Grant {
        pool: pool(POOL),
        rep: owner.clone(),
        turns: 2,
        others,
        reason: "covered the weekend".to_owned(),
        author: "lena.fischer".to_owned(),
    };
    let before = ledger(&db).await.balance(&owner);
    let given = writes!(db.store, [grant], |tx| tx.turns_grant(&grant, now()).await);
    given.await.expect("a grant").expect("others bear it");
    assert_eq!(ledger(&db).await.balance(&owner), before + 2 * TURN);
    let lines = journal(&db).await;
    let last = lines.last().expect("two entries");
    assert_eq!((last.author.as_str(), &last.lead), ("lena.fischer", &None));
    assert!(matches!(&last.entry.kind, EntryKind::Granted { reason, .. } if reason == "covered the weekend"));
}

/// Corrections of one lead from two sides at once, while other leads are decided.
pub async fn turns_and_corrections_at_once_keep_every_journal_whole(db: Db) {
    for number in 1..=4 {
        insert(&db, number).await;
    }
    at_once(&db, 0..8u32, |db, worker| async move {
        if worker % 4 == 0 {
            insert(&db, 100 + worker).await;
        }
        for lead in 1..=4 {
            let cause = if worker % 2 == 0 { Cause::Misrouted } else { Cause::NoShow };
            correct(&db, lead, cause, None).await;
        }
    })
    .await;
    let lines = journal(&db).await;
    let undone = lines.iter().filter(|line| matches!(line.entry.kind, EntryKind::Undone { .. })).count();
    assert_eq!((lines.len(), undone), (10, 4), "each of the four leads once, whoever was first");
    let ledger = ledger(&db).await;
    for (rep, tally) in tally(lines.iter().map(|line| &line.entry)) {
        assert_eq!(tally.balance(), ledger.balance(&rep), "{rep}");
    }
}

/// Four workers draw with weights that change from lead to lead. What they gave, one after the other in the journal, is what
/// one worker alone would have given.
pub async fn two_workers_never_give_the_same_turn(db: Db) {
    at_once(&db, 0..4u32, |db, worker| async move {
        for turn in 0..15 {
            draw(&db, worker * 100 + turn).await;
        }
    })
    .await;
    let lines = journal(&db).await;
    assert_eq!(lines.len(), 60);
    let mut alone = Ledger::empty(pool(POOL));
    for line in &lines {
        let EntryKind::Turn { payer, weights } = &line.entry.kind else { panic!("only turns were given") };
        assert_eq!(
            alone.choose(weights).as_ref(),
            Some(payer),
            "entry {} was drawn from a stale ledger",
            line.entry.seq
        );
        alone.apply(&line.entry);
    }
    assert_eq!(alone, ledger(&db).await);
    let bound = 2 * TURN; // five members: (n - 1) / 2 turns
    assert!(alone.balances.values().all(|balance| balance.abs() <= bound), "{:?}", alone.balances);
}

/// A turn among some of five members, depending on the lead.
async fn draw(db: &Db, lead: u32) {
    let names = ["ana", "ben", "cy", "dee", "eve"];
    let present = |number: &u32| !lead.wrapping_mul(2_654_435_761).rotate_left(*number).is_multiple_of(3);
    let mut team: BTreeMap<RepId, u32> =
        (0..5).filter(present).map(|number| (rep(names[number as usize]), 1 + (lead + number) % 4)).collect();
    team.entry(rep("ana")).or_insert(1);
    let drawn = writes!(db.store, [team], |tx| turn(tx, lead_id(lead), &team, None).await);
    drawn.await.expect("a turn");
}

/// The journal's order is time: ana had a turn, then ben, then ana once more, which is taken back. She stands longest again.
pub async fn a_turn_that_was_undone_is_no_turn_for_who_stands_longest(db: Db) {
    let team = || BTreeMap::from(["ana", "ben", "cy"].map(|name| (rep(name), 1)));
    for (number, payer) in [(1, "ana"), (2, "ben"), (3, "ana")] {
        given(&db, decided(caller(number)), rep(payer), team()).await;
    }
    assert_eq!(last_turns(&db).await, [("ana", 3), ("ben", 2)].map(|(name, seq)| (rep(name), seq)).into());
    correct(&db, 3, Cause::NoShow, None).await.expect("a refund");
    assert_eq!(last_turns(&db).await, [("ana", 1), ("ben", 2)].map(|(name, seq)| (rep(name), seq)).into());
    // One who had no other turn has had none; one whose later turn stands is not set back by an earlier one.
    correct(&db, 2, Cause::Misrouted, None).await.expect("a refund");
    assert_eq!(last_turns(&db).await, [("ana", 1)].map(|(name, seq)| (rep(name), seq)).into());
    given(&db, decided(caller(4)), rep("ana"), team()).await;
    let charged = last_turns(&db).await[&rep("ana")];
    correct(&db, 1, Cause::Misrouted, None).await.expect("a refund");
    assert_eq!(last_turns(&db).await, [(rep("ana"), charged)].into());
    let recounted = ledger(&db).await;
    assert_eq!(recounted.last_turn, last_turns(&db).await, "the journal proves it");
}

async fn last_turns(db: &Db) -> BTreeMap<RepId, i64> {
    ledger(db).await.last_turn
}
