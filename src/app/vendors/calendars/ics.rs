//! From a section of feeds to their client.

use crate::config::IcsFeeds as Section;
use crate::connectors::Calendar;
use crate::connectors::calendar::ics::IcsFeeds;
use crate::connectors::http::Secret;
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use std::sync::Arc;

impl Section {
    /// `section`: as it is called in `baton.toml`.
    ///
    /// # Errors
    /// There are no feeds, or an address cannot be resolved or is none.
    pub(super) fn connect(&self, section: &str, clock: &SharedClock) -> Result<Arc<dyn Calendar>> {
        let address = |(name, reference): (&String, &crate::config::Reference)| {
            let address = reference.secret(&format!("{section}.feeds.{name}"))?;
            anyhow::Ok((name.clone(), Secret::new(address)))
        };
        let feeds = self.feeds.iter().map(address).collect::<Result<_>>()?;
        let client = IcsFeeds::new(&feeds, Arc::clone(clock));
        Ok(Arc::new(client.with_context(|| format!("setting up {section}"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_clock::SystemClock;

    #[test]
    fn addresses_are_secrets_and_are_not_repeated_where_they_are_none() {
        let connected = |feeds: &str| {
            let section: Section = toml::from_str(&format!("[feeds]\n{feeds}")).expect("a section");
            let clock: SharedClock = Arc::new(SystemClock);
            section
                .connect("calendars.feeds", &clock)
                .map(|client| client.vendor())
                .map_err(|error| format!("{error:#}"))
        };
        let told = connected("priya = \"https://a.example/x.ics\"").expect_err("it is written down");
        assert!(told.contains("calendars.feeds.feeds.priya holds a secret"), "{told}");
        let told = connected("").expect_err("none");
        assert!(told.contains("there are no feeds"), "{told}");
        // Any file that is there, whose text is no address.
        let told = connected("priya = \"file:clippy.toml\"").expect_err("no address");
        assert!(told.contains("feed \"priya\" is not of the form") && !told.contains("disallowed"), "{told}");
    }
}
