//! Carries out what was planned: leased steps, one attempt at a time, each with its name, deadline and fence.
//!
//! Guarantees: a step's result counts only with the fence it was claimed with; a request that must not happen twice is marked
//! `sent_at` before it leaves, and a lost answer is reconciled by the operation's class, never blindly repeated; the result of
//! a step and what it means for the handoff are one commit. A killed worker's steps come back when their lease ends.
//! It never decides what happens next on a call: it gives the event to `handoff::advance`, inside that commit.

mod backoff;
mod book;
mod consequence;
mod duty;
mod group;
mod hands;
pub mod instruct;
mod lane;
mod perform;
mod settle;
mod write;

use crate::clock::SharedClock;
use crate::connectors::http::answered_by;
use crate::connectors::{Calendar, Chat, Crm, Mailer, Telephony, VendorError};
use crate::domain::effect::{Class, Effect};
use crate::domain::id::{LeadId, RepId};
use crate::facts::Facts;
use crate::handoff::Event;
use crate::release::Current;
use crate::store::{Claim, FinishedStep, Mover, StepEnd, StepRow, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
pub use duty::Duty;
use group::Group;
use hands::Hands;
pub use lane::Pace;
use lane::{Lane, Lanes};
pub use perform::Matter;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

/// How often due steps are looked for, in the clock's own time: timers, and what is tried again. What is due at once never
/// waits for it: it is born in hand.
const POLL: Duration = Duration::from_millis(500);
/// Real time between two looks at least.
const SHORTEST_POLL: Duration = Duration::from_millis(25);
/// A step whose deadline is this far away gives way to decisions: mail, CRM, a meeting for somebody who is no longer on the line.
const CAN_WAIT: TimeDelta = TimeDelta::minutes(3);
/// A lost answer is looked into after this long: vendors' searches lag.
const RECONCILE_AFTER: TimeDelta = TimeDelta::seconds(2);
/// What has begun when the worker stops may end within this, in real time.
const LAST_STEPS_WITHIN: Duration = Duration::from_millis(2500);
const GIVEN_BACK_WITHIN: Duration = Duration::from_millis(700);
/// How long after its deadline a booking that may have happened is still settled.
const SETTLE_BOOKING_WITHIN: TimeDelta = TimeDelta::hours(1);
/// A step whose credentials failed waits for a person, and tries again this often.
const CREDENTIALS_RETRY: TimeDelta = TimeDelta::seconds(60);

/// The vendors of one workspace; an absent one makes its effects end as "not configured".
#[derive(Clone, Default)]
pub struct Vendors {
    pub crm: Option<Arc<dyn Crm>>,
    pub chat: Option<Arc<dyn Chat>>,
    pub mailer: Option<Arc<dyn Mailer>>,
    pub calendar: Option<Arc<dyn Calendar>>,
    pub telephony: Option<Arc<dyn Telephony>>,
    pub events: Option<Arc<dyn EventSink>>,
}

/// Where our own events go: `baton.events`.
#[async_trait::async_trait]
pub trait EventSink: Send + Sync {
    /// # Errors
    /// The broker did not confirm.
    async fn publish(&self, topic: &str, id: &str, body: &serde_json::Value) -> Result<(), VendorError>;
}

/// Makes the address under which a rep rates a lead.
pub trait FeedbackLinks: Send + Sync {
    fn link(&self, lead: &LeadId, rep: &RepId, now: DateTime<Utc>) -> String;
}

/// What the runner is built from.
pub struct Parts {
    pub store: Store,
    pub vendors: Vendors,
    pub facts: Arc<Facts>,
    pub release: Current,
    pub clock: SharedClock,
    /// Who leases; new at every start.
    pub worker: String,
    pub lease: Duration,
    /// A vendor's answer is waited for no longer.
    pub vendor_timeout: Duration,
    /// In each lane.
    pub steps_at_once: usize,
    pub links: Option<Arc<dyn FeedbackLinks>>,
}

pub struct Outbox {
    parts: Parts,
    lanes: Lanes,
    duty: Duty,
    hands: Hands,
    marks: Arc<Group<(String, i64), bool>>,
    ends: Arc<Group<FinishedStep, Option<bool>>>,
}

impl Outbox {
    pub fn new(parts: Parts) -> Arc<Self> {
        let lanes = Lanes::new(parts.steps_at_once);
        let (duty, hands) = (Duty::default(), Hands::default());
        Arc::new(Self { parts, lanes, duty, hands, marks: Arc::default(), ends: Arc::default() })
    }

    /// Carries out steps that were born leased to this worker, without a claim. `matter` is what the commit that made them
    /// stored, so that it need not be read again.
    pub fn run_now(self: &Arc<Self>, steps: Vec<StepRow>, matter: Option<Arc<Matter>>) {
        let begin_by = Instant::now() + self.parts.lease / 2;
        for step in steps {
            let (outbox, matter) = (Arc::clone(self), matter.clone());
            tokio::spawn(async move {
                // Too late to begin: its lease may end while it is carried out. Whoever claims it then has it alone.
                let waiting = async {
                    outbox.lanes.eased_to(keeps(&step)).await;
                    outbox.lanes.enter(Lane::of(&step.effect)).await
                };
                let Ok(_permit) = timeout_at(begin_by, waiting).await else { return };
                outbox.run_step(step, matter).await;
            });
        }
    }

    /// Leads wait to be decided: what can wait as well begins after them.
    pub fn set_pace(&self, pace: Pace) {
        self.lanes.set_pace(pace);
    }

    /// Whether work is taken.
    pub fn duty(&self) -> &Duty {
        &self.duty
    }

    /// Claims and carries out due steps until told to stop; then what has not begun is given back at once, and what has begun
    /// may end.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if self.duty.why_not().is_some() {
                tokio::select! {
                    () = self.duty.resumed() => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            let claimed = self.claim().await;
            let busy = claimed.len();
            for (step, permit) in claimed {
                let outbox = Arc::clone(&self);
                tokio::spawn(async move {
                    let _permit = permit;
                    outbox.run_step(step, None).await;
                });
            }
            if busy == 0 {
                let pause = self.parts.clock.real(POLL).max(SHORTEST_POLL);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.lanes.pace_changed() => {}
                    _ = stop.changed() => {}
                }
            }
        }
        self.hands.close();
        self.give_back(self.hands.full()).await;
        if tokio::time::timeout(LAST_STEPS_WITHIN, self.hands.empty()).await.is_err() {
            tracing::warn!("stopping with steps in hand: others take them up");
        }
        self.give_back(Vec::new()).await;
    }

    /// Steps of this worker that were not sent, but for those it is at, are due for the others.
    async fn give_back(&self, but: Vec<String>) {
        let (worker, but) = (self.parts.worker.clone(), Arc::new(but));
        let given = self.parts.store.write("step.release", move |tx| {
            let (worker, but) = (worker.clone(), Arc::clone(&but));
            Box::pin(async move { tx.steps_release(&worker, &but).await })
        });
        match tokio::time::timeout(GIVEN_BACK_WITHIN, given).await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "steps were given back to the other workers"),
            Ok(Err(error)) => tracing::warn!(%error, "steps could not be given back: their leases bring them back"),
            Err(_) => tracing::warn!("steps could not be given back in time: their leases bring them back"),
        }
    }

    /// As many due steps of each lane as it has free hands.
    async fn claim(self: &Arc<Self>) -> Vec<(StepRow, OwnedSemaphorePermit)> {
        let free = self.lanes.free();
        let wanted: Arc<[(Lane, Claim, usize)]> =
            free.iter().map(|(lane, which, hands)| (*lane, *which, hands.len())).collect();
        let (worker, lease, now) = (self.parts.worker.clone(), self.parts.lease, self.parts.clock.now());
        let claimed = self.parts.store.write("step.claim", move |tx| {
            let (worker, wanted) = (worker.clone(), Arc::clone(&wanted));
            Box::pin(async move {
                let mut claimed = Vec::new();
                for (lane, which, hands) in wanted.iter() {
                    claimed.push(tx.steps_claim(now, &worker, lease, lane.kinds(), *which, *hands).await?);
                }
                Ok(claimed)
            })
        });
        match claimed.await {
            Ok(claimed) => {
                claimed.into_iter().zip(free).flat_map(|(steps, (_, _, hands))| steps.into_iter().zip(hands)).collect()
            }
            Err(error) => {
                tracing::error!(%error, "due steps could not be claimed");
                tokio::time::sleep(Duration::from_millis(500)).await;
                Vec::new()
            }
        }
    }

    async fn run_step(self: &Arc<Self>, step: StepRow, matter: Option<Arc<Matter>>) {
        // Not begun: it is given back.
        let Some(_in_hand) = self.hands.take(&step.effect_key) else { return };
        let span = tracing::info_span!("step", lead.id = %step.lead_id, effect.kind = step.effect.kind(), effect.attempt = step.attempts);
        async {
            fail::fail_point!("after_claim");
            let end = self.attempt(&step, matter).await;
            fail::fail_point!("before_finish");
            self.finish(&step, end).await;
            fail::fail_point!("after_finish");
        }
        .instrument(span)
        .await;
    }

    /// One attempt. What it returns is only a claim until `finish` has checked the fence.
    async fn attempt(&self, step: &StepRow, matter: Option<Arc<Matter>>) -> End {
        let now = self.parts.clock.now();
        if let Effect::Timer { timer } = &step.effect {
            return End::done(Some(Event::Timer { timer: timer.clone() }));
        }
        let Some(limit) = self.call_limit(step, now) else { return End::Lost };
        // One for look, mark and call together: each with its own would outlive the lease, and the next worker would look for
        // a request that is still to leave.
        let by = Instant::now() + limit;
        let class = self.class(&step.effect);
        let late = now > step.deadline_at;
        if step.sent_at.is_some() {
            match self.reconcile(step, class, by).await {
                Reconciled::Repeat => {}
                Reconciled::Ended(End::Again { .. }) if late => return End::expired(&step.effect),
                Reconciled::Ended(end) => return end,
            }
        }
        // A meeting that may stand in the calendar already is asked for again, however late: it is found, or made good.
        let may_be_booked = matches!(step.effect, Effect::Book { .. })
            && step.attempts > 1
            && now - step.deadline_at < SETTLE_BOOKING_WITHIN;
        if late && !may_be_booked {
            return End::expired(&step.effect);
        }
        if matches!(class, Class::LookFirst | Class::AtMostOnce) && !self.mark_sent(step).await {
            return End::Lost;
        }
        fail::fail_point!("after_sent_mark");
        if Instant::now() >= by {
            // Marked and not sent, and its lease may end while it is: it is taken up anew, by whoever has it by then.
            let error = "its time was over before it was sent".to_owned();
            return End::Again { run_at: self.parts.clock.now(), error, still_sent: false };
        }
        let result = answered_by(by, self.perform(step, matter)).await;
        fail::fail_point!("after_response");
        match result {
            Ok(Ok(done)) => End::Done { vendor_ref: done.vendor_ref, result: done.result, event: done.event },
            Ok(Err(error)) => self.failed(step, class, error),
            Err(_) => {
                let why = format!("no answer within {} ms", limit.as_millis());
                self.failed(step, class, VendorError::Unknown { vendor: "vendor", why })
            }
        }
    }

    /// A call is given up before the lease ends: two workers never make it at once. `None`: the step has waited so long for
    /// its turn that it is better taken up anew, under a new lease.
    fn call_limit(&self, step: &StepRow, now: DateTime<Utc>) -> Option<Duration> {
        let left = self.parts.clock.real((step.lease_until - now).to_std().ok()?);
        let longest = self.parts.clock.real(self.parts.vendor_timeout);
        (left >= self.parts.clock.real(self.parts.lease) / 2).then(|| left.mul_f32(0.8).min(longest))
    }

    /// The step was sent before and its answer was lost.
    async fn reconcile(&self, step: &StepRow, class: Class, by: Instant) -> Reconciled {
        match class {
            Class::Repeatable | Class::Keyed => Reconciled::Repeat,
            Class::AtMostOnce => {
                Reconciled::Ended(End::failed(&step.effect, "the answer was lost, and repeating could do it twice"))
            }
            Class::LookFirst => {
                let looked = answered_by(by, self.look(step)).await;
                match looked.unwrap_or(Err(VendorError::Unknown { vendor: "vendor", why: "no answer".to_owned() })) {
                    Ok(Some(done)) => {
                        tracing::info!("found at the vendor after a lost answer");
                        Reconciled::Ended(End::Done {
                            vendor_ref: done.vendor_ref,
                            result: done.result,
                            event: done.event,
                        })
                    }
                    Ok(None) => Reconciled::Repeat,
                    Err(error) => {
                        let run_at = self.parts.clock.now() + RECONCILE_AFTER;
                        Reconciled::Ended(End::Again { run_at, error: error.to_string(), still_sent: true })
                    }
                }
            }
        }
    }

    /// What a failure means: again later, reconcile later, or the fallback.
    fn failed(&self, step: &StepRow, class: Class, error: VendorError) -> End {
        let now = self.parts.clock.now();
        let text = error.to_string();
        let again = |after: Option<Duration>, still_sent| {
            let run_at = backoff::next_attempt(now, step.attempts, after);
            End::Again { run_at, error: text.clone(), still_sent }
        };
        tracing::warn!(error = %text, outcome = error.class(), "a step failed");
        match error {
            VendorError::Retry { after, .. } | VendorError::RateLimited { after, .. } => again(after, false),
            VendorError::Reauthenticate { .. } => {
                End::Again { run_at: now + CREDENTIALS_RETRY, error: text, still_sent: false }
            }
            VendorError::NeedsPerson { .. } => End::failed(&step.effect, &text),
            VendorError::Gone { .. } => End::gone(&step.effect, &text),
            VendorError::Unknown { .. } => match class {
                Class::Repeatable | Class::Keyed => again(None, false),
                Class::LookFirst => End::Again { run_at: now + RECONCILE_AFTER, error: text, still_sent: true },
                Class::AtMostOnce => End::failed(&step.effect, &text),
            },
        }
    }

    /// Result and consequence in one commit; what follows at once is run at once.
    async fn finish(self: &Arc<Self>, step: &StepRow, end: End) {
        let Some((step_end, event)) = end.into_parts() else {
            tracing::warn!("the lease was lost before anything was sent");
            return;
        };
        // An end that changes nothing but its step is stored together with others.
        let alone = event.is_some() || matches!(step.effect, Effect::HangUp { .. });
        let counted = if alone {
            match self.end_and_move(step, step_end, event).await {
                Ok(next) => {
                    let counted = next.is_some();
                    self.run_now(next.unwrap_or_default(), None);
                    Some(counted)
                }
                Err(error) => {
                    tracing::error!(%error, "a step's result could not be stored: it will be taken up again");
                    None
                }
            }
        } else {
            self.end(step, step_end).await
        };
        if counted == Some(false) {
            tracing::warn!("another worker has the step: this result was kept aside");
        }
    }

    /// The end of a step and what it means for reservation and handoff, in one commit. `None`: the fence has moved on.
    async fn end_and_move(
        &self,
        step: &StepRow,
        end: StepEnd,
        event: Option<Event>,
    ) -> Result<Option<Vec<StepRow>>, StoreError> {
        let (step, now) = (step.clone(), self.parts.clock.now());
        let mover = Mover { worker: self.parts.worker.clone(), lease: self.parts.lease, now };
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let commit = self.parts.store.write("step.finish", move |tx| {
            let (step, end, event) = (step.clone(), end.clone(), event.clone());
            let (mover, rules) = (mover.clone(), Arc::clone(&rules));
            Box::pin(async move {
                if !tx.step_finish(&step.effect_key, step.fence, &end, now).await? {
                    tx.orphan_insert(&step.effect_key, step.fence, &format!("{end:?}"), now).await?;
                    return Ok(None);
                }
                if let (Effect::HangUp { leg }, false) = (&step.effect, matches!(end, StepEnd::Retry { .. })) {
                    tx.hung_up(&step.handoff_id, leg).await?;
                }
                let Some(event) = event else { return Ok(Some(Vec::new())) };
                Ok(Some(tx.transition(&step.handoff_id, &event, &rules, &mover).await?.steps))
            })
        });
        commit.await
    }
}

