//! Slack that answers: what reps press on a card, fill into a form and ask by the command, and what they see on their own page.
//!
//! It comes by two doors, as a signed request (`web`) or over a connection that we open (`socket`), and means the same by both. It is
//! acknowledged before anything is done. What a button carries is the key of its card, and who pressed it is told by Slack: what it
//! means, and who of several was first, is found in the database. Told twice, it is done once. Whoever is no rep of `reps.csv` is told
//! so, and changes nothing. Nothing that anybody wrote becomes a link, a mention or a mark: it is shown as plain text.
//!
//! If the process dies here after the acknowledgement, nothing was done and nothing is shown: they press again.

mod command;
mod heard;
mod lists;
mod press;
mod sent;
mod socket;
mod trouble;
mod views;
mod who;
mod words;

pub use heard::Kind;
pub use socket::hear;

use crate::connectors::slack::{AnswerTo, Slack};
use crate::deciding::decider::Decider;
use crate::release::Current;
use crate::store::{ActClaim, KeyedAct, Store, with};
use baton_clock::SharedClock;
use baton_core::domain::id::LeadId;
use baton_core::rules::RuleSet;
use heard::Heard;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use trouble::Trouble;

/// Where what comes from Slack is attended to.
pub struct Desk {
    pub slack: Arc<Slack>,
    pub decider: Arc<Decider>,
    pub store: Store,
    pub release: Current,
    pub clock: SharedClock,
}

/// What is to be answered at once, and what is to be done then.
pub struct Taken {
    /// `None`: that it was heard.
    pub answer: Option<Value>,
    pub then: Option<Then>,
}

/// Something that was heard and is to be done.
pub struct Then(Heard);

/// Whose keys are those of what came from Slack.
const HOLDER: &str = "slack";

impl Desk {
    /// Reads what Slack sent, without asking anybody; what is of no concern is nothing.
    pub fn take(&self, kind: Kind, payload: &Value) -> Taken {
        let heard = Heard::read(kind, payload);
        let refusal = match &heard {
            Some(Heard::Sent(sent)) => sent::refusal(sent, &self.rules()),
            Some(Heard::Pressed(_) | Heard::Asked(_) | Heard::HomeOpened { .. }) | None => None,
        };
        match refusal {
            Some(refusal) => Taken { answer: Some(refusal), then: None },
            None => Taken { answer: None, then: heard.map(Then) },
        }
    }

    /// Does what was heard, and tells whoever it came from what came of it.
    pub async fn attend(&self, Then(heard): Then) {
        let (to, done) = match &heard {
            Heard::Pressed(pressed) => (pressed.answer_to.clone(), self.pressed(pressed).await),
            Heard::Sent(sent) => (sent.answer_to(), self.sent(sent).await),
            Heard::Asked(asked) => (asked.answer_to.clone(), self.asked(asked).await),
            Heard::HomeOpened { person } => return self.show_home(person).await,
        };
        match done {
            Ok(Some(told)) => self.tell(&to, &told).await,
            Ok(None) => {}
            Err(trouble) => {
                tracing::warn!(error = trouble.in_log(), "what came from Slack could not be done");
                self.tell(&to, words::NOT_NOW).await;
            }
        }
    }

    async fn show_home(&self, person: &str) {
        if let Err(trouble) = self.home(person).await {
            tracing::warn!(error = trouble.in_log(), "a rep's own page in Slack could not be shown");
        }
    }

    async fn tell(&self, to: &AnswerTo, told: &str) {
        if let Err(error) = self.slack.tell(to, told).await {
            tracing::warn!(error = error.counted().in_log(), "whoever pressed or asked in Slack could not be told");
        }
    }

    /// Once something is done it is done, whatever becomes of the cards.
    async fn tell_cards(&self, lead: &LeadId) {
        if let Err(error) = self.decider.tell_cards(lead).await {
            tracing::warn!(lead.id = %lead, %error, "the cards of a lead do not say yet what was done");
        }
    }

    fn rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.release.borrow().rules)
    }

    /// Whether this comes for the first time, by whichever door and to whichever worker.
    async fn is_first(&self, mark: &str) -> Result<bool, Trouble> {
        let claim = baton_clock::random_bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
        let act = KeyedAct { key: mark.to_owned(), holder: HOLDER.to_owned(), digest: mark.to_owned(), claim };
        let now = self.clock.now();
        let claimed = with(act, move |tx, act| Box::pin(tx.act_claim(act, now)));
        Ok(self.store.write("chat.claim", claimed).await? == ActClaim::Yours)
    }
}

/// A name of what somebody did, of which nothing can be read off.
fn mark(parts: &[&str]) -> String {
    Sha256::digest(parts.join("\n").as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
