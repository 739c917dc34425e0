//! The shadow report for spreadsheets: one row per lead that differs.

use super::{Difference, ShadowReport};
use crate::reports::harmless;
use csv::{Terminator, WriterBuilder};

const HEADER: [&str; 9] = ["lead", "decided_at", "ours", "reason", "theirs", "route", "territory", "tier", "outcome"];

pub(super) fn layout(report: &ShadowReport) -> String {
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let rows = std::iter::once(HEADER.map(str::to_owned)).chain(report.differences.iter().map(cells));
    for row in rows {
        table.write_record(row.iter().map(|cell| harmless(cell))).expect("nine cells into memory, row after row");
    }
    let bytes = table.into_inner().expect("memory takes what is left in the buffer");
    String::from_utf8(bytes).expect("text and quotes are UTF-8")
}

fn cells(one: &Difference) -> [String; 9] {
    [
        one.lead.to_string(),
        one.decided_at.format("%FT%TZ").to_string(),
        one.ours.to_string(),
        one.reason.clone(),
        one.theirs.to_string(),
        one.route.clone(),
        one.territory.clone().unwrap_or_default(),
        one.tier.clone(),
        one.outcome.unwrap_or_default().to_owned(),
    ]
}
