//! Who is told of our own events: addresses of others, and what each message to them is signed with.

use super::environment::Reference;
use anyhow::{Context, Result, bail, ensure};
use baton_core::domain::effect::Topic;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;
use url::Url;

const LONGEST_NAME: usize = 40;
const LONGEST_TIMEOUT_S: u64 = 30;

/// One of `[[webhooks]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// What its deliveries are kept under: with another name it is another webhook.
    pub name: String,
    /// May be a reference: some receivers are found by nobody who does not know their address.
    pub(super) url: Reference,
    /// `whsec_…`; every message is signed with each, so that a secret can be changed while events go on.
    pub secrets: Vec<Reference>,
    /// Only these; every topic if left out.
    pub topics: Option<BTreeSet<Topic>>,
    #[serde(default = "timeout_s")]
    timeout_s: u64,
    /// It may stand in our own network, where otherwise no webhook leads; there `http://` will do.
    #[serde(default)]
    pub allow_private: bool,
}

/// As the standard recommends: 15 to 30 s.
fn timeout_s() -> u64 {
    15
}

impl Webhook {
    /// The name of one of its keys, for messages.
    pub fn key(&self, key: &str) -> String {
        format!("webhooks.{}.{key}", self.name)
    }

    /// The address stands in the file itself, so that it can be judged without the environment of the worker.
    pub fn has_plain_url(&self) -> bool {
        !self.url.is_elsewhere()
    }

    /// # Errors
    /// It cannot be had, or no message could be sent there.
    pub fn url(&self) -> Result<Url> {
        let key = self.key("url");
        let text = self.url.resolve().with_context(|| format!("resolving {key}"))?;
        // What a reference stands for is not repeated, nor is a password.
        let found = match self.has_plain_url() {
            true if text.contains('@') => "an address with a login".to_owned(),
            true => format!("{text:?}"),
            false => format!("what {} stands for", self.url.0),
        };
        let url = Url::parse(&text).ok();
        let url = url.filter(|url| url.has_host() && url.username().is_empty() && url.password().is_none());
        match url {
            Some(url) if url.scheme() == "https" || (url.scheme() == "http" && self.allow_private) => Ok(url),
            Some(url) if url.scheme() == "http" => bail!(
                "{key} is {found}, and http:// encrypts nothing; allowed: https://, or allow_private = true for a receiver in \
                 your own network"
            ),
            _ => bail!("{key} is {found}; allowed: an address without a login, such as https://hooks.example/baton"),
        }
    }

    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }
}

pub(super) fn check(webhooks: &[Webhook]) -> Result<()> {
    let mut names = BTreeSet::new();
    for webhook in webhooks {
        let name = &webhook.name;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        ensure!(
            !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(fits),
            "a webhook is called {name:?}; allowed: up to {LONGEST_NAME} of a-z, 0-9, - and _, such as \"crm-sync\""
        );
        ensure!(names.insert(name), "two webhooks are called {name:?}; allowed: a name of its own for each");
        ensure!(
            !webhook.secrets.is_empty(),
            "{} is empty; allowed: one reference or more, such as secrets = [\"env:NAME\"]",
            webhook.key("secrets")
        );
        ensure!(
            webhook.topics.as_ref().is_none_or(|topics| !topics.is_empty()),
            "{} is empty, and nothing would be sent; allowed: one topic or more, or leave the key out for all",
            webhook.key("topics")
        );
        ensure!(
            (1..=LONGEST_TIMEOUT_S).contains(&webhook.timeout_s),
            "{} is {}; allowed: 1 to {LONGEST_TIMEOUT_S}",
            webhook.key("timeout_s"),
            webhook.timeout_s
        );
        if webhook.has_plain_url() {
            webhook.url()?;
        }
    }
    Ok(())
}
