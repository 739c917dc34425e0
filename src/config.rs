//! `baton.toml`: connections, listeners and limits, one typed tree, checked as a whole. The one place that reads the environment.
//!
//! Secrets are never written into the file: they are `env:NAME` or `file:PATH`, read once at start.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
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
    /// One customer-relationship system per workspace.
    pub crm: Option<Crm>,
    pub slack: Option<Slack>,
    pub mail: Option<Mail>,
    pub calendar: Option<GoogleCalendar>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub feedback: Feedback,
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
#[serde(deny_unknown_fields, default)]
pub struct Http {
    pub listen: String,
    /// How people and platforms reach this process: the base of feedback links. Empty = `http://` and `listen`.
    pub public_url: String,
    /// Bearer tokens by name; each value is a reference to the secret.
    pub tokens: BTreeMap<String, Reference>,
    pub body_limit_kib: usize,
    /// Requests handled at once; more are answered with 503.
    pub concurrency: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            tokens: BTreeMap::new(),
            body_limit_kib: 256,
            concurrency: 256,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amqp {
    pub url: Reference,
    /// Create exchanges and queues at start; otherwise they are verified, and a queue that could drop messages is refused.
    #[serde(default)]
    pub declare: bool,
}

/// How calls are driven. In *agent* mode the voice platform dials and Baton commands it.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Telephony {
    Agent {
        /// Base address of the platform's command endpoint.
        commands: String,
        token: Option<Reference>,
    },
    /// The same commands, published on `baton.events` as `handoff.command`.
    AgentAmqp,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "vendor", rename_all = "snake_case", deny_unknown_fields)]
pub enum Crm {
    Salesforce {
        base_url: String,
        #[serde(default = "salesforce_version")]
        api_version: String,
        auth: SalesforceAuth,
    },
    Hubspot {
        #[serde(default = "hubspot_base")]
        base_url: String,
        service_key: Reference,
    },
}

fn salesforce_version() -> String {
    "v66.0".to_owned()
}

fn hubspot_base() -> String {
    "https://api.hubapi.com".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "flow", rename_all = "snake_case", deny_unknown_fields)]
pub enum SalesforceAuth {
    JwtBearer {
        consumer_key: Reference,
        username: String,
        private_key: Reference,
        #[serde(default = "salesforce_audience")]
        audience: String,
    },
    ClientCredentials {
        client_id: Reference,
        client_secret: Reference,
    },
}

fn salesforce_audience() -> String {
    "https://login.salesforce.com".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    #[serde(default = "slack_base")]
    pub base_url: String,
    pub bot_token: Reference,
}

fn slack_base() -> String {
    "https://slack.com".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub tls: MailTls,
    pub username: Option<String>,
    pub password: Option<Reference>,
    pub from: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    None,
    #[default]
    Starttls,
    Implicit,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoogleCalendar {
    #[serde(default = "google_base")]
    pub base_url: String,
    #[serde(default = "google_token")]
    pub token_url: String,
    pub client_email: String,
    pub private_key: Reference,
}

fn google_base() -> String {
    "https://www.googleapis.com".to_owned()
}

fn google_token() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
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
}

impl Default for Limits {
    fn default() -> Self {
        Self { facts_within_ms: 700, vendor_timeout_s: 10, lease_s: 25, steps_at_once: 32 }
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
}

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

/// A value, or `env:NAME`, or `file:PATH`. `Debug` shows the reference, never what it stands for.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Reference(pub String);

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.starts_with("env:") || self.0.starts_with("file:");
        write!(f, "{}", if shown { &self.0 } else { "(set)" })
    }
}

impl Reference {
    /// # Errors
    /// The variable is not set, or the file cannot be read. The message names the reference, never the value.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    pub fn resolve(&self) -> Result<String> {
        if let Some(name) = self.0.strip_prefix("env:") {
            return std::env::var(name).with_context(|| format!("reading the environment variable {name}"));
        }
        if let Some(path) = self.0.strip_prefix("file:") {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading the file {path}"))?;
            return Ok(text.trim_end().to_owned());
        }
        Ok(self.0.clone())
    }

    /// The same for what must not stand in the file itself.
    ///
    /// # Errors
    /// As [`Reference::resolve`], and where the secret itself was written down.
    pub fn secret(&self, name: &str) -> Result<String> {
        if !self.0.starts_with("env:") && !self.0.starts_with("file:") {
            bail!("{name} holds a secret: write env:NAME or file:PATH instead of the secret itself");
        }
        self.resolve().with_context(|| format!("resolving {name}"))
    }
}

