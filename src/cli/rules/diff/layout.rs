//! The comparison as people read it: lines for a terminal, Markdown for a pull request, JSON for programs.

use crate::rehearse::compared::{ASSUMED, change, grouped, in_words, moved, tables, unused, verdict};
use anyhow::Result;
use baton_core::rehearsal::compare::{Comparison, Move};
use baton_core::rules::RuleSet;
use serde_json::json;
use std::fmt::Write;

/// Kinds of move that are listed; the rest is summed up.
const MOVES: usize = 12;

pub(super) struct Title<'a> {
    pub old: &'a str,
    pub new: &'a str,
    /// Where the leads come from.
    pub leads: &'a str,
    pub rules: [&'a RuleSet; 2],
}

pub(super) fn json(title: &Title, done: &Comparison) -> Result<String> {
    let releases = title.rules.map(|rules| rules.release.as_str());
    Ok(serde_json::to_string_pretty(&json!({
        "version": 1,
        "verdict": verdict(done),
        "old": { "from": title.old, "release": releases[0] },
        "new": { "from": title.new, "release": releases[1] },
        "leads_from": title.leads,
        "assumed": ASSUMED,
        "comparison": done,
    }))?)
}

pub(super) fn text(title: &Title, done: &Comparison) -> String {
    let mut page = format!("{}.\n\n", verdict(done));
    let _ = writeln!(page, "old    {}\nnew    {}\nleads  {}\n{ASSUMED}", title.old, title.new, title.leads);
    let moves = moved(done);
    if !moves.is_empty() {
        page.push_str("\nMoved by the change\n");
    }
    for one in moves.iter().take(MOVES) {
        let _ = writeln!(page, "  {:>7}  {}: {} -> {}", grouped(one.leads), one.cause.in_words(), one.from, one.to);
        for example in one.examples.iter().take(1) {
            let _ = writeln!(page, "           e.g. {} ({})", example.lead, example.event);
            let _ = writeln!(page, "             old  {}", in_words(&example.old));
            let _ = writeln!(page, "             new  {}", in_words(&example.new));
        }
    }
    rest(&mut page, &moves, "  ");
    for (heading, rows) in tables(done) {
        let _ = writeln!(page, "\n{heading:<40} {:>8} {:>8} {:>8}", "old", "new", "change");
        for (name, count) in rows {
            let _ = writeln!(page, "  {name:<38} {:>8} {:>8} {:>8}", count.old, count.new, change(count));
        }
    }
    let unused = unused(done);
    if !unused.is_empty() {
        page.push_str("\nNever met by any of these leads\n");
    }
    for line in unused {
        let _ = writeln!(page, "  {line}");
    }
    page
}

pub(super) fn markdown(title: &Title, done: &Comparison) -> String {
    let mut page = format!("**{}.**\n\n", cell(&verdict(done)));
    let _ = writeln!(page, "`{}` → `{}`, {}. {ASSUMED}\n", title.old, title.new, cell(title.leads));
    let moves = moved(done);
    if !moves.is_empty() {
        page.push_str("| Leads | By | Old | New |\n|---:|---|---|---|\n");
        for one in moves.iter().take(MOVES) {
            let (from, to) = (cell(&one.from), cell(&one.to));
            let _ = writeln!(page, "| {} | {} | {from} | {to} |", grouped(one.leads), one.cause.in_words());
        }
        page.push('\n');
        rest(&mut page, &moves, "");
        page.push_str("<details><summary>Examples, with both reasons</summary>\n\n");
        for one in moves.iter().take(MOVES) {
            let _ = writeln!(page, "*{}: {} → {}*\n", one.cause.in_words(), cell(&one.from), cell(&one.to));
            for example in &one.examples {
                let _ = writeln!(page, "- {} (`{}`)", cell(&example.lead), example.event.replace('`', "'"));
                let _ = writeln!(page, "  - old: {}", cell(&in_words(&example.old)));
                let _ = writeln!(page, "  - new: {}", cell(&in_words(&example.new)));
            }
            page.push('\n');
        }
        page.push_str("</details>\n\n");
    }
    for (heading, rows) in tables(done) {
        let _ =
            writeln!(page, "<details><summary>{heading}</summary>\n\n| | Old | New | Change |\n|---|---:|---:|---:|");
        for (name, count) in rows {
            let _ = writeln!(page, "| {} | {} | {} | {} |", cell(&name), count.old, count.new, change(count));
        }
        page.push_str("\n</details>\n\n");
    }
    let unused = unused(done);
    if !unused.is_empty() {
        page.push_str("<details><summary>Never met by any of these leads</summary>\n\n");
        for line in unused {
            let _ = writeln!(page, "- {}", cell(&line));
        }
        page.push_str("\n</details>\n");
    }
    page
}

fn rest(page: &mut String, moves: &[&Move], indent: &str) {
    let left: u32 = moves.iter().skip(MOVES).map(|one| one.leads).sum();
    if left > 0 {
        let _ = writeln!(page, "{indent}and {} leads more in {} other ways", grouped(left), moves.len() - MOVES);
    }
}

/// Text that cannot break a table or open a tag.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}
