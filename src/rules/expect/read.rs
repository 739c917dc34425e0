//! A test file in, its cases out, or every fault with its place.

use super::{Case, Expected, Given, GivenPerson, LEAD_FIELDS, LeadField, LeadValue, REASONS, Said, table};
use crate::domain::account::{Account, MatchKey, PersonKind};
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use crate::domain::lead::FieldValue;
use crate::domain::zone::Zone;
use crate::rules::RuleSet;
use crate::rules::fault::{Fault, Faults, Word, did_you_mean, quoted};
use crate::rules::handoff::RUNGS;
use crate::rules::values;
use crate::rules::yaml::{self, Data, Node, Section};
use crate::rules::zone;
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Stands for the file while it is read; the faults get its real name at the end.
pub(super) const PATH: &str = "rules/tests";
/// When the CRM last saw a person if the test does not say.
const ACTIVE_AGO: Duration = Duration::from_secs(86_400);
/// What says that there is no territory or no route.
const NONE: &str = "none";
const TIME: &str = "a local time with its zone such as 2026-03-03 10:00 Europe/London, or 2026-03-03T10:00:00Z";

/// Reads one file of tests about these rules.
///
/// # Errors
/// Every fault of the file, by place.
pub fn read(path: &str, text: &str, rules: &RuleSet) -> Result<Vec<Case>, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut cases = Vec::new();
    if let Some(root) = yaml::parse(PATH, text, &mut faults) {
        cases = Reader { rules, source: text, faults: &mut faults }.file(&root);
    }
    let mut told = faults.into_sorted();
    if told.is_empty() {
        cases.iter_mut().for_each(|case| path.clone_into(&mut case.path));
        return Ok(cases);
    }
    told.iter_mut().for_each(|fault| path.clone_into(&mut fault.path));
    Err(told)
}

struct Reader<'r> {
    rules: &'r RuleSet,
    source: &'r str,
    faults: &'r mut Faults,
}

