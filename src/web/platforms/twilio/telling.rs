//! What Twilio tells, as events of ours. An event's id is made of the leg or call and the word: what is told twice is one.

use super::Asked;
use crate::store::{CARRIER, InboxMessage};
use crate::web::Problem;
use crate::web::incoming::message;
use baton_core::domain::id::LegId;
use baton_core::domain::outcome::Slot;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Twilio waits for 15 s, and whoever is on the line meanwhile hears nothing: as long as a commit may take on a busy day.
const DECIDED_WITHIN: Duration = Duration::from_secs(3);
const SOURCE: &str = "baton/twilio";

/// One event of a call.
pub(super) struct Telling {
    id: String,
    data: Value,
}

impl Telling {
    /// `call` is the caller's.
    pub(super) fn of_leg(word: &str, leg: &LegId, call: &str) -> Self {
        let data = json!({ "platform": CARRIER, "call": call, "leg": leg, "event": word });
        Self { id: format!("{leg}:{word}"), data }
    }

    pub(super) fn of_call(word: &str, call: &str) -> Self {
        Self { id: format!("{call}:{word}"), data: json!({ "platform": CARRIER, "call": call, "event": word }) }
    }

    pub(super) fn because(mut self, why: Option<String>) -> Self {
        if let Some(why) = why {
            self.data["why"] = why.into();
        }
        self
    }

    /// For an answer to the question that was asked so often.
    pub(super) fn with_key(mut self, asked: &str, key: char) -> Self {
        self.id = format!("{}:{asked}:{key}", self.id);
        self.data["key"] = key.to_string().into();
        self
    }

    /// Of these times, this one or none.
    pub(super) fn of_offer(mut self, offered: &str, slot: Option<&Slot>) -> Self {
        self.id = format!("{}:{offered}", self.id);
        if let Some(Slot { rep, from, until }) = slot {
            self.data["slot"] = json!({ "rep": rep, "from": from, "until": until });
        }
        self
    }
}

impl Asked<'_> {
    /// Stores it, and waits for a while for what it leads to.
    ///
    /// # Errors
    /// It is not known to be stored.
    pub(super) async fn tell(&self, telling: Telling) -> Result<(), Problem> {
        self.tell_with(telling, None).await
    }

    /// The same, and what begins with it.
    ///
    /// # Errors
    /// Neither is known to be stored.
    pub(super) async fn tell_with(&self, telling: Telling, begins: Option<InboxMessage>) -> Result<(), Problem> {
        let Telling { id, data } = telling;
        let event = json!({ "specversion": "1.0", "id": id, "source": SOURCE, "type": "call.event", "data": data });
        let told = message(&event, self.door.clock.now());
        let messages = std::iter::once(told).chain(begins).collect();
        self.door.bring(messages, Instant::now() + DECIDED_WITHIN, true).await.map(drop)
    }
}
