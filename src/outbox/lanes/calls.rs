//! Commands to whoever drives the call.

mod live;

use crate::connectors::{
    AskRequest, CallerStatus, DialRequest, LegStatus, Recording, RingRequest, Telephony, VendorError,
};
use crate::outbox::instruct;
use crate::outbox::lanes::crm::screen;
use crate::outbox::matter::Matter;
use crate::outbox::parts::{OutboxParts, gone, needs_person, not_configured};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{CallEffect, Class, Instruction, May, Under};
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::lead::{Call, Lead, LeadChannel};
use baton_core::domain::leg::Fault;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::{Event, Handoff, Stage};
use baton_core::rules::model::set::Introduction;
use chrono::TimeDelta;
use std::time::Duration;

/// A caller who has waited for less is there.
const ASK_AFTER: TimeDelta = TimeDelta::seconds(10);
/// A ring that was wanted so short a time ago is wanted: its own way to the platform takes as long.
const WANTED_WITHIN: Duration = Duration::from_millis(150);
/// In real time: somebody waits meanwhile.
const ASKED_WITHIN: Duration = Duration::from_millis(1500);

#[async_trait::async_trait]
impl Work for CallEffect<'_> {
    fn class(&self, parts: &OutboxParts) -> Class {
        match self {
            Self::Ring { .. } | Self::DialLead { .. } => {
                parts.vendors.telephony.as_ref().map_or(Class::LookFirst, |vendor| vendor.ring_class())
            }
            Self::Instruct(_) | Self::Hold { .. } | Self::Whisper { .. } | Self::Join { .. } => Class::Repeatable,
            Self::Ask { .. } | Self::HangUp { .. } | Self::EndCall | Self::LeaveAgent => Class::Repeatable,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let (matter, key) = (at.matter, &at.step.effect_key);
        if let Self::Instruct(instruction) = *self {
            if !is_true_still(instruction, &matter.handoff) {
                return Ok(Done::nothing("no longer true"));
            }
            if *instruction == Instruction::OfferCallback && !hears_key(at).await? {
                return Ok(Done::nothing("no key of this caller is heard"));
            }
            if agent_speaks(at, instruction).await?
                && let Some(done) = live::say(at, instruction).await?
            {
                return Ok(done);
            }
            if is_overtaken(at, instruction).await? {
                return Ok(Done::nothing("no longer true"));
            }
        }
        let Some(telephony) = &at.parts.vendors.telephony else {
            return match self {
                // The words for the caller went out with the answer; whoever has no other way to hear them misses nothing.
                Self::Instruct(_) | Self::Hold { .. } | Self::EndCall | Self::LeaveAgent => {
                    Ok(Done::nothing("no telephony is configured"))
                }
                _ => not_configured("telephony"),
            };
        };
        match *self {
            // A chat has its words with the answer, and no line to hear others on.
            Self::Instruct(_) if matter.lead.channel != LeadChannel::Call => {
                return Ok(Done::nothing("nobody is on a line"));
            }
            Self::Instruct(instruction) => {
                let (consent, ours) = (&matter.lead.consent, &matter.rules.handoff.language);
                let said = instruct::spoken(&matter.templates, instruction, consent, &at.caller_context(), ours);
                telephony.instruct(matter.call()?, key, &said).await?;
            }
            // One that comes late would take the agent from a caller who has been brought back to it.
            Self::Hold { .. } if !is_fetching(&matter.handoff) => return Ok(Done::nothing("no longer wanted")),
            Self::Hold { comfort } => {
                telephony.hold(matter.call()?, key, recording(&matter.lead), comfort).await?;
            }
            Self::Ring { leg, rep } => return ring(at, telephony.as_ref(), leg, rep).await,
            Self::Whisper { leg } => {
                telephony.whisper(leg, key, &matter.whisper(leg)).await?;
            }
            Self::DialLead { leg } => return dial(at, telephony.as_ref(), leg).await,
            Self::Ask { leg, have_spoken, again } => {
                return ask(at, telephony.as_ref(), leg, have_spoken, again).await;
            }
            Self::Join { leg } => {
                let (call, recording) = (matter.call()?, recording(&matter.lead));
                match matter.handoff.terms.introduce {
                    Introduction::None => telephony.join(call, leg, key, recording).await?,
                    Introduction::Agent => telephony.join_three(call, leg, key, recording).await?,
                }
                if let Some(to) = telephony.transfers_to(call, leg).await? {
                    live::transfer(at, call, &to).await?;
                }
            }
            Self::HangUp { leg, reason } => telephony.hang_up(leg, key, reason).await?,
            Self::EndCall => telephony.end_call(matter.call()?, key).await?,
            // One that comes late would take the agent from a caller who has been brought back to it.
            Self::LeaveAgent if !are_joined(&matter.handoff) => return Ok(Done::nothing("no longer wanted")),
            Self::LeaveAgent => telephony.leave_agent(matter.call()?, key).await?,
        }
        Ok(Done::default())
    }

    async fn look(&self, parts: &OutboxParts, step: &StepRow) -> Result<Option<Done>, VendorError> {
        match *self {
            Self::Ring { leg, .. } | Self::DialLead { leg, .. } => {
                let Some(telephony) = &parts.vendors.telephony else { return not_configured("telephony") };
                let matter = Matter::read(parts, step).await?;
                let status = telephony.read(&matter.call_on(leg)?, leg).await?;
                Ok((status != LegStatus::Absent).then(|| Done::reference(leg.as_str())))
            }
            Self::Instruct(_) | Self::Hold { .. } | Self::Whisper { .. } | Self::Join { .. } => Ok(None),
            Self::Ask { .. } | Self::HangUp { .. } | Self::EndCall | Self::LeaveAgent => Ok(None),
        }
    }

    fn fallback(&self, why: &str) -> Fallback {
        let why = why.to_owned();
        // Of commands about the caller, gone means that the caller is gone.
        let gone = Some(Event::CallerLeft);
        match *self {
            Self::Instruct(_) | Self::Hold { .. } => Fallback { failed: None, gone },
            Self::Ring { leg, .. } => {
                let failed = Event::RingFailed { leg: leg.clone(), why, fault: Fault::Vendor };
                Fallback { failed: Some(failed), gone }
            }
            Self::DialLead { leg, .. } => {
                Fallback::of(Event::RingFailed { leg: leg.clone(), why, fault: Fault::Vendor })
            }
            // A rep who hears no whisper would be a cold start: on to the next.
            Self::Whisper { leg } | Self::Ask { leg, .. } => {
                Fallback::of(Event::WhisperFailed { leg: leg.clone(), why, fault: Fault::Vendor })
            }
            Self::Join { leg } => Fallback::of(Event::JoinFailed { leg: leg.clone(), why, fault: Fault::Vendor }),
            Self::HangUp { .. } | Self::EndCall | Self::LeaveAgent => Fallback::default(),
        }
    }

    fn fallback_of_setup(&self, why: &str) -> Fallback {
        let mut fallback = self.fallback(why);
        if let Some(
            Event::RingFailed { fault, .. } | Event::WhisperFailed { fault, .. } | Event::JoinFailed { fault, .. },
        ) = &mut fallback.failed
        {
            *fault = Fault::Config;
        }
        fallback
    }

    /// A phone rings only for a handoff that waits for it, as far as can be told while a request is on its way.
    fn matter_within(&self) -> Duration {
        match self {
            Self::Ring { .. } | Self::DialLead { .. } | Self::Ask { .. } | Self::Hold { .. } => WANTED_WITHIN,
            Self::Instruct(instruction) if is_said_on_hold(instruction) => WANTED_WITHIN,
            // What is found ends it within milliseconds, and would be talked over.
            Self::Instruct(Instruction::FindTime { .. }) => Duration::ZERO,
            Self::Instruct(_) | Self::Whisper { .. } | Self::Join { .. } => Duration::MAX,
            Self::HangUp { .. } | Self::EndCall | Self::LeaveAgent => Duration::MAX,
        }
    }

    fn frees(&self) -> Option<&LegId> {
        match *self {
            Self::HangUp { leg, .. } => Some(leg),
            _ => None,
        }
    }
}

