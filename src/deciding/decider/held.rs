//! Leads that are not decided yet, since the CRM is still to name their owner; and what tells of their calls meanwhile.
//!
//! Guarantees: whatever is held lies in the inbox, so that a worker that stops or dies loses nothing, and the time to wait counts
//! from when the lead came; what tells of a held lead's call comes after it, in order; a caller who hangs up ends the wait. What another
//! worker hears of such a call it leaves in the inbox, where whoever holds the lead finds it: within a sweep, and when it is decided.

use super::Decider;
use super::line::Waiting;
use crate::deciding::batch::Batch;
use crate::deciding::call::{call_key, key_of_call, phone_key};
use crate::deciding::seconds::seconds_of;
use crate::intake::event::{CallWord, Message};
use crate::store::{CARRIER, InboxRow};
use baton_core::domain::lead::Lead;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

/// Messages of the inbox, the oldest first, among which it is looked for what others have heard of a call.
const LOOKED_AT: usize = 128;

#[derive(Default)]
pub(super) struct Held(Mutex<Vec<HeldLead>>);

struct HeldLead {
    /// Of its message.
    key: String,
    call: Option<String>,
    phone: Option<String>,
    /// The caller's, as the carrier calls it.
    leg: Option<String>,
    /// What tells of the same call and came since.
    later: Vec<Waiting>,
    caller_left: Arc<Notify>,
}

/// Of one lead, as long as it is held.
struct Place {
    held: Arc<Held>,
    key: String,
    caller_left: Arc<Notify>,
}

impl Held {
    fn leads(&self) -> MutexGuard<'_, Vec<HeldLead>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>, key: &str, lead: &Lead) -> Place {
        let caller_left = Arc::new(Notify::new());
        self.leads().push(HeldLead {
            key: key.to_owned(),
            call: call_key(lead),
            phone: phone_key(lead),
            leg: lead.call.as_ref().and_then(|call| call.leg.clone()),
            later: Vec::new(),
            caller_left: Arc::clone(&caller_left),
        });
        Place { held: Arc::clone(self), key: key.to_owned(), caller_left }
    }

    /// Gives back what is about no lead that is held.
    pub(super) fn keep(&self, message: Waiting) -> Option<Waiting> {
        let mut leads = self.leads();
        let Some(lead) = leads.iter_mut().find(|lead| lead.is_told_of_by(&message)) else { return Some(message) };
        if lead.key != message.row.key {
            if message.ends_call() {
                lead.caller_left.notify_one();
            }
            lead.later.push(message);
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.leads().is_empty()
    }

    /// Whether it tells of the call of a lead that is held.
    pub(super) fn waits_for(&self, message: &Waiting) -> bool {
        matches!(message.read, Ok(Message::Call(_))) && self.leads().iter().any(|lead| lead.is_told_of_by(message))
    }

    /// Of the messages that are held: they were left behind by nobody.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        let leads = self.leads();
        let later = |lead: &HeldLead| lead.later.iter().map(|message| message.row.key.clone()).collect::<Vec<_>>();
        leads.iter().flat_map(|lead| later(lead).into_iter().chain([lead.key.clone()])).collect()
    }
}

impl HeldLead {
    fn is_told_of_by(&self, message: &Waiting) -> bool {
        if self.key == message.row.key {
            return true;
        }
        match &message.read {
            Ok(Message::Lead(lead)) => match (call_key(lead), &self.call) {
                (Some(theirs), Some(mine)) => theirs == *mine,
                _ => self.phone.is_some() && phone_key(lead) == self.phone,
            },
            Ok(Message::Call(call)) => {
                let is_leg = call.platform == CARRIER && self.leg.as_ref() == Some(&call.call);
                is_leg || self.call.as_ref() == Some(&key_of_call(&call.platform, &call.call))
            }
            Ok(Message::Presence { .. } | Message::Contact { .. } | Message::Outcome { .. }) | Err(_) => false,
        }
    }
}

impl Waiting {
    fn ends_call(&self) -> bool {
        let Ok(Message::Call(call)) = &self.read else { return false };
        matches!(call.happened, CallWord::CallerLeft | CallWord::Ended)
    }
}

impl Place {
    /// Whether it tells of the lead's call, and was not heard here.
    fn hears(&self, message: &Waiting) -> bool {
        let leads = self.held.leads();
        let Some(lead) = leads.iter().find(|lead| lead.key == self.key) else { return false };
        let is_here = lead.later.iter().any(|known| known.row.key == message.row.key);
        matches!(message.read, Ok(Message::Call(_))) && lead.is_told_of_by(message) && !is_here
    }

    /// What came since.
    fn leave(self) -> Vec<Waiting> {
        let mut leads = self.held.leads();
        let place = leads.iter().position(|lead| lead.key == self.key);
        place.map(|place| leads.remove(place).later).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.held.leads().retain(|lead| lead.key != self.key);
    }
}

impl Decider {
    /// Until when a lead is held; `None`: it is decided at once. One of the front door waits for its agent's.
    pub(super) fn holds_until(&self, lead: &Lead) -> Option<DateTime<Utc>> {
        if !lead.may_begin() || lead.is_at_front_door() {
            return None;
        }
        self.parts.facts.waits_for_owner(lead, &self.parts.release.borrow().rules)
    }

