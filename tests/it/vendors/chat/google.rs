use super::{at, class, world};
use crate::vendors::contract;
use baton::connectors::google_calendar::{GoogleCalendar, GoogleConfig};
use baton::connectors::http::Secret;
use baton::connectors::{BookRequest, Booked, Calendar, VendorError};
use baton_clock::{FakeClock, SharedClock};
use baton_core::domain::rep::BusyKind;
use baton_core::domain::text::CallerText;
use baton_sandbox::google::{CalendarState, SANDBOX_KEY_PEM, routes};
use baton_sandbox::{Fault, World, serve};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

const ANA: &str = "ana@rep.example";
const BEN: &str = "ben@rep.example";
const CLEO: &str = "cleo@rep.example";

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

    fn calls(&self, method: &str, part: &str) -> usize {
        let fits = |target: &str| target.split('?').next().is_some_and(|path| path.ends_with(part));
        self.world.exchanges().iter().filter(|e| e.method == method && fits(&e.target)).count()
    }

    fn holds_to_the_contract(&self) {
        let exchanges = self.world.exchanges();
        assert!(!exchanges.is_empty());
        assert_eq!(contract::check_all("google-calendar", &exchanges), exchanges.len());
    }
}

fn day() -> (DateTime<Utc>, DateTime<Utc>) {
    (at("2026-11-23T08:00:00Z"), at("2026-11-23T18:00:00Z"))
}

fn all(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
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
    let known = office.calendar.busy(&all(&[ANA, BEN, CLEO]), from, until).await.unwrap();
    let ana = known[ANA].as_ref().unwrap();
    assert_eq!((ana[0].from, ana[0].until), (at("2026-11-23T09:00:00Z"), at("2026-11-23T10:00:00Z")));
    assert_eq!((ana.len(), ana[1].until), (2, until));
    assert_eq!(known[BEN], Ok(vec![]));
    assert!(known[CLEO].as_ref().unwrap_err().contains("internalError"));
    assert!(office.calendar.busy(&[], from, until).await.unwrap().is_empty());
    office.holds_to_the_contract();
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
    office.holds_to_the_contract();
}

#[tokio::test]
async fn a_vendor_that_fails_inside_its_200_makes_nobody_free() {
    let office = Office::open().await;
    office.world.arm("google", "freebusy.query", Fault::ErrorInside200, 1);
    let (from, until) = day();
    let known = office.calendar.busy(&all(&[ANA, BEN]), from, until).await.unwrap();
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
    assert_eq!(told[BEN], [], "a meeting is none");

    office.state.refuse_next("events.list", 403, "insufficientPermissions");
    let told = office.calendar.absences(&all(&[ANA]), from, until).await;
    assert!(told.is_empty(), "it is not known, and does not count as none: {told:?}");
    office.holds_to_the_contract();
}

#[tokio::test]
async fn a_rep_who_has_left_the_domain_does_not_hide_the_others() {
    let office = Office::open().await;
    office.state.remove_user(ANA);
    let (from, until) = day();
    let known = office.calendar.busy(&all(&[ANA, BEN]), from, until).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("invalid_grant"), "{known:?}");
    assert_eq!(known[BEN], Ok(vec![]));
    let known = office.calendar.busy(&all(&[BEN, ANA]), from, until).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("notFound"), "{known:?}");
    assert_eq!(known[BEN], Ok(vec![]));
    assert_eq!(class(office.calendar.busy(&all(&[ANA]), from, until).await), "reauthenticate");
    office.holds_to_the_contract();
}

