//! Salesforce: a lead and its task are written together, once, or not at all.

mod absences;
mod changes;
mod check;
mod classes;
mod duplicates;
mod faults;
mod look_up;
mod metadata;
mod news;
mod owners;
mod records;
mod session;
mod shown;
mod thrift;

use super::{Bench, NOW, by_email, class, lead};
use baton::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::http::Secret;
use baton::connectors::{Crm, CrmLead, VendorError};
use baton_clock::FakeClock;
use baton_core::domain::account::Records;
use baton_core::domain::text::RepText;
use baton_sandbox::salesforce::{SalesforceState, routes};
use baton_sandbox::{Fault, World, serve};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn jwt() -> SalesforceAuth {
    SalesforceAuth::JwtBearer {
        consumer_key: "3MVG9test".to_owned(),
        username: "baton@acme.example".to_owned(),
        private_key_pem: Secret::new(include_str!("test-only.key.pem")),
        audience: "https://login.salesforce.com".to_owned(),
    }
}

async fn bench_with(auth: SalesforceAuth) -> Bench<Salesforce, SalesforceState> {
    bench_showing(auth, None).await
}

/// Where reps are shown leads by a notification of this type.
async fn bench_showing(auth: SalesforceAuth, type_name: Option<&str>) -> Bench<Salesforce, SalesforceState> {
    let clock = FakeClock::new(NOW.parse().unwrap());
    let world = World::new(Arc::clone(&clock) as _);
    let state = SalesforceState::new();
    let address = serve(routes(Arc::clone(&world), state.clone())).await.unwrap();
    let config = SalesforceConfig {
        base_url: format!("http://{address}"),
        api_version: "v66.0".to_owned(),
        auth,
        notification_type: type_name.map(str::to_owned),
    };
    let crm = Salesforce::new(config, Arc::clone(&clock) as _).unwrap();
    Bench { world, clock, crm, state }
}

async fn bench() -> Bench<Salesforce, SalesforceState> {
    bench_with(jwt()).await
}

/// With users of these names, by their ids.
async fn bench_of<const N: usize>(names: [&str; N]) -> (Bench<Salesforce, SalesforceState>, [String; N]) {
    let bench = bench().await;
    let users = names.map(|name| bench.state.add_user(name));
    (bench, users)
}

fn calls(bench: &Bench<Salesforce, SalesforceState>, ending: &str) -> usize {
    bench.world.exchanges().iter().filter(|e| e.target.split('?').next().unwrap().ends_with(ending)).count()
}

#[tokio::test]
async fn a_lead_and_its_task_are_created_in_one_call_with_our_owner() {
    let (bench, [priya, rules]) = bench_of(["Priya", "Round Robin"]).await;
    bench.state.assign_all_to(&rules);

    let written = bench.write(&lead(&priya)).await.unwrap();
    assert_eq!(written.owner_crm_id, Some(priya.as_str().into()), "the org's assignment rule must not run");
    assert!(written.url.unwrap().ends_with(&format!("/lightning/r/Lead/{}/view", written.id)));
    assert_eq!(bench.crm.owner_of(&written.id).await.unwrap(), Some(priya.as_str().into()));

    let [stored] = bench.state.leads().try_into().expect("one lead");
    assert_eq!(
        (stored["Email"].as_str(), stored["City"].as_str()),
        (Some("dana@northwind.example"), Some("San Francisco"))
    );
    let [task] = bench.state.tasks().try_into().expect("one task");
    assert_eq!((&task["WhoId"], &task["OwnerId"]), (&json!(written.id), &json!(priya)));
    assert_eq!(
        (&task["Status"], &task["ReminderDateTime"]),
        (&json!("Not Started"), &json!("2026-11-23T18:00:00.000Z"))
    );
    assert_eq!(calls(&bench, "/composite"), 1);
}

#[tokio::test]
async fn a_repetition_updates_and_creates_nothing() {
    let (bench, [priya, ben]) = bench_of(["Priya", "Ben"]).await;
    let first = bench.write(&lead(&priya)).await.unwrap();
    let mut again = lead(&ben);
    again.description = RepText("Connected with Ben".to_owned());
    let second = bench.write(&again).await.unwrap();

    assert_eq!((first.id, second.owner_crm_id), (second.id, Some(ben.into())));
    assert_eq!(bench.state.leads()[0]["Description"], "Connected with Ben");
    assert_eq!((bench.accepted("lead"), bench.accepted("task")), (1, 1));
}

#[tokio::test]
async fn a_locked_row_rolls_everything_back_and_the_next_try_succeeds() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.world.arm("salesforce", "composite", Fault::ErrorInside200, 2);

    for _ in 0..2 {
        let error = bench.write(&lead(&priya)).await.unwrap_err();
        assert!(matches!(&error, VendorError::Retry { why, .. } if why.contains("UNABLE_TO_LOCK_ROW")), "{error}");
        assert!(bench.state.leads().is_empty() && bench.state.tasks().is_empty(), "all or nothing");
    }
    assert_eq!(class(&bench.write(&lead(&priya)).await), "done");
}

