//! Who it is in our own words, and what a card is about.

use super::Desk;
use super::trouble::Trouble;
use crate::render::briefing::briefing;
use crate::store::{LeadFile, OfferedCard};
use baton_core::domain::id::{HandoffId, RepId};
use baton_core::domain::rep::Rep;
use baton_core::rules::RuleSet;

/// A card of a lead that is still kept.
pub(super) struct Subject {
    pub card: OfferedCard,
    pub file: LeadFile,
}

impl Subject {
    pub(super) fn headline(&self, rules: &RuleSet) -> String {
        headline(&self.file, rules)
    }
}

/// The lead, as whoever works on it knows it.
pub(super) fn headline(file: &LeadFile, rules: &RuleSet) -> String {
    briefing(&file.record.lead, &file.decision, rules).headline.0
}

/// Written to alone: as a member, and not in a room.
fn is_member(id: &str) -> bool {
    id.starts_with(['U', 'W'])
}

impl Desk {
    /// By the member id that stands in `reps.csv`, or else by the mail address that both know.
    pub(super) async fn who(&self, person: &str) -> Result<Option<RepId>, Trouble> {
        let rules = self.rules();
        let mut active = rules.reps.values().filter(|rep| rep.active);
        if let Some(rep) = active.find(|rep| rep.chat_id.as_deref() == Some(person)) {
            return Ok(Some(rep.id.clone()));
        }
        let Some(mail) = self.slack.mail_of(person).await? else { return Ok(None) };
        let is_theirs = |rep: &&Rep| {
            let said_otherwise = rep.chat_id.as_deref().is_some_and(is_member);
            rep.active && !said_otherwise && rep.email.eq_ignore_ascii_case(&mail)
        };
        Ok(rules.reps.values().find(is_theirs).map(|rep| rep.id.clone()))
    }

    /// `None`: there is no such card, or its lead is no longer kept.
    pub(super) async fn subject(&self, offer: &str) -> Result<Option<Subject>, Trouble> {
        let Some(card) = self.store.offered_card(offer).await? else { return Ok(None) };
        let file = self.store.lead_file(&HandoffId::of(&card.lead_id)).await?;
        let kept = file.filter(|file| file.record.erased_at.is_none());
        Ok(kept.map(|file| Subject { card, file }))
    }
}
