//! From the config's sections to the clients of one workspace.

mod calendars;
mod chats;
pub(super) mod fleet;
pub(super) mod slack;
mod told;

pub use told::{not_connected, undialled};

use crate::app::lines::{as_telephony, lent, over_http};
use crate::app::twilio::twilio_texts;
use crate::app::{speech, webhooks};
use crate::config::{self, Config, MailTls};
use crate::connectors::agent::{AgentTelephony, Wire};
use crate::connectors::asterisk::{Asterisk, AsteriskConfig, BesidePlatform};
use crate::connectors::crm::hubspot::{self, HubSpot, HubSpotConfig};
use crate::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use crate::connectors::http::Secret;
use crate::connectors::live::LiveVoice;
use crate::connectors::mail::{SmtpConfig, SmtpMailer, SmtpTls};
use crate::connectors::speech::Speech;
use crate::connectors::{Chat, Rooms, Telephony};
use crate::outbox::Vendors;
use anyhow::{Context, Result, bail};
use baton_clock::SharedClock;
use baton_core::domain::phone::PhoneE164;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Assignment;
use calendars::CalendarNames;
use std::sync::Arc;

/// Clients for every section that is there; `wire`: commands to the voice platform over the broker, where there is one. `events`
/// are added where the broker is known, Twilio where its door is made (see [`twilio_account`](super::twilio_account)).
///
/// # Errors
/// A secret cannot be resolved, or an address or key is not of its form.
pub fn connect(config: &Config, clock: &SharedClock, wire: Option<Arc<dyn Wire>>) -> Result<Vendors> {
    let mut vendors = Vendors { webhooks: webhooks::all(config)?, ..Vendors::default() };
    match &config.crm {
        None => {}
        Some(config::Crm::Salesforce { base_url, api_version, auth, notification_type, .. }) => {
            let config = SalesforceConfig {
                base_url: base_url.clone(),
                api_version: api_version.clone(),
                auth: salesforce_auth(auth)?,
                notification_type: notification_type.clone(),
            };
            vendors.crm = Some(Arc::new(Salesforce::new(config, Arc::clone(clock)).context("setting up crm")?));
        }
        Some(config::Crm::Hubspot { base_url, service_key, .. }) => {
            let config = HubSpotConfig {
                base_url: base_url.clone(),
                service_key: Secret::new(service_key.secret("crm.service_key")?),
                per_second: hubspot::PER_SECOND,
            };
            vendors.crm = Some(Arc::new(HubSpot::new(config, Arc::clone(clock)).context("setting up crm")?));
        }
    }
    vendors.read_back = config.crm.as_ref().map(config::Crm::read_back);
    if let Some(slack) = &config.slack {
        let slack = slack::client(slack)?;
        vendors.chat = Some(Arc::clone(&slack) as Arc<dyn Chat>);
        vendors.slack = Some(slack);
    }
    vendors.chat = chats::beside_teams(vendors.chat.take(), config)?;
    if let Some(mail) = &config.mail {
        vendors.mailer = Some(Arc::new(SmtpMailer::new(smtp(mail)?, Arc::clone(clock)).context("setting up mail")?));
    }
    vendors.texter = twilio_texts(config)?;
    vendors.calendar = calendars::connect(config, clock)?;
    vendors.speech = config.speech.as_ref().map(speech::speaker).transpose()?;
    match &config.telephony {
        None | Some(config::Telephony::Bridge(_) | config::Telephony::RepFirst(_)) => {}
        Some(config::Telephony::AgentAmqp) => {
            vendors.telephony = wire.clone().map(|wire| Arc::new(AgentTelephony::over(wire)) as Arc<dyn Telephony>);
        }
        Some(config::Telephony::Agent { commands, token }) => {
            vendors.telephony = Some(Arc::new(over_http(commands, token.as_ref())?));
        }
    }
    if let Some(settings) = config.telephony.as_ref().and_then(config::Telephony::asterisk) {
        let beside = settings.commands.as_ref().map(|commands| over_http(commands, settings.token.as_ref()));
        let settings = asterisk(settings, lent(config), vendors.speech.clone())?;
        let carrier = Arc::new(Asterisk::new(settings, Arc::clone(clock)).context("setting up telephony")?);
        match beside.transpose()? {
            Some(platform) => vendors.telephony = Some(Arc::new(BesidePlatform::new(Arc::clone(&carrier), platform))),
            None => as_telephony(&mut vendors, config, Arc::clone(&carrier), wire)?,
        }
        vendors.asterisk = Some(carrier);
    }
    if !config.platforms.is_empty() {
        let key = |(name, platform): (&String, &config::Platform)| {
            let reference = platform.api_key.as_ref()?;
            let secret = reference.secret(&format!("platforms.{name}.api_key"));
            Some(secret.map(|secret| (name.clone(), Secret::new(secret))))
        };
        let keys = config.platforms.iter().filter_map(key).collect::<Result<_>>()?;
        match LiveVoice::new(keys) {
            Ok(voice) => vendors.live = Some(Arc::new(voice)),
            // What comes in, and what is answered, needs none.
            Err(error) => tracing::warn!(%error, "nothing can be said on calls but in answers to their agents"),
        }
    }
    Ok(vendors)
}

