//! What is left for a person to do at vendors.

use crate::durability::flow::play::Play;
use crate::eventually::found;
use crate::town::Caller;
use baton::connectors::http::{ApiCall, Does};
use baton::outbox::FeedbackLinks;
use baton_core::domain::id::LeadId;
use reqwest::Method;
use serde_json::{Value, json};

/// Somebody who has asked for a meeting, and has one.
async fn met() -> (Play, LeadId, Caller) {
    let mut caller = Caller::gone(2);
    caller.event["data"]["channel"] = json!("form");
    caller.event["data"]["preference"] = json!({ "handoff": "meeting" });
    let (play, lead) = Play::of(&caller).await;
    play.ends(&lead, "booked").await;
    (play, lead, caller)
}

/// What came of it, once it is done.
async fn erased(play: &Play, caller: &Caller) -> Value {
    let post = ApiCall::new("erase", Does::Write, Method::POST, &["v1", "erasures"]);
    let asked = play.send(post.json(json!({ "email": caller.email() }))).await.value();
    let id = asked["erasure"].as_str().expect("an id").to_owned();
    found("the erasure is done", || async {
        let told = play.send(ApiCall::get("look", &["v1", "erasures", &id])).await.value();
        (told["state"] == "done").then_some(told)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_meeting_in_the_calendar_is_listed_with_what_else_was_sent() {
    let (play, _lead, caller) = met().await;
    let told = erased(&play, &caller).await;
    let held = told["at_vendors"].as_array().expect("a list");
    let of = |what: &str| held.iter().find(|held| held["what"] == what).unwrap_or_else(|| panic!("{what}: {told}"));
    let booked = play.stage.calendars.booked();
    assert_eq!(booked.len(), 1);
    assert_eq!(of("calendar_event")["reference"], booked[0].id.as_str(), "{told}");
    for what in ["crm_record", "chat_message"] {
        assert!(of(what)["reference"].is_string(), "{what}: {told}");
    }
}

/// Where the calendar could not be written the event stands still, with its guest; otherwise it lies in the bin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_that_was_called_off_is_listed_too_and_its_link_opens_nothing() {
    let (play, lead, caller) = met().await;
    let event = play.stage.calendars.booked().remove(0);
    let link = play.links.meeting_link(&lead, 0, event.from);
    let token = link.rsplit('/').next().expect("a token");
    let off =
        ApiCall::new("press", Does::Write, Method::POST, &["meeting", token]).form(vec![("act", "off".to_owned())]);
    assert_eq!(play.send(off).await.status, 303);
    play.ends(&lead, "called_off").await;
    let told = erased(&play, &caller).await;
    let held = told["at_vendors"].as_array().expect("a list");
    assert!(held.iter().any(|held| held["what"] == "calendar_event" && held["reference"] == event.id), "{told}");
    assert_eq!(play.page(&["meeting", token]).await.0, 404);
}
