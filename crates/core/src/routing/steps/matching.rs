//! Lead → account: which record of the CRM a lead belongs to, and why it and not another.
//!
//! Pure, and the only matcher there is: connectors bring records, nothing here asks for more. A record fits by the keys of
//! the rules: phone number, e-mail address and domain exactly, a name by likeness. The name alone is a hint, not a proof:
//! the country must be the same, or, where it is not known, the whole name, and then the match is *weak*; so it is where the two
//! names differ by a word. A weak match says something of the company and gives nobody the lead. What is known to
//! contradict (another country, another domain) refuses it. Among several that fit,
//! [`MatchStep`](crate::routing::decision::MatchStep) is the order of what decides; its last step is the id, so that the answer
//! never depends on the order in which the CRM listed them.

mod judged;

use crate::domain::account::{Account, Candidates, CompanyRecord, MatchKey, PersonRecord, Records};
use crate::domain::crm_id::CrmId;
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::routing::decision::{AccountTrace, KeyOwner, MatchTrace, OtherAccount};
use crate::routing::snapshot::Snapshot;
use crate::rules::RuleSet;
use crate::rules::model::row::NamedAccount;
use judged::{Judged, exact, judge, order, step};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A record whose name is at least so like the lead's is worth telling in the trace, though it does not fit.
const NEAR: u16 = 700;
/// Records that a snapshot keeps of each kind.
const KEPT: usize = 20;

/// The account of a lead, with what is told of it.
pub(crate) struct Matched {
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
