mod records;

use super::{Bench, NOW, by_email, class, lead};
use baton::connectors::http::Secret;
use baton::connectors::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::{Crm, VendorError};
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
    let clock = FakeClock::new(NOW.parse().unwrap());
    let world = World::new(Arc::clone(&clock) as _);
    let state = SalesforceState::new();
    let address = serve(routes(Arc::clone(&world), state.clone())).await.unwrap();
    let config = SalesforceConfig { base_url: format!("http://{address}"), api_version: "v66.0".to_owned(), auth };
    let crm = Salesforce::new(config, Arc::clone(&clock) as _).unwrap();
    Bench { world, clock, crm, state }
}

async fn bench() -> Bench<Salesforce, SalesforceState> {
    bench_with(jwt()).await
}

fn calls(bench: &Bench<Salesforce, SalesforceState>, ending: &str) -> usize {
    bench.world.exchanges().iter().filter(|e| e.target.split('?').next().unwrap().ends_with(ending)).count()
}

#[tokio::test]
async fn a_lead_and_its_task_are_created_in_one_call_with_our_owner() {
    let bench = bench().await;
    let (priya, rules) = (bench.state.add_user("Priya"), bench.state.add_user("Round Robin"));
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
    bench.settle();
}

#[tokio::test]
async fn a_repetition_updates_and_creates_nothing() {
    let bench = bench().await;
    let (priya, ben) = (bench.state.add_user("Priya"), bench.state.add_user("Ben"));
    let first = bench.write(&lead(&priya)).await.unwrap();
    let mut again = lead(&ben);
    again.description = RepText("Connected with Ben".to_owned());
    let second = bench.write(&again).await.unwrap();

    assert_eq!((first.id, second.owner_crm_id), (second.id, Some(ben.into())));
    assert_eq!(bench.state.leads()[0]["Description"], "Connected with Ben");
    assert_eq!((bench.accepted("lead"), bench.accepted("task")), (1, 1));
    bench.settle();
}

#[tokio::test]
async fn a_locked_row_rolls_everything_back_and_the_next_try_succeeds() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
    bench.arm("composite", Fault::ErrorInside200);

    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(matches!(&error, VendorError::Retry { why, .. } if why.contains("UNABLE_TO_LOCK_ROW")), "{error}");
    assert!(bench.state.leads().is_empty() && bench.state.tasks().is_empty(), "all or nothing");
    assert_eq!(class(&bench.write(&lead(&priya)).await), "done");
    bench.settle();
}

#[tokio::test]
async fn a_part_that_fails_takes_the_others_back() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
    bench.state.require("Task", "CallType");

    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains("[CallType]")), "{error}");
    assert!(bench.state.leads().is_empty(), "the lead went back with its task");
    bench.settle();
}

#[tokio::test]
async fn what_only_an_admin_can_mend_goes_to_a_person() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
    bench.state.add_lead(json!({ "LastName": "W", "Email": "dana@northwind.example" }));
    bench.state.refuse_duplicates();
    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains("DUPLICATES_DETECTED")), "{error}");

    bench.state.deactivate(&priya);
    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains("INACTIVE_OWNER")), "{error}");

    let ben = bench.state.add_user("Ben");
    bench.state.require("Lead", "Industry");
    let error = bench.write(&lead(&ben)).await.unwrap_err();
    assert!(matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains("[Industry]")), "{error}");
    bench.settle();
}

#[tokio::test]
async fn a_session_that_ends_in_between_is_renewed_once() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
    let written = bench.write(&lead(&priya)).await.unwrap();
    bench.state.revoke_tokens();
    assert_eq!(bench.crm.owner_of(&written.id).await.unwrap(), Some(priya.as_str().into()));
    assert_eq!(calls(&bench, "/token"), 2);

    bench.state.block_app();
    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(matches!(&error, VendorError::Reauthenticate { why, .. } if why.contains("approved")), "{error}");
    assert_eq!(calls(&bench, "/token"), 3, "no storm on the token endpoint");
    bench.settle();
}

