//! The calls of the demo: who calls, how the reps behave, what goes wrong.

use super::{tell, world};
use crate::app::Running;
use crate::app::stage::{StandIns, deliver_over_http, post_event};
use crate::cli::say;
use crate::deciding::answer::Answer;
use anyhow::{Context, Result, bail};
use baton_clock::ScaledClock;
use baton_core::domain::id::LeadId;
use baton_core::domain::outcome::NextStepKind;
use baton_core::rules::RuleSet;
use baton_sandbox::Fault;
use baton_sandbox::voice::{RepManner, Script};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A lead of the story.
#[derive(Debug, Clone)]
pub struct StoryLead {
    pub lead: LeadId,
    pub name: String,
    pub scene: &'static str,
}

struct Scene {
    title: &'static str,
    file: &'static str,
    script: Script,
    /// Sent this often: platforms repeat themselves.
    times: u32,
}

fn scene(title: &'static str, file: &'static str) -> Scene {
    Scene { title, file, script: Script::default(), times: 1 }
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

    fn sent(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

const ACCEPTS: RepManner = RepManner::Accepts { after: Duration::from_secs(4) };
const DECLINES: RepManner = RepManner::Declines { after: Duration::from_secs(3) };
const VOICEMAIL: RepManner = RepManner::Voicemail { after: Duration::from_secs(6) };

/// The scene that is shown from both ends.
pub const TRANSFER: &str = "warm transfer, accepted";

/// The events of all scenes.
#[cfg(test)]
pub fn files() -> impl Iterator<Item = &'static str> {
    night().into_iter().chain(day().into_iter().flatten()).map(|scene| scene.file)
}

fn night() -> Vec<Scene> {
    vec![scene("off-hours: the next working day, in the caller's zone", "04-off-hours")]
}

/// Each row is played at once; reps of one row do not get in each other's way, unless that is the point.
fn day() -> Vec<Vec<Scene>> {
    vec![
        vec![
            scene(TRANSFER, "01-warm-transfer"),
            scene("the first rep declines, the second accepts", "02-first-declines").reps(&[DECLINES, ACCEPTS]),
            scene("account owner on leave: the delegate takes the call, the owner keeps the lead", "05-owner-on-leave"),
            scene("no territory: the catch-all", "12-no-territory"),
        ],
        vec![
            scene("two hot callers at once never ring one phone (A)", "07-hot-a"),
            scene("two hot callers at once never ring one phone (B)", "08-hot-b"),
            scene("nobody answers: a meeting on a time that is really free", "03-nobody-answers")
                .reps(&[RepManner::Silent]),
            scene("a partner's lead goes to the partner desk", "13-partner"),
            scene("an event with a callback wish, after the call", "14-not-live-callback"),
        ],
        vec![
            scene("the caller hangs up while the phone rings: a raised callback", "09-caller-hangs-up")
                .reps(&[RepManner::Silent])
                .hangs_up_after(9),
            scene("the same event twice: one lead, the same answer", "10-same-event-twice").sent(2),
            scene("a caller who speaks Spanish", "16-spanish-speaker"),
            scene("a meeting wish with times, after the call", "15-not-live-meeting"),
            scene("only a phone number is known", "17-bare-minimum"),
        ],
        vec![
            scene("voicemail picks up: it cannot press 1", "18-rep-hears-voicemail").reps(&[VOICEMAIL, ACCEPTS]),
            scene("a calendar that cannot be read: unknown is not free, so Kofi is rung last", "06-calendar-unknown"),
            scene("what the model could not hear", "19-what-the-model-could-not-hear").chooses(None),
            scene("an outbound call that asks to be called back", "20-outbound-reactivation"),
        ],
        vec![scene("the CRM is down: decided all the same, written later", "11-crm-down")],
    ]
}

/// Accounts, and calendars as full as calendars are.
pub fn furnish(stage: &StandIns, rules: &RuleSet, start: DateTime<Utc>) {
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

/// Everything a scene needs.
pub struct Play<'a> {
    pub stage: &'a Arc<StandIns>,
    pub running: &'a Running,
    pub rules: &'a Arc<RuleSet>,
}

impl Play<'_> {
    /// Night, then day; returns the leads in the order in which they called.
    pub async fn all(&self, clock: &ScaledClock, day_begins: DateTime<Utc>) -> Result<Vec<StoryLead>> {
        self.connect_platform();
        let teller = Teller::new(self);
        let mut told = self.act(&teller, night(), "Monday evening in California").await?;
        // The lease of what is in hand would end with the night.
        quiet(self.stage, self.running, TimeDelta::zero()).await?;
        clock.skip_to(day_begins);
        say(&format!("\n-- {} --", tell::time(day_begins)));
        let mut acts = day();
        let last = acts.pop().unwrap_or_default();
        for act in acts {
            told.extend(self.act(&teller, act, "").await?);
        }
        self.stage.world.arm("salesforce", "*", Fault::Unavailable, u32::MAX);
        told.extend(self.act(&teller, last, "Salesforce is down").await?);
        self.stage.world.heal("salesforce");
        say("              Salesforce is well again");
        Ok(told)
    }

    /// What happens on the line goes to Baton's own door.
    fn connect_platform(&self) {
        let base = format!("http://{}", self.running.address);
        self.stage.voice.connect(deliver_over_http(base));
    }

    async fn act(&self, teller: &Teller, scenes: Vec<Scene>, heading: &str) -> Result<Vec<StoryLead>> {
        say(&if heading.is_empty() { String::new() } else { format!("\n-- {heading} --") });
        let mut told: Vec<StoryLead> = Vec::new();
        for scene in scenes {
            told.extend(self.call(teller, &scene).await?);
        }
        for _ in 0..400 {
            teller.tell_on(self, &told).await?;
            if self.all_settled(&told).await? {
                return Ok(told);
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        bail!("the calls of this act did not come to an end");
    }

    async fn call(&self, teller: &Teller, scene: &Scene) -> Result<Option<StoryLead>> {
        let text = world::event(scene.file).with_context(|| format!("the demo has no event {}", scene.file))?;
        let mut event: Value = serde_json::from_str(text).with_context(|| format!("reading {}", scene.file))?;
        event["time"] = json!(self.stage.world.clock.now());
        if let Some(call) = event["data"]["call"]["id"].as_str() {
            self.stage.voice.call(call, scene.script.clone());
        }
        let mut first: Option<Answer> = None;
        for _ in 0..scene.times {
            let answer = self.post(&event).await?;
            if first.as_ref().is_some_and(|first| *first != answer) {
                bail!("the same event got two answers");
            }
            first = Some(answer);
        }
        let Some(Answer::Decided(decided)) = first else { bail!("{} was not decided: {first:?}", scene.file) };
        let name = tell::name_of(&decided.lead, event["data"]["contact"]["name"].as_str());
        teller.introduce(&decided.lead, &name, scene.title);
        Ok(Some(StoryLead { lead: decided.lead.clone(), name, scene: scene.title }))
    }

    async fn post(&self, event: &Value) -> Result<Answer> {
        let base = format!("http://{}", self.running.address);
        serde_json::from_value(post_event(&base, event).await?).context("reading the worker's answer")
    }

    async fn all_settled(&self, told: &[StoryLead]) -> Result<bool> {
        for lead in told {
            let found = self.running.store.lead(&lead.lead).await?;
            if found.is_none_or(|lead| lead.next_step.what == NextStepKind::Handoff) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Waits until everything is done that is due this far ahead: the CRM that was down is caught up with.
pub async fn quiet(stage: &StandIns, running: &Running, ahead: TimeDelta) -> Result<()> {
    for _ in 0..300 {
        let now = stage.world.clock.now() + ahead;
        let open = running.store.step_stats(now).await?;
        if open.due + open.leased == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("some steps did not come to an end in time");
}

/// Prints each line of each lead's timeline once.
pub struct Teller {
    rules: Arc<RuleSet>,
    told: Mutex<BTreeMap<LeadId, usize>>,
    introduced: Mutex<BTreeSet<LeadId>>,
}

impl Teller {
    fn new(play: &Play<'_>) -> Self {
        Self { rules: Arc::clone(play.rules), told: Mutex::default(), introduced: Mutex::default() }
    }

    fn introduce(&self, lead: &LeadId, name: &str, title: &str) {
        if self.introduced.lock().expect("teller").insert(lead.clone()) {
            say(&format!("          » {name}: {title}"));
        }
    }

    async fn tell_on(&self, play: &Play<'_>, leads: &[StoryLead]) -> Result<()> {
        let mut lines = Vec::new();
        for lead in leads {
            let entries = play.running.store.timeline(&lead.lead).await?;
            let from = self.told.lock().expect("teller").insert(lead.lead.clone(), entries.len()).unwrap_or(0);
            let new = entries.iter().skip(from);
            lines.extend(new.filter_map(|entry| Some((entry.at, tell::line(entry, &lead.name, &self.rules)?))));
        }
        lines.sort_by_key(|(at, _)| *at);
        for (_, line) in lines {
            say(&line);
        }
        Ok(())
    }
}
