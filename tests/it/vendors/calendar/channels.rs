//! Calendars of which Google tells by itself: from a change in one to a decision, over the worker that is told and by another, and
//! what is left where it does not tell.

use super::facts::{Town, ours, rejection};
use crate::eventually::{eventually, found};
use crate::town;
use crate::vendors::contract;
use baton::app::stage::StandIns;
use baton::app::{Running, Setup};
use baton::connectors::http::{ApiCall, Does};
use baton::facts::Facts;
use baton::outbox::Vendors;
use baton::release::Release;
use baton_clock::{Clock, SharedClock};
use baton_core::routing::decision::Decision;
use baton_core::routing::reason::Rejection;
use baton_core::rules::RuleSet;
use baton_sandbox::google::SeenChannel;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

const FIRST: &str = "west-01@reps.example";
const SECOND: &str = "west-02@reps.example";
const PUBLIC: &str = "https://baton.example";
/// Channels over which a message has come.
const PROVEN: &str = "SELECT COUNT(*) FROM calendar_channel WHERE resource IS NOT NULL AND messages > 0";

/// A town whose worker Google can reach.
struct Told {
    town: Town,
    /// Callers so far.
    called: AtomicUsize,
}

impl Told {
    async fn open() -> Self {
        let reachable = |stage: &StandIns, setup: &mut Setup| {
            connect(stage, setup);
            forward(stage, setup);
        };
        let town = Town::set_up(town::founded(2), |_, _| (), reachable).await;
        let told = Self { town, called: AtomicUsize::new(0) };
        eventually("each calendar has a channel over which a message came", || async {
            told.town.db.number(PROVEN).await == 6
        })
        .await;
        told
    }

    async fn decided_by(&self, worker: &Running) -> Decision {
        self.town.decided_by(worker, self.called.fetch_add(1, Ordering::Relaxed) + 1).await
    }

    /// How often Google was asked when the owner of a calendar is busy.
    fn reads(&self, calendar: &str) -> usize {
        let asks = |body: &[u8]| String::from_utf8_lossy(body).contains(calendar);
        let exchanges = self.town.stage.world.exchanges();
        exchanges.iter().filter(|one| one.target.contains("freeBusy") && asks(&one.request_body)).count()
    }

    /// A minute after a calendar was read a decision asks for it, unless it would be told of a change.
    async fn goes_by_what_it_is_told(&self, worker: &Running) {
        found("a decision goes by what it would be told", || async {
            let before = self.reads(FIRST);
            self.town.clock.skip_to(self.town.clock.now() + TimeDelta::seconds(70));
            self.decided_by(worker).await;
            (self.reads(FIRST) == before).then_some(())
        })
        .await;
    }

    async fn is_away(&self, worker: &Running) -> Option<Decision> {
        let decision = self.decided_by(worker).await;
        matches!(rejection(&decision, "west-01"), Some(Rejection::OutOfOffice { .. })).then_some(decision)
    }

    fn channel(&self) -> SeenChannel {
        let all = self.town.stage.calendars.channels();
        all.into_iter().find(|channel| channel.calendar == FIRST).expect("a channel")
    }

