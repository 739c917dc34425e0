//! From a section of CalDAV to its client.

use crate::config::CaldavCalendar as Section;
use crate::connectors::Calendar;
use crate::connectors::calendar::caldav::CaldavCalendar;
use crate::connectors::http::Secret;
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use std::sync::Arc;

impl Section {
    /// `section`: as it is called in `baton.toml`.
    ///
    /// # Errors
    /// The password cannot be resolved, or the address is none.
    pub(super) fn connect(&self, section: &str, clock: &SharedClock) -> Result<Arc<dyn Calendar>> {
        let password = Secret::new(self.password.secret(&format!("{section}.password"))?);
        let client = CaldavCalendar::new(&self.url, &self.username, &password, Arc::clone(clock));
        Ok(Arc::new(client.with_context(|| format!("setting up {section}"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_clock::SystemClock;

    #[test]
    fn the_password_stands_elsewhere_and_the_address_is_one() {
        let connected = |url: &str, password: &str| {
            let keys = format!("url = \"{url}\"\nusername = \"baton\"\npassword = \"{password}\"\n");
            let section: Section = toml::from_str(&keys).expect("a section");
            let clock: SharedClock = Arc::new(SystemClock);
            section
                .connect("calendars.staff", &clock)
                .map(|client| client.vendor())
                .map_err(|error| format!("{error:#}"))
        };
        // Any file that is there.
        assert_eq!(connected("https://dav.acme.example", "file:Cargo.toml"), Ok("caldav"));
        let told = connected("https://dav.acme.example", "hunter2").expect_err("it is written down");
        assert!(told.contains("calendars.staff.password holds a secret"), "{told}");
        let told = connected("dav.acme.example", "file:Cargo.toml").expect_err("no address");
        assert!(told.contains("setting up calendars.staff") && told.contains("https://host"), "{told}");
    }
}
