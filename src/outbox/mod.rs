//! Carries out what was planned: leased steps, one attempt at a time, each with its name, deadline and fence.
//!
//! Guarantees: a step's result counts only with the fence it was claimed with; a request that must not happen twice is marked
//! `sent_at` before it leaves, and a lost answer is reconciled by the operation's class, never blindly repeated; the result of
//! a step and what it means for the handoff are one commit. A killed worker's steps come back when their lease ends; that of a
//! living one is made longer until the result is stored. What is urgent stands in no line behind what is not. What is written of one
//! lead to the CRM is written in the order in which it was planned. After the database was put back from a copy, what may have been
//! done since is treated as an answer that was lost.
//! It never decides what happens next on a call: it gives the event to `handoff::advance`, inside that commit.

mod attempt;
mod backoff;
mod duty;
mod ending;
mod group;
mod hands;
pub mod instruct;
mod lane_hands;
mod lanes;
mod matter;
mod parts;
mod rehearsal;
mod restored;
mod settle;
mod webhooks;
mod work;

use crate::store::{StepRow, with};
use crate::telemetry::traces::{Span, names, trace_of, within};
use baton_core::domain::effect::{Effect, Lane};
use baton_core::domain::id::HandoffId;
pub use duty::Duty;
use ending::{End, Ended, Ending};
use group::GroupCommit;
use hands::Hands;
use lane_hands::Lanes;
pub use matter::Matter;
pub use parts::{EventSink, FeedbackLinks, OutboxParts, Vendors};
pub use rehearsal::{Configured, Rehearsal, WouldWrite};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use webhooks::Webhooks;

/// How often due steps are looked for, in the clock's own time: timers, and what is tried again. What is due at once never
/// waits for it: it is born in hand.
const POLL: Duration = Duration::from_millis(500);
/// How often lapsed leases are looked for, in the clock's own time: those of a worker that has died.
const LAPSED_POLL: Duration = Duration::from_secs(1);
/// Real time between two looks at least.
const SHORTEST_POLL: Duration = Duration::from_millis(25);
/// What has begun when the worker stops may end within this, in real time.
const LAST_STEPS_WITHIN: Duration = Duration::from_millis(2500);
const GIVEN_BACK_WITHIN: Duration = Duration::from_millis(700);
/// What was born beside a ring waits until the phone has been asked to ring, and no longer than this, in real time.
const RINGS_FIRST: Duration = Duration::from_millis(30);

/// Held by rings that have not left yet.
type Ringing = Option<Arc<watch::Sender<()>>>;

pub struct Outbox {
    parts: OutboxParts,
    lanes: Lanes,
    duty: Duty,
    hands: Hands,
    marks: Arc<GroupCommit<(String, i64), bool>>,
    ends: Arc<GroupCommit<Ending, Option<Ended>>>,
    unbegun: Arc<GroupCommit<(String, i64), ()>>,
    webhooks: Webhooks,
}

/// What a look at the due steps brought.
struct Claimed {
    /// Of each lane, each step with the hand that is to carry it out.
    lanes: Vec<Vec<(StepRow, OwnedSemaphorePermit)>>,
    /// Some lane has no hand free any more.
    hands_full: bool,
}

impl Outbox {
    pub fn new(parts: OutboxParts) -> Arc<Self> {
        Arc::new(Self {
            lanes: Lanes::new(parts.steps_at_once),
            webhooks: Webhooks::new(&parts.vendors.webhooks),
            parts,
            duty: Duty::default(),
            hands: Hands::default(),
            marks: Arc::default(),
            ends: Arc::default(),
            unbegun: Arc::default(),
        })
    }

