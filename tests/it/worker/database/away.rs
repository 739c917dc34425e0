//! A server that is away, or that nothing gets through to any more, is told within the wait that was asked for.

use crate::doors::platforms::{SECRET, tool_calls};
use crate::eventually::eventually;
use crate::operate::way::{Line, way_to};
use crate::store::server::{Db, tests};
use crate::town::{self, Caller};
use baton::connectors::http::{Answer, ApiCall, Does, VendorHttp};
use baton::store::Store;
use baton::web::PlatformSection;
use baton_clock::SharedClock;
use baton_platforms::signature::Secret;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

async fn a_server_is_away(db: Db) {
    let mut url = url::Url::parse(&db.url).expect("a URL");
    let server = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(5432));
    let (_leads_there, target) = watch::channel(server);
    let (port, line) = way_to(target).await;
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(port)).expect("a port");
    let store = Store::open(url.as_str()).await.expect("the server answers");
    let folder = town::founded(2);
    let clock: SharedClock = town::clock(6);
    let secrets = vec![Secret::new(SECRET).expect("a secret")];
    let vapi = PlatformSection { secrets, base_url: String::new(), has_key: false };
    let running = town::worker_of(folder.path(), &store, &clock, |setup| {
        setup.platforms.insert("vapi".to_owned(), vapi);
    });
    let running = running.await;
    let door = town::door(&running.address, Duration::from_secs(40));
    // The first number that is read loads all that is known of numbers: not what is measured here.
    post(&door, 9, "1500ms").await;
    for (number, broken) in [Line::Frozen, Line::Cut].into_iter().enumerate() {
        line.send_replace(broken);
        for wait in ["300ms", "1s", "1500ms"] {
            let (answer, took) = post(&door, number, wait).await;
            assert_eq!(answer.status, 503, "{broken:?} {wait}");
            let asked = if wait == "300ms" { 300 } else { 1500 };
            assert!(took < Duration::from_millis(asked + 500), "{broken:?}: {wait} took {took:?}");
        }
        let (said, took) = say(&door).await;
        let in_time = took < Duration::from_millis(2000);
        assert!(said.contains("could not reach our system") && in_time, "{broken:?}: {said} after {took:?}");
        let began = Instant::now();
        let ready = door.send(&ApiCall::get("ready", &["readyz"])).await.expect("an answer");
        let told = String::from_utf8_lossy(&ready.body).into_owned();
        assert_eq!(ready.status, 503, "{broken:?}: {told}");
        assert!(told.contains("the database") && began.elapsed() < Duration::from_secs(2), "{broken:?}: {told}");
        line.send_replace(Line::Open);
        eventually("the worker goes on when the server is back", || async {
            post(&door, number, "1500ms").await.0.status == 200
        })
        .await;
    }
    eventually("the platform's caller is heard", || async { !say(&door).await.0.contains("could not reach") }).await;
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'").await, 0);
    eventually("all are decided", || async { db.number("SELECT COUNT(*) FROM decision").await == 4 }).await;
}

async fn post(door: &VendorHttp, number: usize, wait: &str) -> (Answer, Duration) {
    let call = ApiCall::new("post", Does::Write, Method::POST, &["v1", "leads"]).query("wait", wait);
    let began = Instant::now();
    let answer = door.send(&call.json(Caller::gone(number).event)).await.expect("the door answers");
    (answer, began.elapsed())
}

/// What a platform's caller hears, and how soon.
async fn say(door: &VendorHttp) -> (String, Duration) {
    let calls = tool_calls("call-away", &[("tool_a", json!({ "company": "Northwind Foods" }))]);
    let call = ApiCall::new("say", Does::Write, Method::POST, &["v1", "platforms", "vapi"]);
    let began = Instant::now();
    let answer = door.send(&call.header("x-vapi-secret", SECRET).json(calls)).await.expect("the door answers");
    assert_eq!(answer.status, 200, "{}", answer.text());
    (answer.value()["results"][0]["result"].as_str().unwrap_or_default().to_owned(), began.elapsed())
}

tests! {
    a_server_that_is_away_is_told_within_the_wait_asked_for: on_postgres(a_server_is_away),
}
