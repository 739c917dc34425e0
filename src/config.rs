//! `baton.toml`: connections, listeners and limits, one typed tree, checked as a whole. The one place that reads the environment.
//!
//! Secrets are never written into the file: they are `env:NAME` or `file:PATH`, read once at start.

use crate::domain::scope::Scope;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
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
    /// Bearer tokens by name: a reference to the secret, or a table that also says what it may do.
    pub tokens: BTreeMap<String, AccessToken>,
    pub body_limit_kib: usize,
    /// Requests handled at once; more are answered with 503.
    pub concurrency: usize,
    /// Connections at once; one more takes the place of the one that has been idle or half-sent for longest.
    pub connections: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            tokens: BTreeMap::new(),
            body_limit_kib: 256,
            concurrency: 256,
            connections: 512,
        }
    }
}

/// `voice = "env:NAME"`, or `voice = { secret = "env:NAME", scopes = ["intake"], source = "retell" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub secret: Reference,
    /// The short form may do all but `admin`, as every token could before there were scopes.
    pub scopes: BTreeSet<Scope>,
    /// Events of this source alone.
    pub source: Option<String>,
}

impl<'de> Deserialize<'de> for AccessToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            secret: Reference,
            scopes: BTreeSet<Scope>,
            source: Option<String>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = AccessToken;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"env:NAME\", \"file:PATH\", or { secret = \"env:NAME\", scopes = [\"intake\"] }")
            }

            fn visit_str<E>(self, text: &str) -> Result<AccessToken, E> {
                let scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::Admin).collect();
                Ok(AccessToken { secret: Reference(text.to_owned()), scopes, source: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AccessToken, A::Error> {
                let Table { secret, scopes, source } = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(AccessToken { secret, scopes, source })
            }
        }
        deserializer.deserialize_any(Either)
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
    /// A user who sees everybody's free/busy times, where the domain does not share them with all.
    pub reader: Option<String>,
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

/// What a reference may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// A secret that we made up ourselves: whoever guesses it speaks for us.
    OurSecret,
    /// A secret that somebody else gave us: as long as they like.
    TheirSecret,
    /// May be written into the file.
    Plain,
}

/// The shortest secret of ours: 64 bits, written in hexadecimal digits.
const SHORTEST_SECRET: usize = 16;

impl Reference {
    /// # Errors
    /// The variable is not set, the file cannot be read, or nothing is in it. The message names the reference, never the value.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    pub fn resolve(&self) -> Result<String> {
        let (value, place) = if let Some(name) = self.0.strip_prefix("env:") {
            let value = std::env::var(name).with_context(|| format!("reading the environment variable {name}"))?;
            (value, format!("the environment variable {name} is set"))
        } else if let Some(path) = self.0.strip_prefix("file:") {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading the file {path}"))?;
            (text, format!("the file {path} is there"))
        } else {
            (self.0.clone(), "the value is there".to_owned())
        };
        // An editor's line break or byte order mark is no part of a value.
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        ensure!(!is_blank(value), "{place}, and nothing is in it; allowed: a value, or leave the key out");
        Ok(value.to_owned())
    }

    /// The same for what must not stand in the file itself.
    ///
    /// # Errors
    /// As [`Reference::resolve`], and where the secret itself was written down.
    pub fn secret(&self, name: &str) -> Result<String> {
        self.worth(name, Worth::TheirSecret)
    }

    /// A secret that we made up ourselves.
    ///
    /// # Errors
    /// As [`Reference::secret`], and where it is so short that it can be guessed.
    pub fn our_secret(&self, name: &str) -> Result<String> {
        self.worth(name, Worth::OurSecret)
    }

    fn worth(&self, name: &str, worth: Worth) -> Result<String> {
        if worth != Worth::Plain && !self.0.starts_with("env:") && !self.0.starts_with("file:") {
            bail!("{name} holds a secret: write env:NAME or file:PATH instead of the secret itself");
        }
        let value = self.resolve().with_context(|| format!("resolving {name}"))?;
        let length = value.chars().count();
        ensure!(
            worth != Worth::OurSecret || length >= SHORTEST_SECRET,
            "resolving {name}: what {} stands for has {length} characters, and whoever guesses it is let in; allowed: \
             {SHORTEST_SECRET} or more, such as the output of `openssl rand -hex 32`",
            self.0
        );
        Ok(value)
    }
}

