//! One vendor at a time takes whatever it is sent and answers nothing, while leads come steadily: the others keep their pace, callers
//! are put through as ever, every lead has its next step, and afterwards everything was delivered, and once.
//!
//! In a quick world for a minute of its time; for a minute of ours with `BATON_LONG`; for so many seconds of ours as
//! `BATON_HOLE_S` says: `BATON_HOLE_S=600 cargo nextest run --profile long --features failpoints holes::`.

mod office;
mod way;

use crate::store::server::variable;
use crate::town::Caller;
use baton_clock::Clock;
use baton_core::domain::outcome::NextStepKind;
use baton_sandbox::voice::RepManner;
use chrono::{DateTime, TimeDelta, Utc};
use office::{Office, Seen, Told};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    Crm,
    Calendar,
    Chat,
    Mail,
    Webhook,
    Voice,
}

/// What it is done in, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// The world's seconds in one of ours.
    pub speed: u32,
    /// In the world's time.
    pub hole: Duration,
    /// Between two callers, in real time.
    pub one_every: Duration,
    /// Lease and patience with a vendor, in the world's time; `None`: those of a worker that is told nothing.
    pub limits_s: Option<(u64, u64)>,
}

impl Run {
    fn of_today() -> Self {
        let real = |seconds| Self {
            speed: 1,
            hole: Duration::from_secs(seconds),
            one_every: Duration::from_millis(500),
            limits_s: None,
        };
        match variable("BATON_HOLE_S") {
            Some(seconds) => real(seconds.parse().expect("BATON_HOLE_S is a number of seconds")),
            None if variable("BATON_LONG").is_some() => real(60),
            None => Self {
                speed: 6,
                hole: Duration::from_secs(60),
                one_every: Duration::from_millis(300),
                limits_s: Some((24, 12)),
            },
        }
    }

    pub fn real_hole(&self) -> Duration {
        self.hole / self.speed
    }

    /// A span of real time in this world.
    fn span(&self, real: Duration) -> TimeDelta {
        TimeDelta::from_std(real * self.speed).expect("a span")
    }
}

/// Before the hole and after it, in real time.
const AROUND: Duration = Duration::from_secs(2);
/// What is on its way when the hole opens has arrived by then, in real time.
const ARRIVES: Duration = Duration::from_millis(700);
/// Vendors that are well have what concerns a lead by then, in real time.
const PACE: Duration = Duration::from_secs(4);
/// A decision waits for a vendor that has fallen silent once, for as long as facts may take, which is most of this; in real time.
const USUAL: Duration = Duration::from_millis(700);
/// And no caller waits for longer than this, beside whatever else the machine does.
const AT_MOST: Duration = Duration::from_millis(2500);

/// How a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// It is over: a call back is promised.
    Gone,
    /// The first rep has time.
    Accepted,
    /// No rep has time: a meeting is booked.
    Declined,
}

/// Each of the three at each of the three desks.
fn story(number: usize) -> Story {
    [Story::Gone, Story::Accepted, Story::Declined][number / 3 % 3]
}

fn caller(number: usize) -> Caller {
    let after = Duration::from_secs(1);
    match story(number) {
        Story::Gone => Caller::gone(number),
        Story::Accepted => {
            Caller::live(number).reps(&[RepManner::Accepts { after }]).talks_for(Duration::from_secs(20))
        }
        Story::Declined => Caller::live(number).reps(&[RepManner::Declines { after }]),
    }
}

/// What was seen of a hole.
struct Hole {
    silent: Vendor,
    began_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    /// Of which leads the vendors had something when it ended.
    seen: Seen,
}

impl Hole {
    fn has(&self, told: &Told) -> bool {
        self.began_at <= told.posted_at && told.posted_at < self.ended_at
    }
}

