//! From a section of Microsoft 365 to its client.

use crate::config::MicrosoftCalendar;
use crate::connectors::Calendar;
use crate::connectors::calendar::graph::{GraphCalendar, GraphConfig, GraphCredential};
use crate::connectors::http::Secret;
use anyhow::{Context, Result, bail};
use baton_clock::SharedClock;
use std::sync::Arc;

impl MicrosoftCalendar {
    /// `section`: as it is called in `baton.toml`.
    ///
    /// # Errors
    /// The secret cannot be resolved, both kinds of it are there or none, or an address or the certificate is not of its form.
    pub(super) fn connect(&self, section: &str, clock: &SharedClock) -> Result<Arc<dyn Calendar>> {
        let credential = match (&self.client_secret, &self.certificate) {
            (Some(secret), None) => {
                GraphCredential::Secret(Secret::new(secret.secret(&format!("{section}.client_secret"))?))
            }
            (None, Some(pem)) => {
                GraphCredential::Certificate(Secret::new(pem.secret(&format!("{section}.certificate"))?))
            }
            (given, _) => bail!(
                "[{section}] has {} of client_secret and certificate; allowed: one of them, as env:NAME or file:PATH",
                if given.is_some() { "both" } else { "neither" }
            ),
        };
        let mut settings = GraphConfig::new(self.tenant.clone(), self.client_id.clone(), credential);
        settings.base_url.clone_from(&self.base_url);
        settings.login_url.clone_from(&self.login_url);
        settings.reader.clone_from(&self.reader);
        settings.online_meetings = self.online_meetings;
        let client = GraphCalendar::new(settings, Arc::clone(clock));
        Ok(Arc::new(client.with_context(|| format!("setting up {section}"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_clock::SystemClock;

    fn connected(keys: &str) -> Result<Arc<dyn Calendar>> {
        let section: MicrosoftCalendar =
            toml::from_str(&format!("tenant = \"m.example\"\nclient_id = \"app\"\n{keys}")).expect("a section");
        let clock: SharedClock = Arc::new(SystemClock);
        section.connect("calendars.office", &clock)
    }

    fn refused(keys: &str) -> String {
        let Err(error) = connected(keys) else { panic!("accepted: {keys}") };
        format!("{error:#}")
    }

    #[test]
    fn one_credential_is_wanted_and_none_stands_in_the_file() {
        let key = "fixtures/vendors/google-calendar/sandbox_key.pem";
        let calendar = connected(&format!("client_secret = \"file:{key}\"")).expect("a client");
        assert_eq!(calendar.vendor(), "microsoft");
        assert!(refused("").contains("[calendars.office] has neither of client_secret and certificate"));
        let both = format!("client_secret = \"file:{key}\"\ncertificate = \"file:{key}\"");
        assert!(refused(&both).contains("[calendars.office] has both of"));
        assert!(refused("client_secret = \"s\"").contains("calendars.office.client_secret holds a secret"));
        let no_certificate = refused(&format!("certificate = \"file:{key}\""));
        assert!(no_certificate.contains("no certificate in PEM beside the key"), "{no_certificate}");
        let no_address = refused(&format!("client_secret = \"file:{key}\"\nlogin_url = \"login\""));
        assert!(no_address.contains("setting up calendars.office") && no_address.contains("login"), "{no_address}");
    }
}
