//! `baton.toml`: connections, listeners and limits, one typed tree, checked as a whole. The one place that reads the environment.
//!
//! Secrets are never written into the file: they are `env:NAME` or `file:PATH`, read once at start.

mod calendars;
mod environment;
mod http;
mod keep;
mod listen;
mod platforms;
mod secrets;
mod sms;
mod span;
mod speech;
mod teams;
mod telemetry;
mod telephony;
mod vendors;
mod webhooks;

#[cfg(test)]
mod tests;

pub(crate) use calendars::google_unless_said;
pub use calendars::{CaldavCalendar, Calendar, GoogleCalendar, IcsFeeds, MicrosoftCalendar, calendar_section};
pub use environment::{Reference, ServiceManager, host_name, service_manager, user_name, zoneinfo};
#[cfg(feature = "failpoints")]
pub use environment::{clock_off_ms, crash_point};
pub use http::{AccessToken, Http, Metrics};
pub use keep::{Keep, KeptFor};
pub use listen::Listen;
pub use platforms::Platform;
pub use sms::{Sms, TwilioSms};
pub use speech::{Speaker, Speech};
pub use teams::Teams;
pub use telemetry::Telemetry;
pub use telephony::{Asterisk, Carrier, Reached, RepFirst, Telephony, ToldBy, Twilio};
pub use vendors::{Crm, Mail, MailTls, SalesforceAuth, Slack};
pub use webhooks::Webhook;

use anyhow::{Context, Result, bail, ensure};
use chrono::TimeDelta;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default)]
    pub database: Database,
    #[serde(default)]
    pub http: Http,
    pub amqp: Option<Amqp>,
    pub telephony: Option<Telephony>,
    pub speech: Option<Speech>,
    /// One customer-relationship system per workspace.
    pub crm: Option<Crm>,
    pub slack: Option<Slack>,
    pub mail: Option<Mail>,
    pub sms: Option<Sms>,
    pub teams: Option<Teams>,
    /// Of addresses in `reps.csv` without a name before them.
    #[serde(default, deserialize_with = "google_unless_said")]
    pub calendar: Option<Calendar>,
    /// Of those with this name before them.
    #[serde(default)]
    pub calendars: BTreeMap<String, Calendar>,
    /// By the names of their mappings.
    #[serde(default)]
    pub platforms: BTreeMap<String, Platform>,
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub feedback: Feedback,
    #[serde(default)]
    pub telemetry: Telemetry,
    #[serde(default)]
    pub keep: Keep,
    /// A trial beside another system: leads are decided, and nothing is done that anybody would notice.
    #[serde(default)]
    pub shadow: bool,
    /// How long after each decision of a trial the CRM is asked whom the other system chose.
    #[serde(default = "look_after", deserialize_with = "span::span")]
    pub shadow_look_after: Duration,
}

/// By then the other system has chosen.
const LOOKS_AFTER_AT_MOST: Duration = Duration::from_secs(14 * 24 * 3600);

