//! Which leads of a batch are no new ones, since their call is a lead already: by the call, or by the caller's number.

use super::call::{call_key, is_call_key, is_same_call, is_same_caller, only, phone_key};
use super::parts::DeciderParts;
use crate::facts::LeadFacts;
use crate::store::{StoreError, Tx, with};
use baton_core::domain::id::LeadId;
use baton_core::domain::lead::Lead;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Assignment;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How far back leads of one number are looked at: an event may be late, but a number is not one caller for ever.
const NUMBERS_WITHIN: TimeDelta = TimeDelta::days(1);
/// By how much the clocks of two workers may differ, and more.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(10);

/// Facts for a batch of leads, in their order.
pub(super) async fn facts_for(
    parts: &DeciderParts,
    leads: Vec<Lead>,
    rules: &Arc<RuleSet>,
) -> Result<Vec<LeadFacts>, StoreError> {
    if rules.assignment != Assignment::Crm || leads.is_empty() {
        return Ok(parts.facts.gather(&leads, rules).await);
    }
    let leads = Arc::new(leads);
    let seconds = seconds_of(parts, Arc::clone(&leads), rules).await?;
    let firsts: Vec<Lead> = leads.iter().filter(|lead| !seconds.contains(&lead.id)).cloned().collect();
    let mut facts = parts.facts.gather(&firsts, rules).await.into_iter();
    let of = |lead: &Lead| {
        let asked = if seconds.contains(&lead.id) { None } else { facts.next() };
        let why = "it tells of a call that is a lead already";
        asked.unwrap_or_else(|| parts.facts.not_asked(lead, rules, why))
    };
    Ok(leads.iter().map(of).collect())
}

/// Which of these leads tell of a call that is a lead already, as far as it can be known before anything is held.
pub(super) async fn seconds_of(
    parts: &DeciderParts,
    leads: Arc<Vec<Lead>>,
    rules: &Arc<RuleSet>,
) -> Result<BTreeSet<LeadId>, StoreError> {
    let now = parts.clock.now();
    let so_far = with((leads, Arc::clone(rules)), move |tx, (leads, rules)| {
        Box::pin(async move { seconds_so_far(tx, &leads.iter().collect::<Vec<_>>(), rules, now).await })
    });
    parts.store.read("complete.so_far", so_far).await
}

/// The keys of the leads' calls, each with the lead that it was first seen with.
pub(super) fn wanted(leads: &[&Lead]) -> BTreeMap<String, LeadId> {
    let mut wanted = BTreeMap::new();
    for lead in leads {
        for key in keys(lead) {
            wanted.entry(key).or_insert_with(|| lead.id.clone());
        }
    }
    wanted
}

/// Which of these leads tell of a call that is a lead already, or of one before them in the list; `locked`: whose their calls
/// are, until the transaction ends. By their own id: the first one's.
pub(super) async fn seconds(
    tx: &mut Tx,
    leads: &[&Lead],
    locked: BTreeMap<String, LeadId>,
    rules: &RuleSet,
    now: DateTime<Utc>,
) -> Result<BTreeMap<LeadId, LeadId>, StoreError> {
    let mut calls = Calls::held(tx, leads, locked.clone(), numbers_since(leads, rules, now)).await?;
    let seconds = calls.sort_out(leads, rules);
    calls.holders.retain(|key, lead| locked.get(key) != Some(lead));
    tx.calls_give(&calls.holders).await?;
    Ok(seconds)
}

/// The same as far as it can be known before anything is held: a vendor that makes a record of every lead it is asked about is
/// not asked about these.
async fn seconds_so_far(
    tx: &mut Tx,
    leads: &[&Lead],
    rules: &RuleSet,
    now: DateTime<Utc>,
) -> Result<BTreeSet<LeadId>, StoreError> {
    let wanted: Vec<String> = leads.iter().flat_map(|lead| keys(lead)).collect();
    let held = tx.calls_read(&wanted).await?;
    let seconds = Calls::held(tx, leads, held, numbers_since(leads, rules, now)).await?.sort_out(leads, rules);
    Ok(seconds.into_keys().collect())
}

