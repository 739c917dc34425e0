//! A sentence on the platform's own live channel: what is decided once the answer to the agent has gone out.
//!
//! Guarantees: it is true when it is said, since how the handoff stands is read anew, and what has been overtaken or is old is left
//! out; while the agent waits for an answer nothing is said beside it; nobody hears a sentence twice in a row, whoever said it
//! first. A sentence that fails is no fault of the lead's: the agent hears it when it asks. If the process dies here, it is said
//! at most once.

use crate::connectors::VendorError;
use crate::outbox::parts::retry;
use crate::outbox::work::{At, Done};
use crate::release::Release;
use crate::render::caller::CallerContext;
use crate::store::{LiveLine, StoreError, with};
use baton_core::domain::effect::{Instruction, ToSay};
use baton_core::domain::lead::Call;
use baton_core::domain::text::CallerText;
use baton_core::handoff::Handoff;
use baton_platforms::Mapping;
use baton_platforms::live::{LiveCommand, LiveWords};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is said later than this would come out of nowhere.
const SAID_WITHIN: TimeDelta = TimeDelta::seconds(8);
/// An answer that is being written has gone out by then, in real time; a longer one is waited for without holding up others.
const ANSWERED_SOON: Duration = Duration::from_millis(150);
const LOOK_EVERY: Duration = Duration::from_millis(30);
/// After a channel that could not be had at all.
const AGAIN_AFTER: TimeDelta = TimeDelta::seconds(1);
const TRIES: u32 = 3;

/// The call as it is now.
struct Seen {
    line: LiveLine,
    handoff: Handoff,
    is_reachable: bool,
}

/// `None`: this call cannot be spoken on.
pub(super) async fn say(at: &At<'_>, instruction: &Instruction) -> Result<Option<Done>, VendorError> {
    let release = Arc::clone(&at.parts.release.borrow());
    let Some(call) = &at.matter.lead.call else { return Ok(None) };
    let live = release.platforms.get(&call.platform).and_then(Mapping::live);
    let (Some(live), Some(voice)) = (live, &at.parts.vendors.live) else { return Ok(None) };
    let seen = match answered(at, call).await? {
        Asked::Nobody => return Ok(None),
        Asked::StillWaits { until } => return Ok(Some(Done::again(until, "the agent waits for an answer"))),
        Asked::Answered(seen) => seen,
    };
    if let Some(why) = seen.why_not(at, instruction) {
        return Ok(Some(Done::nothing(why)));
    }
    let say = seen.words(instruction, &release, at.now());
    if seen.line.has_told(&say.0) {
        return Ok(Some(Done::nothing("the caller has heard it")));
    }
    let words = LiveWords {
        address: seen.line.call.address.as_deref(),
        call: &call.id,
        leg: call.leg.as_deref(),
        key: &at.step.effect_key,
        say: &say.0,
        transfer_to: None,
    };
    let Some(LiveCommand { method, address, body }) = live.command(&words) else { return Ok(None) };
    if !take(at, &seen.line, &say).await? {
        // Another sentence was quicker, or the agent asks anew: it is looked at once more what is left to say.
        return Ok(Some(Done::again(at.now(), "the call has gone on meanwhile")));
    }
    match voice.say(&call.platform, method, &address, body).await {
        Ok(()) => Ok(Some(Done::nothing("said on the live channel"))),
        Err(error) => not_said(at, &seen.line, &say, error).await.map(Some),
    }
}

/// Has the caller connected with whoever waits there, where the platform can be told so at once; elsewhere its agent hears it when
/// it asks. The same command is the same transfer, and one that does not come is given up by the time to join.
pub(super) async fn transfer(at: &At<'_>, call: &Call, to: &str) -> Result<(), VendorError> {
    let release = Arc::clone(&at.parts.release.borrow());
    let live = release.platforms.get(&call.platform).and_then(Mapping::live);
    let (Some(live), Some(voice)) = (live, &at.parts.vendors.live) else { return Ok(()) };
    let line = at.parts.store.live_line(&call.platform, &call.id).await.map_err(retry)?;
    let words = LiveWords {
        address: line.as_ref().and_then(|line| line.call.address.as_deref()),
        call: &call.id,
        leg: call.leg.as_deref(),
        key: &at.step.effect_key,
        say: "",
        transfer_to: Some(to),
    };
    let Some(LiveCommand { method, address, body }) = live.transfer(&words) else { return Ok(()) };
    match voice.say(&call.platform, method, &address, body).await {
        Err(VendorError::Unknown { .. }) => Ok(()),
        told => told,
    }
}

