//! From `[telephony]` with `carrier = "twilio"` to both sides of that account: how it is commanded, and the door at which it asks us;
//! and from `[sms]` to whoever sends texts.

use crate::app::lines::{as_telephony, lent};
use crate::config::{self, Config};
use crate::connectors::Texter;
use crate::connectors::VendorError;
use crate::connectors::agent::Wire;
use crate::connectors::http::Secret;
use crate::connectors::twilio::{AskedLeg, LegBook, Sender, Twilio, TwilioConfig, TwilioTexts, TwilioTextsConfig};
use crate::outbox::Vendors;
use crate::store::{Store, StoreError, with};
use crate::web::TwilioSection;
use anyhow::{Context, Result};
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::id::LegId;
use baton_platforms::signature::{self, TwilioKeys};
use baton_platforms::twilio::Pages;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Both sides of one account.
pub struct TwilioAccount {
    pub telephony: Arc<Twilio>,
    pub door: Arc<TwilioSection>,
}

impl TwilioAccount {
    /// As telephony of ours; `wire`: commands to the voice platform over the broker, where there is one. Gives the door.
    ///
    /// # Errors
    /// The voice platform cannot be told anything: a secret cannot be had, or an address is not one.
    pub fn connect(
        self,
        config: &Config,
        wire: Option<Arc<dyn Wire>>,
        vendors: &mut Vendors,
    ) -> Result<Arc<TwilioSection>> {
        vendors.twilio = Some(Arc::clone(&self.telephony));
        as_telephony(vendors, config, self.telephony, wire)?;
        Ok(self.door)
    }
}

/// `None`: Twilio carries no calls of ours.
///
/// # Errors
/// A secret cannot be had, or there is none that could prove what the carrier sends; or an address is not of its form.
pub fn twilio_account(config: &Config, store: &Store, clock: &SharedClock) -> Result<Option<TwilioAccount>> {
    let Some(twilio) = config.telephony.as_ref().and_then(config::Telephony::twilio) else { return Ok(None) };
    let key = twilio.key.secret("telephony.key")?;
    let (user, secret) = login(&twilio.account, &key);
    let keys = keys(twilio, &key)?;
    let mut secrets = keys.auth_tokens.iter().chain(keys.shared.values()).cloned();
    let first = secrets.next().context(
        "telephony.key is an API key, which signs nothing: add auth_tokens = [\"env:NAME\"] with the account's auth token, \
         or [telephony.shared_keys]",
    )?;
    let pages = Pages::new(&config.public_url(), first, secrets.collect());
    let settings = TwilioConfig {
        base_url: twilio.base_url.clone(),
        account: twilio.account.clone(),
        user,
        secret,
        caller_id: twilio.caller_id.clone(),
        numbers: lent(config).to_vec(),
        calls_per_second: twilio.calls_per_second,
        pages: pages.clone(),
        fallback: twilio.fallback.clone(),
    };
    let legs = Arc::new(StoredLegs(store.clone()));
    let telephony = Twilio::new(settings, legs, Arc::clone(clock)).context("setting up telephony")?;
    let (agent, agent_within) = (twilio.agent.clone(), twilio.agent_within);
    let (music, language) = (twilio.music.clone(), twilio.language.clone());
    let door = Arc::new(TwilioSection { pages, keys, music, agent, agent_within, language });
    Ok(Some(TwilioAccount { telephony: Arc::new(telephony), door }))
}

/// `None`: there is no `[sms]`, and nobody is written to.
///
/// # Errors
/// A secret cannot be had, or an address is not of its form.
pub(super) fn twilio_texts(config: &Config) -> Result<Option<Arc<dyn Texter>>> {
    let Some(config::Sms::Twilio(sms)) = &config.sms else { return Ok(None) };
    let telephony = config.telephony.as_ref();
    let own = sms.login(telephony)?;
    let (name, key) = own.key;
    let (user, secret) = login(own.account, &key.secret(name)?);
    let service = sms.messaging_service.clone().map(Sender::Service);
    let sender = sms.from.clone().map(Sender::Number).or(service).context("[sms] does not say who a text is from")?;
    let (base_url, account) = (sms.base_url(telephony).to_owned(), own.account.to_owned());
    let texts = TwilioTexts::new(TwilioTextsConfig { base_url, account, user, secret, sender });
    Ok(Some(Arc::new(texts.context("setting up sms")?)))
}

/// Who logs in, and with what: an API key, or else the account itself.
fn login(account: &str, key: &str) -> (String, Secret) {
    match key.split_once(':') {
        Some((user, secret)) => (user.to_owned(), Secret::new(secret)),
        None => (account.to_owned(), Secret::new(key)),
    }
}

/// What Twilio signs with; an auth token that we log in with is one.
fn keys(twilio: &config::Twilio, key: &str) -> Result<TwilioKeys> {
    let mut auth_tokens = Vec::new();
    for token in &twilio.auth_tokens {
        auth_tokens.push(signature::Secret::new(&token.platform_secret("telephony.auth_tokens")?)?);
    }
    if auth_tokens.is_empty() && !key.contains(':') {
        auth_tokens.push(signature::Secret::new(key)?);
    }
    let shared = twilio.shared_keys.iter().map(|(name, key)| {
        let secret = key.platform_secret(&format!("telephony.shared_keys.{name}"))?;
        Ok((name.clone(), signature::Secret::new(&secret)?))
    });
    Ok(TwilioKeys { auth_tokens, shared: shared.collect::<Result<_>>()? })
}

/// Legs as all workers know them.
struct StoredLegs(Store);

#[async_trait]
impl LegBook for StoredLegs {
    async fn ask(&self, leg: &LegId, call: &str, phone: &str, at: DateTime<Utc>) -> Result<(), VendorError> {
        let asked = (leg.clone(), call.to_owned(), phone.to_owned());
        let asked = with(asked, move |tx, (leg, call, phone)| Box::pin(tx.carrier_leg_ask(leg, call, phone, at)));
        self.0.write("carried.ask", asked).await.map_err(away)
    }

    async fn name(&self, leg: &LegId, sid: &str) -> Result<(), VendorError> {
        let named = (leg.clone(), sid.to_owned());
        let named = with(named, |tx, (leg, sid)| Box::pin(tx.carrier_leg_name(leg, sid)));
        self.0.write("carried.name", named).await.map_err(away)
    }

    async fn find(&self, leg: &LegId) -> Result<Option<AskedLeg>, VendorError> {
        let found = self.0.carrier_leg(leg).await.map_err(away)?;
        Ok(found.map(|leg| AskedLeg { phone: leg.phone, asked_at: leg.asked_at, sid: leg.sid }))
    }

    async fn knows(&self, sid: &str) -> Result<bool, VendorError> {
        Ok(self.0.carrier_leg_named(sid).await.map_err(away)?.is_some())
    }
}

fn away(error: StoreError) -> VendorError {
    VendorError::retry("baton", error.to_string())
}
