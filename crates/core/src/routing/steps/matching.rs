//! Lead → account: which record of the CRM a lead belongs to, and why it and not another.
//!
//! Pure, and the only matcher there is: connectors bring records, nothing here asks for more. A record fits by the keys of
//! the rules: phone number, e-mail address and domain exactly, a name by likeness. The name alone is a hint, not a proof:
//! the country must be the same, or, where it is not known, the whole name, and then the match is *weak*; so it is where the two
//! names differ by a word. A weak match says something of the company and gives nobody the lead. What is known to
//! contradict (another country, another domain) refuses it. Among several that fit, [`MatchStep`] is the order of what
//! decides; its last step is the id, so that the answer never depends on the order in which the CRM listed them.

use crate::domain::account::{Account, Candidates, CompanyRecord, MatchKey, PersonRecord, Records};
use crate::domain::crm_id::CrmId;
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::routing::decision::{AccountTrace, KeyOwner, MatchStep, MatchTrace, OtherAccount, OtherVerdict};
use crate::routing::snapshot::Snapshot;
use crate::rules::RuleSet;
use crate::rules::model::row::NamedAccount;
use crate::rules::words::company::{alike_permille, differ_by_a_word};
use crate::rules::words::place;
use crate::rules::words::shared::is_shared;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

/// An exact key is certain.
const EXACT: u16 = 1000;
/// A record whose name is at least so like the lead's is worth telling in the trace, though it does not fit.
const NEAR: u16 = 700;
/// Records that a snapshot keeps of each kind.
const KEPT: usize = 20;

/// The account of a lead, with what is told of it.
pub struct Matched {
    pub account: Option<Account>,
    /// By a name that proves nothing.
    pub weak: bool,
    pub trace: AccountTrace,
}

pub(in crate::routing) fn account(lead: &Lead, snapshot: &Snapshot, rules: &RuleSet) -> Matched {
    let (value, observed_at, source) = match &snapshot.account {
        Fact::Unknown { why } => {
            return Matched { account: None, weak: false, trace: AccountTrace::Unknown { why: why.clone() } };
        }
        Fact::Known { value, observed_at, source } => (value, observed_at, source.clone()),
    };
    let age_ms = (snapshot.now - observed_at).num_milliseconds().max(0);
    let (account, how, others) = match value {
        Candidates::Settled(account) => (account.clone(), None, Vec::new()),
        Candidates::Found(records) => choose(lead, records, rules),
    };
    let weak = how.as_ref().is_some_and(|how| how.weak);
    let trace = match &account {
        None => AccountTrace::NoAccount { source, age_ms, others },
        Some(account) => AccountTrace::Matched {
            name: account.name.clone(),
            crm_id: account.crm_id.clone(),
            by: account.matched_by,
            score_permille: account.score_permille,
            source,
            age_ms,
            how,
        },
    };
    Matched { account, weak, trace }
}

/// Keeps the records that fit a lead, or nearly, best first: what a snapshot stores. The rest is counted.
pub fn shortlist(lead: &Lead, mut records: Records, rules: &RuleSet) -> Records {
    let before = records.companies.len();
    let worth: Vec<CompanyRecord> = {
        let mut judged: Vec<Judged> =
            records.companies.iter().map(|company| judge(lead, company, &records, rules)).collect();
        judged.retain(|judged| judged.fit.is_some() || judged.name_alike >= NEAR);
        judged.sort_by(order);
        judged.iter().take(KEPT).map(|judged| judged.company.clone()).collect()
    };
    records.left_out += u32::try_from(before - worth.len()).unwrap_or(u32::MAX);
    records.companies = worth;
    records.people.retain(|person| knows(person, lead));
    records.people.sort_by(|a, b| (Reverse(a.active_at), &a.crm_id).cmp(&(Reverse(b.active_at), &b.crm_id)));
    records.people.truncate(KEPT);
    records
}

/// The same phone number or e-mail address.
fn knows(person: &PersonRecord, lead: &Lead) -> bool {
    let email = lead.contact.email.as_ref().map(|known| &known.value);
    lead.reach_phone().is_some_and(|phone| person.phones.contains(phone))
        || (email.is_some() && email == person.email.as_ref())
}

/// Leads and contacts of the caller. A shared phone number, such as a switchboard's, does not make one person of two who
/// have different e-mail addresses.
pub(super) fn same_person<'a>(lead: &'a Lead, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a PersonRecord> {
    let people = match snapshot.account.value() {
        Some(Candidates::Found(records)) => records.people.as_slice(),
        Some(Candidates::Settled(_)) | None => &[],
    };
    let email = lead.contact.email.as_ref().map(|known| &known.value);
    people.iter().filter(move |person| {
        let other_email = email.zip(person.email.as_ref()).is_some_and(|(ours, theirs)| ours != theirs);
        knows(person, lead) && !other_email
    })
}