#[tokio::test]
async fn with_a_reader_everything_is_read_in_one_name() {
    let office = Office::with(|config| config.reader = Some("ops@rep.example".into()), None).await;
    office.state.remove_user(ANA);
    let (from, until) = day();
    let known = office.calendar.busy(&all(&[ANA, BEN]), from, until).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("notFound"));
    assert_eq!((known[BEN].as_ref().unwrap().len(), office.state.tokens_issued()), (0, 1));
    office.state.remove_user("ops@rep.example");
    office.state.revoke_tokens();
    assert_eq!(class(office.calendar.busy(&all(&[ANA, BEN]), from, until).await), "reauthenticate");
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
    assert_eq!(
        office.world.exchanges().iter().filter(|e| e.status == 401).count(),
        refused,
        "not tried when it has ended"
    );
    office.holds_to_the_contract();
}

#[tokio::test]
async fn a_meeting_is_booked_and_the_guest_is_told() {
    let office = Office::open().await;
    let Booked::Event { id } = office.calendar.book(&request(1)).await.unwrap() else { panic!("taken") };
    let booked = office.state.booked();
    assert_eq!((booked.len(), booked[0].id.as_str(), booked[0].calendar.as_str()), (1, id.as_str(), ANA));
    assert_eq!((booked[0].from, booked[0].until), (request(1).from, request(1).until));
    assert!(booked[0].invited && booked[0].summary == "Intro call");
    let accepted = office.world.accepted();
    assert_eq!(accepted[0].natural_key, "ana@rep.example/2026-11-23T10:00:00+00:00/ada@lead.example");

    let alone = BookRequest { attendee_email: None, attendee_name: None, calendar: BEN.into(), ..request(1) };
    office.calendar.book(&alone).await.unwrap();
    assert!(!office.state.booked()[1].invited);
    office.holds_to_the_contract();
}

#[tokio::test]
async fn booking_again_finds_the_first() {
    let office = Office::open().await;
    let first = office.calendar.book(&request(1)).await.unwrap();
    assert_eq!(office.calendar.book(&request(1)).await.unwrap(), first);
    let second = office.calendar.book(&request(2)).await.unwrap();
    assert_eq!(second, Booked::Taken, "the first attempt's event is in the way");
    assert_eq!((office.state.booked().len(), office.world.accepted().len()), (1, 1));
}

#[tokio::test]
async fn two_workers_at_once_make_one_event() {
    let office = Office::open().await;
    let request = request(1);
    let answers = futures_util::future::join_all((0..8).map(|_| office.calendar.book(&request))).await;
    let first = answers[0].clone().unwrap();
    assert!(answers.into_iter().all(|answer| answer.unwrap() == first));
    assert_eq!((office.state.booked().len(), office.world.accepted().len()), (1, 1));
    assert!(office.calls("POST", "/events") > 1, "the others were told that the id exists");
    office.holds_to_the_contract();
}

#[tokio::test]
async fn a_time_that_somebody_else_has_taken_is_not_booked() {
    let office = Office::open().await;
    office.state.add_busy(ANA, at("2026-11-23T10:15:00Z"), at("2026-11-23T10:45:00Z"));
    assert_eq!(office.calendar.book(&request(1)).await.unwrap(), Booked::Taken);
    let next_to_it = BookRequest { from: at("2026-11-23T09:45:00Z"), until: at("2026-11-23T10:15:00Z"), ..request(1) };
    assert!(matches!(office.calendar.book(&next_to_it).await.unwrap(), Booked::Event { .. }));
    assert!(office.state.double_bookings().is_empty());
    office.holds_to_the_contract();
}

#[tokio::test]
async fn after_a_lost_answer_booking_again_makes_no_second_event() {
    let office = Office::open().await;
    office.world.arm("google", "events.insert", Fault::DropAnswer, 1);
    assert_eq!(class(office.calendar.book(&request(1)).await), "unknown");
    assert_eq!(office.state.booked().len(), 1);
    let Booked::Event { id } = office.calendar.book(&request(1)).await.unwrap() else { panic!("taken by ourselves") };
    assert_eq!((office.state.booked().len(), office.state.booked()[0].id.clone()), (1, id));
    assert!(office.world.duplicates().is_empty());
    office.holds_to_the_contract();
}