/// `BATON_KILL_AT`: where a test wants this process to die (see `failpoint`).
#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn crash_point() -> Option<String> {
    std::env::var("BATON_KILL_AT").ok()
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
        let limits = &self.limits;
        if limits.vendor_timeout_s >= limits.lease_s {
            bail!(
                "limits.vendor_timeout_s is {} and limits.lease_s is {}: a call must be given up before its lease ends, \
                 or two workers make it; allowed: vendor_timeout_s < lease_s",
                limits.vendor_timeout_s,
                limits.lease_s
            );
        }
        if limits.lease_s > 25 {
            bail!(
                "limits.lease_s is {}: a killed worker's steps must come back within 30 s; allowed: up to 25",
                limits.lease_s
            );
        }
        if limits.facts_within_ms > 1000 {
            bail!("limits.facts_within_ms is {}: a caller is waiting; allowed: up to 1000", limits.facts_within_ms);
        }
        if matches!(self.telephony, Some(Telephony::AgentAmqp)) && self.amqp.is_none() {
            bail!("telephony.mode is agent_amqp, but there is no [amqp] section: add one with a url");
        }
        if self.http.tokens.is_empty() && !self.http.listen.starts_with("127.0.0.1:") {
            bail!(
                "http.listen is {} and there is no token: anybody could send leads; add [http.tokens] or listen on 127.0.0.1",
                self.http.listen
            );
        }
        Ok(())
    }

    pub fn public_url(&self) -> String {
        if self.http.public_url.is_empty() {
            format!("http://{}", self.http.listen)
        } else {
            self.http.public_url.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        let config: Config = toml::from_str(text).expect("parses");
        format!("{:#}", config.check().unwrap_err())
    }

    #[test]
    fn timeouts_that_contradict_each_other_are_refused() {
        assert!(fault("[limits]\nvendor_timeout_s = 25\n").contains("vendor_timeout_s < lease_s"));
        assert!(fault("[limits]\nlease_s = 60\n").contains("within 30 s"));
    }

    #[test]
    fn a_relative_database_lies_in_the_workspace_and_no_other_moves() {
        for (url, resolved) in [
            ("sqlite:baton.db", "sqlite:/w s/baton.db"),
            ("sqlite://baton.db", "sqlite:/w s/baton.db"),
            ("sqlite:data/b.db?mode=rw", "sqlite:/w s/data/b.db?mode=rw"),
            ("sqlite:./b.db", "sqlite:/w s/./b.db"),
            ("sqlite:/var/b.db", "sqlite:/var/b.db"),
            ("sqlite:///var/b.db", "sqlite:///var/b.db"),
            ("sqlite::memory:", "sqlite::memory:"),
            ("sqlite://:memory:", "sqlite://:memory:"),
            ("postgres://u@h/d", "postgres://u@h/d"),
        ] {
            assert_eq!(beside(url.to_owned(), Path::new("/w s")), resolved);
        }
        assert_eq!(beside("sqlite:b.db".to_owned(), Path::new("/50% off?")), "sqlite:/50%25 off%3F/b.db");
        assert_eq!(beside("sqlite:b.db".to_owned(), Path::new("")), "sqlite:b.db", "the workspace is where we are");
    }

    #[test]
    fn an_open_listener_needs_a_token() {
        assert!(fault("[http]\nlisten = \"0.0.0.0:8080\"\n").contains("[http.tokens]"));
    }

    #[test]
    fn unknown_keys_are_named_with_their_line() {
        let error = toml::from_str::<Config>("[http]\nlisten = \"127.0.0.1:1\"\nlissen = 3\n").unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("lissen"), "{error}");
    }

    #[test]
    fn secrets_in_the_file_are_refused_and_never_shown() {
        let secret = Reference("hunter2".to_owned());
        assert!(!format!("{:#}", secret.secret("slack.bot_token").unwrap_err()).contains("hunter2"));
        assert_eq!(format!("{secret:?}"), "(set)");
    }
}
