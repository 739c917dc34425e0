//! A workspace in which it is always office hours and everything is quick, and callers for it.

use async_trait::async_trait;
use baton::app::workspace::{self, Workspace};
use baton::app::{self, Running, Setup};
use baton::config::Limits;
use baton::connectors::{LegStatus, RingRequest, Spoken, Telephony, VendorError};
use baton::deciding::decider::Replies;
use baton::intake::event::key_of;
use baton::outbox::Vendors;
use baton::store::{InboxMessage, Store};
use baton_clock::SharedClock;
use baton_core::domain::effect::Class;
use baton_core::domain::id::LegId;
use baton_core::domain::text::RepText;
use baton_sandbox::voice::{RepManner, Script};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The desks, each a pool of its own; the last one is the catch-all.
const DESKS: [&str; 3] = ["west", "east", "desk"];

const HOURS: &str = "
weeks:
  always: { mon-sun: [\"00:00-24:00\"] }
calling: \"00:00-23:59\"
";

const ROUTING: &str = "
version: 1
match: { shared_domains: default }
ownership: [{ existing: account_owner }]
tiers: [{ name: any }]
pools:
  - { name: west, serves: { territory: West }, members: { team: west }, policy: balanced, lead_rep: west-01 }
  - { name: east, serves: { territory: East }, members: { team: east }, policy: balanced, lead_rep: east-01, overflow: desk }
  - { name: desk, members: { team: desk }, policy: balanced, lead_rep: desk-01, calendar_unknown: counts_as_free }
catch_all: { pool: desk }
";

const HANDOFF: &str = "
patience: 20s
bridge_within: 24s
ring_timeout: 4s
accept_within: 5s
join_within: 4s
ring_at_most: 2
first_contact_sla: 5m
needs_attention: desk-01
ladders:
  default: [warm_transfer, booking, callback]
booking: { duration: 15m, notice: 1h, within_days: 14, offer: 3, answer_within: 8s }
callback: { within: 2h, within_after_hang_up: 15m, remind_before: 10m, escalate_before: 5m }
";

const TERRITORIES: &str = "territory,country,state,region,postal,industry,employees,priority,from,until
West,US,,,,,,,,
East,GB,,,,,,,,
";

/// Writes `rules/` and `templates/` of a town with this many reps at each desk.
pub fn found(folder: &Path, reps_per_desk: usize) {
    let files = [
        ("hours.yaml", HOURS.to_owned()),
        ("routing.yaml", ROUTING.to_owned()),
        ("handoff.yaml", HANDOFF.to_owned()),
        ("territories.csv", TERRITORIES.to_owned()),
        ("reps.csv", roster(reps_per_desk)),
    ];
    let rules = folder.join("rules");
    std::fs::create_dir_all(&rules).expect("a folder for the rules");
    for (name, text) in files {
        std::fs::write(rules.join(name), text).expect("a rule file");
    }
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &folder.join("templates"));
}

/// Leaves the calendar cell of every third rep of the roster empty, as `reps.csv` allows.
pub fn take_calendars_from_every_third(folder: &Path) {
    let path = folder.join("rules/reps.csv");
    let text = std::fs::read_to_string(&path).expect("the roster");
    let mut rows = Vec::new();
    for (number, row) in text.lines().enumerate() {
        let mut cells: Vec<&str> = row.split(',').collect();
        if number > 0 && number.is_multiple_of(3) {
            cells[CALENDAR] = "";
        }
        rows.push(cells.join(","));
    }
    std::fs::write(path, rows.join("\n") + "\n").expect("the roster is written");
}

/// Replaces words in a rule file; each must stand there.
pub fn say_in(folder: &Path, file: &str, words: &[(&str, &str)]) {
    let path = folder.join("rules").join(file);
    let mut text = std::fs::read_to_string(&path).expect("a rule file");
    for (before, after) in words {
        assert!(text.contains(before), "{before:?} does not stand in {file}");
        text = text.replace(before, after);
    }
    std::fs::write(path, text).expect("the rule file is written");
}

/// The town as a worker of this process reads it.
pub fn read(folder: &Path) -> Workspace {
    let read = workspace::load(folder).expect("the town can be read");
    read.unwrap_or_else(|faults| panic!("the town has faults: {:#?} {:#?}", faults.rules, faults.templates))
}

/// A worker of this process that decides for the town, with a telephone that rings nobody's phone.
pub async fn worker(folder: &Path, store: &Store, clock: &SharedClock) -> Running {
    let vendors = Vendors { telephony: Some(Arc::new(DeadLine)), ..Vendors::default() };
    worker_with(vendors, folder, store, clock).await
}

/// A telephone that is connected to nothing: everything fails for good.
struct DeadLine;

impl DeadLine {
    fn fails<T>() -> Result<T, VendorError> {
        Err(VendorError::NeedsPerson { vendor: "town", why: "the line is dead".to_owned() })
    }
}

#[async_trait]
impl Telephony for DeadLine {
    fn ring_class(&self) -> Class {
        Class::LookFirst
    }

    async fn instruct(&self, _: &str, _: &str, _: &Spoken) -> Result<(), VendorError> {
        Self::fails()
    }

    async fn hold(&self, _: &str, _: &str) -> Result<(), VendorError> {
        Self::fails()
    }

    async fn ring(&self, _: &RingRequest) -> Result<(), VendorError> {
        Self::fails()
    }

    async fn whisper(&self, _: &LegId, _: &str, _: &RepText) -> Result<(), VendorError> {
        Self::fails()
    }

    async fn join(&self, _: &str, _: &LegId, _: &str) -> Result<(), VendorError> {
        Self::fails()
    }

    async fn hang_up(&self, _: &LegId, _: &str) -> Result<(), VendorError> {
        Self::fails()
    }

    async fn read(&self, _: &LegId) -> Result<LegStatus, VendorError> {
        Self::fails()
    }
}

/// The same with what is connected to it.
pub async fn worker_with(vendors: Vendors, folder: &Path, store: &Store, clock: &SharedClock) -> Running {
    start(Limits::default(), vendors, None, folder, store, clock).await
}

/// The same under other limits.
pub async fn worker_within(
    limits: Limits,
    vendors: Vendors,
    folder: &Path,
    store: &Store,
    clock: &SharedClock,
) -> Running {
    start(limits, vendors, None, folder, store, clock).await
}

/// The same with a broker for its answers.
pub async fn worker_answering(replies: Arc<dyn Replies>, folder: &Path, store: &Store, clock: &SharedClock) -> Running {
    start(Limits::default(), Vendors::default(), Some(replies), folder, store, clock).await
}

async fn start(
    limits: Limits,
    vendors: Vendors,
    replies: Option<Arc<dyn Replies>>,
    folder: &Path,
    store: &Store,
    clock: &SharedClock,
) -> Running {
    let setup = Setup { limits, replies, ..setup(vendors, folder, store, clock).await };
    app::start(setup).await.expect("a worker")
}

/// What such a worker is made of.
pub async fn setup(vendors: Vendors, folder: &Path, store: &Store, clock: &SharedClock) -> Setup {
    Setup {
        store: store.clone(),
        workspace: read(folder),
        vendors,
        clock: Arc::clone(clock),
        limits: Limits::default(),
        listener: TcpListener::bind("127.0.0.1:0").await.expect("a port"),
        tokens: Vec::new(),
        body_limit: 1024,
        requests_at_once: 1,
        connections: 128,
        links: None,
        replies: None,
    }
}

/// So many of them, side by side.
pub async fn workers(count: usize, folder: &Path, store: &Store, clock: &SharedClock) -> Vec<Running> {
    let mut running = Vec::new();
    for _ in 0..count {
        running.push(worker(folder, store, clock).await);
    }
    running
}

/// The event of a caller on the line, as it comes to the inbox.
pub fn message(number: usize, received_at: DateTime<Utc>) -> InboxMessage {
    inbox(&Caller::live(number).event, received_at)
}

/// An event as it comes to the inbox.
pub fn inbox(event: &Value, received_at: DateTime<Utc>) -> InboxMessage {
    let body = event.to_string().into_bytes();
    InboxMessage {
        key: key_of(&body),
        kind: event["type"].as_str().expect("a type").to_owned(),
        body,
        received_at,
        reply_to: None,
        correlation_id: None,
    }
}

/// Place of the calendar among the roster's columns.
const CALENDAR: usize = 8;

fn roster(reps_per_desk: usize) -> String {
    let mut text = String::from("id,name,email,phones,team,timezone,hours,chat_id,calendar,crm_id\n");
    for (desk, area) in DESKS.iter().zip(["212", "213", "312"]) {
        for number in 1..=reps_per_desk {
            let id = format!("{desk}-{number:02}");
            let row = format!(
                "{id},Rep {id},{id}@reps.example,+1{area}55501{number:02},{desk},UTC,always,U0{}00{number:02},{id}@reps.example,005xx00000{}{number:02}",
                desk.to_uppercase(),
                &desk.to_uppercase()[..3],
            );
            writeln!(text, "{row}").expect("a string takes a line");
        }
    }
    text
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the templates") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a template");
        }
    }
}

