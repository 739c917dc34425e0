//! Calls on which the platform lets us speak by ourselves: that an agent asks on one, where it is spoken on, and what was answered.
//!
//! What is decided once the answer has gone out is said there by the outbox, and not what the answer said already. Nothing here
//! keeps a caller waiting: where it cannot be noted, the agent hears the rest when it asks again.

use super::words::lead_of;
use super::{Admitted, events};
use crate::store::{LiveCall, with};
use crate::web::Door;
use crate::web::incoming::LONGEST_WAIT;
use baton_platforms::{Heard, Said};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long an answer takes to the caller's ear: on its way to the platform, through the model and its voice.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

/// An agent that waits for an answer on a call.
pub(super) struct Asking {
    call: LiveCall,
    until: DateTime<Utc>,
}

impl Door {
    /// Who waits, on calls that we may speak on.
    pub(super) fn asking(&self, admitted: &Admitted<'_>, heard: &Heard) -> Vec<Asking> {
        let now = self.clock.now();
        let until = now + self.clocks_span(LONGEST_WAIT);
        let mut asking: Vec<Asking> = Vec::new();
        for event in events(heard).filter(|event| event.live) {
            let platform = event.event["data"]["call"]["platform"].as_str().unwrap_or_default().to_lowercase();
            let Some(address) = self.address(admitted, heard, &platform) else { continue };
            let Some(call) = lead_of(event, now).and_then(|lead| lead.call) else { continue };
            let call = LiveCall { platform: call.platform, call: call.id, address };
            if asking.iter().all(|other| other.call != call) {
                asking.push(Asking { call, until });
            }
        }
        asking
    }

    /// `None`: this call of the platform cannot be spoken on. The inner one: there is one address for all of its calls.
    fn address(&self, admitted: &Admitted<'_>, heard: &Heard, platform: &str) -> Option<Option<String>> {
        let live = admitted.release.platforms.get(platform)?.live()?;
        if !live.is_sent() {
            return self.platforms.get(platform).filter(|section| section.has_key).map(|_| None);
        }
        let address = heard.live.as_ref().filter(|_| admitted.mapping.name == platform)?;
        if !live.allows(address.expose()) {
            let (host, allowed) = (address.host(), live.hosts());
            tracing::warn!(
                platform,
                host,
                allowed,
                "a call's live channel is not where the mapping allows it: not used"
            );
            return None;
        }
        Some(Some(address.expose().to_owned()))
    }

    /// What the clock shows while this much of real time passes.
    fn clocks_span(&self, real: Duration) -> TimeDelta {
        let second = self.clock.real(Duration::from_secs(1)).as_secs_f64();
        TimeDelta::milliseconds((real.as_secs_f64() / second * 1000.0) as i64)
    }

    pub(super) async fn note_asking(&self, asking: &[Asking], until: Instant) {
        for one in asking {
            let asked = (one.call.clone(), one.until, self.clock.now());
            let asked = with(asked, |tx, (call, until, now)| Box::pin(tx.live_asked(call, *until, *now)));
            match timeout_at(until, self.store.write("live.asked", asked)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "it could not be noted where a call is spoken on"),
                Err(_) => tracing::warn!("it could not be noted in time where a call is spoken on"),
            }
        }
    }

    /// Beside the answer: nobody waits for it.
    pub(super) fn note_answered(&self, asking: Vec<Asking>, said: &[Option<Said>]) {
        if asking.is_empty() {
            return;
        }
        let said: Vec<String> = said.iter().flatten().map(|said| said.say.clone()).collect();
        let heard_at = self.clock.now() + self.clocks_span(HEARD_WITHIN);
        for Asking { call, until } in asking {
            let (store, said) = (self.store.clone(), said.clone());
            self.in_hand.spawn(async move {
                let answered = with((call, until, said), move |tx, (call, until, said)| {
                    Box::pin(tx.live_answered(call, *until, heard_at, said))
                });
                if let Err(error) = store.write("live.answered", answered).await {
                    tracing::warn!(%error, "what a caller was told could not be noted: they may hear it twice");
                }
            });
        }
    }
}
