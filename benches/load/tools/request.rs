//! Calls of a tool byte for byte, as a platform sends them and as an agent over MCP does, and the words that come back.

use super::lines::Heard;
use baton::web::{ConfiguredToken, PlatformSection, PlatformSections, Rights, token_digest};
use baton_core::domain::scope::Scope;
use baton_platforms::signature::Secret;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fmt;

const SECRET: &str = "what-vapi-signs-with-in-the-bench";
const TOKEN: &str = "of-the-agents-in-the-bench";
/// The first number of a caller, of which each has one of their own.
const FIRST_NUMBER: u64 = 12_122_000_000;

/// Whose tool calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Vapi's server messages, signed.
    Vapi,
    /// `route_lead`, with a bearer token.
    Mcp,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vapi => "signed tool calls of Vapi",
            Self::Mcp => "calls of route_lead over MCP",
        })
    }
}

/// What the worker holds Vapi's signatures against.
pub fn sections() -> PlatformSections {
    let secrets = vec![Secret::new(SECRET).expect("not empty")];
    PlatformSections::from([("vapi".to_owned(), PlatformSection { secrets, base_url: String::new(), has_key: false })])
}

/// What agents show.
pub fn tokens() -> Vec<ConfiguredToken> {
    let rights = Rights { name: "agents".to_owned(), scopes: BTreeSet::from([Scope::Intake]), source: None };
    vec![ConfiguredToken { digest: token_digest(TOKEN), rights }]
}

impl Door {
    /// Names the part of the run, and its figures.
    pub fn part(self) -> &'static str {
        match self {
            Self::Vapi => "tools",
            Self::Mcp => "tools_mcp",
        }
    }

    /// The call of a caller who has never called before, on a call that nobody has told of.
    pub fn request(self, part: &str, number: u64, now: DateTime<Utc>) -> Vec<u8> {
        let caller = Caller { call: format!("{}-{part}-{number:06}", self.part()), part: self.place(part), number };
        match self {
            Self::Vapi => of_vapi(&caller, now),
            Self::Mcp => over_mcp(&caller),
        }
    }

    /// Keeps the callers of all parts apart.
    fn place(self, part: &str) -> u64 {
        let of_door: u64 = match self {
            Self::Vapi => 0,
            Self::Mcp => 200_000,
        };
        of_door + if part == "warm" { 100_000 } else { 0 }
    }

    /// The words for the caller; `None`: there are none.
    pub fn said(self, heard: &Heard) -> Option<String> {
        let body: Value = serde_json::from_slice(&heard.body).ok().filter(|_| heard.status == 200)?;
        let words = match self {
            Self::Vapi => body.pointer("/results/0/result")?,
            Self::Mcp => body.pointer("/result/content/0/text")?,
        };
        words.as_str().filter(|words| !words.is_empty()).map(str::to_owned)
    }
}

struct Caller {
    call: String,
    part: u64,
    number: u64,
}

impl Caller {
    fn phone(&self) -> String {
        format!("+{}", FIRST_NUMBER + self.part + self.number)
    }

    fn facts(&self) -> Value {
        let own = self.part + self.number;
        json!({
            "name": format!("Dana Whitfield-{own}"),
            "company": format!("Northwind {own}"),
            "email": format!("dana@northwind-{own}.example"),
            "country": "US",
            "employees": "400",
            "score": 82,
            "summary": "Runs dispatch for three sites on spreadsheets and wants to see the product before the season begins.",
            "timeline": "this quarter",
            "wish": "transfer",
        })
    }
}

fn of_vapi(caller: &Caller, now: DateTime<Utc>) -> Vec<u8> {
    let function = json!({ "name": "hand_to_sales", "arguments": caller.facts() });
    let message = json!({
        "type": "tool-calls",
        "timestamp": now.timestamp_millis(),
        "toolCallList": [{ "id": format!("tool-{}", caller.call), "type": "function", "function": function }],
        "customer": { "number": caller.phone() },
        "call": { "id": caller.call, "type": "inboundPhoneCall" },
    });
    let body = json!({ "message": message }).to_string();
    let timestamp = now.timestamp().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    post("/v1/platforms/vapi", &format!("x-timestamp: {timestamp}\r\nx-signature: {signature}\r\n"), &body)
}

fn over_mcp(caller: &Caller) -> Vec<u8> {
    let params = json!({ "name": "route_lead", "arguments": caller.facts() });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string();
    let (call, phone) = (&caller.call, caller.phone());
    let headers = format!(
        "authorization: Bearer {TOKEN}\r\nbaton-call-id: {call}\r\nbaton-call-platform: bench\r\n\
         baton-caller-number: {phone}\r\n"
    );
    post("/mcp", &headers, &body)
}

fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = "host: localhost\r\ncontent-type: application/json\r\n";
    format!("POST {path} HTTP/1.1\r\n{head}content-length: {length}\r\n{headers}\r\n{body}").into_bytes()
}