/// Whether a sentence is the agent's own to say. Whoever is told by telephony acts on more than words, and speaks them too.
async fn agent_speaks(at: &At<'_>, instruction: &Instruction) -> Result<bool, VendorError> {
    match (&at.parts.vendors.telephony, &at.matter.lead.call) {
        (None, _) => Ok(true),
        (Some(telephony), Some(call)) => telephony.agent_speaks(call, instruction).await,
        (Some(_), None) => Ok(false),
    }
}

async fn hears_key(at: &At<'_>) -> Result<bool, VendorError> {
    match (&at.parts.vendors.telephony, &at.matter.lead.call) {
        (Some(telephony), Some(call)) => telephony.hears_key(call).await,
        (None, _) | (_, None) => Ok(false),
    }
}

/// True only while somebody is fetched.
fn is_said_on_hold(instruction: &Instruction) -> bool {
    matches!(instruction, Instruction::Hold { .. } | Instruction::HoldOn { .. } | Instruction::OfferCallback)
}

/// Steps of one lead may overtake each other: what is said late must not be said over what came after it.
fn is_true_still(instruction: &Instruction, handoff: &Handoff) -> bool {
    match instruction {
        said if is_said_on_hold(said) => is_fetching(handoff),
        Instruction::FindTime { .. } => matches!(handoff.stage, Stage::Searching { .. }),
        Instruction::OfferSlots { .. } => matches!(handoff.stage, Stage::Offering { .. }),
        _ => true,
    }
}

