//! Calendars of Microsoft 365.

use crate::config::environment::{Reference, Worth};
use serde::Deserialize;

/// An app registration that acts in its own name. It is proven by either `client_secret` or `certificate`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MicrosoftCalendar {
    #[serde(default = "graph_base")]
    pub base_url: String,
    #[serde(default = "microsoft_login")]
    pub login_url: String,
    /// The directory's id, or one of its domains.
    pub tenant: String,
    pub client_id: String,
    pub client_secret: Option<Reference>,
    /// PEM with both the certificate and its private key.
    pub certificate: Option<Reference>,
    /// A mailbox in whose name schedules are read and permissions are tried.
    pub reader: Option<String>,
    /// Meetings get a Teams link.
    #[serde(default)]
    pub online_meetings: bool,
}

impl MicrosoftCalendar {
    pub(super) fn references(&self) -> Vec<(&'static str, &Reference, Worth)> {
        let given = [("client_secret", &self.client_secret), ("certificate", &self.certificate)];
        given.into_iter().filter_map(|(key, given)| Some((key, given.as_ref()?, Worth::TheirSecret))).collect()
    }
}

fn graph_base() -> String {
    "https://graph.microsoft.com".to_owned()
}

fn microsoft_login() -> String {
    "https://login.microsoftonline.com".to_owned()
}
