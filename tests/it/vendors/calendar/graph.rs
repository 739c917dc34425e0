//! Calendars of Microsoft 365: who is busy, away, free or unknown, by whose leave, and what is said when nobody may look.

mod booking;
mod changing;
mod examples;
mod faults;
mod town;

use crate::vendors::chat::{all, at, class, day, world};
use crate::vendors::contract;
use baton::connectors::calendar::graph::{GraphCalendar, GraphConfig, GraphCredential};
use baton::connectors::http::Secret;
use baton::connectors::{BookRequest, Booked, Calendar, VendorError};
use baton_clock::{FakeClock, SharedClock};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::text::CallerText;
use baton_sandbox::google::SANDBOX_KEY_PEM;
use baton_sandbox::graph::{GraphState, SANDBOX_CERTIFICATE_PEM, routes};
use baton_sandbox::{Fault, World, serve};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const ANA: &str = "ana@rep.example";
const BEN: &str = "ben@rep.example";
const CLEO: &str = "cleo@rep.example";

/// A client and Microsoft's stand-in, who have held to the contract at the end.
struct Office {
    clock: Arc<FakeClock>,
    world: Arc<World>,
    state: Arc<GraphState>,
    calendar: GraphCalendar,
}

impl Office {
    async fn open() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut GraphConfig)) -> Self {
        let (clock, world) = world();
        let state = GraphState::new();
        let address = serve(routes(Arc::clone(&world), Arc::clone(&state))).await.expect("a port");
        let mut config = settings(&format!("http://{address}"));
        change(&mut config);
        let calendar = GraphCalendar::new(config, Arc::clone(&clock) as SharedClock).expect("a client");
        Self { clock, world, state, calendar }
    }

    /// What is known of these mailboxes on that day.
    async fn busy(&self, names: &[&str]) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError> {
        let (from, until) = day();
        self.calendar.busy(&all(names), from, until).await
    }

    /// What takes Ana's time on that day.
    async fn kinds(&self) -> Vec<BusyKind> {
        let known = self.busy(&[ANA]).await.expect("an answer");
        known[ANA].as_ref().expect("it is known").iter().map(|busy| busy.kind).collect()
    }

    async fn book(&self, attempt: u32) -> Result<Booked, VendorError> {
        self.calendar.book(&request(attempt)).await
    }

    /// The id of a meeting that was booked.
    async fn booked(&self) -> String {
        match self.book(1).await.expect("an answer") {
            Booked::Event { id } => id,
            Booked::Taken => panic!("the time is taken"),
        }
    }

    fn calls(&self, ending: &str) -> usize {
        let fits = |target: &str| target.split('?').next().is_some_and(|path| path.ends_with(ending));
        self.world.exchanges().iter().filter(|exchange| fits(&exchange.target)).count()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let exchanges = self.world.exchanges();
            assert!(!exchanges.is_empty());
            assert_eq!(contract::check_all("microsoft-graph", &exchanges), exchanges.len());
        }
    }
}

fn settings(address: &str) -> GraphConfig {
    let mut config = GraphConfig::new("m.example", "app", GraphCredential::Secret(Secret::new("sandbox")));
    config.base_url = address.to_owned();
    config.login_url = address.to_owned();
    config.limits.per_second = 1_000;
    config
}

