//! One attempt at a step: look, late, mark, call, in this order.

use super::ending::End;
use super::work::{At, Done, Work};
use super::{Matter, Outbox, backoff, lanes};
use crate::connectors::VendorError;
use crate::connectors::http::{NotInTime, answered_by};
use crate::store::{FailedStep, StepEnd, StepRow};
use baton_core::domain::effect::{BriefWhy, Class, Effect};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A lost answer is looked into after this long: vendors' searches lag.
const RECONCILE_AFTER: TimeDelta = TimeDelta::seconds(2);
/// A step whose credentials failed waits for a person, and tries again this often.
const CREDENTIALS_RETRY: TimeDelta = TimeDelta::seconds(60);

/// The result of a step that was named and not carried out.
const IN_SHADOW: &str = "shadow";

impl Outbox {
    /// Whether effects that somebody would notice are left undone, beside another system that goes on with the leads.
    pub fn is_in_shadow(&self) -> bool {
        self.parts.shadow
    }

    /// In a trial, and of a lead that one has decided, whoever comes upon its step later.
    fn leaves_undone(&self, step: &StepRow, matter: Option<&Matter>) -> bool {
        step.effect.is_noticed() && (self.is_in_shadow() || matter.is_some_and(|matter| matter.handoff.shadow))
    }

    /// Whether a step that failed for good may be tried again at a person's word: not what somebody on the line waited for, since
    /// the lead has gone on without it, nor what may have been done and is done once at most.
    pub fn may_try_again(&self, step: &FailedStep) -> bool {
        let rang = matches!(step.effect, Effect::Brief { why: BriefWhy::Ringing, .. });
        // Nobody is on the line about a meeting that was called off, and it stands in two calendars until it is taken out.
        let is_waited_for = step.effect.lane().is_urgent() && !matches!(step.effect, Effect::CancelMeeting { .. });
        let is_once = lanes::work(&step.effect).class(&self.parts) == Class::AtMostOnce;
        !(is_waited_for || rang || is_once && step.may_be_done)
    }

    /// What it returns is only a claim until `finish` has checked the fence. `None`: the lease was gone before the request left.
    pub(super) async fn attempt(&self, step: &StepRow, matter: &mut Option<Arc<Matter>>) -> Option<End> {
        let now = self.parts.clock.now();
        if self.leaves_undone(step, matter.as_deref()) {
            return Some(End::done(Done::nothing(IN_SHADOW)));
        }
        let work = &*lanes::work(&step.effect);
        if self.was_to_be_dialled_then(step) {
            return Some(End::expired(work));
        }
        if let Some(event) = work.at_once() {
            return Some(End::done(Done::event(event)));
        }
        let limit = self.call_limit(step, now)?;
        // One for look, mark and call together: each with its own would outlive the lease, and the next worker would look for
        // a request that is still to leave.
        let by = Instant::now() + limit;
        let class = work.class(&self.parts);
        let late = now > step.deadline_at;
        let left_at = match step.sent_at {
            Some(sent_at) => Some(sent_at),
            None => match self.done_perhaps_since(step, class, matter).await {
                Ok(since) => since,
                Err(error) => return Some(self.failed(step, work, class, error)),
            },
        };
        if left_at.is_some() {
            let left = StepRow { sent_at: left_at, ..step.clone() };
            match self.reconcile(&left, work, class, by).await {
                None => {}
                Some(End { step: StepEnd::Retry { .. }, .. }) if late => return Some(End::expired(work)),
                ended => return ended,
            }
        }
        let may_be_done = step.attempts > 1 && now - step.deadline_at < work.settled_within();
        if late && !may_be_done {
            return Some(End::expired(work));
        }
        let needs_mark = matches!(class, Class::LookFirst | Class::AtMostOnce) && !step.born_marked;
        if needs_mark && !self.mark_sent(step).await {
            return None;
        }
        fail::fail_point!("after_sent_mark");
        if Instant::now() >= by {
            // Marked and not sent, and its lease may end while it is: it is taken up anew, by whoever has it by then.
            let error = "its time was over before it was sent".to_owned();
            return Some(End::again(self.parts.clock.now(), error, false));
        }
        let result = answered_by(by, self.perform(step, work, matter)).await;
        fail::fail_point!("after_response");
        Some(match result {
            Ok(Ok(done)) => End::done(done),
            Ok(Err(error)) => self.failed(step, work, class, error),
            Err(NotInTime { written }) => {
                let why = format!("no answer within {} ms", limit.as_millis());
                // What is done once at most is tried again where nothing of it has left.
                let error = match class == Class::AtMostOnce && !written {
                    true => VendorError::retry("vendor", why),
                    false => VendorError::Unknown { vendor: "vendor", why },
                };
                self.failed(step, work, class, error)
            }
        })
    }

