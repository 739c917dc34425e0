//! The story as it is played: night, then day, and each line of it told once.

use super::scenes::{Scene, day, night};
use super::shapes::Shape;
use super::tell;
use crate::app::Running;
use crate::app::reload::Looked;
use crate::app::stage::{StandIns, deliver_over_http, post_event};
use crate::cli::say;
use crate::deciding::answer::Answer;
use crate::store::{LeadQuery, LeadRecord, with};
use anyhow::{Context, Result, bail};
use baton_clock::ScaledClock;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::outcome::NextStepKind;
use baton_core::rules::model::set::RingPlan;
use baton_core::rules::{self, RuleSet, SourceFile};
use baton_sandbox::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How phones ring by the demo's own `handoff.yaml`.
const USUALLY: &str = "one_by_one";

/// A lead of the story.
#[derive(Debug, Clone)]
pub(super) struct StoryLead {
    pub lead: LeadId,
    pub name: String,
    pub scene: &'static str,
    /// As its platform names it; empty where it has none.
    pub call: String,
}

/// Everything a scene needs.
pub(super) struct Play<'a> {
    pub stage: &'a Arc<StandIns>,
    pub running: &'a Running,
    pub rules: &'a Arc<RuleSet>,
    /// Platforms prove with it what they send.
    pub secret: &'a str,
    /// What the worker was started with, to change how phones ring; `None` where the rules are somebody's own.
    pub files: Option<&'a [SourceFile]>,
}

