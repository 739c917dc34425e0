//! One company held against a lead: which keys fit, and which of two companies is the better match.

use crate::domain::account::{Account, CompanyRecord, MatchKey, Records};
use crate::domain::lead::Lead;
use crate::routing::decision::{MatchStep, OtherAccount, OtherVerdict};
use crate::rules::RuleSet;
use crate::rules::words::company::{alike_permille, differ_by_a_word};
use crate::rules::words::place;
use crate::rules::words::shared::is_shared;
use std::cmp::{Ordering, Reverse};

/// An exact key is certain.
const EXACT: u16 = 1000;

/// One company, held against a lead.
pub(super) struct Judged<'a> {
    pub company: &'a CompanyRecord,
    /// `None`: it does not fit.
    pub fit: Option<Fit>,
    pub name_alike: u16,
    /// Why the name does not count although it is alike.
    refused: Option<OtherVerdict>,
    owner_is_active: bool,
}

pub(super) struct Fit {
    /// In the order of the rules; never empty.
    pub keys: Vec<MatchKey>,
    /// Of the strongest key, among those of the rules.
    place: usize,
    score_permille: u16,
    pub weak: bool,
}

pub(super) fn judge<'a>(lead: &Lead, company: &'a CompanyRecord, records: &Records, rules: &RuleSet) -> Judged<'a> {
    let name = lead.company.name.as_ref().map(|known| known.value.as_str());
    let name_alike = name.map_or(0, |name| alike_permille(name, &company.name));
    let by_name = judge_name(lead, company, name_alike, rules);
    let fits = |key: &&MatchKey| match key {
        MatchKey::Phone | MatchKey::Email => exact(**key, lead, company, records),
        MatchKey::Domain => lead_domain(lead, rules).is_some_and(|domain| is_at(company, domain)),
        MatchKey::Name => by_name.is_ok(),
    };
    let keys: Vec<MatchKey> = rules.matching.keys().iter().filter(fits).copied().collect();
    let fit = keys.first().copied().map(|first| Fit {
        place: rules.matching.keys().iter().position(|key| *key == first).unwrap_or(usize::MAX),
        score_permille: if first == MatchKey::Name { name_alike } else { EXACT },
        weak: keys == [MatchKey::Name] && by_name == Ok(Strength::Weak),
        keys,
    });
    let owner = company.owner_crm_id.as_ref().and_then(|owner| rules.rep_in_crm(owner));
    let owner_is_active = owner.is_some_and(|rep| rep.active);
    Judged { company, fit, name_alike, refused: by_name.err(), owner_is_active }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strength {
    Corroborated,
    Weak,
}

fn judge_name(lead: &Lead, company: &CompanyRecord, alike: u16, rules: &RuleSet) -> Result<Strength, OtherVerdict> {
    if alike < rules.matching.name_at_least_permille {
        return Err(OtherVerdict::NameUnlike);
    }
    let mut own = company.domains.iter().filter(|host| !is_shared(&rules.shared_domains, host));
    if lead_domain(lead, rules).is_some_and(|domain| own.next().is_some() && !is_at(company, domain)) {
        return Err(OtherVerdict::OtherDomain);
    }
    let name = lead.company.name.as_ref().map_or("", |known| known.value.as_str());
    let strength = if differ_by_a_word(name, &company.name) { Strength::Weak } else { Strength::Corroborated };
    let ours = lead.company.country.as_ref().and_then(|known| place::country(&known.value));
    let theirs = company.country.as_deref().and_then(place::country);
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours == theirs => Ok(strength),
        (Some(_), Some(_)) => Err(OtherVerdict::OtherCountry),
        (None, _) | (_, None) if alike == EXACT => Ok(Strength::Weak),
        (None, _) | (_, None) => Err(OtherVerdict::CountryUnknown),
    }
}

/// By the company's own number, or by a contact of it.
pub(super) fn exact(key: MatchKey, lead: &Lead, company: &CompanyRecord, records: &Records) -> bool {
    let contacts = || records.people.iter().filter(|person| person.company_crm_id.as_ref() == Some(&company.crm_id));
    match key {
        MatchKey::Phone => lead.reach_phone().is_some_and(|phone| {
            company.phones.contains(phone) || contacts().any(|person| person.phones.contains(phone))
        }),
        MatchKey::Email => {
            let email = lead.contact.email.as_ref().map(|known| &known.value);
            email.is_some() && contacts().any(|person| person.email.as_ref() == email)
        }
        MatchKey::Domain | MatchKey::Name => false,
    }
}

