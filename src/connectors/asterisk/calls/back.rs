//! A rep who calls a lead back: no caller has come in, so that the call is the rep's own leg, and the lead's channel is named from it.

use super::ending::{HUNG_UP_BY_US, ending};
use super::names::{self, bridge_of};
use super::{Act, Calls, Deed, Leg, LegStage, hang_up, tell};
use crate::connectors::asterisk::ari::Reason;
use crate::connectors::asterisk::event::{Bridge, Channel};
use crate::connectors::{Carried, Happened, Told};
use baton_core::domain::id::LegId;

impl Calls {
    /// One whose rep is gone is let go.
    pub(super) fn lead_answered(&mut self, rep: LegId) -> Vec<Act> {
        if !self.legs.contains_key(&rep) {
            return vec![hang_up(rep.of_lead().to_string(), Reason::Normal)];
        }
        self.leads.entry(rep.clone()).or_insert(false);
        vec![of_lead(&rep, Happened::Answered), Act::Do(Deed::JoinLead { rep })]
    }

    pub(super) fn entered_back(&mut self, rep: LegId, channel: &str) -> Vec<Act> {
        if channel != rep.of_lead().as_str() || self.leads.insert(rep.clone(), true) == Some(true) {
            return Vec::new();
        }
        if let Some(leg) = self.legs.get_mut(&rep) {
            leg.stage = LegStage::Joined;
        }
        vec![of_lead(&rep, Happened::Joined), Act::Do(Deed::HearRep { leg: rep })]
    }

    /// What comes of it for the rep, who is asked or hung up, is for whoever had the lead dialled.
    pub(super) fn lead_ended(&mut self, rep: LegId, cause: u32) -> Vec<Act> {
        let answered = self.leads.remove(&rep);
        if cause == HUNG_UP_BY_US {
            return Vec::new();
        }
        let (happened, why) = match answered {
            Some(_) => (Happened::CallerLeft, None),
            None => ending(cause),
        };
        vec![Act::Tell(Told { call: None, leg: Some(rep.of_lead()), happened, why })]
    }

    /// What goes with the leg of a rep who called back.
    pub(super) fn back_over(&mut self, rep: &LegId, known: Option<&Leg>) -> Vec<Act> {
        self.leads.remove(rep);
        if known.is_none_or(|leg| leg.call.as_deref() != Some(rep.as_str())) {
            return Vec::new();
        }
        let lead = hang_up(rep.of_lead().to_string(), Reason::Normal);
        vec![lead, Act::Do(Deed::CallOver { call: rep.to_string() })]
    }

    /// After every connect: of two who spoke, or were about to, one may have gone while nobody heard. Whoever is told to have
    /// answered again is so once.
    pub(super) fn backs_found(&mut self, channels: &[Channel], bridges: &[Bridge], carried: &[Carried]) -> Vec<Act> {
        // What has been played is not told again: a key of theirs counts.
        for asked in carried.iter().filter_map(|carried| carried.asked.as_ref()) {
            if let Some(leg) = self.legs.get_mut(asked) {
                leg.hears_question = true;
            }
        }
        let there = |id: &str| channels.iter().find(|channel| channel.id == id);
        let mut acts = Vec::new();
        for lead in channels {
            let Some(rep) = names::rep_of_lead(&lead.id) else { continue };
            if !self.legs.contains_key(&rep) {
                acts.push(hang_up(lead.id.clone(), Reason::Normal));
                acts.push(tell(None, rep, Happened::RepLeft));
            } else if lead.is_up() {
                let mut members = bridges.iter().filter(|bridge| bridge.id == bridge_of(rep.as_str()));
                if members.any(|bridge| bridge.channels.contains(&lead.id)) {
                    acts.push(of_lead(&rep, Happened::Answered));
                    acts.extend(self.entered_back(rep, &lead.id));
                } else {
                    acts.extend(self.lead_answered(rep));
                }
            }
        }
        let waits = |rep: &LegId| {
            let mut own = bridges.iter().filter(|bridge| bridge.id == bridge_of(rep.as_str()));
            own.any(|bridge| bridge.channels.iter().any(|member| member == rep.as_str()))
        };
        let alone = self.legs.keys().filter(|rep| waits(rep) && there(rep.of_lead().as_str()).is_none());
        acts.extend(alone.map(|rep| of_lead(rep, Happened::CallerLeft)));
        // A call of theirs is named by the rep's own leg.
        let up = carried
            .iter()
            .flat_map(|carried| &carried.up)
            .filter(|leg| carried.iter().any(|of| of.call.as_deref() == Some(leg.as_str())));
        let gone = up.filter(|leg| there(leg.as_str()).is_none());
        acts.extend(gone.map(|leg| tell(None, leg.clone(), Happened::RepLeft)));
        acts
    }
}

/// A phone may have keys that nobody was offered, and no keypad shows.
pub(super) fn answer(leg: LegId, digit: &str) -> Vec<Act> {
    let key = digit.chars().next().filter(|key| key.is_ascii_digit() || matches!(key, '*' | '#'));
    key.map(|key| Act::Answer { leg, key }).into_iter().collect()
}

fn of_lead(rep: &LegId, happened: Happened) -> Act {
    tell(None, rep.of_lead(), happened)
}
