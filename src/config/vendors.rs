//! Whom Baton speaks to: telephony, the CRM, chat, mail and calendars, each with its address and its login.

use super::environment::Reference;
use anyhow::{Result, ensure};
use baton_core::domain::phone::PhoneE164;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How calls are driven. In *agent* mode the voice platform dials and Baton commands it; in *bridge* mode we hold the call
/// ourselves, at a carrier.
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
    Bridge(Carrier),
}

/// Who carries the calls that we hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "carrier", rename_all = "snake_case")]
pub enum Carrier {
    Twilio(Twilio),
}

/// An account of Twilio, in which callers' numbers are as well.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twilio {
    #[serde(default = "twilio_base")]
    pub base_url: String,
    /// `AC…`.
    pub account: String,
    /// The account's auth token, or an API key and its secret: `SK…:SECRET`.
    pub key: Reference,
    /// What Twilio signs with: the primary auth token and, while they are changed, the secondary. Left out, it is `key`.
    #[serde(default)]
    pub auth_tokens: Vec<Reference>,
    /// What else it may sign with, by the names that it gave them.
    #[serde(default)]
    pub shared_keys: BTreeMap<String, Reference>,
    /// One of the account's numbers: what reps see.
    pub caller_id: PhoneE164,
    /// As many as the account may begin; more wait.
    #[serde(default = "one_a_second")]
    pub calls_per_second: u32,
    /// What the caller hears while they wait: a sound file that Twilio can fetch.
    #[serde(default = "twilio_music")]
    pub music: String,
    /// In which Twilio speaks and listens, such as `en-GB`; left out, it is its own.
    pub language: Option<String>,
}

fn twilio_base() -> String {
    "https://api.twilio.com".to_owned()
}

fn twilio_music() -> String {
    "https://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3".to_owned()
}

fn one_a_second() -> u32 {
    1
}

impl Twilio {
    /// # Errors
    /// A part that could never work. `public_url`: how Twilio would see this worker.
    pub(super) fn check(&self, public_url: &str) -> Result<()> {
        let is_account = self
            .account
            .strip_prefix("AC")
            .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        ensure!(is_account, "telephony.account is {:?}; allowed: AC and 32 hexadecimal digits", self.account);
        ensure!(
            (1..=1000).contains(&self.calls_per_second),
            "telephony.calls_per_second is {}; allowed: 1 to 1000, as many as the account may begin",
            self.calls_per_second
        );
        ensure!(
            !public_url.is_empty(),
            "telephony.carrier is twilio and http.public_url is not set: Twilio asks us at that address what a caller hears \
             next; set it to an address that Twilio reaches, such as https://baton.example"
        );
        Ok(())
    }
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