    /// Leaves in `matter` what it was done with.
    async fn perform(
        &self,
        step: &StepRow,
        work: &dyn Work,
        matter: &mut Option<Arc<Matter>>,
    ) -> Result<Done, VendorError> {
        let known = match matter.take().filter(|known| known.is_within(work.matter_within())) {
            Some(known) => known,
            None => Arc::new(Matter::read(&self.parts, step).await?),
        };
        let matter = matter.insert(known);
        if self.leaves_undone(step, Some(&**matter)) {
            return Ok(Done::nothing(IN_SHADOW));
        }
        // Whoever carries an effect out may ask more of the person's word, and never less.
        if let Some(why) = step.effect.refused_by(&matter.lead.consent) {
            return Ok(Done::nothing(why));
        }
        work.perform(&At { parts: &self.parts, step, matter, webhooks: &self.webhooks }).await
    }

    /// A call is given up before the lease ends: two workers never make it at once. `None`: the step has waited so long for
    /// its turn that it is better taken up anew, under a new lease.
    fn call_limit(&self, step: &StepRow, now: DateTime<Utc>) -> Option<Duration> {
        let left = self.parts.clock.real((step.lease_until - now).to_std().ok()?);
        let longest = self.parts.clock.real(self.parts.vendor_timeout);
        (left >= self.parts.clock.real(self.parts.lease) / 2).then(|| left.mul_f32(0.8).min(longest))
    }

    /// The step was sent before and its answer was lost. `None`: it is sent again.
    async fn reconcile(&self, step: &StepRow, work: &dyn Work, class: Class, by: Instant) -> Option<End> {
        match class {
            Class::Repeatable | Class::Keyed => None,
            Class::AtMostOnce => Some(End::failed(work, "the answer was lost, and repeating could do it twice")),
            Class::LookFirst => {
                let looked = answered_by(by, work.look(&self.parts, step)).await;
                match looked.unwrap_or(Err(VendorError::Unknown { vendor: "vendor", why: "no answer".to_owned() })) {
                    Ok(found) => found.map(|done| {
                        tracing::info!("found at the vendor after a lost answer");
                        End::done(done)
                    }),
                    Err(error) => {
                        let error = error.counted();
                        let run_at = self.parts.clock.now() + RECONCILE_AFTER;
                        Some(End::again(run_at, error.to_string(), true))
                    }
                }
            }
        }
    }

    /// What a failure means: again later, reconcile later, or the fallback.
    fn failed(&self, step: &StepRow, work: &dyn Work, class: Class, error: VendorError) -> End {
        let now = self.parts.clock.now();
        let error = error.counted();
        let text = error.to_string();
        let again = |after: Option<Duration>, still_sent| {
            End::again(backoff::next_attempt(now, step.attempts, after), text.clone(), still_sent)
        };
        tracing::warn!(error = error.in_log(), outcome = error.class(), "a step failed: the lead's story says why");
        match error {
            VendorError::Retry { after, .. } | VendorError::RateLimited { after, .. } => again(after, false),
            VendorError::Reauthenticate { .. } => End::again(now + CREDENTIALS_RETRY, text, false),
            VendorError::NeedsPerson { .. } | VendorError::Amiss { .. } => End::unworkable(work, &text),
            VendorError::Gone { .. } => End::gone(work, &text),
            VendorError::Unknown { .. } => match class {
                Class::Repeatable | Class::Keyed => again(None, false),
                Class::LookFirst => End::again(now + RECONCILE_AFTER, text, true),
                Class::AtMostOnce => End::failed(work, &text),
            },
        }
    }
}
