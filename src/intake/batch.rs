//! Commit 2: a batch of parsed messages, decided under one lock, stored in one transaction.

use super::ahead::{By, Place, Standing};
use super::answer::{Answer, Instructed};
use super::complete::{Second, seconds};
use super::decider::Decider;
use super::event::Message;
use crate::domain::effect::{Effect, Planned};
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::domain::rep::Busy;
use crate::facts::LeadFacts;
use crate::handoff::{Event, Handoff, Transition, advance};
use crate::outbox::{Matter, Pace, instruct};
use crate::release::Release;
use crate::render::briefing::completeness_permille;
use crate::render::caller::CallerContext;
use crate::routing::ledger::{Entry, Ledger};
use crate::routing::snapshot::{Knowledge, Load};
use crate::routing::{Decision, Snapshot, as_it_counts, decide};
use crate::rules::RuleSet;
use crate::store::{
    DecidedLead, InboxRow, Mover, NewStep, RepState, StepRow, StoreError, TimelineEntry, Tx, local_day, new_steps,
};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
pub(super) struct Batch {
    pub leads: Vec<(InboxRow, Lead)>,
    pub others: Vec<(InboxRow, Message)>,
}

impl Batch {
    pub fn len(&self) -> usize {
        self.leads.len() + self.others.len()
    }

    pub fn rows(&self) -> impl Iterator<Item = &InboxRow> {
        self.leads.iter().map(|(row, _)| row).chain(self.others.iter().map(|(row, _)| row))
    }

    /// The leads, and everything else.
    pub fn apart(self) -> (Self, Self) {
        (Self { leads: self.leads, others: Vec::new() }, Self { leads: Vec::new(), others: self.others })
    }

    pub fn singles(&self) -> impl Iterator<Item = Self> {
        let leads = self.leads.iter().map(|lead| Self { leads: vec![lead.clone()], others: Vec::new() });
        leads.chain(self.others.iter().map(|other| Self { leads: Vec::new(), others: vec![other.clone()] }))
    }
}

/// What a committed batch leaves to be done.
#[derive(Default)]
struct Committed {
    /// By inbox key.
    answers: Vec<(String, Answer)>,
    /// First steps of leads, with what they are about.
    begun: Vec<(Vec<StepRow>, Arc<Matter>)>,
    /// Steps that other messages led to.
    steps: Vec<StepRow>,
    /// Of calls that are leads already.
    seconds: Vec<Second>,
    /// To be told that the batch is committed.
    place: Option<Place>,
}

