//! A number that people answer in their hours, before the agent does; and nobody who has reached nobody is lost.

use super::{AGENT, Account, OnTheLine, SECOND, caller_sid};
use crate::eventually::{eventually, found};
use baton::store::LeadQuery;
use baton_core::domain::id::{HandoffId, LegId};
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::{Handoff, Stage};
use baton_sandbox::twilio::{Answer, Person, Tells};

const DANA: &str = "+12125550142";
const INES: &str = "+12125550143";

fn accepts() -> Person {
    Person::who_answers(Answer::Key("1"))
}

fn is_promised(stage: &Stage) -> bool {
    matches!(stage, Stage::Callback { .. })
}

fn is_left_to_agent(stage: &Stage) -> bool {
    matches!(stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } })
}

async fn leads(account: &Account) -> usize {
    account.db.store.leads_find(&LeadQuery::default(), 10).await.expect("the leads").len()
}

/// The handoff once it is told that the call is over.
async fn once_over(account: &Account, caller: &OnTheLine) -> Handoff {
    found("the call is over", || async { account.handoff(caller).await.filter(|handoff| !handoff.live) }).await
}

/// Every document was one that Twilio takes; it may be that nothing was asked of its API.
async fn ends(account: Account) {
    assert_eq!(account.twilio.errors(), Vec::<String>::new());
    account.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_hours_the_rep_who_accepts_has_the_caller() {
    let account = Account::at_front_door("always").await;
    account.twilio.in_turn(&[Person { answers: vec![(2 * SECOND, Answer::Key("1"))], ..accepts() }]);
    let call = caller_sid(1);
    account.dials(&call, DANA);
    let caller = account.lead_of(&call).await;
    account.are_together(&caller).await;
    let is_connected = |stage: &Stage| matches!(stage, Stage::Done { outcome: Outcome::Connected { .. } });
    account.once(&caller, "they speak", is_connected).await;
    assert_eq!((account.rings().len(), account.twilio.put_through().len()), (1, 0));
    eventually("the room ends with the caller", || async { account.asked("POST", "Conferences/") == 1 }).await;
    account.twilio.hangs_up(&call);
    account.has_status(&account.ring(1).await, "completed").await;
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_the_hours_the_agent_is_rung_at_once_and_nobody_else() {
    let account = Account::at_front_door("never").await;
    account.twilio.at(AGENT, &[Person { talks_for: Some(5 * SECOND), ..accepts() }]);
    let call = caller_sid(1);
    account.dials(&call, DANA);
    account.has_status(&account.agent_rings(1).await, "in-progress").await;
    account.has_status(&call, "in-progress").await;
    let (_, dialled) = account.twilio.put_through().remove(0);
    assert_eq!(dialled, format!("{AGENT}?X-Baton-Call={call}"), "the agent knows which call it is");
    account.has_status(&call, "completed").await;
    assert_eq!((account.rings().len(), leads(&account).await), (0, 0));
    ends(account).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_accepts_the_agent_has_the_caller() {
    let account = Account::at_front_door("always").await;
    account.twilio.in_turn(&[Person::who_answers(Answer::Key("2"))]);
    account.twilio.at(AGENT, &[Person { talks_for: Some(12 * SECOND), ..accepts() }]);
    let call = caller_sid(1);
    account.dials(&call, DANA);
    let caller = account.lead_of(&call).await;
    account.once(&caller, "they are the agent's", is_left_to_agent).await;
    account.has_status(&account.agent_rings(1).await, "in-progress").await;
    account.has_status(&call, "completed").await;
    assert_eq!((account.rings().len(), account.twilio.put_through().len()), (2, 1), "the agent comes once");
    let handoff = once_over(&account, &caller).await;
    assert!(is_left_to_agent(&handoff.stage), "{:?}", handoff.stage);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_between_the_room_and_the_agents_phone_is_called_back() {
    let account = Account::at_front_door("always").await;
    account.twilio.in_turn(&[Person::who_answers(Answer::Key("2"))]);
    let call = caller_sid(1);
    account.twilio.hangs_up_when_sent_on(&call);
    account.dials(&call, DANA);
    let caller = account.lead_of(&call).await;
    account.once(&caller, "a call is promised", is_promised).await;
    let sent_on = account.asked("POST", &format!("Calls/{call}.json"));
    assert_eq!((account.rings().len(), sent_on > 0), (2, true), "nobody took them, and the agent was to");
    assert!(account.twilio.put_through().is_empty(), "no agent rings for who is gone");
    assert_eq!(leads(&account).await, 1);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_while_the_agent_speaks_is_promised_nothing() {
    let account = Account::at_front_door("always").await;
    account.twilio.in_turn(&[Person::who_answers(Answer::Key("2"))]);
    account.twilio.at(AGENT, &[accepts()]);
    let call = caller_sid(1);
    account.dials(&call, DANA);
    let caller = account.lead_of(&call).await;
    let agent = account.agent_rings(1).await;
    account.has_status(&agent, "in-progress").await;
    let leg = LegId::of(&HandoffId::of(&caller.lead), 0);
    let named = || async { account.db.store.carrier_leg(&leg).await.expect("a read").and_then(|leg| leg.sid) };
    assert_eq!(found("it is known that the agent is there", named).await, agent);
    account.twilio.hangs_up(&call);
    account.has_status(&agent, "completed").await;
    let handoff = once_over(&account, &caller).await;
    assert!(is_left_to_agent(&handoff.stage), "{:?}", handoff.stage);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_while_phones_ring_is_called_back_however_it_is_told() {
    for tells in [Tells::default(), Tells { doubled: true, delayed: SECOND / 2, disordered: SECOND / 4 }] {
        let account = Account::at_front_door("always").await;
        account.twilio.tell(tells);
        account.twilio.in_turn(&[Person::who_is_away()]);
        let call = caller_sid(1);
        account.dials(&call, DANA);
        let caller = account.lead_of(&call).await;
        let rep = account.ring(1).await;
        account.has_status(&rep, "ringing").await;
        account.has_status(&call, "in-progress").await;
        account.twilio.hangs_up(&call);
        account.once(&caller, "a call is promised", is_promised).await;
        account.has_status(&rep, "canceled").await;
        assert_eq!((account.rings().len(), leads(&account).await), (1, 1), "{tells:?}");
        assert!(account.twilio.put_through().is_empty(), "no agent rings for who is gone");
        account.ends_well().await;
    }
}

async fn leaves_before_the_agent(account: &Account, nth: usize, from: &str) -> String {
    let call = caller_sid(nth);
    account.dials(&call, from);
    let agent = account.agent_rings(nth).await;
    account.twilio.hangs_up(&call);
    account.has_status(&agent, "no-answer").await;
    call
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_before_the_agent_is_there_is_one_lead_however_often_they_try() {
    let account = Account::at_front_door("never").await;
    account.twilio.tell(Tells { doubled: true, ..Tells::default() });
    account.twilio.at(AGENT, &[Person::who_is_away()]);
    let first = account.lead_of(&leaves_before_the_agent(&account, 1, DANA).await).await;
    account.once(&first, "a call is promised", is_promised).await;
    leaves_before_the_agent(&account, 2, DANA).await;
    // Who withholds the number can be called back by nobody.
    leaves_before_the_agent(&account, 3, "+266696687").await;
    let other = account.lead_of(&leaves_before_the_agent(&account, 4, INES).await).await;
    account.once(&other, "a call is promised", is_promised).await;
    assert_eq!(leads(&account).await, 2);
    ends(account).await;
}

/// Whoever is still on the line hears what is done instead.
async fn is_promised_a_call(account: &Account) {
    let call = caller_sid(1);
    account.dials(&call, DANA);
    account.hears(&call, "will call you back").await;
    account.has_status(&call, "completed").await;
    let caller: OnTheLine = account.lead_of(&call).await;
    account.once(&caller, "a call is promised", is_promised).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_agent_does_not_answer_or_there_is_none_a_call_is_promised() {
    let account = Account::at_front_door("never").await;
    account.twilio.at(AGENT, &[Person::who_refuses("busy", "486")]);
    is_promised_a_call(&account).await;
    ends(account).await;
    let account = Account::without_agent().await;
    is_promised_a_call(&account).await;
    assert!(account.twilio.put_through().is_empty());
    ends(account).await;
}

/// Whichever worker rang for them, the agent is there in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_there_loses_nobody() {
    let account = Account::at_front_door("always").await;
    account.twilio.in_turn(&[Person::who_is_away()]);
    account.twilio.at(AGENT, &[Person { talks_for: Some(5 * SECOND), ..accepts() }]);
    let call = caller_sid(1);
    account.dials(&call, DANA);
    account.has_status(&account.ring(1).await, "ringing").await;
    account.has_status(&call, "in-progress").await;
    let account = account.with_another_worker().await;
    let caller = account.lead_of(&call).await;
    account.once(&caller, "they are the agent's", is_left_to_agent).await;
    account.has_status(&account.agent_rings(1).await, "in-progress").await;
    eventually("the call ends with the agent", || async { account.twilio.status(&call) == Some("completed") }).await;
    assert_eq!(account.twilio.put_through().len(), 1);
    account.worker.stop().await;
}
