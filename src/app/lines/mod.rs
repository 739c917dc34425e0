//! Hears the lines that we carry ourselves, one worker at a time: what happens on them goes the way of every other event.
//!
//! Guarantees: whoever hears holds a lease in the database, and gives it back when it takes no work, stops, or cannot connect; when
//! it dies, another has it within seconds. While the database cannot be reached whoever hears goes on: nobody else can have the
//! lease, and callers are on the line. What is told twice, by two workers or by one, is one event: its id says what happened to whom.

mod addresses;
mod agents;
mod telephony;

pub(super) use addresses::{KeptAddresses, offered};
pub(super) use agents::{Agents, bring};
pub(super) use telephony::{as_telephony, lent, over_http};

use crate::connectors::asterisk::Asterisk;
use crate::connectors::{CallSink, Carried, ComesFor, Happened, Told, VendorError};
use crate::deciding::decider::Decider;
use crate::intake::event::key_of;
use crate::outbox::Duty;
use crate::store::{Arrived, CARRIER, CallerOnLine, InboxMessage, Store, StoreError, with};
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Arrival;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::Stage;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Whose lines.
const LINES: &str = "asterisk";
/// How long a worker that has died keeps the others from hearing.
const LEASE: Duration = Duration::from_secs(5);
const KEPT_EVERY: Duration = Duration::from_secs(1);
/// A lease that was not kept for so long is a dead worker's, or one's that cannot hear: no phone is rung meanwhile.
const DEAF_AFTER: Duration = Duration::from_millis(2_500);
/// How soon it is tried again to have the lease.
const TRIED_EVERY: Duration = Duration::from_secs(1);
/// After a connection that was lost at once, longer each time.
const LONGEST_REST: Duration = Duration::from_secs(10);
/// A connection that lasted so long was a good one.
const GOOD_AFTER: Duration = Duration::from_secs(30);
const EVENT: &str = "call.event";

/// What hearing needs of the worker.
pub(super) struct Lines {
    pub asterisk: Arc<Asterisk>,
    pub decider: Arc<Decider>,
    pub store: Store,
    pub clock: SharedClock,
    pub duty: Duty,
    pub worker: String,
    /// Callers come to us once a rep has accepted: until then their leg is their platform's.
    pub is_rep_first: bool,
}

/// Why it hears no more.
enum Ended {
    /// With the connection.
    Lost(VendorError),
    /// Another worker hears.
    Taken,
    /// This worker takes no work, or stops.
    Off,
}

/// Until told to stop.
pub(super) async fn hear(lines: Lines, mut stopping: watch::Receiver<bool>) {
    let Lines { asterisk, decider, store, clock, duty, worker, is_rep_first } = lines;
    let inbox = Inbox { decider, store: store.clone(), clock: Arc::clone(&clock), is_rep_first };
    let sink: Arc<dyn CallSink> = Arc::new(inbox);
    asterisk.heard_by(&sink);
    let lease = Lease { lines: LINES, store, clock, worker };
    let mut rest = TRIED_EVERY;
    while !*stopping.borrow() {
        if duty.why_not().is_none() && lease.is_had().await {
            let began = Instant::now();
            let ended = tokio::select! {
                why = asterisk.listen(&sink) => Ended::Lost(why),
                () = lease.is_taken() => Ended::Taken,
                () = off(&duty) => Ended::Off,
                _ = stopping.wait_for(|stop| *stop) => Ended::Off,
            };
            rest = if began.elapsed() > GOOD_AFTER { TRIED_EVERY } else { (2 * rest).min(LONGEST_REST) };
            match ended {
                Ended::Lost(error) => {
                    let (error, again_s) = (error.in_log(), rest.as_secs());
                    tracing::warn!(error, again_s, "what happens on the lines is not heard");
                    lease.give_back().await;
                }
                Ended::Taken => tracing::info!("another worker hears the lines"),
                Ended::Off => lease.give_back().await,
            }
        } else {
            rest = TRIED_EVERY;
        }
        tokio::select! {
            () = sleep(rest) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

/// Until this worker takes no work.
async fn off(duty: &Duty) {
    while duty.why_not().is_none() {
        sleep(TRIED_EVERY).await;
    }
}

struct Lease {
    lines: &'static str,
    store: Store,
    clock: SharedClock,
    worker: String,
}

impl Lease {
    async fn is_had(&self) -> bool {
        self.take().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "who hears the lines could not be read");
            false
        })
    }

    /// Keeps it, and comes back when another worker has it.
    async fn is_taken(&self) {
        loop {
            sleep(self.clock.real(KEPT_EVERY)).await;
            match self.take().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "who hears the lines could not be written: it goes on"),
            }
        }
    }

    async fn take(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let lines = self.lines;
        let taking = with((self.worker.clone(), now + LEASE, now), move |tx, (worker, until, now)| {
            Box::pin(tx.listener_take(lines, worker, *until, *now))
        });
        self.store.write("listener.take", taking).await
    }

    /// Another need not wait for its end.
    async fn give_back(&self) {
        let lines = self.lines;
        let leaving = with(self.worker.clone(), move |tx, worker| Box::pin(tx.listener_leave(lines, worker)));
        if let Err(error) = self.store.write("listener.leave", leaving).await {
            tracing::warn!(%error, "another worker hears the lines once the lease of this one has ended");
        }
    }
}

