//! A button of a card is pressed.

use super::heard::Pressed;
use super::trouble::Trouble;
use super::who::Subject;
use super::words::{self, Reader};
use super::{Desk, mark, views};
use crate::deciding::decider::accept::AcceptRequest;
use baton_core::domain::effect::BriefWhy;
use baton_core::domain::id::{HandoffId, LegId, RepId};
use baton_core::domain::outcome::OfferAct;
use baton_core::rules::RuleSet;
use serde_json::Value;

impl Desk {
    /// What whoever pressed is told; `None`: a form has opened, or it was told before.
    pub(super) async fn pressed(&self, pressed: &Pressed) -> Result<Option<String>, Trouble> {
        let Some(rep) = self.who(&pressed.person).await? else { return Ok(Some(words::STRANGER.to_owned())) };
        let Some(subject) = self.subject(&pressed.offer).await? else { return Ok(Some(words::GONE.to_owned())) };
        let rules = self.rules();
        if let Some(view) = form(pressed, &subject, &rules) {
            self.slack.open_form(&pressed.trigger, view).await?;
            return Ok(None);
        }
        let mark = mark(&[&pressed.offer, &pressed.person, pressed.act.as_str(), &pressed.at]);
        if !self.is_first(&mark).await? {
            return Ok(None);
        }
        let reader = Reader { rules: &rules, rep: &rep };
        let told = match (pressed.act, subject.card.why) {
            (OfferAct::Take, BriefWhy::Ringing) => self.take_call(&subject, &reader).await?,
            (OfferAct::Take, _) => reader.taking(&self.decider.take_lead(&subject.card, &rep).await?),
            (OfferAct::NotMe, _) => self.decline_call(&subject, &reader).await?,
            (OfferAct::Called, _) => {
                let noted = self.decider.has_called(&subject.card.lead_id, &rep, &format!("rep {rep}")).await?;
                reader.noted(noted).to_owned()
            }
            (OfferAct::Reassign | OfferAct::Rate, _) => unreachable!("a form opens for these"),
        };
        self.tell_cards(&subject.card.lead_id).await;
        Ok(Some(told))
    }

    async fn take_call(&self, subject: &Subject, reader: &Reader<'_>) -> Result<String, Trouble> {
        let Some(wish) = self.ring(subject, reader.rep).await? else { return self.has_become(subject, reader).await };
        match Reader::accepting(self.decider.accept(&wish).await?) {
            Some(told) => Ok(told.to_owned()),
            None => self.has_become(subject, reader).await,
        }
    }

    async fn decline_call(&self, subject: &Subject, reader: &Reader<'_>) -> Result<String, Trouble> {
        if let Some(wish) = self.ring(subject, reader.rep).await?
            && self.decider.decline(&wish).await?
        {
            return Ok(words::DECLINED.to_owned());
        }
        self.has_become(subject, reader).await
    }

    /// The ring that the card was posted for, if it was this rep's; in a room it is the one that they are rung by.
    async fn ring(&self, subject: &Subject, rep: &RepId) -> Result<Option<AcceptRequest>, Trouble> {
        let lead = &subject.card.lead_id;
        let own = subject.file.handoff.legs.iter().find(|leg| leg.card == subject.card.key && leg.rep == *rep);
        let leg: Option<LegId> = match own {
            Some(leg) => Some(leg.id.clone()),
            None => self.decider.rung_for(lead, rep).await?,
        };
        Ok(leg.map(|leg| AcceptRequest { lead: lead.clone(), rep: rep.clone(), leg }))
    }

    async fn has_become(&self, subject: &Subject, reader: &Reader<'_>) -> Result<String, Trouble> {
        Ok(reader.call(&self.store.handoff(&HandoffId::of(&subject.card.lead_id)).await?))
    }
}

/// What is asked first, where something is. Nobody fills in anything while their phone rings.
fn form(pressed: &Pressed, subject: &Subject, rules: &RuleSet) -> Option<Value> {
    let about = views::About { offer: &pressed.offer, channel: &pressed.channel, headline: subject.headline(rules) };
    match (pressed.act, subject.card.why) {
        (OfferAct::Rate, _) => Some(views::rate(&about, rules)),
        (OfferAct::Reassign, _) => Some(views::reassign(&about, rules)),
        (OfferAct::NotMe, BriefWhy::Ringing) | (OfferAct::Take | OfferAct::Called, _) => None,
        (OfferAct::NotMe, _) => Some(views::not_me(&about)),
    }
}
