//! `mode = "rep_first"`: the platform has the caller until a rep of ours has accepted, and is then told where to transfer.

use super::{Carrier, is_address};
use crate::config::environment::Reference;
use anyhow::{Result, bail, ensure};
use baton_core::domain::phone::PhoneE164;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// What of `[telephony]` is said beside the carrier.
const BESIDE: [&str; 5] = ["host", "numbers", "told_by", "commands", "token"];

#[derive(Debug, Clone)]
pub struct RepFirst {
    pub carrier: Carrier,
    pub reached: Reached,
    pub told: ToldBy,
}

/// How a transferred caller reaches our carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// A SIP user of this host, made for the call.
    Host(String),
    /// One of these, lent for the call.
    Numbers(Vec<PhoneE164>),
}

/// How the platform learns where to transfer.
#[derive(Debug, Clone)]
pub enum ToldBy {
    /// At its command endpoint.
    Commands { url: String, token: Option<Reference> },
    /// On `baton.events`, as `handoff.command`.
    Amqp,
    /// By the next answer to its agent.
    Tool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    host: Option<String>,
    #[serde(default)]
    numbers: Vec<PhoneE164>,
    told_by: Way,
    commands: Option<String>,
    token: Option<Reference>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Way {
    Commands,
    Amqp,
    Tool,
}

impl<'de> Deserialize<'de> for RepFirst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut carrier = Table::deserialize(deserializer)?;
        let beside = BESIDE.iter().filter_map(|key| Some(((*key).to_owned(), carrier.remove(*key)?)));
        let beside = Table::from_iter(beside.collect::<Vec<_>>());
        let carrier: Carrier = Value::Table(carrier).try_into().map_err(D::Error::custom)?;
        let said: Said = Value::Table(beside).try_into().map_err(D::Error::custom)?;
        let told = said.told().map_err(D::Error::custom)?;
        let reached = said.reached().map_err(D::Error::custom)?;
        let shown = match &carrier {
            Carrier::Asterisk(asterisk) => &asterisk.caller_id,
            Carrier::Twilio(twilio) => &twilio.caller_id,
        };
        if matches!(&reached, Reached::Numbers(numbers) if numbers.contains(shown)) {
            return Err(D::Error::custom(
                "telephony.caller_id is one of telephony.numbers: a rep who calls it back would be taken for a caller who is \
                 transferred; allowed: a number that is not lent",
            ));
        }
        Ok(Self { carrier, reached, told })
    }
}

impl Said {
    fn told(&self) -> Result<ToldBy> {
        if self.told_by != Way::Commands {
            ensure!(
                self.commands.is_none() && self.token.is_none(),
                "telephony.commands and telephony.token belong to told_by = \"commands\": say so, or leave them out"
            );
        }
        Ok(match self.told_by {
            Way::Amqp => ToldBy::Amqp,
            Way::Tool => ToldBy::Tool,
            Way::Commands => {
                let Some(url) = self.commands.clone() else {
                    bail!(
                        "telephony.told_by is \"commands\", and there is no telephony.commands; allowed: the address at which \
                         the platform takes commands, such as https://voice.acme.example/baton"
                    );
                };
                ensure!(
                    is_address(&url),
                    "telephony.commands is {url:?}; allowed: an address that begins with https:// or http://"
                );
                ToldBy::Commands { url, token: self.token.clone() }
            }
        })
    }