#[tokio::test]
async fn what_a_person_did_to_the_event_is_respected() {
    let office = Office::open().await;
    let Booked::Event { id } = office.calendar.book(&request(1)).await.unwrap() else { panic!("taken") };
    office.state.reschedule(ANA, &id, at("2026-11-23T10:15:00Z"), at("2026-11-23T10:45:00Z"));
    assert_eq!(class(office.calendar.book(&request(1)).await), "needs_person");
    office.state.reschedule(ANA, &id, at("2026-11-23T15:00:00Z"), at("2026-11-23T15:30:00Z"));
    assert_eq!(class(office.calendar.book(&request(1)).await), "needs_person");

    office.state.cancel(ANA, &id);
    let error = office.calendar.book(&request(1)).await.unwrap_err();
    assert!(matches!(&error, VendorError::Gone { why, .. } if why.contains("new attempt")), "{error:?}");
    assert!(matches!(office.calendar.book(&request(2)).await.unwrap(), Booked::Event { .. }));
    office.holds_to_the_contract();
}

/// Status and reason of an insert, its class, and how long to wait.
const REFUSALS: [(u16, &str, &str, Option<u64>); 10] = [
    (403, "rateLimitExceeded", "rate_limited", None),
    (403, "userRateLimitExceeded", "rate_limited", None),
    (429, "rateLimitExceeded", "rate_limited", None),
    (403, "quotaExceeded", "rate_limited", Some(3_600)),
    (403, "forbiddenForNonOrganizer", "needs_person", None),
    (403, "insufficientPermissions", "needs_person", None),
    (404, "notFound", "needs_person", None),
    (400, "invalid", "needs_person", None),
    (500, "backendError", "unknown", None),
    (503, "backendError", "retry", None),
];

#[tokio::test]
async fn the_reason_decides_and_not_the_status() {
    let office = Office::open().await;
    for (status, reason, expected, wait_s) in REFUSALS {
        office.state.refuse_next("events.insert", status, reason);
        let error = office.calendar.book(&request(1)).await.unwrap_err();
        assert_eq!(error.class(), expected, "{status} {reason}: {error}");
        if let VendorError::RateLimited { after, .. } = error {
            assert_eq!(after, wait_s.map(Duration::from_secs), "{status} {reason}");
        }
    }
    assert!(office.state.booked().is_empty());
    let fault = Fault::RateLimit { retry_after_s: Some(7) };
    office.world.arm("google", "events.insert", fault, 1);
    let error = office.calendar.book(&request(1)).await.unwrap_err();
    assert!(matches!(error, VendorError::RateLimited { after: Some(after), .. } if after.as_secs() == 7), "{error:?}");
    office.world.arm("google", "freebusy.query", Fault::Unavailable, 1);
    assert_eq!(class(office.calendar.book(&request(1)).await), "retry");
    office.holds_to_the_contract();
}

#[tokio::test]
async fn nothing_is_booked_into_a_calendar_that_cannot_be_read() {
    let office = Office::open().await;
    office.state.unreachable(ANA);
    assert_eq!(class(office.calendar.book(&request(1)).await), "retry");
    assert!(office.state.booked().is_empty());
}

#[tokio::test]
async fn refused_credentials_say_what_to_mend() {
    let office = Office::open().await;
    office.calendar.check().await.unwrap();
    office.state.undelegate();
    office.state.revoke_tokens();
    let error = office.calendar.book(&request(1)).await.unwrap_err();
    assert_eq!(error.class(), "reauthenticate");
    assert!(error.to_string().contains("delegate the scopes"), "{error}");
    office.holds_to_the_contract();

    let late = FakeClock::new(at("2026-11-23T07:00:00Z"));
    let skewed = Office::with(|_| (), Some(late)).await;
    let error = skewed.calendar.check().await.unwrap_err().to_string();
    assert!(error.contains("invalid_grant") && error.contains("clock"), "{error}");
    skewed.holds_to_the_contract();
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
