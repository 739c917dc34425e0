//! What happens on the line: phones that ring, reps who press a key or do not, callers who choose and leave.

use super::{RepManner, VoiceState};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const QUICK: Duration = Duration::from_millis(800);

impl VoiceState {
    /// The caller is gone; every leg of the call ends with it.
    pub(super) async fn leave(&self, call: &str, event: &str) {
        let was_here = match self.lines.lock().expect("voice").get_mut(call) {
            Some(line) => std::mem::replace(&mut line.here, false),
            None => false,
        };
        for leg in
            self.legs.lock().expect("voice").values_mut().filter(|leg| leg.call == call && leg.status == "joined")
        {
            leg.status = "ended";
        }
        if was_here {
            self.send(call, None, event, Value::Null).await;
        }
    }

    /// A phone rings: what happens depends on whose it is.
    pub(super) async fn ringing(self: Arc<Self>, call: String, leg: String, ring_until: DateTime<Utc>) {
        let rings_for = (ring_until - self.world.clock.now()).to_std().unwrap_or_default();
        let (after, event) = match self.rep_manner(&leg) {
            RepManner::Accepts { after } => (after, "answered"),
            RepManner::Declines { after } => (after, "answered"),
            RepManner::Voicemail { after } => (after, "machine"),
            RepManner::Silent => (rings_for, "no_answer"),
        };
        self.world.sleep(after.min(rings_for)).await;
        if self.status(&leg) != Some("ringing") {
            return;
        }
        let event = if after > rings_for { "no_answer" } else { event };
        self.set_status(&leg, if event == "no_answer" { "ended" } else { "answered" });
        self.send(&call, Some(&leg), event, Value::Null).await;
    }

    pub(super) async fn whispered(self: Arc<Self>, call: String, leg: String) {
        self.world.sleep(QUICK * 3).await;
        if self.status(&leg) != Some("answered") {
            return;
        }
        let event = match self.rep_manner(&leg) {
            RepManner::Declines { .. } => "declined",
            RepManner::Accepts { .. } => "accepted",
            RepManner::Silent | RepManner::Voicemail { .. } => return,
        };
        self.send(&call, Some(&leg), event, Value::Null).await;
    }

    pub(super) async fn joining(self: Arc<Self>, call: String, leg: String) {
        self.world.sleep(QUICK).await;
        if !self.is_here(&call) || self.status(&leg) != Some("answered") {
            self.send(&call, Some(&leg), "join_failed", Value::Null).await;
            return;
        }
        self.set_status(&leg, "joined");
        self.send(&call, Some(&leg), "joined", Value::Null).await;
        self.world.sleep(self.script(&call).talks_for).await;
        self.leave(&call, "ended").await;
    }

    /// Lead and rep speak until the lead hangs up, which takes the rep along.
    pub(super) async fn dialling(self: Arc<Self>, call: String, leg: String) {
        self.world.sleep(QUICK * 3).await;
        if self.status(&leg) != Some("ringing") || self.status(&call) != Some("answered") {
            return;
        }
        self.set_status(&leg, "joined");
        self.set_status(&call, "joined");
        self.send(&call, Some(&leg), "answered", Value::Null).await;
        self.send(&call, Some(&leg), "joined", Value::Null).await;
        self.world.sleep(self.script(&call).talks_for).await;
        self.set_status(&leg, "ended");
        self.set_status(&call, "ended");
        self.send(&call, Some(&leg), "caller_left", Value::Null).await;
    }

    pub(super) async fn instructed(self: Arc<Self>, call: String, kind: String, slots: Vec<Value>) {
        self.world.sleep(QUICK * 5).await;
        if !self.is_here(&call) {
            return;
        }
        match kind.as_str() {
            "offer_slots" => match self.script(&call).chooses.and_then(|n| slots.get(n).cloned()) {
                Some(slot) => self.send(&call, None, "slot_chosen", slot).await,
                None => self.send(&call, None, "slots_declined", Value::Null).await,
            },
            "confirm_booking" | "promise_callback" | "promise_mail" | "no_call" | "how_to_reach" => {
                self.leave(&call, "ended").await;
            }
            _ => {}
        }
    }
}
