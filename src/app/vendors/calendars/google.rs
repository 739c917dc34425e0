//! Google Calendar.

use crate::config::GoogleCalendar as Section;
use crate::connectors::Calendar;
use crate::connectors::calendar::google::{GoogleCalendar, GoogleConfig};
use crate::connectors::http::Secret;
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use std::sync::Arc;

impl Section {
    pub(super) fn connect(&self, section: &str, clock: &SharedClock) -> Result<Arc<dyn Calendar>> {
        let key = Secret::new(self.private_key.secret(&format!("{section}.private_key"))?);
        let mut settings = GoogleConfig::new(self.client_email.clone(), key);
        settings.base_url.clone_from(&self.base_url);
        settings.token_url.clone_from(&self.token_url);
        settings.reader.clone_from(&self.reader);
        let client = GoogleCalendar::new(settings, Arc::clone(clock));
        Ok(Arc::new(client.with_context(|| format!("setting up {section}"))?))
    }
}
