//! Cards for reps, in chat.

use crate::connectors::{Card, Chat, MessageRef, VendorError};
use crate::outbox::lanes::order::{self, Turn};
use crate::outbox::matter::Matter;
use crate::outbox::parts::{OutboxParts, needs_person, not_configured, retry};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::render::context::{BriefContext, CardContext, CardState};
use crate::store::{OfferedCard, StepRow, VendorRef};
use baton_core::domain::address::ChatAddress;
use baton_core::domain::effect::{BriefWhy, ChatEffect, Class};
use baton_core::domain::id::RepId;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{OfferAct, Outcome};
use baton_core::domain::rep::Rep;
use baton_core::handoff::Stage;
use chrono::TimeDelta;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[async_trait::async_trait]
impl Work for ChatEffect<'_> {
    fn class(&self, parts: &OutboxParts) -> Class {
        match (*self, &parts.vendors.chat) {
            (Self::Brief { rep, .. }, Some(chat)) => {
                let rules = Arc::clone(&parts.release.borrow().rules);
                let channel = rules.reps.get(rep).and_then(|rep| rep.chat_id.as_deref());
                if chat.keeps_hold(channel.unwrap_or_default()) { Class::LookFirst } else { Class::AtMostOnce }
            }
            // Nothing was sent that could be lost.
            (Self::Brief { .. }, None) | (Self::UpdateCard { .. }, _) => Class::Repeatable,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let Some(chat) = &at.parts.vendors.chat else { return Ok(Done::nothing("no chat is configured")) };
        match *self {
            Self::Brief { rep, why } => post(at, chat.as_ref(), at.matter.rep(rep)?, why).await,
            Self::UpdateCard { card, rep } => update(at, chat.as_ref(), card, at.matter.rep(rep)?).await,
        }
    }

    async fn look(&self, parts: &OutboxParts, step: &StepRow) -> Result<Option<Done>, VendorError> {
        match *self {
            Self::Brief { rep, .. } => {
                let Some(chat) = &parts.vendors.chat else { return not_configured("chat") };
                let rules = Arc::clone(&parts.release.borrow().rules);
                let (Some(rep), Some(since)) = (rules.reps.get(rep), step.sent_at) else { return Ok(None) };
                let Some(channel) = address(chat.as_ref(), rep).await? else { return Ok(None) };
                let found = chat.find(&channel, &step.effect_key, since - TimeDelta::minutes(1)).await?;
                Ok(found.map(|message| Done::reference(reference(&message))))
            }
            Self::UpdateCard { .. } => Ok(None),
        }
    }

    /// A card tells how the ring went, or who has the lead, and the last one to rewrite it has the last word.
    fn matter_within(&self) -> Duration {
        match self {
            Self::UpdateCard { .. } => Duration::ZERO,
            Self::Brief { .. } => Duration::MAX,
        }
    }

    fn fallback(&self, _why: &str) -> Fallback {
        match self {
            Self::Brief { .. } | Self::UpdateCard { .. } => Fallback::default(),
        }
    }
}

async fn post(at: &At<'_>, chat: &dyn Chat, rep: &Rep, why: BriefWhy) -> Result<Done, VendorError> {
    let Some(channel) = address(chat, rep).await? else {
        let why = "has no chat_id, and nobody in the chat has their mail address";
        return Ok(Done::nothing(format!("rep {} {why}", rep.id)));
    };
    let card = card(at, chat, rep, why, &at.step.effect_key, &channel, &CardState::Open);
    Ok(Done::reference(reference(&chat.post(&card).await?)))
}

/// Where a rep is written to: as reps.csv says, or else where the chat knows somebody of their mail address.
async fn address(chat: &dyn Chat, rep: &Rep) -> Result<Option<String>, VendorError> {
    match &rep.chat_id {
        Some(id) => Ok(Some(id.clone())),
        None if rep.email.is_empty() => Ok(None),
        None => chat.person(&rep.email).await,
    }
}

