//! What came of the day, in numbers and lead by lead.

use super::play::StoryLead;
use crate::app::stage::StandIns;
use crate::cli::say;
use crate::store::{AttentionCounts, LeadRecord};
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::NextStepKind;
use baton_core::rules::RuleSet;
use serde::Serialize;
use std::collections::BTreeMap;

/// On a line of ours several things are said, and music is played again.
const HEARD: [&str; 2] = ["say", "play"];

/// What came of the day, counted from the store and from what the stand-ins accepted.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    leads: usize,
    connected: usize,
    booked: usize,
    /// The promised call was made.
    called: usize,
    callback: usize,
    /// To be written to: they are not to be called.
    mail: usize,
    attention: AttentionCounts,
    without_next_step: usize,
    duplicate_effects: usize,
    briefings: Briefings,
    /// Requests to each vendor over HTTP, in all.
    calls: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Serialize)]
struct Briefings {
    crm: usize,
    slack: usize,
    email: usize,
}

impl Counts {
    pub(super) fn of(stage: &StandIns, records: &[LeadRecord], attention: AttentionCounts) -> Self {
        let status = |status: &str| records.iter().filter(|record| record.status == status).count();
        let accepted = stage.world.accepted();
        let made = |vendor: &str, kind: &str| accepted.iter().filter(|e| e.vendor == vendor && e.kind == kind).count();
        let collisions = made("voice", "collision");
        let doubled = stage.world.duplicates().into_iter().filter(|((_, kind, _), _)| !HEARD.contains(kind));
        let twice: usize = doubled.map(|(_, times)| times - 1).sum();
        let mut calls = BTreeMap::new();
        for exchange in stage.world.exchanges() {
            *calls.entry(exchange.vendor).or_default() += 1;
        }
        Self {
            leads: records.len(),
            connected: status("connected"),
            booked: status("booked"),
            called: status("called"),
            callback: status("callback"),
            mail: status("mail"),
            attention,
            without_next_step: records.iter().filter(|record| record.next_step.what == NextStepKind::Handoff).count(),
            duplicate_effects: twice + collisions + stage.calendars.double_bookings().len(),
            briefings: Briefings {
                crm: made("salesforce", "lead"),
                slack: made("slack", "message"),
                email: made("smtp", "mail"),
            },
            calls,
        }
    }

    pub(super) fn promises_kept(&self) -> bool {
        self.without_next_step == 0 && self.duplicate_effects == 0
    }

    pub(super) fn tell(&self) {
        say(&format!(
            "\n{} leads: {} connected, {} booked, {} called, {} to be called back, {} to be written to; {} need attention, {} \
             steps failed; {} without a next step, {} effects done twice.",
            self.leads,
            self.connected,
            self.booked,
            self.called,
            self.callback,
            self.mail,
            self.attention.leads + self.attention.quarantined,
            self.attention.failed_steps,
            self.without_next_step,
            self.duplicate_effects
        ));
        let leads = self.leads.max(1) as f64;
        let per_lead = self.calls.iter().map(|(vendor, calls)| format!("{vendor} {:.1}", *calls as f64 / leads));
        say(&format!("Calls per lead: {}.", per_lead.collect::<Vec<_>>().join(", ")));
        say(&format!(
            "Briefings: {} leads in the CRM, {} Slack cards, {} mails.",
            self.briefings.crm, self.briefings.slack, self.briefings.email
        ));
    }
}

pub(super) fn table(told: &[StoryLead], records: &[LeadRecord], rules: &RuleSet) {
    say(&format!("\n{:<22} {:<16} {:<15} {:<34} {}", "Lead", "Owner", "How it ended", "Next step", "What it shows"));
    for (lead, record) in told.iter().zip(records) {
        let next = &record.next_step;
        let what = match next.what {
            NextStepKind::Handoff => "under way",
            NextStepKind::Meeting => "meeting",
            NextStepKind::Callback => "call back",
            NextStepKind::Mail => "write",
            NextStepKind::FollowUp => "follow up",
            NextStepKind::NeedsAttention => "look into it",
        };
        let next = format!("{what}, {}, {}", next.at.format("%a %d %H:%M"), short(rules, &next.owner));
        say(&format!(
            "{:<22} {:<16} {:<15} {:<34} {}",
            cut(&lead.name, 21),
            cut(&name(rules, &record.owner), 15),
            record.status.replace('_', " "),
            cut(&next, 33),
            lead.scene
        ));
    }
}

fn name(rules: &RuleSet, rep: &RepId) -> String {
    rules.reps.get(rep).map_or_else(|| rep.to_string(), |rep| rep.name.clone())
}

fn short(rules: &RuleSet, rep: &RepId) -> String {
    name(rules, rep).split(' ').next().unwrap_or_default().to_owned()
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        text.to_owned()
    } else {
        text.chars().take(longest - 1).chain(['…']).collect()
    }
}
