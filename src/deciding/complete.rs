//! The second event of a call that was decided already: what it brings is added to the lead, and it gets the lead's answer.
//!
//! A transaction of its own: a lead locks ledgers, then reps, a move its handoff before them. If the process dies between the
//! decision of the first event and this, the second one lies in the inbox, and whoever finds it ends up here.

use super::ahead::Standing;
use super::answer::{Answer, Decided, Instructed};
use super::aside::{Setbacks, caught};
use super::call::{call_key, complete, is_call_key, is_same_call, is_same_caller, only, phone_key};
use super::delivery::Delivery;
use super::parts::DeciderParts;
use super::table::StandingTable;
use crate::facts::LeadFacts;
use crate::outbox::instruct;
use crate::release::Release;
use crate::render::briefing::completeness_permille;
use crate::render::caller::CallerContext;
use crate::store::{InboxRow, Mover, StepRow, StoreError, Tx};
use baton_core::domain::effect::Effect;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::lead::Lead;
use baton_core::handoff::{Completed, Event, Handoff, OnTheLine, Stage};
use baton_core::routing::{Decision, decide};
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Assignment;
use baton_core::rules::words::zone::whereabouts;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How far back leads of one number are looked at: an event may be late, but a number is not one caller for ever.
const NUMBERS_WITHIN: TimeDelta = TimeDelta::days(1);
/// By how much the clocks of two workers may differ, and more.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(10);

/// A lead of a batch that is no new one, and the lead that it completes.
#[derive(Debug, Clone)]
pub(super) struct Second {
    pub row: InboxRow,
    pub lead: Lead,
    pub first: LeadId,
}

