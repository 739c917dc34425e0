//! Who is together with whom, and who is never left alone.

use super::{Account, SECOND};
use crate::eventually::eventually;
use baton_core::domain::leg::LegState;
use baton_core::domain::leg::LegState::{Busy, Elsewhere, Joined, Lost};
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::Stage;
use baton_sandbox::Fault;
use baton_sandbox::twilio::{Answer, Person};

fn accepts() -> Person {
    Person::who_answers(Answer::Key("1"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_leaves_at_once_is_followed_by_the_next_and_the_caller_waits_meanwhile() {
    let account = Account::open().await;
    let next = Person { answers: vec![(3 * SECOND, Answer::Key("1"))], ..accepts() };
    let caller = account.caller_for(&[Person { talks_for: Some(2 * SECOND), ..accepts() }, next]).await;
    account.legs(&caller, &[Lost, Joined]).await;
    account.are_together(&caller).await;
    let heard = account.twilio.heard(&caller.call);
    for words in ["I am getting", "I have lost"] {
        assert!(heard.iter().any(|heard| heard.contains(words)), "of each rep who is fetched: {heard:?}");
    }
    account.has_status(&caller.call, "in-progress").await;
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_they_have_spoken_the_callers_call_ends_with_the_reps() {
    let account = Account::open().await;
    let caller = account.caller_for(&[Person { talks_for: Some(15 * SECOND), ..accepts() }]).await;
    let is_connected = |stage: &Stage| matches!(stage, Stage::Done { outcome: Outcome::Connected { .. } });
    account.once(&caller, "they have spoken", is_connected).await;
    account.has_status(&account.ring(1).await, "completed").await;
    account.has_status(&caller.call, "completed").await;
    account.legs(&caller, &[Joined]).await;
    assert_eq!(account.rings().len(), 1, "nobody else is rung");
    account.ends_well().await;
}

/// It is to end when the caller leaves: what is not to be had at the moment is no matter while they speak.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_cannot_be_changed_hurts_no_conversation() {
    let faults = [Fault::Unavailable, Fault::RateLimit { retry_after_s: Some(1) }, Fault::DropAnswer];
    futures_util::future::join_all(faults.map(they_speak_all_the_same)).await;
}

async fn they_speak_all_the_same(fault: Fault) {
    let account = Account::open().await;
    account.world.arm("twilio", "members.update", fault.clone(), 1);
    let caller = account.caller_for(&[Person { talks_for: Some(15 * SECOND), ..accepts() }]).await;
    let is_connected = |stage: &Stage| matches!(stage, Stage::Done { outcome: Outcome::Connected { .. } });
    account.once(&caller, "they have spoken", is_connected).await;
    account.has_status(&caller.call, "completed").await;
    account.legs(&caller, &[Joined]).await;
    assert_eq!(account.world.next_fault("twilio", "members.update"), None, "{fault:?} was met");
    account.ends_well().await;
}

/// Both reps press the key at once: the other is not let in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_phones_that_ring_at_once_one_is_let_in() {
    let account = Account::by_plan("ring: { at_once: 2 }\n").await;
    let caller = account.caller_for(&[accepts()]).await;
    account.are_together(&caller).await;
    let is_connected = |stage: &Stage| matches!(stage, Stage::Done { outcome: Outcome::Connected { .. } });
    let handoff = account.once(&caller, "they speak", is_connected).await;
    let mut states: Vec<LegState> = handoff.legs.iter().map(|leg| leg.state).collect();
    states.sort();
    assert_eq!(states, [Joined, Elsewhere]);
    eventually("the other phone is let go", || async {
        let rings = account.rings();
        let is_up = |call: &&String| account.twilio.status(call) == Some("in-progress");
        rings.len() == 2 && rings.iter().filter(is_up).count() == 1
    })
    .await;
    account.ends_well().await;
}

/// Whoever was named cannot take the call: the caller hears so at once, and not once a piece of music is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_hears_who_is_tried_instead_and_why() {
    let account = Account::open().await;
    let slow = Person { answers: vec![(3 * SECOND, Answer::Key("1"))], ..accepts() };
    let caller = account.caller_for(&[Person::who_refuses("busy", "486"), slow]).await;
    account.hears(&caller.call, "is on another call, I am trying").await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Busy, Joined]).await;
    let handoff = account.handoff(&caller).await.expect("a handoff");
    assert_eq!(handoff.legs[0].evidence.as_deref(), Some("busy, SIP 486, as the carrier says"));
    account.ends_well().await;
}

/// Two callers at once: each is in a room of their own, with a rep of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_callers_are_not_crossed() {
    let account = Account::open().await;
    account.twilio.in_turn(&[accepts()]);
    let (first, second) = (account.caller(1, &[]).await, account.caller(2, &[]).await);
    for caller in [&first, &second] {
        account.are_together(caller).await;
        account.legs(caller, &[Joined]).await;
    }
    let heard: Vec<String> = account.rings().iter().map(|rep| account.twilio.heard(rep).join(" ")).collect();
    assert_eq!(heard.len(), 2);
    for name in ["Caller No 3,", "Caller No 6,"] {
        assert_eq!(heard.iter().filter(|words| words.contains(name)).count(), 1, "{name} {heard:?}");
    }
    let phones: Vec<String> = account.twilio.rings().into_iter().map(|(_, phone)| phone).collect();
    assert_ne!(phones[0], phones[1]);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_in_the_conversation_takes_the_rep_along() {
    let account = Account::open().await;
    let caller = account.caller_for(&[accepts()]).await;
    account.are_together(&caller).await;
    eventually("the room ends with the caller", || async { account.asked("POST", "Conferences/") == 1 }).await;
    account.twilio.hangs_up(&caller.call);
    account.once(&caller, "a call is promised", |stage| matches!(stage, Stage::Callback { .. })).await;
    account.has_status(&account.ring(1).await, "completed").await;
    assert_eq!(account.rings().len(), 1, "nobody is rung for a caller who is gone");
    account.ends_well().await;
}
