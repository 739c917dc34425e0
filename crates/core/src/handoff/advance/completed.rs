//! A second event of the same call: what it brought reaches whoever works on the lead, and a caller of whom the first event did
//! not say so is rung for after all.

use super::super::begin::later;
use super::super::promise::{is_here, is_lawful};
use super::super::state::{Completed, OnTheLine, Stage};
use super::callback::owed;
use super::{CARD_WHILE_RINGING, Move, NOTIFY_WITHIN, RECORD_WITHIN, Used};
use crate::domain::effect::{BriefWhy, Channel, CrmNote, Effect};
use crate::domain::id::RepId;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::Promise;
use crate::domain::whereabouts::Whereabouts;
use crate::rules::model::set::Rung;
use std::collections::BTreeSet;

impl Move<'_> {
    pub(super) fn completed(&mut self, more: &Completed) -> Used {
        let mut used = Used::No;
        if self.next.caller_zone.is_none() && more.zone.is_some() {
            self.next.caller_zone = more.zone;
        }
        if let Some(caller) = &more.caller {
            self.next.caller = Whereabouts::clone(caller);
        }
        let before = self.next.reach_back;
        self.next.reach_back = more.reach_back.unwrap_or(before);
        if !more.added.is_empty() {
            self.tell_what_came(before, more.refusals_changed);
            used = Used::Yes;
        }
        let new = more.times.iter().filter(|time| !self.next.wanted_times.contains(time));
        let new: Vec<_> = new.copied().collect();
        self.next.wanted_times.extend(new);
        match &more.on_the_line {
            Some(line) => self.on_the_line(line),
            None => used,
        }
    }

    /// The CRM's record, and what the rep has before their eyes. What was promised before is promised anew where it does not
    /// hold any more. `before`: how the person could be reached until now.
    fn tell_what_came(&mut self, before: ReachBack, refusals_changed: bool) {
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note: CrmNote::Routed }, RECORD_WITHIN);
        match &self.next.stage {
            Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } | Stage::Bridged { .. } => {
                let legs = self.next.legs.iter().filter(|leg| self.is_current(&leg.id));
                let cards: Vec<_> = legs.map(|leg| (leg.card.clone(), leg.rep.clone())).collect();
                for (card, rep) in cards {
                    self.plan(Effect::UpdateCard { card, rep }, CARD_WHILE_RINGING);
                }
            }
            Stage::Callback { promise } if !self.holds_still(promise) => self.promise_anew(promise.raised),
            Stage::Callback { promise } => {
                let (rep, why) = (promise.owner.clone(), owed(promise.by_mail));
                self.plan(Effect::Brief { rep, channel: Channel::Chat, why }, NOTIFY_WITHIN);
            }
            // There was no way to reach them, and now there is.
            Stage::NeedsAttention { .. } if before == ReachBack::Nothing && self.next.reach_back != before => {
                self.promise_anew(false);
            }
            // Whoever is to look into it may be about to call somebody who has just refused it.
            Stage::NeedsAttention { owner, .. } if self.next.reach_back != before || refusals_changed => {
                let (rep, why) = (owner.clone(), BriefWhy::NeedsAttention);
                self.plan(Effect::Brief { rep, channel: Channel::Chat, why }, NOTIFY_WITHIN);
            }
            Stage::Done { .. } if refusals_changed => self.tell_of_refusals(),
            Stage::Offered
            | Stage::Searching { .. }
            | Stage::Offering { .. }
            | Stage::Booking { .. }
            | Stage::Done { .. }
            | Stage::NeedsAttention { .. } => {}
        }
    }

    /// To whoever is to meet the person, and to whoever has the lead.
    fn tell_of_refusals(&mut self) {
        let here = |rep: RepId| if is_here(&rep, self.rules) { rep } else { self.above(&rep) };
        let reps: BTreeSet<RepId> = self.owed_by().into_iter().chain([self.next.owner.clone()]).map(here).collect();
        for rep in reps {
            self.tell(&rep, BriefWhy::Refusals);
        }
    }

    /// It is what the person agrees to, and lies at a time that is right for where they are by what is known now.
    fn holds_still(&self, promise: &Promise) -> bool {
        match self.next.reach_back {
            ReachBack::Call => !promise.by_mail && is_lawful(promise, &self.next, self.rules),
            ReachBack::Mail => promise.by_mail,
            ReachBack::Nothing => false,
        }
    }

    /// A lead that was decided as if nobody waited: phones ring, unless somebody has spoken with the caller already.
    fn on_the_line(&mut self, line: &OnTheLine) -> Used {
        let waits = match &self.next.stage {
            Stage::Offered | Stage::Searching { .. } | Stage::Callback { .. } | Stage::NeedsAttention { .. } => true,
            Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Joining { .. }
            | Stage::Bridged { .. }
            | Stage::Offering { .. }
            | Stage::Booking { .. }
            | Stage::Done { .. } => false,
        };
        if self.next.live || !waits || !self.next.legs.is_empty() {
            return Used::Yes;
        }
        self.next.live = true;
        // What is said from now on is said on the line, and to nobody once that is gone.
        self.next.in_chat = false;
        self.next.rungs.clone_from(&line.rungs);
        self.next.targets.clone_from(&line.targets);
        self.next.next_target = 0;
        self.next.patience_until = later(line.since, self.rules.handoff.patience);
        self.next.bridge_by = later(line.since, self.rules.handoff.bridge_within);
        if self.next.rungs.first() == Some(&Rung::WarmTransfer) {
            // Whoever answers for it has it from now on, and whoever accepts gets it.
            self.next.waits_in = None;
            self.begin_to_ring();
        } else {
            self.leave_transfer();
        }
        Used::Yes
    }
}