#[tokio::test]
async fn many_calls_at_once_share_one_token() {
    let bench = bench_with(SalesforceAuth::ClientCredentials {
        client_id: "3MVG9test".to_owned(),
        client_secret: Secret::new("s3cret"),
    })
    .await;
    let id = bench.state.add_lead(json!({ "LastName": "W", "OwnerId": "005000000000009AAA" }));
    let all = futures_util::future::join_all((0..6).map(|_| bench.crm.owner_of(&id))).await;
    assert!(all.iter().all(|owner| owner.as_ref().unwrap() == &Some("005000000000009AAA".into())));
    assert_eq!(calls(&bench, "/token"), 1);
    bench.settle();
}

#[tokio::test]
async fn an_exhausted_day_waits_and_an_outage_is_repeated() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
    bench.write(&lead(&priya)).await.unwrap();

    bench.arm("composite", Fault::RateLimit { retry_after_s: None });
    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(
        matches!(&error, VendorError::RateLimited { after: Some(after), .. } if *after == Duration::from_secs(900))
    );
    bench.arm("composite", Fault::Unavailable);
    assert_eq!(class(&bench.write(&lead(&priya)).await), "retry");
    bench.settle();
}

#[tokio::test]
async fn after_a_lost_answer_nothing_is_made_twice() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
    bench.arm("composite", Fault::DropAnswer);
    assert_eq!(class(&bench.write(&lead(&priya)).await), "unknown");
    assert_eq!(bench.state.leads().len(), 1, "it did happen");

    assert_eq!(class(&bench.write(&lead(&priya)).await), "done");
    assert_eq!((bench.state.leads().len(), bench.state.tasks().len()), (1, 1));
    bench.settle();
}

#[tokio::test]
async fn a_read_that_is_lost_is_simply_repeated() {
    let bench = bench().await;
    bench.arm("query", Fault::DropAnswer);
    let error = bench.crm.find(&by_email("a@b.example")).await.unwrap_err();
    assert_eq!(error.class(), "retry");
    assert_eq!(bench.crm.find(&by_email("a@b.example")).await, Ok(Records::default()));
    bench.settle();
}

#[tokio::test]
async fn a_lead_that_a_person_took_over_stays_theirs() {
    let bench = bench().await;
    let (priya, ana, ben) = (bench.state.add_user("Priya"), bench.state.add_user("Ana"), bench.state.add_user("Ben"));
    let written = bench.write(&lead(&priya)).await.unwrap();
    bench.state.set_owner(&written.id, &ana);
    assert_eq!(bench.crm.owner_of(&written.id).await.unwrap(), Some(ana.as_str().into()));

    for attempt in 0..3 {
        let mut later = lead(&ben);
        later.title = Some("Chief of Staff".to_owned());
        later.task.as_mut().unwrap().key = format!("5f1c9a1{attempt}");
        let again = bench.write(&later).await.unwrap();
        assert_eq!(
            (&again.id, again.owner_crm_id.as_ref()),
            (&written.id, Some(&ana.as_str().into())),
            "nor does writing make it ours"
        );
    }
    assert_eq!(bench.state.leads()[0]["Title"], "Head of Operations", "nor is their data overwritten");
    assert_eq!(bench.state.tasks()[3]["OwnerId"], ana, "the task goes to whoever has the lead now");
    bench.settle();
}

#[tokio::test]
async fn the_task_follows_a_converted_lead_to_its_contact() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
    let written = bench.write(&lead(&priya)).await.unwrap();
    let contact = bench.state.convert(&written.id);

    let mut later = lead(&priya);
    later.task.as_mut().unwrap().key = "5f1c9a08".to_owned();
    let again = bench.write(&later).await.unwrap();
    assert_eq!((again.id.as_str(), again.owner_crm_id), (contact.as_str(), Some(priya.into())));
    assert_eq!(bench.state.tasks()[1]["WhoId"], contact);
    bench.settle();
}

#[tokio::test]
async fn long_values_are_cut_by_characters_and_marked() {
    let bench = bench().await;
    let priya = bench.state.add_user("Priya");
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
    bench.settle();
}

