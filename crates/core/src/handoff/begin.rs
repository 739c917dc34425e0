//! From a decision to a handoff that has not begun, and what stands next for a lead at any moment.

use super::state::{HANDOFF_VERSION, Handoff, Leg, Settled, Stage, Terms};
use crate::domain::id::{HandoffId, LegId, RepId};
use crate::domain::lead::{Lead, LeadChannel};
use crate::domain::leg::LegState;
use crate::domain::outcome::{NextStep, NextStepKind, Outcome};
use crate::domain::rep::Busy;
use crate::routing::{Decision, Snapshot};
use crate::rules::RuleSet;
use crate::rules::model::set::Rung;
use crate::rules::words::zone;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::time::Duration;

impl Handoff {
    /// The handoff of a lead that has just been decided.
    pub fn begin(lead: &Lead, decision: &Decision, rules: &RuleSet) -> Self {
        let now = decision.decided_at;
        let plan = &decision.plan;
        let terms = &rules.handoff;
        // The caller has waited since then, however long it took to get here.
        let since = lead.qualified_at();
        let patience = rules.front_door.of(lead).map_or(terms.patience, |number| number.wait);
        let patience_until = later(since, patience);
        let live = decision.is_live(lead);
        Self {
            version: HANDOFF_VERSION,
            id: HandoffId::of(&lead.id),
            lead_id: lead.id.clone(),
            trace_context: None,
            stage: Stage::Offered,
            revision: 0,
            effects_planned: 0,
            live,
            in_chat: lead.channel == LeadChannel::Chat,
            missed: lead.is_at_front_door() && !lead.is_live(),
            reach_back: lead.reach_back(),
            owner: plan.owner.clone(),
            waits_in: plan.waits.then(|| plan.pool.clone()),
            turn_in: decision.turn.as_ref().map(|entry| entry.pool.clone()),
            let_lie: Vec::new(),
            closed: false,
            shadow: false,
            targets: plan.targets.clone(),
            next_target: 0,
            refused: Vec::new(),
            rungs: rungs(lead, live, &plan.rungs),
            legs: Vec::new(),
            calling: None,
            call_again: Vec::new(),
            steps_from: None,
            holds: Vec::new(),
            in_place_of: None,
            told_of: None,
            waits_from: None,
            announced_wait: None,
            callback_offered: false,
            patience_until,
            bridge_by: later(since, terms.bridge_within),
            caller_zone: lead.preference.timezone,
            busy: BTreeMap::new(),
            promised: BTreeMap::new(),
            caller: zone::whereabouts(lead),
            wanted_times: lead.preference.times.clone(),
            searches: 0,
            booking_attempts: 0,
            taken_slots: Vec::new(),
            change: None,
            meeting_moves: 0,
            moves_on_by: patience_until,
            terms: Terms {
                ring_timeout: terms.ring_timeout,
                accept_within: terms.accept_within,
                join_within: terms.join_within,
                ring_at_most: terms.ring_at_most,
                ring: terms.ring,
                comfort: terms.hold,
                announce_wait: terms.announce_wait,
                usual_wait: None,
                offer_callback: terms.offer_callback,
                introduce: terms.introduce,
                booking: terms.booking.of(&plan.tier),
                callback: terms.callback.clone(),
                needs_attention: terms.needs_attention.clone(),
            },
            decided_at: now,
            first_contact_at: None,
        }
    }

    /// With the calendars of whoever may owe the caller a call: it is promised for when they can make it.
    #[must_use]
    pub fn seeing(mut self, snapshot: &Snapshot, rules: &RuleSet) -> Self {
        let delegate = rules.reps.get(&self.owner).and_then(|rep| rep.delegate.as_ref());
        let busy = |rep: &RepId| {
            let taken = rules.calendars.taken(snapshot.busy(rep)?);
            (!taken.is_empty()).then(|| (rep.clone(), taken))
        };
        self.busy = [Some(&self.owner), delegate].into_iter().flatten().filter_map(busy).collect();
        self
    }

