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