/// One call of a story: the event that tells of it and how the line behaves.
pub struct Caller {
    pub event: Value,
    /// `None`: the call is over.
    pub script: Option<Script>,
}

impl Caller {
    /// A caller on the line; `number` makes everything about them their own.
    pub fn live(number: usize) -> Self {
        Self { event: event(number, true), script: Some(Script::default()) }
    }

    /// A call that has ended.
    pub fn gone(number: usize) -> Self {
        Self { event: event(number, false), script: None }
    }

    pub fn reps(mut self, reps: &[RepManner]) -> Self {
        self.script.get_or_insert_default().reps = reps.to_vec();
        self
    }

    pub fn hangs_up_after(mut self, span: Duration) -> Self {
        self.script.get_or_insert_default().hangs_up_after = Some(span);
        self
    }

    pub fn chooses(mut self, slot: Option<usize>) -> Self {
        self.script.get_or_insert_default().chooses = slot;
        self
    }

    pub fn talks_for(mut self, span: Duration) -> Self {
        self.script.get_or_insert_default().talks_for = span;
        self
    }

    pub fn call(&self) -> &str {
        self.event["data"]["call"]["id"].as_str().expect("every call has an id")
    }

    pub fn email(&self) -> &str {
        self.event["data"]["contact"]["email"].as_str().expect("every caller has an address")
    }
}

fn event(number: usize, live: bool) -> Value {
    let country = ["US", "GB", "FR"][number % 3];
    json!({
        "specversion": "1.0",
        "id": format!("evt-{number}"),
        "source": "town",
        "type": "lead.qualified",
        "data": {
            "call": { "platform": "sandbox", "id": format!("call-{number}"), "live": live, "direction": "inbound" },
            "contact": { "name": format!("Caller No {number}"), "email": format!("caller-{number}@company-{number}.example") },
            "company": { "name": format!("Company {number}"), "domain": format!("company-{number}.example"), "country": country },
            "qualification": { "score": 60 + number % 40, "summary": "Wants to see it at work.", "intent": "buy" },
            "consent": { "email": true, "callback": true },
        },
    })
}
