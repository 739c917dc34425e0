//! A lead's whole way, from the event to what the vendors hold: the worker and the stand-ins in one process, in a world whose
//! seconds pass faster than ours. Faults included: what the vendors accepted is counted, never what was attempted.

mod accepts;
mod assignment;
mod calls_back;
mod channels;
mod faults;
mod feedback;
mod meetings;
mod owner;
pub mod play;
mod storage;
mod texts;
mod thrift;
mod withdrawn;

use crate::eventually::eventually;
use crate::town::Caller;
use baton::deciding::answer::Answer;
use baton_clock::Clock;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::Stage;
use baton_sandbox::voice::RepManner;
use play::Play;
use serde_json::json;
use std::time::Duration;

const ACCEPTS: RepManner = RepManner::Accepts { after: Duration::from_secs(1) };
const DECLINES: RepManner = RepManner::Declines { after: Duration::from_secs(1) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warm_transfer_is_accepted() {
    let (play, lead) = Play::of(&Caller::live(1).reps(&[ACCEPTS])).await;
    let record = play.until(&lead, "connected").await;
    assert!(record.first_contact_at.is_some(), "a human of ours has spoken with the caller");
    play.until_quiet().await;
    assert_eq!(play.accepted("voice", "ring").len(), 1);
    assert_eq!(play.accepted("voice", "whisper").len(), 1, "the rep hears who it is before the caller is joined");
    let words: Vec<_> = play.accepted("voice", "instruct").iter().map(|said| said["kind"].clone()).collect();
    assert_eq!(words, [json!("hold"), json!("connected")]);
    assert_eq!(play.accepted("salesforce", "lead").len(), 1);
    assert_eq!(play.accepted("slack", "message").len(), 1, "the card that came while the phone rang");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_decline_the_next_rep_is_rung_and_pays_the_turn() {
    let (play, lead) = Play::of(&Caller::live(1).reps(&[DECLINES, ACCEPTS])).await;
    let record = play.until(&lead, "connected").await;
    let handoff = play.handoff(&lead).await;
    let legs: Vec<_> = handoff.legs.iter().map(|leg| leg.state).collect();
    assert_eq!(legs, [LegState::Declined, LegState::Joined]);
    assert_eq!(record.owner, handoff.legs[1].rep, "whoever took the call owns the lead");
    assert_ne!(handoff.legs[0].rep, handoff.legs[1].rep);
    for balance in play.ledgers().await.values().filter_map(|ledger| ledger.balances.get(&record.owner)) {
        assert!(*balance < 0, "the one who took the call is ahead of the others now");
    }
    play.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nobody_answers_a_meeting_is_booked_on_a_free_time() {
    let play = Play::begin().await;
    let caller = Caller::live(1).reps(&[RepManner::Silent]).chooses(Some(1));
    let lead = play.call(&caller).await;
    let record = play.ends(&lead, "booked").await;
    let booked = play.stage.calendars.booked();
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].attendee_email.as_deref(), Some(caller.email()));
    assert_eq!(booked[0].from, record.next_step.at, "the next step is the meeting");
    assert_eq!(play.stage.calendars.double_bookings().len(), 0);
    assert_eq!(play.accepted("voice", "ring").len(), 2, "ring_at_most");
    let handoff = play.handoff(&lead).await;
    assert!(matches!(handoff.stage, Stage::Done { outcome: Outcome::Booked { .. } }), "{:?}", handoff.stage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hangs_up_while_it_rings_is_called_back_soon() {
    let play = Play::begin().await;
    let caller = Caller::live(1).reps(&[RepManner::Silent]).hangs_up_after(Duration::from_secs(2));
    let lead = play.call(&caller).await;
    play.ends(&lead, "callback").await;
    let handoff = play.handoff(&lead).await;
    let Stage::Callback { promise } = &handoff.stage else { panic!("{:?}", handoff.stage) };
    assert!(promise.raised, "a hot lead");
    assert!(promise.promised_at - handoff.decided_at <= chrono::TimeDelta::minutes(16), "{promise:?}");
    assert_eq!(handoff.legs[0].state, LegState::Cancelled);
    assert_eq!(handoff.holds, [], "the rep's phone is free again");
    assert_eq!(play.stage.calendars.booked().len(), 0, "nobody books over the head of somebody who hung up");
}

/// The chat is one of two ways to a rep: whoever is not in it gets the mail, and nothing has failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_is_not_in_the_chat_gets_the_mail_alone() {
    let play = Play::begin_under(|rules| rules.reps.values_mut().for_each(|rep| rep.chat_id = None)).await;
    let caller = Caller::live(1).reps(&[RepManner::Silent]).hangs_up_after(Duration::from_secs(2));
    let lead = play.call(&caller).await;
    play.ends(&lead, "callback").await;
    assert!(play.accepted("slack", "message").is_empty());
    assert_eq!(play.stage.smtp.mails().len(), 2, "the rep's and the caller's");
    let failed = play.failed().await.into_iter().filter(|step| step.kind == "brief_chat");
    assert_eq!(failed.count(), 0, "there is nothing that a person could mend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_event_again_gets_the_same_answer_to_the_byte() {
    let play = Play::begin().await;
    let caller = Caller::live(1).reps(&[ACCEPTS]);
    let lead = play.call(&caller).await;
    let first = play.post_raw(&caller.event).await;
    play.until(&lead, "connected").await;
    let later = play.post_raw(&caller.event).await;
    assert!(matches!(serde_json::from_slice(&first).expect("an answer"), Answer::Decided(_)));
    assert_eq!(String::from_utf8_lossy(&first), String::from_utf8_lossy(&later), "whatever has happened since");
    let turns: i64 = play.ledgers().await.values().map(|ledger| ledger.seq).sum();
    assert_eq!(turns, 1, "one decision, one turn");
    assert_eq!(play.leads().await.len(), 1);
    play.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_events_may_come_twice_late_and_in_any_order() {
    let play = Play::begin().await;
    let told = play.tells_by_hand();
    let lead = play.call(&Caller::live(1).reps(&[RepManner::Silent])).await;
    let handoff = play.handoff(&lead).await;
    let leg = handoff.legs[0].id.to_string();
    play.until_rung(1).await;
    // The key press overtakes the answer; the answer comes late; the whole is repeated; an end that was not.
    for event in ["accepted", "answered", "accepted", "joined", "no_answer", "joined", "machine", "answered"] {
        told.tell("call-1", Some(&leg), event).await;
    }
    play.until(&lead, "connected").await;
    let handoff = play.handoff(&lead).await;
    assert_eq!(handoff.legs.len(), 1, "nobody else was rung");
    assert_eq!(handoff.legs[0].state, LegState::Joined);
    play.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_that_overtakes_its_lead_still_ends_in_a_callback() {
    let play = Play::begin().await;
    let told = play.tells_by_hand();
    told.tell("call-1", None, "caller_left").await;
    // The platform knows of no such caller any more: what is asked of it answers 404.
    let caller = Caller { script: None, ..Caller::live(1) };
    let lead = play.call(&caller).await;
    play.until(&lead, "callback").await;
    assert_eq!(play.accepted("voice", "ring").len(), 0, "no rep is rung for a caller who is gone");
    play.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_told_twice_at_once_rings_one_rep() {
    let play = Play::begin().await;
    let caller = Caller::live(1).reps(&[ACCEPTS]);
    let mut again = caller.event.clone();
    again["id"] = json!("evt-1-again");
    play.stage.voice.call(caller.call(), caller.script.clone().expect("a live call"));
    let (first, second) = tokio::join!(play.decided(&caller.event), play.decided(&again));
    assert_eq!(first, second, "one call is one lead");
    play.until(&first, "connected").await;
    play.until_quiet().await;
    assert_eq!(play.leads().await.len(), 1);
    assert_eq!(play.accepted("voice", "ring").len(), 1, "one rep is rung");
}

/// The event lay in a queue for a while: the patience that is left is what counts, and the platform is asked first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_left_while_the_event_waited_is_not_rung_for() {
    let play = Play::begin().await;
    let waited = |number: usize| {
        let mut caller = Caller::live(number).reps(&[ACCEPTS]);
        caller.event["time"] = json!(play.clock.now() - chrono::TimeDelta::seconds(11));
        caller
    };
    let gone = waited(1).hangs_up_after(Duration::ZERO);
    // Its word of the hang-up is lost.
    let _by_hand = play.tells_by_hand();
    play.stage.voice.call(gone.call(), gone.script.clone().expect("a script"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let lead = play.decided(&gone.event).await;
    play.until(&lead, "callback").await;
    assert_eq!(play.accepted("voice", "ring").len(), 0, "no rep is rung for a caller who is gone");
    // The platform would have refused: it was asked before.
    let asked = format!("/calls/{}", gone.call());
    let exchanges = play.stage.world.exchanges();
    assert!(exchanges.iter().any(|one| one.vendor == "voice" && one.target.ends_with(&asked)), "for {asked}");
    let there = waited(4);
    play.call(&there).await;
    play.until_rung(1).await;
}

/// What the caller was told first, of each call, in order.
fn told_of_the_wait(play: &Play) -> Vec<String> {
    let said = play.accepted("voice", "instruct").into_iter().filter(|said| said["kind"] == "hold");
    said.map(|said| said.to_string()).collect()
}

/// Callers are patient for two minutes, and have a rep within seconds. Ten must have had one before that is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_are_told_how_long_it_took_those_before_them() {
    let play = Play::begin_under(|rules| {
        let terms = &mut rules.handoff;
        (terms.announce_wait, terms.patience) = (true, Duration::from_secs(120));
        terms.bridge_within = Duration::from_secs(150);
    })
    .await;
    let is_told_shorter =
        |said: &String| ["15", "30", "45"].iter().any(|s| said.contains(&format!("than {s} seconds")));
    let mut shorter_at = None;
    for number in 1..=40 {
        let caller = Caller::live(number).reps(&[ACCEPTS]).talks_for(Duration::from_secs(12));
        let lead = play.call(&caller).await;
        eventually("they speak", || async { play.handoff(&lead).await.first_contact_at.is_some() }).await;
        play.until_seen("the caller hears of the wait", |play| told_of_the_wait(play).len() == number).await;
        if told_of_the_wait(&play).last().is_some_and(is_told_shorter) {
            shorter_at = Some((number, lead));
            break;
        }
    }
    let (number, lead) = shorter_at.expect("one of forty is told");
    assert!(number > 10, "{number}: fewer than ten tell nothing");
    let first = &told_of_the_wait(&play)[0];
    assert!(first.contains("than 120 seconds") || first.contains("than 115 seconds"), "the patience: {first}");
    let handoff = play.handoff(&lead).await;
    assert_eq!(handoff.terms.usual_wait, handoff.announced_wait, "it is kept as it was told");
}