    fn reached(&self) -> Result<Reached> {
        match (&self.host, &self.numbers[..]) {
            (Some(host), []) => {
                let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
                ensure!(
                    !host.is_empty() && host.chars().all(is_host),
                    "telephony.host is {host:?}; allowed: where the carrier takes SIP, such as pbx.acme.example:5080 or \
                     acme.sip.twilio.com, without sip:"
                );
                Ok(Reached::Host(host.clone()))
            }
            (None, [_, ..]) => {
                let different: BTreeSet<&PhoneE164> = self.numbers.iter().collect();
                ensure!(
                    different.len() == self.numbers.len(),
                    "telephony.numbers names a number twice: once is enough"
                );
                Ok(Reached::Numbers(self.numbers.clone()))
            }
            (None, []) => bail!(
                "telephony.mode is rep_first, and there is nowhere to transfer to; allowed: telephony.host (callers come by SIP, to \
                 a user made for each) or telephony.numbers (numbers of the carrier that are used for nothing else)"
            ),
            (Some(_), [_, ..]) => bail!("telephony.host and telephony.numbers are both there: keep one of them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Telephony;
    use super::*;

    const SOUND: &str = "mode = \"rep_first\"\ntold_by = \"commands\"\ncommands = \"https://voice.acme.example/baton\"\n\
                         host = \"pbx.acme.example\"\ncarrier = \"asterisk\"\nurl = \"http://127.0.0.1:8088/ari\"\n\
                         user = \"baton\"\npassword = \"env:ARI_PASSWORD\"\ndial = \"PJSIP/{digits}@trunk\"\n\
                         caller_id = \"+15551230000\"\n";
    const COMMANDS: &str = "told_by = \"commands\"\ncommands = \"https://voice.acme.example/baton\"\n";
    const HOST: &str = "host = \"pbx.acme.example\"\n";

    fn read(text: &str) -> Result<RepFirst, String> {
        let telephony: Telephony = toml::from_str(text).map_err(|error| error.to_string())?;
        telephony.check("https://baton.example").map_err(|error| error.to_string())?;
        match telephony {
            Telephony::RepFirst(rep_first) => Ok(*rep_first),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_host_or_numbers_and_how_the_platform_is_told_are_read_beside_the_carrier() {
        let by_sip = read(SOUND).expect("it is sound");
        assert_eq!(by_sip.reached, Reached::Host("pbx.acme.example".to_owned()));
        assert!(matches!(by_sip.told, ToldBy::Commands { token: None, .. }));
        let numbers = "numbers = [\"+15551230001\", \"+15551230002\"]\n";
        let by_number = read(&SOUND.replace(HOST, numbers).replace(COMMANDS, "told_by = \"tool\"\n"));
        let by_number = by_number.expect("it is sound");
        assert!(matches!(&by_number.reached, Reached::Numbers(numbers) if numbers.len() == 2));
        assert!(matches!(by_number.told, ToldBy::Tool));
    }

    #[test]
    fn the_carrier_may_be_an_account_of_twilio_that_asks_us() {
        let carrier = SOUND.find("carrier =").expect("the carrier");
        let twilio = "carrier = \"twilio\"\naccount = \"AC00000000000000000000000000000001\"\nkey = \"env:KEY\"\n\
                      caller_id = \"+15551230000\"\n";
        let text = format!("{}{twilio}", SOUND[..carrier].replace("pbx.acme.example", "acme.sip.twilio.com"));
        let found = read(&text).expect("it is sound");
        assert!(matches!(&found.carrier, Carrier::Twilio(twilio) if twilio.calls_per_second == 1), "{found:?}");
        let telephony: Telephony = toml::from_str(&text).expect("it parses");
        let told = telephony.check("").expect_err("nobody reaches us").to_string();
        assert!(told.contains("http.public_url is not set"), "{told}");
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_allowed() {
        for (from, to, why) in [
            (HOST, "", "there is nowhere to transfer to; allowed: telephony.host"),
            (HOST, "host = \"pbx\"\nnumbers = [\"+15551230001\"]\n", "are both there: keep one"),
            (
                "\"pbx.acme",
                "\"sip:x@pbx.acme",
                "telephony.host is \"sip:x@pbx.acme.example\"; allowed: where the carrier",
            ),
            (HOST, "numbers = [\"+15551230001\", \"+15551230001\"]\n", "names a number twice"),
            (HOST, "numbers = [\"5551230001\"]\n", "expected E.164"),
            (HOST, "numbers = [\"+15551230000\"]\n", "would be taken for a caller who is transferred"),
            (
                "commands = \"https://voice.acme.example/baton\"\n",
                "",
                "there is no telephony.commands; allowed: the address",
            ),
            ("https://voice", "voice", "telephony.commands is \"voice.acme.example/baton\"; allowed: an address"),
            ("told_by = \"commands\"", "told_by = \"amqp\"", "belong to told_by = \"commands\""),
            (
                "told_by = \"commands\"",
                "told_by = \"fax\"",
                "unknown variant `fax`, expected one of `commands`, `amqp`, `tool`",
            ),
            (COMMANDS, "", "missing field `told_by`"),
            ("http://127", "http://baton:x@127", "give it as telephony.user"),
            ("caller_id", "sound = \"x\"\ncaller_id", "unknown field `sound`"),
        ] {
            let told = read(&SOUND.replacen(from, to, 1)).expect_err(to);
            assert!(told.contains(why), "{to}: {told}");
        }
    }
}