enum Asked {
    Nobody,
    StillWaits { until: DateTime<Utc> },
    Answered(Box<Seen>),
}

/// An answer that is just going out is waited for.
async fn answered(at: &At<'_>, call: &Call) -> Result<Asked, VendorError> {
    let until = Instant::now() + ANSWERED_SOON;
    loop {
        let Some(seen) = look(at, call).await? else { return Ok(Asked::Nobody) };
        let asks_until = seen.line.asks_until;
        if asks_until <= at.now() {
            return Ok(Asked::Answered(Box::new(seen)));
        }
        if Instant::now() >= until {
            return Ok(Asked::StillWaits { until: asks_until });
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn look(at: &At<'_>, call: &Call) -> Result<Option<Seen>, VendorError> {
    let whose = (call.platform.clone(), call.id.clone(), at.step.handoff_id.clone());
    let reading = with(whose, |tx, (platform, call, handoff)| {
        Box::pin(async move {
            let Some(line) = tx.live_line(platform, call).await? else { return Ok(None) };
            let handoff = tx.handoff(handoff).await?;
            let record = tx.lead(&handoff.lead_id).await?;
            let is_reachable = record.is_some_and(|record| record.lead.can_be_reached_later());
            Ok(Some(Seen { line, handoff, is_reachable }))
        })
    });
    at.parts.store.read("live.look", reading).await.map_err(retry)
}

impl Seen {
    /// Why nothing is said, if it is so.
    fn why_not(&self, at: &At<'_>, instruction: &Instruction) -> Option<&'static str> {
        if !self.handoff.live {
            return Some("the caller is gone");
        }
        // A call back is offered beside what stands.
        let is_true = match instruction {
            Instruction::OfferCallback => super::is_fetching(&self.handoff),
            other => self.handoff.to_say(true).0 == ToSay::Decided(other.clone()),
        };
        if !is_true {
            return Some("something else is true by now");
        }
        (at.now() - at.step.planned_at > SAID_WITHIN).then_some("it comes too late to be said")
    }

    /// As whoever asks now would hear it.
    fn words(&self, instruction: &Instruction, release: &Release, now: DateTime<Utc>) -> CallerText {
        let what = match instruction {
            Instruction::OfferCallback => ToSay::Decided(Instruction::OfferCallback),
            _ => self.handoff.to_say(self.is_reachable).0,
        };
        let company = release.rules.handoff.company.as_deref();
        let caller = self.handoff.whereabouts();
        release.templates.to_say(&what, &CallerContext { reps: &release.rules.reps, company, caller, now })
    }
}

/// Noted before it is said: a sentence that was lost with a worker is better than one that is heard twice.
async fn take(at: &At<'_>, line: &LiveLine, say: &CallerText) -> Result<bool, VendorError> {
    let taking = with((line.clone(), say.0.clone()), |tx, (line, say)| Box::pin(tx.live_say(line, say)));
    at.parts.store.write("live.say", taking).await.map_err(retry)
}

/// Nobody is to mend it, and the lead goes on without it.
async fn not_said(at: &At<'_>, line: &LiveLine, say: &CallerText, error: VendorError) -> Result<Done, VendorError> {
    let platform = &line.call.platform;
    tracing::warn!(
        platform,
        error = error.in_log(),
        outcome = error.class(),
        "a sentence was not said: the agent hears it when it asks"
    );
    let is_unheard = match error {
        VendorError::Retry { .. } | VendorError::RateLimited { .. } => true,
        VendorError::Unknown { .. } => return Ok(Done::nothing("it may have been said")),
        VendorError::Reauthenticate { .. }
        | VendorError::NeedsPerson { .. }
        | VendorError::Amiss { .. }
        | VendorError::Gone { .. } => false,
    };
    let unsaying = with((line.clone(), say.0.clone()), |tx, (line, say)| Box::pin(tx.live_unsaid(line, say)));
    let unsaid: Result<(), StoreError> = at.parts.store.write("live.unsaid", unsaying).await;
    unsaid.map_err(retry)?;
    if is_unheard && at.step.attempts < TRIES {
        return Ok(Done::again(at.now() + AGAIN_AFTER, "the live channel could not be had"));
    }
    Ok(Done::nothing("the live channel did not take it"))
}