/// Rewrites a card when it is known how its ring went, or when somebody has answered to it.
async fn update(at: &At<'_>, chat: &dyn Chat, key: &str, rep: &Rep) -> Result<Done, VendorError> {
    let siblings = at.parts.store.step_siblings(at.step, at.now()).await.map_err(retry)?;
    match order::of_rewrite(key, at.step, &siblings, at.now()) {
        Turn::Now => {}
        Turn::Waits { until } => return Ok(Done::again(until, "another rewrite of the card is under way")),
        Turn::Passed { .. } => return Ok(Done::nothing("a later rewrite shows it")),
    }
    let reference = match at.parts.store.step_vendor_ref(key).await.map_err(retry)? {
        VendorRef::Known(reference) => reference,
        VendorRef::Never => return Ok(Done::nothing("the card was never posted")),
        VendorRef::NotYet => return Err(retry("the card has not been posted yet")),
    };
    let message: MessageRef = serde_json::from_str(&reference)
        .map_err(|error| needs_person(format!("the card's reference {reference:?} is none: {error}")))?;
    if !chat.keeps_hold(&message.channel) {
        return Ok(Done::nothing("what was posted there stays as it was"));
    }
    let (why, state) = match card_state(at.matter, key) {
        Some(CardState::Missed) => (BriefWhy::Ringing, missed(at, rep).await?),
        Some(other) => (BriefWhy::Ringing, other),
        None => match at.parts.store.offered_card(key).await.map_err(retry)? {
            Some(card) => (card.why, standing(at, &card).await?),
            None => return Ok(Done::nothing("it is not known any more what the card was about")),
        },
    };
    let card = card(at, chat, rep, why, key, &message.channel, &state);
    chat.update(&message, &card).await?;
    Ok(Done::default())
}

/// Whoever is not rung any more for a while is told so.
async fn missed(at: &At<'_>, rep: &Rep) -> Result<CardState, VendorError> {
    let quiet_until = at.parts.store.rep_quiet_until(&rep.id).await.map_err(retry)?;
    Ok(quiet_until.filter(|until| *until > at.now()).map_or(CardState::Missed, CardState::MissedAgain))
}

/// What has become of the lead of a card that no phone rang for.
async fn standing(at: &At<'_>, card: &OfferedCard) -> Result<CardState, VendorError> {
    let Matter { handoff, rules, .. } = at.matter;
    let name = |rep: &RepId| rules.reps.get(rep).map_or_else(|| rep.to_string(), |rep| rep.name.clone());
    if matches!(card.why, BriefWhy::GivenAway | BriefWhy::Refusals) {
        return Ok(CardState::Open);
    }
    if handoff.closed {
        return Ok(CardState::Over);
    }
    if at.parts.store.lead_given_since(&handoff.lead_id, card.planned_at).await.map_err(retry)? {
        return Ok(CardState::Theirs(name(&handoff.owner)));
    }
    let was_owed = !matches!(
        card.why,
        BriefWhy::Connected | BriefWhy::Booked | BriefWhy::Moved | BriefWhy::CalledOff | BriefWhy::HandedOver
    );
    Ok(match &handoff.stage {
        Stage::Done { outcome: Outcome::Called { rep, .. } | Outcome::Connected { rep, .. } } if was_owed => {
            CardState::Spoken(name(rep))
        }
        _ => CardState::Open,
    })
}

fn card(at: &At<'_>, chat: &dyn Chat, rep: &Rep, why: BriefWhy, key: &str, channel: &str, state: &CardState) -> Card {
    let acts = if chat.is_heard() { acts(at, why, channel, state) } else { Vec::new() };
    at.brief(rep, why, |brief| {
        let own_url = brief.own_url.filter(|_| is_between_two(channel));
        let brief = BriefContext { own_url, ..brief };
        at.matter.templates.card(&CardContext { brief, key, channel, state, acts: &acts })
    })
}

