//! `docs/vendors.md`: every operation of every vendor, where its request and answers are held against the vendor's own description,
//! and by which tests its failures are played. Written by this test from the rows beside it, which are held against the source of
//! the connectors and of the tests: no operation is left out, and no test is named that is not there or plays something else.

mod google;
mod hubspot;
mod microsoft;
mod salesforce;
mod slack;
mod source;
mod table;
mod twilio;

use crate::program::root;
use source::{file_of, is_told, operations};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use table::{ELSEWHERE, Row, VENDORS};

const HEAD: &str = "# Coverage of vendors\n\n\
Every operation that Baton asks of a vendor, the test that holds its request and its answers against the vendor's own description, and \
the tests that play its failures. The tests `vendors::coverage` write this page and refuse an operation without a row, and a row whose \
test does not play what it is named for.\n";

/// What happens to every call.
const ALWAYS: &[&str] = &["outage", "limit", "lost answer"];

#[test]
fn every_operation_of_a_connector_has_its_row_and_no_other_has() {
    let named: BTreeSet<(&str, String)> = operations();
    assert!(named.len() >= 40, "{named:?}");
    let mut told = BTreeSet::new();
    for (vendor, _, rows) in VENDORS {
        for operation in rows.iter().flat_map(|row| row.operations) {
            assert!(told.insert((*vendor, (*operation).to_owned())), "{vendor} {operation} has two rows");
        }
    }
    let missing: Vec<_> = named.difference(&told).collect();
    assert!(missing.is_empty(), "tests/it/vendors/coverage/ has no row for {missing:?}");
    let gone: Vec<_> = told.difference(&named).collect();
    assert!(gone.is_empty(), "tests/it/vendors/coverage/ tells of {gone:?}, which no connector asks for");
}

#[test]
fn every_test_that_a_row_names_is_there_and_plays_what_it_is_named_for() {
    for row in VENDORS.iter().flat_map(|(_, _, rows)| *rows) {
        file_of(row.held);
        for fault in ALWAYS {
            assert!(row.faults.iter().any(|(known, _)| known == fault), "{:?}: no {fault} is played", row.operations);
        }
        for (fault, test) in row.faults {
            assert!(is_told(fault, &file_of(test)), "{test} does not play {fault:?}");
        }
    }
    for (place, why) in ELSEWHERE {
        assert!(root().join("src/connectors").join(place).exists() && !why.is_empty(), "{place}");
    }
}

#[test]
fn the_page_is_what_the_rows_say() {
    let page = page();
    if std::fs::read_to_string(root().join("docs/vendors.md")).unwrap_or_default() != page {
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vendors.md");
        std::fs::write(&fresh, page).expect("a place for the fresh page");
        panic!("look at the change, then copy {} to docs/vendors.md", fresh.display());
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (vendor, _, rows) in VENDORS {
        page.push_str(&format!("\n## {vendor}\n\n| operation | request and answers | failures |\n|---|---|---|\n"));
        for row in *rows {
            let faults = failures(row);
            for operation in row.operations {
                writeln!(page, "| `{operation}` | `{}` | {faults} |", row.held).expect("a text takes a line");
            }
        }
    }
    page.push_str("\n## Elsewhere\n\nWhat is held in other ways than by a vendor's description:\n\n");
    for (place, why) in ELSEWHERE {
        writeln!(page, "* `src/connectors/{place}`: {why}").expect("a text takes a line");
    }
    page
}

/// Those of one test stand together.
fn failures(row: &Row) -> String {
    let mut told: Vec<(String, &str)> = Vec::new();
    for (fault, test) in row.faults {
        match told.iter_mut().find(|(_, known)| known == test) {
            Some((faults, _)) => faults.push_str(&format!(", {fault}")),
            None => told.push(((*fault).to_owned(), *test)),
        }
    }
    told.iter().map(|(faults, test)| format!("{faults}: `{test}`")).collect::<Vec<_>>().join("<br>")
}
