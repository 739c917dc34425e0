//! A voice platform with callers and reps: takes Baton's commands over HTTP and tells it what happens on the line.
//!
//! It is deliberately naive: a `ring` that comes twice rings twice. That no phone rings twice for one caller is Baton's
//! promise, so the stand-in must not keep it on Baton's behalf. Every ring goes into the ledger under call and phone; a ring
//! at a phone that is already in use is written down as a `collision`.

mod commands;
mod line;

pub use commands::routes;

use super::World;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Takes one CloudEvent to Baton; `false` = not taken, to be sent again.
pub type Deliver = Arc<dyn Fn(Value) -> BoxFuture<'static, bool> + Send + Sync>;

/// By whoever has asked for the call.
const PICKED_UP_AFTER: Duration = Duration::from_secs(2);

/// What a rep does when the phone rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepManner {
    /// Picks up and presses 1 after the whisper.
    Accepts {
        after: Duration,
    },
    Declines {
        after: Duration,
    },
    Silent,
    Voicemail {
        after: Duration,
    },
}

/// How one call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Whose call it is, in what is told of it.
    pub platform: &'static str,
    pub hangs_up_after: Option<Duration>,
    pub talks_for: Duration,
    /// Of the times on offer, the caller takes the n-th; `None` wants none of them.
    pub chooses: Option<usize>,
    /// What the reps do, in the order in which they are rung for this call; the last one stands for all that follow.
    pub reps: Vec<RepManner>,
}

impl Default for Script {
    fn default() -> Self {
        let reps = vec![RepManner::Accepts { after: Duration::from_secs(3) }];
        Self { platform: "sandbox", hangs_up_after: None, talks_for: Duration::from_secs(40), chooses: Some(0), reps }
    }
}

#[derive(Debug)]
struct Leg {
    call: String,
    phone: String,
    /// `ringing`, `answered`, `joined`, `ended`.
    status: &'static str,
    manner: RepManner,
}

#[derive(Debug)]
struct CallerLine {
    script: Script,
    here: bool,
    rings: usize,
}

pub struct VoiceState {
    world: Arc<World>,
    deliver: Mutex<Option<Deliver>>,
    legs: Mutex<BTreeMap<String, Leg>>,
    lines: Mutex<BTreeMap<String, CallerLine>>,
    /// Ids of commands that were carried out, as any platform keeps them: `ring` is left out on purpose.
    seen: Mutex<BTreeSet<String>>,
    /// Legs that were hung up, also before they were rung: a ring that was overtaken comes too late.
    hung_up: Mutex<BTreeSet<String>>,
    events_sent: AtomicU64,
}

