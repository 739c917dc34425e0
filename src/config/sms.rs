//! `[sms]`: who sends text messages, whoever carries the calls.

use super::environment::Reference;
use super::telephony::{TWILIO, is_sid};
use super::{Telephony, Twilio};
use anyhow::{Result, bail, ensure};
use baton_core::domain::phone::PhoneE164;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "vendor", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sms {
    Twilio(TwilioSms),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioSms {
    /// Left out, it is that of [telephony] where Twilio carries the calls, or else Twilio's own.
    pub base_url: Option<String>,
    /// `AC…`; left out with `key`, both are those of [telephony].
    pub account: Option<String>,
    /// The account's auth token, or an API key and its secret: `SK…:SECRET`.
    pub key: Option<Reference>,
    /// One of the account's numbers.
    pub from: Option<PhoneE164>,
    /// `MG…`: chooses one of its numbers.
    pub messaging_service: Option<String>,
}

/// Whose texts they are.
pub struct TwilioLogin<'c> {
    pub account: &'c str,
    /// The key of `baton.toml` that holds it, and what it refers to.
    pub key: (&'static str, &'c Reference),
}

impl Sms {
    pub(super) fn check(&self, telephony: Option<&Telephony>) -> Result<()> {
        let Self::Twilio(twilio) = self;
        let TwilioSms { account, from, messaging_service, .. } = twilio;
        twilio.login(telephony)?;
        if let Some(account) = account {
            ensure!(is_sid(account, "AC"), "sms.account is {account:?}; allowed: AC and 32 hexadecimal digits");
        }
        ensure!(
            from.is_some() != messaging_service.is_some(),
            "sms.from and sms.messaging_service: one of the two says who a text is from; allowed: from = \"+15551230000\", a \
             number of the account, or messaging_service = \"MG…\""
        );
        if let Some(service) = messaging_service {
            ensure!(
                is_sid(service, "MG"),
                "sms.messaging_service is {service:?}; allowed: MG and 32 hexadecimal digits"
            );
        }
        Ok(())
    }
}

impl TwilioSms {
    /// # Errors
    /// There is none: half of it is said, or nothing, and Twilio carries no calls.
    pub fn login<'c>(&'c self, telephony: Option<&'c Telephony>) -> Result<TwilioLogin<'c>> {
        match (&self.account, &self.key, carrier(telephony)) {
            (Some(account), Some(key), _) => Ok(TwilioLogin { account, key: ("sms.key", key) }),
            (None, None, Some(carrier)) => {
                Ok(TwilioLogin { account: &carrier.account, key: ("telephony.key", &carrier.key) })
            }
            (Some(_), None, _) | (None, Some(_), _) => {
                bail!("sms.account and sms.key belong together: give both, or neither where [telephony] has them")
            }
            (None, None, None) => {
                bail!(
                    "sms.account and sms.key are missing; allowed: both, or neither where carrier = \"twilio\" has them"
                )
            }
        }
    }

    pub fn base_url<'c>(&'c self, telephony: Option<&'c Telephony>) -> &'c str {
        let of_carrier = carrier(telephony).map(|carrier| carrier.base_url.as_str());
        self.base_url.as_deref().or(of_carrier).unwrap_or(TWILIO)
    }
}

fn carrier(telephony: Option<&Telephony>) -> Option<&Twilio> {
    telephony.and_then(Telephony::twilio)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "account = \"AC00000000000000000000000000000001\"\nkey = \"env:KEY\"\n";
    const FROM: &str = "from = \"+15551230000\"\n";

    fn read(more: &str) -> Result<Sms> {
        let sms: Sms = toml::from_str(&format!("vendor = \"twilio\"\n{more}"))?;
        sms.check(None).map(|()| sms)
    }

    #[test]
    fn whose_texts_they_are_is_said_here_or_where_the_calls_are_carried() {
        let carrier = format!("mode = \"bridge\"\ncarrier = \"twilio\"\n{ACCOUNT}caller_id = \"+15551230000\"\n");
        let telephony: Telephony = toml::from_str(&carrier).expect("it is read");
        let of = |more: &str, telephony: Option<&Telephony>| {
            let Sms::Twilio(sms) = toml::from_str(&format!("vendor = \"twilio\"\n{FROM}{more}")).expect("it is read");
            let login = sms.login(telephony).expect("a login");
            (login.account.to_owned(), login.key.0, login.key.1.0.clone(), sms.base_url(telephony).to_owned())
        };
        let (account, base) = ("AC00000000000000000000000000000001".to_owned(), "https://api.twilio.com".to_owned());
        let own = (account.clone(), "sms.key", "env:KEY".to_owned(), base.clone());
        assert_eq!(of(ACCOUNT, None), own);
        assert_eq!(of(ACCOUNT, Some(&telephony)), own);
        assert_eq!(of("", Some(&telephony)), (account, "telephony.key", "env:KEY".to_owned(), base));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_allowed() {
        read(&format!("{ACCOUNT}{FROM}")).expect("it is sound");
        let service = "messaging_service = \"MG00000000000000000000000000000001\"\n";
        read(&format!("{ACCOUNT}{service}")).expect("it is sound");
        for (more, why) in [
            (FROM.to_owned(), "sms.account and sms.key are missing; allowed: both, or neither where carrier"),
            (format!("{FROM}key = \"env:KEY\"\n"), "sms.account and sms.key belong together"),
            (format!("{FROM}account = \"AC1\"\nkey = \"env:K\"\n"), "sms.account is \"AC1\"; allowed: AC and 32"),
            (ACCOUNT.to_owned(), "one of the two says who a text is from"),
            (format!("{ACCOUNT}{FROM}{service}"), "one of the two says who a text is from"),
            (format!("{ACCOUNT}messaging_service = \"MG1\"\n"), "sms.messaging_service is \"MG1\"; allowed: MG and"),
            (format!("{ACCOUNT}from = \"5551230000\"\n"), "expected E.164"),
            (format!("{ACCOUNT}{FROM}token = \"env:KEY\"\n"), "unknown field `token`"),
        ] {
            let told = read(&more).expect_err(&more).to_string();
            assert!(told.contains(why), "{more}: {told}");
        }
    }
}
