//! What a worker believes of calendars: absences by their name, nothing for longer than the rules say, and no free time that was
//! not looked up for it.

use crate::eventually::{eventually, found};
use crate::program::edit;
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town;
use baton::app::stage::StandIns;
use baton::app::{Running, Setup};
use baton::connectors::calendar::several::Several;
use baton::connectors::http::ApiCall;
use baton::connectors::{BookRequest, Booked, Calendar};
use baton::facts::Facts;
use baton::outbox::Vendors;
use baton::release::Release;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::text::CallerText;
use baton_core::routing::decision::{CandidateVerdict, Decision};
use baton_core::routing::reason::Rejection;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::CountsAs;
use baton_sandbox::google::SeenEvent;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

/// A town of two reps at each desk, whose calendars are the stand-in's.
pub struct Town {
    pub db: Db,
    pub clock: Arc<ScaledClock>,
    pub stage: StandIns,
    pub worker: Running,
    pub folder: TempDir,
}

impl Town {
    async fn begin(seed: impl FnOnce(&StandIns, DateTime<Utc>)) -> Self {
        Self::with(town::founded(2), seed, ours).await
    }

    /// In this folder, with what the stand-ins are to it.
    pub async fn with(
        folder: TempDir,
        seed: impl FnOnce(&StandIns, DateTime<Utc>),
        connected: impl FnOnce(&StandIns) -> Arc<dyn Calendar>,
    ) -> Self {
        let connect = |stage: &StandIns, setup: &mut Setup| {
            setup.vendors = Vendors { calendar: Some(connected(stage)), ..Vendors::default() };
        };
        Self::set_up(folder, seed, connect).await
    }

    /// With a worker that is set up otherwise.
    pub async fn set_up(
        folder: TempDir,
        seed: impl FnOnce(&StandIns, DateTime<Utc>),
        change: impl FnOnce(&StandIns, &mut Setup),
    ) -> Self {
        let db = Db::open(sqlite_in(folder.path())).await;
        let clock = town::clock(1);
        let stage = StandIns::open(Arc::clone(&clock) as SharedClock).await.expect("the stand-ins");
        seed(&stage, clock.now());
        let shared = Arc::clone(&clock) as SharedClock;
        let worker = town::worker_of(folder.path(), &db.store, &shared, |setup| change(&stage, setup)).await;
        Self { db, clock, stage, worker, folder }
    }

    /// A caller from the United States, who has hung up: for west.
    pub async fn decides(&self, number: usize) -> Decision {
        self.decided_by(&self.worker, number).await
    }

    /// The same, where it comes to this worker.
    pub async fn decided_by(&self, worker: &Running, number: usize) -> Decision {
        let caller = town::Caller::gone(number * 3);
        let message = town::inbox(&caller.event, self.clock.now());
        worker.decider.take(vec![message]).await.expect("the event is taken");
        let lead = caller.lead();
        found("the lead is decided", || async {
            reads!(self.db.store, [lead], |tx| tx.decision(&lead).await).await.expect("the database answers")
        })
        .await
    }

    /// As whoever asks why is told.
    pub async fn explained(&self, decision: &Decision) -> String {
        let door = town::door(&self.worker.address, Duration::from_secs(10));
        let path = ["v1", "leads", decision.lead_id.as_str(), "explain"];
        door.send(&ApiCall::get("explain", &path)).await.expect("the door answers").text()
    }

    /// Every token is refused from now on: calendars cannot be read any more.
    fn loses_its_calendars(&self) {
        self.stage.calendars.undelegate();
        self.stage.calendars.revoke_tokens();
    }
}

pub fn ours(stage: &StandIns) -> Arc<dyn Calendar> {
    stage.vendors().expect("clients").calendar.expect("one of them is a calendar")
}

pub fn rejection(decision: &Decision, rep: &str) -> Option<Rejection> {
    let candidates = decision.trace.pools.iter().flat_map(|pool| &pool.candidates);
    candidates.filter(|candidate| candidate.rep.as_str() == rep).find_map(|candidate| match &candidate.verdict {
        CandidateVerdict::Rejected { because } => Some(because.clone()),
        CandidateVerdict::Eligible { .. } => None,
    })
}

/// Nobody waits on the line, so that a meeting is no reason to pass somebody over; being away is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_out_of_office_in_google_gets_no_lead() {
    let town = Town::begin(|stage, now| {
        stage.calendars.add_out_of_office("west-01@reps.example", now - TimeDelta::hours(2), now + TimeDelta::days(2));
        stage.calendars.add_busy("west-02@reps.example", now - TimeDelta::hours(1), now + TimeDelta::hours(1));
    })
    .await;
    let decision = town.decides(1).await;
    let away = rejection(&decision, "west-01");
    assert!(matches!(away, Some(Rejection::OutOfOffice { .. })), "{away:?}");
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    town.worker.stop().await;
}

