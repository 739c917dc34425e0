//! What the CRM holds for a lead: the mirror while it is fresh, else the CRM within the deadline, else the mirror with its
//! age. Which record it is, `routing::steps::matching` decides, on what is kept here.

use super::Facts;
use super::health::{PAUSE_AFTER_FAILURE, Rhythm, SILENT, UNHURRIED, ask_until_it_answers};
use crate::connectors::{AccountKeys, Counts, Crm};
use crate::store::{Met, Mirrored, caller_keys, with};
use crate::telemetry::figures;
use crate::telemetry::traces::for_lead;
use baton_core::domain::account::{Candidates, MatchKey, PersonRecord, Records};
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::routing::shortlist;
use baton_core::rules::RuleSet;
use baton_core::rules::model::field::{OF_CASES, OF_OPPORTUNITIES};
use baton_core::rules::model::set::Existing;
use baton_core::rules::words::company::alike_permille;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A mirrored account is asked for again after this long.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(10);
/// What the mirror says is told to be old after this long.
const OLD: TimeDelta = TimeDelta::hours(1);

impl Facts {
    pub(super) async fn accounts(&self, leads: &[Lead], rules: &RuleSet) -> Vec<Fact<Candidates>> {
        let (found, met) = tokio::join!(self.of_crm(leads, rules), self.met(leads, rules));
        found.into_iter().zip(met).map(|(fact, people)| with_people(fact, people)).collect()
    }

    /// Whoever called us before, by our own leads: no CRM need know them, or know them yet.
    async fn met(&self, leads: &[Lead], rules: &RuleSet) -> Vec<Vec<PersonRecord>> {
        let keys: Vec<Vec<String>> = leads.iter().map(caller_keys).collect();
        let all: Vec<String> = keys.iter().flatten().cloned().collect();
        if all.is_empty() || !rules.ownership.iter().any(|rule| rule.existing == Existing::LeadOwner) {
            return vec![Vec::new(); leads.len()];
        }
        let found = self.store.callers_find(&all).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "our own leads of the callers could not be read");
            BTreeMap::new()
        });
        let of = |(lead, keys): (&Lead, &Vec<String>)| {
            let known = keys.iter().filter_map(|key| found.get(key)).filter(|met| !is_somebody_else(lead, met));
            let mut people: Vec<PersonRecord> = known.map(|met| met.person.clone()).collect();
            people.retain(|person| person.crm_id.as_str() != lead.id.as_str());
            people.dedup_by(|one, other| one.crm_id == other.crm_id);
            people
        };
        leads.iter().zip(&keys).map(of).collect()
    }

    async fn of_crm(&self, leads: &[Lead], rules: &RuleSet) -> Vec<Fact<Candidates>> {
        let Some(crm) = &self.crm else { return vec![self.no_account("no CRM is configured"); leads.len()] };
        let keys: Vec<AccountKeys> = leads.iter().map(|lead| keys_of(lead, rules)).collect();
        let names: Vec<Option<String>> = keys.iter().map(mirror_key).collect();
        let mirrored = self.mirrored(names.iter().flatten().cloned().collect()).await;
        let facts = leads.iter().zip(&keys).zip(&names).map(|((lead, keys), name)| {
            let known = name.as_ref().and_then(|name| mirrored.get(name));
            for_lead(&lead.id, self.account(crm, Sought { lead, keys, rules }, name.as_deref(), known))
        });
        let facts = join_all(facts).await;
        let learnt = names.iter().zip(&facts).filter_map(|(name, found)| Some((name.clone()?, found.fresh.clone()?)));
        self.remember(learnt.collect()).await;
        facts.into_iter().map(|found| found.fact).collect()
    }

    fn no_account(&self, source: &str) -> Fact<Candidates> {
        let (value, observed_at) = (Candidates::Settled(None), self.clock.now());
        Fact::Known { value, observed_at, source: source.to_owned() }
    }

    async fn mirrored(&self, names: Vec<String>) -> BTreeMap<String, Mirrored> {
        if names.is_empty() {
            return BTreeMap::new();
        }
        self.store.mirror_get(&names).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the mirror of accounts could not be read");
            BTreeMap::new()
        })
    }

    async fn account(
        &self,
        crm: &Arc<dyn Crm>,
        sought: Sought<'_>,
        name: Option<&str>,
        known: Option<&Mirrored>,
    ) -> Found {
        if name.is_none() {
            return Found::known(self.no_account("nothing to look up"));
        }
        if let Some(known) = known
            && self.clock.now() - known.observed_at < FRESH
        {
            return Found::known(known.fact(self.clock.now()));
        }
        match self.ask(crm, sought.keys).await {
            Ok(mut records) => {
                sought.rules.name_fields(&mut records);
                let value = Candidates::Found(shortlist(sought.lead, records, sought.rules));
                let (observed_at, source) = (self.clock.now(), crm.vendor().to_owned());
                let fresh = Mirrored { account: value.clone(), source: source.clone(), observed_at };
                Found { fact: Fact::Known { value, observed_at, source }, fresh: Some(fresh) }
            }
            Err(why) => {
                let now = self.clock.now();
                Found::known(known.map_or(Fact::Unknown { why }, |known| known.fact(now)))
            }
        }
    }

    async fn ask(&self, crm: &Arc<dyn Crm>, keys: &AccountKeys) -> Result<Records, String> {
        if let Err(why) = self.crm_health.may_be_asked(crm.vendor()) {
            self.crm_health.missed(keys.clone());
            return Err(why);
        }
        let answer = match tokio::time::timeout(self.within, crm.find(keys)).await {
            Ok(Ok(records)) => {
                self.crm_has_told();
                return Ok(records);
            }
            Ok(Err(error)) => {
                self.crm_health.failed();
                let error = error.counted();
                (error.in_log(), error.to_string())
            }
            Err(_) => {
                figures::vendor_failed(crm.vendor(), SILENT);
                self.wait_for_no_answer(crm, keys);
                let late = format!("{} did not answer within {} ms", crm.vendor(), self.within.as_millis());
                (late.clone(), late)
            }
        };
        let (in_log, why) = answer;
        tracing::warn!(vendor = crm.vendor(), why = in_log, "deciding without the account");
        Err(why)
    }

    /// The CRM has fallen silent: a task of its own goes on asking it, and no decision does.
    fn wait_for_no_answer(&self, crm: &Arc<dyn Crm>, unanswered: &AccountKeys) {
        if !self.crm_health.fell_silent() {
            return;
        }
        let rhythm = Rhythm { pause: PAUSE_AFTER_FAILURE, unhurried: UNHURRIED, in_time: self.within };
        let health = Arc::downgrade(&self.crm_health);
        tokio::spawn(ask_until_it_answers(Arc::clone(crm), health, unanswered.clone(), rhythm));
    }

    /// All that a batch of leads has learnt, in one commit.
    async fn remember(&self, learnt: BTreeMap<String, Mirrored>) {
        if learnt.is_empty() {
            return;
        }
        let put = with(learnt, |tx, learnt| Box::pin(tx.mirror_put(learnt)));
        if let Err(error) = self.store.write("mirror.put", put).await {
            tracing::warn!(%error, "the mirror of accounts could not be written");
        }
    }
}

