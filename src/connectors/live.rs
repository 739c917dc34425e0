//! The live channels of voice platforms: one request, and the agent of a call that is going on says a sentence.
//!
//! Where a platform has one, and what it is sent there, its mapping says: Vapi's control URL (`say`; docs.vapi.ai, "Live Call
//! Control"), Retell's `PATCH /v2/update-live-call/{call_id}` (`call_control`), Telnyx's `ai_assistant_add_messages`. None of them
//! says how a repeated request is known again, but for Telnyx's `command_id`: a lost answer is never followed by a second request.
//! No error names an address, nor repeats what was answered: both may hold what is nobody else's.

use super::VendorError;
use super::http::{ApiCall, Does, Limits, Secret, VendorHttp};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

const VENDOR: &str = "live-channel";
/// Somebody waits on the line meanwhile.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(3), per_second: 500, concurrency: 64 };

/// The way to all of them: every call has an address of its own.
pub struct LiveVoice {
    http: VendorHttp,
    /// By the names of platforms.
    keys: BTreeMap<String, Secret>,
}

impl LiveVoice {
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(keys: BTreeMap<String, Secret>) -> Result<Self, VendorError> {
        // Of no call: each brings its own.
        let http = VendorHttp::new(VENDOR, "https://localhost", LIMITS)?;
        Ok(Self { http, keys })
    }

    /// Has a sentence said; `address` is one that the platform's mapping allows.
    ///
    /// # Errors
    /// `Retry` and `RateLimited`: nobody heard it; `Unknown`: it may have been said.
    pub async fn say(&self, platform: &str, method: &str, address: &str, command: Value) -> Result<(), VendorError> {
        let address = Url::parse(address).map_err(|_| VendorError::needs_person(VENDOR, "its address is none"))?;
        let method = match method {
            "PATCH" => Method::PATCH,
            "PUT" => Method::PUT,
            _ => Method::POST,
        };
        let call = ApiCall::new("say", Does::Write, method, &[]).at(address).json(command);
        let answer = self.http.send(&call.bearer(self.keys.get(platform))).await?;
        let why = format!("HTTP {}", answer.status);
        match answer.status {
            200..=299 => Ok(()),
            401 | 403 => Err(VendorError::Reauthenticate { vendor: VENDOR, why }),
            404 | 410 => Err(VendorError::Gone { vendor: VENDOR, why }),
            408 | 425 | 429 | 503 => Err(VendorError::retry(VENDOR, why)),
            500..=599 => Err(VendorError::Unknown { vendor: VENDOR, why }),
            _ => Err(VendorError::needs_person(VENDOR, why)),
        }
    }
}