    /// What comes to the worker as a message of Google's: its status.
    async fn sends(&self, headers: &[(&'static str, &str)]) -> u16 {
        let call = ApiCall::new("message", Does::Write, Method::POST, &["v1", "calendars", "google"]);
        let call = headers.iter().fold(call, |call, (name, value)| call.header(name, *value));
        let door = town::door(&self.town.worker.address, Duration::from_secs(10));
        door.send(&call).await.expect("the door answers").status
    }

    async fn messages(&self) -> i64 {
        let sql = format!("SELECT CAST(SUM(messages) AS BIGINT) FROM calendar_channel WHERE calendar = '{FIRST}'");
        self.town.db.number(sql).await
    }

    async fn ends(self) {
        self.town.worker.stop().await;
        let exchanges = self.town.stage.world.exchanges();
        let google: Vec<_> = exchanges.into_iter().filter(|one| one.vendor == "google").collect();
        assert_eq!(contract::check_all("google-calendar", &google), google.len());
    }
}

fn connect(stage: &StandIns, setup: &mut Setup) {
    setup.vendors = Vendors { calendar: Some(ours(stage)), ..Vendors::default() };
    setup.public_url = PUBLIC.to_owned();
}

/// What comes to the public address comes to this worker.
fn forward(stage: &StandIns, setup: &Setup) {
    let address = setup.listener.address().expect("an address");
    stage.calendars.forward_to(&address, Arc::clone(&setup.clock));
}

/// The first worker is told, and the other decides. A message that is lost costs minutes, and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_counts_at_once_where_google_tells_of_it_and_minutes_later_where_its_message_is_lost() {
    let told = Told::open().await;
    let Town { db, clock, stage, folder, .. } = &told.town;
    let shared = Arc::clone(clock) as SharedClock;
    let other = town::worker_of(folder.path(), &db.store, &shared, |setup| connect(stage, setup)).await;
    told.goes_by_what_it_is_told(&other).await;
    assert_eq!(rejection(&told.decided_by(&other).await, "west-01"), None, "they are there");

    let (shown_at, heard, reads) = (clock.now(), told.messages().await, told.reads(FIRST));
    stage.calendars.add_out_of_office(FIRST, shown_at - TimeDelta::hours(1), shown_at + TimeDelta::hours(26));
    eventually("both read the calendar", || std::future::ready(told.reads(FIRST) >= reads + 2)).await;
    let decision = found("the other worker passes west-01 over", || told.is_away(&other)).await;
    assert!(told.messages().await > heard, "it was told of");
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    let explained = told.town.explained(&decision).await;
    assert!(
        explained.contains("out of office until Tue 24 Nov 2026") && explained.contains("says google"),
        "{explained}"
    );

    stage.calendars.lose_messages();
    stage.calendars.cancel(FIRST, "seeded0");
    clock.skip_to(clock.now() + TimeDelta::seconds(70));
    assert!(told.is_away(&other).await.is_some(), "it is not told of, and not asked for yet");
    clock.skip_to(clock.now() + TimeDelta::minutes(5));
    found("it is asked for all the same", || async { told.is_away(&other).await.is_none().then_some(()) }).await;
    other.stop().await;
    told.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_messages_come_a_calendar_is_read_for_them_once_in_some_seconds() {
    const MANY: i64 = 40;
    let told = Told::open().await;
    told.goes_by_what_it_is_told(&told.town.worker).await;
    let (reads, heard, began) = (told.reads(FIRST), told.messages().await, told.town.clock.now());
    told.town.stage.calendars.tell(FIRST, usize::try_from(MANY).expect("a few"));
    eventually("all of them are heard", || async { told.messages().await >= heard + MANY }).await;
    eventually("the calendar is read for them", || std::future::ready(told.reads(FIRST) > reads)).await;
    let (all, spent) = (told.reads(FIRST) - reads, (told.town.clock.now() - began).num_seconds());
    // One at once, and at most one of the background's own.
    assert!(i64::try_from(all).expect("a few") <= 2 + spent / 5, "{all} in {spent} s");

    let (first, second) = (told.reads(FIRST), told.reads(SECOND));
    for calendar in [FIRST, SECOND] {
        told.town.stage.calendars.tell(calendar, 1);
    }
    eventually("what comes after it is seen to", || std::future::ready(told.reads(SECOND) > second)).await;
    let is_soon = told.town.clock.now() - began < TimeDelta::seconds(5);
    assert!(told.reads(FIRST) == first || !is_soon, "it was read a moment ago");
    told.town.clock.skip_to(told.town.clock.now() + TimeDelta::seconds(5));
    eventually("it is read for the last message, too", || std::future::ready(told.reads(FIRST) > first)).await;
    told.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_the_token_of_its_channel_counts_for_nothing() {
    let told = Told::open().await;
    let SeenChannel { id, token, .. } = told.channel();
    let before = told.messages().await;
    let (of, by) = ("x-goog-channel-id", "x-goog-channel-token");
    let forged = [
        vec![],
        vec![(of, id.as_str())],
        vec![(of, id.as_str()), (by, "guessed")],
        vec![(of, "none"), (by, token.as_str())],
    ];
    for headers in &forged {
        assert_eq!(told.sends(headers).await, 401, "{headers:?}");
    }
    assert_eq!(told.messages().await, before);
    assert_eq!(told.sends(&[(of, id.as_str()), (by, token.as_str())]).await, 200);
    assert_eq!(told.messages().await, before + 1);
    told.ends().await;
}

/// Google opens the channel and cannot reach us: nothing proves that it would tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_message_has_come_a_calendar_is_asked_for_as_before() {
    let town = Town::set_up(town::founded(2), |_, _| (), connect).await;
    let opened = "SELECT COUNT(*) FROM calendar_channel WHERE resource IS NOT NULL";
    eventually("each calendar has a channel", || async { town.db.number(opened).await == 6 }).await;
    let told = Told { town, called: AtomicUsize::new(0) };
    for _ in 0..3 {
        let before = told.reads(FIRST);
        told.town.clock.skip_to(told.town.clock.now() + TimeDelta::seconds(70));
        told.decided_by(&told.town.worker).await;
        assert!(told.reads(FIRST) > before, "a minute is over");
    }
    told.ends().await;
}

/// A day in seconds: those who look after the channels live by a quicker clock, and the worker takes the messages.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_are_renewed_before_they_end_and_closed_when_a_rep_has_left() {
    let reachable = |stage: &StandIns, setup: &mut Setup| {
        connect(stage, setup);
        setup.public_url = String::new();
        forward(stage, setup);
    };
    let town = Town::set_up(town::founded(2), |_, _| (), reachable).await;
    let (clock, calendar) = (town::clock(60), Some(ours(&town.stage)));
    let facts = Facts::new(None, calendar, town.db.store.clone(), Arc::clone(&clock) as SharedClock, Duration::ZERO);
    let facts = Arc::new(facts.told_at(PUBLIC));
    let (release, current) = watch::channel(Arc::clone(&town.worker.reload.current().borrow()));
    let keeping = tokio::spawn(async move { facts.keep_channels(current).await });
    let ids = || town.stage.calendars.channels().into_iter().map(|channel| channel.id).collect::<Vec<_>>();
    eventually("each calendar has a channel over which a message came", || async { town.db.number(PROVEN).await == 6 })
        .await;
    let first = ids();

    clock.skip_to(clock.now() + TimeDelta::hours(19));
    let is_renewed = || std::future::ready(ids().len() == 6 && ids().iter().all(|id| !first.contains(id)));
    eventually("each has a new one, and the old one is closed", is_renewed).await;
    assert!(
        clock.now() < "2026-11-24T10:00:00Z".parse::<DateTime<Utc>>().expect("an instant"),
        "before the first ones ended"
    );
    eventually("none is kept but the open ones", || async { town.db.number(PROVEN).await == 6 }).await;

    let mut left = Release::clone(&release.borrow());
    let mut rules = RuleSet::clone(&left.rules);
    for rep in rules.reps.values_mut().filter(|rep| rep.id.as_str() == "west-01") {
        rep.active = false;
    }
    left.rules = Arc::new(rules);
    release.send_replace(Arc::new(left));
    let is_closed = || {
        let channels = town.stage.calendars.channels();
        std::future::ready(channels.len() == 5 && channels.iter().all(|channel| channel.calendar != FIRST))
    };
    eventually("nobody is told of the calendar of a rep who has left", is_closed).await;
    keeping.abort();
    Told { town, called: AtomicUsize::new(0) }.ends().await;
}
