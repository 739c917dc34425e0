//! One caller on the line: phones ring as the rules plan it, moved by the real [`crate::handoff::advance()`]; chance says what
//! reps do when theirs rings. Nothing fails, nobody is late, and the caller stays. Whom nobody takes is promised a call.

use super::Manner;
use super::owed::{Owed, Promised};
use crate::domain::effect::{Effect, Planned};
use crate::domain::id::{LegId, RepId};
use crate::domain::lead::{Lead, ReachBack};
use crate::domain::leg::LegState;
use crate::handoff::{Event, Handoff, Stage};
use crate::rehearsal::chance::Chance;
use crate::routing::Decision;
use crate::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// What came of it.
pub(super) struct Rang {
    /// Who took the call, and when.
    pub taken: Option<(RepId, DateTime<Utc>)>,
    /// Every phone that rang, how that ended, and when; of the one that took the call, when it did.
    pub phones: Vec<(RepId, LegState, DateTime<Utc>)>,
    /// Where nobody has taken it.
    pub promised: Option<Promised>,
}

/// A call under way.
pub(super) struct Ringing<'r> {
    rules: &'r RuleSet,
    manner: Manner,
    chance: &'r mut Chance,
    owed: &'r Owed,
    state: Handoff,
    /// What is to happen, in order; of what comes at one time, what was planned first.
    to_come: BTreeMap<(DateTime<Utc>, u32), Event>,
    planned: u32,
    /// What the last move asked for, and when it was.
    last: (Vec<Planned>, DateTime<Utc>),
    over: BTreeMap<LegId, DateTime<Utc>>,
}

impl<'r> Ringing<'r> {
    pub(super) fn of(
        lead: &Lead,
        decision: &Decision,
        rules: &'r RuleSet,
        manner: Manner,
        chance: &'r mut Chance,
        owed: &'r Owed,
    ) -> Self {
        let mut state = Handoff::begin(lead, decision, rules);
        // Decided at once, whenever the made-up lead is dated.
        state.patience_until = decision.decided_at + TimeDelta::from_std(rules.handoff.patience).unwrap_or_default();
        // Whoever is made up has a number.
        state.reach_back = ReachBack::Call;
        let to_come = BTreeMap::from([((decision.decided_at, 0), Event::Start)]);
        let last = (Vec::new(), decision.decided_at);
        Self { rules, manner, chance, owed, state, to_come, planned: 0, last, over: BTreeMap::new() }
    }

    /// Until somebody has the call, or nobody is rung any more.
    pub(super) fn play(mut self) -> Rang {
        while let Some(((at, _), event)) = self.to_come.pop_first() {
            self.happens(&event, at);
            match &self.state.stage {
                Stage::Offered | Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } => {}
                Stage::Bridged { leg, at } => {
                    let taken = self.state.rep_on(leg).map(|rep| (rep.clone(), *at));
                    return self.ended(taken);
                }
                // There are no calendars here.
                Stage::Searching { search } => {
                    let event = Event::SlotsUnknown { search: *search, why: "no calendar is played".to_owned() };
                    self.happens(&event, at);
                    break;
                }
                _ => break,
            }
        }
        self.ended(None)
    }

    fn ended(self, taken: Option<(RepId, DateTime<Utc>)>) -> Rang {
        let began = self.state.decided_at;
        let ended = |leg: &LegId| self.over.get(leg).copied().unwrap_or(began);
        let phones = self.state.legs.iter().map(|leg| (leg.rep.clone(), leg.state, ended(&leg.id))).collect();
        let (effects, at) = self.last;
        let is_promised = matches!(self.state.stage, Stage::Callback { .. });
        let promised = is_promised.then_some(Promised { state: self.state, effects, at });
        Rang { taken, phones, promised }
    }

    fn happens(&mut self, event: &Event, at: DateTime<Utc>) {
        let made = self.owed.advance(&mut self.state, event, self.rules, at);
        self.state = made.state;
        for planned in &made.effects {
            match &planned.effect {
                Effect::Ring { leg, .. } => self.rings(leg, at),
                Effect::Join { leg } => self.plan(at, Event::Joined { leg: leg.clone() }),
                Effect::Timer { timer } => self.plan(planned.run_at, Event::Timer { timer: timer.clone() }),
                _ => {}
            }
        }
        self.last = (made.effects, at);
        let over = self.state.legs.iter().filter(|leg| leg.state.is_given_up() || leg.state == LegState::Joined);
        for leg in over {
            self.over.entry(leg.id.clone()).or_insert(at);
        }
    }

    /// Whoever picks up has done so while it rings, and then listens for a while. Of who does not, our clock tells.
    fn rings(&mut self, leg: &LegId, at: DateTime<Utc>) {
        let terms = &self.state.terms;
        let seconds = |span: std::time::Duration| u32::try_from(span.as_secs()).unwrap_or(u32::MAX);
        let (by, listens) = (seconds(terms.ring_timeout) / 2, seconds(terms.accept_within));
        let (draw, took) = (self.chance.between(0, 99), self.chance.between(2, by.saturating_add(listens).max(2)));
        let Manner { accept_percent, decline_percent, .. } = self.manner;
        if draw >= accept_percent + decline_percent {
            return;
        }
        let after = |seconds: u32| at + TimeDelta::seconds(i64::from(seconds));
        let leg = || leg.clone();
        self.plan(after(took.min(by)), Event::Answered { leg: leg() });
        self.plan(
            after(took),
            if draw < accept_percent {
                Event::Accepted { leg: leg() }
            } else {
                Event::Declined { leg: leg(), why: None }
            },
        );
    }

    fn plan(&mut self, at: DateTime<Utc>, event: Event) {
        self.planned += 1;
        self.to_come.insert((at, self.planned), event);
    }
}