/// Both are in a meeting, for all that free/busy tells; over the time of hers west-01 puts an absence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_counts_a_minute_after_the_vendor_shows_it_and_is_told_with_its_source() {
    let meeting = |now: DateTime<Utc>| (now - TimeDelta::hours(1), now + TimeDelta::hours(1));
    let town = Town::begin(|stage, now| {
        let (from, until) = meeting(now);
        stage.calendars.add_busy("west-01@reps.example", from, until);
        stage.calendars.add_busy("west-02@reps.example", from, until);
    })
    .await;
    assert_eq!(rejection(&town.decides(1).await, "west-01"), None, "a meeting is no reason: nobody is on the line");
    let events = || town.stage.world.exchanges().iter().filter(|one| one.target.contains("/events?")).count();
    let asked = events();
    let (from, until) = meeting(town.clock.now() - TimeDelta::minutes(1));
    town.stage.calendars.add_out_of_office("west-01@reps.example", from, until);
    town.clock.skip_to(town.clock.now() + TimeDelta::seconds(60));
    let decision = town.decides(2).await;
    let away = rejection(&decision, "west-01");
    assert!(matches!(away, Some(Rejection::OutOfOffice { .. })), "{away:?}");
    assert_eq!(decision.plan.owner.as_str(), "west-02");
    assert_eq!(events() - asked, 2, "of the two who are busy");
    let told = town.explained(&decision).await;
    assert!(told.contains("out of office until Mon 23 Nov 2026"), "{told}");
    assert!(told.contains("out of office from Mon 23 Nov 2026") && told.contains("says google"), "{told}");
    town.worker.stop().await;
}

