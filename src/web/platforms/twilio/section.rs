//! What is known of an account of Twilio where it asks us.

use baton_platforms::signature::TwilioKeys;
use baton_platforms::twilio::Pages;
use std::time::Duration;

/// An account of Twilio, as it asks us.
#[derive(Debug)]
pub struct TwilioSection {
    pub pages: Pages,
    pub keys: TwilioKeys,
    /// What a caller hears while they wait.
    pub music: String,
    /// Where the voice agent is: a number, `sip:…`, or an address of its platform, which takes the call over as if the number that
    /// was called were its own.
    pub agent: Option<String>,
    /// For how long its phone rings.
    pub agent_within: Duration,
    /// In which Twilio speaks and listens.
    pub language: Option<String>,
}
