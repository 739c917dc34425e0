//! Google Calendar.

use crate::config::environment::{Reference, Worth};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoogleCalendar {
    #[serde(default = "google_base")]
    pub base_url: String,
    #[serde(default = "google_token")]
    pub token_url: String,
    pub client_email: String,
    pub private_key: Reference,
    /// A user who sees everybody's free/busy times, where the domain does not share them with all.
    pub reader: Option<String>,
}

impl GoogleCalendar {
    pub(super) fn references(&self) -> Vec<(&'static str, &Reference, Worth)> {
        vec![("private_key", &self.private_key, Worth::TheirSecret)]
    }
}

fn google_base() -> String {
    "https://www.googleapis.com".to_owned()
}

fn google_token() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}
