//! The world as a test gives it: what the CRM knows, who is away or busy, what the ledgers hold.

use super::RuleTestReader;
use crate::domain::account::{Account, MatchKey, PersonKind};
use crate::domain::crm_id::CrmId;
use crate::domain::id::{PoolId, RepId};
use crate::domain::lead::FieldValue;
use crate::rules::expect::GivenPerson;
use crate::rules::fault::{Word, quoted};
use crate::rules::files::yaml::{Node, Section};
use crate::rules::words::values;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// When the CRM last saw a person if the test does not say.
const ACTIVE_AGO: Duration = Duration::from_secs(86_400);

impl RuleTestReader<'_> {
    /// `score` and `matched_by` are what an exact match would give.
    pub(super) fn account(&mut self, node: &Node) -> Account {
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

    pub(super) fn person(&mut self, node: &Node) -> GivenPerson {
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

    pub(super) fn numbers(&mut self, section: &mut Section, key: &'static str) -> Option<BTreeMap<RepId, u32>> {
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

    pub(super) fn ledger(&mut self, node: &Node) -> BTreeMap<PoolId, BTreeMap<RepId, i64>> {
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

    pub(super) fn reps(&mut self, section: &mut Section, key: &'static str) -> Option<BTreeSet<RepId>> {
        let words = section.get(key)?.words(self.faults);
        Some(words.iter().filter_map(|word| self.rep(word)).collect())
    }
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
