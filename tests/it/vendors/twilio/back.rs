//! A rep calls a lead back, by one act: the rep's phone first, then the lead's, and both in one room; and says by key what came of
//! it.

use super::{Account, OnTheLine, SECOND};
use crate::eventually::{eventually, found};
use crate::store::tx::reads;
use baton::deciding::call_back::{CallAsked, CallRequest};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::{Handoff, Stage};
use baton_sandbox::Fault;
use baton_sandbox::twilio::{Answer, Person, Tells};

/// Of the one caller.
const LEAD: &str = "+18005550003";
/// As the templates have it, of a lead whom the rep has spoken with.
const CAME_OF: &str = "What came of it? Press 1, qualified; 2, not now; 3, not reached; 4, wrong person.";

fn accepts() -> Person {
    Person::who_answers(Answer::Key("1"))
}

/// Accepts, and presses these at the questions that come after.
fn says(keys: &[&'static str]) -> Person {
    let answers = ["1"].iter().chain(keys).map(|&key| (2 * SECOND, Answer::Key(key))).collect();
    Person { answers, ..accepts() }
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
    let wish =
        CallRequest { lead: caller.lead.clone(), rep: None, author: "a test".to_owned(), actor: "nobody".to_owned() };
    let asked = account.worker.decider.call_back(&wish).await.expect("it is asked for");
    assert!(matches!(asked, Some(CallAsked::Rings { .. } | CallAsked::Waits { .. })), "{asked:?}");
}

fn rings_of_lead(account: &Account) -> usize {
    account.twilio.rings().iter().filter(|(_, phone)| phone == LEAD).count()
}

/// That is all that a rep has said of the caller by key, and nobody is called any more.
async fn has_said(account: &Account, caller: &OnTheLine, expected: &[&str]) -> Handoff {
    let lead = &caller.lead;
    eventually(format!("{expected:?} is said"), || async {
        let said = reads!(account.db.store, [lead], |tx| tx.feedbacks(&lead).await).await.expect("the feedback");
        assert!(said.iter().all(|one| one.via == "key"), "{said:?}");
        said.iter().filter_map(|one| one.note.as_deref()).eq(expected.iter().copied())
    })
    .await;
    found("nobody is called any more", || async {
        account.handoff(caller).await.filter(|handoff| handoff.calling.is_none())
    })
    .await
}

async fn count(account: &Account, rows: &str) -> i64 {
    account.db.number(format!("SELECT COUNT(*) FROM {rows}")).await
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
    let caller = owed(&account, &[says(&["2"])]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    account.once(&caller, "they have spoken", is_called).await;
    has_said(&account, &caller, &["spoken, not now"]).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_says_by_key_what_came_of_the_call() {
    let account = Account::open().await;
    let caller = owed(&account, &[says(&["1"])]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    let rep = account.ring(2).await;
    account.hears(&rep, CAME_OF).await;
    assert_eq!(account.twilio.status(&account.ring(3).await), Some("completed"), "the lead is gone");
    let handoff = has_said(&account, &caller, &["spoken and qualified"]).await;
    assert!(is_called(&handoff.stage), "{:?}", handoff.stage);
    account.has_status(&rep, "completed").await;
    assert_eq!(count(&account, "outcome WHERE kind = 'opportunity'").await, 1);
    assert_eq!(account.twilio.heard(&rep).iter().filter(|words| *words == CAME_OF).count(), 1, "asked once");
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_lead_who_was_not_reached_a_rep_is_asked_no_more_than_that() {
    let account = Account::open().await;
    let caller = owed(&account, &[says(&["3"])]).await;
    account.twilio.at(LEAD, &[Person::who_refuses("busy", "486")]);
    calls_back(&account, &caller).await;
    let rep = account.ring(2).await;
    account.hears(&rep, "They were not reached. Press 3 to note it, or 4 for the wrong person.").await;
    let handoff = has_said(&account, &caller, &["not reached"]).await;
    assert!(is_promised(&handoff.stage), "{:?}", handoff.stage);
    account.has_status(&rep, "completed").await;
    let heard = account.twilio.heard(&rep);
    assert!(!heard.iter().any(|words| words.contains("qualified")), "they have not spoken: {heard:?}");
    assert_eq!(count(&account, "outcome").await, 0);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_not_offered_has_the_rep_asked_once_more() {
    let account = Account::open().await;
    let caller = owed(&account, &[says(&["7", "4"])]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    has_said(&account, &caller, &["wrong person"]).await;
    let rep = account.ring(2).await;
    account.has_status(&rep, "completed").await;
    assert_eq!(account.twilio.heard(&rep).iter().filter(|words| *words == CAME_OF).count(), 2);
    assert_eq!(count(&account, "timeline WHERE kind = 'pressed'").await, 2);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_hangs_up_or_presses_nothing_has_said_nothing() {
    for hangs_up in [true, false] {
        let account = Account::open().await;
        let caller = owed(&account, &[accepts()]).await;
        account.twilio.at(LEAD, &[reached()]);
        calls_back(&account, &caller).await;
        let rep = account.ring(2).await;
        account.hears(&rep, CAME_OF).await;
        if hangs_up {
            account.twilio.hangs_up(&rep);
        }
        let handoff = has_said(&account, &caller, &[]).await;
        assert!(is_called(&handoff.stage), "{:?}", handoff.stage);
        account.has_status(&rep, "completed").await;
        assert_eq!(count(&account, "timeline WHERE kind = 'pressed'").await, 0);
        assert_eq!(count(&account, "feedback").await, 0);
        account.ends_well().await;
    }
}

/// The answer to sending the rep on is lost, and they are sent on again; what they say counts once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rep_who_is_asked_twice_says_it_once() {
    let account = Account::open().await;
    let caller = owed(&account, &[says(&["1", "1"])]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    account.hears(&account.ring(2).await, "Press 1").await;
    account.world.arm("twilio", "calls.update", Fault::DropAnswer, 1);
    has_said(&account, &caller, &["spoken and qualified"]).await;
    account.has_status(&account.ring(2).await, "completed").await;
    assert_eq!(count(&account, "feedback").await, 1);
    account.ends_well().await;
}

/// Killed while the rep hears the question: Twilio tells whoever takes over what they press.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_in_the_question_is_followed_by_one_that_is_told_the_key() {
    let account = Account::open().await;
    let late = Person { answers: vec![(SECOND, Answer::Key("1")), (9 * SECOND, Answer::Key("2"))], ..accepts() };
    let caller = owed(&account, &[late]).await;
    account.twilio.at(LEAD, &[reached()]);
    calls_back(&account, &caller).await;
    account.hears(&account.ring(2).await, CAME_OF).await;
    let account = account.with_another_worker().await;
    has_said(&account, &caller, &["spoken, not now"]).await;
    account.has_status(&account.ring(2).await, "completed").await;
    account.ends_well().await;
}
