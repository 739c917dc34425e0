//! What a move means for the figures: leads, promises and waits that have come to their end.

use crate::telemetry::figures::Count;
use baton_core::domain::effect::Timer;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::{Event, Handoff, Settled, Stage};
use chrono::{DateTime, Utc};

/// What has ended with a move.
pub(super) fn ended_by(before: &Handoff, event: &Event, after: &Handoff, now: DateTime<Utc>) -> Vec<Count> {
    let waited = before.live && is_waiting(&before.stage);
    let has_left = matches!(event, Event::CallerLeft | Event::CallEnded);
    let wait = if waited { wait_ended(after, has_left, now) } else { None };
    let lead = lead_ended(&after.stage).filter(|end| lead_ended(&before.stage) != Some(*end));
    promise_ended(&before.stage, event, &after.stage).into_iter().chain(lead).chain(wait).collect()
}

/// How a lead at this stage has ended, whether anybody was on the line or not. One that needs a person has until somebody acts.
pub(in crate::store) fn lead_ended(stage: &Stage) -> Option<Count> {
    let outcome = match stage.settled()? {
        Settled::Done(Outcome::Connected { .. }) => "connected",
        Settled::Done(Outcome::Booked { .. }) => "booked",
        Settled::Done(Outcome::Called { .. }) => "called",
        Settled::Done(Outcome::LeftToAgent { .. }) => "left_to_agent",
        Settled::Done(Outcome::CalledOff { .. }) => "called_off",
        Settled::Done(Outcome::Shadow { .. }) => "shadow",
        Settled::NeedsAttention { .. } => "needs_attention",
        Settled::Callback(_) => return None,
    };
    Some(Count::LeadEnded { outcome })
}

fn promise_ended(before: &Stage, event: &Event, after: &Stage) -> Option<Count> {
    match (before, after) {
        (Stage::Callback { .. }, Stage::Done { outcome: Outcome::Called { .. } }) => {
            Some(Count::Promise { kept: true })
        }
        (Stage::Callback { .. }, Stage::NeedsAttention { .. }) => {
            let is_over = matches!(event, Event::Timer { timer: Timer::Breach { .. } });
            is_over.then_some(Count::Promise { kept: false })
        }
        _ => None,
    }
}

/// Whoever is on the line waits for somebody, or for a time.
fn is_waiting(stage: &Stage) -> bool {
    stage.settled().is_none()
}

/// How the wait of a caller who was on the line has ended, if it has.
pub(in crate::store) fn wait_ended(after: &Handoff, has_left: bool, now: DateTime<Utc>) -> Option<Count> {
    let outcome = match &after.stage {
        Stage::Done { outcome: Outcome::Connected { .. } } => "put_through",
        Stage::Done { outcome: Outcome::Booked { .. } } => "booked",
        Stage::Done { outcome: Outcome::Called { .. } } => "called",
        Stage::Done { outcome: Outcome::LeftToAgent { .. } } => "left_to_agent",
        Stage::Done { outcome: Outcome::CalledOff { .. } } => "called_off",
        // Nobody waits for us.
        Stage::Done { outcome: Outcome::Shadow { .. } } => return None,
        _ if has_left || !after.live && is_waiting(&after.stage) => "left",
        Stage::Callback { promise } if promise.by_mail => "mail",
        Stage::Callback { .. } => "callback",
        Stage::NeedsAttention { .. } => "needs_attention",
        Stage::Offered
        | Stage::Ringing { .. }
        | Stage::Briefing { .. }
        | Stage::Joining { .. }
        | Stage::Searching { .. }
        | Stage::Offering { .. }
        | Stage::Booking { .. }
        | Stage::Bridged { .. } => return None,
    };
    // Together for good: the wait was over when they met.
    let until = after.put_through().map_or(now, |(met_at, _)| met_at);
    Some(Count::Caller { outcome, patience: patience_used(after, until) })
}

/// Of the patience that was left when the lead was decided.
fn patience_used(handoff: &Handoff, now: DateTime<Utc>) -> f64 {
    let given = (handoff.patience_until - handoff.decided_at).as_seconds_f64();
    let used = (now - handoff.decided_at).as_seconds_f64().max(0.0);
    if given > 0.0 { used / given } else { 1.0 }
}
