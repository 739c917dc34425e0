//! Text messages by Twilio, whoever carries the calls.
//!
//! Guarantees: a text whose answer was lost is looked for by number and time before it is sent again. There is no idempotency
//! key for a message. Whether somebody wants none (STOP) is kept by Twilio, which refuses them from then on. That a message was
//! taken does not mean that it arrived. Sources: Twilio's description of version 2010-04-01, as of April 2026, and its list of
//! error codes.

use super::errors::Meaning::{self, Broken, Credentials, Mend, TooMany};
use super::errors::{code_of, judge_by};
use super::{CLOCK_SKEW, PAGE_SIZE, VENDOR, read};
use crate::connectors::http::{ApiCall, Does, Limits, Secret, VendorHttp};
use crate::connectors::{Texted, Texter, VendorError};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use std::time::Duration;

/// Twilio keeps what comes faster than the sender may send, in order.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), per_second: 10, concurrency: 8 };
/// What Twilio says of whoever has the number; it will be so the next time as well.
const REFUSED: [(u32, &str); 3] = [
    (21211, "nobody can have this number"),
    (21610, "whoever has the number has asked for no more texts"),
    (21614, "no text arrives at this number"),
];
const CODES: [(u32, Meaning, &str); 16] = [
    (14107, TooMany, "the sender has as many texts a second as it may have"),
    (20003, Credentials, "account, key and secret do not belong together"),
    (20404, Mend, "there is no such account: set sms.account to the one that sms.key is of"),
    (20429, TooMany, "too many requests"),
    (20500, Broken, "the vendor itself failed"),
    (21212, Mend, "the sender is not a number: set sms.from to one of the account"),
    (21408, Mend, "the account may not write to this country: allow it under Messaging, Geo Permissions"),
    (21606, Mend, "the sender is no number of the account that can send texts: set sms.from to one that is"),
    (21608, Mend, "a trial account writes to verified numbers alone"),
    (21611, TooMany, "the sender has as many texts waiting as it may have"),
    (21612, Mend, "the sender cannot write to this number: set sms.from or sms.messaging_service to one that can"),
    (21617, Mend, "the text is too long: shorten the texts among templates/caller"),
    (21659, Mend, "the sender is no number of the account: set sms.from to one that is"),
    (21703, Mend, "the messaging service has no number to send from: add one to it"),
    (21705, Mend, "there is no such messaging service: set sms.messaging_service to one of the account"),
    (63038, TooMany, "the account has sent as many texts today as it may send"),
];

#[derive(Debug, Clone)]
pub struct TwilioTextsConfig {
    /// `https://api.twilio.com`.
    pub base_url: String,
    /// `AC…`.
    pub account: String,
    /// The account itself, or an API key `SK…`.
    pub user: String,
    pub secret: Secret,
    pub sender: Sender,
}

/// Who a text is from.
#[derive(Debug, Clone)]
pub enum Sender {
    /// A number of the account.
    Number(PhoneE164),
    /// `MG…`, which chooses one of its numbers.
    Service(String),
}

pub struct TwilioTexts {
    http: VendorHttp,
    config: TwilioTextsConfig,
    login: String,
}

#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    sid: String,
    /// As mails have it: `Thu, 24 Aug 2023 05:01:45 +0000`.
    date_created: Option<String>,
    messaging_service_sid: Option<String>,
}

impl Message {
    fn is_from(&self, sender: &Sender) -> bool {
        match sender {
            // It was asked for.
            Sender::Number(_) => true,
            Sender::Service(service) => self.messaging_service_sid.as_ref() == Some(service),
        }
    }

    fn is_since(&self, since: DateTime<Utc>) -> bool {
        let created = self.date_created.as_deref().and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        created.is_some_and(|created| created >= since)
    }
}

impl TwilioTexts {
    /// # Errors
    /// `NeedsPerson` if the base address is not one.
    pub fn new(config: TwilioTextsConfig) -> Result<Self, VendorError> {
        let login = format!("Basic {}", STANDARD.encode(format!("{}:{}", config.user, config.secret.expose())));
        let http = VendorHttp::new(VENDOR, &config.base_url, LIMITS)?;
        Ok(Self { http, config, login })
    }

    fn call(&self, operation: &'static str, does: Does, method: Method) -> ApiCall {
        let path = ["2010-04-01", "Accounts", self.config.account.as_str(), "Messages.json"];
        ApiCall::new(operation, does, method, &path).header("authorization", self.login.clone())
    }

    /// The newest of ours, to this number if one is named.
    async fn list(&self, to: Option<&PhoneE164>, page_size: &str) -> Result<Messages, VendorError> {
        let mut list = self.call("find_messages", Does::Read, Method::GET).query("PageSize", page_size);
        if let Some(to) = to {
            list = list.query("To", to.as_str());
        }
        if let Sender::Number(from) = &self.config.sender {
            list = list.query("From", from.as_str());
        }
        let answer = self.http.send(&list).await?;
        judge_by(&answer, &CODES)?;
        read(&answer)
    }
}

#[async_trait]
impl Texter for TwilioTexts {
    async fn send(&self, to: &PhoneE164, words: &CallerText) -> Result<Texted, VendorError> {
        let sender = match &self.config.sender {
            Sender::Number(from) => ("From", from.as_str().to_owned()),
            Sender::Service(service) => ("MessagingServiceSid", service.clone()),
        };
        let fields = vec![("To", to.as_str().to_owned()), sender, ("Body", words.0.clone())];
        let answer = self.http.send(&self.call("send_text", Does::Write, Method::POST).form(fields)).await?;
        let refused = code_of(&answer).and_then(|code| REFUSED.into_iter().find(|(known, _)| *known == code));
        if let Some((code, why)) = refused.filter(|_| !answer.is_success()) {
            return Ok(Texted::Refused { why: format!("{why} (error {code})") });
        }
        judge_by(&answer, &CODES)?;
        read(&answer).map(|message: Message| Texted::Sent { id: message.sid })
    }

    async fn find(&self, to: &PhoneE164, since: DateTime<Utc>) -> Result<Option<String>, VendorError> {
        let found = self.list(Some(to), PAGE_SIZE).await?;
        let since = since - CLOCK_SKEW;
        let mut ours = found.messages.into_iter().filter(|message| message.is_from(&self.config.sender));
        Ok(ours.find(|message| message.is_since(since)).map(|message| message.sid))
    }

    /// Whether the account knows us; a number that may send no texts is found by sending one.
    async fn check(&self) -> Result<(), VendorError> {
        self.list(None, "1").await.map(drop)
    }
}