/// The most pressing pace at which a step still goes.
fn keeps(step: &StepRow) -> Pace {
    match &step.effect {
        Effect::Timer { .. } => Pace::Surge,
        _ if step.deadline_at - step.run_at >= CAN_WAIT => Pace::Calm,
        _ => Pace::Rush,
    }
}

enum Reconciled {
    Repeat,
    Ended(End),
}

/// How an attempt ended.
#[derive(Debug)]
enum End {
    Done {
        vendor_ref: Option<String>,
        result: Option<String>,
        event: Option<Event>,
    },
    Failed {
        error: String,
        event: Option<Event>,
    },
    Expired {
        event: Option<Event>,
    },
    Again {
        run_at: DateTime<Utc>,
        error: String,
        still_sent: bool,
    },
    /// The lease was gone before the request left.
    Lost,
}

impl End {
    fn done(event: Option<Event>) -> Self {
        Self::Done { vendor_ref: None, result: None, event }
    }

    fn failed(effect: &Effect, why: &str) -> Self {
        Self::Failed { error: why.to_owned(), event: consequence::of_failure(effect, why) }
    }

    fn gone(effect: &Effect, why: &str) -> Self {
        Self::Failed { error: why.to_owned(), event: consequence::of_gone(effect, why) }
    }

    fn expired(effect: &Effect) -> Self {
        Self::Expired { event: consequence::of_failure(effect, "it was too late to begin") }
    }

    fn into_parts(self) -> Option<(StepEnd, Option<Event>)> {
        Some(match self {
            Self::Done { vendor_ref, result, event } => (StepEnd::Done { vendor_ref, result }, event),
            Self::Failed { error, event } => (StepEnd::Failed { error }, event),
            Self::Expired { event } => (StepEnd::Expired, event),
            Self::Again { run_at, error, still_sent } => (StepEnd::Retry { run_at, error, still_sent }, None),
            Self::Lost => return None,
        })
    }
}