/// What happens on a line becomes an event in the inbox.
struct Inbox {
    decider: Arc<Decider>,
    store: Store,
    clock: SharedClock,
    is_rep_first: bool,
}

#[async_trait]
impl CallSink for Inbox {
    async fn tell(&self, told: &[Told]) -> Result<(), VendorError> {
        let now = self.clock.now();
        let messages = told.iter().map(|told| message(told, now)).collect();
        self.decider.take(messages).await.map(|_known| ()).map_err(retry)
    }

    async fn carried(&self) -> Result<Vec<Carried>, VendorError> {
        let callers = self.store.callers_on_line(self.clock.now()).await.map_err(retry)?;
        let known = callers.into_iter().map(|caller| {
            let is_ours = caller.has_come || !self.is_rep_first;
            carried(CallerOnLine { leg: caller.leg.filter(|_| is_ours), ..caller })
        });
        Ok(known.collect())
    }

    async fn is_heard(&self) -> Result<bool, VendorError> {
        let kept_since = self.clock.now() + (LEASE - DEAF_AFTER);
        self.store.listener_hears(LINES, kept_since).await.map_err(retry)
    }

    fn is_front_door(&self, dialled: &str) -> bool {
        self.decider.is_front_door(dialled)
    }

    async fn comes_in(&self, arrival: &Arrival) -> Result<bool, VendorError> {
        self.decider.rings_at_front_door(arrival).await.map_err(retry)
    }

    async fn missed(&self, arrival: &Arrival) -> Result<(), VendorError> {
        let call = Some(arrival.call.clone());
        let left = message(&Told { call, leg: None, happened: Happened::Missed, why: None }, self.clock.now());
        let begins = self.decider.lead_of_missed(arrival).await.map_err(retry)?;
        let messages = std::iter::once(left).chain(begins).collect();
        self.decider.take(messages).await.map(|_known| ()).map_err(retry)
    }

    async fn was_rung(&self, leg: &LegId) -> Result<bool, VendorError> {
        self.store.transfer_begun(leg).await.map_err(retry)
    }

    async fn arrived(&self, address: &str, call: &str) -> Result<Option<ComesFor>, VendorError> {
        let arrived = self.decider.arrives(address, call).await.map_err(retry)?;
        Ok(arrived.map(|arrived| match arrived {
            Arrived::ForRep(leg) => ComesFor::Rep(leg),
            Arrived::Announced { event } => ComesFor::Announced { event },
            Arrived::Before => ComesFor::Known,
        }))
    }

    async fn brings(&self, event: &str, call: &str) -> Result<(), VendorError> {
        self.decider.brings_announced(event, call).await.map_err(retry)
    }
}

fn retry(error: impl std::fmt::Display) -> VendorError {
    VendorError::retry("baton", error.to_string())
}

fn carried(caller: CallerOnLine) -> Carried {
    let CallerOnLine { leg, handoff, has_come: _ } = caller;
    let (mut up, mut rings) = (Vec::new(), Vec::new());
    // They have spoken, and speak on.
    up.extend(handoff.calling.clone().filter(|_| handoff.is_done()));
    for current in handoff.current_legs() {
        let there = if current.state == LegState::Ringing { &mut rings } else { &mut up };
        there.push(current.id.clone());
    }
    let (is_served, takes_callback_key) = (handoff.stage.settled().is_none(), handoff.takes_callback_key());
    let is_left_to_agent = matches!(handoff.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } });
    let asked = handoff.asked_on().map(|leg| leg.id.clone());
    Carried { call: leg, up, rings, asked, is_served, is_left_to_agent, takes_callback_key }
}