/// `BATON_ZONEINFO`: a folder of compiled time zones to go by instead of the system's and of those that are built in.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn zoneinfo() -> Option<PathBuf> {
    std::env::var("BATON_ZONEINFO").ok().filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Nothing that a person would see: empty, blanks, controls, characters without width.
fn is_blank(text: &str) -> bool {
    !text.chars().any(|c| c.is_alphanumeric() || c.is_ascii_punctuation())
}

/// `BATON_KILL_AT`: where a test wants this process to die (see `failpoint`).
#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn crash_point() -> Option<String> {
    std::env::var("BATON_KILL_AT").ok()
}

/// `BATON_CLOCK_OFF_MS`: by how much a test wants this process's clock to be off (see `failpoint`).
#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn clock_off_ms() -> Option<String> {
    std::env::var("BATON_CLOCK_OFF_MS").ok()
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
        self.http.check()?;
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

    /// Resolves everything that is needed to run, once, before anything else is done.
    ///
    /// # Errors
    /// All that is missing, blank, or too short, one to a line.
    pub fn check_secrets(&self) -> Result<()> {
        let mut faults = Vec::new();
        let mut tokens: BTreeMap<String, &str> = BTreeMap::new();
        for (name, reference, worth) in self.references() {
            match reference.worth(&name, worth) {
                Err(fault) => faults.push(format!("{fault:#}")),
                Ok(_) if worth != Worth::OurSecret => {}
                Ok(secret) => {
                    if let Some(other) = tokens.insert(secret, &reference.0) {
                        faults.push(format!("{name} is the same secret as {other} stands for: give each its own"));
                    }
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { bail!(faults.join("\n")) }
    }

    /// Every reference of the file, by the name of its key.
    fn references(&self) -> Vec<(String, &Reference, Worth)> {
        use Worth::{OurSecret, Plain, TheirSecret};
        let mut all = vec![("database.url".to_owned(), &self.database.url, Plain)];
        let mut add = |name: &str, reference, worth| all.push((name.to_owned(), reference, worth));
        for (name, token) in &self.http.tokens {
            add(&format!("http.tokens.{name}"), &token.secret, OurSecret);
        }
        if let Some(secret) = &self.feedback.link_secret {
            add("feedback.link_secret", secret, OurSecret);
        }
        if let Some(amqp) = &self.amqp {
            add("amqp.url", &amqp.url, Plain);
        }
        if let Some(Telephony::Agent { token: Some(token), .. }) = &self.telephony {
            add("telephony.token", token, TheirSecret);
        }
        match &self.crm {
            None => {}
            Some(Crm::Hubspot { service_key, .. }) => add("crm.service_key", service_key, TheirSecret),
            Some(Crm::Salesforce { auth: SalesforceAuth::JwtBearer { consumer_key, private_key, .. }, .. }) => {
                add("crm.auth.consumer_key", consumer_key, Plain);
                add("crm.auth.private_key", private_key, TheirSecret);
            }
            Some(Crm::Salesforce { auth: SalesforceAuth::ClientCredentials { client_id, client_secret }, .. }) => {
                add("crm.auth.client_id", client_id, Plain);
                add("crm.auth.client_secret", client_secret, TheirSecret);
            }
        }
        if let Some(slack) = &self.slack {
            add("slack.bot_token", &slack.bot_token, TheirSecret);
        }
        if let Some(password) = self.mail.as_ref().and_then(|mail| mail.password.as_ref()) {
            add("mail.password", password, TheirSecret);
        }
        if let Some(calendar) = &self.calendar {
            add("calendar.private_key", &calendar.private_key, TheirSecret);
        }
        all
    }

    pub fn public_url(&self) -> String {
        if self.http.public_url.is_empty() {
            format!("http://{}", self.http.listen)
        } else {
            self.http.public_url.clone()
        }
    }
}

impl Http {
    /// Whether only this machine can reach the listener.
    pub fn is_loopback(&self) -> bool {
        let ip = self.listen.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
        ip || self.listen.starts_with("localhost:")
    }

    fn check(&self) -> Result<()> {
        for (key, found, allowed) in [
            ("body_limit_kib", self.body_limit_kib, 1..=65_536),
            ("concurrency", self.concurrency, 1..=65_536),
            ("connections", self.connections, 2..=1_000_000),
        ] {
            ensure!(
                allowed.contains(&found),
                "http.{key} is {found}; allowed: {} to {}",
                allowed.start(),
                allowed.end()
            );
        }
        ensure!(
            self.connections > self.concurrency,
            "http.connections is {} and http.concurrency is {}: with every connection at work nobody else could be let in, \
             health included; allowed: connections > concurrency",
            self.connections,
            self.concurrency
        );
        for (name, token) in &self.tokens {
            ensure!(
                !token.scopes.is_empty(),
                "http.tokens.{name} has no scope, and could do nothing; allowed: intake, read, act, feedback, admin"
            );
            if let Some(source) = &token.source {
                ensure!(
                    !is_blank(source) && !source.contains(char::is_whitespace),
                    "http.tokens.{name}.source is {source:?}; allowed: the source of events, without blanks, such as \"retell\""
                );
            }
        }
        Ok(())
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
    fn only_this_machine_is_loopback() {
        let http = |listen: &str| Http { listen: listen.to_owned(), ..Http::default() };
        for own in ["127.0.0.1:8080", "127.0.0.53:80", "[::1]:8080", "localhost:8080"] {
            assert!(http(own).is_loopback(), "{own}");
        }
        for open in ["0.0.0.0:8080", "[::]:8080", "10.0.0.3:80", "127.0.0.1.example:80", "baton.example:80"] {
            assert!(!http(open).is_loopback(), "{open}");
        }
    }

    #[test]
    fn numbers_that_would_close_the_door_or_end_the_process_are_refused() {
        for (text, why) in [
            ("[http]\nconcurrency = 0\n", "1 to 65536"),
            ("[http]\nbody_limit_kib = 9223372036854775807\n", "1 to 65536"),
            ("[http]\nconnections = 4611686018427387904\n", "2 to 1000000"),
            ("[http]\nconnections = 256\n", "connections > concurrency"),
            ("[feedback]\nlink_days = 4294967295\n", "1 to 3660"),
            ("[feedback]\nlink_days = 0\n", "1 to 3660"),
        ] {
            let told = fault(text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn a_token_says_what_it_may_do() {
        let config: Config = toml::from_str(
            "[http.tokens]\nvoice = \"env:A\"\nretell = { secret = \"env:B\", scopes = [\"intake\"], source = \"retell\" }\n",
        )
        .expect("parses");
        let (voice, retell) = (&config.http.tokens["voice"], &config.http.tokens["retell"]);
        assert_eq!(
            voice.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
            ["intake", "read", "act", "feedback"]
        );
        assert_eq!((retell.scopes.len(), retell.source.as_deref()), (1, Some("retell")));
        for (text, why) in [
            ("x = { secret = \"env:B\", scopes = [\"write\"] }", "expected one of `intake`"),
            ("x = { secret = \"env:B\" }", "missing field `scopes`"),
            ("x = { secret = \"env:B\", scopes = [\"read\"], sources = \"a\" }", "unknown field `sources`"),
            ("x = 3", "\"env:NAME\""),
        ] {
            let told = toml::from_str::<Config>(&format!("[http.tokens]\n{text}\n")).expect_err(text).to_string();
            assert!(told.contains(why), "{text}: {told}");
        }
        assert!(fault("[http.tokens]\nx = { secret = \"env:B\", scopes = [] }\n").contains("has no scope"));
        assert!(
            fault("[http.tokens]\nx = { secret = \"env:B\", scopes = [\"intake\"], source = \" \" }\n")
                .contains("source")
        );
    }

    /// A config in which every secret there is comes from files of this folder.
    fn full(folder: &Path, crm: &str) -> Config {
        let file = |name: &str| format!("\"file:{}\"", folder.join(name).display());
        let text = format!(
            "[http]\ntokens = {{ voice = {token} }}\n[feedback]\nlink_secret = {link}\n[slack]\nbot_token = {slack}\n\
             [mail]\nhost = \"h\"\nport = 25\nfrom = \"a@b.example\"\nusername = \"u\"\npassword = {mail}\n\
             [calendar]\nclient_email = \"c\"\nprivate_key = {calendar}\n[amqp]\nurl = {amqp}\n\
             [telephony]\nmode = \"agent\"\ncommands = \"http://v\"\ntoken = {voice}\n[database]\nurl = {database}\n[crm]\n{crm}",
            token = file("token"),
            link = file("link"),
            slack = file("slack"),
            mail = file("mail"),
            calendar = file("calendar"),
            amqp = file("amqp"),
            voice = file("voice"),
            database = file("database"),
            crm = crm.replace("FILE:", &format!("file:{}/", folder.display())),
        );
        toml::from_str(&text).expect("parses")
    }

    const CRMS: [&str; 3] = [
        "vendor = \"hubspot\"\nservice_key = \"FILE:key\"\n",
        "vendor = \"salesforce\"\nbase_url = \"http://s\"\nauth = { flow = \"client_credentials\", client_id = \"FILE:id\", client_secret = \"FILE:key\" }\n",
        "vendor = \"salesforce\"\nbase_url = \"http://s\"\nauth = { flow = \"jwt_bearer\", consumer_key = \"FILE:id\", username = \"u\", private_key = \"FILE:key\" }\n",
    ];

    fn write(folder: &Path, name: &str, text: &str) {
        std::fs::write(folder.join(name), text).expect("a secret");
    }

    #[test]
    fn every_secret_that_is_empty_blank_or_invisible_is_refused_at_once_and_by_name() {
        const NAMES: [&str; 10] =
            ["token", "link", "slack", "mail", "calendar", "amqp", "voice", "database", "key", "id"];
        let folder = tempfile::tempdir().expect("a folder");
        for crm in CRMS {
            let config = full(folder.path(), crm);
            NAMES.iter().for_each(|name| write(folder.path(), name, &format!("a good long secret for {name}\n")));
            config.check_secrets().expect("all are good");
            for blank in ["", "\n", " \t \r\n", "\u{feff}\n", "\u{200b}\u{200b}", "\u{a0}", "\0\0"] {
                NAMES.iter().for_each(|name| write(folder.path(), name, blank));
                let told = config.check_secrets().expect_err("nothing is in them").to_string();
                let asked = config.references();
                assert_eq!(told.lines().count(), asked.len(), "{blank:?}: {told}");
                for (name, reference, _) in asked {
                    let path = reference.0.trim_start_matches("file:");
                    let line = told.lines().find(|line| line.contains(&format!("resolving {name}: ")));
                    let line = line.unwrap_or_else(|| panic!("{name} is not told: {told}"));
                    assert!(line.contains(path) && line.contains("nothing is in it; allowed:"), "{line}");
                }
            }
        }
    }

    #[test]
    fn short_secrets_of_ours_are_refused_and_never_shown_and_each_is_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = full(folder.path(), CRMS[0]);
        for name in ["slack", "mail", "calendar", "amqp", "voice", "database", "key"] {
            write(folder.path(), name, "x");
        }
        write(folder.path(), "token", "hunter2\n");
        write(folder.path(), "link", "fifteen letters\n");
        let told = config.check_secrets().expect_err("two can be guessed").to_string();
        assert_eq!(told.lines().count(), 2, "what others gave us may be short: {told}");
        for part in
            ["http.tokens.voice", "has 7 characters", "feedback.link_secret", "has 15 characters", "openssl rand"]
        {
            assert!(told.contains(part), "{told}");
        }
        assert!(!told.contains("hunter2") && !told.contains("fifteen letters"), "{told}");
        write(folder.path(), "token", "sixteen letters!");
        write(folder.path(), "link", "\u{feff}sixteen letters!\r\n");
        let told = config.check_secrets().expect_err("one secret for two doors").to_string();
        assert!(told.contains("is the same secret as"), "{told}");
    }

    #[test]
    fn a_login_is_whole_or_not_there() {
        let mail = "[mail]\nhost = \"h\"\nport = 25\nfrom = \"a@b.example\"\n";
        assert!(fault(&format!("{mail}username = \"u\"\n")).contains("belong together"));
        assert!(fault(&format!("{mail}password = \"env:P\"\n")).contains("belong together"));
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