/// What can be answered to a card as things stand.
fn acts(at: &At<'_>, why: BriefWhy, channel: &str, state: &CardState) -> Vec<OfferAct> {
    use OfferAct::{Called, NotMe, Rate, Reassign, Take};
    match (state, why) {
        (CardState::Accepted | CardState::Theirs(_) | CardState::Over, _) => vec![Rate],
        (CardState::Spoken(_), _) => vec![Reassign, Rate],
        (CardState::Declined | CardState::Missed | CardState::MissedAgain(_), _) => Vec::new(),
        (CardState::TakenBy(_) | CardState::CallerLeft, _) => Vec::new(),
        (CardState::Open, BriefWhy::Ringing) => {
            let takes = at.parts.vendors.telephony.as_ref().is_some_and(|telephony| telephony.joins_when_told());
            if takes { vec![Take, NotMe] } else { vec![NotMe] }
        }
        (CardState::Open, BriefWhy::Connected | BriefWhy::Booked | BriefWhy::Moved | BriefWhy::CalledOff) => {
            vec![Reassign, Rate]
        }
        (CardState::Open, BriefWhy::Escalation | BriefWhy::NeedsAttention) => vec![Take, Reassign, Called, Rate],
        // To somebody alone it is theirs already.
        (
            CardState::Open,
            BriefWhy::Callback | BriefWhy::Mail | BriefWhy::Reminder | BriefWhy::Tried | BriefWhy::HandedOver,
        ) if is_room(channel) => vec![Take, NotMe, Reassign, Called, Rate],
        (
            CardState::Open,
            BriefWhy::Callback | BriefWhy::Mail | BriefWhy::Reminder | BriefWhy::Tried | BriefWhy::HandedOver,
        ) => vec![NotMe, Reassign, Called, Rate],
        (CardState::Open, BriefWhy::Refusals | BriefWhy::GivenAway) => Vec::new(),
    }
}

/// Several people read it. Ids of people and of what is said to one of them begin otherwise.
fn is_room(channel: &str) -> bool {
    channel.starts_with(['C', 'G'])
}

/// One person alone reads it.
fn is_between_two(channel: &str) -> bool {
    matches!(ChatAddress::of(channel), ChatAddress::Slack(id) if id.starts_with(['U', 'W', 'D']))
}

/// How the ring went that a card was posted for; `None`: no phone rang for it.
fn card_state(matter: &Matter, key: &str) -> Option<CardState> {
    let leg = matter.handoff.legs.iter().find(|leg| leg.card == key)?;
    Some(match leg.state {
        LegState::Ringing | LegState::Answered => CardState::Open,
        LegState::Accepted | LegState::Joined => CardState::Accepted,
        LegState::Declined => CardState::Declined,
        LegState::NoAnswer | LegState::Busy | LegState::Machine | LegState::Forwarded => CardState::Missed,
        LegState::HungUp | LegState::Lost => CardState::Missed,
        LegState::WrongNumber | LegState::Vendor | LegState::Config => CardState::Missed,
        LegState::Elsewhere => taken(matter),
        LegState::Cancelled => CardState::CallerLeft,
    })
}

/// By whoever was quicker; if they are gone again, it was missed like any other.
fn taken(matter: &Matter) -> CardState {
    let has_it = |state: LegState| matches!(state, LegState::Accepted | LegState::Joined);
    let quicker = matter.handoff.legs.iter().find(|leg| has_it(leg.state));
    let name = quicker.and_then(|leg| matter.rules.reps.get(&leg.rep)).map(|rep| rep.name.clone());
    name.map_or(CardState::Missed, CardState::TakenBy)
}

/// A message as it is kept with its step.
fn reference(message: &MessageRef) -> String {
    json!({ "channel": message.channel, "ts": message.ts }).to_string()
}
