//! Who may call tools, by which name the worker is called, and what is not to be had there.

use super::{AGENT, Agent, Generation, READER, TOKEN, by_name, leads, notified, served};
use crate::program::served::request;
use serde_json::{Value, json};

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const JSON: &str = "Content-Type: application/json\r\n";
const NO_REQUEST: &str =
    r#"the body is no request of JSON-RPC 2.0, such as {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#;
const NOT_JSON: &str = "the body must be sent with the header `content-type: application/json`";

#[test]
fn a_handshake_says_who_we_are_and_keeps_nothing() {
    let served = served();
    let agent = Agent::on(&served, Generation::Older, "call-1");
    let client = json!({ "name": "tests", "version": "1" });
    for (asked, given) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
    ] {
        let params = json!({ "protocolVersion": asked, "capabilities": {}, "clientInfo": client });
        let told = agent.asks("initialize", params);
        assert_eq!(told["protocolVersion"], given, "{told}");
        assert_eq!(told["serverInfo"], json!({ "name": "baton", "version": env!("CARGO_PKG_VERSION") }));
        assert!(told["capabilities"] == json!({ "tools": {} }) && told["instructions"].is_string(), "{told}");
    }
    let initialized = notified(&agent, "notifications/initialized", json!({}));
    assert!(initialized.status == 202 && !initialized.head.contains("mcp-session-id"), "{initialized:?}");
    let newer = Agent::on(&served, Generation::Newer, "call-1").asks("server/discover", json!({}));
    let versions: Vec<&str> =
        newer["supportedVersions"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(versions.contains(&"2026-07-28") && versions.contains(&"2025-11-25"), "{newer}");
}

#[test]
fn a_bearer_is_enough_and_one_in_the_address_may_bring_events_and_nothing_else() {
    let served = served();
    let asks = |path: &str, token| served.ask(&by_name("localhost", &request("POST", path, token, JSON, LIST)));
    for (path, token, status) in [
        ("/mcp", Some(TOKEN), 200),
        ("/mcp/", Some(AGENT), 200),
        ("/mcp", None, 401),
        ("/mcp", Some("no-token-of-this-house"), 401),
        ("/mcp", Some(READER), 403),
        ("/mcp?token=a-token-for-events-alone", None, 200),
        ("/mcp?token=a-token-of-the-agent-tests", None, 403),
        ("/mcp?token=no-token-of-this-house", None, 401),
        ("/mcp/sales", Some(TOKEN), 404),
    ] {
        let answer = asks(path, token);
        assert_eq!(answer.status, status, "{path} with {token:?}: {answer:?}");
        assert!(status == 200 || answer.head.contains("content-type: application/problem+json"), "{answer:?}");
        assert!(status != 401 || answer.head.contains("www-authenticate: bearer"), "{answer:?}");
        assert!(!answer.head.contains("resource_metadata"), "{answer:?}");
    }
    for secret in [TOKEN, AGENT, READER] {
        assert!(!served.log().contains(secret), "{}", served.log());
    }
    // The token says of which source, and so of which platform, its events are.
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "route_lead", "arguments": { "phone": "+14155550142" },
    } });
    let path = "/mcp?token=a-token-for-events-alone&call_id=call-1";
    let text = by_name("localhost", &request("POST", path, None, JSON, &call.to_string()));
    super::until("a lead of the token's source", || {
        served.ask(&text);
        leads(&served, "call=call-1&platform=vapi&source=vapi").len() == 1
    });
    let foreign = served.ask(&text.replacen("call_id=call-1", "call_id=call-1&call_platform=retell", 1)).json();
    let note = foreign["result"]["structuredContent"]["note"].as_str().unwrap_or_default();
    assert!(note.contains("leave baton-call-platform out"), "{foreign}");
    assert_eq!(leads(&served, "call=call-1&platform=retell"), Vec::<String>::new());
}

#[test]
fn streams_and_sessions_are_not_to_be_had_and_what_is_no_request_is_told() {
    let served = served();
    for method in ["GET", "DELETE", "PUT"] {
        for path in ["/mcp", "/mcp/"] {
            let answer = served
                .ask(&by_name("localhost", &request(method, path, Some(TOKEN), "Accept: text/event-stream\r\n", "")));
            assert!(answer.status == 405 && answer.head.contains("allow: post"), "{method} {path}: {answer:?}");
        }
    }
    let large = "x".repeat(256 * 1024 + 1);
    for (headers, body, status, detail) in [
        (JSON, "nonsense", 400, "the body is no JSON: expected ident at line 1 column 2"),
        (JSON, "", 400, "the body is no JSON: EOF while parsing a value at line 1 column 0"),
        (
            JSON,
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            400,
            "several requests in one body are not taken: send one after the other",
        ),
        (JSON, r#"{"id":1,"method":"tools/list"}"#, 400, NO_REQUEST),
        (JSON, r#"{"jsonrpc":"2.0","id":1}"#, 400, NO_REQUEST),
        (JSON, "7", 400, NO_REQUEST),
        (JSON, large.as_str(), 413, "the body is too large; allowed: 256 KiB"),
        ("Content-Type: text/plain\r\n", LIST, 415, NOT_JSON),
        ("Content-Type: application/x-www-form-urlencoded\r\n", LIST, 415, NOT_JSON),
        ("", LIST, 415, NOT_JSON),
    ] {
        let answer = served.ask(&by_name("localhost", &request("POST", "/mcp", Some(TOKEN), headers, body)));
        assert_eq!(answer.status, status, "{body:.80}: {answer:?}");
        assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
        assert_eq!(answer.json()["detail"], detail, "{body:.80}");
    }
    let result = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let answer = served.ask(&by_name("localhost", &request("POST", "/mcp", Some(TOKEN), JSON, result)));
    assert_eq!(answer.status, 400, "nothing was asked of an agent: {answer:?}");
}

#[test]
fn a_worker_is_called_by_its_own_name() {
    let toml = format!("[http]\npublic_url = \"https://Baton.Example:8443/desk\"\n{}", super::TOKENS);
    let served = crate::program::served::Served::start(&toml, "info", &super::ENV);
    let asks = |host: &str| served.ask(&by_name(host, &request("POST", "/mcp", Some(TOKEN), JSON, LIST))).status;
    for host in ["localhost", "127.0.0.1:8080", "127.8.8.8", "[::1]:9", "baton.example", "BATON.example:443"] {
        assert_eq!(asks(host), 200, "{host}");
    }
    for host in ["baton", "evil.example", "baton.example.evil.example", "10.0.0.7", "user@evil.example"] {
        assert_eq!(asks(host), 403, "{host}");
    }
    assert!(served.log().contains("http.public_url"), "{}", served.log());
}
