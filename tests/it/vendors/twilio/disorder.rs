//! Answers that are lost, tellings that come twice, late and in another order, a worker that dies, and a carrier that has no
//! time: no phone rings twice, and the caller gets to a rep all the same.

use super::{ACCOUNT, Account, SECOND, TOKEN};
use crate::eventually::eventually;
use axum::Router;
use axum::routing::get;
use baton_core::domain::leg::LegState::{Declined, Joined};
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::Stage;
use baton_sandbox::twilio::{self, Answer, Person, Tells};
use baton_sandbox::{Fault, serve};
use std::time::Duration;

const NEVER: Duration = Duration::from_secs(3600);

/// How callbacks may come.
const ORDERS: [Tells; 4] = [
    Tells { doubled: true, delayed: Duration::ZERO, disordered: Duration::ZERO },
    Tells { doubled: false, delayed: SECOND, disordered: Duration::ZERO },
    Tells { doubled: false, delayed: Duration::ZERO, disordered: Duration::from_millis(500) },
    Tells { doubled: true, delayed: Duration::from_millis(500), disordered: Duration::from_millis(250) },
];

fn accepts() -> Person {
    Person::who_answers(Answer::Key("1"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tellings_that_come_twice_late_and_in_another_order_change_nothing() {
    for tells in ORDERS {
        let account = Account::open().await;
        account.twilio.tell(tells);
        let declines = Person::who_answers(Answer::Key("2"));
        let caller = account.caller_for(&[declines, accepts()]).await;
        account.are_together(&caller).await;
        let is_connected = |stage: &Stage| matches!(stage, Stage::Done { outcome: Outcome::Connected { .. } });
        account.once(&caller, "they speak", is_connected).await;
        account.legs(&caller, &[Declined, Joined]).await;
        assert_eq!(account.rings().len(), 2, "{tells:?}");
        account.has_status(&account.ring(2).await, "in-progress").await;
        account.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_is_gone_once_however_it_is_told() {
    for tells in ORDERS {
        let account = Account::open().await;
        account.twilio.tell(tells);
        let caller = account.caller_for(&[Person::who_is_away()]).await;
        let rep = account.ring(1).await;
        account.has_status(&rep, "ringing").await;
        account.twilio.hangs_up(&caller.call);
        let promised =
            account.once(&caller, "a call is promised", |stage| matches!(stage, Stage::Callback { .. })).await;
        account.has_status(&rep, "canceled").await;
        assert_eq!((account.rings().len(), promised.legs.len()), (1, 1), "{tells:?}");
        account.ends_well().await;
    }
}

/// Killed while the rep hears the whisper: whoever takes over lets them in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_dies_is_followed_by_one_that_twilio_asks_as_well() {
    let account = Account::open().await;
    let caller = account.caller_for(&[Person { answers: vec![(4 * SECOND, Answer::Key("1"))], ..accepts() }]).await;
    account.hears(&account.ring(1).await, "Press 1").await;
    let account = account.with_another_worker().await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Joined]).await;
    assert_eq!(account.rings().len(), 1, "nobody is rung again");
    account.ends_well().await;
}

/// Killed while the caller thinks about the times on offer, and followed by nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_worker_is_left_the_caller_hears_what_lies_elsewhere() {
    let words = "Thank you for waiting. A colleague picks up in a moment.";
    let document = format!("<Response><Say>{words}</Say></Response>");
    let elsewhere = Router::new().route("/people", get(move || async move { document }));
    let elsewhere = serve(elsewhere).await.expect("a port");
    let fallback = format!("fallback = \"http://{elsewhere}/people\"\n");
    let account = Account::with(&fallback, twilio::Account::new(ACCOUNT, TOKEN)).await;
    account.twilio.in_turn(&[Person::who_refuses("busy", "486")]);
    let caller = account.caller(1, &[(20 * SECOND, Answer::Key("1"))]).await;
    account.hears(&caller.call, "or 9 for none").await;
    drop(account.worker);
    let standin = account.twilio;
    eventually("they hear it", || async { standin.heard(&caller.call).iter().any(|heard| heard == words) }).await;
    eventually("and to its end", || async { standin.status(&caller.call) == Some("completed") }).await;
}

/// The name of the leg is lost with the answer, and nothing is told of it meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lost_answer_the_call_is_looked_for_and_not_made_again() {
    let account = Account::open().await;
    account.twilio.tell(Tells { delayed: NEVER, ..Tells::default() });
    account.world.arm("twilio", "calls.create", Fault::DropAnswer, 1);
    let caller = account.caller_for(&[Person::who_is_away(), accepts()]).await;
    let searched = || async { account.asked("GET", "Calls.json?To=") == 1 };
    eventually("it is looked for", searched).await;
    // Found: our own clock ends it, by its name.
    account.has_status(&account.ring(1).await, "canceled").await;
    let second = account.ring(2).await;
    account.has_status(&second, "in-progress").await;
    assert_eq!(account.rings().len(), 2, "each phone rings once");
    let phones: Vec<String> = account.twilio.rings().into_iter().map(|(_, phone)| phone).collect();
    assert_ne!(phones[0], phones[1]);
    assert_eq!(account.handoff(&caller).await.expect("a handoff").legs.len(), 2);
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_phone_that_tells_of_itself_needs_no_search() {
    let account = Account::open().await;
    account.world.arm("twilio", "calls.create", Fault::DropAnswer, 1);
    let caller = account.caller_for(&[accepts()]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Joined]).await;
    assert_eq!((account.rings().len(), account.asked("GET", "Calls.json")), (1, 0));
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_has_no_time_is_asked_again_when_it_says() {
    let account = Account::open().await;
    account.world.arm("twilio", "calls.create", Fault::RateLimit { retry_after_s: Some(1) }, 1);
    let caller = account.caller_for(&[accepts()]).await;
    account.are_together(&caller).await;
    account.legs(&caller, &[Joined]).await;
    assert_eq!((account.rings().len(), account.asked("POST", "Calls.json")), (1, 2));
    account.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_was_gone_before_we_came_is_rung_for_no_longer() {
    let account = Account::open().await;
    account.twilio.in_turn(&[Person::who_is_away()]);
    // The platform says that they are on the line, and the carrier does not.
    let caller = account.caller(1, &[]).await;
    account.twilio.hangs_up(&caller.call);
    account.once(&caller, "a call is promised", |stage| matches!(stage, Stage::Callback { .. })).await;
    assert!(account.rings().len() <= 1, "{:?}", account.rings());
    account.worker.stop().await;
}