async fn holds(silent: Vendor) {
    let (office, _running) = Office::open(Run::of_today()).await;
    let (stop, stopped) = watch::channel(false);
    let callers = tokio::spawn(Arc::clone(&office).callers(stopped));
    sleep(AROUND).await;
    let hole = opens(&office, silent).await;
    sleep(AROUND).await;
    stop.send_replace(true);
    let told = callers.await.expect("all have called");
    office.until_quiet().await;

    let within = told.iter().filter(|told| hole.has(told)).count();
    assert!(within >= 9, "{silent:?}: {within} came while it was silent");
    others_keep_their_pace(&office, &hole, &told);
    callers_wait_no_longer(&office, &hole, &told);
    each_has_its_next_step(&office, silent, &told).await;
    all_is_delivered_once(&office, silent, &told).await;
}

async fn opens(office: &Office, silent: Vendor) -> Hole {
    let began_at = office.clock.now();
    office.swallows(silent, true);
    sleep(ARRIVES).await;
    let before = office.reached(silent);
    sleep(office.run.real_hole().saturating_sub(ARRIVES)).await;
    assert_eq!(office.reached(silent), before, "{silent:?} is sent nothing");
    let (seen, ended_at) = (office.seen(), office.clock.now());
    office.swallows(silent, false);
    Hole { silent, began_at, ended_at, seen }
}

/// Whatever is not silent has what concerns each lead by the end of the hole.
fn others_keep_their_pace(office: &Office, hole: &Hole, told: &[Told]) {
    let Hole { silent, ended_at, seen, .. } = hole;
    let due = told.iter().filter(|told| told.posted_at + office.run.span(PACE) <= *ended_at);
    for Told { number, lead, .. } in due {
        let caller = caller(*number);
        let has = [
            (Vendor::Crm, seen.records.contains(caller.email())),
            (Vendor::Chat, seen.cards.contains(lead.suffix())),
            // The others are sent none as long as they speak.
            (Vendor::Mail, story(*number) != Story::Gone || seen.mailed.contains(caller.email())),
            (Vendor::Webhook, seen.heard.contains(lead.as_str())),
        ];
        for (vendor, has) in has {
            assert!(has || vendor == *silent, "{silent:?} is silent, and {vendor:?} has nothing of caller {number}");
        }
    }
}

fn callers_wait_no_longer(office: &Office, hole: &Hole, told: &[Told]) {
    let within = || told.iter().filter(move |told| hole.has(told));
    is_quick("an answer", hole.silent, within().map(|told| told.answered_in).collect());
    if hole.silent == Vendor::Voice {
        return;
    }
    let rung = office.rung();
    let live = within().filter(|told| story(told.number) != Story::Gone);
    let waited = live.map(|told| {
        let caller = caller(told.number);
        let rung_at = rung.get(caller.call()).unwrap_or_else(|| panic!("no phone rang for caller {}", told.number));
        (*rung_at - told.posted_at).to_std().unwrap_or_default() / office.run.speed
    });
    is_quick("a ring", hole.silent, waited.collect());
}

fn is_quick(what: &str, silent: Vendor, mut waited: Vec<Duration>) {
    waited.sort_unstable();
    let (usual, longest) = (waited[waited.len() / 2], waited[waited.len() - 1]);
    assert!(
        usual <= USUAL && longest <= AT_MOST,
        "{silent:?} is silent, and {what} takes {usual:?}, up to {longest:?}"
    );
}

/// The callers of a story, and how many of them it went as it was told for.
#[derive(Debug, Default)]
struct Ends {
    callers: usize,
    as_told: usize,
}

impl Ends {
    fn are_as_told(&self) -> bool {
        self.as_told * 10 >= self.callers * 8
    }
}

