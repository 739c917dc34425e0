//! `docs/handoff.md`: what every event does in every stage, as the code does it.
//!
//! `UPDATE_GOLDEN=1 cargo test -p baton-core table` writes it anew; what stands above its first mark is written by hand.

mod cells;
mod events;

use super::explore::{INVARIANTS, explored};
use cells::Cells;
use events::{EVENTS, every_event};
use std::fmt::Write;

const STAGES: [&str; 15] = [
    "offered",
    "ringing",
    "briefing",
    "joining",
    "bridged",
    "searching",
    "offering",
    "booking",
    "callback",
    "needs_attention",
    "connected",
    "booked",
    "called",
    "left_to_agent",
    "called_off",
];
const MARK: &str = "<!-- What follows is written by a test: see crates/core/src/handoff/tests/table.rs -->\n";

/// Every event was met in every stage, and what came of it is what the page says.
#[test]
fn the_page_says_what_every_event_does_in_every_stage() {
    let path = format!("{}/../../docs/handoff.md", env!("CARGO_MANIFEST_DIR"));
    let reviewed = || std::fs::read_to_string(&path).unwrap_or_default();
    let by_hand = reviewed().split(MARK).next().unwrap_or_default().to_owned();
    let found = format!("{by_hand}{MARK}{}{}", invariants(), tables(&tried()));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).expect("the page can be written");
    }
    assert!(found == reviewed(), "docs/handoff.md differs; UPDATE_GOLDEN=1 writes it anew");
}

fn tried() -> Cells {
    let mut cells = Cells::default();
    let (states, rules) = explored();
    for (state, now) in states {
        for (event, happens) in every_event(&state, rules, now) {
            cells.try_it(event, &state, &happens, rules, now);
        }
    }
    for stage in STAGES {
        for event in EVENTS {
            assert!(cells.outcomes(stage, event).next().is_some(), "{event} was never met in {stage}");
        }
    }
    cells
}

fn invariants() -> String {
    let mut text = "\n## What always holds\n\nEach is checked in every state and for every move by `handoff::tests::explore`, and a \
                    planted fault that breaks it is found.\n\n| Name | What it says |\n|---|---|\n"
        .to_owned();
    for (name, says) in INVARIANTS {
        let _infallible = writeln!(text, "| `{name}` | {says} |");
    }
    text
}

fn tables(cells: &Cells) -> String {
    let mut text = "\n## What every event does in every stage\n".to_owned();
    for stage in STAGES {
        let changes = |event: &&'static str| cells.outcomes(stage, event).any(|outcome| outcome.leads_to.is_some());
        let (told, quiet): (Vec<&str>, Vec<&str>) = EVENTS.into_iter().partition(changes);
        let _infallible = writeln!(text, "\n### {}\n\n| Event | Then | Effects |\n|---|---|---|", title(stage));
        for (events, outcomes) in alike(cells, stage, &told) {
            for (line, outcome) in outcomes.iter().enumerate() {
                let events = if line == 0 { events.join(", ") } else { String::new() };
                let _infallible = writeln!(text, "| {events} | {outcome} |");
            }
        }
        if !quiet.is_empty() {
            let _infallible = writeln!(text, "\nNothing changes: {}.", quiet.join(", "));
        }
    }
    text
}

/// Events with the same outcomes are told together.
fn alike(cells: &Cells, stage: &'static str, events: &[&'static str]) -> Vec<(Vec<&'static str>, Vec<String>)> {
    let mut rows: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for event in events {
        let outcomes: Vec<String> = cells.outcomes(stage, event).map(ToString::to_string).collect();
        match rows.iter_mut().find(|(_, known)| *known == outcomes) {
            Some((alike, _)) => alike.push(event),
            None => rows.push((vec![event], outcomes)),
        }
    }
    rows
}

fn title(stage: &str) -> String {
    match stage {
        "connected" | "booked" | "called" | "left_to_agent" | "called_off" => {
            format!("done: {}", stage.replace('_', " "))
        }
        other => other.replace('_', " "),
    }
}
