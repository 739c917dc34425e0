//! The comparison as people read it: lines for a terminal, Markdown for a pull request, JSON for programs.

use anyhow::Result;
use baton_core::rehearsal::compare::{Comparison, Count, DecisionSummary, Move, MoveCause, Unused};
use baton_core::rules::RuleSet;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Kinds of move that are listed; the rest is summed up.
const MOVES: usize = 12;
/// Names in a list of rules that were never met.
const NAMES: usize = 8;

pub(super) struct Title<'a> {
    pub old: &'a str,
    pub new: &'a str,
    /// Where the leads come from.
    pub leads: &'a str,
    pub rules: [&'a RuleSet; 2],
}

/// What is assumed wherever it is not known; printed with every comparison.
const ASSUMED: &str =
    "Every owner takes the lead at once; nobody is on a call; balances start level (with --since: as stored).";

/// One line: does the change do what was meant?
pub(super) fn verdict(done: &Comparison) -> String {
    let worse = match (done.new_fallbacks, done.lost_an_owner) {
        (0, 0) => "no lead falls back that did not before".to_owned(),
        (fallbacks, 0) => format!("{} fall back that did not before", grouped(fallbacks)),
        (0, lost) => format!("{} lose their owner", grouped(lost)),
        (fallbacks, lost) => {
            format!("{} fall back that did not before, {} lose their owner", grouped(fallbacks), grouped(lost))
        }
    };
    if done.moved + done.by_turn == 0 {
        return format!("Every one of {} leads goes where it went before", grouped(done.leads));
    }
    format!(
        "This change moves {} of {} leads ({}), {} of them to another rep; {} more change rep by turn alone; {worse}",
        grouped(done.moved),
        grouped(done.leads),
        percent(done.moved, done.leads),
        grouped(done.moved_to_another_rep),
        grouped(done.by_turn),
    )
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

/// By the change, and not by turn alone.
fn moved(done: &Comparison) -> Vec<&Move> {
    done.moves.iter().filter(|one| one.cause != MoveCause::Turn).collect()
}

fn rest(page: &mut String, moves: &[&Move], indent: &str) {
    let left: u32 = moves.iter().skip(MOVES).map(|one| one.leads).sum();
    if left > 0 {
        let _ = writeln!(page, "{indent}and {} leads more in {} other ways", grouped(left), moves.len() - MOVES);
    }
}

fn in_words(side: &DecisionSummary) -> String {
    let territory = side.territory.as_deref().unwrap_or("no territory");
    format!("{} in {}; {territory}, {}; {}", side.owner, side.pool, side.tier, side.reason)
}

/// Only what differs, largest change first; fallbacks always. None is empty.
fn tables(done: &Comparison) -> Vec<(&'static str, Vec<(String, Count)>)> {
    let mut fallbacks: Vec<(String, Count)> =
        done.fallbacks.iter().map(|(fallback, count)| (fallback.in_words().to_owned(), *count)).collect();
    fallbacks.push(("on the line, and nobody to ring".to_owned(), done.nobody_to_ring));
    let mut tables = vec![
        ("Leads by rep", differing(&done.reps)),
        ("Leads by pool", differing(&done.pools)),
        ("Leads by territory", differing(&done.territories)),
        ("Leads by tier", differing(&done.tiers)),
        ("Leads by route", differing(&done.routes)),
        ("How they came there", fallbacks),
    ];
    tables.retain(|(_, rows)| !rows.is_empty());
    tables
}

fn differing(counts: &BTreeMap<String, Count>) -> Vec<(String, Count)> {
    let mut rows: Vec<(String, Count)> =
        counts.iter().filter(|(_, count)| count.old != count.new).map(|(name, count)| (name.clone(), *count)).collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(count.old.abs_diff(count.new)));
    rows
}

fn change(count: Count) -> String {
    let change = i64::from(count.new) - i64::from(count.old);
    if change == 0 { "0".to_owned() } else { format!("{change:+}") }
}

fn unused(done: &Comparison) -> Vec<String> {
    let of = |what: &str, part: fn(&Unused) -> &[String]| -> Option<String> {
        let (old, new) = (part(&done.unused_old), part(&done.unused_new));
        if new.is_empty() {
            return None;
        }
        let told: Vec<String> = new
            .iter()
            .take(NAMES)
            .map(|name| if old.contains(name) { name.clone() } else { format!("{name} (new)") })
            .collect();
        Some(format!("{what}: {}{}", told.join(", "), more(new.len())))
    };
    let rows = &done.unused_new;
    let told: Vec<String> =
        rows.rows.iter().take(NAMES).map(|(line, territory)| format!("line {line} {territory}")).collect();
    let rows = (rows.row_count > 0).then(|| {
        let before = done.unused_old.row_count;
        let (count, end) = (grouped(rows.row_count), more(rows.rows.len()));
        format!("territory rows: {count} (old {}): {}{end}", grouped(before), told.join(", "))
    });
    let lists = [
        of("routes", |unused| &unused.routes),
        of("tiers", |unused| &unused.tiers),
        of("pools", |unused| &unused.pools),
        of("reps without a lead", |unused| &unused.reps),
    ];
    lists.into_iter().flatten().chain(rows).collect()
}

fn more(count: usize) -> String {
    if count > NAMES { format!(" and {} more", count - NAMES) } else { String::new() }
}

/// `12,345`.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One decimal, in whole arithmetic: `1.2 %`.
fn percent(part: u32, whole: u32) -> String {
    let permille = (u64::from(part) * 1000 + u64::from(whole) / 2) / u64::from(whole.max(1));
    format!("{}.{} %", permille / 10, permille % 10)
}

/// Text that cannot break a table or open a tag.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}
