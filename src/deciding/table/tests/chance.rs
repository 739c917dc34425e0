//! A workspace by chance.

use baton_core::rules::{RuleSet, SourceFile, compile};
use std::fmt::Write as _;

const REPS: [&str; 7] = ["ana", "ben", "cy", "dee", "eve", "fay", "max"];

/// Chances, one after the other.
pub(super) struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    pub(super) fn new(chances: Vec<u8>) -> Self {
        Self(chances.into_iter())
    }

    pub(super) fn below(&mut self, sides: u8) -> u8 {
        self.0.next().unwrap_or(0) % sides
    }

    /// One time in two.
    pub(super) fn or_empty<'a>(&mut self, text: &'a str) -> &'a str {
        if self.below(2) == 0 { text } else { "" }
    }

    pub(super) fn rep(&mut self) -> &'static str {
        REPS[usize::from(self.below(7))]
    }

    /// At least one of them is active.
    fn members(&mut self, active: &[&str]) -> String {
        let mut some: Vec<&str> = REPS.into_iter().filter(|_| self.below(3) == 0).collect();
        if !some.iter().any(|rep| active.contains(rep)) && !some.contains(&"max") {
            some.push("max");
        }
        some.join(", ")
    }
}

/// The file, and who is active in it.
fn roster(dice: &mut Dice) -> (String, Vec<&'static str>) {
    let mut active = Vec::new();
    let mut text = String::from(
        "id,name,email,phones,team,languages,timezone,hours,crm_id,calendar,delegate,weight,cap_per_day,cap_per_week,cap_open,active\n",
    );
    for (number, rep) in REPS.into_iter().enumerate() {
        let (phone, crm_id) = (format!("+1212555010{number}"), format!("crm{rep}"));
        let calendar = format!("{rep}@reps.example");
        // Somebody further down, so that nobody stands in for themselves.
        let delegate = REPS[number + 1..].get(usize::from(dice.below(7))).copied().unwrap_or_default();
        // The end of the line must be active, and so must whoever answers for a pool.
        let here = if rep == "max" || dice.below(4) > 0 { "" } else { "no" };
        active.extend(Some(rep).filter(|_| here.is_empty()));
        let hours = ["always", "always", "late"][usize::from(dice.below(3))];
        let [phone, language, crm_id, calendar, weight, day, week, open] =
            [&phone, "en", &crm_id, &calendar, "3", "2", "3", "2"].map(|cell| dice.or_empty(cell));
        writeln!(
            text,
            "{rep},{rep},{rep}@reps.example,{phone},desk,{language},UTC,{hours},{crm_id},{calendar},{delegate},{weight},{day},{week},{open},{here}"
        )
        .expect("a string takes a line");
    }
    (text, active)
}

fn routing(dice: &mut Dice, active: &[&str]) -> String {
    let mut text = String::from("version: 1\nfields: { account.tier: { type: text } }\nownership:");
    text += ["\n  - existing: account_owner\n", " []\n"][usize::from(dice.below(2))];
    text += ["", "tiers: [{ name: gold, account.tier: gold }, { name: any }]\n"][usize::from(dice.below(2))];
    if !text.contains("tiers:") {
        text += "tiers: [{ name: any }]\n";
    }
    text += "pools:\n";
    for (pool, serves) in
        [("west", "serves: { territory: West }, "), ("east", "serves: { territory: East }, "), ("desk", "")]
    {
        let members = dice.members(active);
        let policy = ["balanced", "strict", "longest-idle", "least-loaded"][usize::from(dice.below(4))];
        let unknown = ["counts_as_free", "after_the_others", "counts_as_busy"][usize::from(dice.below(3))];
        let rest =
            [", owned_leads_count: yes", ", caps: { per_day: 2 }", ", when_full: keep_turn, caps: { open: 2 }", ""]
                [usize::from(dice.below(4))];
        writeln!(
            text,
            "  - {{ name: {pool}, {serves}members: [{members}], policy: {policy}, calendar_unknown: {unknown}, lead_rep: max{rest} }}"
        )
        .expect("a string takes a line");
    }
    let (route, to) = (["lead.country: ES", "account.tier: gold"][usize::from(dice.below(2))], dice.rep());
    let to = ["{ pool: east }".to_owned(), format!("{{ rep: {to} }}")][usize::from(dice.below(2))].clone();
    if dice.below(2) == 0 {
        writeln!(text, "routes: [{{ name: special, {route}, to: {to} }}]").expect("a string takes a line");
    }
    text + "catch_all: { pool: desk }\n"
}

pub(super) const HOURS: &str = "weeks:\n  always: { mon-sun: [\"00:00-24:00\"] }\n  late: { mon-sun: [\"13:00-18:00\"] }\ncalling: \"00:00-23:59\"\n";
pub(super) const HANDOFF: &str = "
patience: 45s
bridge_within: 60s
ring_timeout: 15s
accept_within: 10s
join_within: 8s
ring_at_most: 3
first_contact_sla: 5m
needs_attention: max
ladders: { default: [warm_transfer, booking, callback] }
booking: { duration: 30m, notice: 2h, within_days: 5, offer: 3, answer_within: 45s }
callback: { within: 2h, within_after_hang_up: 15m, remind_before: 10m, escalate_before: 5m }
";

/// Every optional cell and file is empty one time in two. `None`: what chance wrote does not pass the checks.
pub(super) fn workspace(dice: &mut Dice) -> Option<RuleSet> {
    let territories = ["West,US,CA\nEast,GB,\n", ""][usize::from(dice.below(2))];
    let named = ["Acme,acme.com,ana,\n", "Acme,acme.com,,East\n", ""][usize::from(dice.below(3))];
    // A named account may only point to a territory that exists, and to somebody who is there.
    let named = if territories.is_empty() && named.contains("East") { "" } else { named };
    let (roster, active) = roster(dice);
    let mut files = vec![
        ("rules/reps.csv", roster),
        ("rules/routing.yaml", routing(dice, &active)),
        ("rules/territories.csv", format!("territory,country,state\n{territories}")),
        ("rules/hours.yaml", HOURS.to_owned()),
        ("rules/handoff.yaml", HANDOFF.to_owned()),
    ];
    if dice.below(2) == 0 {
        files.push(("rules/accounts.csv", format!("name,domain,rep,territory\n{named}")));
    }
    // A cell would name a territory that no row has, or somebody who left.
    if territories.is_empty() {
        files[1].1 =
            files[1].1.replace("serves: { territory: West }, ", "").replace("serves: { territory: East }, ", "");
    }
    let files: Vec<SourceFile> =
        files.into_iter().map(|(path, text)| SourceFile { path: path.to_owned(), text }).collect();
    compile(&files).ok().map(|checked| checked.rules)
}
