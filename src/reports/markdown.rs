//! The report in Markdown: its figures and pictures as tables, for wikis, tickets and mails.
//!
//! Guarantees: names come from rule files and platforms, and every one of them stands in its cell as plain text: what Markdown, or
//! the HTML within it, would read as more than text is escaped.

use super::{NoLongerKept, Report, words};
use std::fmt::Write;

pub(super) fn layout(report: &Report) -> String {
    let mut out = format!(
        "# How leads were routed\n\n{} to {} (UTC); {} leads; first-contact SLA {}; made {}\n",
        report.from.format("%Y-%m-%d %H:%M"),
        report.until.format("%Y-%m-%d %H:%M"),
        report.leads,
        words::number(report.sla_s as f64, super::Unit::Seconds),
        report.made_at.format("%Y-%m-%d %H:%M"),
    );
    for told in report.trial_in_words().into_iter().chain(report.no_longer_kept.iter().map(NoLongerKept::in_words)) {
        let _infallible = writeln!(out, "\n**{}**", plain(&told));
    }
    if report.leads == 0 {
        out += "\nNo leads were decided in this time.\n";
        return out;
    }
    comparison(&mut out, report);
    pictures(&mut out, report);
    figures(&mut out, report);
    breaches(&mut out, report);
    verdicts(&mut out, report);
    out
}

fn comparison(out: &mut String, report: &Report) {
    let Some(comparison) = &report.comparison else { return };
    heading(out, &format!("Against {}", comparison.with), &format!("{} leads there.", comparison.leads));
    head(out, &["Figure", "Here", "There", "Difference", "What may be concluded"]);
    for one in &comparison.figures {
        let [here, there] = [&one.here, &one.there].map(|cell| words::value(cell, one.unit));
        line(out, &[one.name, &here, &there, &one.difference_in_words(), &one.conclusion]);
    }
}

fn pictures(out: &mut String, report: &Report) {
    for picture in &report.pictures {
        heading(out, picture.name, picture.definition);
        let names = picture.columns.iter().map(|column| column.name.as_str());
        head(out, &[picture.of].into_iter().chain(names).chain(["Leads behind it"]).collect::<Vec<_>>());
        for row in &picture.rows {
            let mut cells = vec![row.name.clone()];
            for (column, value) in picture.columns.iter().zip(&row.values) {
                cells.push(value.map_or_else(String::new, |value| words::number(value, column.unit)));
            }
            cells.push(row.leads.iter().map(|lead| lead.as_str()).collect::<Vec<_>>().join(" "));
            line(out, &cells.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

fn figures(out: &mut String, report: &Report) {
    for figure in &report.figures {
        heading(out, figure.name, figure.definition);
        head(out, &["Group", "Value", "Counted", "Range (95 %)"]);
        let total = ("all leads".to_owned(), &figure.total);
        let named = |group: &super::FigureGroup| format!("{}: {}", group.dimension.as_str(), group.name);
        for (name, cell) in [total].into_iter().chain(figure.groups.iter().map(|group| (named(group), &group.cell))) {
            let range = words::range(cell).unwrap_or_default();
            line(out, &[&name, &words::value(cell, figure.unit), &words::counts(cell), &range]);
        }
        if !figure.leads.is_empty() {
            let leads: Vec<&str> = figure.leads.iter().map(|lead| lead.as_str()).collect();
            let _infallible = writeln!(out, "\nWorth a look: {}", plain(&leads.join(" ")));
        }
    }
}

fn breaches(out: &mut String, report: &Report) {
    let breaches = &report.sla_breaches;
    heading(out, "Breaches of the SLA", &format!("{} leads; the newest 100:", breaches.leads));
    head(out, &["Lead", "Decided", "Rep", "Rule", "First contact after"]);
    for one in &breaches.newest {
        let after = one.contacted_after_s.map_or_else(|| "none so far".to_owned(), words::span);
        let at = one.decided_at.format("%Y-%m-%d %H:%M").to_string();
        line(out, &[one.lead.as_str(), &at, one.owner.as_str(), &one.route, &after]);
    }
}

fn verdicts(out: &mut String, report: &Report) {
    heading(out, "How leads were judged", "The first rule that holds is the verdict.");
    head(out, &["Evidence", "Verdict", "Why", "Leads"]);
    for one in &report.verdicts {
        line(out, &[one.rule, one.verdict.as_str(), one.reason, &one.leads.to_string()]);
    }
}

fn heading(out: &mut String, name: &str, about: &str) {
    let _infallible = writeln!(out, "\n## {}\n\n{}\n", plain(name), plain(about));
}

fn head(out: &mut String, names: &[&str]) {
    line(out, names);
    let _infallible = writeln!(out, "|{}", " --- |".repeat(names.len()));
}

fn line(out: &mut String, cells: &[&str]) {
    out.push('|');
    for cell in cells {
        let _infallible = write!(out, " {} |", plain(cell));
    }
    out.push('\n');
}

/// As text alone.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in words::plain(text).chars() {
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '!' | '~' | '#' | '$' => {
                plain.push('\\');
                plain.push(c);
            }
            c => plain.push(c),
        }
    }
    // An address would be made a link.
    plain.replace("://", ":&#47;&#47;")
}
