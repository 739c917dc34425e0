//! What each vendor signs, how and how old it may be: read off its SDKs of November 2026, and off its guide where it has none.

use super::algorithm::{Algorithm, Encoding};
use super::signed::{Key, Layout, Signed};
use super::template::Template;
use super::time::{FIVE_MINUTES, Timestamp, Unit};
use super::{Proof, Refused, Secret};
use crate::Request;
use chrono::{DateTime, TimeDelta, Utc};

impl Proof {
    /// The words that [`Proof::named`] knows.
    pub const NAMES: [&str; 14] = [
        "bearer",
        "bland",
        "elevenlabs",
        "hubspot",
        "hubspot_v1",
        "hubspot_v2",
        "livekit",
        "openai",
        "retell",
        "slack",
        "standard_webhooks",
        "synthflow",
        "telnyx",
        "twilio",
    ];

    /// The proof of a vendor; HubSpot's newest version is the one without a number.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bearer" => Self::Header { name: "authorization".to_owned(), prefix: "Bearer ".to_owned() },
            "bland" => Self::Signed(bland()),
            "elevenlabs" => Self::Signed(elevenlabs()),
            "hubspot" => Self::Signed(hubspot()),
            "hubspot_v1" => Self::Signed(hubspot_before_hmac("{body}")),
            "hubspot_v2" => Self::Signed(hubspot_before_hmac("{method}{url}{body}")),
            "livekit" => Self::LiveKit,
            "openai" => Self::StandardWebhooks { bare: false },
            "retell" => Self::Signed(retell()),
            "slack" => Self::Signed(slack()),
            "standard_webhooks" => Self::StandardWebhooks { bare: true },
            "synthflow" => Self::Signed(synthflow()),
            "telnyx" => Self::Signed(telnyx()),
            "twilio" => Self::Twilio,
            _ => return None,
        })
    }
}

fn timestamp(header: Option<&str>, unit: Unit) -> Option<Timestamp> {
    Some(Timestamp { header: header.map(str::to_owned), unit, back: FIVE_MINUTES, ahead: FIVE_MINUTES })
}

/// The vendor's sample signs a body that it writes anew; what is sent is what counts here.
fn bland() -> Signed {
    Signed {
        headers: vec!["x-webhook-signature".to_owned()],
        texts: vec![Template::ours("{body}")],
        timestamp: None,
        ..Signed::default()
    }
}

/// Only the id of the call is signed: whoever saw one request can send another body with its signature. The guide names the
/// header as a server hands it to a program; which of the three comes over the wire is not said.
fn synthflow() -> Signed {
    let headers = ["synthflow-signature", "x-synthflow-signature", "http_synthflow_signature"];
    Signed {
        headers: headers.map(str::to_owned).to_vec(),
        encoding: Encoding::Base64,
        texts: vec![Template::ours("{/call/call_id}")],
        timestamp: None,
        ..Signed::default()
    }
}

/// Half an hour back, as its SDKs have it; they do not bound the future, this does.
fn elevenlabs() -> Signed {
    let parts = Layout::Parts { timestamp: "t".to_owned(), signature: "v0".to_owned(), exact: false };
    let limits = Timestamp { header: None, unit: Unit::Seconds, back: TimeDelta::minutes(30), ahead: FIVE_MINUTES };
    Signed {
        headers: vec!["elevenlabs-signature".to_owned()],
        layout: parts,
        timestamp: Some(limits),
        ..Signed::default()
    }
}

fn retell() -> Signed {
    Signed {
        headers: vec!["x-retell-signature".to_owned()],
        layout: Layout::Parts { timestamp: "v".to_owned(), signature: "d".to_owned(), exact: true },
        texts: vec![Template::ours("{body}{timestamp}")],
        timestamp: timestamp(None, Unit::Milliseconds),
        ..Signed::default()
    }
}

fn slack() -> Signed {
    Signed {
        headers: vec!["x-slack-signature".to_owned()],
        layout: Layout::Alone { prefix: "v0=".to_owned() },
        texts: vec![Template::ours("v0:{timestamp}:{body}")],
        timestamp: timestamp(Some("x-slack-request-timestamp"), Unit::Seconds),
        ..Signed::default()
    }
}

/// The SDKs sign the address as it was asked for, the guide wants some of its escapes decoded.
fn hubspot() -> Signed {
    Signed {
        headers: vec!["x-hubspot-signature-v3".to_owned()],
        encoding: Encoding::Base64,
        texts: vec![
            Template::ours("{method}{url}{body}{timestamp}"),
            Template::ours("{method}{url_decoded}{body}{timestamp}"),
        ],
        timestamp: timestamp(Some("x-hubspot-request-timestamp"), Unit::Milliseconds),
        ..Signed::default()
    }
}

/// Never tried unasked: HubSpot sends these beside the newer one, and they do not age.
fn hubspot_before_hmac(text: &str) -> Signed {
    Signed {
        headers: vec!["x-hubspot-signature".to_owned()],
        algorithm: Algorithm::Sha256,
        texts: vec![Template::ours(text)],
        timestamp: None,
        ..Signed::default()
    }
}

/// Forms are signed like JSON.
fn telnyx() -> Signed {
    Signed {
        headers: vec!["telnyx-signature-ed25519".to_owned()],
        encoding: Encoding::Base64,
        algorithm: Algorithm::Ed25519,
        key: Key::Base64,
        texts: vec![Template::ours("{timestamp}|{body}")],
        timestamp: timestamp(Some("telnyx-timestamp"), Unit::Seconds),
        ..Signed::default()
    }
}

/// `brand`: what its headers begin with. `bare`: the secret may lack its `whsec_`.
pub(super) fn standard_webhooks(brand: &str, bare: bool) -> Signed {
    Signed {
        headers: vec![format!("{brand}-signature")],
        layout: Layout::List { name: "v1".to_owned() },
        encoding: Encoding::Base64,
        key: Key::Whsec { bare },
        texts: vec![Template::ours(&format!("{{header:{brand}-id}}.{{timestamp}}.{{body}}"))],
        timestamp: timestamp(Some(&format!("{brand}-timestamp")), Unit::Seconds),
        ..Signed::default()
    }
}

/// Under Svix's names only where none of the standard's is there: whoever reads `webhook-id` may rely on it being signed.
pub(super) fn verify_standard_webhooks(
    bare: bool,
    secrets: &[Secret],
    request: &Request,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let has = |name: &str| request.values(name).next().is_some();
    let standard = ["webhook-signature", "webhook-id", "webhook-timestamp"].into_iter().any(has);
    let brand = if has("svix-signature") && !standard { "svix" } else { "webhook" };
    standard_webhooks(brand, bare).verify(secrets, request, now)
}