    /// Carries out steps that were born leased to this worker, without a claim. `matter` is what the commit that made them
    /// stored, so that it need not be read again. A phone rings before anything else is begun: somebody waits for it.
    pub fn run_now(self: &Arc<Self>, steps: Vec<StepRow>, matter: Option<Arc<Matter>>) {
        let now = Instant::now();
        let (ringing, rung) = watch::channel(());
        let (rings, others): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| matches!(step.effect, Effect::Ring { .. }));
        let ringing = Arc::new(ringing);
        for step in rings {
            tokio::spawn(Arc::clone(self).run_born(step, matter.clone(), now, Some(Arc::clone(&ringing))));
        }
        // Where none rings, nothing is waited for.
        drop(ringing);
        // Writes to one record go one after the other, and all else side by side.
        let (writes, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|step| matches!(step.effect, Effect::WriteCrm { .. }));
        let rows = others.into_iter().map(|step| vec![step]).chain([writes]);
        for row in rows.filter(|row| !row.is_empty()) {
            let (outbox, matter, mut rung) = (Arc::clone(self), matter.clone(), rung.clone());
            tokio::spawn(async move {
                let _either = timeout_at(now + RINGS_FIRST, rung.changed()).await;
                for step in row {
                    Arc::clone(&outbox).run_born(step, matter.clone(), now, None).await;
                }
            });
        }
    }

    async fn run_born(self: Arc<Self>, step: StepRow, matter: Option<Arc<Matter>>, born: Instant, ringing: Ringing) {
        // Too late to begin: its lease may end while it is carried out.
        let begin_by = born + self.parts.lease / 2;
        let Ok(permit) = timeout_at(begin_by, self.lanes.enter(step.effect.lane())).await else {
            return self.put_back(&step).await;
        };
        self.run_step(step, matter, ringing).await;
        self.lanes.leave(permit);
    }

    /// Whether a lead can be called by us, and not by hand alone.
    pub fn dials_leads(&self) -> bool {
        self.parts.vendors.telephony.as_ref().is_some_and(|telephony| telephony.dials_leads())
    }

    /// Whether a rep who accepts by no key can be put through.
    pub fn joins_when_told(&self) -> bool {
        self.parts.vendors.telephony.as_ref().is_some_and(|telephony| telephony.joins_when_told())
    }

    /// Whether work is taken.
    pub fn duty(&self) -> &Duty {
        &self.duty
    }

    /// Claims and carries out due steps until told to stop; then what has not begun is given back at once, and what has begun
    /// may end.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut lapsed_due = Instant::now();
        while !*stop.borrow() {
            if self.duty.why_not().is_some() {
                tokio::select! {
                    () = self.duty.resumed() => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            let lapsed_too = lapsed_due <= Instant::now();
            if lapsed_too {
                lapsed_due = Instant::now() + self.parts.clock.real(LAPSED_POLL);
            }
            let Claimed { lanes, hands_full } = self.claim(lapsed_too).await;
            if lapsed_too && hands_full {
                // There may be more of a dead worker's than there were hands.
                lapsed_due = Instant::now();
            }
            for steps in lanes {
                tokio::spawn(Arc::clone(&self).begin(steps));
            }
            let pause = self.parts.clock.real(POLL).max(SHORTEST_POLL);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Where every hand was given something there may be more, and as soon as one is free it is looked for.
                () = self.lanes.freed(), if hands_full => tokio::time::sleep(SHORTEST_POLL).await,
                _ = stop.changed() => {}
            }
        }
        self.hands.close();
        self.give_back(self.hands.full()).await;
        if tokio::time::timeout(LAST_STEPS_WITHIN, self.hands.empty()).await.is_err() {
            tracing::warn!("stopping with steps in hand: others take them up");
        }
        self.give_back(self.hands.born_marked()).await;
    }

    /// Delivers our own events to webhooks until told to stop; without any, or in shadow, it has nothing to do.
    pub async fn deliver(self: Arc<Self>, stop: watch::Receiver<bool>) {
        if self.is_in_shadow() {
            return;
        }
        self.webhooks.deliver(&self.parts, &self.duty, &stop).await;
    }

    /// Steps of this worker that were not sent, but for those, are due for the others.
    async fn give_back(&self, but: Vec<String>) {
        let give = with((self.parts.worker.clone(), but), |tx, (worker, but)| Box::pin(tx.steps_release(worker, but)));
        match tokio::time::timeout(GIVEN_BACK_WITHIN, self.parts.store.write("step.release", give)).await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "steps were given back to the other workers"),
            Ok(Err(error)) => tracing::warn!(%error, "steps could not be given back: their leases bring them back"),
            Err(_) => tracing::warn!("steps could not be given back in time: their leases bring them back"),
        }
    }

    /// Carries out claimed steps of one lane; what they are about is read once for all of them. A timer is about nothing but
    /// itself.
    async fn begin(self: Arc<Self>, steps: Vec<(StepRow, OwnedSemaphorePermit)>) {
        let about = steps.iter().filter(|(step, _)| step.effect.lane() != Lane::Timers);
        let about: BTreeSet<HandoffId> = about.map(|(step, _)| step.handoff_id.clone()).collect();
        let about: Vec<HandoffId> = about.into_iter().collect();
        let mut matters = BTreeMap::new();
        if !about.is_empty() {
            // Not to be read: each step says so for itself.
            let files = self.parts.store.lead_files(&about).await.unwrap_or_default();
            let release = Arc::clone(&self.parts.release.borrow());
            matters.extend(files.into_iter().map(|(id, file)| (id, Arc::new(Matter::of_file(file, &release)))));
        }
        for (step, hand) in steps {
            let (outbox, matter) = (Arc::clone(&self), matters.get(&step.handoff_id).cloned());
            tokio::spawn(async move {
                outbox.run_step(step, matter, None).await;
                outbox.lanes.leave(hand);
            });
        }
    }

    /// As many due steps of each lane as it has free hands.
    async fn claim(self: &Arc<Self>, lapsed_too: bool) -> Claimed {
        let free = self.lanes.free();
        let lanes_free = free.len();
        let wanted: Vec<(Lane, usize)> = free.iter().map(|(lane, hands)| (*lane, hands.len())).collect();
        let (lease, clock) = (self.parts.lease, Arc::clone(&self.parts.clock));
        let claim = with((self.parts.worker.clone(), wanted, Arc::clone(self)), move |tx, (worker, wanted, outbox)| {
            // When the transaction has begun: a lease that runs while its step waits for the database is half over when it comes.
            let now = clock.now();
            // An end that waits long for the database would find that another attempt had been begun here.
            let ending = if lapsed_too { outbox.hands.outlive(now + lease / 2) } else { Vec::new() };
            Box::pin(async move {
                let renewed = if ending.is_empty() { ending } else { tx.steps_renew(&ending, now + lease).await? };
                let claimed = tx.steps_claim(now, worker, lease, wanted, lapsed_too).await?;
                Ok((claimed, renewed, now + lease))
            })
        });
        let mut claimed = match self.parts.store.write("step.claim", claim).await {
            Ok((claimed, renewed, until)) => {
                self.hands.renewed(&renewed, until);
                claimed
            }
            Err(error) => {
                tracing::error!(%error, "due steps could not be claimed");
                tokio::time::sleep(Duration::from_millis(500)).await;
                return Claimed { lanes: Vec::new(), hands_full: false };
            }
        };
        let mut hands_full = lanes_free < Lane::ALL.len();
        let mut lanes = Vec::with_capacity(lanes_free);
        for (lane, hands) in free {
            let (steps, others): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|step| step.effect.lane() == lane);
            claimed = others;
            hands_full |= steps.len() == hands.len();
            if !steps.is_empty() {
                lanes.push(steps.into_iter().zip(hands).collect());
            }
        }
        Claimed { lanes, hands_full }
    }

    async fn run_step(self: &Arc<Self>, step: StepRow, matter: Option<Arc<Matter>>, ringing: Ringing) {
        // Not begun: it is given back.
        let Some(in_hand) = self.hands.take(&step) else { return };
        let context = trace_of(step.trace_context.as_ref(), &step.lead_id);
        let trace_id = context.as_ref().map(|context| context.trace_id());
        let kind = step.effect.kind();
        let span = tracing::info_span!(
            "step", lead.id = %step.lead_id, effect.kind = kind, effect.attempt = step.attempts, trace_id
        );
        async {
            fail::fail_point!("after_claim");
            let (mut matter, began) = (matter, Instant::now());
            let mut told = Span::of(|| format!("step {kind}"), context.as_ref());
            told.tell_lead(&step.lead_id);
            told.tell(names::STEP_KIND, kind);
            told.tell(names::STEP_ATTEMPT, i64::from(step.attempts));
            let under = told.context().or_else(|| context.clone());
            let end = within(under, self.attempt(&step, &mut matter)).await;
            let took = began.elapsed();
            end_span(told, end.as_ref());
            in_hand.attempt_is_over();
            drop(ringing);
            fail::fail_point!("before_finish");
            self.finish(&step, end, matter, took).await;
            fail::fail_point!("after_finish");
        }
        .instrument(span)
        .await;
    }
}

fn end_span(mut span: Span, end: Option<&End>) {
    let (result, is_well) = end.map_or(("lost", false), End::result);
    span.tell(names::STEP_RESULT, result);
    if !is_well {
        span.fails(result);
    }
}
