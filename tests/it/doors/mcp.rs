//! Agents that speak MCP at the program's own door, in both generations of the protocol: each tool, called as agents call it.

mod access;
mod calls;
mod conversation;
mod desk;
mod list;
mod reps;
mod times;

use crate::eventually::SOON;
use crate::program::served::{Answered, Served, get, request};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::Instant;

const TOKENS: &str = "
[http.tokens]
voice = \"env:TEST_TOKEN\"
agent = { secret = \"env:AGENT_TOKEN\", scopes = [\"intake\"], source = \"vapi\" }
reader = { secret = \"env:READER_TOKEN\", scopes = [\"read\"] }

[platforms.generic]
secrets = [\"env:GENERIC_SECRET\"]
";
const TOKEN: &str = "a-token-of-the-agent-tests";
const AGENT: &str = "a-token-for-events-alone";
const READER: &str = "a-token-that-only-reads";
const GENERIC: &str = "a-secret-of-the-agent-that-briefs";
const ENV: [(&str, &str); 4] =
    [("TEST_TOKEN", TOKEN), ("AGENT_TOKEN", AGENT), ("READER_TOKEN", READER), ("GENERIC_SECRET", GENERIC)];

fn served() -> Served {
    Served::start(TOKENS, "info", &ENV)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    /// Begins with `initialize`.
    Older,
    /// Of July 2026.
    Newer,
}

/// An agent with somebody on the line; without a call, one whose platform does not say on which.
struct Agent<'s> {
    served: &'s Served,
    generation: Generation,
    call: Option<String>,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    say: String,
    more: Map<String, Value>,
}

impl Told {
    fn status(&self) -> &str {
        self.more["status"].as_str().expect("a word")
    }

    /// It is decided: now, or before.
    fn has_lead(&self) -> bool {
        self.more.contains_key("lead")
    }
}

impl<'s> Agent<'s> {
    fn on(served: &'s Served, generation: Generation, call: &str) -> Self {
        Self { served, generation, call: Some(call.to_owned()) }
    }

    /// The request byte for byte.
    fn text(&self, method: &str, mut params: Value) -> String {
        let mut headers = "Content-Type: application/json\r\nAccept: */*\r\n".to_owned();
        if let Some(call) = &self.call {
            headers.push_str(&format!("Baton-Call-Id: {call}\r\nBaton-Call-Platform: sandbox\r\n"));
        }
        if self.generation == Generation::Newer {
            headers.push_str(&format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n"));
            if let Some(name) = params["name"].as_str() {
                headers.push_str(&format!("Mcp-Name: {name}\r\n"));
            }
            names_its_protocol(&mut params);
        }
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string();
        by_name("127.0.0.1", &request("POST", "/mcp", Some(TOKEN), &headers, &body))
    }

    /// The result of a request that is answered well.
    fn asks(&self, method: &str, params: Value) -> Value {
        let answer = self.served.ask(&self.text(method, params));
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        assert!(answer.head.contains("content-type: application/json"), "{answer:?}");
        let told = answer.json();
        let names: Vec<&String> = told.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["jsonrpc", "id", "result"], "{told}");
        assert_eq!(told["id"], 7);
        told["result"].clone()
    }

    /// What every answer of a tool is like, whatever it says.
    fn calls(&self, tool: &str, arguments: Value) -> Told {
        let result = self.asks("tools/call", json!({ "name": tool, "arguments": arguments }));
        let content = result["content"].as_array().expect("a list");
        assert!(content.len() == 1 && content[0]["type"] == "text", "{tool}: {result}");
        let say = content[0]["text"].as_str().expect("a text").to_owned();
        assert!(say.ends_with(['.', '?']) && !say.contains(['{', '\n']), "{tool}: {result}");
        assert_eq!(result["structuredContent"]["say"], json!(say), "{tool}");
        assert!(result.get("isError").is_none() && !has_null(&result), "{tool}: {result}");
        let kind = result.get("resultType");
        assert_eq!(kind.is_some(), self.generation == Generation::Newer, "{result}");
        Told { say, more: result["structuredContent"].as_object().expect("an object").clone() }
    }

    /// The same until it is so: a machine that is busy may be a moment late.
    fn calls_until(&self, tool: &str, arguments: &Value, is_so: impl Fn(&Told) -> bool) -> Told {
        let began = Instant::now();
        loop {
            let told = self.calls(tool, arguments.clone());
            if is_so(&told) {
                return told;
            }
            assert!(began.elapsed() < SOON, "gave up waiting: {tool}: {told:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// As every request of the newer generation does.
fn names_its_protocol(params: &mut Value) {
    let meta = [
        ("protocolVersion", json!("2026-07-28")),
        ("clientCapabilities", json!({})),
        ("clientInfo", json!({ "name": "tests", "version": "1" })),
    ];
    for (name, value) in meta {
        params["_meta"][format!("io.modelcontextprotocol/{name}")] = value;
    }
}

/// The same request to a worker under another name.
fn by_name(host: &str, text: &str) -> String {
    text.replacen("Host: baton\r\n", &format!("Host: {host}\r\n"), 1)
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn leads(served: &Served, query: &str) -> Vec<String> {
    let answer = served.ask(&get(&format!("/v1/leads?{query}"), Some(TOKEN)));
    let leads = answer.json()["leads"].as_array().expect("a list").clone();
    leads.iter().map(|lead| lead["lead"].as_str().expect("an id").to_owned()).collect()
}

fn lead(served: &Served, id: &str) -> Value {
    served.ask(&get(&format!("/v1/leads/{id}"), Some(TOKEN))).json()["lead"].clone()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SOON, "gave up waiting: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What is told and not asked.
fn notified(agent: &Agent<'_>, method: &str, params: Value) -> Answered {
    let body = json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string();
    let headers = "Content-Type: application/json\r\n";
    agent.served.ask(&by_name("localhost:8080", &request("POST", "/mcp/", Some(TOKEN), headers, &body)))
}

fn dana() -> Value {
    json!({ "name": "Dana Whitfield", "phone": "+1 415 555 0142", "company": "Northwind Foods", "country": "US", "score": 82 })
}
