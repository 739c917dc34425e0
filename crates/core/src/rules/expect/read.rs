//! A test file in, its cases out, or every fault with its place.

mod names;
mod world;

use super::{Expected, Given, LEAD_FIELDS, LeadField, LeadValue, PATH, PlacedText, RuleTest, table};
use crate::domain::zone::Zone;
use crate::rules::RuleSet;
use crate::rules::fault::{Fault, Faults, Word, did_you_mean, quoted};
use crate::rules::files::handoff::RUNGS;
use crate::rules::files::yaml::{self, Data, Node, Section};
use crate::rules::words::values;
use crate::rules::words::zone;
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use std::collections::BTreeMap;

const TIME: &str = "a local time with its zone such as 2026-03-03 10:00 Europe/London, or 2026-03-03T10:00:00Z";

/// Reads one file of tests about these rules.
///
/// # Errors
/// Every fault of the file, by place.
pub fn read(path: &str, text: &str, rules: &RuleSet) -> Result<Vec<RuleTest>, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut cases = Vec::new();
    if let Some(root) = yaml::parse(PATH, text, &mut faults) {
        cases = RuleTestReader { rules, source: text, faults: &mut faults }.file(&root);
    }
    let mut told = faults.into_sorted();
    if told.is_empty() {
        cases.iter_mut().for_each(|case| path.clone_into(&mut case.path));
        return Ok(cases);
    }
    told.iter_mut().for_each(|fault| path.clone_into(&mut fault.path));
    Err(told)
}

struct RuleTestReader<'r> {
    rules: &'r RuleSet,
    source: &'r str,
    faults: &'r mut Faults,
}

