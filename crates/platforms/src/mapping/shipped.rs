//! The mappings that come with Baton.

use super::Mapping;

/// By name.
macro_rules! shipped {
    ($($name:literal),*) => { [$(($name, include_str!(concat!("../../../../platforms/", $name, ".yaml")))),*] };
}

const SHIPPED: [(&str, &str); 11] = shipped![
    "bland",
    "elevenlabs",
    "generic",
    "livekit",
    "openai",
    "retell",
    "standard-webhooks",
    "synthflow",
    "telnyx",
    "twilio",
    "vapi"
];

impl Mapping {
    /// The mappings that come with Baton, as text: name and file.
    pub fn shipped_files() -> &'static [(&'static str, &'static str)] {
        &SHIPPED
    }

    /// The mappings that come with Baton, by name.
    pub fn shipped() -> Vec<Self> {
        let read = |(name, text): &(&str, &str)| {
            Self::read(&format!("platforms/{name}.yaml"), text).expect("a test reads every shipped mapping")
        };
        SHIPPED.iter().map(read).collect()
    }
}