/// A domain that many share says nothing about the company.
fn lead_domain<'a>(lead: &'a Lead, rules: &RuleSet) -> Option<&'a str> {
    let domain = lead.company.domain.as_ref().map(|known| known.value.as_str());
    domain.filter(|domain| !rules.shared_domains.contains(*domain))
}

/// The lead's domain is the registrable one, so a host fits that is it or lies below it.
fn is_at(company: &CompanyRecord, domain: &str) -> bool {
    let below = |host: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    company.domains.iter().any(|host| below(host))
}

impl Judged<'_> {
    pub(super) fn account(&self, fit: &Fit) -> Account {
        let company = self.company;
        Account {
            crm_id: company.crm_id.clone(),
            name: company.name.clone(),
            domain: company.domains.first().cloned(),
            owner_crm_id: company.owner_crm_id.clone(),
            open_opportunity_owner_crm_id: company.open_opportunity_owner_crm_id.clone(),
            matched_by: fit.keys[0],
            score_permille: fit.score_permille,
            fields: company.fields.clone(),
        }
    }

    /// As good a match: only circumstances that say nothing about the caller tell them apart.
    pub(super) fn equals(&self, other: &Judged) -> bool {
        let (by, decided) = step(self, other);
        other.fit.is_some() && (decided == Ordering::Equal || by > MatchStep::MoreKeys)
    }

    pub(super) fn told(&self, winner: Option<&Judged>) -> OtherAccount {
        let (keys, score_permille) = match &self.fit {
            Some(fit) => (fit.keys.clone(), fit.score_permille),
            None => (Vec::new(), self.name_alike),
        };
        let verdict = match (winner, self.fit.is_some()) {
            (Some(winner), true) => OtherVerdict::Lost { by: step(winner, self).0 },
            (_, _) => self.refused.unwrap_or(OtherVerdict::NameUnlike),
        };
        let company = self.company;
        let (name, crm_id, owner_crm_id) = (company.name.clone(), company.crm_id.clone(), company.owner_crm_id.clone());
        OtherAccount { name, crm_id, owner_crm_id, keys, score_permille, verdict }
    }
}

pub(super) fn order(one: &Judged, other: &Judged) -> Ordering {
    step(one, other).1
}

/// The first step at which two differ; `Less`: the first of them is the better.
pub(super) fn step(one: &Judged, other: &Judged) -> (MatchStep, Ordering) {
    let (a, b) = (one.fit.as_ref(), other.fit.as_ref());
    let key = |fit: Option<&Fit>| fit.map_or(usize::MAX, |fit| fit.place);
    let score = |judged: &Judged| Reverse(judged.fit.as_ref().map_or(judged.name_alike, |fit| fit.score_permille));
    let opportunity = |judged: &Judged| Reverse(judged.company.open_opportunity_owner_crm_id.is_some());
    let steps = [
        (MatchStep::StrongerKey, key(a).cmp(&key(b))),
        (MatchStep::NotWeak, a.is_some_and(|fit| fit.weak).cmp(&b.is_some_and(|fit| fit.weak))),
        (MatchStep::HigherScore, score(one).cmp(&score(other))),
        (
            MatchStep::MoreKeys,
            Reverse(a.map_or(0, |fit| fit.keys.len())).cmp(&Reverse(b.map_or(0, |fit| fit.keys.len()))),
        ),
        (MatchStep::ActiveOwner, Reverse(one.owner_is_active).cmp(&Reverse(other.owner_is_active))),
        (MatchStep::OpenOpportunity, opportunity(one).cmp(&opportunity(other))),
        (MatchStep::ActiveLater, Reverse(one.company.active_at).cmp(&Reverse(other.company.active_at))),
    ];
    let decided = steps.into_iter().find(|(_, ordering)| *ordering != Ordering::Equal);
    decided.unwrap_or((MatchStep::LowerId, one.company.crm_id.cmp(&other.company.crm_id)))
}
