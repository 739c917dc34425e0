//! HubSpot: a contact, its note and its task, found again however often they are written.

mod answers;
mod assigned;
mod changes;
mod faults;
mod look_up;
mod news;
mod people;
mod records;

use super::{Bench, NOW, class, lead};
use baton::connectors::crm::hubspot::{HubSpot, HubSpotConfig};
use baton::connectors::http::Secret;
use baton::connectors::{AccountKeys, Crm, TaskKind, VendorError};
use baton_clock::{Clock, FakeClock};
use baton_core::domain::account::Records;
use baton_core::domain::text::RepText;
use baton_sandbox::hubspot::{HubSpotState, routes};
use baton_sandbox::{Fault, World, serve};
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "pat-eu1-test";

async fn bench() -> Bench<HubSpot, HubSpotState> {
    let clock = FakeClock::new(NOW.parse().unwrap());
    let world = World::new(Arc::clone(&clock) as _);
    let state = HubSpotState::new(KEY);
    let address = serve(routes(Arc::clone(&world), state.clone())).await.unwrap();
    let config =
        HubSpotConfig { base_url: format!("http://{address}"), service_key: Secret::new(KEY), per_second: 1000 };
    let crm = HubSpot::new(config, Arc::clone(&clock) as _).unwrap();
    Bench { world, clock, crm, state }
}

/// With owners of these addresses, by their ids.
async fn bench_of<const N: usize>(emails: [&str; N]) -> (Bench<HubSpot, HubSpotState>, [String; N]) {
    let bench = bench().await;
    let owners = emails.map(|email| bench.state.add_owner(email));
    (bench, owners)
}

fn counts(state: &HubSpotState) -> (usize, usize, usize) {
    (state.records("contacts").len(), state.records("notes").len(), state.records("tasks").len())
}

#[tokio::test]
async fn contact_note_and_task_are_created_and_linked() {
    let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
    let written = bench.write(&lead(&priya)).await.unwrap();

    assert_eq!(written.owner_crm_id, Some(priya.as_str().into()));
    assert!(written.url.unwrap().ends_with(&written.id));
    assert_eq!(bench.crm.owner_of(&written.id).await.unwrap(), Some(priya.as_str().into()));
    let contact = bench.state.records("contacts").remove(0);
    assert_eq!((contact.properties["firstname"].as_str(), contact.properties["zip"].as_str()), ("Dana", "94107"));
    let note = bench.state.records("notes").remove(0);
    assert_eq!(
        note.properties["hs_note_body"],
        "Wants 40 seats &lt;soon&gt; &amp; asked &quot;how much?&quot;<br>Budget: open<br><br>[baton:5f1c9a]"
    );
    let task = bench.state.records("tasks").remove(0);
    assert_eq!(task.properties["hs_timestamp"], "1795456800000");
    assert_eq!(task.properties["hubspot_owner_id"], priya);
    assert_eq!(
        (&note.associated["contacts"], &task.associated["contacts"]),
        (&vec![written.id.clone()], &vec![written.id])
    );
}

/// HubSpot offers to dial from a task that is a call.
#[tokio::test]
async fn a_task_is_a_call_only_where_one_is_wanted() {
    let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
    let kinds = [TaskKind::Call, TaskKind::Mail, TaskKind::Other];
    for (kind, key) in kinds.into_iter().zip(["5f1c9a07", "5f1c9a08", "5f1c9a09"]) {
        let mut told = lead(&priya);
        let task = told.task.as_mut().unwrap();
        (task.kind, task.key) = (kind, key.to_owned());
        bench.write(&told).await.unwrap();
    }
    let tasks = bench.state.records("tasks");
    let mut types: Vec<&str> = tasks.iter().map(|task| task.properties["hs_task_type"].as_str()).collect();
    types.sort_unstable();
    assert_eq!(types, ["CALL", "EMAIL", "TODO"]);
}

#[tokio::test]
async fn a_repetition_finds_everything() {
    let (bench, [priya, ben]) = bench_of(["priya@acme.example", "ben@acme.example"]).await;
    let first = bench.write(&lead(&priya)).await.unwrap();
    let second = bench.write(&lead(&ben)).await.unwrap();
    assert_eq!(
        (first.id, second.owner_crm_id),
        (second.id, Some(ben.into())),
        "a new owner of ours replaces the old one"
    );
    assert_eq!(counts(&bench.state), (1, 1, 1));
}

#[tokio::test]
async fn a_meeting_that_is_moved_and_called_off_is_one_task_whoever_does_it() {
    let (bench, [priya, ben]) = bench_of(["priya@acme.example", "ben@acme.example"]).await;
    bench.write(&lead(&priya)).await.unwrap();
    for (body, due, done) in [("Moved", "2026-11-24T18:00:00Z", false), ("Called off", "2026-11-24T19:00:00Z", true)] {
        let mut told = lead(&ben);
        let task = told.task.as_mut().unwrap();
        (task.body, task.due_at, task.done) = (RepText(body.to_owned()), due.parse().unwrap(), done);
        bench.write(&told).await.unwrap();
        let [task] = &bench.state.records("tasks")[..] else { panic!("one task") };
        assert_eq!(task.properties["hs_timestamp"], told.task.unwrap().due_at.timestamp_millis().to_string());
        assert_eq!(task.properties["hs_task_status"], if done { "COMPLETED" } else { "NOT_STARTED" });
        assert!(task.properties["hs_task_body"].contains(body));
        assert_eq!(task.properties["hubspot_owner_id"], priya, "as it was");
    }
}