/// Which of these leads tell of a call that is a lead already, or of one before them in the list; held until the transaction
/// ends. By their own id: the first one's.
pub(super) async fn seconds(
    tx: &mut Tx,
    leads: &[&Lead],
    rules: &RuleSet,
    now: DateTime<Utc>,
) -> Result<BTreeMap<LeadId, LeadId>, StoreError> {
    let mut wanted = BTreeMap::new();
    for lead in leads {
        for key in keys(lead) {
            wanted.entry(key).or_insert_with(|| lead.id.clone());
        }
    }
    let locked = tx.calls_lock(&wanted).await?;
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

/// What a second event does, as far as it can be said before the lead is held.
struct Plan {
    second: Second,
    /// Facts for the lead as it will be, if the caller turns out to be on the line.
    facts: Option<LeadFacts>,
    release: Arc<Release>,
    mover: Mover,
}

/// Facts for a batch of leads, in their order.
pub(super) async fn facts_for(
    parts: &DeciderParts,
    leads: Vec<Lead>,
    rules: &Arc<RuleSet>,
) -> Result<Vec<LeadFacts>, StoreError> {
    if rules.assignment != Assignment::Crm || leads.is_empty() {
        return Ok(parts.facts.gather(&leads, rules).await);
    }
    let (leads, now) = (Arc::new(leads), parts.clock.now());
    let (asked, known_rules) = (Arc::clone(&leads), Arc::clone(rules));
    let seconds = parts.store.read("complete.so_far", move |tx| {
        let (leads, rules) = (Arc::clone(&asked), Arc::clone(&known_rules));
        Box::pin(async move { seconds_so_far(tx, &leads.iter().collect::<Vec<_>>(), &rules, now).await })
    });
    let seconds = seconds.await?;
    let firsts: Vec<Lead> = leads.iter().filter(|lead| !seconds.contains(&lead.id)).cloned().collect();
    let mut facts = parts.facts.gather(&firsts, rules).await.into_iter();
    let of = |lead: &Lead| {
        let asked = if seconds.contains(&lead.id) { None } else { facts.next() };
        let why = "it tells of a call that is a lead already";
        asked.unwrap_or_else(|| parts.facts.not_asked(lead, rules, why))
    };
    Ok(leads.iter().map(of).collect())
}

/// Adds what second events brought; one that cannot be added now waits in the inbox, as any message does.
pub(super) async fn complete_all(parts: &DeciderParts, delivery: &Delivery, setbacks: &Setbacks, seconds: Vec<Second>) {
    for second in seconds {
        let row = second.row.clone();
        let mut done = caught(complete_first(parts, second.clone())).await;
        if done.as_ref().is_err_and(|error| !error.is_transient()) {
            done = caught(complete_first(parts, second)).await;
        }
        match done {
            Ok(Some((steps, answer))) => {
                parts.outbox.run_now(steps, None);
                delivery.deliver(&row, &answer);
            }
            Ok(None) => {}
            Err(error) => setbacks.failed_twice(&row, &error).await,
        }
    }
}

/// `None`: another worker was sooner.
async fn complete_first(parts: &DeciderParts, second: Second) -> Result<Option<(Vec<StepRow>, Answer)>, StoreError> {
    let release = Arc::clone(&parts.release.borrow());
    let first = second.first.clone();
    let found = parts.store.read("complete.first", move |tx| {
        let first = first.clone();
        Box::pin(async move { Ok((tx.lead(&first).await?, tx.handoff(&HandoffId::of(&first)).await?)) })
    });
    let (Some(record), handoff) = found.await? else {
        return Err(StoreError::NotFound { what: "lead", id: second.first.to_string() });
    };
    let facts = if comes_on_the_line(&handoff, &record.lead, &second.lead) {
        let (lead, _) = complete(&record.lead, &second.lead);
        parts.facts.gather(&[lead], &release.rules).await.pop()
    } else {
        None
    };
    let plan = Arc::new(Plan { second, facts, release, mover: parts.mover() });
    let completed = parts.store.write("complete", move |tx| {
        let plan = Arc::clone(&plan);
        Box::pin(async move { plan.carry_out(tx).await })
    });
    completed.await
}

/// The first event did not say that somebody waits, and the second one, which is not the older of the two, does.
fn comes_on_the_line(handoff: &Handoff, first: &Lead, second: &Lead) -> bool {
    let over = matches!(handoff.stage, Stage::Done { .. });
    !handoff.live && !over && !first.is_live() && second.is_live() && second.qualified_at() >= first.qualified_at()
}

impl Plan {
    async fn carry_out(&self, tx: &mut Tx) -> Result<Option<(Vec<StepRow>, Answer)>, StoreError> {
        let Second { row, lead: second, first } = &self.second;
        if tx.inbox_lock(std::slice::from_ref(&row.key)).await?.is_empty() {
            return Ok(None);
        }
        let rules = &self.release.rules;
        let before = tx.handoff_lock(&HandoffId::of(first)).await?;
        let gone = || StoreError::NotFound { what: "lead", id: first.to_string() };
        let record = tx.lead(first).await?.ok_or_else(gone)?;
        let decision = tx.decision(first).await?.ok_or_else(gone)?;
        let (lead, added) = complete(&record.lead, second);
        if lead != record.lead {
            tx.lead_complete(&lead, completeness_permille(&lead, &decision.plan.tier, rules)).await?;
        }
        let on_the_line = self.on_the_line(tx, &before, &record.lead, &lead).await?;
        let rings_anew = on_the_line.is_some();
        let (zone, times) = (lead.preference.timezone, lead.preference.times.clone());
        let caller = Some(Box::new(whereabouts(&lead))).filter(|caller| **caller != before.caller);
        let more = Completed { by: row.key.clone(), added: added.clone(), zone, caller, times, on_the_line };
        let event = Event::Completed(more);
        let moved = tx.transition(&before.id, &event, rules, &self.mover).await?;
        let mut decided = self.answer(tx, &record.lead, &decision, &before).await?;
        if rings_anew {
            let after = tx.handoff(&before.id).await?;
            decided.targets = after.targets.iter().map(|target| target.rep.clone()).collect();
            decided.rungs.clone_from(&after.rungs);
            decided.instruction = self.instruction(&moved.steps, &after);
            decided.next_step = after.next_step();
        }
        let answer = Answer::Decided(decided);
        tx.inbox_finish(&[(row.key.clone(), answer.text()?, Some(first.clone()))]).await?;
        tracing::info!(lead.id = %first, added = added.len(), rings_anew, "a second event of the same call was added to its lead");
        Ok(Some((moved.steps, answer)))
    }

    /// Whom to ring for the caller. The lead keeps its owner and costs no second turn.
    async fn on_the_line(
        &self,
        tx: &mut Tx,
        handoff: &Handoff,
        first: &Lead,
        lead: &Lead,
    ) -> Result<Option<OnTheLine>, StoreError> {
        let second = &self.second.lead;
        let Some(facts) = self.facts.as_ref().filter(|_| comes_on_the_line(handoff, first, second)) else {
            return Ok(None);
        };
        let rules = &self.release.rules;
        let (occurred_at, received_at) = (second.occurred_at, second.received_at);
        let lead = Lead { occurred_at, received_at, ..lead.clone() };
        let table = StandingTable::of(Standing::locked(tx, rules).await?);
        let decision = decide(&lead, &table.snapshot(facts, rules, self.mover.now), rules);
        let begun = Handoff::begin(&lead, &decision, rules);
        if !begun.live {
            return Ok(None);
        }
        Ok(Some(OnTheLine { since: second.qualified_at(), targets: begun.targets, rungs: begun.rungs }))
    }

    /// What the first event was answered, under the name of the second.
    async fn answer(
        &self,
        tx: &mut Tx,
        first: &Lead,
        decision: &Decision,
        handoff: &Handoff,
    ) -> Result<Box<Decided>, StoreError> {
        let stored = tx.inbox_answer(&format!("{} {}", first.source, first.event_id)).await?;
        let event = &self.second.row.key;
        if let Some(Ok(Answer::Decided(mut decided))) = stored.map(|text| serde_json::from_str(&text)) {
            decided.event.clone_from(event);
            return Ok(decided);
        }
        let owner_name = self.release.rules.reps.get(&decision.plan.owner).map_or("", |rep| rep.name.as_str());
        Ok(Box::new(Decided::of(event, first, decision, handoff, owner_name, None)))
    }

    fn instruction(&self, steps: &[StepRow], handoff: &Handoff) -> Option<Instructed> {
        let (id, instruction) = steps.iter().find_map(|step| match &step.effect {
            Effect::Instruct { instruction } => Some((step.effect_key.clone(), instruction)),
            _ => None,
        })?;
        let rules = &self.release.rules;
        let (company, caller) = (rules.handoff.company.as_deref(), handoff.whereabouts());
        let context = CallerContext { reps: &rules.reps, company, caller, now: self.mover.now };
        Some(Instructed { id, spoken: instruct::spoken(&self.release.templates, instruction, &context) })
    }
}
