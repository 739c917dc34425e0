//! One move of a handoff, checked and stored, with its phones, turns and effects.

use super::super::checks::{Check, Move, always, ensure, round_trips};
use super::{DOUBLE_CHECKED, EVENTS_AT_MOST, Ends, World};
use baton_core::domain::id::RepId;
use baton_core::handoff::{Event, Handoff, Stage, Transition, advance};
use std::panic::{AssertUnwindSafe, catch_unwind};

impl World<'_> {
    /// One event to one handoff, as `store` does it: who is held by another lead is passed over.
    pub(super) fn happens(&mut self, life: usize, event: &Event, ends: &mut Ends) -> Check {
        let Some(before) = self.lives[life].handoff.clone() else { return Ok(()) };
        let mut from = before.clone();
        let made = loop {
            let made = self.advance(&from, event)?;
            let Some(rep) = self.not_to_be_had(&before, &made.state) else { break made };
            ensure(!from.refused.contains(&rep), || format!("{rep} is asked for again and again"))?;
            from.refused.push(rep);
            ends.passed_over += 1;
        };
        let said = serde_json::to_string(event).unwrap_or_default();
        let to = if made.ignored { "ignored".to_owned() } else { format!("{:?}", made.state.stage) };
        self.lives[life].history.push(format!("{} {said} -> {to}", self.now.format("%d %H:%M:%S%.3f")));
        ends.events += 1;
        ends.ignored += usize::from(made.ignored);
        let at_most = self.lives[life].history.len() <= EVENTS_AT_MOST;
        ensure(at_most, || "it goes on for ever".to_owned())?;
        always(&Move { before: &before, event, made: &made, rules: self.rules, now: self.now })?;
        self.store(life, &before, made)
    }

    fn advance(&self, from: &Handoff, event: &Event) -> Result<Transition, String> {
        let made = catch_unwind(AssertUnwindSafe(|| advance(from, event, self.rules, self.now)));
        made.map_err(|_| format!("advance panicked on {event:?} in {:?}", from.stage))
    }

    fn not_to_be_had(&self, before: &Handoff, after: &Handoff) -> Option<RepId> {
        let mut wanted = after.holds.iter().filter(|hold| !before.holds.contains(hold));
        let taken = wanted.find(|hold| {
            let held = self.held.get(&hold.rep);
            held.is_some_and(|(by, until)| *by != after.id && *until > self.now)
        })?;
        Some(taken.rep.clone())
    }

    fn store(&mut self, life: usize, before: &Handoff, made: Transition) -> Check {
        if made.ignored {
            return Ok(());
        }
        let read_back = life.is_multiple_of(DOUBLE_CHECKED);
        if read_back {
            round_trips(&made.state)?;
        }
        if before.holds != made.state.holds {
            for old in &before.holds {
                if self.held.get(&old.rep).is_some_and(|(by, _)| *by == before.id) {
                    self.held.remove(&old.rep);
                }
            }
            for new in &made.state.holds {
                self.held.insert(new.rep.clone(), (before.id.clone(), new.until));
            }
        }
        if let Some(turn) = &made.turn_moves {
            let ledger = self.ledgers.get_mut(&turn.pool).ok_or("a turn moves in a ledger that has none")?;
            let entry = ledger.moved(&turn.from, &turn.to, turn.cause, turn.reason.as_str());
            ledger.apply(&entry);
        }
        for planned in &made.effects {
            ensure(self.keys.insert(planned.key.clone()), || format!("the key {} was planned before", planned.key))?;
            if read_back {
                round_trips(planned)?;
            }
        }
        let effects = made.effects;
        self.lives[life].handoff = Some(made.state);
        for planned in effects {
            self.react(life, planned);
        }
        self.something_moves_it_on(life)
    }

    /// While the handoff is under way, some timer that the database holds will move it on, though nobody ever calls back.
    fn something_moves_it_on(&self, life: usize) -> Check {
        let Some(state) = &self.lives[life].handoff else { return Ok(()) };
        if matches!(state.stage, Stage::Done { .. } | Stage::NeedsAttention { .. }) {
            return Ok(());
        }
        let by = state.next_step().at.max(self.now);
        for timer in self.lives[life].timers.values().rev() {
            let event = Event::Timer { timer: timer.clone() };
            if !advance(state, &event, self.rules, by).ignored {
                return Ok(());
            }
        }
        Err(format!("no timer moves {:?} on by {by}", state.stage))
    }
}