#[tokio::test]
async fn whichever_answer_is_lost_nothing_is_made_twice() {
    for operation in ["contacts.create", "notes.create", "tasks.create", "contacts.read"] {
        for email in [Some("dana@northwind.example"), None] {
            let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
            let wanted = baton::connectors::CrmLead { email: email.map(str::to_owned), ..lead(&priya) };
            bench.arm(operation, Fault::DropAnswer);
            let expected = if operation == "contacts.read" { "retry" } else { "unknown" };
            assert_eq!(class(&bench.write(&wanted).await), expected, "{operation}");
            assert_eq!(class(&bench.write(&wanted).await), "done", "{operation}");
            assert_eq!(class(&bench.write(&wanted).await), "done", "{operation}");
            assert_eq!(counts(&bench.state), (1, 1, 1), "{operation}");
        }
    }
}

#[tokio::test]
async fn an_existing_contact_is_completed_and_not_overwritten() {
    let (bench, [priya]) = bench_of(["priya@acme.example"]).await;
    let dana = bench.state.add(
        "contacts",
        &[("email", "dana@northwind.example"), ("lastname", "Whitfield-Ng"), ("phone", "+1 415 555 0142")],
        &[],
    );
    let mut unknown = lead(&priya);
    unknown.last_name = "Unknown caller".to_owned();
    let written = bench.write(&unknown).await.unwrap();

    assert_eq!((written.id.as_str(), written.owner_crm_id), (dana.as_str(), Some(priya.into())));
    let contact = bench.state.records("contacts").remove(0);
    assert_eq!(contact.properties["lastname"], "Whitfield-Ng");
    assert_eq!(contact.properties["jobtitle"], "Head of Operations");
    assert_eq!(bench.accepted("lead"), 0);
}

#[tokio::test]
async fn an_owner_whom_a_person_chose_after_us_stays() {
    let (bench, [priya, ana, ben]) = bench_of(["priya@x.example", "ana@x.example", "b@x.example"]).await;
    let written = bench.write(&lead(&priya)).await.unwrap();
    bench.state.set_owner(&written.id, &ana, bench.clock.now());
    assert_eq!(bench.crm.owner_of(&written.id).await.unwrap(), Some(ana.as_str().into()));
    assert_eq!(bench.write(&lead(&ben)).await.unwrap().owner_crm_id, Some(ana.into()));
}

#[tokio::test]
async fn a_marker_is_found_among_hundreds_of_notes() {
    let (bench, [priya]) = bench_of(["priya@x.example"]).await;
    let dana = bench.state.add("contacts", &[("email", "dana@northwind.example")], &[]);
    for number in 0..240 {
        let text = format!("old note {number} [baton:5f1c9a0]");
        bench.state.add("notes", &[("hs_timestamp", "1"), ("hs_note_body", &text)], &[("contacts", &dana)]);
    }
    bench.write(&lead(&priya)).await.unwrap();
    bench.write(&lead(&priya)).await.unwrap();
    assert_eq!(counts(&bench.state), (1, 241, 1), "another key that begins like ours is not ours");
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let (bench, [priya]) = bench_of(["priya@x.example"]).await;
    for (sent, expected) in [(None, 10), (Some(3), 3)] {
        bench.arm("contacts.create", Fault::RateLimit { retry_after_s: sent });
        let error = bench.write(&lead(&priya)).await.unwrap_err();
        let wait = Duration::from_secs(expected);
        assert!(matches!(&error, VendorError::RateLimited { after: Some(after), .. } if *after == wait), "{error:?}");
    }
    bench.arm("contacts.create", Fault::Unavailable);
    assert_eq!(class(&bench.write(&lead(&priya)).await), "retry");
    assert_eq!(counts(&bench.state), (0, 0, 0));
}

#[tokio::test]
async fn the_admins_own_rules_need_a_person() {
    let (bench, [priya]) = bench_of(["priya@x.example"]).await;
    bench.state.require("contacts", "industry");
    bench.needs_person(&lead(&priya), "industry").await;
    bench.needs_person(&lead("999"), "owner").await;
    let sent = bench.world.exchanges().len();
    assert_eq!(class(&bench.write(&lead("priya")).await), "needs_person");
    assert_eq!(bench.world.exchanges().len(), sent, "a word is no owner id and is not sent");
}

#[tokio::test]
async fn a_rotated_key_is_said_to_be_refused() {
    let bench = bench().await;
    bench.state.rotate_key("pat-eu1-new");
    let error = bench.crm.check().await.unwrap_err();
    assert_eq!(error.class(), "reauthenticate");
    assert!(!error.to_string().contains(KEY));
}

#[tokio::test]
async fn writing_does_not_depend_on_the_lagging_search() {
    let (bench, [priya]) = bench_of(["priya@x.example"]).await;
    let made = bench.state.add("companies", &[("name", "Acme"), ("domain", "acme.com")], &[]);
    let keys = AccountKeys { domain: Some("acme.com".into()), ..AccountKeys::default() };
    bench.arm("companies.search", Fault::SearchLags(Duration::from_secs(100 * 365 * 86_400)));
    assert_eq!(bench.crm.find(&keys).await, Ok(Records::default()), "the index has not seen it yet");
    assert_eq!(bench.crm.find(&keys).await.unwrap().companies[0].crm_id, made.into());

    bench.world.arm("hubspot", "contacts.search", Fault::SearchLags(Duration::from_secs(30)), 9);
    bench.write(&lead(&priya)).await.unwrap();
    bench.write(&lead(&priya)).await.unwrap();
    assert_eq!(counts(&bench.state), (1, 1, 1));
}

#[tokio::test]
async fn the_check_names_what_the_portal_lacks() {
    let bench = bench().await;
    assert_eq!(bench.crm.check().await, Ok(()));
    bench.state.remove_property("contacts", "baton_key");
    let error = bench.crm.check().await.unwrap_err();
    assert!(error.to_string().contains("no property baton_key: create it"), "{error}");
}
