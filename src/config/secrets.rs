//! Every secret of `baton.toml`, looked up once at start: none is missing, blank, or so short that it can be guessed.

use super::environment::{Reference, Worth};
use super::{Carrier, Config, Crm, SalesforceAuth, Sms, Speaker, Speech, Teams, Telephony, ToldBy};
use anyhow::{Result, bail};
use std::collections::BTreeMap;

impl Config {
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
    pub(super) fn references(&self) -> Vec<(String, &Reference, Worth)> {
        use Worth::{OfPlatform, OurSecret, Plain, TheirSecret};
        let mut all = vec![("database.url".to_owned(), &self.database.url, Plain)];
        let mut add = |name: &str, reference, worth| all.push((name.to_owned(), reference, worth));
        for (name, token) in &self.http.tokens {
            add(&format!("http.tokens.{name}"), &token.secret, OurSecret);
        }
        for (name, platform) in &self.platforms {
            for secret in &platform.secrets {
                add(&format!("platforms.{name}.secrets"), secret, OfPlatform);
            }
            if let Some(key) = &platform.api_key {
                add(&format!("platforms.{name}.api_key"), key, TheirSecret);
            }
        }
        for webhook in &self.webhooks {
            add(&webhook.key("url"), &webhook.url, Plain);
            for secret in &webhook.secrets {
                add(&webhook.key("secrets"), secret, OurSecret);
            }
        }
        if let Some(secret) = &self.feedback.link_secret {
            add("feedback.link_secret", secret, OurSecret);
        }
        if let Some(amqp) = &self.amqp {
            add("amqp.url", &amqp.url, Plain);
        }
        if let Some(Speech { by: Speaker::Engine(engine), .. }) = &self.speech
            && let Some(token) = &engine.token
        {
            add("speech.token", token, TheirSecret);
        }
        self.references_of_telephony(&mut add);
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
            if let Some(token) = &slack.app_token {
                add("slack.app_token", token, TheirSecret);
            }
            if let Some(secret) = &slack.signing_secret {
                add("slack.signing_secret", secret, OfPlatform);
            }
        }
        if let Some(password) = self.mail.as_ref().and_then(|mail| mail.password.as_ref()) {
            add("mail.password", password, TheirSecret);
        }
        if let Some(Sms::Twilio(twilio)) = &self.sms
            && let Some(key) = &twilio.key
        {
            add("sms.key", key, TheirSecret);
        }
        for (name, webhook) in self.teams.iter().flat_map(Teams::channels) {
            add(&Teams::key(name), webhook, TheirSecret);
        }
        all.extend(self.references_of_calendars());
        all
    }

    fn references_of_telephony<'c>(&'c self, add: &mut impl FnMut(&str, &'c Reference, Worth)) {
        use Worth::{OfPlatform, TheirSecret};
        let telephony = self.telephony.as_ref();
        match telephony.and_then(Telephony::carrier) {
            Some(Carrier::Asterisk(asterisk)) => {
                add("telephony.password", &asterisk.password, TheirSecret);
                if let Some(token) = &asterisk.token {
                    add("telephony.token", token, TheirSecret);
                }
            }
            Some(Carrier::Twilio(twilio)) => {
                add("telephony.key", &twilio.key, TheirSecret);
                for token in &twilio.auth_tokens {
                    add("telephony.auth_tokens", token, OfPlatform);
                }
                for (name, key) in &twilio.shared_keys {
                    add(&format!("telephony.shared_keys.{name}"), key, OfPlatform);
                }
            }
            None => {}
        }
        match telephony {
            Some(Telephony::Agent { token: Some(token), .. }) => add("telephony.token", token, TheirSecret),
            Some(Telephony::RepFirst(rep_first)) => {
                if let ToldBy::Commands { token: Some(token), .. } = &rep_first.told {
                    add("telephony.token", token, TheirSecret);
                }
            }
            Some(Telephony::Agent { token: None, .. } | Telephony::AgentAmqp | Telephony::Bridge(_)) | None => {}
        }
    }
}
