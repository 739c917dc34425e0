//! A carrier of ours as telephony: alone, or behind the voice platform that has the callers until a rep has accepted.

use crate::config::{self, Config};
use crate::connectors::Telephony;
use crate::connectors::agent::{AgentTelephony, Wire};
use crate::connectors::http::Secret;
use crate::connectors::rep_first::{Reached, RepFirst, RepsAhead};
use crate::outbox::Vendors;
use anyhow::{Context, Result};
use baton_core::domain::phone::PhoneE164;
use std::sync::Arc;

/// As the mode says; `wire`: commands to the voice platform over the broker, where there is one.
///
/// # Errors
/// The platform cannot be told anything: a secret cannot be had, or an address is not one.
pub(in crate::app) fn as_telephony<C: RepsAhead + 'static>(
    vendors: &mut Vendors,
    config: &Config,
    carrier: Arc<C>,
    wire: Option<Arc<dyn Wire>>,
) -> Result<()> {
    let Some(config::Telephony::RepFirst(settings)) = &config.telephony else {
        vendors.telephony = Some(carrier as Arc<dyn Telephony>);
        return Ok(());
    };
    let platform = match &settings.told {
        config::ToldBy::Tool => None,
        config::ToldBy::Amqp => wire.map(AgentTelephony::over),
        config::ToldBy::Commands { url, token } => Some(over_http(url, token.as_ref())?),
    };
    let reached = match &settings.reached {
        config::Reached::Host(host) => Reached::Host(host.clone()),
        config::Reached::Numbers(numbers) => Reached::Numbers(numbers.clone()),
    };
    let rep_first = Arc::new(RepFirst::new(carrier, platform, reached));
    vendors.telephony = Some(Arc::clone(&rep_first) as Arc<dyn Telephony>);
    vendors.rep_first = Some(rep_first);
    Ok(())
}

/// Numbers to which callers are transferred, each for whoever waits there.
pub(in crate::app) fn lent(config: &Config) -> &[PhoneE164] {
    let Some(config::Telephony::RepFirst(settings)) = &config.telephony else { return &[] };
    match &settings.reached {
        config::Reached::Numbers(numbers) => numbers,
        config::Reached::Host(_) => &[],
    }
}

/// A platform that takes commands at this address.
pub(in crate::app) fn over_http(commands: &str, token: Option<&config::Reference>) -> Result<AgentTelephony> {
    let token = token.map(|token| token.secret("telephony.token")).transpose()?.map(Secret::new);
    AgentTelephony::over_http(commands, token).context("setting up telephony")
}