fn request(attempt: u32) -> BookRequest {
    BookRequest {
        key: format!("7k2m-{attempt}"),
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
async fn every_status_is_told_as_its_kind_and_an_unreachable_mailbox_is_unknown() {
    let office = Office::open().await;
    for (hour, show_as) in ["free", "tentative", "busy", "oof", "workingElsewhere"].iter().enumerate() {
        let from = at("2026-11-23T09:00:00Z") + chrono::TimeDelta::hours(i64::try_from(hour).unwrap());
        office.state.add(ANA, show_as, from, from + chrono::TimeDelta::minutes(30));
    }
    office.state.unreachable(CLEO, "ErrorProxyRequestProcessingFailed");
    let known = office.busy(&[ANA, BEN, CLEO]).await.unwrap();
    let ana = known[ANA].as_ref().unwrap();
    let kinds: Vec<BusyKind> = ana.iter().map(|busy| busy.kind).collect();
    assert_eq!(kinds, [BusyKind::Tentative, BusyKind::Busy, BusyKind::OutOfOffice]);
    assert_eq!((ana[1].from, ana[1].until), (at("2026-11-23T11:00:00Z"), at("2026-11-23T11:30:00Z")));
    assert_eq!(known[BEN], Ok(vec![]));
    assert!(known[CLEO].as_ref().unwrap_err().contains("ErrorProxyRequestProcessingFailed"));
    let (from, until) = day();
    assert!(office.calendar.busy(&[], from, until).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_mailboxes_are_asked_for_twenty_at_a_time_and_one_failure_is_not_all() {
    let office = Office::open().await;
    let names: Vec<String> = (0..45).map(|index| format!("rep{index}@rep.example")).collect();
    let (from, until) = day();
    assert_eq!(office.calendar.busy(&names, from, until).await.unwrap().len(), 45);
    assert_eq!((office.calls("/getSchedule"), office.calls("/$batch"), office.state.tokens_issued()), (3, 3, 1));

    office.state.refuse_next("calendar.getSchedule", 503, "ErrorServerBusy", None);
    let known = office.calendar.busy(&names, from, until).await.unwrap();
    let unknown = known.values().filter(|times| times.is_err()).count();
    assert!(known.len() == 45 && matches!(unknown, 5 | 20), "{unknown} unknown: one query failed");

    for _ in 0..3 {
        office.state.refuse_next("calendar.getSchedule", 429, "ApplicationThrottled", Some(7));
    }
    let error = office.calendar.busy(&names, from, until).await.unwrap_err();
    assert!(matches!(error, VendorError::RateLimited { after: Some(after), .. } if after.as_secs() == 7), "{error:?}");
    office.world.arm("microsoft", "calendar.getSchedule", Fault::RateLimit { retry_after_s: None }, 3);
    let error = office.calendar.busy(&names, from, until).await.unwrap_err();
    assert!(matches!(error, VendorError::RateLimited { after: None, .. }), "{error:?}");
    office.state.refuse_next("calendar.getSchedule", 504, "UnknownError", Some(3));
    let error = office.busy(&[ANA]).await.unwrap_err();
    assert!(matches!(error, VendorError::Retry { after: Some(after), .. } if after.as_secs() == 3), "{error:?}");
}

#[tokio::test]
async fn a_vendor_that_fails_inside_its_200_makes_nobody_free() {
    let office = Office::open().await;
    office.world.arm("microsoft", "calendar.getSchedule", Fault::ErrorInside200, 1);
    let known = office.busy(&[ANA, BEN]).await.unwrap();
    assert!(known.len() == 2 && known.values().all(Result::is_err), "{known:?}");
    assert_eq!(office.calls("/$batch"), 0, "nobody is asked who is unknown anyway");

    office.world.arm("microsoft", "batch", Fault::ErrorInside200, 1);
    let known = office.busy(&[ANA]).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("TooManyRequests"), "{known:?}");
    assert_eq!(office.busy(&[ANA]).await.unwrap()[ANA], Ok(vec![]));
    office.clock.advance(Duration::from_secs(30));
    office.world.arm("microsoft", "batch", Fault::Unavailable, 1);
    assert_eq!(office.busy(&[ANA]).await.unwrap()[ANA], Ok(vec![]), "what was read 30 s ago is believed");
}

#[tokio::test]
async fn whoever_has_automatic_replies_on_is_away() {
    let office = Office::open().await;
    let (from, until) = day();
    let (noon, five) = (at("2026-11-23T12:00:00Z"), at("2026-11-23T17:00:00Z"));
    office.state.automatic_replies(ANA, "alwaysEnabled", None);
    office.state.automatic_replies(BEN, "scheduled", Some((noon, five)));
    office.state.automatic_replies(CLEO, "disabled", Some((noon, five)));
    let known = office.busy(&[ANA, BEN, CLEO]).await.unwrap();
    let away = |from, until| Ok(vec![Busy { from, until, kind: BusyKind::OutOfOffice }]);
    assert_eq!((&known[ANA], &known[BEN], &known[CLEO]), (&away(from, until), &away(noon, five), &Ok(vec![])));

    office.state.automatic_replies(ANA, "disabled", None);
    assert_eq!((office.kinds().await.len(), office.calls("/$batch")), (1, 1), "asked a moment ago");
    office.clock.advance(Duration::from_secs(4));
    assert_eq!((office.kinds().await.len(), office.calls("/$batch")), (0, 2));
}

#[tokio::test]
async fn a_conference_is_told_from_a_long_meeting_by_its_events_and_asked_about_once() {
    let office = Office::open().await;
    let (monday, tuesday) = (at("2026-11-23T00:00:00Z"), at("2026-11-24T00:00:00Z"));
    office.state.add_all_day(ANA, "busy", monday, tuesday);
    office.state.add(ANA, "busy", at("2026-11-23T06:00:00Z"), at("2026-11-26T08:00:00Z"));
    for hour in 10..14 {
        let from = monday + chrono::TimeDelta::hours(hour);
        office.state.add(ANA, "busy", from, from + chrono::TimeDelta::minutes(15));
    }
    // On pages of one event each, in whose name the zone is to be asked for each time.
    office.state.page(1);
    let kinds = office.kinds().await;
    let all_day = kinds.iter().filter(|kind| **kind == BusyKind::AllDay).count();
    assert_eq!((kinds.len(), all_day, kinds[0]), (6, 1, BusyKind::AllDay), "{kinds:?}");
    assert_eq!((office.calls("/$batch"), office.calls("/calendarView")), (1, 5));
    assert_eq!(office.kinds().await, kinds);
    assert_eq!((office.calls("/$batch"), office.calls("/calendarView")), (1, 5), "asked a moment ago");

    office.state.add_all_day(BEN, "oof", monday, tuesday);
    let known = office.busy(&[BEN]).await.unwrap();
    let [away] = known[BEN].as_ref().unwrap()[..] else { panic!("{known:?}") };
    assert_eq!((away.kind, away.until), (BusyKind::OutOfOffice, at("2026-11-23T23:00:00Z")), "midnight of its owner");
    assert_eq!(office.calls("/calendarView"), 5, "an absence is one already");
}

#[tokio::test]
async fn a_mailbox_that_is_gone_does_not_hide_the_others() {
    let office = Office::open().await;
    office.state.remove(ANA);
    let known = office.busy(&[ANA, BEN]).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("MailboxNotEnabledForRESTAPI"), "{known:?}");
    assert_eq!(known[BEN], Ok(vec![]));
    let known = office.busy(&[BEN, ANA]).await.unwrap();
    assert!(known[ANA].as_ref().unwrap_err().contains("ErrorMailRecipientNotFound"), "{known:?}");
    assert_eq!(class(office.busy(&[ANA]).await), "needs_person");
    assert_eq!(class(office.book(1).await), "needs_person");
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
    office.busy(&[ANA]).await.unwrap();
    assert_eq!(office.state.tokens_issued(), 2, "refused, fetched anew, and repeated");
    office.clock.advance(Duration::from_secs(3_600));
    let refused = || office.world.exchanges().iter().filter(|exchange| exchange.status == 401).count();
    let before = refused();
    office.busy(&[ANA]).await.unwrap();
    assert_eq!((office.state.tokens_issued(), refused()), (3, before), "not tried when it has ended");

    office.state.revoke_tokens();
    office.state.refuse_login();
    let error = office.book(1).await.unwrap_err();
    assert_eq!(error.class(), "reauthenticate");
    assert!(error.to_string().contains("the secret's value, not its id"), "{error}");
    let asked = office.calls("/token");
    assert_eq!(class(office.book(1).await), "reauthenticate");
    assert_eq!(office.calls("/token"), asked + 1, "asked once for each try");
}

#[tokio::test]
async fn a_certificate_proves_the_app_as_well() {
    let pem = format!("{SANDBOX_KEY_PEM}\n{SANDBOX_CERTIFICATE_PEM}");
    let office = Office::with(|config| config.credential = GraphCredential::Certificate(Secret::new(pem))).await;
    office.calendar.check().await.unwrap();

    let other = GraphCredential::Certificate(Secret::new(SANDBOX_CERTIFICATE_PEM));
    let config = GraphConfig::new("m.example", "app", other);
    let Err(error) = GraphCalendar::new(config, Arc::clone(&office.clock) as SharedClock) else { panic!("accepted") };
    assert!(error.to_string().contains("comes without its key"), "{error}");
}

#[tokio::test]
async fn what_is_not_granted_is_named_with_where_to_grant_it() {
    let office = Office::open().await;
    office.calendar.check().await.unwrap();
    assert_eq!(office.world.exchanges().len(), 1, "the token tells");

    let lacking = async |roles: &[&str]| {
        office.state.grant(roles);
        office.state.revoke_tokens();
        office.clock.advance(Duration::from_secs(3_600));
        office.calendar.check().await.unwrap_err().in_log()
    };
    let told = lacking(&["MailboxSettings.ReadWrite", "Calendars.Read"]).await;
    assert!(
        told.contains("lacks the permission Calendars.ReadWrite;") && told.contains("Grant admin consent"),
        "{told}"
    );
    let told = lacking(&[]).await;
    assert!(told.contains("Calendars.ReadWrite, MailboxSettings.Read;"), "{told}");
    // Busy times go without automatic replies where these are not ours to see.
    let told = lacking(&["Calendars.ReadWrite"]).await;
    assert!(told.contains("lacks the permission MailboxSettings.Read;"), "{told}");
    office.state.automatic_replies(ANA, "alwaysEnabled", None);
    assert_eq!(office.busy(&[ANA]).await.unwrap()[ANA], Ok(vec![]));
}

#[tokio::test]
async fn with_a_reader_permissions_are_tried_on_it_and_schedules_read_in_its_name() {
    let office = Office::with(|config| config.reader = Some(CLEO.into())).await;
    office.calendar.check().await.unwrap();
    assert_eq!((office.calls("cleo%40rep.example/calendar/getSchedule"), office.calls("/$batch")), (1, 1));
    office.state.remove(ANA);
    let known = office.busy(&[ANA, BEN]).await.unwrap();
    assert!(known[ANA].is_err() && known[BEN] == Ok(vec![]), "{known:?}");
    assert_eq!(office.calls("cleo%40rep.example/calendar/getSchedule"), 2);

    office.clock.advance(Duration::from_secs(60));
    office.state.grant(&["Calendars.ReadWrite"]);
    assert!(office.calendar.check().await.unwrap_err().in_log().contains("lacks the permission MailboxSettings.Read"));
    office.state.remove(CLEO);
    assert_eq!(class(office.calendar.check().await), "needs_person");
}
