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
mod tests {
    use super::*;
    use crate::connectors::{CrmLead, CrmRef, VendorError};
    use async_trait::async_trait;
    use baton_core::domain::account::Records;
    use baton_core::domain::crm_id::CrmId;
    use baton_core::domain::effect::Class;

    /// Answers nothing until it has been asked so often; at 0 it is broken.
    struct Mute {
        answers_from: usize,
        asked: Mutex<Vec<Option<String>>>,
        /// Missed while it thinks about its first question.
        meanwhile: Mutex<Option<(Arc<Health<AccountKeys>>, AccountKeys)>>,
    }

    impl Mute {
        fn until(answers_from: usize) -> Self {
            Self { answers_from, asked: Mutex::default(), meanwhile: Mutex::default() }
        }
    }

    #[async_trait]
    impl Crm for Mute {
        fn vendor(&self) -> &'static str {
            "mute"
        }
        async fn find(&self, keys: &AccountKeys) -> Result<Records, VendorError> {
            assert!(self.answers_from > 0, "a defect");
            let count = {
                let mut asked = self.asked.lock().expect("nothing panics while holding it");
                asked.push(keys.email.clone());
                asked.len()
            };
            if let Some((health, question)) = self.meanwhile.lock().expect("nothing panics while holding it").take() {
                health.missed(question);
            }
            if count < self.answers_from {
                std::future::pending::<()>().await;
            }
            if self.answers_from == 1 {
                // Later than at once.
                sleep(Duration::from_millis(1)).await;
            }
            Ok(Records::default())
        }
        async fn write_lead(&self, _lead: &CrmLead) -> Result<CrmRef, VendorError> {
            Err(VendorError::retry("mute", "nothing is written here"))
        }
        fn write_class(&self) -> Class {
            Class::Repeatable
        }
        async fn owner_of(&self, _crm_id: &str) -> Result<Option<CrmId>, VendorError> {
            Ok(None)
        }
        async fn check(&self) -> Result<(), VendorError> {
            Ok(())
        }
    }

    fn about(email: &str) -> AccountKeys {
        AccountKeys { email: Some(email.to_owned()), ..AccountKeys::default() }
    }

    /// When a second lead misses its question: before the CRM is asked at all, or while it is.
    #[derive(Clone, Copy)]
    enum Second {
        Before,
        Meanwhile,
        Never,
    }

    /// What a CRM is asked that answers from this question on, and whether it counts as well then.
    async fn asked(answers_from: usize, second: Second, in_time: Duration) -> (Vec<String>, bool) {
        let health = Arc::new(Health::default());
        assert!(health.fell_silent());
        let crm = Mute::until(answers_from);
        match second {
            Second::Before => health.missed(about("second")),
            Second::Meanwhile => {
                let missed = (Arc::clone(&health), about("second"));
                *crm.meanwhile.lock().expect("nothing panics while holding it") = Some(missed);
            }
            Second::Never => {}
        }
        let crm = Arc::new(crm);
        // Nobody waits long for what never comes.
        let unhurried = if answers_from == 1 { UNHURRIED } else { Duration::from_millis(5) };
        let rhythm = Rhythm { pause: Duration::ZERO, unhurried, in_time };
        let weak = Arc::downgrade(&health);
        ask_until_it_answers(Arc::clone(&crm) as Arc<dyn Crm>, weak, about("first"), rhythm).await;
        let asked = crm.asked.lock().expect("nothing panics while holding it").iter().flatten().cloned().collect();
        (asked, health.may_be_asked("mute").is_ok())
    }

    #[test]
    fn whoever_fails_is_asked_again_later_and_whoever_is_silent_once_it_has_answered() {
        let health = Health::<()>::default();
        assert_eq!(health.may_be_asked("crm"), Ok(()));
        assert!(!health.is_failing());
        health.failed();
        assert!(health.is_failing());
        assert!(health.may_be_asked("crm").is_err_and(|why| why.contains("failed a moment ago")));
        assert!(health.fell_silent() && !health.fell_silent(), "news is told once");
        health.failed();
        assert!(health.may_be_asked("crm").is_err_and(|why| why.contains("has stopped answering")));
        health.missed(());
        assert_eq!((health.take_missed(), health.take_missed()), (Some(()), None));
        health.answers();
        assert_eq!(health.may_be_asked("crm"), Ok(()));
        health.missed(());
        assert_eq!(health.take_missed(), None, "whoever is asked misses nothing");
    }

    fn told(asked: &[&str]) -> (Vec<String>, bool) {
        (asked.iter().map(|asked| (*asked).to_owned()).collect(), true)
    }

    #[tokio::test]
    async fn a_silent_crm_is_asked_the_newest_question_until_it_answers() {
        assert_eq!(asked(1, Second::Never, UNHURRIED).await, told(&["first"]));
        assert_eq!(asked(3, Second::Never, UNHURRIED).await, told(&["first", "first", "first"]));
        assert_eq!(asked(3, Second::Before, UNHURRIED).await, told(&["second", "second", "second"]));
        assert_eq!(asked(3, Second::Meanwhile, UNHURRIED).await, told(&["first", "second", "second"]));
    }

    #[tokio::test]
    async fn a_late_answer_will_do_where_nobody_has_another_question() {
        assert_eq!(asked(1, Second::Never, Duration::ZERO).await, told(&["first"]));
        assert_eq!(asked(1, Second::Before, Duration::ZERO).await, told(&["second"]));
        assert_eq!(asked(1, Second::Meanwhile, Duration::ZERO).await, told(&["first", "second"]));
    }

    #[tokio::test]
    async fn a_crm_that_nobody_asks_any_more_is_not_silent_for_ever() {
        let health = Arc::new(Health::default());
        assert!(health.fell_silent());
        let rhythm = Rhythm { pause: Duration::ZERO, unhurried: UNHURRIED, in_time: UNHURRIED };
        let broken = Arc::new(Mute::until(0)) as Arc<dyn Crm>;
        let asking = tokio::spawn(ask_until_it_answers(broken, Arc::downgrade(&health), about("first"), rhythm));
        assert!(asking.await.is_err_and(|error| error.is_panic()));
        assert_eq!(health.may_be_asked("mute"), Ok(()));
    }

    #[tokio::test]
    async fn nobody_is_asked_for_a_worker_that_is_gone() {
        let crm = Arc::new(Mute::until(1));
        let health = Arc::new(Health::default());
        assert!(health.fell_silent());
        let weak = Arc::downgrade(&health);
        drop(health);
        let rhythm = Rhythm { pause: Duration::ZERO, unhurried: UNHURRIED, in_time: UNHURRIED };
        ask_until_it_answers(Arc::clone(&crm) as Arc<dyn Crm>, weak, about("first"), rhythm).await;
        assert_eq!(*crm.asked.lock().expect("nothing panics while holding it"), Vec::<Option<String>>::new());
    }
}
