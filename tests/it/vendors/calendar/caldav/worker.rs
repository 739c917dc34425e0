//! A worker whose reps have calendars on a server of CalDAV.

use super::event;
use super::server::{Kind, PASSWORD, Server, USER};
use crate::eventually::found;
use crate::program::edit;
use crate::town;
use crate::vendors::calendar::facts::{Town, ours, rejection};
use baton::app::stage::StandIns;
use baton::connectors::Calendar;
use baton::connectors::calendar::caldav::CaldavCalendar;
use baton::connectors::calendar::several::Several;
use baton::connectors::http::Secret;
use baton_clock::{Clock, SharedClock};
use baton_core::routing::reason::Rejection;
use chrono::TimeDelta;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A whole day by its name, put there while the worker runs: within a minute nobody is sent to them, and whoever asks why is told,
/// without the rest of what the day is called.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_away_for_the_day_on_radicale_is_passed_over_a_minute_later() {
    let Some(server) = Server::start(Kind::Radicale).await else { return };
    let path = server.make("west-01", "Of the first").await;
    let folder = town::founded(2);
    edit(folder.path(), "rules/reps.csv", "west-01@reps.example,005", "staff:west-01,005");
    let clock = town::clock(1) as SharedClock;
    let client = CaldavCalendar::new(&server.url, USER, &Secret::new(PASSWORD), clock).expect("a client");
    let staff: Arc<dyn Calendar> = Arc::new(client);
    let several = |stage: &StandIns| -> Arc<dyn Calendar> {
        Arc::new(Several::new(vec![(String::new(), ours(stage)), ("staff".to_owned(), staff)]))
    };
    let town = Town::with(folder, |_, _| (), several).await;
    let is_away = |because: &Rejection| matches!(because, Rejection::OutOfOffice { .. });
    assert!(!rejection(&town.decides(1).await, "west-01").is_some_and(|because| is_away(&because)), "they are there");

    let day = "DTSTART;VALUE=DATE:20261123\r\nDTEND;VALUE=DATE:20261124\r\nSUMMARY:Vacation - at the Grand Hotel";
    server.put(&path, "away", &event("away", day)).await;
    let shown_at = town.clock.now();
    town.clock.skip_to(shown_at + TimeDelta::seconds(60));
    // A server that keeps a decision waiting for too long is asked once more without it.
    let number = AtomicUsize::new(2);
    let decision = found("west-01 is passed over", || async {
        let decision = town.decides(number.fetch_add(1, Ordering::Relaxed)).await;
        rejection(&decision, "west-01").is_some_and(|because| is_away(&because)).then_some(decision)
    })
    .await;
    assert!(town.clock.now() - shown_at < TimeDelta::seconds(110), "a view is believed to be new for a minute");
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    let told = town.explained(&decision).await;
    assert!(told.contains("out of office until Tue 24 Nov 2026") && told.contains("says caldav"), "{told}");
    assert!(!told.contains("Grand Hotel") && !format!("{decision:?}").contains("Grand Hotel"), "{told}");
    town.worker.stop().await;
}