impl RuleTestReader<'_> {
    fn file(&mut self, root: &Node) -> Vec<RuleTest> {
        let mut section = root.section(self.faults);
        let mut defaults = Given::default();
        if let Some(node) = section.get("defaults") {
            let mut under = node.section(self.faults);
            defaults = self.given(&mut under);
            under.finish(self.faults);
        }
        let tests = section.require("tests", self.faults).map(|node| node.list(self.faults)).unwrap_or_default();
        section.finish(self.faults);
        let mut cases = Vec::new();
        for test in tests {
            self.test(test, &defaults, &Expected::default(), "", &mut cases);
        }
        self.refuse_doubled_names(&cases);
        cases
    }

    /// One test, or a table of them. `prefix` is the name of the table that a row belongs to.
    fn test(&mut self, node: &Node, base: &Given, wanted: &Expected, prefix: &str, cases: &mut Vec<RuleTest>) {
        let mut section = node.section(self.faults);
        let name = section.require("name", self.faults).and_then(|node| node.word(self.faults));
        let given = self.given(&mut section).over(base);
        let table = section.get("table");
        let expect = section.get("expect");
        section.finish(self.faults);
        let expected = expect.map(|node| self.expected(node)).unwrap_or_default().over(wanted);
        let name = name.map(|word| word.text).unwrap_or_default();
        if let Some(text) = table.and_then(|node| node.word(self.faults)) {
            for row in table::rows(&text, self.source, self.faults) {
                self.test(&row, &given, &expected, &name, cases);
            }
            return;
        }
        let tried = expect.is_some_and(|node| !matches!(&node.data, Data::Map(entries) if entries.is_empty()));
        if expected == Expected::default() && !tried {
            let allowed = "expect with at least one of rep, owner, ring, pool, territory, tier, ladder, route, reason, rejected, degraded";
            self.faults.error("test-expects-nothing", node.at, "no expectation", allowed);
        }
        if given.at.is_none() && given.event.is_none() {
            let found = "no time";
            self.faults.error("test-without-time", node.at, found, format!("at: {TIME}, here or under defaults"));
        }
        let name = if prefix.is_empty() { name } else { format!("{prefix}: {name}") };
        cases.push(RuleTest { path: String::new(), line: node.at.line, name, given, expected });
    }

    fn refuse_doubled_names(&mut self, cases: &[RuleTest]) {
        let mut lines: BTreeMap<&str, u32> = BTreeMap::new();
        for case in cases {
            if let Some(first) = lines.insert(&case.name, case.line) {
                let at = crate::rules::fault::At { path: PATH, line: case.line, column: 1 };
                let found = format!("{}, which line {first} has too", quoted(&case.name));
                self.faults.error("test-name-twice", at, found, "a name of its own for each test of a file");
            }
        }
    }

    fn given(&mut self, section: &mut Section) -> Given {
        Given {
            event: self.word(section, "event").map(|word| said(&word)),
            lead: section.get("lead").map(|node| self.lead(node)).unwrap_or_default(),
            at: self.word(section, "at").map(|word| self.instant(&word)),
            account: section.get("account").map(|node| self.account(node)),
            person: section.get("person").map(|node| self.person(node)),
            crm_down: self
                .word(section, "crm")
                .and_then(|word| self.faults.choice(&word, "test-unknown-crm", &[("down", true), ("up", false)])),
            away: self.reps(section, "away"),
            busy: self.reps(section, "busy"),
            out_of_office: self.reps(section, "out_of_office"),
            on_call: self.reps(section, "on_call"),
            calendar_unknown: self.reps(section, "calendar_unknown"),
            taken_today: self.numbers(section, "taken_today"),
            open: self.numbers(section, "open"),
            ledger: section.get("ledger").map(|node| self.ledger(node)),
        }
    }

    fn expected(&mut self, node: &Node) -> Expected {
        let mut section = node.section(self.faults);
        let expected = Expected {
            rep: self.word(&mut section, "rep").and_then(|word| self.rep(&word)),
            owner: self.word(&mut section, "owner").and_then(|word| self.rep(&word)),
            ring: section.get("ring").map(|node| self.ring(node)),
            pool: self.word(&mut section, "pool").and_then(|word| self.pool(&word)),
            territory: self.word(&mut section, "territory").and_then(|word| self.territory(&word)),
            tier: self.word(&mut section, "tier").and_then(|word| self.tier(&word)),
            ladder: section.get("ladder").map(|node| {
                let words = node.words(self.faults);
                words.iter().filter_map(|word| self.faults.choice(word, "test-unknown-rung", &RUNGS)).collect()
            }),
            route: self.word(&mut section, "route").and_then(|word| self.route(&word)),
            reason: self.word(&mut section, "reason").map(|word| word.text),
            rejected: section.get("rejected").map(|node| self.rejected(node)),
            degraded: self
                .word(&mut section, "degraded")
                .and_then(|word| self.faults.read(&word, "test-bad-flag", values::FLAG, values::flag)),
        };
        section.finish(self.faults);
        expected
    }

    fn word(&mut self, section: &mut Section, key: &'static str) -> Option<Word> {
        section.get(key)?.word(self.faults)
    }

    // ---- the lead ---------------------------------------------------------------------------------------------------

    fn lead(&mut self, node: &Node) -> Vec<LeadField> {
        let mut fields = Vec::new();
        for (name, value) in node.map(self.faults) {
            if name.text == "custom" {
                for (inner, value) in value.map(self.faults) {
                    let name = Word { text: format!("custom.{}", inner.text), at: inner.at };
                    fields.extend(self.lead_field(&name, value));
                }
            } else if LEAD_FIELDS.contains(&name.text.as_str()) || name.text.starts_with("custom.") {
                fields.extend(self.lead_field(name, value));
            } else {
                let names = LEAD_FIELDS.into_iter().chain(["custom"]);
                let hint = did_you_mean(&name.text, names.clone());
                self.faults.error("test-unknown-field", name.at, quoted(&name.text), listed_all(names)).hint(hint);
            }
        }
        fields
    }

    fn lead_field(&mut self, name: &Word, node: &Node) -> Option<LeadField> {
        let value = match &node.data {
            Data::Empty => LeadValue::Unknown,
            Data::Text(text) => LeadValue::Text(text.clone()),
            Data::List(_) => LeadValue::List(node.words(self.faults).into_iter().map(|word| word.text).collect()),
            Data::Map(_) => {
                self.faults.error("value-not-text", node.at, node.describe(), "a value, or a list of them");
                return None;
            }
        };
        let at = if node.at.line == 0 { name.at } else { node.at };
        Some(LeadField { name: name.text.clone(), value, line: at.line, column: at.column })
    }

    /// A time that is refused leaves a blank behind, so that it does not count as missing too.
    fn instant(&mut self, word: &Word) -> DateTime<Utc> {
        let found = instant(&word.text);
        if found.is_none() {
            let zone =
                word.text.rsplit_once(' ').map(|(_, zone)| zone).filter(|zone| zone::parse(zone, None).is_none());
            let zones = Zone::all().map(|zone| zone.name());
            let hint = zone.and_then(|zone| did_you_mean(zone, zones));
            self.faults.error("test-bad-time", word.at, quoted(&word.text), TIME).hint(hint);
        }
        found.unwrap_or_default()
    }
}

fn said(word: &Word) -> PlacedText {
    PlacedText { text: word.text.clone(), line: word.at.line, column: word.at.column }
}

/// All of them: whoever misspells a field wants to see what there is.
fn listed_all<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// A local time that comes twice in autumn means the first; one that is skipped in spring is no time.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    let (wall, zone) = text.trim().rsplit_once(' ')?;
    let zone = zone::parse(zone, None)?;
    // With the day of the week, which must be right: `Tue 2026-03-03 10:00 Europe/London`.
    let forms = ["%Y-%m-%d %H:%M", "%a %Y-%m-%d %H:%M"];
    let wall = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(wall.trim(), form).ok())?;
    zone.from_local_datetime(&wall).earliest().map(|instant| instant.to_utc())
}
