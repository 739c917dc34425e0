//! Each section of `baton.toml` by itself, all at once and each within a time limit: a vendor that is down keeps none of the others
//! from being looked at.
//!
//! Asks what a worker would ask, and for writes that leave nothing behind. Names nobody but reps, by their ids.

use super::beyond::Beyond;
use super::client::Client;
use super::notes::{Noted, Notes, State};
use super::step::Step;
use crate::app::workspace::{self, Workspace};
use crate::app::{connect, platforms, twilio_account};
use crate::config::{Config, Telephony};
use crate::connectors::http::hearing_the_time;
use crate::intake::amqp::{self, AmqpConfig, ConsumeError, TopologyError};
use crate::outbox::Vendors;
use crate::store::{Store, sqlite_file};
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{FuturesOrdered, StreamExt};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What can be looked at, in the order in which it is told.
pub const SECTIONS: [&str; 11] =
    ["database", "amqp", "crm", "slack", "teams", "mail", "sms", "calendar", "telephony", "speech", "platforms"];
/// For one section, however many calls it takes.
const WITHIN: Duration = Duration::from_secs(45);
/// Further apart, assertions that are signed here are refused there. Vendors tell the time in whole seconds.
const CLOCKS_WITHIN: TimeDelta = TimeDelta::seconds(30);

pub struct Doctor {
    config: Config,
    /// `None`: its rules have faults.
    workspace: Option<Workspace>,
    clock: SharedClock,
}

impl Doctor {
    /// # Errors
    /// A file of the workspace cannot be read.
    pub fn of(config: Config, dir: &Path, clock: SharedClock) -> Result<Self> {
        let workspace = workspace::load(dir)?.ok();
        Ok(Self { config, workspace, clock })
    }

    /// Whether `baton.toml` has this section.
    pub fn has(&self, section: &str) -> bool {
        let Config { amqp, crm, slack, teams, mail, sms, calendar, calendars, telephony, speech, platforms, .. } =
            &self.config;
        match section {
            "database" => true,
            "amqp" => amqp.is_some(),
            "crm" => crm.is_some(),
            "slack" => slack.is_some(),
            "teams" => teams.is_some(),
            "mail" => mail.is_some(),
            "sms" => sms.is_some(),
            "calendar" => calendar.is_some() || !calendars.is_empty(),
            "telephony" => telephony.is_some(),
            "speech" => speech.is_some(),
            "platforms" => !platforms.is_empty(),
            _ => false,
        }
    }

