//! Conversations whose call nobody can name: what is told of one person within a quarter of an hour is one lead, wherever the
//! clock's own quarters end.

use super::{by_name, dana};
use crate::eventually::found;
use crate::program::served::{exchange, request};
use crate::store::server::{Db, tests};
use crate::town;
use baton_clock::{ScaledClock, SharedClock};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

const JSON: &str = "Content-Type: application/json\r\n";

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-23T{time}Z").parse().expect("an instant")
}

/// The id of the lead that comes of it, once it is decided.
async fn routed(port: u16, arguments: Value) -> String {
    let params = json!({ "name": "route_lead", "arguments": arguments });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string();
    let text = by_name("localhost", &request("POST", "/mcp", None, JSON, &body));
    found("the lead is decided", || {
        let text = text.clone();
        async move {
            let asked = tokio::task::spawn_blocking(move || exchange(port, &text).json());
            let told = asked.await.expect("an answer");
            told["result"]["structuredContent"]["lead"].as_str().map(str::to_owned)
        }
    })
    .await
}

async fn goes_on_where_a_quarter_of_an_hour_ends(db: Db) {
    let folder = town::founded(1);
    let clock = Arc::new(ScaledClock::new(at("11:55:00"), 1));
    let shared = Arc::clone(&clock) as SharedClock;
    let running = town::worker(folder.path(), &db.store, &shared).await;
    let port = running.address.parse::<SocketAddr>().expect("an address").port();
    let leads = || db.number("SELECT COUNT(*) FROM lead");

    let first = routed(port, dana()).await;
    let mut more = dana();
    more["title"] = json!("Head of Operations");
    clock.skip_to(at("12:00:01"));
    assert_eq!(routed(port, more).await, first, "the same conversation, on the other side of twelve");
    assert_eq!(leads().await, 1);
    let mut other = dana();
    other["phone"] = json!("+1 415 555 0143");
    assert_ne!(routed(port, other).await, first, "somebody else");
    assert_eq!(leads().await, 2);

    clock.skip_to(at("12:14:00"));
    let later = routed(port, dana()).await;
    assert_ne!(later, first, "more than a quarter of an hour after it began");
    clock.skip_to(at("12:16:00"));
    assert_eq!(routed(port, dana()).await, later, "that one goes on as well");
    assert_eq!(leads().await, 3);
    running.stop().await;
}

tests! {
    a_conversation_goes_on_where_a_quarter_of_an_hour_ends: on_sqlite(goes_on_where_a_quarter_of_an_hour_ends),
}