/// As a platform would send it.
fn message(told: &Told, now: DateTime<Utc>) -> InboxMessage {
    let Told { call, leg, happened, why } = told;
    let whom = leg.as_ref().map(LegId::as_str).or(call.as_deref()).unwrap_or_default();
    // Of a leg the handoff is known by its id.
    let call = call.as_deref().unwrap_or(whom);
    let mut data = json!({ "platform": CARRIER, "call": call, "event": happened.as_str() });
    if let Some(leg) = leg {
        data["leg"] = json!(leg);
    }
    if let Some(why) = why {
        data["why"] = json!(why);
    }
    if let Happened::Pressed { key, .. } = happened {
        data["key"] = json!(key);
    }
    let event = json!({
        "specversion": "1.0", "type": EVENT, "source": CARRIER, "id": id(whom, *happened), "time": now, "data": data,
    });
    let body = event.to_string().into_bytes();
    let (key, kind) = (key_of(&body), EVENT.to_owned());
    InboxMessage { key, kind, body, received_at: now, reply_to: None, correlation_id: None, trace_context: None }
}

/// The same each time the same is told, by whichever worker.
fn id(whom: &str, happened: Happened) -> String {
    let id = format!("{whom}:{}", happened.as_str());
    if let Happened::CallbackWanted { pressed_at } | Happened::Pressed { pressed_at, .. } = happened {
        return format!("{id}:{}", pressed_at.timestamp_millis());
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::event::{CallWord, Message, parse};

    #[test]
    fn what_happens_on_a_line_is_read_as_a_platforms_own_word() {
        let now = "2026-11-30T09:00:00Z".parse().unwrap();
        for (happened, word) in [
            (Happened::Answered, CallWord::Answered),
            (Happened::Accepted, CallWord::Accepted),
            (Happened::Declined, CallWord::Declined),
            (Happened::NoAnswer, CallWord::NoAnswer),
            (Happened::Busy, CallWord::Busy),
            (Happened::Forwarded, CallWord::Forwarded),
            (Happened::WrongNumber, CallWord::WrongNumber),
            (Happened::Failed, CallWord::Failed),
            (Happened::Joined, CallWord::Joined),
            (Happened::RepLeft, CallWord::RepLeft),
            (Happened::CallerLeft, CallWord::CallerLeft),
            (Happened::CallbackWanted { pressed_at: now }, CallWord::CallbackWanted),
            (Happened::Missed, CallWord::Missed),
            (Happened::Pressed { key: '3', pressed_at: now }, CallWord::Pressed),
        ] {
            let is_callers =
                matches!(happened, Happened::CallerLeft | Happened::CallbackWanted { .. } | Happened::Missed);
            let leg = (!is_callers).then(|| LegId::new("leg_7k2m.1").unwrap());
            let told = Told { call: None, leg: leg.clone(), happened, why: Some("cause 17".to_owned()) };
            let told = Told { call: leg.is_none().then(|| "1796028155.0".to_owned()), ..told };
            let sent = message(&told, now);
            let Ok(Message::Call(read)) = parse(&sent.body, now).map(|read| read.message) else {
                panic!("{happened:?} is not read")
            };
            assert_eq!((read.happened, read.leg, read.why.as_deref()), (word, leg, Some("cause 17")), "{happened:?}");
            assert_eq!((read.platform.as_str(), read.key), (CARRIER, (word == CallWord::Pressed).then_some('3')));
        }
    }

    #[test]
    fn a_key_that_is_pressed_again_is_another_and_told_again_the_same() {
        let now: DateTime<Utc> = "2026-11-30T09:00:00Z".parse().unwrap();
        let pressed = |pressed_at| id("1796028155.0", Happened::CallbackWanted { pressed_at });
        assert_eq!(pressed(now), pressed(now));
        assert_ne!(pressed(now), pressed(now + chrono::TimeDelta::seconds(3)));
        assert_eq!(id("1796028155.0", Happened::CallerLeft), "1796028155.0:caller_left");
    }
}
