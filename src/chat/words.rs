//! What is said to whoever presses and asks.

use crate::deciding::decider::accept::Accepting;
use crate::deciding::owner::Reassigned;
use crate::deciding::owner::offered::{Noted, Taking};
use crate::render::when;
use baton_core::domain::id::RepId;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Outcome;
use baton_core::domain::zone::Zone;
use baton_core::handoff::{Handoff, Stage};
use baton_core::rules::RuleSet;

pub(super) const NOT_NOW: &str = "That could not be done just now. Please try again in a minute.";
pub(super) const GONE: &str = "This lead is no longer kept.";
pub(super) const STRANGER: &str = "You are no rep that Baton knows, so nothing was changed. Whoever keeps reps.csv can add you, with your mail address or your \
     Slack member id.";
pub(super) const CLOSED: &str = "This lead is closed: nothing was changed.";
pub(super) const DECLINED: &str = "You declined; the next rep is being called.";
pub(super) const RATED: &str = "Thank you, it is recorded. You may rate it again to correct it.";
pub(super) const RATED_OFTEN: &str = "You have said a lot about this lead already. What you said last counts.";

/// Who is told, and by whose clock.
pub(super) struct Reader<'a> {
    pub rules: &'a RuleSet,
    pub rep: &'a RepId,
}

impl Reader<'_> {
    pub(super) fn zone(&self) -> Zone {
        self.rules.reps.get(self.rep).map_or(Zone::UTC, |rep| rep.timezone)
    }

    fn name(&self, rep: &RepId) -> String {
        self.rules.reps.get(rep).map_or_else(|| rep.to_string(), |rep| rep.name.clone())
    }

    fn has(&self, rep: &RepId) -> String {
        if rep == self.rep { "You have".to_owned() } else { format!("{} has", self.name(rep)) }
    }

    pub(super) fn taking(&self, taking: &Taking) -> String {
        match taking {
            Taking::Taken => "This lead is yours now, and everybody's card says so.".to_owned(),
            Taking::Yours => "This lead is yours already.".to_owned(),
            Taking::Theirs { owner } => {
                format!("{} this lead: somebody was quicker, or it was given on.", self.has(owner))
            }
            Taking::Closed => CLOSED.to_owned(),
            Taking::NotHere => "You are not active in reps.csv, and can take no lead.".to_owned(),
        }
    }

    pub(super) fn noted(&self, noted: Noted) -> &'static str {
        match noted {
            Noted::Yes => "It is recorded that you have spoken with them.",
            Noted::Closed => CLOSED,
            Noted::No => "That cannot be so, and nothing was recorded.",
        }
    }

    pub(super) fn reassigned(&self, reassigned: &Reassigned) -> String {
        match reassigned {
            Reassigned::To { owner, .. } => format!("{} this lead now.", self.has(owner)),
            Reassigned::Unchanged { owner } => format!("{} this lead already.", self.has(owner)),
            Reassigned::Nobody { reason } => {
                format!("Nobody else can take it now, so it stays where it is: {reason}")
            }
        }
    }

    /// `None`: what has become of the call says it.
    pub(super) fn accepting(accepting: Accepting) -> Option<&'static str> {
        match accepting {
            Accepting::Accepted => Some("You take the call: you are put through on your phone."),
            Accepting::PicksUpFirst => {
                Some("Your phone is ringing: pick up, and press the button once more, or 1 on the phone.")
            }
            Accepting::ByKey => Some("A call is accepted on the phone itself here: press 1."),
            Accepting::TooLate => None,
        }
    }

    /// What has become of a call for which the reader is not rung.
    pub(super) fn call(&self, handoff: &Handoff) -> String {
        if handoff.closed {
            return CLOSED.to_owned();
        }
        let has = |state: LegState| matches!(state, LegState::Accepted | LegState::Joined);
        if let Some(leg) = handoff.legs.iter().find(|leg| has(leg.state) && leg.dialled.is_none()) {
            return format!("{} this call.", self.has(&leg.rep));
        }
        let when = |at| when::short(at, self.zone());
        match &handoff.stage {
            Stage::Offered | Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } => {
                "Your phone is not rung for this call any more; another rep's is.".to_owned()
            }
            Stage::Bridged { .. } => "Caller and rep have been put through.".to_owned(),
            Stage::Searching { .. } | Stage::Offering { .. } | Stage::Booking { .. } => {
                "It has taken too long: the caller is choosing a time for a meeting.".to_owned()
            }
            Stage::Callback { promise } => {
                format!(
                    "The call is over. {} is to answer by {}.",
                    self.name(&promise.owner),
                    when(promise.promised_at)
                )
            }
            Stage::Done { outcome } => match outcome {
                Outcome::Connected { rep, .. } | Outcome::Called { rep, .. } => {
                    format!("The call is over: {} spoken with the caller.", self.has(rep))
                }
                Outcome::Booked { booking } => {
                    format!("The call is over: a meeting with {} is booked.", self.name(&booking.slot.rep))
                }
                Outcome::CalledOff { .. } => "The call is over: the lead has called the meeting off.".to_owned(),
                Outcome::LeftToAgent { .. } => "The caller was left to the voice agent.".to_owned(),
            },
            Stage::NeedsAttention { owner, .. } => format!("The call is over; {} looks after it.", self.name(owner)),
        }
    }

    /// Why the reader has nothing to hand on.
    pub(super) fn not_yours(&self, owner: &RepId) -> String {
        format!("{} this lead, so there is nothing of yours to hand on.", self.has(owner))
    }
}
