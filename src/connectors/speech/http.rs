//! An engine that speaks over HTTP, on a machine of ours or a vendor's, by the request that most of them take: OpenAI's
//! (`POST /v1/audio/speech`, its API reference, "Create speech"), which Kokoro-FastAPI, openedai-speech, LocalAI and others answer
//! as well.
//!
//! Guarantees: an answer comes within the time that the settings give, or none; a sound of more than 4 MiB (a minute and a half at
//! 24,000 samples a second) is none; the words go into the request alone, and what an engine says of them is not repeated. Refuses
//! whatever is no WAV, such as JSON with the sound inside, which some answer with. Engines that begin before they know how long
//! it will be write a length that means nothing: the sound goes to the end.
//!
//! Asking twice costs twice and changes nothing there: a lost answer may be asked for again.

use super::{Sound, Speech, VENDOR, heard, one_line};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does, Limits, Secret, VendorHttp, retry_after};
use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Each takes a processor there, where it is ours.
const AT_ONCE: usize = 8;
const PER_SECOND: u32 = 50;

/// Where an engine is, and who speaks.
pub struct HttpVoice {
    /// The whole address: `http://127.0.0.1:8880/v1/audio/speech`.
    pub url: String,
    pub model: String,
    pub voice: String,
    /// By language, where another voice speaks it.
    pub voices: BTreeMap<String, String>,
    pub token: Option<Secret>,
    /// Of one text.
    pub within: Duration,
}

pub struct HttpSpeech {
    http: VendorHttp,
    model: String,
    voice: String,
    voices: BTreeMap<String, String>,
    token: Option<Secret>,
}

impl HttpSpeech {
    /// # Errors
    /// The address is not `http(s)://host`, or TLS cannot be set up.
    pub fn new(settings: HttpVoice) -> Result<Self, VendorError> {
        let HttpVoice { url, model, voice, voices, token, within } = settings;
        let limits = Limits { timeout: within, per_second: PER_SECOND, concurrency: AT_ONCE };
        Ok(Self { http: VendorHttp::new(VENDOR, &url, limits)?, model, voice, voices, token })
    }
}

#[async_trait]
impl Speech for HttpSpeech {
    async fn speak(&self, words: &str, language: &str) -> Result<Sound, VendorError> {
        let voice = self.voices.get(language).unwrap_or(&self.voice);
        let asked = json!({ "model": self.model, "input": one_line(words), "voice": voice, "response_format": "wav" });
        let call = ApiCall::new("speak", Does::Read, Method::POST, &[]).json(asked);
        let answer = self.http.send(&call.bearer(self.token.as_ref())).await?;
        if !answer.is_success() {
            return Err(refused(&answer));
        }
        let read = heard(answer.body).await;
        let read = read.map_err(|error| VendorError::retry(VENDOR, format!("its sound could not be read: {error}")))?;
        read.map_err(|found| VendorError::needs_person(VENDOR, format!("speech.url answers with {found}")))
    }
}

fn refused(answer: &Answer) -> VendorError {
    let status = answer.status;
    match status {
        401 | 403 => {
            let why = format!("HTTP {status}; allowed: a speech.token that the engine knows");
            VendorError::Reauthenticate { vendor: VENDOR, why }
        }
        429 => {
            let after = retry_after(&answer.headers);
            VendorError::RateLimited { vendor: VENDOR, why: format!("HTTP {status}"), after }
        }
        408 | 425 | 500..=599 => VendorError::retry(VENDOR, format!("HTTP {status}")),
        _ => {
            let why = format!(
                "HTTP {status}; allowed: a speech.url that takes what OpenAI's speech API takes (model, input, voice, \
                 response_format), and a speech.model and voices that it has"
            );
            VendorError::needs_person(VENDOR, why)
        }
    }
}

#[cfg(test)]
mod tests;
