//! What came of each event in each stage, over all states in which it was tried.

use super::super::*;
use crate::domain::outcome::Outcome;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// One way in which an event may end in a stage.
#[derive(Default)]
pub(super) struct CellOutcome {
    /// The stage after it; `None`: it changed nothing.
    pub leads_to: Option<String>,
    times: usize,
    /// In the order in which they were planned first, with how often.
    planned: Vec<(String, usize)>,
}

/// The stage, and what is planned; what is not always planned in brackets.
impl fmt::Display for CellOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |(name, times): &(String, usize)| {
            if *times < self.times { format!("({name})") } else { name.clone() }
        };
        let planned: Vec<String> = self.planned.iter().map(told).collect();
        write!(f, "{} | {}", self.leads_to.as_deref().unwrap_or("nothing changes"), planned.join(", "))
    }
}

#[derive(Default)]
pub(super) struct Cells(BTreeMap<(&'static str, &'static str), Vec<CellOutcome>>);

impl Cells {
    pub(super) fn try_it(
        &mut self,
        event: &'static str,
        state: &Handoff,
        happens: &Event,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) {
        let made = advance(state, happens, rules, now);
        let leads_to = (!made.ignored).then(|| stage_name(&made.state.stage).replace('_', " "));
        let cell = self.0.entry((stage_name(&state.stage), event)).or_default();
        let place = cell.iter().position(|outcome| outcome.leads_to == leads_to).unwrap_or_else(|| {
            cell.push(CellOutcome { leads_to, ..CellOutcome::default() });
            cell.len() - 1
        });
        let outcome = &mut cell[place];
        outcome.times += 1;
        let mut names: Vec<String> = Vec::new();
        for planned in &made.effects {
            let name = effect_name(&planned.effect);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            match outcome.planned.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => *times += 1,
                None => outcome.planned.push((name, 1)),
            }
        }
    }

    /// What changes something first.
    pub(super) fn outcomes(&self, stage: &'static str, event: &'static str) -> impl Iterator<Item = &CellOutcome> {
        let all = || self.0.get(&(stage, event)).into_iter().flatten();
        let changes = all().filter(|outcome| outcome.leads_to.is_some());
        changes.chain(all().filter(|outcome| outcome.leads_to.is_none()))
    }
}

pub(super) fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Offered => "offered",
        Stage::Ringing { .. } => "ringing",
        Stage::Briefing { .. } => "briefing",
        Stage::Joining { .. } => "joining",
        Stage::Bridged { .. } => "bridged",
        Stage::Searching { .. } => "searching",
        Stage::Offering { .. } => "offering",
        Stage::Booking { .. } => "booking",
        Stage::Callback { .. } => "callback",
        Stage::NeedsAttention { .. } => "needs_attention",
        Stage::Done { outcome: Outcome::Connected { .. } } => "connected",
        Stage::Done { outcome: Outcome::Booked { .. } } => "booked",
        Stage::Done { outcome: Outcome::Called { .. } } => "called",
        Stage::Done { outcome: Outcome::LeftToAgent { .. } } => "left_to_agent",
        Stage::Done { outcome: Outcome::CalledOff { .. } } => "called_off",
        Stage::Done { outcome: Outcome::Shadow { .. } } => "shadow",
    }
}

/// `say hold_on`, `timer ring_by`, `brief_chat`.
fn effect_name(effect: &Effect) -> String {
    let value = json!(effect);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match effect {
        Effect::Instruct { .. } => format!("say {}", text(&value["instruction"]["instruction"])),
        Effect::Timer { .. } => format!("timer {}", text(&value["timer"]["timer"])),
        Effect::Publish { .. } => format!("publish {}", text(&value["topic"])),
        other => other.kind().to_owned(),
    }
}