impl Decider {
    /// Decides and stores a whole batch, then answers and sets its first steps going. While many leads wait it does not wait
    /// for the one before it to be stored.
    pub(super) async fn commit(self: &Arc<Self>, batch: &Arc<Batch>, pace: Pace) -> Result<(), StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let now = self.parts.clock.now();
        let counts = |lead| as_it_counts(lead, now, &release.rules).0.into_owned();
        let leads: Vec<Lead> = batch.leads.iter().map(|(_, lead)| counts(lead)).collect();
        let facts = if leads.is_empty() { Vec::new() } else { self.facts_for(leads, &release.rules).await? };
        let (decider, work, facts) = (Arc::clone(self), Arc::clone(batch), Arc::new(facts));
        let tried = AtomicBool::new(false);
        let committed = self.parts.store.write("decide", move |tx| {
            let (decider, work) = (Arc::clone(&decider), Arc::clone(&work));
            let (facts, release) = (Arc::clone(&facts), Arc::clone(&release));
            let by = match (pace, tried.swap(true, Ordering::Relaxed)) {
                (Pace::Surge | Pace::Rush, false) => By::Ahead,
                (Pace::Surge | Pace::Rush, true) => By::Anew,
                (Pace::Calm, _) => By::Lock,
            };
            Box::pin(async move { decider.decide_in(tx, &work, &facts, &release, by).await })
        });
        let mut committed = committed.await?;
        if let Some(place) = committed.place.take() {
            place.committed();
        }
        fail::fail_point!("after_decision_commit");
        for (steps, matter) in committed.begun {
            self.parts.outbox.run_now(steps, Some(matter));
        }
        self.parts.outbox.run_now(committed.steps, None);
        if batch.others.iter().any(|(_, message)| matches!(message, Message::Presence { .. } | Message::Outcome { .. }))
        {
            self.back.notify_one();
        }
        let rows: BTreeMap<&str, &InboxRow> = batch.rows().map(|row| (row.key.as_str(), row)).collect();
        for (key, answer) in &committed.answers {
            if let Some(row) = rows.get(key.as_str()) {
                self.deliver(row, answer);
            }
        }
        self.complete_all(committed.seconds).await;
        Ok(())
    }

    async fn decide_in(
        &self,
        tx: &mut Tx,
        batch: &Batch,
        facts: &[LeadFacts],
        release: &Release,
        by: By,
    ) -> Result<Committed, StoreError> {
        let rules = &release.rules;
        let mover = self.mover();
        let keys: Vec<String> = batch.rows().map(|row| row.key.clone()).collect();
        // Before the messages are locked: whoever is behind in the line must not hold what one before it waits for.
        let mut end = self.line.end(by).await;
        let mut open = tx.inbox_lock(&keys).await?;
        let mut done = Committed::default();
        let mut finished = Vec::new();
        if batch.leads.iter().any(|(row, _)| open.contains(&row.key)) {
            let leads: Vec<&Lead> =
                batch.leads.iter().filter(|(row, _)| open.contains(&row.key)).map(|(_, lead)| lead).collect();
            let seconds = seconds(tx, &leads, rules, mover.now).await?;
            let assumed = end.as_mut().and_then(|end| end.assume());
            let standing = match &assumed {
                Some(assumed) => assumed.standing.clone(),
                None => Standing::locked(tx, rules).await?,
            };
            let mut table = Table::of(standing);
            let mut decided = Vec::new();
            for ((row, lead), facts) in batch.leads.iter().zip(facts) {
                // Twice in one batch is once.
                if !open.remove(&row.key) {
                    continue;
                }
                if let Some(first) = seconds.get(&lead.id) {
                    done.seconds.push(Second { row: row.clone(), lead: lead.clone(), first: first.clone() });
                    continue;
                }
                fail::fail_point!(&format!("while_deciding {}", row.key));
                let (one, answer) = self.decide_one(&mut table, row, lead, facts, release, &mover)?;
                finished.push((row.key.clone(), text(&answer)?, Some(lead.id.clone())));
                done.answers.push((row.key.clone(), answer));
                decided.push(one);
            }
            done.place = end.take().map(|mut end| end.leave(table.standing.clone()));
            tx.decided_insert(&decided).await?;
            if let Some(assumed) = assumed {
                assumed.came_true(&self.line, tx, rules, &table.touched).await?;
            }
            tx.ledgers_save(&table.entries, &table.changed_ledgers(), "decision", mover.now).await?;
            tx.reps_save(&table.changed_reps()).await?;
            done.begun.extend(decided.into_iter().map(|one| {
                let steps = one.steps.iter().filter_map(NewStep::in_hand).collect();
                (steps, Arc::new(Matter::of(one, release)))
            }));
        }
        drop(end);
        for (row, message) in &batch.others {
            if !open.remove(&row.key) {
                continue;
            }
            fail::fail_point!(&format!("while_deciding {}", row.key));
            let applied = self.apply(tx, message, rules, &mover).await?;
            done.steps.extend(applied.steps);
            let answer = Answer::Taken { event: row.key.clone(), ignored: applied.ignored };
            finished.push((row.key.clone(), text(&answer)?, None));
            done.answers.push((row.key.clone(), answer));
        }
        tx.inbox_finish(&finished).await?;
        Ok(done)
    }

    fn decide_one(
        &self,
        table: &mut Table,
        row: &InboxRow,
        lead: &Lead,
        facts: &LeadFacts,
        release: &Release,
        mover: &Mover,
    ) -> Result<(DecidedLead, Answer), StoreError> {
        let rules = &release.rules;
        let snapshot = table.snapshot(facts, rules, mover.now);
        let decision = decide(lead, &snapshot, rules);
        table.book(lead, &decision, rules, mover.now);
        let begun = Handoff::begin(lead, &decision, rules).seeing(&snapshot, rules);
        let Transition { state, effects, .. } = advance(&begun, &Event::Start, rules, mover.now);
        table.reserve(&state);
        let instruction = self.first_instruction(&effects, &state, release);
        let owner_name = rules.reps.get(&decision.plan.owner).map_or("", |rep| rep.name.as_str());
        let answer = Answer::decided(&row.key, lead, &decision, &state, owner_name, instruction);
        let told = TimelineEntry {
            lead_id: lead.id.clone(),
            at: mover.now,
            kind: "decided".to_owned(),
            body: json!({
                "owner": decision.plan.owner,
                "reason": decision.plan.reason,
                "stage": state.stage,
                "degraded": decision.degraded,
                "effects": effects.iter().map(|planned| planned.effect.kind()).collect::<Vec<_>>(),
            }),
        };
        let completeness_permille = completeness_permille(lead, &decision.plan.tier, rules);
        let steps = new_steps(effects, &state.id, mover);
        let timeline = vec![told];
        let decided = DecidedLead {
            lead: lead.clone(),
            decision,
            snapshot,
            handoff: state,
            steps,
            timeline,
            completeness_permille,
        };
        tracing::info!(
            lead.id = %decided.lead.id, decision.id = %decided.decision.id, rep.id = %decided.decision.plan.owner,
            pool.id = %decided.decision.plan.pool, degraded = decided.decision.degraded.len(), "decided"
        );
        Ok((decided, answer))
    }

    /// The words for the caller that go back with the answer; the same command follows under the same id.
    fn first_instruction(&self, effects: &[Planned], state: &Handoff, release: &Release) -> Option<Instructed> {
        if !state.live {
            return None;
        }
        let planned = effects.iter().find_map(|planned| match &planned.effect {
            Effect::Instruct { instruction } => Some((planned.key.clone(), instruction)),
            _ => None,
        });
        let (id, instruction) = planned?;
        let (reps, company) = (&release.rules.reps, release.rules.handoff.company.as_deref());
        let context = CallerContext { reps, company, caller: state.whereabouts(), now: self.parts.clock.now() };
        Some(Instructed { id, spoken: instruct::spoken(&release.templates, instruction, &context) })
    }

    pub(super) fn mover(&self) -> Mover {
        Mover { worker: self.parts.worker.clone(), lease: self.parts.lease, now: self.parts.clock.now() }
    }
}