/// Phones and calendars that are silent change the story, and never that it ends. Reps who are rung late may miss a call.
async fn each_has_its_next_step(office: &Office, silent: Vendor, told: &[Told]) {
    let [mut gone, mut accepted, mut declined] = [Ends::default(), Ends::default(), Ends::default()];
    for Told { number, lead, .. } in told {
        let record = office.db.store.lead(lead).await.expect("a look").expect("the lead is kept");
        let status = record.status.as_str();
        let is_settled = record.next_step.what != NextStepKind::Handoff;
        assert!(
            is_settled && matches!(status, "connected" | "booked" | "callback"),
            "{silent:?} was silent, and the lead of caller {number} is {status}"
        );
        let (ends, as_told) = match story(*number) {
            Story::Gone => (&mut gone, "callback"),
            Story::Accepted => (&mut accepted, "connected"),
            Story::Declined => (&mut declined, "booked"),
        };
        ends.callers += 1;
        ends.as_told += usize::from(status == as_told);
    }
    assert!(gone.are_as_told(), "{silent:?} was silent: {gone:?}");
    if silent != Vendor::Voice {
        assert!(accepted.are_as_told(), "{silent:?} was silent: {accepted:?}");
    }
    if !matches!(silent, Vendor::Voice | Vendor::Calendar) {
        assert!(declined.are_as_told(), "{silent:?} was silent: {declined:?}");
    }
}

async fn all_is_delivered_once(office: &Office, silent: Vendor, told: &[Told]) {
    assert_eq!(office.world.duplicates(), BTreeMap::new(), "{silent:?} was silent");
    assert!(office.world.accepted().iter().all(|effect| effect.kind != "collision"), "{silent:?} was silent");
    assert_eq!(office.calendars.double_bookings().len(), 0, "{silent:?} was silent");

    let (seen, callers) = (office.seen(), told.iter().map(|told| caller(told.number)).collect::<Vec<_>>());
    let addresses: BTreeSet<String> = callers.iter().map(|caller| caller.email().to_owned()).collect();
    assert_eq!(seen.records, addresses, "{silent:?} was silent: a record of each");
    assert_eq!(office.salesforce.leads().len(), told.len(), "{silent:?} was silent: and one");
    let heard: BTreeSet<String> = told.iter().map(|told| told.lead.to_string()).collect();
    assert_eq!(seen.heard, heard, "{silent:?} was silent: everybody was told of each");
    let events: BTreeSet<String> = office.routed().into_iter().map(|(event, _)| event).collect();
    assert_eq!(events.len(), told.len(), "{silent:?} was silent: under one name, however often");
    let meetings = office.number("SELECT COUNT(*) FROM lead WHERE status = 'booked'").await;
    assert_eq!(office.calendars.booked().len() as i64, meetings, "{silent:?} was silent");

    // A card of a phone that rang is worth nothing a minute later.
    let of_chat = |state: &str| format!("SELECT COUNT(*) FROM step WHERE kind = 'brief_chat' AND state = '{state}'");
    let posted = office.number(&format!("{} AND vendor_ref IS NOT NULL", of_chat("done"))).await;
    let too_late = if silent == Vendor::Chat { office.number(&of_chat("expired")).await } else { 0 };
    let messages = office.slack.messages().len() as i64;
    assert!((posted..=posted + too_late).contains(&messages), "{silent:?} was silent: {messages} cards of {posted}");

    // Of what was just being handed over when the server fell silent nobody knows whether it has it: it is not sent again, and told.
    let of_mail = "SELECT COUNT(*) FROM step WHERE kind IN ('brief_email', 'confirm_to_caller') AND state";
    let sent = office.number(&format!("{of_mail} = 'done' AND result IS NULL")).await;
    let in_doubt = office.number(&format!("{of_mail} = 'failed'")).await;
    assert!(in_doubt <= if silent == Vendor::Mail { 3 } else { 0 }, "{silent:?} was silent: {in_doubt} mails in doubt");
    let mails = office.smtp.mails().len() as i64;
    assert!((sent..=sent + in_doubt).contains(&mails), "{silent:?} was silent: {mails} mails of {sent}");

    let failed =
        "SELECT COUNT(*) FROM step WHERE kind IN ('write_crm', 'brief_chat', 'publish', 'book') AND state = 'failed'";
    assert_eq!(office.number(failed).await, 0, "{silent:?} was silent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_cards_and_mails_come_late_and_nothing_waits_for_them() {
    tokio::join!(holds(Vendor::Crm), holds(Vendor::Chat), holds(Vendor::Mail));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calendars_lines_and_listeners_fall_silent_and_every_lead_has_its_next_step() {
    tokio::join!(holds(Vendor::Calendar), holds(Vendor::Voice), holds(Vendor::Webhook));
}
