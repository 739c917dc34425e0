//! How a vendor does, as far as decisions have seen it: asked, left alone for a while, or not waited for.
//!
//! Guarantees: a vendor that answers no more costs the decisions under way when it falls silent one deadline, and later ones
//! nothing. It is asked again and again, one question at a time, by a task for which nobody waits, and is waited for again
//! once it has answered one in time. If the process dies here, the next one finds out anew.

use crate::connectors::{AccountKeys, Crm};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A vendor is asked again this long after a failure.
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The class of a failure that is no answer in time, beside those of [`crate::connectors::VendorError`].
pub(super) const SILENT: &str = "silent";
/// For so long after that, whoever watches is told that it fails: longer than the background waits before it asks again.
const FAILING_FOR: Duration = Duration::from_secs(90);
/// Real time that is waited for an answer where nobody is on the line.
pub(super) const UNHURRIED: Duration = Duration::from_secs(10);

/// Of one vendor. `Q`: what it is asked.
pub(super) struct Health<Q>(Mutex<State<Q>>);

enum State<Q> {
    Well,
    /// It has refused, or could not.
    Rests {
        until: Instant,
    },
    /// It gave no answer in time.
    Silent {
        /// The newest question that it was not asked.
        missed: Option<Q>,
    },
}

impl<Q> Default for Health<Q> {
    fn default() -> Self {
        Self(Mutex::new(State::Well))
    }
}

impl<Q> Health<Q> {
    /// # Errors
    /// It is not asked now, and why.
    pub(super) fn may_be_asked(&self, vendor: &str) -> Result<(), String> {
        match &*self.state() {
            State::Rests { until } if Instant::now() < *until => {
                Err(format!("{vendor} failed a moment ago and is not asked again yet"))
            }
            State::Silent { .. } => Err(format!("{vendor} has stopped answering and is not waited for")),
            State::Well | State::Rests { .. } => Ok(()),
        }
    }

    /// It is silent, or has failed a moment ago: for whoever watches, and not for who asks.
    pub(super) fn is_failing(&self) -> bool {
        match &*self.state() {
            State::Silent { .. } => true,
            State::Rests { until } => Instant::now() < *until + FAILING_FOR,
            State::Well => false,
        }
    }

    pub(super) fn is_silent(&self) -> bool {
        matches!(*self.state(), State::Silent { .. })
    }

    /// It answered that it cannot, or will not: it is well enough to be asked again, and not at once.
    pub(super) fn failed(&self) {
        let mut state = self.state();
        if !matches!(*state, State::Silent { .. }) {
            *state = State::Rests { until: Instant::now() + PAUSE_AFTER_FAILURE };
        }
    }

    /// It gave no answer in time. Returns whether that is news.
    pub(super) fn fell_silent(&self) -> bool {
        let mut state = self.state();
        let is_news = !matches!(*state, State::Silent { .. });
        if is_news {
            *state = State::Silent { missed: None };
        }
        is_news
    }

    pub(super) fn answers(&self) {
        *self.state() = State::Well;
    }

    /// A question that a silent vendor was not asked.
    pub(super) fn missed(&self, question: Q) {
        if let State::Silent { missed } = &mut *self.state() {
            *missed = Some(question);
        }
    }

    fn take_missed(&self) -> Option<Q> {
        match &mut *self.state() {
            State::Silent { missed } => missed.take(),
            State::Well | State::Rests { .. } => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<Q>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a silent vendor is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    /// Between one question and the next.
    pub pause: Duration,
    /// How long one is waited for.
    pub unhurried: Duration,
    /// What comes within this is in time for a decision.
    pub in_time: Duration,
}

/// Asks a CRM that has fallen silent, until it answers in time.
///
/// The newest question that it was not asked comes first: one that takes the CRM long, such as that of a very common name, makes
/// it look silent neither for ever nor for longer than the next one takes. Where there is no newer one, any answer will do, and
/// the next decision finds out how long it waits.
pub(super) async fn ask_until_it_answers(
    crm: Arc<dyn Crm>,
    health: Weak<Health<AccountKeys>>,
    mut question: AccountKeys,
    rhythm: Rhythm,
) {
    let silence = Silence(health);
    loop {
        sleep(rhythm.pause).await;
        // Whoever would wait for it is gone.
        let Some(newer) = silence.take_missed() else { return };
        question = newer.unwrap_or(question);
        let asked_at = Instant::now();
        let answer = timeout(rhythm.unhurried, crm.find(&question)).await;
        let was_in_time = answer.is_ok() && asked_at.elapsed() <= rhythm.in_time;
        let Some(newer) = silence.take_missed() else { return };
        if was_in_time || newer.is_none() && matches!(answer, Ok(Ok(_))) {
            tracing::info!(vendor = crm.vendor(), "it answers again: decisions wait for it as before");
            return;
        }
        question = newer.unwrap_or(question);
    }
}

/// Ends with whoever asks, however that ends: a vendor that nobody asks any more would be silent for ever.
struct Silence(Weak<Health<AccountKeys>>);

impl Silence {
    /// `None`: nobody would wait for an answer any more.
    fn take_missed(&self) -> Option<Option<AccountKeys>> {
        Some(self.0.upgrade()?.take_missed())
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Some(health) = self.0.upgrade() {
            health.answers();
        }
    }
}

#[cfg(test)]
mod tests;