/// West-01 has a calendar at another company as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_away_by_one_of_their_calendars_is_away_and_one_that_is_not_known_makes_all_unknown() {
    let folder = town::founded(2);
    let (one, both) = ("west-01@reps.example,005", "west-01@reps.example;other:w1@other.example,005");
    edit(folder.path(), "rules/reps.csv", one, both);
    let clock: SharedClock = town::clock(1);
    let other = StandIns::open(Arc::clone(&clock)).await.expect("the stand-ins");
    let (now, until) = (clock.now(), clock.now() + TimeDelta::hours(9));
    other.calendars.add_out_of_office("w1@other.example", now - TimeDelta::hours(2), until);
    let several = |stage: &StandIns| -> Arc<dyn Calendar> {
        Arc::new(Several::new(vec![(String::new(), ours(stage)), ("other".to_owned(), ours(&other))]))
    };
    let town = Town::with(folder, |_, _| (), several).await;
    let decision = town.decides(1).await;
    let away = rejection(&decision, "west-01");
    assert!(matches!(away, Some(Rejection::OutOfOffice { .. })), "{away:?}");
    assert_eq!(decision.degraded, []);

    other.calendars.unreachable("w1@other.example");
    town.clock.skip_to(town.clock.now() + TimeDelta::seconds(90));
    let decision = town.decides(2).await;
    let told: Vec<String> = decision.degraded.iter().map(|one| one.in_words()).collect();
    let why = "calendar of west-01 unknown: other:w1@other.example: the calendar's error is internalError; it was last read 1 min ago";
    assert_eq!(told, [why], "west-02 has none there");
    town.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn meetings_are_booked_in_the_first_calendar_and_only_where_the_others_are_free() {
    let clock: SharedClock = town::clock(1);
    let open = async || StandIns::open(Arc::clone(&clock)).await.expect("the stand-ins");
    let (first, other) = (open().await, open().await);
    let several = Several::new(vec![(String::new(), ours(&first)), ("other".to_owned(), ours(&other))]);
    let now = clock.now().trunc_subsecs(0);
    let request = |attempt: u32| BookRequest {
        key: format!("7k2m/{attempt}"),
        calendar: "ana@reps.example;other:ana@other.example".to_owned(),
        from: now + TimeDelta::hours(2),
        until: now + TimeDelta::hours(3),
        attendee_email: None,
        attendee_name: None,
        summary: CallerText("Intro call".to_owned()),
        description: CallerText(String::new()),
    };
    assert!(matches!(several.book(&request(1)).await.expect("an answer"), Booked::Event { .. }));
    let booked = first.calendars.booked();
    assert_eq!((booked.len(), booked[0].calendar.as_str()), (1, "ana@reps.example"));
    assert!(other.calendars.booked().is_empty());

    // The answer was lost, and the other calendar has a copy by now.
    other.calendars.add_busy("ana@other.example", request(1).from, request(1).until);
    let again = several.book(&request(1)).await.expect("an answer");
    assert!(matches!(again, Booked::Event { .. }), "it is ours: {again:?}");
    assert_eq!((first.calendars.booked().len(), several.book(&request(2)).await), (1, Ok(Booked::Taken)));

    let later = |attempt| {
        let request = request(attempt);
        let hours = TimeDelta::hours(4);
        BookRequest { from: request.from + hours, until: request.until + hours, ..request }
    };
    let (from, until) = (later(2).from + TimeDelta::minutes(10), later(2).until);
    other.calendars.add_busy("ana@other.example", from, until);
    assert_eq!(several.book(&later(2)).await.expect("an answer"), Booked::Taken);
    let focus = SeenEvent {
        calendar: "ana@other.example".to_owned(),
        from: request(4).from + TimeDelta::hours(8),
        until: request(4).until + TimeDelta::hours(8),
        event_type: "focusTime".to_owned(),
        ..SeenEvent::default()
    };
    let in_focus = BookRequest { from: focus.from, until: focus.until, ..request(4) };
    other.calendars.add_event(focus);
    let booked = several.book(&in_focus).await.expect("an answer");
    assert!(matches!(booked, Booked::Event { .. }), "whether that counts, the rules have said before");
    other.calendars.unreachable("ana@other.example");
    assert_eq!(several.book(&later(3)).await.expect_err("it is not known").class(), "retry");
    assert_eq!(first.calendars.booked().len(), 2);
    let elsewhere = BookRequest { calendar: "nobody:ana@reps.example".to_owned(), ..request(5) };
    let told = several.book(&elsewhere).await.expect_err("it is nowhere").to_string();
    assert!(told.contains("there is no [calendars.nobody] in baton.toml"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_cannot_be_read_any_more_is_believed_for_a_while_and_then_unknown() {
    let town = Town::begin(|_, _| ()).await;
    // However slow the machine, the first decision finds what the background has read.
    let is_read = || async { town.stage.world.exchanges().iter().any(|exchange| exchange.target.contains("freeBusy")) };
    eventually("the calendars are read", is_read).await;
    assert_eq!(town.decides(1).await.degraded, []);
    town.loses_its_calendars();
    town.clock.skip_to(town.clock.now() + TimeDelta::minutes(10));
    assert_eq!(town.decides(2).await.degraded, [], "ten minutes are less than 15m");
    town.clock.skip_to(town.clock.now() + TimeDelta::minutes(10));
    let late = town.decides(3).await;
    let told = "calendar of west-01 unknown: google was last read 20 min ago, and is believed for 15m";
    assert!(late.degraded.iter().any(|one| one.in_words() == told), "{:?}", late.degraded);
    town.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn free_times_are_offered_from_no_view_of_before() {
    let town = Town::begin(|_, _| ()).await;
    let calendar = town.stage.vendors().expect("clients").calendar;
    let clock = Arc::clone(&town.clock) as SharedClock;
    let facts = Facts::new(None, calendar, town.db.store.clone(), clock, Duration::from_millis(700));
    let until = town.clock.now() + TimeDelta::days(5);
    let rules = Arc::clone(&town.worker.reload.current().borrow().rules);
    assert_eq!(facts.busy_now("west-01@reps.example", until, &rules).await, Ok(Vec::new()));
    town.loses_its_calendars();
    let now = facts.busy_now("west-01@reps.example", until, &rules).await;
    assert!(now.is_err(), "what was free a moment ago is not known to be free now: {now:?}");
    town.worker.stop().await;
}

/// It was told when there was nothing else; what was booked into it since is busy by its kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_within_focus_time_that_counts_as_free_is_seen_when_times_are_offered() {
    let town = Town::begin(|_, _| ()).await;
    let calendar = town.stage.vendors().expect("clients").calendar;
    let clock = Arc::clone(&town.clock) as SharedClock;
    let facts = Facts::new(None, calendar, town.db.store.clone(), clock, Duration::from_secs(5));
    let mut rules = RuleSet::clone(&town.worker.reload.current().borrow().rules);
    rules.calendars.focus = CountsAs::Free;
    let (address, from) = ("west-01@reps.example", town.clock.now() + TimeDelta::hours(1));
    let focus = SeenEvent {
        calendar: address.to_owned(),
        from,
        until: from + TimeDelta::hours(3),
        event_type: "focusTime".to_owned(),
        ..SeenEvent::default()
    };
    town.stage.calendars.add_event(focus);
    let rep = rules.reps.keys().find(|rep| rep.as_str() == "west-01").expect("a rep").clone();
    let seen = facts.busy_of(&rep, &rules).await.expect("it is known");
    assert_eq!(seen.iter().map(|busy| busy.kind).collect::<Vec<_>>(), [BusyKind::Focus]);

    let (from, until) = (from + TimeDelta::hours(1), from + TimeDelta::minutes(90));
    town.stage.calendars.add_busy(address, from, until);
    let ahead = town.clock.now() + TimeDelta::days(2);
    let mut meetings = facts.busy_now(address, ahead, &rules).await.expect("it is known");
    meetings.retain(|busy| busy.kind == BusyKind::Busy);
    assert_eq!(meetings, [Busy { from, until, kind: BusyKind::Busy }]);
    town.worker.stop().await;
}

/// Told as an age: of the calendar that could not be read for longest, among those of whoever is on the roster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_cannot_be_read_grows_old_until_its_rep_has_left() {
    let town = Town::begin(|stage, _| stage.calendars.unreachable("west-01@reps.example")).await;
    let calendar = town.stage.vendors().expect("clients").calendar;
    // Everybody else is looked at anew within a second of ours.
    let clock = town::clock(60);
    let within = Duration::from_millis(700);
    let facts = Facts::new(None, calendar, town.db.store.clone(), Arc::clone(&clock) as SharedClock, within);
    let (facts, began) = (Arc::new(facts), clock.now());
    let (release, current) = watch::channel(Arc::clone(&town.worker.reload.current().borrow()));
    let (_stop, stopping) = watch::channel(false);
    let fresh = Arc::clone(&facts);
    let keeping = tokio::spawn(async move { fresh.keep_fresh(current, stopping).await });
    let age = || facts.seen().calendars_at.map(|at| clock.now() - at);
    let is_old = || std::future::ready(age().is_some_and(|age| age > TimeDelta::minutes(5)));
    eventually("the calendar of west-01 is old, and the others are not asked after it", is_old).await;
    assert!(facts.seen().calendars_at >= Some(began), "no older than since it was asked for");

    let mut left = Release::clone(&release.borrow());
    let mut rules = RuleSet::clone(&left.rules);
    for rep in rules.reps.values_mut().filter(|rep| rep.id.as_str() == "west-01") {
        rep.active = false;
    }
    left.rules = Arc::new(rules);
    release.send_replace(Arc::new(left));
    let is_new = || std::future::ready(age().is_some_and(|age| age < TimeDelta::minutes(3)));
    eventually("nobody waits for the calendar of a rep who has left", is_new).await;
    keeping.abort();
    town.worker.stop().await;
}

/// Nothing is connected: a live caller is promised a call at once, and no step fails, since none was taken that could not be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_with_nothing_connected_leaves_no_failed_step() {
    let folder = town::founded(2);
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock: SharedClock = town::clock(60);
    let worker = town::worker_with(Vendors::default(), folder.path(), &db.store, &clock).await;
    let live = town::message(3, clock.now());
    worker.decider.take(vec![live]).await.expect("the event is taken");
    let promised = "SELECT COUNT(*) FROM handoff WHERE stage = 'callback'";
    let waiting = "SELECT COUNT(*) FROM step WHERE state <> 'done' AND kind <> 'timer'";
    eventually("the caller is promised a call, and every step ends well", || async {
        db.number(promised).await >= 1 && db.number(waiting).await == 0
    })
    .await;
    worker.stop().await;
}

/// A worker dies between the mark that a mail is on its way and the sending, for which nothing is connected: nothing was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_nothing_could_send_was_not_lost() {
    let folder = town::founded(2);
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock: SharedClock = town::clock(1);
    let worker = town::worker_with(Vendors::default(), folder.path(), &db.store, &clock).await;
    let gone = town::inbox(&town::Caller::gone(3).event, clock.now());
    worker.decider.take(vec![gone]).await.expect("the event is taken");
    let mails = |state: &str| format!("SELECT COUNT(*) FROM step WHERE kind = 'brief_email' AND state = '{state}'");
    eventually("the mail is dealt with", || async { db.number(mails("done")).await == 1 }).await;
    worker.stop().await;
    let died = "UPDATE step SET state = 'leased', lease_owner = 'dead', lease_until = 1, sent_at = 1, ended_at = NULL \
                WHERE kind = 'brief_email'";
    assert_eq!(db.execute(died).await, 1);
    let worker = town::worker_with(Vendors::default(), folder.path(), &db.store, &clock).await;
    eventually("it is taken up", || async { db.number(mails("leased")).await == 0 }).await;
    assert_eq!((db.number(mails("done")).await, db.number(mails("failed")).await), (1, 0));
    worker.stop().await;
}
