//! What is wrong with a request of a platform is told in plain words, to whoever may know: the sender, or the log.

use super::{SECRET, VAPI, leads, served, tool_calls};
use crate::program::served::{Served, request};
use baton_clock::{Clock, SystemClock};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const JSON: &str = "Content-Type: application/json\r\n";

fn proven(kind: &str) -> String {
    format!("X-Vapi-Secret: {SECRET}\r\n{kind}")
}

/// As Vapi's HMAC credential signs, so many seconds ago.
fn signed(body: &str, secret: &str, seconds_ago: i64) -> String {
    let timestamp = SystemClock.now().timestamp() - seconds_ago;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{JSON}X-Timestamp: {timestamp}\r\nX-Signature: {signature}\r\n")
}

fn tool_call(arguments: &Value) -> String {
    let mut body = tool_calls("call-1", &[("tool_a", json!({}))]);
    body["message"]["toolCallList"][0]["function"]["arguments"] = arguments.clone();
    body.to_string()
}

#[test]
fn what_a_sender_gets_wrong_is_told_exactly() {
    let served = served(VAPI, &[]);
    let post = |path: &str, headers: &str, body: &str| served.ask(&request("POST", path, None, headers, body));
    let refused = |path: &str, headers: &str, body: &str, status: u16, detail: &str| {
        let answer = post(path, headers, body);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
        assert_eq!(answer.json()["detail"], detail, "{path}");
    };
    let vapi = "/v1/platforms/vapi";
    let no_secret = "retell proves what it sends, and baton.toml has nothing to hold it against: add [platforms.retell] with \
                     secrets = [\"env:NAME\"]; `baton platforms show retell` says which secret";
    refused("/v1/platforms/retell", JSON, "{}", 404, no_secret);
    let near = "no platform is called \"vappi\"; did you mean \"vapi\"? `baton platforms` lists those that are known";
    refused("/v1/platforms/vappi", &proven(JSON), "{}", 404, near);
    let far = "no platform is called \"nobody\"; `baton platforms` lists those that are known";
    refused("/v1/platforms/nobody", &proven(JSON), "{}", 404, far);
    let not_json = "the body is not JSON: expected ident at line 1 column 2; if the platform sends a form, say `body: form` in \
                    the mapping";
    refused(vapi, &proven(JSON), "nonsense", 422, not_json);
    refused(vapi, &proven("Content-Type: text/plain\r\n"), "nonsense", 422, not_json);
    // Announced, and not waited for.
    let large = proven(&format!("{JSON}Content-Length: {}\r\n", 1024 * 1024 + 1));
    refused(vapi, &large, "", 413, "the body is too large; allowed: 1024 KiB");
    let got = served.ask(&request("GET", vapi, None, &proven(""), ""));
    assert!(got.status == 405 && got.head.contains("allow: post"), "{got:?}");
    assert_eq!(got.json()["detail"], "this address does not take this method; the header Allow says which");
    assert_eq!(leads(&served, ""), Vec::<Value>::new());
}

#[test]
fn whoever_proves_nothing_is_told_nothing_and_the_log_says_why() {
    let served = served(VAPI, &[]);
    let body = tool_call(&json!({ "company": "Northwind Foods" }));
    let other = "another-secret-of-somebody";
    let bearer = |secret: &str| format!("{JSON}Authorization: Bearer {secret}\r\n");
    for (headers, why) in [
        (JSON.to_owned(), "the header x-vapi-secret is missing"),
        (format!("{JSON}X-Vapi-Secret: {other}\r\n"), "no secret of ours fits"),
        (bearer(other), "no secret of ours fits"),
        (signed(&body, other, 0), "no secret of ours fits"),
        (signed("another body", SECRET, 0), "no secret of ours fits"),
        (signed(&body, SECRET, 600), "signed too long ago"),
        (signed(&body, SECRET, -600), "signed in the future"),
    ] {
        let told_before = served.log().matches(why).count();
        let answer = served.ask(&request("POST", "/v1/platforms/vapi", None, &headers, &body));
        assert_eq!(answer.status, 401, "{why}: {answer:?}");
        assert_eq!(answer.json()["detail"], "this request is not taken; the log of the worker says why", "{why}");
        assert_eq!(served.log().matches(why).count(), told_before + 1, "{why}: {}", served.log());
    }
    assert_eq!(leads(&served, ""), Vec::<Value>::new());
    for headers in [bearer(SECRET), signed(&body, SECRET, 0)] {
        let answer = served.ask(&request("POST", "/v1/platforms/vapi", None, &headers, &body));
        assert_eq!(answer.status, 200, "the same with what proves it: {answer:?}");
    }
}

/// The words for the caller in the answer to one call of a tool.
fn told(served: &Served, headers: &str, body: &str) -> String {
    let answer = served.ask(&request("POST", "/v1/platforms/vapi", None, &proven(headers), body));
    assert_eq!(answer.status, 200, "{answer:?}");
    let words = answer.json()["results"][0]["result"].as_str().unwrap_or_default().to_owned();
    assert!(words.ends_with('.'), "{body}: {answer:?}");
    words
}

/// Somebody is on the line: however the request is written, there is a sentence for them.
#[test]
fn whatever_is_odd_about_a_tool_call_is_answered_with_words() {
    let served = served(VAPI, &[]);
    let facts = json!({ "company": "Northwind Foods", "country": "US" });
    let as_text = json!(facts.to_string());
    let odd =
        [json!([1, 2]), json!("{\"company\": \"Northw"), json!(""), json!(7), Value::Null, json!({ "seats": {} })];
    for arguments in [facts.clone(), as_text].iter().chain(&odd) {
        told(&served, JSON, &tool_call(arguments));
    }
    // Whatever the body says that it is.
    for kind in ["", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        told(&served, kind, &tool_call(&facts));
    }
    let mut other = tool_calls("call-1", &[("tool_b", facts)]);
    other["message"]["toolCallList"][0]["function"]["name"] = json!("a_tool_of_another_name");
    told(&served, JSON, &other.to_string());
    let mut of_no_call = other;
    of_no_call["message"]["call"] = json!({});
    let words = told(&served, JSON, &of_no_call.to_string());
    assert!(words.contains("could not"), "nothing is stored, and nothing is promised: {words}");
    assert!(served.log().contains("does not say which call it is about"), "{}", served.log());
    // A platform may send what is none of ours, and goes on sending only while it is answered well.
    for body in ["", "{}", "[]", "{\"message\":{\"type\":\"hang\"}}"] {
        let answer = served.ask(&request("POST", "/v1/platforms/vapi", None, &proven(JSON), body));
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{body:?}");
    }
    assert!(served.log().contains("no message of vapi fits: /message/type is nothing"), "{}", served.log());
}