/// A number that two share, such as a switchboard's: the names contradict, and no address says that they are one.
fn is_somebody_else(lead: &Lead, met: &Met) -> bool {
    let email = lead.contact.email.as_ref().map(|known| &known.value);
    let (Some(name), Some(other)) = (&lead.contact.name, &met.name) else { return false };
    if email.is_some() && email == met.person.email.as_ref() {
        return false;
    }
    let words =
        |name: &str| -> BTreeSet<String> { name.to_lowercase().split_whitespace().map(str::to_owned).collect() };
    let (ours, theirs) = (words(&name.value), words(other));
    let part = ours.is_subset(&theirs) || theirs.is_subset(&ours);
    !part && alike_permille(&name.value, other) < NAMES_ALIKE
}

/// Two spellings of one person's name, as different speech recognitions write it.
const NAMES_ALIKE: u16 = 850;

/// What the CRM found, with the people whom only we know. A CRM that did not answer stays unknown.
fn with_people(fact: Fact<Candidates>, people: Vec<PersonRecord>) -> Fact<Candidates> {
    let Fact::Known { value, observed_at, source } = fact else { return fact };
    let value = match value {
        Candidates::Found(mut records) => {
            records.people.extend(people);
            Candidates::Found(records)
        }
        Candidates::Settled(None) if !people.is_empty() => Candidates::Found(Records { people, ..Records::default() }),
        Candidates::Settled(account) => Candidates::Settled(account),
    };
    Fact::Known { value, observed_at, source }
}

#[derive(Clone, Copy)]
struct Sought<'a> {
    lead: &'a Lead,
    keys: &'a AccountKeys,
    rules: &'a RuleSet,
}

/// What is known of a lead's account.
struct Found {
    fact: Fact<Candidates>,
    /// The CRM's own answer, to be kept.
    fresh: Option<Mirrored>,
}

impl Found {
    fn known(fact: Fact<Candidates>) -> Self {
        Self { fact, fresh: None }
    }
}

impl Mirrored {
    fn fact(&self, now: DateTime<Utc>) -> Fact<Candidates> {
        let old = if now - self.observed_at > OLD { "an old " } else { "" };
        Fact::Known {
            value: self.account.clone(),
            observed_at: self.observed_at,
            source: format!("{old}mirror of {}", self.source),
        }
    }
}

/// What the rules can use: keys that match, and those that find the caller where a rule asks for the owner of a person.
fn keys_of(lead: &Lead, rules: &RuleSet) -> AccountKeys {
    let asks_for_person = rules.ownership.iter().any(|rule| rule.existing.is_person());
    let is_key = |key| rules.matching.keys().contains(&key);
    let (by_phone, by_email) = (is_key(MatchKey::Phone) || asks_for_person, is_key(MatchKey::Email) || asks_for_person);
    let domain = lead.company.domain.as_ref().filter(|_| is_key(MatchKey::Domain)).map(|known| known.value.clone());
    let company = lead.company.name.as_ref().filter(|_| is_key(MatchKey::Name)).map(|known| known.value.clone());
    AccountKeys {
        phone: lead.reach_phone().filter(|_| by_phone).cloned(),
        email: lead.contact.email.as_ref().filter(|_| by_email).map(|known| known.value.clone()),
        domain: domain.filter(|domain| !rules.shared_domains.contains(domain)),
        company,
        ..read_along(rules)
    }
}

/// Whatever else rules ask of an account.
pub(super) fn read_along(rules: &RuleSet) -> AccountKeys {
    let counts = Counts { opportunities: rules.counts_any(&OF_OPPORTUNITIES), cases: rules.counts_any(&OF_CASES) };
    AccountKeys { fields: rules.crm_fields().into_iter().collect(), counts, ..AccountKeys::default() }
}

/// All keys name the mirror's row: what was found by one of them alone would lack the others' records. `None`: no key.
fn mirror_key(keys: &AccountKeys) -> Option<String> {
    let parts = [
        keys.email.as_ref().map(|email| format!("email:{email}")),
        keys.domain.as_ref().map(|domain| format!("domain:{domain}")),
        keys.phone.as_ref().map(|phone| format!("phone:{}", phone.as_str())),
        keys.company.as_ref().map(|name| format!("name:{}", name.to_lowercase())),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