pub(super) fn text(answer: &Answer) -> Result<String, StoreError> {
    serde_json::to_string(answer).map_err(|error| StoreError::Unstorable { why: error.to_string() })
}

/// Ledgers and reps as they stand while a batch is decided: each decision sees what the one before it took.
#[derive(Default)]
pub(super) struct Table {
    pub standing: Standing,
    pub entries: Vec<(Entry, crate::domain::id::LeadId)>,
    touched: BTreeSet<RepId>,
}

impl Table {
    pub fn of(standing: Standing) -> Self {
        Self { standing, ..Self::default() }
    }

    /// What is known for one lead.
    pub fn snapshot(&self, facts: &LeadFacts, rules: &RuleSet, now: DateTime<Utc>) -> Snapshot {
        let known = AtTable { table: self, facts, rules, now };
        let of_lead = Snapshot::of_lead(now, facts.account.clone(), facts.assigned.clone());
        Snapshot { lacks: facts.lacks.clone(), ..of_lead }.about(&facts.considered, &known, rules)
    }

    /// The turn and the load that a decision costs.
    pub fn book(&mut self, lead: &Lead, decision: &Decision, rules: &RuleSet, now: DateTime<Utc>) {
        if let Some(entry) = &decision.turn {
            let ledgers = &mut self.standing.ledgers;
            let ledger = ledgers.entry(entry.pool.clone()).or_insert_with(|| Ledger::empty(entry.pool.clone()));
            ledger.apply(entry);
            self.entries.push((entry.clone(), lead.id.clone()));
        }
        // Who answers for a lead that waits does not have it: it must not fill the cap that it waits for.
        if !decision.plan.waits {
            let owner = &decision.plan.owner;
            self.rep(owner).take(local_day(rules, owner, now));
        }
    }

    /// The phone that rings first is ours. Nobody else can have it: every reservation is in this table, under its lock.
    fn reserve(&mut self, state: &Handoff) {
        if let Some(hold) = &state.holds {
            self.rep(&hold.rep).reserved = Some((state.id.clone(), hold.until));
        }
    }

    fn rep(&mut self, rep: &RepId) -> &mut RepState {
        self.touched.insert(rep.clone());
        self.standing.reps.entry(rep.clone()).or_insert_with(|| RepState::new(rep.clone()))
    }

    fn changed_reps(&self) -> Vec<RepState> {
        self.touched.iter().filter_map(|rep| self.standing.reps.get(rep).cloned()).collect()
    }

    pub fn changed_ledgers(&self) -> Vec<Ledger> {
        let pools: BTreeSet<&PoolId> = self.entries.iter().map(|(entry, _)| &entry.pool).collect();
        pools.into_iter().filter_map(|pool| self.standing.ledgers.get(pool).cloned()).collect()
    }
}

/// The table, beside what was gathered for one lead.
struct AtTable<'a> {
    table: &'a Table,
    facts: &'a LeadFacts,
    rules: &'a RuleSet,
    now: DateTime<Utc>,
}

impl Knowledge for AtTable<'_> {
    fn load(&self, rep: &RepId) -> Load {
        let Some(state) = self.table.standing.reps.get(rep) else { return Load::NONE };
        let today = local_day(self.rules, rep, self.now);
        Load {
            presence: state.presence,
            reserved_until: state.reserved.as_ref().map(|(_, until)| *until),
            taken_today: state.taken_on(today),
            taken_this_week: state.taken_in_week_of(today),
            open: state.open_leads,
        }
    }

    fn calendar(&self, rep: &RepId) -> Option<&Fact<Vec<Busy>>> {
        self.facts.calendars.get(rep)
    }

    fn ledgers(&self) -> &BTreeMap<PoolId, Ledger> {
        &self.table.standing.ledgers
    }
}

#[cfg(test)]
mod tests;