impl Play<'_> {
    /// Night, then day; returns the leads in the order in which they called.
    pub(super) async fn all(
        &self,
        teller: &Teller,
        clock: &ScaledClock,
        day_begins: DateTime<Utc>,
    ) -> Result<Vec<StoryLead>> {
        // What happens on the line goes to Baton's own door.
        self.stage.voice.connect(deliver_over_http(self.running.url()));
        let mut told = self.act(teller, night(), "Monday evening in California").await?;
        // The lease of what is in hand would end with the night.
        quiet(self.stage, self.running, TimeDelta::zero()).await?;
        clock.skip_to(day_begins);
        say(&format!("\n-- {} --", tell::time(day_begins)));
        let mut acts = day();
        let last = acts.pop().unwrap_or_default();
        for act in acts {
            told.extend(self.act(teller, act, "").await?);
        }
        self.stage.world.arm("salesforce", "*", Fault::Unavailable, u32::MAX);
        told.extend(self.act(teller, last, "Salesforce is down").await?);
        self.stage.world.heal("salesforce");
        say("              Salesforce is well again");
        Ok(told)
    }

    async fn act(&self, teller: &Teller, scenes: Vec<Scene>, heading: &str) -> Result<Vec<StoryLead>> {
        say(&if heading.is_empty() { String::new() } else { format!("\n-- {heading} --") });
        let mut told: Vec<StoryLead> = Vec::new();
        let (usual, planned): (Vec<Scene>, Vec<Scene>) = scenes.into_iter().partition(|scene| scene.ring.is_none());
        for scene in usual {
            told.extend(self.call(teller, &scene).await?);
        }
        if let Some(files) = self.files.filter(|_| !planned.is_empty()) {
            for scene in planned {
                self.ring_as(files, scene.ring).await?;
                told.extend(self.call(teller, &scene).await?);
            }
            self.ring_as(files, None).await?;
        }
        self.tell_until(teller, &told, |lead| lead.next_step.what != NextStepKind::Handoff).await?;
        self.tell_of_phones(&told).await?;
        Ok(told)
    }

    /// Tells of these leads until each of them has ended so.
    pub(super) async fn tell_until(
        &self,
        teller: &Teller,
        told: &[StoryLead],
        has_ended: impl Fn(&LeadRecord) -> bool,
    ) -> Result<()> {
        for _ in 0..400 {
            let have_ended = self.have_all(told, &has_ended).await?;
            teller.tell_on(self, told).await?;
            if have_ended {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        bail!("the calls of this act did not come to an end");
    }

    /// Changes `handoff.yaml` under the running worker, as whoever edits the file does. Calls that are under way go on as they began.
    async fn ring_as(&self, files: &[SourceFile], plan: Option<&str>) -> Result<()> {
        let (mut files, plan) = (files.to_vec(), plan.unwrap_or(USUALLY));
        for file in files.iter_mut().filter(|file| file.path.ends_with("handoff.yaml")) {
            file.text = file.text.replacen(&format!("ring: {USUALLY}"), &format!("ring: {plan}"), 1);
        }
        match self.running.reload.take(rules::release(&files), files).await? {
            Looked::Taken(_) => say(&format!("              handoff.yaml now says ring: {plan}")),
            other => bail!("ring: {plan} was not taken up: {other:?}"),
        }
        Ok(())
    }

    /// Of those callers for whom several phones rang at a time.
    async fn tell_of_phones(&self, told: &[StoryLead]) -> Result<()> {
        for lead in told {
            let reading = with(HandoffId::of(&lead.lead), |tx, id| Box::pin(tx.handoff(id)));
            let handoff = self.running.store.read("demo.phones", reading).await?;
            if handoff.terms.ring != RingPlan::OneByOne {
                say(&format!("            The phones for {}: {}", lead.name, tell::phones(&handoff, self.rules)));
            }
        }
        Ok(())
    }

    pub(super) async fn call(&self, teller: &Teller, scene: &Scene) -> Result<Option<StoryLead>> {
        let mut event: Value = serde_json::from_str(scene.event).with_context(|| format!("reading {}", scene.file))?;
        let now = self.stage.world.clock.now();
        event["time"] = json!(now);
        let call = event["data"]["call"]["id"].as_str().unwrap_or_default().to_owned();
        if !call.is_empty() {
            self.stage.voice.call(&call, scene.script.clone());
        }
        let mut first: Option<(LeadId, String)> = None;
        for _ in 0..scene.times {
            let answer = match scene.shape {
                None => self.post(&event).await?,
                Some(shape) => self.ask(shape, &event, now).await?,
            };
            // What is said is true at its moment: the words may be others by then.
            let (lead, _) = first.get_or_insert_with(|| answer.clone());
            if *lead != answer.0 {
                bail!("the same event made two leads");
            }
        }
        let Some((lead, told)) = first else { return Ok(None) };
        let name = tell::name_of(&lead, event["data"]["contact"]["name"].as_str());
        teller.introduce(&lead, &name, scene.title);
        if scene.shape.is_some() {
            say(&told);
        }
        Ok(Some(StoryLead { lead, name, scene: scene.title, call }))
    }

    /// The lead, and the whole answer.
    async fn post(&self, event: &Value) -> Result<(LeadId, String)> {
        let told = post_event(&self.running.url(), event).await?;
        let text = told.to_string();
        match serde_json::from_value::<Answer>(told).context("reading the worker's answer")? {
            Answer::Decided(decided) | Answer::Shadow(decided) => Ok((decided.lead, text)),
            Answer::Taken { .. } | Answer::Quarantined { .. } => bail!("{} was not decided: {text}", event["id"]),
        }
    }

    /// The lead, and what came in, who gets it and what went back, for people.
    async fn ask(&self, shape: Shape, event: &Value, now: DateTime<Utc>) -> Result<(LeadId, String)> {
        let back = shape.ask(&self.running.url(), event, self.secret, now).await?;
        let call = event["data"]["call"]["id"].as_str().map(str::to_owned);
        let query = LeadQuery { call, platform: Some(shape.platform().to_owned()), ..LeadQuery::default() };
        let found = self.running.store.leads_find(&query, 1).await?;
        let came = shape.comes_as();
        let Some(found) = found.into_iter().next() else { bail!("{came}: not decided, and answered {back}") };
        let owner = self.rules.reps.get(&found.owner).map_or("nobody", |rep| rep.name.as_str());
        Ok((found.lead, format!("            {came}\n            {owner} is to get the lead; back goes {back}")))
    }

    async fn have_all(&self, told: &[StoryLead], has_ended: impl Fn(&LeadRecord) -> bool) -> Result<bool> {
        for lead in told {
            let found = self.running.store.lead(&lead.lead).await?;
            if found.is_none_or(|lead| !has_ended(&lead)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Waits until everything is done that is due this far ahead: the CRM that was down is caught up with.
pub(super) async fn quiet(stage: &StandIns, running: &Running, ahead: TimeDelta) -> Result<()> {
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

/// Prints each line of each lead's timeline once, and what the voice platform was told of them beside it.
#[derive(Default)]
pub(super) struct Teller {
    told: Mutex<BTreeMap<LeadId, [usize; 2]>>,
    introduced: Mutex<BTreeSet<LeadId>>,
}

impl Teller {
    fn introduce(&self, lead: &LeadId, name: &str, title: &str) {
        if self.introduced.lock().expect("teller").insert(lead.clone()) {
            say(&format!("          » {name}: {title}"));
        }
    }

    async fn tell_on(&self, play: &Play<'_>, leads: &[StoryLead]) -> Result<()> {
        let mut lines = Vec::new();
        // Read first: what led to it is in the timeline by then.
        let accepted = play.stage.world.accepted();
        for lead in leads {
            let commanded = accepted.iter().filter_map(|effect| tell::commanded(effect, &lead.call, &lead.name));
            let commanded: Vec<(DateTime<Utc>, String)> = commanded.collect();
            let entries = play.running.store.timeline(&lead.lead).await?;
            let seen = [entries.len(), commanded.len()];
            let [from, since] = self.told.lock().expect("teller").insert(lead.lead.clone(), seen).unwrap_or_default();
            let new = entries.iter().skip(from);
            lines.extend(new.filter_map(|entry| Some((entry.at, tell::line(entry, &lead.name, play.rules)?))));
            lines.extend(commanded.into_iter().skip(since));
        }
        lines.sort_by_key(|(at, _)| *at);
        for (_, line) in lines {
            say(&line);
        }
        Ok(())
    }
}