    /// Holds a lead in a task of its own, and decides it then.
    pub(super) fn hold(
        self: &Arc<Self>,
        (row, lead): (InboxRow, Lead),
        until: DateTime<Utc>,
        at_once: &Arc<Semaphore>,
        stop: &watch::Receiver<bool>,
    ) {
        let place = self.held.enter(&row.key, &lead);
        let (decider, at_once, mut stop) = (Arc::clone(self), Arc::clone(at_once), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = decider.owner_is_named(&lead, until) => {}
                () = place.caller_left.notified() => {}
                // It lies in the inbox.
                _ = stop.changed() => return,
            }
            if decider.why_not().is_some() {
                return;
            }
            let turn = at_once.acquire_owned().await.expect("never closed");
            decider.commits.commit_or_split(Batch { leads: vec![(row, lead)], ..Batch::default() }).await;
            drop(turn);
            let elsewhere = decider.heard_elsewhere(&place).await;
            let mut later = place.leave();
            later.extend(elsewhere);
            decider.lines.enter(later, Instant::now() + super::ROOM_WITHIN).await;
        });
    }

    /// What others have heard of its call since it was last looked: it is told in the order in which it came, after what was heard here.
    async fn heard_elsewhere(&self, place: &Place) -> Vec<Waiting> {
        // What cannot be read now is found by the sweep.
        let found = self.parts.store.inbox_take_stale(self.parts.clock.now(), LOOKED_AT).await.unwrap_or_default();
        found.into_iter().map(Waiting::read).filter(|message| place.hears(message)).collect()
    }

    async fn owner_is_named(&self, lead: &Lead, until: DateTime<Utc>) {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        // A database that fails here fails when the lead is decided, and is told of then.
        let seconds = seconds_of(&self.parts, Arc::new(vec![lead.clone()]), &rules).await;
        if seconds.is_ok_and(|seconds| seconds.is_empty()) {
            self.parts.facts.owner_is_named(lead, until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn message(key: &str, kind: &str, data: Value) -> Waiting {
        let event = json!({ "specversion": "1.0", "id": key, "source": "town", "type": kind, "data": data });
        let row = InboxRow {
            key: key.to_owned(),
            kind: kind.to_owned(),
            body: event.to_string().into_bytes(),
            received_at: DateTime::UNIX_EPOCH,
            reply_to: None,
            correlation_id: None,
            trace_context: None,
        };
        let message = Waiting::read(row);
        assert!(message.read.is_ok(), "{:?}", message.read.as_ref().err());
        message
    }

    fn lead(key: &str, call: Option<&str>, phone: &str) -> Waiting {
        let mut data = json!({ "contact": { "phone": phone }, "qualification": { "summary": "Wants to see it." } });
        if let Some(call) = call {
            data["call"] = json!({ "platform": "sandbox", "id": call, "live": true });
        }
        message(key, "lead.qualified", data)
    }

    fn told(key: &str, call: &str, event: &str) -> Waiting {
        message(key, "call.event", json!({ "platform": "Sandbox", "call": call, "event": event }))
    }

    #[tokio::test]
    async fn what_tells_of_a_held_call_comes_after_it_and_in_order() {
        let held = Arc::new(Held::default());
        let first = lead("first", Some("call-1"), "+14155550142");
        let Ok(Message::Lead(first)) = first.read else { panic!("a lead") };
        let place = held.enter("first", &first);
        for own in [lead("second", Some("call-1"), "+14155550199"), lead("third", None, "+14155550142")] {
            assert!(held.keep(own).is_none(), "the same call, and the same number without a call");
        }
        for other in
            [lead("a", Some("call-2"), "+14155550142"), lead("b", None, "+14155550177"), told("c", "call-2", "ended")]
        {
            assert!(held.keep(other).is_some(), "another call");
        }
        assert!(held.keep(told("fourth", "call-1", "caller_left")).is_none());
        place.caller_left.notified().await;
        assert!(held.keep(lead("first", Some("call-1"), "+14155550142")).is_none(), "itself, found again");
        assert_eq!(Vec::from_iter(held.keys()), ["first", "fourth", "second", "third"]);
        let elsewhere = told("sixth", "call-1", "ended");
        assert!(place.hears(&elsewhere) && held.waits_for(&elsewhere), "another worker has left it to this one");
        assert!(!place.hears(&told("fourth", "call-1", "caller_left")), "it is here already");
        assert!(
            !held.waits_for(&told("c", "call-2", "ended"))
                && !held.waits_for(&lead("d", Some("call-1"), "+14155550142"))
        );
        let later: Vec<String> = place.leave().into_iter().map(|message| message.row.key).collect();
        assert_eq!(later, ["second", "third", "fourth"]);
        assert!(held.keys().is_empty());
        drop(held.enter("first", &first));
        assert!(held.keep(told("fifth", "call-1", "ended")).is_some(), "nobody holds it any more");
    }
}
