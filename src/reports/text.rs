//! The report for terminals and mails: aligned, at most 100 columns.

use super::figure::Figure;
use super::{Comparison, NoLongerKept, Report, words};
use std::fmt::Write;

const COLUMNS: usize = 100;
const NAME_COLUMNS: usize = 44;
const VALUE_COLUMNS: usize = 14;
const COUNT_COLUMNS: usize = 16;

pub(super) fn layout(report: &Report) -> String {
    let mut out = headline(report);
    if report.leads == 0 {
        out += "\nNo leads were decided in this time.\n";
        return out;
    }
    if let Some(comparison) = &report.comparison {
        against(&mut out, comparison);
    }
    for figure in &report.figures {
        figure_block(&mut out, figure);
    }
    out += "\nHow leads were judged (the first that holds)\n";
    for line in &report.verdicts {
        let name = format!("{:<8} {}", line.verdict.as_str(), line.rule);
        row(&mut out, &name, &line.leads.to_string(), "", "");
        paragraph(&mut out, line.reason);
    }
    out
}

/// The totals alone, a line for each.
pub(super) fn brief(report: &Report) -> String {
    let mut out = headline(report);
    for Figure { name, total, unit, .. } in &report.figures {
        let _ = writeln!(out, "{name}: {} ({})", words::value(total, *unit), words::counts(total));
    }
    out
}

fn headline(report: &Report) -> String {
    let mut out = format!(
        "Baton report, {} to {} (UTC)\n{} leads; first-contact SLA {}; made {}\n",
        report.from.format("%Y-%m-%d %H:%M"),
        report.until.format("%Y-%m-%d %H:%M"),
        report.leads,
        words::number(report.sla_s as f64, super::Unit::Seconds),
        report.made_at.format("%Y-%m-%d %H:%M"),
    );
    for told in report.trial_in_words().into_iter().chain(report.no_longer_kept.iter().map(NoLongerKept::in_words)) {
        paragraph(&mut out, &told);
    }
    out
}

fn against(out: &mut String, comparison: &Comparison) {
    let _ = writeln!(out, "\nAgainst {}: {} leads", comparison.with, comparison.leads);
    for one in &comparison.figures {
        let [here, there] = [&one.here, &one.there].map(|cell| words::value(cell, one.unit));
        write_row(out, "  ", one.name, &here, &format!("against {there}"), "");
        paragraph(out, &format!("{}. {}", one.difference_in_words(), one.conclusion));
    }
}

fn figure_block(out: &mut String, figure: &Figure) {
    out.push('\n');
    let total = &figure.total;
    let range = words::range(total).unwrap_or_default();
    write_row(out, "", figure.name, &words::value(total, figure.unit), &words::counts(total), &range);
    paragraph(out, figure.definition);
    let mut dimension = None;
    for group in &figure.groups {
        if dimension != Some(group.dimension) {
            dimension = Some(group.dimension);
            let _ = writeln!(out, "  by {}", group.dimension.as_str());
        }
        let range = words::range(&group.cell).unwrap_or_default();
        let value = words::value(&group.cell, figure.unit);
        row(out, &group.name, &value, &words::counts(&group.cell), &range);
    }
}

fn paragraph(out: &mut String, text: &str) {
    for line in wrap(text, COLUMNS - 6) {
        let _ = writeln!(out, "      {line}");
    }
}

fn row(out: &mut String, name: &str, value: &str, counts: &str, range: &str) {
    write_row(out, "    ", name, value, counts, range);
}

fn write_row(out: &mut String, indent: &str, name: &str, value: &str, counts: &str, range: &str) {
    let name = words::fit(name, NAME_COLUMNS - indent.len());
    let width = NAME_COLUMNS - indent.len();
    let line = format!("{indent}{name:<width$}{value:>VALUE_COLUMNS$}  {counts:<COUNT_COLUMNS$}  {range}");
    let _ = writeln!(out, "{}", line.trim_end());
}

fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
