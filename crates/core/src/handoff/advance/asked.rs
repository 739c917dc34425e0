//! When a call that is owed is made: somebody asks for it, or the clock does.

use super::super::begin::later;
use super::super::state::CallAgain;
use super::{Move, NOTIFY_WITHIN, Used};
use crate::domain::effect::{BriefWhy, Channel, Effect, Timer};
use crate::domain::id::RepId;
use crate::rules::model::set::CallbackDial;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// A rep whose phone is another lead's is tried again after this.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// For so long, where somebody asked for the call.
const TRIED_FOR: Duration = Duration::from_secs(300);
/// A call at the promised time begins so much before it: rep and lead must have answered by then.
const CALLS_AHEAD: TimeDelta = TimeDelta::minutes(2);

impl Move<'_> {
    /// Somebody asks for the call.
    pub(super) fn call_now(&mut self, rep: &RepId) -> Used {
        self.try_to_call(rep, later(self.now, TRIED_FOR))
    }

    /// The phone of whoever was on another call is tried again, unless the call was made meanwhile, or the lead given away.
    pub(super) fn call_again(&mut self, rep: &RepId, until: DateTime<Utc>) -> Used {
        let waiting = self.next.call_again.len();
        self.next.call_again.retain(|again| again.rep != *rep || again.at > self.now);
        if self.next.call_again.len() == waiting {
            return Used::No;
        }
        // Also where nobody may be called by now: nothing is tried any more.
        let _tried = self.try_to_call(rep, until);
        Used::Yes
    }

    /// The clock does, for whoever owes it.
    pub(super) fn call_at(&mut self, promised_at: DateTime<Utc>) -> Used {
        match self.open_promise(promised_at) {
            Some((owner, false)) => self.try_to_call(&owner, promised_at),
            Some((_, true)) | None => Used::No,
        }
    }

    pub(super) fn call_at_the_time(&mut self, promised_at: DateTime<Utc>) {
        if self.next.terms.callback.dial == CallbackDial::AtTheTime {
            let at = (promised_at - CALLS_AHEAD).max(self.now);
            self.call_timer(Timer::CallAt { promised_at }, at);
        }
    }

    /// A phone that another lead holds is tried again shortly: nobody is rung while they speak, and the promise is not forgotten.
    fn try_to_call(&mut self, rep: &RepId, until: DateTime<Utc>) -> Used {
        if self.next.why_no_call(rep, self.rules, self.now).is_some() {
            return Used::No;
        }
        if !self.next.refused.contains(rep) {
            self.ring_to_call_back(rep, 0);
            return Used::Yes;
        }
        if self.next.call_again.iter().any(|again| again.rep == *rep) {
            return Used::No; // it is tried again already
        }
        self.next.refused.retain(|held| held != rep);
        let again = later(self.now, TRIED_AGAIN_AFTER);
        if again < until {
            self.next.call_again.push(CallAgain { rep: rep.clone(), at: again });
            self.call_timer(Timer::CallAgain { rep: rep.clone(), until }, again);
        } else {
            self.plan(
                Effect::Brief { rep: rep.clone(), channel: Channel::Chat, why: BriefWhy::Reminder },
                NOTIFY_WITHIN,
            );
        }
        Used::Yes
    }
}