/// What is connected, as far as rules and roster build on it.
#[derive(Debug, Clone)]
pub struct Connected {
    crm: CrmChoice,
    calendars: CalendarNames,
    chats: Rooms,
}

impl From<&Config> for Connected {
    fn from(config: &Config) -> Self {
        Self { crm: config.into(), calendars: config.into(), chats: chats::rooms(config) }
    }
}

impl From<&Vendors> for Connected {
    fn from(vendors: &Vendors) -> Self {
        let chats = vendors.chat.as_ref().map(|chat| chat.rooms()).unwrap_or_default();
        Self { crm: vendors.into(), calendars: vendors.into(), chats }
    }
}

impl Connected {
    /// Whether rules, roster and connections can work together.
    ///
    /// # Errors
    /// They cannot: the first thing that is wanting.
    pub fn agrees(&self, rules: &RuleSet) -> Result<()> {
        agree(self.crm, rules)?;
        self.calendars.hold(rules)?;
        chats::hold(&self.chats, rules)
    }
}

/// What can be left to the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CrmChoice {
    NoCrm,
    Chooses,
}

impl From<&Config> for CrmChoice {
    fn from(config: &Config) -> Self {
        if config.crm.is_some() { Self::Chooses } else { Self::NoCrm }
    }
}

impl From<&Vendors> for CrmChoice {
    fn from(vendors: &Vendors) -> Self {
        if vendors.crm.is_some() { Self::Chooses } else { Self::NoCrm }
    }
}

/// # Errors
/// The rules leave the choice of the owner to a CRM that is not there.
fn agree(crm: CrmChoice, rules: &RuleSet) -> Result<()> {
    match (rules.assignment, crm) {
        (Assignment::Baton, _) | (Assignment::Crm, CrmChoice::Chooses) => Ok(()),
        (Assignment::Crm, CrmChoice::NoCrm) => bail!(
            "rules/routing.yaml says `assignment: crm`, and baton.toml has no [crm]: add vendor = \"salesforce\" or \"hubspot\", \
             or say `assignment: baton`, so that the rules below it choose"
        ),
    }
}

fn salesforce_auth(auth: &config::SalesforceAuth) -> Result<SalesforceAuth> {
    Ok(match auth {
        config::SalesforceAuth::JwtBearer { consumer_key, username, private_key, audience } => {
            SalesforceAuth::JwtBearer {
                consumer_key: consumer_key.resolve()?,
                username: username.clone(),
                private_key_pem: Secret::new(private_key.secret("crm.auth.private_key")?),
                audience: audience.clone(),
            }
        }
        config::SalesforceAuth::ClientCredentials { client_id, client_secret } => SalesforceAuth::ClientCredentials {
            client_id: client_id.resolve()?,
            client_secret: Secret::new(client_secret.secret("crm.auth.client_secret")?),
        },
    })
}

fn asterisk(
    settings: &config::Asterisk,
    numbers: &[PhoneE164],
    speech: Option<Arc<dyn Speech>>,
) -> Result<AsteriskConfig> {
    Ok(AsteriskConfig {
        url: settings.url.clone(),
        user: settings.user.clone(),
        password: Secret::new(settings.password.secret("telephony.password")?),
        app: settings.app.clone(),
        dial: settings.dial.clone(),
        dial_app: settings.dial_app.clone(),
        agent: settings.agent.clone(),
        agent_within: settings.agent_within,
        caller_id: settings.caller_id.clone(),
        numbers: numbers.to_vec(),
        sounds: settings.sounds.clone(),
        speech,
    })
}

fn smtp(mail: &config::Mail) -> Result<SmtpConfig> {
    let tls = match mail.tls {
        MailTls::None => SmtpTls::None,
        MailTls::Starttls => SmtpTls::StartTls,
        MailTls::Implicit => SmtpTls::Implicit,
    };
    let mut settings = SmtpConfig::new(&mail.host, tls, &mail.from);
    settings.port = mail.port;
    if let (Some(username), Some(password)) = (&mail.username, &mail.password) {
        settings.login = Some((username.clone(), Secret::new(password.secret("mail.password")?)));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::routing::scenario::scenario;

    #[test]
    fn whichever_crm_there_is_can_be_left_the_choice() {
        let config = |crm: &str| toml::from_str::<Config>(crm).expect("a configuration");
        let hubspot = config("[crm]\nvendor = \"hubspot\"\nservice_key = \"env:KEY\"\n");
        let salesforce = config(
            "[crm]\nvendor = \"salesforce\"\nbase_url = \"https://acme.my.salesforce.com\"\n\
             auth = { flow = \"client_credentials\", client_id = \"id\", client_secret = \"env:S\" }\n",
        );
        let mut rules = scenario().rules;
        let agrees = |config: &Config, rules: &RuleSet| agree(CrmChoice::from(config), rules);
        assert!(agrees(&hubspot, &rules).is_ok() && agrees(&config(""), &rules).is_ok());
        rules.assignment = Assignment::Crm;
        assert!(agrees(&salesforce, &rules).is_ok() && agrees(&hubspot, &rules).is_ok());
        let told = agrees(&config(""), &rules).expect_err("nobody is there to choose").to_string();
        assert!(told.contains("has no [crm]") && told.contains("or say `assignment: baton`"), "{told}");
    }
}
