//! A workspace in which it is always office hours and everything is quick, and callers for it.

mod callers;
mod workers;

pub use callers::{Caller, inbox, message};
pub use workers::{Line, door, setup, worker, worker_of, worker_with, workers};

use crate::program::{copy, root};
use baton::app::workspace::{self, Workspace};
use baton_clock::ScaledClock;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

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

/// A clock of which so many seconds pass in one of ours. It begins on a Monday morning: nobody's day ends during a test.
pub fn clock(speed: u32) -> Arc<ScaledClock> {
    Arc::new(ScaledClock::new("2026-11-23T10:00:00Z".parse().expect("an instant"), speed))
}

/// A folder with `rules/` and `templates/` of a town with this many reps at each desk.
pub fn founded(reps_per_desk: usize) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    found(folder.path(), reps_per_desk);
    folder
}

/// The same in a folder that is there.
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
    copy(&root().join("templates"), &folder.join("templates"));
}

/// Leaves the calendar cell of these reps empty, as `reps.csv` allows: by their number in the roster, from one, and their id.
pub fn take_calendars(folder: &Path, whose: impl Fn(usize, &str) -> bool) {
    let path = folder.join("rules/reps.csv");
    let text = std::fs::read_to_string(&path).expect("the roster");
    let mut rows = Vec::new();
    for (number, row) in text.lines().enumerate() {
        let mut cells: Vec<&str> = row.split(',').collect();
        if number > 0 && whose(number, cells[0]) {
            cells[CALENDAR] = "";
        }
        rows.push(cells.join(","));
    }
    let taken = rows.join("\n") + "\n";
    assert_ne!(taken, text, "some cells are emptied");
    std::fs::write(path, taken).expect("the roster is written");
}

/// The town as a worker of this process reads it.
pub fn read(folder: &Path) -> Workspace {
    let read = workspace::load(folder).expect("the town can be read");
    read.unwrap_or_else(|faults| panic!("the town has faults: {:#?} {:#?}", faults.rules, faults.templates))
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
