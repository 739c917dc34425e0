//! What is asked and told at the addresses that were given: forms, signed, and sent again as an address asks for in its fragment.

use super::sign::hmac_sha1;
use super::{Line, TwilioState};
use crate::exchange;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

pub(super) type Fields = Vec<(&'static str, String)>;

/// In real time, as Twilio has it.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);
/// In real time: short enough for tests.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

impl TwilioState {
    /// Asks an address what is next, by POST.
    pub(super) async fn ask(&self, address: &str, fields: &Fields) -> Option<String> {
        self.ask_by(&Method::POST, address, fields).await
    }

    /// Asks an address what is next, again as often as it says; `None`: it did not answer with a 2xx.
    pub(super) async fn ask_by(&self, method: &Method, address: &str, fields: &Fields) -> Option<String> {
        let (url, fragment) = address.split_once('#').unwrap_or((address, ""));
        let again = fragment.split('&').find_map(|part| part.strip_prefix("rc=")?.parse().ok()).unwrap_or(0_u32);
        for attempt in 0..=again {
            if attempt > 0 {
                sleep(AGAIN_AFTER).await;
            }
            if let Some((200..=299, body)) = self.send(method, url, fields).await {
                return Some(body);
            }
        }
        None
    }

    /// Beside everything else, as it is set up to be told; `number` is its place among what is told of one thing.
    pub(super) fn told_beside(self: &Arc<Self>, address: String, fields: Fields, number: u32) {
        let (state, tells) = (Arc::clone(self), self.held().tells);
        let later = tells.disordered * (3 - number % 3);
        tokio::spawn(async move {
            state.world.sleep(tells.delayed + later).await;
            for _ in 0..=u8::from(tells.doubled) {
                if state.ask(&address, &fields).await.is_none() {
                    state.error(&address, "11200: nobody took what was told".to_owned());
                }
            }
        });
    }

    /// Of a call, if somebody asked for it.
    pub(super) fn tell_of_call(self: &Arc<Self>, sid: &str, event: &str) {
        let told = {
            let mut held = self.held();
            let Some(line) = held.lines.get_mut(sid) else { return };
            if !line.events.iter().any(|wanted| wanted == event) {
                return;
            }
            let Some(address) = line.callback.clone() else { return };
            let number = line.told;
            line.told += 1;
            let mut fields = self.fields(sid, line);
            fields.push(("CallbackSource", "call-progress-events".to_owned()));
            fields.push(("SequenceNumber", number.to_string()));
            fields.push(("Timestamp", self.world.clock.now().to_rfc2822()));
            if !line.sip.is_empty() {
                fields.push(("SipResponseCode", line.sip.to_owned()));
            }
            (address, fields, number)
        };
        let (address, fields, number) = told;
        self.told_beside(address, fields, number);
    }

    /// What every request about a call says.
    pub(super) fn fields(&self, sid: &str, line: &Line) -> Fields {
        vec![
            ("AccountSid", self.account.sid.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("CallSid", sid.to_owned()),
            ("CallStatus", line.status.to_owned()),
            ("Direction", line.direction.to_owned()),
            ("From", line.from.clone()),
            ("To", line.to.clone()),
        ]
    }

    /// By GET the fields are in the address, which alone is signed.
    async fn send(&self, method: &Method, url: &str, fields: &Fields) -> Option<(u16, String)> {
        let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let form = form.join("&");
        let (url, body, signed) = if *method == Method::GET {
            let url = format!("{url}{}{form}", if url.contains('?') { '&' } else { '?' });
            (url.clone(), String::new(), url)
        } else {
            (url.to_owned(), form, signed_text(url, fields))
        };
        let proofs = self.proofs(&signed);
        let rest = url.strip_prefix("http://")?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in proofs {
            write!(request, "{name}: {value}\r\n").ok()?;
        }
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        write!(request, "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?;
        timeout(ANSWERED_WITHIN, exchange(host, &request)).await.ok()?
    }

    fn proofs(&self, text: &str) -> Vec<(&'static str, String)> {
        match &self.account.signs {
            Some(signs) => signs(text),
            None => vec![("X-Twilio-Signature", signature_of(&self.account.auth_token, text))],
        }
    }
}

/// As Twilio signs with an auth token.
pub fn signature_of(auth_token: &str, text: &str) -> String {
    STANDARD.encode(hmac_sha1(auth_token.as_bytes(), text.as_bytes()))
}

/// The address, and each field once, sorted.
fn signed_text(url: &str, fields: &Fields) -> String {
    let fields: BTreeSet<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.into_iter().fold(url.to_owned(), |text, (name, value)| text + name + value)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