#[tokio::test]
async fn a_part_that_fails_takes_the_others_back() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.state.require("Task", "CallType");

    bench.needs_person(&lead(&priya), "[CallType]").await;
    assert!(bench.state.leads().is_empty(), "the lead went back with its task");
}

#[tokio::test]
async fn what_only_an_admin_can_mend_goes_to_a_person() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    assert!(bench.crm.find(&by_email("dana@northwind.example")).await.is_ok(), "it was read while Priya was there");
    bench.state.deactivate(&priya);
    bench.needs_person(&lead(&priya), "INACTIVE_OWNER").await;

    let ben = bench.state.add_user("Ben");
    bench.state.require("Lead", "Industry");
    bench.needs_person(&lead(&ben), "[Industry]").await;
}

#[tokio::test]
async fn an_exhausted_day_waits_and_an_outage_is_repeated() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.write(&lead(&priya)).await.unwrap();

    bench.arm("composite", Fault::RateLimit { retry_after_s: None });
    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(
        matches!(&error, VendorError::RateLimited { after: Some(after), .. } if *after == Duration::from_secs(900))
    );
    bench.arm("composite", Fault::Unavailable);
    assert_eq!(class(&bench.write(&lead(&priya)).await), "retry");
}

#[tokio::test]
async fn after_a_lost_answer_nothing_is_made_twice() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.arm("composite", Fault::DropAnswer);
    assert_eq!(class(&bench.write(&lead(&priya)).await), "unknown");
    assert_eq!(bench.state.leads().len(), 1, "it did happen");

    assert_eq!(class(&bench.write(&lead(&priya)).await), "done");
    assert_eq!((bench.state.leads().len(), bench.state.tasks().len()), (1, 1));
}

/// A second one of its key would be refused, so that nothing has to be asked before; whatever an answer that was lost has left is found.
#[tokio::test]
async fn a_new_lead_is_written_in_one_call_and_never_twice() {
    let (bench, [priya, ben]) = bench_of(["Priya", "Ben"]).await;
    let new = |owner: &str| CrmLead { is_new: true, ..lead(owner) };
    bench.arm("composite", Fault::DropAnswer);
    assert_eq!(class(&bench.write(&new(&priya)).await), "unknown");
    assert_eq!((calls(&bench, "/query"), calls(&bench, "/composite")), (0, 1));
    let written = bench.write(&new(&ben)).await.unwrap();
    assert_eq!((calls(&bench, "/query"), calls(&bench, "/composite")), (1, 3));
    assert_eq!(written.owner_crm_id, Some(ben.as_str().into()));
    assert_eq!((bench.state.leads().len(), bench.state.tasks().len()), (1, 1));
    assert_eq!((bench.accepted("lead"), bench.accepted("task")), (1, 1));
}

#[tokio::test]
async fn a_read_that_is_lost_is_simply_repeated() {
    let bench = bench().await;
    bench.arm("reads", Fault::DropAnswer);
    let error = bench.crm.find(&by_email("a@b.example")).await.unwrap_err();
    assert_eq!(error.class(), "retry");
    assert_eq!(bench.crm.find(&by_email("a@b.example")).await, Ok(Records::default()));
}

#[tokio::test]
async fn long_values_are_cut_by_characters_and_marked() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    let mut long = lead(&priya);
    long.last_name = "Ł".repeat(200);
    long.email = Some(format!("{}@example.org", "x".repeat(80)));
    long.description = RepText("é".repeat(40_000));
    long.task.as_mut().unwrap().subject = "S".repeat(300);
    bench.write(&long).await.unwrap();

    let stored = bench.state.leads().remove(0);
    assert_eq!(stored["LastName"], format!("{}…", "Ł".repeat(79)));
    assert_eq!(stored["Description"].as_str().unwrap().chars().count(), 32_000);
    assert!(!stored.contains_key("Email"), "half an address is none");
}

#[tokio::test]
async fn the_check_names_what_the_org_lacks() {
    let bench = bench().await;
    assert_eq!(bench.crm.check().await, Ok(()));
    bench.state.remove_key_fields();
    let error = bench.crm.check().await.unwrap_err();
    assert!(error.to_string().contains("Lead has no field Baton_Key__c"), "{error}");
    assert!(error.to_string().contains("Task has no field Baton_Key__c"), "{error}");
}

#[tokio::test]
async fn a_deleted_record_is_gone_and_a_foreign_id_is_not_sent() {
    let bench = bench().await;
    let gone = bench.crm.owner_of("00Q999999999999AAA").await.unwrap_err();
    assert_eq!(gone.class(), "gone");
    let sent = bench.world.exchanges().len();
    assert_eq!(bench.crm.owner_of("../../limits").await.unwrap_err().class(), "needs_person");
    assert_eq!(bench.world.exchanges().len(), sent);
}
