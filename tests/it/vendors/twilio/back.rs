//! A rep calls a lead back, by one act: the rep's phone first, then the lead's, and both in one room.

use super::{Account, OnTheLine, SECOND};
use crate::eventually::eventually;
use baton::deciding::call_back::{CallAsked, CallRequest};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::Stage;
use baton_sandbox::Fault;
use baton_sandbox::twilio::{Answer, Person, Tells};

/// Of the one caller.
const LEAD: &str = "+18005550003";

fn accepts() -> Person {
    Person::who_answers(Answer::Key("1"))
}

/// A lead who picks up and speaks for long enough.
fn reached() -> Person {
    Person { talks_for: Some(15 * SECOND), ..accepts() }
}

fn is_promised(stage: &Stage) -> bool {
    matches!(stage, Stage::Callback { .. })
}

fn is_called(stage: &Stage) -> bool {
    matches!(stage, Stage::Done { outcome: Outcome::Called { .. } })
}

/// One rep's phone has rung, and the caller has hung up; the next ones do this.
async fn owed(account: &Account, reps: &[Person]) -> OnTheLine {
    let caller = account.caller_for(&[Person::who_is_away()]).await;
    let rep = account.ring(1).await;
    account.has_status(&rep, "ringing").await;
    account.twilio.hangs_up(&caller.call);
    account.once(&caller, "a call is promised", is_promised).await;
    account.has_status(&rep, "canceled").await;
    account.twilio.in_turn(reps);
    caller
}

async fn calls_back(account: &Account, caller: &OnTheLine) {
    let wish = CallRequest { lead: caller.lead.clone(), rep: None, author: "a test".to_owned() };
    let asked = account.worker.decider.call_back(&wish).await.expect("it is asked for");
    assert!(matches!(asked, Some(CallAsked::Rings { .. } | CallAsked::Waits { .. })), "{asked:?}");
}

fn rings_of_lead(account: &Account) -> usize {
    account.twilio.rings().iter().filter(|(_, phone)| phone == LEAD).count()
}

/// The lead's phone has ended so, and nobody is called any more.
async fn is_not_reached(account: &Account, caller: &OnTheLine, state: LegState) {
    eventually(format!("the lead's phone is {state:?}"), || async {
        let handoff = account.handoff(caller).await.expect("a handoff");
        let dialled = handoff.legs.last().and_then(|leg| leg.dialled.as_ref()).and_then(|lead| lead.state);
        handoff.calling.is_none() && dialled == Some(state)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_accepts_is_joined_with_the_lead() {
    let account = Account::open().await;
    let caller = owed(&account, &[accepts()]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    let rep = account.ring(2).await;
    account.hears(&rep, "Caller No 3").await;
    let lead = account.ring(3).await;
    let leg = account.handoff(&caller).await.expect("a handoff").calling.expect("a call is made");
    let room = format!("baton-{leg}");
    eventually("both are in the room", || async { account.twilio.together(&room) == ["rep", "caller"] }).await;
    let handoff = account.once(&caller, "they have spoken", is_called).await;
    assert!(handoff.first_contact_at.is_some(), "it is a first contact");
    account.has_status(&lead, "completed").await;
    account.has_status(&rep, "completed").await;
    assert_eq!((account.rings().len(), rings_of_lead(&account)), (3, 1));
    assert!(account.twilio.heard(&lead).is_empty(), "the whisper is the rep's");
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_whose_phone_is_busy_is_owed_the_call_and_called_again() {
    let account = Account::open().await;
    let caller = owed(&account, &[accepts()]).await;
    account.twilio.at(LEAD, &[Person::who_refuses("busy", "486"), reached()]);
    calls_back(&account, &caller).await;
    is_not_reached(&account, &caller, LegState::Busy).await;
    account.has_status(&account.ring(2).await, "completed").await;
    assert!(is_promised(&account.handoff(&caller).await.expect("a handoff").stage));
    calls_back(&account, &caller).await;
    account.once(&caller, "they have spoken", is_called).await;
    assert_eq!(rings_of_lead(&account), 2);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_who_does_not_pick_up_is_owed_the_call_still() {
    let account = Account::open().await;
    let caller = owed(&account, &[accepts()]).await;
    account.twilio.at(LEAD, &[Person::who_is_away()]);
    calls_back(&account, &caller).await;
    is_not_reached(&account, &caller, LegState::NoAnswer).await;
    account.has_status(&account.ring(2).await, "completed").await;
    assert!(is_promised(&account.handoff(&caller).await.expect("a handoff").stage));
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_hangs_up_before_the_lead_picks_up_leaves_nobody_alone() {
    let account = Account::open().await;
    let caller = owed(&account, &[accepts()]).await;
    account.twilio.at(LEAD, &[Person::who_is_away()]);
    calls_back(&account, &caller).await;
    let lead = account.ring(3).await;
    account.has_status(&lead, "ringing").await;
    account.twilio.hangs_up(&account.ring(2).await);
    account.has_status(&lead, "canceled").await;
    assert!(is_promised(&account.handoff(&caller).await.expect("a handoff").stage));
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_twice_and_late_of_a_call_back_changes_nothing() {
    let account = Account::open().await;
    account.twilio.tell(Tells { doubled: true, delayed: SECOND / 2, disordered: SECOND / 4 });
    let caller = owed(&account, &[accepts()]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    account.once(&caller, "they have spoken", is_called).await;
    assert_eq!((account.rings().len(), rings_of_lead(&account)), (3, 1));
    account.ends_well().await;
}

/// The answer is lost: the call is looked for, and not made again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_is_dialled_once_though_the_answer_is_lost() {
    let account = Account::open().await;
    let slow = Person { answers: vec![(4 * SECOND, Answer::Key("1"))], ..accepts() };
    let caller = owed(&account, &[slow]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    account.hears(&account.ring(2).await, "Press 1").await;
    account.world.arm("twilio", "calls.create", Fault::DropAnswer, 1);
    account.once(&caller, "they have spoken", is_called).await;
    assert_eq!(rings_of_lead(&account), 1);
    account.ends_well().await;
}

/// Killed once the rep has accepted, and before the lead is dialled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_before_the_lead_is_dialled_is_followed_by_one_that_dials() {
    let account = Account::open().await;
    let slow = Person { answers: vec![(4 * SECOND, Answer::Key("1"))], ..accepts() };
    let caller = owed(&account, &[slow]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    account.hears(&account.ring(2).await, "Press 1").await;
    account.world.arm("twilio", "calls.create", Fault::RateLimit { retry_after_s: Some(4) }, 1);
    let put_off = "SELECT COUNT(*) FROM step WHERE kind = 'dial_lead' AND state = 'due' AND attempts > 0";
    eventually("the lead is to be dialled", || async { account.db.number(put_off).await == 1 }).await;
    let account = account.with_another_worker().await;
    account.once(&caller, "they have spoken", is_called).await;
    assert_eq!((account.rings().len(), rings_of_lead(&account)), (3, 1), "each phone rings once");
    account.ends_well().await;
}
