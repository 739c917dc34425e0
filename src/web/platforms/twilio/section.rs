//! What is known of an account of Twilio where it asks us.

use baton_platforms::signature::TwilioKeys;
use baton_platforms::twilio::Pages;

/// An account of Twilio, as it asks us.
#[derive(Debug)]
pub struct TwilioSection {
    pub pages: Pages,
    pub keys: TwilioKeys,
    /// What a caller hears while they wait.
    pub music: String,
    /// In which Twilio speaks and listens.
    pub language: Option<String>,
}