    /// Decided beside another system that goes on with the lead.
    #[must_use]
    pub fn in_shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }

    /// With how long it usually takes: a caller who is told of the wait is told that, where it is less than their patience.
    #[must_use]
    pub fn expecting(mut self, usual_wait: Option<Duration>) -> Self {
        self.terms.usual_wait = usual_wait.filter(|_| self.terms.announce_wait);
        self
    }

    /// As far as it was known when the lead was decided, or became theirs.
    pub(super) fn busy(&self, rep: &RepId) -> &[Busy] {
        self.busy.get(rep).map_or(&[], Vec::as_slice)
    }

    /// What happens next, who does it and when: every stage has an answer.
    pub fn next_step(&self) -> NextStep {
        let step = |what, owner: &RepId, at| NextStep { what, owner: owner.clone(), at };
        match self.stage.settled() {
            None => step(NextStepKind::Handoff, &self.owner, self.moves_on_by),
            Some(Settled::Callback(promise)) => {
                let what = if promise.by_mail { NextStepKind::Mail } else { NextStepKind::Callback };
                step(what, &promise.owner, promise.promised_at)
            }
            Some(Settled::Done(
                Outcome::Connected { at, .. }
                | Outcome::Called { at, .. }
                | Outcome::LeftToAgent { at }
                | Outcome::CalledOff { at }
                | Outcome::Shadow { at },
            )) => step(NextStepKind::FollowUp, &self.owner, *at),
            Some(Settled::Done(Outcome::Booked { booking })) => {
                step(NextStepKind::Meeting, &booking.slot.rep, booking.slot.from)
            }
            Some(Settled::NeedsAttention { owner, since }) => step(NextStepKind::NeedsAttention, owner, since),
        }
    }

    /// This leg is one whose phone should ring now.
    pub fn is_ringing(&self, leg: &LegId) -> bool {
        self.current_legs().any(|current| current.id == *leg && current.state == LegState::Ringing)
    }

    /// The leg on which this rep's phone rings, or is up and not accepted yet.
    pub fn rung_on(&self, rep: &RepId) -> Option<&Leg> {
        let is_asked = |leg: &Leg| matches!(leg.state, LegState::Ringing | LegState::Answered);
        self.current_legs().find(|leg| leg.rep == *rep && is_asked(leg))
    }

    /// The phones that the stage is about, in the order in which they were rung.
    pub fn current_legs(&self) -> impl Iterator<Item = &Leg> {
        let calling = self.calling.as_ref().filter(|_| !self.is_done());
        let named = move |leg: &&Leg| self.stage.legs().chain(calling).any(|current| *current == leg.id);
        self.legs.iter().filter(move |leg| named(leg) && !leg.state.is_given_up())
    }

    /// This leg of a lead is one that should be dialled now.
    pub fn is_dialling(&self, lead: &LegId) -> bool {
        let rings = |leg: &&Leg| leg.dialled.as_ref().is_some_and(|lead| lead.state == Some(LegState::Ringing));
        self.current_legs().filter(rings).any(|leg| lead.dialled_for().as_ref() == Some(&leg.id))
    }

    /// Whose phone a leg is.
    pub fn rep_on(&self, leg: &LegId) -> Option<&RepId> {
        self.legs.iter().find(|known| known.id == *leg).map(|known| &known.rep)
    }

    /// The handoff is done, and the rep of this leg was not told to have left since.
    pub fn is_talked_on(&self, leg: &LegId) -> bool {
        let is_joined = self.legs.iter().any(|known| known.id == *leg && known.state == LegState::Joined);
        let is_held = self.rep_on(leg).is_some_and(|rep| self.holds.iter().any(|hold| hold.rep == *rep));
        self.is_done() && is_joined && (is_held || self.calling.as_ref() == Some(leg))
    }

    /// Nothing more will come of the handoff by itself.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done { .. })
    }
}

/// A meeting is not booked over the head of somebody who hung up without asking for one.
fn rungs(lead: &Lead, live: bool, planned: &[Rung]) -> Vec<Rung> {
    let may_be_booked = live || lead.preference.wants_meeting();
    planned.iter().copied().filter(|rung| *rung != Rung::Booking || may_be_booked).collect()
}

/// `at` plus a span, at the end of time if it overflows.
pub(super) fn later(at: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(span).ok().and_then(|span| at.checked_add_signed(span)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
