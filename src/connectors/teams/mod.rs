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

use super::http::{ApiCall, Buckets, Does, Limits, Secret, VendorHttp};
use super::{Card, Chat, MessageRef, Rooms, VendorError};
use async_trait::async_trait;
use baton_core::domain::chat::ChatAddress;
use chrono::{DateTime, Utc};
use reqwest::Method;
use std::collections::BTreeMap;
use std::time::Duration;
use url::{Host, Url};

const VENDOR: &str = "teams";
/// A webhook takes four requests a second. A bucket holds a second's worth, which comes on top of those of that second.
const POSTS_PER_SECOND: u32 = 2;
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), per_second: 20, concurrency: 8 };

pub struct Teams {
    http: VendorHttp,
    /// By name; that of whoever has no other has none.
    channels: BTreeMap<String, Url>,
    per_channel: Buckets,
}

impl Teams {
    /// With the addresses of webhooks, by the names of their channels.
    ///
    /// # Errors
    /// `NeedsPerson` if one is no address. It is a secret, and not repeated.
    pub fn new(addresses: &BTreeMap<String, Secret>) -> Result<Self, VendorError> {
        let mut channels = BTreeMap::new();
        for (name, address) in addresses {
            channels.insert(name.clone(), webhook(name, address)?);
        }
        // What is encrypted needs a client that can.
        let encrypted = channels.values().find(|address| address.scheme() == "https");
        let base = encrypted.or_else(|| channels.values().next()).map_or("https://teams.microsoft.com", Url::as_str);
        let http = VendorHttp::new(VENDOR, base, LIMITS)?;
        Ok(Self { http, channels, per_channel: Buckets::per_second(POSTS_PER_SECOND) })
    }

    fn address(&self, channel: &str) -> Result<&Url, VendorError> {
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

    /// Class `AtMostOnce`. A message has no name there: what is kept of it is its channel, and when their server answered.
    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError> {
        let address = self.address(&card.channel)?.clone();
        self.http.pass(&self.per_channel, &card.channel).await?;
        let call = ApiCall::new("post_card", Does::Write, Method::POST, &[]).json(card::message(card)).at(address);
        let answer = self.http.send(&call).await?;
        answers::judge(&answer)?;
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