fn look_after() -> Duration {
    Duration::from_secs(3600)
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`; may be a reference. A relative file lies beside `baton.toml`.
    pub url: Reference,
    /// Where `baton.toml` lies.
    #[serde(skip)]
    folder: PathBuf,
}

impl Database {
    /// # Errors
    /// As [`Reference::resolve`].
    pub fn resolve(&self) -> Result<String> {
        Ok(beside(self.url.resolve().context("resolving database.url")?, &self.folder))
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: Reference("sqlite:baton.db".to_owned()), folder: PathBuf::new() }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amqp {
    /// Of the broker; of a cluster those of its nodes, with commas between them. They are tried in turn.
    pub url: Reference,
    /// Create exchanges and queues at start; otherwise they are verified, and a queue that could drop messages is refused.
    #[serde(default)]
    pub declare: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// What a decision waits for the CRM and calendars at most.
    pub facts_within_ms: u64,
    /// A vendor call that takes longer is given up; must be shorter than the lease.
    pub vendor_timeout_s: u64,
    /// A step that is not finished by then is taken over by another worker.
    pub lease_s: u64,
    /// Steps carried out at once, for each vendor: one that is slow keeps none of the others waiting.
    pub steps_at_once: usize,
    /// How often the CRM is asked what has changed of the accounts that the mirror holds; 0: never.
    pub mirror_every_s: u64,
}

/// More often would cost more requests than looking up every caller; less often is as good as never.
const MIRROR_EVERY_S: std::ops::RangeInclusive<u64> = 10..=24 * 3600;

impl Default for Limits {
    fn default() -> Self {
        Self { facts_within_ms: 700, vendor_timeout_s: 10, lease_s: 25, steps_at_once: 32, mirror_every_s: 300 }
    }
}

impl Limits {
    pub fn facts_within(&self) -> Duration {
        Duration::from_millis(self.facts_within_ms)
    }

    pub fn vendor_timeout(&self) -> Duration {
        Duration::from_secs(self.vendor_timeout_s)
    }

    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_s)
    }

    /// # Errors
    /// They contradict each other, or somebody would wait too long.
    fn check(&self) -> Result<()> {
        if self.vendor_timeout_s >= self.lease_s {
            bail!(
                "limits.vendor_timeout_s is {} and limits.lease_s is {}: a call must be given up before its lease ends, \
                 or two workers make it; allowed: vendor_timeout_s < lease_s",
                self.vendor_timeout_s,
                self.lease_s
            );
        }
        if self.lease_s > 25 {
            bail!(
                "limits.lease_s is {}: a killed worker's steps must come back within 30 s; allowed: up to 25",
                self.lease_s
            );
        }
        if self.facts_within_ms > 1000 {
            bail!("limits.facts_within_ms is {}: a caller is waiting; allowed: up to 1000", self.facts_within_ms);
        }
        ensure!(
            self.mirror_every_s == 0 || MIRROR_EVERY_S.contains(&self.mirror_every_s),
            "limits.mirror_every_s is {}: how often the CRM is asked what has changed; allowed: {} to {}, or 0 for never",
            self.mirror_every_s,
            MIRROR_EVERY_S.start(),
            MIRROR_EVERY_S.end()
        );
        Ok(())
    }

    /// `None`: the mirror is not refreshed but by look-ups.
    pub fn mirror_every(&self) -> Option<Duration> {
        (self.mirror_every_s > 0).then(|| Duration::from_secs(self.mirror_every_s))
    }
}

/// Ten years.
const LONGEST_LINK_DAYS: u32 = 3660;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Feedback {
    /// Signs the links in briefings; without it no links are sent.
    pub link_secret: Option<Reference>,
    pub link_days: u32,
}

impl Default for Feedback {
    fn default() -> Self {
        Self { link_secret: None, link_days: 30 }
    }
}

/// A relative SQLite file is meant from this folder, wherever the process was started; everything else stays as it is.
fn beside(url: String, folder: &Path) -> String {
    let Some(rest) = url.strip_prefix("sqlite:") else { return url };
    let file = rest.strip_prefix("//").unwrap_or(rest);
    if file.starts_with('/') || file.starts_with(":memory:") || folder.as_os_str().is_empty() {
        return url;
    }
    // The client reads both signs as its own.
    let folder = folder.to_string_lossy().replace('%', "%25").replace('?', "%3F");
    format!("sqlite:{folder}/{file}")
}

/// Reads and checks `baton.toml`. A missing file is the default: SQLite beside it, HTTP on loopback, no vendors.
///
/// # Errors
/// The file cannot be read, does not parse (with line and column), or contradicts itself.
pub fn load(path: &Path) -> Result<Config> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    let mut config: Config = toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    config.database.folder = path.parent().map(Path::to_owned).unwrap_or_default();
    config.check().with_context(|| format!("checking {}", path.display()))?;
    Ok(config)
}

impl Config {
    fn check(&self) -> Result<()> {
        self.limits.check()?;
        if self.telephony.as_ref().is_some_and(Telephony::needs_amqp) && self.amqp.is_none() {
            bail!(
                "telephony.mode is agent_amqp, or told_by is amqp, but there is no [amqp] section: add one with a url"
            );
        }
        if let Some(telephony) = &self.telephony {
            telephony.check(&self.http.public_url)?;
        }
        self.check_shadow()?;
        if let Some(speech) = &self.speech {
            speech.check()?;
        }
        if let Some(crm) = &self.crm {
            crm.check()?;
        }
        if let Some(sms) = &self.sms {
            sms.check(self.telephony.as_ref())?;
        }
        if let Some(teams) = &self.teams {
            teams.check()?;
        }
        self.check_calendars()?;
        self.http.check()?;
        self.telemetry.check()?;
        platforms::check(&self.platforms)?;
        webhooks::check(&self.webhooks)?;
        if let Listen::Socket(_) = self.http.listen
            && self.http.public_url.is_empty()
            && self.feedback.link_secret.is_some()
        {
            bail!(
                "feedback.link_secret is set, http.listen is {} and http.public_url is not set: the links in briefings would \
                 lead nowhere; set http.public_url to the address under which reps reach this worker",
                self.http.listen
            );
        }
        self.keep.check()?;
        let days = self.feedback.link_days;
        ensure!(
            (1..=LONGEST_LINK_DAYS).contains(&days),
            "feedback.link_days is {days}; allowed: 1 to {LONGEST_LINK_DAYS}"
        );
        if let Some(mail) = &self.mail
            && mail.username.is_some() != mail.password.is_some()
        {
            bail!(
                "mail.username and mail.password belong together: give both, or neither for a server without a login"
            );
        }
        Ok(())
    }

    /// Callers on a line of ours would be served by nobody.
    fn check_shadow(&self) -> Result<()> {
        ensure!(
            self.shadow_look_after <= LOOKS_AFTER_AT_MOST,
            "shadow_look_after is {} s; allowed: up to 14d",
            self.shadow_look_after.as_secs()
        );
        match &self.telephony {
            Some(Telephony::Bridge(_) | Telephony::RepFirst(_)) if self.shadow => bail!(
                "shadow = true, and [telephony] has Baton carry the calls: nobody would serve whoever is on the line; allowed in a \
                 trial: mode = \"agent\" or \"agent_amqp\", or no [telephony]"
            ),
            Some(Telephony::Agent { .. } | Telephony::AgentAmqp | Telephony::Bridge(_) | Telephony::RepFirst(_))
            | None => Ok(()),
        }
    }

    /// How long after each decision the CRM is asked whom the system beside this one chose; `None`: this is no trial.
    pub fn looks_after(&self) -> Option<TimeDelta> {
        self.shadow.then(|| TimeDelta::from_std(self.shadow_look_after).unwrap_or(TimeDelta::MAX))
    }

    /// Listens elsewhere than the file says.
    ///
    /// # Errors
    /// What the file says does not go with it.
    pub fn listen_on(&mut self, listen: Listen) -> Result<()> {
        self.http.listen = listen;
        self.check()
    }

    /// How a platform sees this worker: scheme, host and, behind a proxy, the path before `/v1`.
    pub fn platform_url(&self, name: &str) -> String {
        let own = self.platforms.get(name).and_then(|platform| platform.url.clone());
        own.unwrap_or_else(|| self.public_url()).trim_end_matches('/').to_owned()
    }

    /// The key that says that others than this machine reach the listener, and what it says. A proxy or a tunnel comes from this
    /// machine, whoever sent it.
    pub fn open_to_others(&self) -> Option<(String, String)> {
        let Http { listen, public_url, .. } = &self.http;
        let listen = (!listen.is_of_this_machine()).then(|| ("http.listen".to_owned(), listen.to_string()));
        let public = (!public_url.is_empty()).then(|| ("http.public_url".to_owned(), public_url.clone()));
        let platforms = self.platforms.iter();
        let platforms = platforms.filter_map(|(name, one)| Some((format!("platforms.{name}.url"), one.url.clone()?)));
        let mut addresses = public.into_iter().chain(platforms);
        listen.or_else(|| addresses.find(|(_, address)| !http::is_of_this_machine(address)))
    }

    pub fn public_url(&self) -> String {
        match (&self.http.public_url, &self.http.listen) {
            (url, _) if !url.is_empty() => url.clone(),
            (_, Listen::Port(address)) => format!("http://{address}"),
            (_, Listen::Socket(_)) => "http://localhost".to_owned(),
        }
    }
}
