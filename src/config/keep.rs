//! `[keep]` of `baton.toml`: how long what is stored is kept.

use anyhow::{Result, ensure};
use baton_core::rules::words::values::{DURATION, duration, spell};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::fmt;
use std::time::Duration;

/// Each by itself; a lead takes all that is about it along.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Bytes of messages that were handled, and what was answered to them.
    pub inbox: KeptFor,
    /// Messages that were put aside, whether or not somebody looked at them.
    pub quarantine: KeptFor,
    /// Links to transcripts and recordings.
    pub transcripts: KeptFor,
    /// What vendors answered to steps: words of theirs, which may repeat ours.
    pub briefings: KeptFor,
    /// Steps that have ended.
    pub steps: KeptFor,
    /// What happened to leads, each with its time.
    pub timeline: KeptFor,
    /// Why leads went where they went, with what was known then.
    pub decisions: KeptFor,
    /// Rules and templates with which no decision that is kept was made.
    pub releases: KeptFor,
    /// Deliveries to webhooks that never got there.
    pub deliveries: KeptFor,
    /// What the CRM said of accounts and people.
    pub mirror: KeptFor,
    /// Leads with names, numbers and all that is about them, since the last that happened to them.
    pub leads: KeptFor,
}

/// A span as in rule files, or `forever`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptFor {
    Span(Duration),
    Forever,
}

impl KeptFor {
    const fn days(days: u64) -> Self {
        Self::Span(Duration::from_secs(days * 86_400))
    }

    /// What is older than this has had its time. `None`: nothing has.
    pub fn before(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Self::Span(span) = self else { return None };
        now.checked_sub_signed(TimeDelta::from_std(span).ok()?)
    }
}

impl fmt::Display for KeptFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(span) => f.write_str(&spell(*span)),
            Self::Forever => f.write_str("forever"),
        }
    }
}

impl<'de> Deserialize<'de> for KeptFor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "forever" {
            return Ok(Self::Forever);
        }
        let span = duration(&text).map(Self::Span);
        span.ok_or_else(|| D::Error::custom(format!("{text:?} is no span; allowed: forever, or {DURATION}")))
    }
}

impl Default for Keep {
    fn default() -> Self {
        let (month, quarter, year) = (KeptFor::days(30), KeptFor::days(90), KeptFor::days(400));
        Self {
            inbox: month,
            quarantine: quarter,
            transcripts: quarter,
            briefings: quarter,
            steps: year,
            timeline: year,
            decisions: year,
            releases: year,
            deliveries: month,
            mirror: quarter,
            leads: year,
        }
    }
}

impl Keep {
    /// The longest that the names of events are kept where leads are kept for ever: a repetition after that is a new event, unless
    /// its lead is still there.
    const NAMES: KeptFor = KeptFor::days(400);

    /// As long as the lead that it is about at most.
    pub fn of_lead(&self, span: KeptFor) -> KeptFor {
        span.min(self.leads)
    }

    /// Of what goes with its lead: the span of what goes sooner. What goes no sooner is not looked for by itself.
    pub fn before_lead(&self, span: KeptFor) -> KeptFor {
        if span < self.leads { span } else { KeptFor::Forever }
    }

    /// The names of events whose bytes are gone, once their leads are.
    pub fn names(&self) -> KeptFor {
        self.leads.min(Self::NAMES).max(self.inbox)
    }

    pub(super) fn check(&self) -> Result<()> {
        let at_least = [
            ("inbox", self.inbox, 7, "whoever sends an event again within days is told whether it is the same"),
            ("quarantine", self.quarantine, 7, "somebody must have the time to look"),
            ("transcripts", self.transcripts, 1, "briefings of the day link to them"),
            ("briefings", self.briefings, 30, "they say why a step has failed, to whoever looks"),
            ("steps", self.steps, 30, "a step may come again for a week, and is told by its row"),
            ("timeline", self.timeline, 90, "reports over a quarter count by it, and it tells which leads are in use"),
            (
                "decisions",
                self.decisions,
                90,
                "leads that are open for weeks are given on by them, and replays go back to them",
            ),
            ("releases", self.releases, 30, "a worker that was stopped for a while goes on with the one that it had"),
            ("mirror", self.mirror, 1, "the CRM would be asked about everybody on each call"),
            ("leads", self.leads, 90, "reports over a quarter count them, and callers are known again by them"),
        ];
        for (key, found, days, why) in at_least {
            ensure!(found >= KeptFor::days(days), "keep.{key} is {found}: {why}; allowed: {days}d or more, or forever");
        }
        ensure!(
            (KeptFor::days(8)..=KeptFor::days(30)).contains(&self.deliveries),
            "keep.deliveries is {}: an event may come again for a week and would be delivered twice, and one that is older than a \
             month is of no use to its receiver; allowed: 8d to 30d",
            self.deliveries
        );
        Ok(())
    }
}