fn choose(lead: &Lead, records: &Records, rules: &RuleSet) -> (Option<Account>, Option<MatchTrace>, Vec<OtherAccount>) {
    let mut judged: Vec<Judged> =
        records.companies.iter().map(|company| judge(lead, company, records, rules)).collect();
    judged.sort_by(order);
    let Some((winner, fit)) = judged.first().and_then(|first| Some((first, first.fit.as_ref()?))) else {
        return (None, None, judged.iter().map(|judged| judged.told(None)).collect());
    };
    let runner_up = judged.get(1).filter(|other| other.fit.is_some());
    let equals = judged[1..].iter().filter(|other| winner.equals(other));
    let owner = &winner.company.owner_crm_id;
    let mut rivals = equals.filter_map(|other| other.company.owner_crm_id.as_ref());
    let by_keys = owners_by_key(lead, records)
        .is_some_and(|found| found.iter().any(|found| Some(&found.owner) == owner.as_ref()));
    let disputed = by_keys || (owner.is_some() && rivals.any(|rival| Some(rival) != owner.as_ref()));
    let how = MatchTrace {
        keys: fit.keys.clone(),
        weak: fit.weak,
        disputed,
        won_by: runner_up.map(|other| step(winner, other).0),
        others: judged[1..].iter().map(|judged| judged.told(Some(winner))).collect(),
        left_out: records.left_out,
    };
    (Some(winner.account(fit)), Some(how), Vec::new())
}

/// One company, held against a lead.
struct Judged<'a> {
    company: &'a CompanyRecord,
    /// `None`: it does not fit.
    fit: Option<Fit>,
    name_alike: u16,
    /// Why the name does not count although it is alike.
    refused: Option<OtherVerdict>,
    owner_is_active: bool,
}

struct Fit {
    /// In the order of the rules; never empty.
    keys: Vec<MatchKey>,
    /// Of the strongest key, among those of the rules.
    place: usize,
    score_permille: u16,
    weak: bool,
}

fn judge<'a>(lead: &Lead, company: &'a CompanyRecord, records: &Records, rules: &RuleSet) -> Judged<'a> {
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
    let owner = company.owner_crm_id.as_ref();
    let owner_is_active = owner.is_some() && rules.reps.values().any(|rep| rep.active && rep.crm_id.as_ref() == owner);
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
fn exact(key: MatchKey, lead: &Lead, company: &CompanyRecord, records: &Records) -> bool {
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

/// Whom the phone number and whom the e-mail address lead to, where that is not the same owner: the company's that they find,
/// or the person's. `None` where they agree, or only one of them finds an owner.
pub(super) fn owners_by_key(lead: &Lead, records: &Records) -> Option<Vec<KeyOwner>> {
    let found = |key: MatchKey| -> BTreeSet<&CrmId> {
        let email = lead.contact.email.as_ref().map(|known| &known.value);
        let person_fits = |person: &&PersonRecord| match key {
            MatchKey::Phone => lead.reach_phone().is_some_and(|phone| person.phones.contains(phone)),
            MatchKey::Email => email.is_some() && person.email.as_ref() == email,
            MatchKey::Domain | MatchKey::Name => false,
        };
        let people = records.people.iter().filter(person_fits).filter_map(|person| person.owner_crm_id.as_ref());
        let companies = records.companies.iter().filter(|company| exact(key, lead, company, records));
        people.chain(companies.filter_map(|company| company.owner_crm_id.as_ref())).collect()
    };
    let (by_phone, by_email) = (found(MatchKey::Phone), found(MatchKey::Email));
    if !by_phone.is_disjoint(&by_email) {
        return None;
    }
    let of = |key, owner: &&CrmId| KeyOwner { key, owner: (*owner).clone() };
    let (phone, email) = (by_phone.first()?, by_email.first()?);
    Some(vec![of(MatchKey::Phone, phone), of(MatchKey::Email, email)])
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
    fn account(&self, fit: &Fit) -> Account {
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
    fn equals(&self, other: &Judged) -> bool {
        let (by, decided) = step(self, other);
        other.fit.is_some() && (decided == Ordering::Equal || by > MatchStep::MoreKeys)
    }

    fn told(&self, winner: Option<&Judged>) -> OtherAccount {
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

fn order(one: &Judged, other: &Judged) -> Ordering {
    step(one, other).1
}

/// The first step at which two differ; `Less`: the first of them is the better.
fn step(one: &Judged, other: &Judged) -> (MatchStep, Ordering) {
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

/// By what the lead says of its company; where it says nothing, by what the CRM does.
pub(in crate::routing) fn named_account<'a>(
    lead: &Lead,
    account: Option<&Account>,
    rules: &'a RuleSet,
) -> Option<&'a NamedAccount> {
    let company = &lead.company;
    let domain = company.domain.as_ref().map(|known| known.value.as_str());
    let domain = domain.or_else(|| account?.domain.as_deref());
    let name = company.name.as_ref().map(|known| known.value.as_str());
    let name = name.or_else(|| Some(account?.name.as_str()));
    rules.territories.account(domain, name)
}
