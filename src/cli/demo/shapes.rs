//! Callers who come by the doors of voice platforms: asked in each one's own shape, over HTTP, and what it reads of the answer.
//!
//! What an agent knows of its caller is what the event of the scene says, under the names that tools are given.

use crate::connectors::http::{ApiCall, Does, Limits, VendorHttp};
use crate::web::{PlatformSection, PlatformSections};
use anyhow::{Context, Result, bail};
use baton_platforms::facts::{FACTS, Fact};
use baton_platforms::signature::Secret;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::time::Duration;

/// The tool, as it is called where the platform lets its owner choose.
const TOOL: &str = "hand_to_sales";

#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Vapi,
    Retell,
    ElevenLabs,
    Mcp,
}

/// What the worker's configuration says of them: one secret for all, made up for this run.
pub(super) fn sections(secret: &str, base_url: &str) -> Result<PlatformSections> {
    let secret = Secret::new(secret).context("making up a secret")?;
    let (secrets, base_url) = (vec![secret], base_url.to_owned());
    let section = || PlatformSection { secrets: secrets.clone(), base_url: base_url.clone(), has_key: false };
    let proven = [Shape::Vapi, Shape::Retell, Shape::ElevenLabs];
    Ok(proven.map(|shape| (shape.platform().to_owned(), section())).into())
}

impl Shape {
    /// The platform of the call. MCP is none: its agents say in a header whose call it is.
    pub(super) fn platform(self) -> &'static str {
        match self {
            Self::Vapi => "vapi",
            Self::Retell => "retell",
            Self::ElevenLabs => "elevenlabs",
            Self::Mcp => "sandbox",
        }
    }

    /// What comes in, for people.
    pub(super) fn comes_as(self) -> &'static str {
        match self {
            Self::Vapi => "POST /v1/platforms/vapi: tool-calls of Vapi, with x-vapi-secret",
            Self::Retell => "POST /v1/platforms/retell: a custom function of Retell, with x-retell-signature",
            Self::ElevenLabs => "POST /v1/platforms/elevenlabs: a webhook tool of ElevenLabs, with its bearer token",
            Self::Mcp => "POST /mcp: the tool route_lead, called over MCP",
        }
    }

    /// Asks once; gives the answer, or the part of it that the agent reads.
    pub(super) async fn ask(self, base: &str, event: &Value, secret: &str, now: DateTime<Utc>) -> Result<String> {
        let limits = Limits { timeout: Duration::from_secs(10), per_second: 1000, concurrency: 1 };
        let door = VendorHttp::new("baton", base, limits)?;
        let answer = door.send(&self.request(event, secret, now)).await?;
        if !answer.is_success() {
            bail!("{}: the worker answered {}: {}", self.comes_as(), answer.status, answer.text());
        }
        Ok(match self {
            Self::Vapi | Self::Retell | Self::ElevenLabs => answer.text(),
            Self::Mcp => answer.value()["result"]["content"].to_string(),
        })
    }

    fn request(self, event: &Value, secret: &str, now: DateTime<Utc>) -> ApiCall {
        let data = &event["data"];
        let [id, from, to] = ["id", "from", "to"].map(|name| data["call"][name].as_str().unwrap_or_default());
        let mut arguments = arguments(data);
        let post = |segments: &[&str]| ApiCall::new("ask", Does::Write, Method::POST, segments);
        let to_platform = || post(&["v1", "platforms", self.platform()]);
        match self {
            Self::Vapi => {
                let function = json!({ "name": TOOL, "arguments": Value::Object(arguments).to_string() });
                to_platform().header("x-vapi-secret", secret).json(json!({ "message": {
                    "type": "tool-calls",
                    "timestamp": now.timestamp_millis(),
                    "toolCallList": [{ "id": "call_k8Zp", "type": "function", "function": function }],
                    "customer": { "number": from },
                    "phoneNumber": { "number": to },
                    "call": { "id": id, "type": "inboundPhoneCall" },
                } }))
            }
            Self::Retell => {
                let call = json!({ "call_id": id, "direction": "inbound", "from_number": from, "to_number": to });
                let body = json!({ "name": TOOL, "args": arguments, "call": call });
                // `json` sends what `to_string` says, byte for byte.
                let signature = signed_as_retell(&body.to_string(), secret, now);
                to_platform().header("x-retell-signature", signature).json(body)
            }
            Self::ElevenLabs => {
                for (name, value) in [("conversation_id", id), ("caller_id", from), ("called_number", to)] {
                    arguments.insert(name.to_owned(), value.into());
                }
                let token = format!("Bearer {secret}");
                to_platform().header("authorization", token).json(Value::Object(arguments))
            }
            Self::Mcp => {
                let params = json!({ "name": "route_lead", "arguments": arguments });
                let call = post(&["mcp"]).header("baton-call-id", id).header("baton-call-platform", self.platform());
                call.header("baton-caller-number", from)
                    .json(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
            }
        }
    }
}

fn arguments(data: &Value) -> Map<String, Value> {
    let known = |fact: &Fact| data.pointer(&format!("/{}", fact.path.replace('.', "/"))).cloned();
    FACTS.iter().filter_map(|fact| Some((fact.name.to_owned(), known(fact)?))).collect()
}

/// `v=WHEN,d=SIGNATURE`, over the body and when it was signed.
fn signed_as_retell(body: &str, secret: &str, now: DateTime<Utc>) -> String {
    let at = now.timestamp_millis();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{body}{at}").as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v={at},d={signature}")
}