#[tokio::test]
async fn the_orgs_rules_choose_once_and_their_owner_outlives_our_writes() {
    let bench = bench().await;
    let (ana, ben, cy) = (bench.state.add_user("Ana"), bench.state.add_user("Ben"), bench.state.add_user("Cy"));
    bench.state.assign_all_to(&ana);
    assert_eq!(bench.crm.assign(&lead(&ben)).await, Ok(Some(ana.as_str().into())), "whatever owner we had in mind");

    // A person takes it, the org's rule changes: neither a repetition nor a write may bring the old or the new one back.
    let id = bench.state.leads()[0]["Id"].as_str().unwrap().to_owned();
    bench.state.assign_all_to(&cy);
    assert_eq!(bench.crm.assign(&lead(&ben)).await, Ok(Some(ana.as_str().into())), "the rules do not run twice");
    let mut kept = lead(&ben);
    kept.keeps_owner = true;
    let written = bench.write(&kept).await.unwrap();
    assert_eq!((written.id.as_str(), written.owner_crm_id), (id.as_str(), Some(ana.as_str().into())));
    assert_eq!(
        (&bench.state.leads()[0]["Description"], &bench.state.tasks()[0]["OwnerId"]),
        (&json!(kept.description.0), &json!(ben))
    );
    bench.state.set_owner(&id, &ben);
    assert_eq!(bench.crm.assign(&lead(&cy)).await, Ok(Some(ben.into())));
    assert_eq!((bench.state.leads().len(), bench.accepted("lead")), (1, 1));
    bench.settle();
}

#[tokio::test]
async fn a_lost_answer_to_an_assignment_is_read_the_next_time() {
    let bench = bench().await;
    let ana = bench.state.add_user("Ana");
    bench.state.assign_all_to(&ana);
    bench.arm("composite", Fault::DropAnswer);
    assert_eq!(bench.crm.assign(&lead(&ana)).await.unwrap_err().class(), "unknown");
    assert_eq!(bench.crm.assign(&lead(&ana)).await, Ok(Some(ana.as_str().into())));
    assert_eq!((bench.state.leads().len(), bench.accepted("lead")), (1, 1));
    bench.settle();
}

#[tokio::test]
async fn an_org_without_a_rule_chooses_nobody_and_ours_is_written() {
    let bench = bench().await;
    let ana = bench.state.add_user("Ana");
    assert_eq!(bench.crm.assign(&lead(&ana)).await, Ok(None), "our own user is nobody");
    assert_eq!(bench.write(&lead(&ana)).await.unwrap().owner_crm_id, Some(ana.as_str().into()));
    bench.settle();
}

#[tokio::test]
async fn the_check_names_what_the_org_lacks() {
    let bench = bench().await;
    assert_eq!(bench.crm.check().await, Ok(()));
    bench.state.remove_key_fields();
    let error = bench.crm.check().await.unwrap_err();
    assert!(error.to_string().contains("Lead has no field Baton_Key__c"), "{error}");
    assert!(error.to_string().contains("Task has no field Baton_Key__c"), "{error}");
    bench.settle();
}

#[tokio::test]
async fn a_deleted_record_is_gone_and_a_foreign_id_is_not_sent() {
    let bench = bench().await;
    let gone = bench.crm.owner_of("00Q999999999999AAA").await.unwrap_err();
    assert_eq!(gone.class(), "gone");
    let sent = bench.world.exchanges().len();
    assert_eq!(bench.crm.owner_of("../../limits").await.unwrap_err().class(), "needs_person");
    assert_eq!(bench.world.exchanges().len(), sent);
    bench.settle();
}

#[tokio::test]
async fn the_assertion_is_signed_and_short_lived() {
    let bench = bench().await;
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(bench.crm.find(&by_email("a@b.example")).await, Ok(Records::default()));
    let body = String::from_utf8(bench.world.exchanges()[0].request_body.to_vec()).unwrap();
    let assertion = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "assertion").unwrap().1;

    let key = jsonwebtoken::DecodingKey::from_rsa_pem(include_bytes!("test-only.pub.pem")).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.set_audience(&["https://login.salesforce.com"]);
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<serde_json::Value>(assertion.as_bytes(), &key, &rules).unwrap().claims;
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("3MVG9test"), &json!("baton@acme.example")));
    let now = "2026-11-23T10:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    assert_eq!(claims["exp"].as_i64(), Some(now + 120));
}