/// Since when a lead must have been decided to be the same caller as one of these: nobody is decided before they are qualified,
/// and whoever was qualified longer ago than the patience before them is somebody else.
fn numbers_since(leads: &[&Lead], rules: &RuleSet, now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now - NUMBERS_WITHIN;
    let qualified = leads.iter().map(|lead| lead.qualified_at()).min();
    let reach =
        TimeDelta::from_std(rules.handoff.patience).ok().and_then(|patience| patience.checked_add(&CLOCKS_DIFFER));
    let near = qualified.zip(reach).and_then(|(qualified, reach)| qualified.checked_sub_signed(reach));
    near.map_or(day, |near| near.max(day))
}

fn keys(lead: &Lead) -> impl Iterator<Item = String> {
    [call_key(lead), phone_key(lead)].into_iter().flatten()
}

/// The calls of a batch, and the leads that they may be.
struct Calls {
    /// Which lead a call is, by the call's key.
    holders: BTreeMap<String, LeadId>,
    known: BTreeMap<LeadId, Lead>,
    /// By their phone key.
    of_phone: BTreeMap<String, Vec<LeadId>>,
}

impl Calls {
    /// `keys` of the leads, with the lead under which each was first seen.
    async fn held(
        tx: &mut Tx,
        leads: &[&Lead],
        mut keys: BTreeMap<String, LeadId>,
        numbers_since: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        // What one of these holds it has only just got.
        let ours: BTreeSet<&LeadId> = leads.iter().map(|lead| &lead.id).collect();
        keys.retain(|_, lead| !ours.contains(lead));
        let of_known_number = |lead: &&Lead| phone_key(lead).is_some_and(|phone| keys.contains_key(&phone));
        let of_known_numbers: Vec<&Lead> = leads.iter().copied().filter(of_known_number).collect();
        keys.retain(|key, _| is_call_key(key));
        let ids: Vec<String> = keys.values().map(ToString::to_string).collect();
        let mut calls = Self { holders: keys, known: BTreeMap::new(), of_phone: BTreeMap::new() };
        if !ids.is_empty() {
            calls.know(tx.leads_by_id(&ids).await?);
        }
        if !of_known_numbers.is_empty() {
            calls.know(tx.leads_by_phone(&of_known_numbers, numbers_since).await?);
        }
        Ok(calls)
    }

    fn know(&mut self, leads: Vec<Lead>) {
        for lead in leads {
            if let Some(phone) = phone_key(&lead) {
                self.of_phone.entry(phone).or_default().push(lead.id.clone());
            }
            self.known.insert(lead.id.clone(), lead);
        }
    }

    /// Which leads are second ones, and of which first one each; who holds which key is brought up to date.
    fn sort_out(&mut self, leads: &[&Lead], rules: &RuleSet) -> BTreeMap<LeadId, LeadId> {
        let mut seconds = BTreeMap::new();
        for lead in leads {
            let first = self.first_of(lead, rules).map_or_else(|| lead.id.clone(), |first| first.id.clone());
            if first == lead.id && !lead.may_begin() {
                // Put aside: nothing can be the second of it.
                continue;
            }
            self.holders.extend(call_key(lead).map(|key| (key, first.clone())));
            if first == lead.id {
                self.know(vec![(*lead).clone()]);
            } else {
                seconds.insert(lead.id.clone(), first);
            }
        }
        seconds
    }

    /// The lead that this one's call is already.
    fn first_of(&self, lead: &Lead, rules: &RuleSet) -> Option<&Lead> {
        let holder = call_key(lead).and_then(|key| self.holders.get(&key));
        if let Some(first) = holder.and_then(|holder| self.known.get(holder)) {
            return is_same_call(first, lead).then_some(first);
        }
        let of_phone = self.of_phone.get(&phone_key(lead)?)?.iter().filter_map(|id| self.known.get(id));
        only(of_phone.filter(|known| is_same_caller(known, lead, rules.handoff.patience)))
    }
}
