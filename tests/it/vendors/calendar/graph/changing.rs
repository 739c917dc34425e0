//! Meetings that are moved and taken back: with their guests told, and never against what a person did meanwhile.

use super::{ANA, BEN, Office, request, settings};
use crate::vendors::chat::{at, class, world};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use baton::connectors::calendar::graph::GraphCalendar;
use baton::connectors::{BookRequest, Booked, Calendar};
use baton_clock::SharedClock;
use baton_core::domain::text::CallerText;
use baton_sandbox::{Fault, serve};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The same meeting in the afternoon.
pub(super) fn later() -> BookRequest {
    BookRequest { from: at("2026-11-23T15:00:00Z"), until: at("2026-11-23T15:30:00Z"), ..request(1) }
}

#[tokio::test]
async fn a_meeting_is_moved_and_moving_it_again_changes_nothing() {
    let office = Office::open().await;
    let id = office.booked().await;
    let moved = Booked::Event { id: id.clone() };
    assert_eq!(office.calendar.move_to(&id, &later()).await.unwrap(), moved);
    let event = office.state.event(&id).unwrap();
    assert_eq!((event.from, event.until, event.changes), (later().from, later().until, 1));
    assert_eq!(office.calendar.move_to(&id, &later()).await.unwrap(), moved);
    assert_eq!(office.state.event(&id).unwrap().changes, 1);

    // By a quarter of an hour: it is not in its own way.
    let a_little = BookRequest { from: at("2026-11-23T15:15:00Z"), until: at("2026-11-23T15:45:00Z"), ..request(1) };
    assert_eq!(office.calendar.move_to(&id, &a_little).await.unwrap(), moved);
    office.world.arm("microsoft", "event.update", Fault::DropAnswer, 1);
    assert_eq!(class(office.calendar.move_to(&id, &later()).await), "unknown");
    assert_eq!(office.calendar.move_to(&id, &later()).await.unwrap(), moved);
    assert_eq!(office.state.event(&id).unwrap().changes, 3);
}

#[tokio::test]
async fn a_moved_meeting_has_the_new_words_and_keeps_its_link() {
    let anew = BookRequest { description: CallerText("To move it again: <here>".into()), ..later() };
    let office = Office::open().await;
    let id = office.booked().await;
    office.calendar.move_to(&id, &anew).await.unwrap();
    assert_eq!(office.state.event(&id).unwrap().text, "To move it again: <here>");

    let office = Office::with(|config| config.online_meetings = true).await;
    let id = office.booked().await;
    office.calendar.move_to(&id, &anew).await.unwrap();
    let event = office.state.event(&id).unwrap();
    assert!(event.online && event.text.starts_with("<p>To move it again: &lt;here&gt;</p>"), "{event:?}");
}

#[tokio::test]
async fn a_meeting_is_not_moved_onto_another_or_where_there_is_none() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.state.add(ANA, "busy", at("2026-11-23T15:00:00Z"), at("2026-11-23T16:00:00Z"));
    assert_eq!(office.calendar.move_to(&id, &later()).await.unwrap(), Booked::Taken);
    assert_eq!(class(office.calendar.move_to("AAkNone", &later()).await), "gone");
    office.state.delete(&id);
    assert_eq!(class(office.calendar.move_to(&id, &later()).await), "gone");
}

/// Both change the event between our look and our write. The first is no reason to leave it, the second is.
#[tokio::test]
async fn a_guest_who_accepts_does_not_stop_a_move_and_a_person_who_moves_does() {
    let office = Office::open().await;
    let id = office.booked().await;
    office.state.change_before_update(&id, None);
    assert_eq!(office.calendar.move_to(&id, &later()).await.unwrap(), Booked::Event { id: id.clone() });
    assert_eq!(office.state.event(&id).unwrap().from, later().from);

    let theirs = (at("2026-11-23T12:00:00Z"), at("2026-11-23T12:30:00Z"));
    office.state.change_before_update(&id, Some(theirs));
    let error = office.calendar.move_to(&id, &request(1)).await.unwrap_err();
    assert!(error.class() == "needs_person" && error.to_string().contains("somebody has moved"), "{error}");
    assert_eq!(office.state.event(&id).unwrap().from, theirs.0);

    for _ in 0..2 {
        office.state.change_before_update(&id, None);
    }
    assert_eq!(class(office.calendar.move_to(&id, &request(1)).await), "retry", "not against one who goes on");
}

#[tokio::test]
async fn a_meeting_is_cancelled_with_words_and_one_that_is_gone_is_well() {
    let office = Office::open().await;
    let id = office.booked().await;
    let words = CallerText("We are sorry, and will call you.".to_owned());
    office.calendar.cancel(ANA, &id, &words).await.unwrap();
    let event = office.state.event(&id).unwrap();
    assert!(event.gone && event.cancelled_with.as_deref() == Some(words.0.as_str()), "{event:?}");
    office.calendar.cancel(ANA, &id, &words).await.unwrap();
    assert!(office.world.duplicates().is_empty());

    // Nobody to tell: it is taken out all the same.
    let alone = BookRequest { attendee_email: None, attendee_name: None, calendar: BEN.into(), ..request(2) };
    let Booked::Event { id } = office.calendar.book(&alone).await.unwrap() else { panic!("taken") };
    office.calendar.cancel(BEN, &id, &words).await.unwrap();
    assert!(office.state.event(&id).unwrap().gone);
    office.state.remove(BEN);
    assert_eq!(class(office.calendar.cancel(BEN, &id, &words).await), "needs_person", "nobody was told");
}

/// Microsoft refuses a fifth request at once in a mailbox; a second worker and a batch want room, too.
#[tokio::test]
async fn at_most_two_calls_at_once_are_in_a_mailbox() {
    let (now, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let seen = Arc::clone(&most);
    let count = move || {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(15)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            StatusCode::ACCEPTED
        }
    };
    let token = || async { Json(json!({ "token_type": "Bearer", "expires_in": 3_599, "access_token": "opaque" })) };
    let graph = Router::new()
        .route("/v1.0/users/{user}/events/{event}/cancel", post(count))
        .route("/m.example/oauth2/v2.0/token", post(token));
    let address = serve(graph).await.expect("a port");
    let clock = world().0 as SharedClock;
    let calendar = GraphCalendar::new(settings(&format!("http://{address}")), clock).expect("a client");
    let words = CallerText("Sorry.".to_owned());
    let calls = (0..8).map(|_| calendar.cancel(ANA, "AAk1", &words));
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}
