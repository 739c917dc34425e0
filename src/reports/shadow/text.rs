//! The shadow report for terminals and mails.

use super::ShadowReport;
use crate::reports::figure::{Cell, Unit};
use crate::reports::words;
use std::fmt::Write;

pub(super) fn layout(report: &ShadowReport) -> String {
    let mut out = String::new();
    let (from, until) = (report.from.format("%Y-%m-%d %H:%M"), report.until.format("%Y-%m-%d %H:%M"));
    line(&mut out, format_args!("Shadow report, {from} to {until} (UTC)"));
    line(&mut out, format_args!("A TRIAL: {} leads were decided, and nobody was told of any of them.", report.leads));
    if report.leads == 0 {
        return out;
    }
    let (not_a_rep, nobody) = (report.not_a_rep, report.nobody);
    line(
        &mut out,
        format_args!(
            "Not compared: {not_a_rep} that the CRM gave to nobody of reps.csv, {nobody} to nobody at all, {} of which it cannot \
             say, {} not asked about yet.",
            report.unknown, report.not_asked_yet
        ),
    );
    line(&mut out, format_args!("\n{}: {}", report.agreement.name, told(&report.agreement.total)));
    for group in report.agreement.groups.iter().filter(|group| group.cell.denominator > 0) {
        line(&mut out, format_args!("  {} {}: {}", group.dimension.as_str(), group.name, told(&group.cell)));
    }
    out.push_str("\nWhat became of them (95 % intervals)\n");
    for side in &report.outcomes {
        line(&mut out, format_args!("  {} ({} leads)", side.name, side.leads));
        line(&mut out, format_args!("    won, of won and lost: {}", told(&side.won)));
        line(&mut out, format_args!("    contacted: {}", told(&side.contacted)));
    }
    line(&mut out, format_args!("\n{}", report.conclusion));
    for one in &report.differences {
        let outcome = one.outcome.unwrap_or("nothing known yet");
        line(&mut out, format_args!("\n{} {}", one.decided_at.format("%Y-%m-%d %H:%M"), one.lead));
        line(&mut out, format_args!("  ours:   {} ({})", one.ours, one.reason));
        line(&mut out, format_args!("  theirs: {}; came of it: {outcome}", one.theirs));
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "{text}");
}

/// "71.4 % (10 of 14), 45.4 to 88.3 %".
fn told(cell: &Cell) -> String {
    let range = words::range(cell).map(|range| format!(", {range}")).unwrap_or_default();
    format!("{} ({}){range}", words::value(cell, Unit::Share), words::counts(cell))
}