    /// Looks at these sections and tells of them in order, of each as soon as it and those before it are done. `true`: nothing is
    /// amiss.
    pub async fn look_at(&self, sections: &[&'static str], mut tell: impl FnMut(&Noted)) -> bool {
        let mut is_well = true;
        let mut told = |noted: Vec<Noted>| {
            for one in &noted {
                is_well &= one.state != State::Amiss;
                tell(one);
            }
        };
        if self.workspace.is_none() {
            let mut notes = Notes::of("rules");
            notes.amiss(Step::Config, "rules/ has faults: no rep's id and no field of the CRM is looked up");
            told(notes.all);
        }
        let mut all: FuturesOrdered<_> = sections.iter().copied().map(|section| self.section(section)).collect();
        while let Some(noted) = all.next().await {
            told(noted);
        }
        is_well
    }

    async fn section(&self, section: &'static str) -> Vec<Noted> {
        let mut notes = Notes::of(section);
        if !self.has(section) {
            notes.amiss(Step::Config, format!("baton.toml has no [{section}]"));
            return notes.all;
        }
        let looking = async {
            match section {
                "database" => self.database(&mut notes).await,
                "amqp" => self.broker(&mut notes).await,
                "platforms" => self.platforms(&mut notes),
                _ => self.vendors(section, &mut notes).await,
            }
        };
        if tokio::time::timeout(WITHIN, looking).await.is_err() {
            notes.amiss(Step::Reachable, format!("it was not done within {} s", WITHIN.as_secs()));
        }
        notes.all
    }

    /// `None`: it is a file that is not there yet.
    async fn store(&self) -> Result<Option<Store>> {
        let url = self.config.database.resolve()?;
        if sqlite_file(&url).is_some_and(|file| !file.exists()) {
            return Ok(None);
        }
        Store::open_existing(&url).await.map(Some).context("opening the database")
    }

    async fn database(&self, notes: &mut Notes) {
        let store = match self.store().await {
            Ok(Some(store)) => store,
            Ok(None) => {
                return notes.not_asked(
                    Step::Reachable,
                    "there is none yet: baton migrate, or the first baton serve, makes it",
                );
            }
            Err(error) => return notes.amiss(Step::Reachable, format!("{error:#}")),
        };
        let before = self.clock.now();
        match store.time().await {
            Ok(theirs) => {
                notes.ok(Step::Reachable, "it answers, and keeps what is committed");
                let ahead = theirs.map(|theirs| before + (self.clock.now() - before) / 2 - theirs);
                match ahead.map(Store::clocks_agree) {
                    Some(Ok(())) => notes.ok(Step::Clock, "its clock and ours agree"),
                    Some(Err(why)) => notes.amiss(Step::Clock, why),
                    // A file has none.
                    None => {}
                }
            }
            Err(error) => return notes.amiss(Step::Reachable, error.to_string()),
        }
        match store.takes_writes().await {
            Ok(()) => notes.ok(Step::Write, "it takes writes"),
            Err(why) => notes.amiss(Step::Write, why),
        }
    }

    async fn broker(&self, notes: &mut Notes) {
        let Some(amqp) = &self.config.amqp else { return };
        let url = match amqp.url.resolve() {
            Ok(url) => url,
            Err(error) => return notes.amiss(Step::Config, format!("{error:#}")),
        };
        let refused = match amqp::prove(&AmqpConfig::new(url, amqp.declare)).await {
            Ok(()) => None,
            Err(TopologyError::Outage(error)) => {
                return notes.amiss(Step::Reachable, with_causes(&error));
            }
            Err(TopologyError::Refused(refused)) => Some(refused),
        };
        notes.ok(Step::Reachable, "it answers");
        if let Some(ConsumeError::Login { .. } | ConsumeError::Address(_)) = &refused {
            let why = refused.map(|refused| refused.to_string());
            return notes.amiss(Step::Credential, why.unwrap_or_default());
        }
        notes.ok(Step::Credential, "it lets us in");
        match refused {
            None => notes.ok(Step::Setup, "exchanges and queues are what they must be"),
            Some(ConsumeError::Missing { what, name, .. }) if amqp.declare => {
                notes.ok(Step::Setup, format!("the {what} {name} is created at the start of a worker"));
            }
            Some(refused) => notes.amiss(Step::Setup, refused.to_string()),
        }
    }

    fn platforms(&self, notes: &mut Notes) {
        let Some(workspace) = &self.workspace else {
            return notes.not_asked(Step::Config, "their mappings are read with the rules");
        };
        match platforms::sections(&self.config, &workspace.platforms) {
            Ok(sections) => {
                for (name, section) in &sections {
                    let address = format!("{}/v1/platforms/{name}", section.base_url);
                    notes.ok(Step::Config, format!("{name}: its secrets are there, and it is to send to {address}"));
                }
            }
            Err(error) => notes.amiss(Step::Config, format!("{error:#}")),
        }
    }

    async fn vendors(&self, section: &'static str, notes: &mut Notes) {
        let vendors = match self.connected(section).await {
            Ok(vendors) => vendors,
            Err(error) => return notes.amiss(Step::Config, format!("{error:#}")),
        };
        let mut clients = Client::all(&vendors);
        clients.retain(|client| client.section() == section);
        if clients.is_empty() {
            return notes.not_asked(Step::Reachable, "it cannot be asked: it answers by doing");
        }
        for client in &clients {
            self.client(client, notes).await;
        }
    }

    /// What a section alone connects.
    async fn connected(&self, section: &'static str) -> Result<Vendors> {
        let config = self.only(section);
        let mut vendors = connect(&config, &self.clock, None)?;
        if section == "telephony" && config.telephony.as_ref().and_then(Telephony::twilio).is_some() {
            let store = self.store().await?.context("it is asked once there is a database: baton migrate makes one")?;
            vendors.twilio = twilio_account(&config, &store, &self.clock)?.map(|account| account.telephony);
        }
        Ok(vendors)
    }

    /// The configuration with one vendor: what is wrong with another is told there.
    fn only(&self, section: &str) -> Config {
        let all = &self.config;
        let (webhooks, platforms, calendars) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let mut config = Config {
            crm: None,
            slack: None,
            teams: None,
            mail: None,
            sms: None,
            calendar: None,
            calendars,
            webhooks,
            platforms,
            ..all.clone()
        };
        (config.telephony, config.speech) = (None, None);
        match section {
            "crm" => config.crm.clone_from(&all.crm),
            "slack" => config.slack.clone_from(&all.slack),
            "teams" => config.teams.clone_from(&all.teams),
            "mail" => config.mail.clone_from(&all.mail),
            "calendar" => {
                config.calendar.clone_from(&all.calendar);
                config.calendars.clone_from(&all.calendars);
            }
            "speech" => config.speech.clone_from(&all.speech),
            "sms" => {
                config.sms.clone_from(&all.sms);
                // Whose login may be that of the texts.
                config.telephony = all.telephony.clone().filter(|telephony| telephony.twilio().is_some());
            }
            _ => {
                config.telephony.clone_from(&all.telephony);
                config.speech.clone_from(&all.speech);
            }
        }
        config
    }

    async fn client(&self, client: &Client, notes: &mut Notes) {
        let lets_us_in = match client {
            // Each connection by itself; reps have calendars at any of them.
            Client::Calendar(calendar) if !calendar.parts().is_empty() => {
                let mut any = false;
                for (_, part) in calendar.parts() {
                    any |= self.checked(&Client::Calendar(Arc::clone(part)), notes).await;
                }
                any
            }
            _ => self.checked(client, notes).await,
        };
        if lets_us_in {
            let rules = self.workspace.as_ref().map(|workspace| &workspace.checked.rules);
            Beyond { rules, now: self.clock.now(), writes: !self.config.shadow }.look_at(client, notes).await;
        }
    }

    /// What a worker asks as well, step by step. `false`: it cannot be asked more.
    async fn checked(&self, client: &Client, notes: &mut Notes) -> bool {
        notes.vendor = client.vendor();
        let asked = async { if self.config.shadow { client.check_reading().await } else { client.check().await } };
        let (checked, heard) = hearing_the_time(asked).await;
        let failed = checked.err().map(|error| (Step::of(&error), error.to_string()));
        let steps = [
            (Step::Reachable, "it answers"),
            (Step::Credential, "it lets us in"),
            (Step::Setup, "what we need is there"),
        ];
        for (step, well) in steps {
            match &failed {
                Some((at, why)) if *at == step => notes.amiss(step, why.as_str()),
                _ => notes.ok(step, well),
            }
            if let (Step::Reachable, Some((theirs, ago))) = (step, heard) {
                self.clocks(theirs, ago, notes);
            }
            if step != Step::Setup && failed.as_ref().is_some_and(|(at, _)| *at == step) {
                return false;
            }
        }
        true
    }

    /// `theirs`: their time, so long ago.
    fn clocks(&self, theirs: DateTime<Utc>, ago: Duration, notes: &mut Notes) {
        let passed = TimeDelta::from_std(ago).unwrap_or_default();
        let ahead = self.clock.now() - passed - theirs;
        let apart_s = ahead.abs().num_seconds();
        if ahead.abs() <= CLOCKS_WITHIN {
            return notes.ok(Step::Clock, format!("its clock and ours are {apart_s} s apart"));
        }
        let direction = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
        notes.amiss(Step::Clock, format!("this machine's clock is {apart_s} s {direction} the vendor's"));
    }
}

/// On one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let (mut told, mut cause) = (error.to_string(), error.source());
    while let Some(inner) = cause {
        told = format!("{told}: {inner}");
        cause = inner.source();
    }
    told
}
