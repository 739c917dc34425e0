//! What else is heard of a lead, within the call or days after it: events of the same call, other hands, its outcome.

use super::{Ends, Happening, World, people};
use crate::durability::simulation::checks::{Check, ensure};
use baton_core::domain::id::RepId;
use baton_core::handoff::state::{Closing, NewOwner};
use baton_core::handoff::{Completed, Event, Handoff, OnTheLine};
use baton_core::rules::words::zone::whereabouts;

impl World<'_> {
    /// What else will be heard of the lead, within the call or days after it.
    pub(super) fn plans_for(&mut self, life: usize) {
        let (day, weeks) = (86_400, 21 * 86_400);
        let plans = [(35, 300, 0), (8, day, 1), (8, 120, 1), (10, weeks, 2)];
        for (percent, within_s, kind) in plans {
            if self.chance.percent(percent) {
                let at = self.at + self.chance.seconds(0, within_s);
                let closing = *self.chance.pick(&[Closing::Won, Closing::Lost, Closing::Age]);
                let happening = match kind {
                    0 => Happening::Again,
                    1 => Happening::ChangesHands,
                    _ => Happening::Closes(closing),
                };
                self.plan(life, at, happening);
            }
        }
    }

    /// As `intake` does it: what the lead lacked is added, and a caller of whom the first event did not say so is rung for.
    pub(super) fn is_told_of_again(&mut self, life: usize, ends: &mut Ends) -> Check {
        let known = self.lives[life].lead.clone().zip(self.lives[life].handoff.clone());
        let (first, handoff) = known.ok_or("a second event came before the first")?;
        let mut second = people::lead(&mut self.chance, self.rules, life, self.seed, self.now);
        second.id = first.id.clone();
        let waits = second.is_live() && !first.is_live() && !handoff.live && !handoff.is_done();
        let on_the_line = if waits {
            let snapshot = self.snapshot(&second);
            let decision = self.decide(life, &second, &snapshot)?;
            let begun = Handoff::begin(&second, &decision, self.rules);
            let since = second.qualified_at();
            begun.live.then_some(OnTheLine { since, targets: begun.targets, rungs: begun.rungs })
        } else {
            None
        };
        let anew = on_the_line.is_some();
        let added = if self.chance.percent(70) { vec!["qualification.summary".to_owned()] } else { Vec::new() };
        let (zone, times) = (second.preference.timezone, second.preference.times.clone());
        let by = format!("{} {}", second.source, second.event_id);
        let caller = Some(Box::new(whereabouts(&second))).filter(|caller| **caller != handoff.caller);
        let more = Completed { by, added, zone, caller, times, on_the_line, ..Completed::default() };
        self.happens(life, &Event::Completed(more), ends)?;
        ends.told_twice += 1;
        let after = self.lives[life].handoff.as_ref().ok_or("the lead is gone")?;
        ensure(after.owner == handoff.owner && after.turn_in == handoff.turn_in, || {
            "a second event is no second turn".to_owned()
        })?;
        ends.rung_anew += usize::from(anew && !after.legs.is_empty() && handoff.legs.is_empty());
        if anew {
            let at = self.at + self.chance.seconds(1, 600);
            self.wire(life, at, Event::CallerLeft);
        }
        Ok(())
    }

    pub(super) fn changes_hands(&mut self, life: usize, ends: &mut Ends) -> Check {
        let reps: Vec<RepId> = self.rules.reps.keys().cloned().collect();
        let rep = self.chance.pick(&reps).clone();
        let before = self.lives[life].handoff.clone().ok_or("a lead changes hands before it is decided")?;
        let to = NewOwner::new(rep.clone(), "made up");
        let event =
            if before.is_waiting() && self.chance.percent(50) { Event::Found(to) } else { Event::Reassigned(to) };
        self.happens(life, &event, ends)?;
        let after = self.lives[life].handoff.as_ref().ok_or("the lead is gone")?;
        if after.revision > before.revision {
            ends.changed_hands += 1;
            ensure(after.owner == rep, || format!("given to {rep}, and {} has it", after.owner))?;
            ensure(!after.is_waiting(), || "it has an owner and waits".to_owned())?;
        }
        Ok(())
    }

    pub(super) fn closes(&mut self, life: usize, why: Closing, ends: &mut Ends) -> Check {
        self.happens(life, &Event::Closed { why }, ends)?;
        let after = self.lives[life].handoff.as_ref().ok_or("the lead is gone")?;
        let told = matches!(why, Closing::Won | Closing::Lost);
        ensure(!told || !after.is_open(), || format!("{why:?}, and it still counts as open"))?;
        ends.closed += usize::from(after.closed);
        Ok(())
    }
}
