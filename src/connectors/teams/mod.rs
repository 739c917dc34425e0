//! Microsoft Teams, by incoming webhooks: a workflow that posts to a channel or a chat when it is asked, or a connector of the
//! older kind.
//!
//! Guarantees: a card goes to the address that the configuration has for its channel, and to no other; a channel is sent no
//! more than it takes; nothing that anybody said becomes a link, a mention or a button there. A webhook names no message and
//! shows none: what was posted is neither found nor rewritten, and what may have been posted is not posted again.
//! When the process dies here, a card may have been posted, and is not posted a second time.
//!
//! Sources: Microsoft's reference of incoming webhooks and of Adaptive Cards 1.4, as of November 2026.

mod answers;
mod card;

use super::http::{ApiCall, Does, Fleet, Limits, Secret, VendorHttp};
use super::{Card, Chat, MessageRef, Rooms, VendorError};
use async_trait::async_trait;
use baton_core::domain::address::ChatAddress;
use chrono::{DateTime, Utc};
use reqwest::Method;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

const VENDOR: &str = "teams";
/// Of one webhook, which takes four requests a second: a second's worth may go at once, on top of those of that second.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), per_second: 2, concurrency: 4 };

pub struct Teams {
    /// Each by itself, since each has limits of its own: by name; that of whoever has no other has none.
    channels: BTreeMap<String, VendorHttp>,
}

impl Teams {
    /// With the addresses of webhooks, by the names of their channels.
    ///
    /// # Errors
    /// `NeedsPerson` if one is no address. It is a secret, and not repeated.
    pub fn new(addresses: &BTreeMap<String, Secret>) -> Result<Self, VendorError> {
        let mut channels = BTreeMap::new();
        for (name, address) in addresses {
            let http = VendorHttp::new(VENDOR, webhook(name, address)?.as_str(), LIMITS)?;
            channels.insert(name.clone(), http);
        }
        Ok(Self { channels })
    }

    fn channel(&self, channel: &str) -> Result<&VendorHttp, VendorError> {
        let known = match ChatAddress::of(channel) {
            ChatAddress::Teams(name) => self.channels.get(name),
            ChatAddress::Slack(_) => None,
        };
        known.ok_or_else(|| {
            let why = format!("{channel:?} is no channel of [teams] in baton.toml: expected teams or teams:NAME");
            VendorError::needs_person(VENDOR, why)
        })
    }
}

/// Encrypted, unless it stays on this machine.
fn webhook(name: &str, address: &Secret) -> Result<Url, VendorError> {
    let url = Url::parse(address.expose()).ok();
    let url = url.filter(|url| url.has_host() && url.username().is_empty() && url.password().is_none());
    let fits = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_of_this_machine(url));
    url.filter(fits).ok_or_else(|| {
        let channel = ChatAddress::Teams(name);
        let why = format!(
            "the webhook of {channel} has no address of one; allowed: all of what Teams shows when the webhook is made, from \
             https:// to the end of what follows the question mark"
        );
        VendorError::amiss(VENDOR, why)
    })
}

fn is_of_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[async_trait]
impl Chat for Teams {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.channels.values().for_each(|http| http.joins(fleet, ""));
    }

    /// Class `AtMostOnce`. A message has no name there: what is kept of it is its channel, and when their server answered.
    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError> {
        let http = self.channel(&card.channel)?;
        let call = ApiCall::new("post_card", Does::Write, Method::POST, &[]).json(card::message(card));
        let answer = http.send_judged(&call, answers::judge).await?;
        let answered_at = answer.headers.get("date").and_then(|date| date.to_str().ok()).unwrap_or_default();
        Ok(MessageRef { channel: card.channel.clone(), ts: answered_at.to_owned() })
    }

    async fn update(&self, _: &MessageRef, _: &Card) -> Result<(), VendorError> {
        Err(holds_nothing())
    }

    async fn find(&self, _: &str, _: &str, _: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError> {
        Err(holds_nothing())
    }

    /// Nobody is known by their mail: there is one channel for all who have no other.
    async fn person(&self, _: &str) -> Result<Option<String>, VendorError> {
        Ok(self.channels.contains_key("").then(|| ChatAddress::Teams("").to_string()))
    }

    fn keeps_hold(&self, _: &str) -> bool {
        false
    }

    fn rooms(&self) -> Rooms {
        Rooms { slack: false, teams: Some(self.channels.keys().cloned().collect()) }
    }

    /// Only a card could try the addresses, which were read when the client was made.
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

fn holds_nothing() -> VendorError {
    VendorError::amiss(VENDOR, "a webhook neither finds nor rewrites what it has posted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_whole_encrypted_and_never_repeated() {
        let of = |address: &str| Teams::new(&[("emea".to_owned(), Secret::new(address))].into());
        for address in [
            "https://prod-1.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?api-version=1&sig=s",
            "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d",
            "http://127.0.0.1:9/workflows/a?sig=s",
        ] {
            assert!(of(address).is_ok(), "{address}");
        }
        for address in ["http://hooks.example/secret", "https://u:secret@hooks.example/", "secret", "file:///secret"] {
            let Err(told) = of(address) else { panic!("{address} is no address") };
            let told = told.to_string();
            assert!(told.contains("the webhook of teams:emea") && !told.contains("secret"), "{told}");
        }
    }
}
