//! A form is sent: a rating, or a lead that goes to somebody else.

use super::heard::Sent;
use super::trouble::Trouble;
use super::who::Subject;
use super::words::{self, Reader};
use super::{Desk, mark, views};
use crate::deciding::owner::ReassignRequest;
use crate::deciding::owner::form::Submitted;
use baton_core::domain::id::RepId;
use baton_core::rules::RuleSet;
use serde_json::{Value, json};

/// What one rep may say of one lead here: enough to correct oneself, too little to fill a database with.
const SAYINGS: u64 = 20;

/// Why a form is not taken, for the one field that it is about; said before anything is done.
pub(super) fn refusal(sent: &Sent, rules: &RuleSet) -> Option<Value> {
    let (field, why) = match sent.form.as_str() {
        views::RATE => {
            let fault = submitted(sent).read(rules, false).err()?;
            (fault.field(), fault.for_people())
        }
        views::REASSIGN if chosen(sent, rules).is_none() => ("to", "Please choose somebody who is active.".to_owned()),
        views::REASSIGN | views::NOT_ME if sent.field("reason").trim().is_empty() => {
            ("reason", "Please say why in a few words.".to_owned())
        }
        _ => return None,
    };
    Some(json!({ "response_action": "errors", "errors": { field: why } }))
}

/// It does not ask whether somebody came to a meeting.
fn submitted(sent: &Sent) -> Submitted {
    Submitted {
        quality: sent.field("quality"),
        completeness: sent.field("completeness"),
        misroute: sent.field("misroute"),
        right_rep: sent.field("right_rep"),
        note: sent.field("note"),
        ..Submitted::default()
    }
}

/// To whom the lead is to go.
fn chosen(sent: &Sent, rules: &RuleSet) -> Option<RepId> {
    let rep = RepId::new(sent.field("to")).ok()?;
    rules.reps.get(&rep).filter(|rep| rep.active).map(|rep| rep.id.clone())
}

impl Desk {
    /// What whoever sent it is told; `None`: it was told before.
    pub(super) async fn sent(&self, sent: &Sent) -> Result<Option<String>, Trouble> {
        let Some(rep) = self.who(&sent.person).await? else { return Ok(Some(words::STRANGER.to_owned())) };
        let Some(subject) = self.subject(&sent.offer).await? else { return Ok(Some(words::GONE.to_owned())) };
        let mark = mark(&[&sent.offer, &sent.person, &sent.form, &sent.view]);
        if !self.is_first(&mark).await? {
            return Ok(None);
        }
        let rules = self.rules();
        let reader = Reader { rules: &rules, rep: &rep };
        let told = match sent.form.as_str() {
            views::RATE => self.rate(sent, &subject, &reader).await?,
            views::REASSIGN => self.give(sent, &subject, &reader, chosen(sent, &rules)).await?,
            views::NOT_ME => self.hand_on(sent, &subject, &reader).await?,
            _ => return Ok(None),
        };
        // No card shows what somebody thinks of a lead, only who has got it by that.
        if sent.form != views::RATE || !sent.field("right_rep").is_empty() {
            self.tell_cards(&subject.card.lead_id).await;
        }
        Ok(Some(told))
    }

    async fn rate(&self, sent: &Sent, subject: &Subject, reader: &Reader<'_>) -> Result<String, Trouble> {
        let feedback = submitted(sent).check(reader.rules, false, reader.rep.clone(), self.clock.now(), "chat");
        let feedback = match feedback {
            Ok(feedback) => feedback,
            // The roster has changed since it was looked at.
            Err(fault) => return Ok(fault.for_people()),
        };
        let actor = format!("rep {}", reader.rep);
        let is_recorded = self.decider.say(&subject.card.lead_id, &feedback, SAYINGS, &actor).await?;
        Ok(if is_recorded { words::RATED } else { words::RATED_OFTEN }.to_owned())
    }

    /// Whoever has it gives it back to the rules.
    async fn hand_on(&self, sent: &Sent, subject: &Subject, reader: &Reader<'_>) -> Result<String, Trouble> {
        let handoff = &subject.file.handoff;
        let next = handoff.next_step();
        if ![&handoff.owner, &next.owner].contains(&reader.rep) {
            return Ok(reader.not_yours(&next.owner));
        }
        self.give(sent, subject, reader, None).await
    }

    /// `None`: to whoever the rules name but the one who has it.
    async fn give(
        &self,
        sent: &Sent,
        subject: &Subject,
        reader: &Reader<'_>,
        to: Option<RepId>,
    ) -> Result<String, Trouble> {
        if subject.file.handoff.closed {
            return Ok(words::CLOSED.to_owned());
        }
        let reason: String = sent.field("reason").trim().chars().take(views::LONGEST_REASON).collect();
        let (author, actor) = (reader.rep.to_string(), format!("rep {}", reader.rep));
        let from = to.is_none().then(|| subject.file.handoff.owner.clone());
        let wish = ReassignRequest { lead: subject.card.lead_id.clone(), to, from, reason, author, actor };
        let reassigned = self.decider.reassign(&wish).await?;
        Ok(reassigned.map_or_else(|| words::GONE.to_owned(), |reassigned| reader.reassigned(&reassigned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::scenario;
    use std::collections::BTreeMap;

    fn form(form: &str, fields: &[(&str, &str)]) -> Sent {
        let fields: BTreeMap<String, String> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let [person, view, offer, channel] = ["U1", "V1", "7k2m.9-brief_chat", "D1"].map(str::to_owned);
        Sent { person, view, form: form.to_owned(), offer, channel, fields }
    }

    #[test]
    fn what_cannot_be_is_said_beside_its_field() {
        let rules = scenario().rules;
        let rep = rules.reps.values().find(|rep| rep.active).expect("a rep").id.to_string();
        let said = |sent: Sent| refusal(&sent, &rules).map(|refusal| refusal["errors"].to_string());
        let nothing = said(form(views::RATE, &[])).expect("nothing is filled in");
        assert!(nothing.contains("\"quality\":\"Nothing is filled in yet"), "{nothing}");
        let alone = said(form(views::RATE, &[("quality", "4"), ("right_rep", &rep)])).expect("a rep without a kind");
        assert!(alone.starts_with("{\"misroute\":"), "{alone}");
        assert_eq!(said(form(views::RATE, &[("quality", "4")])), None);
        let nobody = said(form(views::REASSIGN, &[("to", "nobody"), ("reason", "x")])).expect("nobody");
        assert!(nobody.starts_with("{\"to\":"), "{nobody}");
        assert_eq!(said(form(views::REASSIGN, &[("to", &rep), ("reason", "knows them")])), None);
        assert!(said(form(views::NOT_ME, &[("reason", " ")])).is_some_and(|told| told.contains("\"reason\"")));
    }
}