impl VoiceState {
    pub fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world,
            deliver: Mutex::new(None),
            legs: Mutex::default(),
            lines: Mutex::default(),
            seen: Mutex::default(),
            hung_up: Mutex::default(),
            events_sent: AtomicU64::new(0),
        })
    }

    /// Where the platform sends its events.
    pub fn connect(&self, deliver: Deliver) {
        *self.deliver.lock().expect("voice") = Some(deliver);
    }

    /// A caller is on the line; the clock of their patience starts now.
    pub fn call(self: &Arc<Self>, id: &str, script: Script) {
        let hangs_up_after = script.hangs_up_after;
        self.lines.lock().expect("voice").insert(id.to_owned(), CallerLine { script, here: true, rings: 0 });
        if let Some(after) = hangs_up_after {
            let (voice, id) = (Arc::clone(self), id.to_owned());
            tokio::spawn(async move {
                voice.world.sleep(after).await;
                voice.leave(&id, "caller_left").await;
            });
        }
    }

    fn is_here(&self, call: &str) -> bool {
        self.lines.lock().expect("voice").get(call).is_some_and(|line| line.here)
    }

    fn script(&self, call: &str) -> Script {
        self.lines.lock().expect("voice").get(call).map(|line| line.script.clone()).unwrap_or_default()
    }

    /// What the next rep of this call does.
    fn next_rep(&self, call: &str) -> RepManner {
        let mut lines = self.lines.lock().expect("voice");
        let Some(line) = lines.get_mut(call) else { return RepManner::Silent };
        let manner = line.script.reps.get(line.rings).or(line.script.reps.last()).copied();
        line.rings += 1;
        manner.unwrap_or(RepManner::Silent)
    }

    /// Sends until it is taken: at least once, like any platform worth its name.
    async fn send(&self, call: &str, leg: Option<&str>, event: &str, slot: Value) {
        let number = self.events_sent.fetch_add(1, Ordering::Relaxed) + 1;
        let mut data = json!({ "platform": self.script(call).platform, "call": call, "event": event });
        if let Some(leg) = leg {
            data["leg"] = json!(leg);
        }
        if !slot.is_null() {
            data["slot"] = slot;
        }
        let message = json!({
            "specversion": "1.0",
            "id": format!("{call}-{number}"),
            "source": "sandbox/voice",
            "type": "call.event",
            "time": self.world.clock.now().to_rfc3339(),
            "data": data,
        });
        let Some(deliver) = self.deliver.lock().expect("voice").clone() else { return };
        let mut wait = Duration::from_millis(50);
        while !deliver(message.clone()).await {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(1));
        }
    }

    fn status(&self, leg: &str) -> Option<&'static str> {
        self.legs.lock().expect("voice").get(leg).map(|leg| leg.status)
    }

    fn set_status(&self, leg: &str, status: &'static str) {
        if let Some(leg) = self.legs.lock().expect("voice").get_mut(leg) {
            leg.status = status;
        }
    }

    fn rep_manner(&self, leg: &str) -> RepManner {
        self.legs.lock().expect("voice").get(leg).map_or(RepManner::Silent, |leg| leg.manner)
    }

    fn is_new(&self, id: &str) -> bool {
        self.seen.lock().expect("voice").insert(id.to_owned())
    }

    fn call_of(&self, leg: &str) -> Option<String> {
        self.legs.lock().expect("voice").get(leg).map(|leg| leg.call.clone())
    }

    fn ring(self: &Arc<Self>, call: String, leg: String, phone: String, ring_until: DateTime<Utc>) -> StatusCode {
        // Of a rep who calls a lead back the call is their own leg.
        let calls_back = call == leg;
        if !calls_back && !self.is_here(&call) {
            return StatusCode::NOT_FOUND;
        }
        if self.world.clock.now() > ring_until || self.hung_up.lock().expect("voice").contains(&leg) {
            return StatusCode::CONFLICT;
        }
        let in_use = {
            let legs = self.legs.lock().expect("voice");
            legs.iter().find(|(_, leg)| leg.phone == phone && leg.status != "ended").map(|(id, _)| id.clone())
        };
        self.world.accept(
            "voice",
            "ring",
            format!("{call}/{phone}"),
            json!({ "call": call, "leg": leg, "phone": phone }),
        );
        if let Some(other) = in_use {
            self.world.accept("voice", "collision", format!("{call}/{phone}"), json!({ "leg": leg, "with": other }));
        }
        let manner = if calls_back { RepManner::Accepts { after: PICKED_UP_AFTER } } else { self.next_rep(&call) };
        let entry = Leg { call: call.clone(), phone, status: "ringing", manner };
        self.legs.lock().expect("voice").insert(leg.clone(), entry);
        tokio::spawn(Arc::clone(self).ringing(call, leg, ring_until));
        StatusCode::ACCEPTED
    }

    /// A lead who is called back picks up.
    fn dial_lead(self: &Arc<Self>, call: String, leg: String, phone: String, ring_until: DateTime<Utc>) -> StatusCode {
        if self.world.clock.now() > ring_until || self.status(&call) != Some("answered") {
            return StatusCode::CONFLICT;
        }
        let detail = json!({ "leg": leg, "phone": phone });
        self.world.accept("voice", "dial_lead", leg.clone(), detail);
        let manner = RepManner::Accepts { after: PICKED_UP_AFTER };
        self.legs
            .lock()
            .expect("voice")
            .insert(leg.clone(), Leg { call: call.clone(), phone, status: "ringing", manner });
        tokio::spawn(Arc::clone(self).dialling(call, leg));
        StatusCode::ACCEPTED
    }
}
