//! What is left for a person to do at vendors.

use crate::durability::flow::play::Play;
use crate::eventually::found;
use crate::town::Caller;
use baton::connectors::http::{ApiCall, Does};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_meeting_in_the_calendar_is_listed_with_what_else_was_sent() {
    let mut caller = Caller::gone(2);
    caller.event["data"]["channel"] = json!("form");
    caller.event["data"]["preference"] = json!({ "handoff": "meeting" });
    let (play, lead) = Play::of(&caller).await;
    play.ends(&lead, "booked").await;
    let post = ApiCall::new("erase", Does::Write, Method::POST, &["v1", "erasures"]);
    let asked = play.send(post.json(json!({ "email": caller.email() }))).await.value();
    let id = asked["erasure"].as_str().expect("an id").to_owned();
    let told = found("the erasure is done", || async {
        let told = play.send(ApiCall::get("look", &["v1", "erasures", &id])).await.value();
        (told["state"] == "done").then_some(told)
    })
    .await;
    let held = told["at_vendors"].as_array().expect("a list");
    let of = |what: &str| held.iter().find(|held| held["what"] == what).unwrap_or_else(|| panic!("{what}: {told}"));
    let booked = play.stage.calendars.booked();
    assert_eq!(booked.len(), 1);
    assert_eq!(of("calendar_event")["reference"], booked[0].id.as_str(), "{told}");
    for what in ["crm_record", "chat_message"] {
        assert!(of(what)["reference"].is_string(), "{what}: {told}");
    }
}