/// While the agent was brought back to the caller, what it is to look for may have been found.
async fn is_overtaken(at: &At<'_>, instruction: &Instruction) -> Result<bool, VendorError> {
    match instruction {
        Instruction::FindTime { .. } => {
            let now = Matter::read(at.parts, at.step).await?;
            Ok(!is_true_still(instruction, &now.handoff))
        }
        _ => Ok(false),
    }
}

/// Caller and rep hear each other, as far as is known.
fn are_joined(handoff: &Handoff) -> bool {
    matches!(handoff.stage, Stage::Bridged { .. } | Stage::Done { outcome: Outcome::Connected { .. } })
}

/// Phones ring, or a rep hears the whisper.
fn is_fetching(handoff: &Handoff) -> bool {
    matches!(handoff.stage, Stage::Ringing { .. } | Stage::Briefing { .. })
}

fn recording(lead: &Lead) -> Recording {
    match Under::Recorded.may(&lead.consent) {
        May::No => Recording::Refused,
        May::Yes | May::AsTheRulesSay => Recording::AsUsual,
    }
}

/// Rings only while the handoff still waits for this leg: a step that comes late rings nobody.
async fn ring(at: &At<'_>, telephony: &dyn Telephony, leg: &LegId, rep: &RepId) -> Result<Done, VendorError> {
    if !at.matter.handoff.is_ringing(leg) {
        return Ok(Done::nothing("no longer wanted"));
    }
    let rep = at.matter.rep(rep)?;
    let nth = at.matter.handoff.legs.iter().find(|known| known.id == *leg).map_or(0, |leg| leg.endpoint);
    let endpoint = rep.phones.get(nth as usize).cloned();
    let endpoint = endpoint.ok_or_else(|| needs_person(format!("rep {} has no phone {}", rep.id, nth + 1)))?;
    let call = at.matter.call_on(leg)?;
    let calls_back = at.matter.calls_back(leg);
    if calls_back && !telephony.dials_leads() {
        return Err(needs_person("this telephony cannot dial a lead: reps call back by hand".to_owned()));
    }
    if !calls_back && has_left(at, telephony, leg, &call).await {
        return Err(gone("the caller has left, as the platform says"));
    }
    let ring_until = at.step.deadline_at;
    let whisper = at.matter.whisper(leg);
    telephony.ring(&RingRequest { leg: leg.clone(), call, endpoint, ring_until, whisper }).await?;
    screen::show(at, leg);
    Ok(Done::reference(leg.as_str()))
}

/// Dials the lead only while a rep who has accepted waits for them.
async fn dial(at: &At<'_>, telephony: &dyn Telephony, leg: &LegId) -> Result<Done, VendorError> {
    let Some(with) = leg.dialled_for().filter(|_| at.matter.handoff.is_dialling(leg)) else {
        return Ok(Done::nothing("no longer wanted"));
    };
    let lead = &at.matter.lead;
    let phone = lead.reach_phone().cloned().ok_or_else(|| needs_person("the lead has left no number".to_owned()))?;
    let (ring_until, recording) = (at.step.deadline_at, recording(lead));
    telephony.dial_lead(&DialRequest { leg: leg.clone(), with, phone, ring_until, recording }).await?;
    Ok(Done::reference(leg.as_str()))
}

/// Asked only while it is to be known. Where nobody can be asked it is over at once.
async fn ask(
    at: &At<'_>,
    telephony: &dyn Telephony,
    leg: &LegId,
    have_spoken: bool,
    again: bool,
) -> Result<Done, VendorError> {
    if at.matter.handoff.asked_on().is_none_or(|asked| asked.id != *leg) {
        return Ok(Done::nothing("no longer wanted"));
    }
    if !telephony.asks_reps() {
        let why = "this telephony asks no rep what came of a call".to_owned();
        return Ok(Done::event(Event::WhisperFailed { leg: leg.clone(), why, fault: Fault::Config }));
    }
    let say = at.matter.question(leg, have_spoken);
    telephony.ask(&AskRequest { leg: leg.clone(), say, have_spoken, again }).await?;
    Ok(Done::default())
}

/// Before the first phone rings for a caller who has waited for a while, the platform is asked. One that cannot be asked, or
/// does not answer at once, says nothing: the caller is taken to be there.
async fn has_left(at: &At<'_>, telephony: &dyn Telephony, leg: &LegId, call: &Call) -> bool {
    let first = at.matter.handoff.legs.first().is_some_and(|first| first.id == *leg);
    let waited = at.now() - at.matter.lead.qualified_at();
    if !first || waited < ASK_AFTER {
        return false;
    }
    match tokio::time::timeout(ASKED_WITHIN, telephony.caller(call)).await {
        Ok(Ok(CallerStatus::Left)) => true,
        Ok(Ok(CallerStatus::OnTheLine)) => false,
        unknown => {
            tracing::info!(
                waited_s = waited.num_seconds(),
                ?unknown,
                "whether the caller still waits is not known: a phone rings"
            );
            false
        }
    }
}
