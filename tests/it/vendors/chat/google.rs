//! Calendars of Google: who is busy, free or unknown, by whose leave, and what is said when nobody may look.

mod booking;
mod faults;
mod moving;

use super::{all, at, class, day, world};
use crate::vendors::contract;
use baton::connectors::calendar::google::{GoogleCalendar, GoogleConfig};
use baton::connectors::http::Secret;
use baton::connectors::{BookRequest, Booked, Calendar, VendorError};
use baton_clock::{FakeClock, SharedClock};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::text::CallerText;
use baton_sandbox::google::{CalendarState, SANDBOX_KEY_PEM, SeenEvent, routes};
use baton_sandbox::{Fault, World, serve};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const ANA: &str = "ana@rep.example";
const BEN: &str = "ben@rep.example";
const CLEO: &str = "cleo@rep.example";

/// A client and Google's stand-in, who have held to the contract at the end.
struct Office {
    clock: Arc<FakeClock>,
    world: Arc<World>,
    state: Arc<CalendarState>,
    calendar: GoogleCalendar,
}

impl Office {
    async fn open() -> Self {
        Self::with(|_| (), None).await
    }

    /// `clock`: the client's, if it is not the world's.
    async fn with(change: impl FnOnce(&mut GoogleConfig), own: Option<SharedClock>) -> Self {
        let (clock, world) = world();
        let state = CalendarState::new();
        let address = serve(routes(Arc::clone(&world), Arc::clone(&state))).await.expect("a port");
        let mut config = GoogleConfig::new("baton@project.example", Secret::new(SANDBOX_KEY_PEM));
        config.base_url = format!("http://{address}");
        config.token_url = format!("http://{address}/token");
        config.limits.per_second = 1_000;
        change(&mut config);
        let own = own.unwrap_or_else(|| Arc::clone(&clock) as SharedClock);
        let calendar = GoogleCalendar::new(config, own).expect("a client");
        Self { clock, world, state, calendar }
    }

    /// What is known of these calendars on that day.
    async fn busy(&self, names: &[&str]) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError> {
        let (from, until) = day();
        self.calendar.busy(&all(names), from, until).await
    }

    async fn book(&self, attempt: u32) -> Result<Booked, VendorError> {
        self.calendar.book(&request(attempt)).await
    }

    fn calls(&self, method: &str, part: &str) -> usize {
        let fits = |target: &str| target.split('?').next().is_some_and(|path| path.ends_with(part));
        self.world.exchanges().iter().filter(|e| e.method == method && fits(&e.target)).count()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let exchanges = self.world.exchanges();
            assert!(!exchanges.is_empty());
            assert_eq!(contract::check_all("google-calendar", &exchanges), exchanges.len());
        }
    }
}

fn request(attempt: u32) -> BookRequest {
    BookRequest {
        key: format!("7k2m/slot-1/{attempt}"),
        calendar: ANA.into(),
        from: at("2026-11-23T10:00:00Z"),
        until: at("2026-11-23T10:30:00Z"),
        attendee_email: Some("ada@lead.example".into()),
        attendee_name: Some("Ada <b>Lovelace</b>".into()),
        summary: CallerText("Intro call".into()),
        description: CallerText("Talk to Ana about <rockets> & more".into()),
    }
}

