//! What the outbox hands in to have something written to a rep, and the page that is made of it.

use super::clean::one_line;
use super::page::{RepPage, first_name};
use super::when;
use baton_core::domain::briefing::Briefing;
use baton_core::domain::effect::{BriefWhy, CrmNote};
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::OfferAct;
use baton_core::domain::rep::Rep;
use baton_core::domain::text::RepText;
use baton_core::domain::zone::Zone;
use baton_core::routing::decision::Plan;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A briefing on its way to one rep.
#[derive(Debug, Clone, Copy)]
pub struct BriefContext<'a> {
    pub why: BriefWhy,
    pub briefing: &'a Briefing,
    pub plan: &'a Plan,
    /// Who reads it; times are told in this rep's zone.
    pub rep: &'a Rep,
    /// Name of whoever owns the lead now; of whoever promised, where the notice is about that.
    pub owner_name: &'a str,
    /// The meeting, the promised call, or when they spoke: whatever `why` is about.
    pub at: Option<DateTime<Utc>>,
    /// Why it needs attention.
    pub note: Option<&'a str>,
    /// Deep link to the CRM's record.
    pub record_url: Option<&'a str>,
    pub feedback_url: Option<&'a str>,
    /// Where the rep sees all of their leads: only where nobody else reads it.
    pub own_url: Option<&'a str>,
    /// Where a call that is owed is made by one press, if we can make it.
    pub call_url: Option<&'a str>,
    /// Where the call is accepted that the phone rings for, if that puts the rep through.
    pub accept_url: Option<&'a str>,
}

/// A briefing as a card in the chat.
#[derive(Debug, Clone, Copy)]
pub struct CardContext<'a> {
    pub brief: BriefContext<'a>,
    /// Effect key of the card's first posting.
    pub key: &'a str,
    /// User or channel id.
    pub channel: &'a str,
    pub state: &'a CardState,
    /// What it can be answered with.
    pub acts: &'a [OfferAct],
}

/// How it went with the ring that a card was posted for, or with its lead. All but `Open` take away what the card asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardState {
    Open,
    Accepted,
    Declined,
    Missed,
    /// Like others before it: the phone is left alone until then.
    MissedAgain(DateTime<Utc>),
    /// Name of the rep who has it.
    TakenBy(String),
    CallerLeft,
    /// The lead is this rep's by now, by name.
    Theirs(String),
    /// This rep has spoken with the lead.
    Spoken(String),
    /// The lead is closed.
    Over,
}

/// Who hears a whisper.
#[derive(Debug, Clone)]
pub struct Hearer<'a> {
    /// In the order of `reps.csv`'s codes; none: it is not known.
    pub speaks: Vec<&'a str>,
    /// In which the workspace's own templates are, as `handoff.yaml` says.
    pub ours: &'a str,
}

impl<'a> Hearer<'a> {
    /// `None`: who it is is not known any more.
    pub fn of(rep: Option<&'a Rep>, rules: &'a RuleSet) -> Self {
        let speaks = rep.into_iter().flat_map(|rep| &rep.languages).map(String::as_str);
        Self { speaks: speaks.collect(), ours: &rules.handoff.language }
    }
}

/// A note or task for the CRM.
#[derive(Debug, Clone, Copy)]
pub struct NoteContext<'a> {
    pub note: &'a CrmNote,
    pub briefing: &'a Briefing,
    pub plan: &'a Plan,
    pub reps: &'a BTreeMap<RepId, Rep>,
    /// Whoever owns the lead now; times are told in this rep's zone.
    pub owner: &'a RepId,
    pub feedback_url: Option<&'a str>,
}

impl BriefContext<'_> {
    pub(super) fn page(&self) -> RepPage {
        RepPage {
            rep_first_name: first_name(self.rep),
            owner_name: self.owner_name.to_owned(),
            when: self.at.map(|at| when::short(at, self.rep.timezone)),
            note: self.note.map(note_text),
            record_url: self.record_url.map(str::to_owned),
            feedback_url: self.feedback_url.map(str::to_owned),
            own_url: self.own_url.map(str::to_owned),
            call_url: self.call_url.map(str::to_owned),
            accept_url: self.accept_url.map(str::to_owned),
            ..RepPage::of(self.briefing, self.plan)
        }
    }

    /// File name of the notice for this reason, in the folder of a channel.
    pub(super) fn file(&self) -> &'static str {
        match self.why {
            BriefWhy::Ringing => "ringing.hbs",
            BriefWhy::Connected => "connected.hbs",
            BriefWhy::Booked => "booked.hbs",
            BriefWhy::Moved => "moved.hbs",
            BriefWhy::CalledOff => "called_off.hbs",
            BriefWhy::Callback => "callback.hbs",
            BriefWhy::Mail => "mail.hbs",
            BriefWhy::Reminder => "reminder.hbs",
            BriefWhy::Escalation => "escalation.hbs",
            BriefWhy::NeedsAttention => "needs_attention.hbs",
            BriefWhy::Tried => "tried.hbs",
            BriefWhy::Refusals => "refusals.hbs",
            BriefWhy::HandedOver => "handed_over.hbs",
            BriefWhy::GivenAway => "given_away.hbs",
        }
    }
}

impl NoteContext<'_> {
    pub(super) fn template(&self) -> &'static str {
        match self.note {
            CrmNote::Routed => "crm/routed.hbs",
            CrmNote::Connected { .. } => "crm/connected.hbs",
            CrmNote::Booked { .. } => "crm/booked.hbs",
            CrmNote::Moved { .. } => "crm/moved.hbs",
            CrmNote::CalledOff { .. } => "crm/called_off.hbs",
            CrmNote::CallbackPromised { .. } => "crm/callback_promised.hbs",
            CrmNote::MailPromised { .. } => "crm/mail_promised.hbs",
            CrmNote::NeedsAttention { .. } => "crm/needs_attention.hbs",
        }
    }

    pub(super) fn page(&self) -> RepPage {
        let (at, by, note) = match self.note {
            CrmNote::Routed => (None, self.owner, None),
            CrmNote::Connected { rep, at } => (Some(*at), rep, None),
            CrmNote::Booked { slot } | CrmNote::Moved { slot } | CrmNote::CalledOff { slot } => {
                (Some(slot.from), &slot.rep, None)
            }
            CrmNote::CallbackPromised { promised_at } | CrmNote::MailPromised { promised_at } => {
                (Some(*promised_at), self.owner, None)
            }
            CrmNote::NeedsAttention { why } => (None, self.owner, Some(why.as_str())),
        };
        let zone = self.reps.get(self.owner).map_or(Zone::UTC, |rep| rep.timezone);
        RepPage {
            rep_first_name: self.reps.get(by).map_or_else(|| by.to_string(), first_name),
            owner_name: self.reps.get(self.owner).map_or_else(|| self.owner.to_string(), |rep| rep.name.clone()),
            when: at.map(|at| when::short(at, zone)),
            note: note.map(note_text),
            feedback_url: self.feedback_url.map(str::to_owned),
            ..RepPage::of(self.briefing, self.plan)
        }
    }
}

/// Reasons may quote what a vendor answered.
fn note_text(note: &str) -> RepText {
    const NOTE_CHARS: usize = 500;
    RepText(one_line(note, NOTE_CHARS))
}
