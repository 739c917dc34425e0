//! How things stand for a caller: what is true at this moment, in words.

use super::Door;
use crate::release::Release;
use crate::render::caller::{CallerContext, Stopgap};
use baton_core::domain::id::{HandoffId, LeadId, LegId};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Slot;
use baton_core::domain::text::CallerText;
use baton_core::handoff::{Handoff, Stage};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// How often it is looked whether the calendar has answered, in real time.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) struct Standing {
    pub handoff: Handoff,
    /// There is a number or an address at which the person can be reached when the line is gone.
    pub is_reachable: bool,
    /// Where the caller is to be transferred now, as the platform dials it.
    pub transfer_to: Option<String>,
}

/// What is true to say, and to do.
pub(super) struct Now {
    pub say: CallerText,
    pub status: &'static str,
    pub transfer_to: Option<String>,
}

/// Whose standing it is.
#[derive(Clone)]
pub(super) enum Whose {
    /// The platform in lower case.
    Call {
        platform: String,
        id: String,
    },
    Lead(LeadId),
}

/// The call is another's by now, or nobody's.
const GONE: (Stopgap, &str) = (Stopgap::TakenCareOf, "gone");

/// The database did not tell in time.
pub(super) struct Away;

impl Door {
    /// What is true to say now to whoever is on this call; `None`: no lead of it, or it could not be read in time.
    pub(super) async fn now_to_say(&self, platform: &str, call: &str, until: Instant) -> Option<Now> {
        let whose = Whose::Call { platform: platform.to_lowercase(), id: call.to_owned() };
        let found = self.standing(&whose, until).await.ok()??;
        let release = Arc::clone(&self.release.borrow());
        let (say, status) = found.words(&release, self.clock.now());
        Some(Now { say, status, transfer_to: found.transfer_to })
    }

    /// What is true to say now to the rep who was rung on this leg and has answered, and how it stands, in one word.
    pub(super) async fn to_rep(&self, leg: &LegId, until: Instant) -> (Stopgap, &'static str) {
        let Some(handoff) = leg.handoff() else { return GONE };
        match self.standing(&Whose::Lead(handoff.lead()), until).await {
            Ok(found) => found.map_or(GONE, |found| found.to_rep(leg)),
            Err(Away) => (Stopgap::PassedOn, "accepted"),
        }
    }

    /// `None`: there is no lead yet.
    pub(super) async fn standing(&self, whose: &Whose, until: Instant) -> Result<Option<Standing>, Away> {
        let (whose, now) = (whose.clone(), self.clock.now());
        let reading = self.store.read("standing", move |tx| {
            let whose = whose.clone();
            Box::pin(async move {
                let handoff = match &whose {
                    Whose::Call { platform, id } => tx.handoff_of_call(platform, id).await?,
                    Whose::Lead(lead) => Some(HandoffId::of(lead)),
                };
                let Some(handoff) = handoff else { return Ok(None) };
                let handoff = tx.handoff(&handoff).await?;
                let record = tx.lead(&handoff.lead_id).await?;
                let is_reachable = record.is_some_and(|record| record.lead.can_be_reached_later());
                let transfer_to = match handoff.stage {
                    Stage::Joining { .. } => tx.transfer_to(&handoff.id, now).await?,
                    _ => None,
                };
                Ok(Some(Standing { handoff, is_reachable, transfer_to }))
            })
        });
        match timeout_at(until, reading).await {
            Ok(Ok(standing)) => Ok(standing),
            Ok(Err(error)) => {
                tracing::warn!(%error, "how things stand for a caller could not be read");
                Err(Away)
            }
            Err(_) => Err(Away),
        }
    }

    /// The same once the calendar has been asked, and it is no longer as it was `before`; or how it stands when the time is up.
    pub(super) async fn standing_at_rest(
        &self,
        whose: &Whose,
        before: Option<&Stage>,
        until: Instant,
    ) -> Result<Option<Standing>, Away> {
        loop {
            let standing = self.standing(whose, until).await?;
            let stage = standing.as_ref().map(|standing| &standing.handoff.stage);
            let moves = stage.is_some_and(|stage| {
                matches!(stage, Stage::Offered | Stage::Searching { .. } | Stage::Booking { .. })
                    || before == Some(stage)
            });
            if !moves || Instant::now() + LOOK_EVERY >= until {
                return Ok(standing);
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Standing {
    /// What a rep is told who has answered on this leg.
    fn to_rep(&self, leg: &LegId) -> (Stopgap, &'static str) {
        let leg = self.handoff.legs.iter().find(|known| known.id == *leg);
        match leg.map(|leg| leg.state) {
            Some(LegState::Accepted | LegState::Joined) => (Stopgap::PuttingThrough, "accepted"),
            Some(LegState::Declined) => (Stopgap::NotTaken, "declined"),
            // Their answer is stored, and not applied yet.
            Some(LegState::Ringing | LegState::Answered) => (Stopgap::PassedOn, "accepted"),
            _ => GONE,
        }
    }

    /// What is said, and how it stands, in one word.
    pub(super) fn words(&self, release: &Release, now: DateTime<Utc>) -> (CallerText, &'static str) {
        let (what, status) = self.handoff.to_say(self.is_reachable);
        let company = release.rules.handoff.company.as_deref();
        let caller = self.handoff.whereabouts();
        let context = CallerContext { reps: &release.rules.reps, company, caller, now };
        (release.templates.to_say(&what, &context), status)
    }

    /// Nothing is promised to the caller.
    pub(super) fn is_left_to_somebody(&self) -> bool {
        matches!(self.handoff.stage, Stage::NeedsAttention { .. })
    }

    /// No other times were offered before these.
    pub(super) fn is_first_offer(&self) -> bool {
        let Handoff { searches, booking_attempts, taken_slots, .. } = &self.handoff;
        *searches <= 1 && *booking_attempts == 0 && taken_slots.is_empty()
    }

    /// The times to choose from.
    pub(super) fn offered(&self) -> &[Slot] {
        if let Stage::Offering { slots, .. } = &self.handoff.stage { slots } else { &[] }
    }
}