impl Reader<'_> {
    fn file(&mut self, root: &Node) -> Vec<Case> {
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
    fn test(&mut self, node: &Node, base: &Given, wanted: &Expected, prefix: &str, cases: &mut Vec<Case>) {
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
        cases.push(Case { path: String::new(), line: node.at.line, name, given, expected });
    }

    fn refuse_doubled_names(&mut self, cases: &[Case]) {
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

    // ---- the world --------------------------------------------------------------------------------------------------

    /// `score` and `matched_by` are what an exact match would give.
    fn account(&mut self, node: &Node) -> Account {
        let mut section = node.section(self.faults);
        let account = Account {
            crm_id: "test".into(),
            name: self.word(&mut section, "name").map_or_else(|| "the account".to_owned(), |word| word.text),
            domain: self.word(&mut section, "domain").map(|word| word.text),
            owner_crm_id: self.word(&mut section, "owner").and_then(|word| self.crm_id(&word)),
            open_opportunity_owner_crm_id: self
                .word(&mut section, "opportunity_owner")
                .and_then(|word| self.crm_id(&word)),
            matched_by: MatchKey::Domain,
            score_permille: 1000,
            fields: section.get("fields").map(|node| self.account_fields(node)).unwrap_or_default(),
        };
        section.finish(self.faults);
        account
    }

    fn person(&mut self, node: &Node) -> GivenPerson {
        let mut section = node.section(self.faults);
        let kinds = [("lead", PersonKind::Lead), ("contact", PersonKind::Contact)];
        let person = GivenPerson {
            kind: self
                .word(&mut section, "kind")
                .and_then(|word| self.faults.choice(&word, "test-unknown-person", &kinds))
                .unwrap_or(PersonKind::Lead),
            owner_crm_id: self.word(&mut section, "owner").and_then(|word| self.crm_id(&word)),
            active_ago: self
                .word(&mut section, "active_ago")
                .and_then(|word| self.faults.read(&word, "test-bad-duration", values::DURATION, values::duration))
                .unwrap_or(ACTIVE_AGO),
        };
        section.finish(self.faults);
        person
    }

    fn crm_id(&mut self, word: &Word) -> Option<CrmId> {
        let rep = self.rep(word)?;
        let crm_id = self.rules.reps.get(&rep)?.crm_id.clone();
        if crm_id.is_none() {
            let allowed = "a rep with a crm_id in reps.csv, since the CRM names owners by it";
            self.faults.error("test-owner-without-crm-id", word.at, quoted(&word.text), allowed);
        }
        crm_id
    }

    fn account_fields(&mut self, node: &Node) -> BTreeMap<String, FieldValue> {
        let mut fields = BTreeMap::new();
        for (name, value) in node.map(self.faults) {
            if let Some(word) = value.word(self.faults) {
                fields.insert(name.text.clone(), typed(&word.text));
            }
        }
        fields
    }

    fn numbers(&mut self, section: &mut Section, key: &'static str) -> Option<BTreeMap<RepId, u32>> {
        let mut numbers = BTreeMap::new();
        for (name, value) in section.get(key)?.map(self.faults) {
            let number = value
                .word(self.faults)
                .and_then(|word| self.faults.read(&word, "test-bad-number", "a whole number from 0", values::whole));
            if let (Some(rep), Some(number)) = (self.rep(name), number) {
                numbers.insert(rep, number);
            }
        }
        Some(numbers)
    }

    fn ledger(&mut self, node: &Node) -> BTreeMap<PoolId, BTreeMap<RepId, i64>> {
        let mut ledgers = BTreeMap::new();
        for (pool, balances) in node.map(self.faults) {
            let mut read = BTreeMap::new();
            for (rep, balance) in balances.map(self.faults) {
                let allowed = "a balance in turns, such as +0.5 or -1";
                let balance = balance
                    .word(self.faults)
                    .and_then(|word| self.faults.read(&word, "test-bad-balance", allowed, micro_leads));
                if let (Some(rep), Some(balance)) = (self.rep(rep), balance) {
                    read.insert(rep, balance);
                }
            }
            if let Some(pool) = self.pool(pool) {
                ledgers.insert(pool, read);
            }
        }
        ledgers
    }

    fn reps(&mut self, section: &mut Section, key: &'static str) -> Option<BTreeSet<RepId>> {
        let words = section.get(key)?.words(self.faults);
        Some(words.iter().filter_map(|word| self.rep(word)).collect())
    }

    // ---- names ------------------------------------------------------------------------------------------------------

    fn rep(&mut self, word: &Word) -> Option<RepId> {
        let names = self.rules.reps.keys().map(RepId::as_str);
        let name = self.faults.name(word, "test-unknown-rep", "rep", names)?;
        RepId::new(name).ok()
    }

    /// Whoever is rung, in order; nothing, `none` or an empty list says that nobody is.
    fn ring(&mut self, node: &Node) -> Vec<RepId> {
        if let Data::Empty = node.data {
            return Vec::new();
        }
        let words = node.words(self.faults);
        if let [word] = words.as_slice()
            && word.text == NONE
        {
            return Vec::new();
        }
        words.iter().filter_map(|word| self.rep(word)).collect()
    }

    fn pool(&mut self, word: &Word) -> Option<PoolId> {
        let names = self.rules.pools.keys().map(PoolId::as_str);
        let name = self.faults.name(word, "test-unknown-pool", "pool", names)?;
        PoolId::new(name).ok()
    }

    fn tier(&mut self, word: &Word) -> Option<TierId> {
        let names = self.rules.tiers.iter().map(|tier| tier.name.as_str());
        let name = self.faults.name(word, "test-unknown-tier", "tier", names)?;
        TierId::new(name).ok()
    }

    fn territory(&mut self, word: &Word) -> Option<Option<TerritoryId>> {
        if word.text == NONE {
            return Some(None);
        }
        let named = self.rules.named_accounts.iter().filter_map(|account| account.territory.as_ref());
        let names: BTreeSet<&str> =
            self.rules.territories.iter().map(|row| &row.territory).chain(named).map(TerritoryId::as_str).collect();
        let name = self.faults.name(word, "test-unknown-territory", "territory", names.iter().copied())?;
        Some(TerritoryId::new(name).ok())
    }

    fn route(&mut self, word: &Word) -> Option<Option<String>> {
        if word.text == NONE {
            return Some(None);
        }
        let names = self.rules.routes.iter().map(|route| route.name.as_str());
        let name = self.faults.name(word, "test-unknown-route", "route", names)?;
        Some(Some(name.to_owned()))
    }

    fn rejected(&mut self, node: &Node) -> BTreeMap<RepId, &'static str> {
        let mut rejected = BTreeMap::new();
        let choices = REASONS.map(|reason| (reason, reason));
        for (rep, reason) in node.map(self.faults) {
            let reason =
                reason.word(self.faults).and_then(|word| self.faults.choice(&word, "test-unknown-reason", &choices));
            if let (Some(rep), Some(reason)) = (self.rep(rep), reason) {
                rejected.insert(rep, reason);
            }
        }
        rejected
    }
}

fn said(word: &Word) -> Said {
    Said { text: word.text.clone(), line: word.at.line, column: word.at.column }
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

/// Turns in millionths.
fn micro_leads(text: &str) -> Option<i64> {
    let turns: f64 = text.parse().ok()?;
    // Far inside the range of i64, so that the cast keeps the value.
    (turns.abs() <= 1000.0).then(|| (turns * 1_000_000.0).round() as i64)
}

/// As a CRM would send it: a flag, a number, or text.
fn typed(text: &str) -> FieldValue {
    match text {
        "true" => FieldValue::Flag(true),
        "false" => FieldValue::Flag(false),
        _ => {
            let number = text.parse::<f64>().ok().filter(|number| number.to_string() == text);
            number.map_or_else(|| FieldValue::Text(text.to_owned()), FieldValue::Number)
        }
    }
}
