//! A comparison of two sets of rules, part by part, for whoever lays it out.

use baton_core::rehearsal::compare::{Comparison, Count, DecisionSummary, Move, MoveCause, Unused};
use std::collections::BTreeMap;

/// Names in a list of rules that were never met.
const NAMES: usize = 8;

/// What is assumed wherever it is not known; printed with every comparison.
pub const ASSUMED: &str =
    "Every owner takes the lead at once; nobody is on a call; balances start level (with --since: as stored).";

/// One line: does the change do what was meant?
pub fn verdict(done: &Comparison) -> String {
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

/// By the change, and not by turn alone.
pub fn moved(done: &Comparison) -> Vec<&Move> {
    done.moves.iter().filter(|one| one.cause != MoveCause::Turn).collect()
}

/// Where a lead went, and why.
pub fn in_words(side: &DecisionSummary) -> String {
    let territory = side.territory.as_deref().unwrap_or("no territory");
    format!("{} in {}; {territory}, {}; {}", side.owner, side.pool, side.tier, side.reason)
}

/// Only what differs, largest change first; fallbacks always. None is empty.
pub fn tables(done: &Comparison) -> Vec<(&'static str, Vec<(String, Count)>)> {
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

/// `+3`, `-1` or `0`.
pub fn change(count: Count) -> String {
    let change = i64::from(count.new) - i64::from(count.old);
    if change == 0 { "0".to_owned() } else { format!("{change:+}") }
}

/// What none of the leads came by under the new rules, a line for each kind; what was met before is not marked as new.
pub fn unused(done: &Comparison) -> Vec<String> {
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
pub fn grouped(number: u32) -> String {
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
