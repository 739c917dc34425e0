//! Whom Baton speaks to: the CRM, chat and mail, each with its address and its login.

use super::environment::Reference;
use super::span;
use anyhow::{Result, ensure};
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "vendor", rename_all = "snake_case", deny_unknown_fields)]
pub enum Crm {
    Salesforce {
        base_url: String,
        #[serde(default = "salesforce_version")]
        api_version: String,
        auth: SalesforceAuth,
        /// Developer name of the notification by which reps are shown the lead that their phone rings for.
        notification_type: Option<String>,
        /// How often it is asked what was done with leads there.
        #[serde(default = "read_back", deserialize_with = "span::span")]
        read_back: Duration,
    },
    Hubspot {
        #[serde(default = "hubspot_base")]
        base_url: String,
        service_key: Reference,
        /// The same.
        #[serde(default = "read_back", deserialize_with = "span::span")]
        read_back: Duration,
    },
}

/// More often costs the limits that others share, and more seldom is no news.
const READ_BACK: std::ops::RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_secs(24 * 3600);

fn read_back() -> Duration {
    Duration::from_secs(60)
}

impl Crm {
    pub fn read_back(&self) -> Duration {
        match self {
            Self::Salesforce { read_back, .. } | Self::Hubspot { read_back, .. } => *read_back,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let every = self.read_back();
        ensure!(READ_BACK.contains(&every), "crm.read_back is {} s; allowed: 10s to 1d", every.as_secs());
        Ok(())
    }
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
    /// `xapp-…`: what people press is heard over a connection that the worker opens (Socket Mode).
    pub app_token: Option<Reference>,
    /// What people press comes as requests to `/v1/slack`, signed with it.
    pub signing_secret: Option<Reference>,
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
