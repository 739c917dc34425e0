//! The lead on the screen of whoever's phone rings for it.

use super::{bench, bench_showing, jwt};
use crate::durability::flow::play::Play;
use crate::eventually::eventually;
use crate::town::Caller;
use crate::vendors::crm::lead;
use baton::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::http::Secret;
use baton::connectors::{Crm, ScreenPop};
use baton_clock::SystemClock;
use baton_sandbox::salesforce::{SalesforceState, routes};
use baton_sandbox::voice::RepManner;
use baton_sandbox::{World, serve};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_user_is_shown_a_lead_once_however_often_it_is_asked() {
    let bench = bench_showing(jwt(), Some("Baton_Call")).await;
    let priya = bench.state.add_user("Priya");
    let kind = bench.state.add_notification_type("Baton_Call");
    let written = bench.write(&lead(&priya)).await.unwrap();
    let (user, title) = (priya.as_str().into(), "Dana Whitfield".to_owned());
    let pop = ScreenPop { record: written.id.clone(), user, title, body: "é".repeat(800) };
    assert!(bench.crm.shows());
    for _ in 0..2 {
        assert_eq!(bench.crm.show(&pop).await, Ok(()));
    }
    let sent: Vec<_> = bench.world.accepted().into_iter().filter(|effect| effect.kind == "notification").collect();
    let [sent] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(sent.natural_key, format!("{}/{priya}", written.id));
    assert_eq!((&sent.detail["customNotifTypeId"], &sent.detail["title"]), (&json!(kind), &json!("Dana Whitfield")));
    assert_eq!(sent.detail["body"].as_str().map(|body| body.chars().count()), Some(750));
}

#[tokio::test]
async fn where_no_type_is_named_nobody_is_shown_anything() {
    let bench = bench().await;
    assert_eq!(bench.crm.check().await, Ok(()));
    let sent = bench.world.exchanges().len();
    let (record, user) = ("00Q000000000001AAA".to_owned(), "005000000000001AAA".into());
    let pop = ScreenPop { record, user, title: "Dana".to_owned(), body: "Hello".to_owned() };
    assert!(!bench.crm.shows());
    assert_eq!(bench.crm.show(&pop).await, Ok(()));
    assert_eq!(bench.world.exchanges().len(), sent);
}

/// The lead is written while the first phone rings; the second rings for a lead that is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rep_whose_phone_rings_is_shown_the_lead() {
    let (org, world) = (SalesforceState::new(), World::new(Arc::new(SystemClock)));
    org.add_notification_type("Baton_Call");
    let address = serve(routes(Arc::clone(&world), org.clone())).await.expect("the stand-in");
    let config = SalesforceConfig {
        base_url: format!("http://{address}"),
        api_version: "v66.0".to_owned(),
        auth: SalesforceAuth::ClientCredentials { client_id: "id".into(), client_secret: Secret::new("secret") },
        notification_type: Some("Baton_Call".to_owned()),
    };
    let play = Play::begin_as(|setup| {
        // Every step has its time, however slow the machine.
        let terms = &mut setup.workspace.checked.rules.handoff;
        (terms.patience, terms.bridge_within) = (Duration::from_secs(600), Duration::from_secs(900));
        (terms.ring_timeout, terms.accept_within) = (Duration::from_secs(300), Duration::from_secs(300));
        setup.vendors.crm = Some(Arc::new(Salesforce::new(config, Arc::clone(&setup.clock)).expect("a client")));
    })
    .await;
    let manners =
        [RepManner::Declines { after: Duration::from_secs(12) }, RepManner::Accepts { after: Duration::from_secs(1) }];
    let lead = play.call(&Caller::live(1).reps(&manners)).await;
    play.until(&lead, "connected").await;
    let shown = || -> Vec<String> {
        let accepted = world.accepted().into_iter().filter(|effect| effect.kind == "notification");
        accepted.map(|effect| effect.natural_key).collect()
    };
    eventually("both are shown it", || std::future::ready(shown().len() == 2)).await;
    let handoff = play.handoff(&lead).await;
    let rules = Arc::clone(&play.running.reload.current().borrow().rules);
    let record = org.leads()[0]["Id"].as_str().expect("an id").to_owned();
    let rung = handoff.legs.iter().filter_map(|leg| rules.reps.get(&leg.rep)?.crm_id.clone());
    let mut expected: Vec<String> = rung.map(|user| format!("{record}/{user}")).collect();
    let mut shown = shown();
    expected.sort();
    shown.sort();
    assert_eq!(shown, expected);
    assert!(world.duplicates().is_empty());
}