#[tokio::test]
async fn busy_free_and_unknown_are_three_things() {
    let office = Office::open().await;
    office.state.add_busy(ANA, at("2026-11-23T09:00:00Z"), at("2026-11-23T10:00:00Z"));
    office.state.add_busy(ANA, at("2026-11-23T17:30:00Z"), at("2026-11-23T19:00:00Z"));
    office.state.unreachable(CLEO);
    let (from, until) = day();
    let known = office.busy(&[ANA, BEN, CLEO]).await.unwrap();
    let ana = known[ANA].as_ref().unwrap();
    assert_eq!((ana[0].from, ana[0].until), (at("2026-11-23T09:00:00Z"), at("2026-11-23T10:00:00Z")));
    assert_eq!((ana.len(), ana[1].until), (2, until));
    assert_eq!(known[BEN], Ok(vec![]));
    assert!(known[CLEO].as_ref().unwrap_err().contains("internalError"));
    assert!(office.calendar.busy(&[], from, until).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_calendars_are_asked_for_fifty_at_a_time_and_one_failure_is_not_all() {
    let office = Office::open().await;
    let names: Vec<String> = (0..120).map(|index| format!("rep{index}@rep.example")).collect();
    let (from, until) = day();
    assert_eq!(office.calendar.busy(&names, from, until).await.unwrap().len(), 120);
    assert_eq!(office.calls("POST", "/freeBusy"), 3);

    office.state.refuse_next("freebusy.query", 400, "invalid");
    let known = office.calendar.busy(&names, from, until).await.unwrap();
    let unknown = known.values().filter(|times| times.is_err()).count();
    assert!(known.len() == 120 && matches!(unknown, 20 | 50), "{unknown} unknown: one query failed");

    for _ in 0..3 {
        office.state.refuse_next("freebusy.query", 400, "invalid");
    }
    assert_eq!(class(office.calendar.busy(&names, from, until).await), "needs_person");
}

#[tokio::test]
async fn others_that_any_user_may_read_fill_a_query() {
    let office = Office::open().await;
    let line = format!("{ANA}/c_line@group.calendar.google.com");
    let others = all(&[BEN, &line, CLEO]);
    assert_eq!(office.calendar.along(&all(&[ANA]), &others), [BEN, CLEO]);
    assert_eq!(office.calendar.along(&[line], &others), Vec::<String>::new(), "it is asked for in a query of its own");
    let mut asked: Vec<String> = (0..49).map(|index| format!("rep{index}@rep.example")).collect();
    assert_eq!(office.calendar.along(&asked, &others), [BEN]);
    asked.extend(office.calendar.along(&asked, &others));
    assert!(office.calendar.along(&asked, &others).is_empty(), "fifty");
    let (from, until) = day();
    assert_eq!(office.calendar.busy(&asked, from, until).await.unwrap().len(), 50);
    assert_eq!(office.calls("POST", "/freeBusy"), 1);
}

#[tokio::test]
async fn a_vendor_that_fails_inside_its_200_makes_nobody_free() {
    let office = Office::open().await;
    office.world.arm("google", "freebusy.query", Fault::ErrorInside200, 1);
    let known = office.busy(&[ANA, BEN]).await.unwrap();
    assert!(known.len() == 2 && known.values().all(Result::is_err), "{known:?}");
}

#[tokio::test]
async fn absences_are_named_and_their_naming_may_fail() {
    let office = Office::open().await;
    let (from, until) = day();
    office.state.add_out_of_office(ANA, at("2026-11-23T00:00:00Z"), at("2026-11-23T12:00:00Z"));
    office.state.add_busy(BEN, at("2026-11-23T10:00:00Z"), at("2026-11-23T11:00:00Z"));
    let told = office.calendar.absences(&all(&[ANA, BEN]), from, until).await;
    let [ana] = told[ANA][..] else { panic!("{told:?}") };
    assert_eq!((ana.kind, ana.until), (BusyKind::OutOfOffice, at("2026-11-23T12:00:00Z")));
    assert_eq!(told[BEN].iter().map(|entry| entry.kind).collect::<Vec<_>>(), [BusyKind::Busy], "a meeting is none");

    office.state.refuse_next("events.list", 403, "insufficientPermissions");
    let told = office.calendar.absences(&all(&[ANA]), from, until).await;
    assert!(told.is_empty(), "it is not known, and does not count as none: {told:?}");
}

/// Ana's day, as she made it; Google's free/busy knows of no kinds.
#[tokio::test]
async fn entries_are_read_as_what_they_are_and_in_pages() {
    let office = Office::open().await;
    let hour = |hour: u32| at(&format!("2026-11-23T{hour:02}:00:00Z"));
    let event = |from: u32, event_type: &str| SeenEvent {
        calendar: ANA.into(),
        from: hour(from),
        until: hour(from + 1),
        event_type: event_type.into(),
        ..SeenEvent::default()
    };
    let answered = |from: u32, response: &str| SeenEvent { response: Some(response.into()), ..event(from, "default") };
    let midnight = at("2026-11-23T00:00:00Z");
    let fair = SeenEvent { from: midnight, until: at("2026-11-24T00:00:00Z"), all_day: true, ..event(0, "default") };
    for event in [
        event(8, "default"),
        event(9, "focusTime"),
        event(10, "outOfOffice"),
        event(11, "workingLocation"),
        answered(12, "tentative"),
        answered(13, "declined"),
        SeenEvent { is_transparent: true, ..event(14, "default") },
        event(15, "fromGmail"),
        fair,
    ] {
        office.state.add_event(event);
    }
    office.state.pages_of(2);
    let (from, until) = day();
    let mut told = office.calendar.absences(&all(&[ANA]), from, until).await.remove(ANA).expect("it is told");
    told.sort_by_key(|entry| (entry.from, entry.until));
    let kinds: Vec<(DateTime<Utc>, BusyKind)> = told.iter().map(|entry| (entry.from, entry.kind)).collect();
    assert_eq!(
        kinds,
        [
            (midnight, BusyKind::AllDay),
            (hour(8), BusyKind::Busy),
            (hour(9), BusyKind::Focus),
            (hour(10), BusyKind::OutOfOffice),
            (hour(12), BusyKind::Tentative),
            (hour(15), BusyKind::Busy),
        ]
    );
    assert_eq!(office.calls("GET", "/events"), 4, "eight events are of a type that may take time");
}

#[tokio::test]
async fn a_calendar_that_is_no_users_own_is_read_in_the_name_of_the_user_before_it() {
    let office = Office::open().await;
    let team = "c_team@group.calendar.google.com";
    office.state.remove_user(team);
    let seen = SeenEvent {
        calendar: "c_line@group.calendar.google.com".into(),
        from: at("2026-11-23T09:00:00Z"),
        until: at("2026-11-23T10:00:00Z"),
        ..SeenEvent::default()
    };
    office.state.add_event(seen);
    let line = format!("{ANA}/c_line@group.calendar.google.com");
    let known = office.busy(&[BEN, &line, &format!("{ANA}/{team}")]).await.unwrap();
    assert_eq!((known[line.as_str()].as_ref().unwrap().len(), known[BEN].as_ref().unwrap().len()), (1, 0));
    assert!(known[&format!("{ANA}/{team}")].as_ref().unwrap_err().contains("notFound"), "{known:?}");
    assert_eq!(office.calls("POST", "/freeBusy"), 2, "one in any name, one in Ana's");
    let (from, until) = day();
    let told = office.calendar.absences(std::slice::from_ref(&line), from, until).await;
    assert_eq!(told[&line].len(), 1);
}

#[tokio::test]
async fn a_rep_who_has_left_the_domain_does_not_hide_the_others() {
    let office = Office::open().await;
    office.state.remove_user(ANA);
    let known = office.busy(&[ANA, BEN]).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("invalid_grant"), "{known:?}");
    assert_eq!(known[BEN], Ok(vec![]));
    let known = office.busy(&[BEN, ANA]).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("notFound"), "{known:?}");
    assert_eq!(known[BEN], Ok(vec![]));
    assert_eq!(class(office.busy(&[ANA]).await), "reauthenticate");
}

