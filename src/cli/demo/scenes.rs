//! The calls of the demo: who calls, how the reps behave, what goes wrong.

use super::shapes::Shape;
use crate::app::stage::StandIns;
use baton_core::rules::RuleSet;
use baton_sandbox::voice::{RepManner, Script};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::time::Duration;

pub(super) struct Scene {
    pub title: &'static str,
    pub file: &'static str,
    /// As a platform that speaks our own language sends it.
    pub event: &'static str,
    /// Where the agent speaks another one.
    pub shape: Option<Shape>,
    pub script: Script,
    /// Sent this often: platforms repeat themselves.
    pub times: u32,
    /// How phones ring from this call on, as `handoff.yaml` says it; `None`: as the demo's own does.
    pub ring: Option<&'static str>,
}

/// Of an event that is built in, so that the demo runs in any folder.
macro_rules! scene {
    ($title:expr, $file:literal) => {
        Scene {
            title: $title,
            file: $file,
            event: include_str!(concat!("../../../fixtures/events/", $file, ".json")),
            shape: None,
            script: Script::default(),
            times: 1,
            ring: None,
        }
    };
}

impl Scene {
    fn reps(mut self, reps: &[RepManner]) -> Self {
        self.script.reps = reps.to_vec();
        self
    }

    fn hangs_up_after(mut self, seconds: u64) -> Self {
        self.script.hangs_up_after = Some(Duration::from_secs(seconds));
        self
    }

    fn chooses(mut self, slot: Option<usize>) -> Self {
        self.script.chooses = slot;
        self
    }

    /// What happens on the line is told of the same platform.
    fn by(mut self, shape: Shape) -> Self {
        self.script.platform = shape.platform();
        self.shape = Some(shape);
        self
    }

    fn ringing(mut self, plan: &'static str) -> Self {
        self.ring = Some(plan);
        self
    }

    fn sent(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

const ACCEPTS: RepManner = RepManner::Accepts { after: Duration::from_secs(4) };
const DECLINES: RepManner = RepManner::Declines { after: Duration::from_secs(3) };
const ACCEPTS_SOON: RepManner = RepManner::Accepts { after: Duration::from_secs(2) };
const VOICEMAIL: RepManner = RepManner::Voicemail { after: Duration::from_secs(6) };

/// The scene that is shown from both ends.
pub(super) const TRANSFER: &str = "warm transfer, accepted";
/// The one whose promise is kept by phone.
pub(super) const OWED: &str = "the caller hangs up while the phone rings: a raised callback";

/// The events of all scenes.
#[cfg(test)]
pub(crate) fn events() -> impl Iterator<Item = &'static str> {
    night().into_iter().chain(day().into_iter().flatten()).chain([rep_first()]).map(|scene| scene.event)
}

pub(super) fn night() -> Vec<Scene> {
    vec![scene!("off-hours: the next working day, in the caller's zone", "04-off-hours")]
}

/// Each row is played at once; reps of one row do not get in each other's way, unless that is the point.
pub(super) fn day() -> Vec<Vec<Scene>> {
    vec![
        vec![
            scene!(TRANSFER, "01-warm-transfer"),
            scene!("the first rep declines, the second accepts", "02-first-declines").reps(&[DECLINES, ACCEPTS]),
            scene!(
                "account owner on leave: the delegate takes the call, the owner keeps the lead",
                "05-owner-on-leave"
            ),
            scene!("over MCP: no territory, so the catch-all", "12-no-territory").by(Shape::Mcp),
        ],
        vec![
            scene!("two hot callers at once never ring one phone (A)", "07-hot-a"),
            scene!("two hot callers at once never ring one phone (B)", "08-hot-b"),
            scene!("nobody answers: a meeting on a time that is really free", "03-nobody-answers")
                .reps(&[RepManner::Silent]),
            scene!("a partner's lead goes to the partner desk", "13-partner"),
            scene!("an event with a callback wish, after the call", "14-not-live-callback"),
        ],
        vec![
            scene!(OWED, "09-caller-hangs-up").reps(&[RepManner::Silent]).hangs_up_after(9),
            scene!("by Vapi, which asks twice: one lead, the same answer", "10-same-event-twice")
                .by(Shape::Vapi)
                .sent(2),
            scene!("by ElevenLabs: a caller who speaks Spanish", "16-spanish-speaker").by(Shape::ElevenLabs),
            scene!("a meeting wish with times, after the call", "15-not-live-meeting"),
            scene!("only a phone number is known", "17-bare-minimum"),
            scene!("three phones ring at once, the quickest rep has the call", "23-several-phones-at-once")
                .reps(&[RepManner::Silent, ACCEPTS, RepManner::Silent])
                .ringing("{ at_once: 3 }"),
            scene!("another phone every five seconds, while those before ring on", "24-one-phone-after-the-other")
                .reps(&[RepManner::Silent, RepManner::Silent, ACCEPTS_SOON])
                .ringing("{ add_every: 5s }"),
        ],
        vec![
            scene!("by Retell: voicemail picks up, and cannot press 1", "18-rep-hears-voicemail")
                .by(Shape::Retell)
                .reps(&[VOICEMAIL, ACCEPTS]),
            scene!("a calendar that cannot be read: unknown is not free, so Kofi is rung last", "06-calendar-unknown"),
            scene!("what the model could not hear", "19-what-the-model-could-not-hear").chooses(None),
            scene!("an outbound call that asks to be called back", "20-outbound-reactivation"),
        ],
        vec![scene!("the CRM is down: decided all the same, written later", "11-crm-down")],
    ]
}

/// Played where reps are rung on a carrier of our own.
pub(super) fn rep_first() -> Scene {
    scene!("rep-first: the agent speaks on until a rep has accepted, then transfers", "25-rep-first")
}

/// Accounts, and calendars as full as calendars are.
pub(super) fn furnish(stage: &StandIns, rules: &RuleSet, start: DateTime<Utc>) {
    for rep in rules.reps.values() {
        if let Some(crm_id) = rep.crm_id.as_ref().filter(|_| rep.id.as_str() == "priya.nair") {
            let account = json!({ "Name": "Northwind Foods", "Website": "northwind-foods.example", "OwnerId": crm_id });
            let account = stage.salesforce.add_account(account);
            stage.salesforce.add_contact(json!({
                "Name": "Northwind Foods", "LastName": "Foods", "Email": "office@northwind-foods.example", "AccountId": account,
            }));
        }
        let Some(calendar) = &rep.calendar else { continue };
        for day in 0..6 {
            let midnight = start.date_naive().and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::days(day);
            // The afternoon of the first day stays free: that is when the phones ring.
            for (hour, minutes) in [(9, 60), (13, 30), (18, 60), (20, 30)] {
                let from = midnight + TimeDelta::hours(hour);
                stage.calendars.add_busy(calendar, from, from + TimeDelta::minutes(minutes));
            }
        }
    }
    if let Some(calendar) =
        rules.reps.values().find(|rep| rep.id.as_str() == "kofi.mensah").and_then(|rep| rep.calendar.as_ref())
    {
        stage.calendars.unreachable(calendar);
    }
}
