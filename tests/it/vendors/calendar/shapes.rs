//! Shapes that calendars really have, each with the busy time that people expect: fixtures/calendars, read as `expected.txt` says.

use crate::program::root;
use baton::connectors::calendar::CalendarOwner;
use baton::connectors::calendar::ical::Agenda;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Of one file.
struct Shape {
    name: String,
    zone: String,
    window: (String, String),
    expected: Vec<String>,
}

fn shapes() -> Vec<Shape> {
    let text = std::fs::read_to_string(root().join("fixtures/calendars/expected.txt")).expect("the table");
    let mut shapes: Vec<Shape> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(expected) = line.strip_prefix("  ") {
            shapes.last_mut().expect("a file's name comes first").expected.push(expected.to_owned());
            continue;
        }
        let mut words = line.split(' ').map(str::to_owned);
        let mut word = |default: &str| words.next().unwrap_or_else(|| default.to_owned());
        let (name, zone) = (word(""), word("Europe/Berlin"));
        let window = (word("2025-10-01"), word("2027-01-01"));
        shapes.push(Shape { name, zone, window, expected: Vec::new() });
    }
    shapes
}

fn told(busy: &Busy) -> String {
    let at = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%MZ").to_string();
    let kind = match busy.kind {
        BusyKind::Busy => "busy",
        BusyKind::OutOfOffice => "out_of_office",
        BusyKind::Tentative => "tentative",
        BusyKind::Focus => "focus",
        BusyKind::AllDay => "all_day",
    };
    format!("{} {} {kind}", at(busy.from), at(busy.until))
}

fn read(shape: &Shape) -> Result<Vec<Busy>, String> {
    let bytes = std::fs::read(root().join(format!("fixtures/calendars/{}.ics", shape.name))).expect("the file");
    let owner = CalendarOwner {
        zone: Some(shape.zone.parse::<Zone>().expect("a zone")),
        email: Some("priya@acme.example".to_owned()),
    };
    let at = |day: &str| format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().expect("a day");
    let window: Window = (at(&shape.window.0), at(&shape.window.1));
    Agenda::read(&bytes)?.busy(&owner, window)
}

#[test]
fn every_shape_takes_the_time_that_people_expect() {
    let mut wrong = Vec::new();
    for shape in shapes() {
        let seen = match read(&shape) {
            Ok(busy) => busy.iter().map(told).collect::<Vec<_>>(),
            Err(why) => vec![format!("unknown: {why}")],
        };
        let fits = match shape.expected.as_slice() {
            [only] if only.starts_with("unknown: ") => {
                let why = only.trim_start_matches("unknown: ");
                seen.len() == 1 && seen[0].starts_with("unknown: ") && seen[0].contains(why)
            }
            expected => seen == expected,
        };
        if !fits {
            wrong.push(format!("{}: expected {:#?}, read {seen:#?}", shape.name, shape.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_shape_has_a_file_and_every_file_is_read() {
    let names: BTreeSet<String> = shapes().into_iter().map(|shape| shape.name).collect();
    let files = std::fs::read_dir(root().join("fixtures/calendars")).expect("the folder");
    let files = files.map(|file| file.expect("an entry").file_name().to_string_lossy().into_owned());
    let files: BTreeSet<String> = files.filter_map(|name| name.strip_suffix(".ics").map(str::to_owned)).collect();
    assert_eq!(names, files);
    assert!(names.len() >= 40, "{} shapes", names.len());
}

/// Whatever is cut off or bent, reading ends, and soon.
#[test]
fn no_part_of_a_shape_is_too_much_for_the_reader() {
    let (from, until) = ("2026-05-01T00:00:00Z", "2026-05-15T00:00:00Z");
    let window: Window = (from.parse().expect("an instant"), until.parse().expect("an instant"));
    let owner = CalendarOwner { zone: Some(Zone::UTC), email: None };
    for shape in shapes().iter().filter(|shape| !shape.name.contains("second") && !shape.name.contains("billion")) {
        let bytes = std::fs::read(root().join(format!("fixtures/calendars/{}.ics", shape.name))).expect("the file");
        for end in (0..bytes.len()).step_by(7) {
            let mut bent = bytes.clone();
            bent.remove(end);
            for text in [&bytes[..end], &bent[..]] {
                if let Ok(agenda) = Agenda::read(text) {
                    // Known or not: it must end.
                    let _told = agenda.busy(&owner, window);
                }
            }
        }
    }
}