#[tokio::test]
async fn with_a_reader_everything_is_read_in_one_name() {
    let office = Office::with(|config| config.reader = Some("ops@rep.example".into()), None).await;
    office.state.remove_user(ANA);
    let known = office.busy(&[ANA, BEN]).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("notFound"));
    assert_eq!((known[BEN].as_ref().unwrap().len(), office.state.tokens_issued()), (0, 1));
    office.state.remove_user("ops@rep.example");
    office.state.revoke_tokens();
    assert_eq!(class(office.busy(&[ANA, BEN]).await), "reauthenticate");
}

#[tokio::test]
async fn tokens_are_fetched_once_and_anew_when_they_end_or_are_refused() {
    let office = Office::open().await;
    let (from, until) = day();
    let names = all(&[ANA]);
    let many = (0..10).map(|_| office.calendar.busy(&names, from, until));
    assert!(futures_util::future::join_all(many).await.iter().all(Result::is_ok));
    assert_eq!(office.state.tokens_issued(), 1);

    office.state.revoke_tokens();
    office.calendar.busy(&names, from, until).await.unwrap();
    assert_eq!(office.state.tokens_issued(), 2, "refused, fetched anew, and repeated");

    office.clock.advance(Duration::from_secs(3_600));
    let refused = office.world.exchanges().iter().filter(|e| e.status == 401).count();
    office.calendar.busy(&names, from, until).await.unwrap();
    assert_eq!(office.state.tokens_issued(), 3);
    let after = office.world.exchanges().iter().filter(|e| e.status == 401).count();
    assert_eq!(after, refused, "not tried when it has ended");
}

#[tokio::test]
async fn refused_credentials_say_what_to_mend() {
    let office = Office::open().await;
    office.calendar.check().await.unwrap();
    office.state.undelegate();
    office.state.revoke_tokens();
    let error = office.book(1).await.unwrap_err();
    assert_eq!(error.class(), "reauthenticate");
    assert!(error.to_string().contains("delegate the scopes"), "{error}");

    let late = FakeClock::new(at("2026-11-23T07:00:00Z"));
    let skewed = Office::with(|_| (), Some(late)).await;
    let error = skewed.calendar.check().await.unwrap_err().to_string();
    assert!(error.contains("invalid_grant") && error.contains("clock"), "{error}");
}

#[tokio::test]
async fn a_broken_key_or_address_is_refused_at_the_start() {
    let clock = world().0;
    let config = GoogleConfig::new("baton@project.example", Secret::new("not a key"));
    let Err(error) = GoogleCalendar::new(config, Arc::clone(&clock) as SharedClock) else { panic!("accepted") };
    assert!(error.to_string().contains("no RSA key in PEM"), "{error}");
    let mut config = GoogleConfig::new("baton@project.example", Secret::new(SANDBOX_KEY_PEM));
    config.token_url = "oauth2.googleapis.com/token".into();
    let Err(error) = GoogleCalendar::new(config, clock) else { panic!("accepted") };
    assert!(error.to_string().contains("oauth2.googleapis.com/token"), "{error}");
}
