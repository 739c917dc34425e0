//! How refusals look, whatever they are about, and how leads are found.

use super::{TOKEN, VOICE, served};
use crate::program::served::{Answered, get, post, request};
use crate::town::Caller;
use serde_json::{Value, json};

#[test]
fn every_refusal_is_a_problem_that_says_what_is_allowed() {
    let served = served(VOICE);
    let json_type = "Content-Type: application/json\r\n";
    let large = format!("\"{}\"", "x".repeat(300 * 1024));
    let asked: [(&str, &str, &str, &str, u16, &str); 33] = [
        ("GET", "/v1/nothing", "", "", 404, "the API begins with /v1"),
        ("GET", "/", "", "", 404, "no such address"),
        ("DELETE", "/v1/leads", "", "", 405, "the header Allow"),
        ("PUT", "/v1/rules", "", "", 405, "the header Allow"),
        ("POST", "/healthz", "", "", 405, "the header Allow"),
        ("PATCH", "/feedback/x", "", "", 405, "the header Allow"),
        ("POST", "/v1/events", json_type, &large, 413, "allowed: 256 KiB"),
        ("POST", "/v1/leads", json_type, "{", 422, "cannot be understood"),
        ("POST", "/v1/leads?wait=9s", json_type, "{}", 400, "1ms to 1500ms"),
        ("POST", "/v1/leads?wiat=1s", json_type, "{}", 400, "unknown name `wiat`, expected `wait`"),
        ("POST", "/v1/feedback", "", "{}", 415, "content-type: application/json"),
        ("POST", "/v1/feedback", "Content-Type: text/plain\r\n", "{}", 415, "content-type: application/json"),
        ("POST", "/v1/feedback", json_type, "{\"lead\":", 400, "the body is no JSON"),
        ("POST", "/v1/feedback", json_type, "[]", 422, "the body is not understood"),
        ("POST", "/v1/feedback", json_type, "{\"stars\":3}", 422, "unknown name `stars`"),
        ("GET", "/v1/reports/routing?days=4294967295", "", "", 400, "allowed: 1 to 3660"),
        ("GET", "/v1/reports/routing?days=0", "", "", 400, "allowed: 1 to 3660"),
        ("GET", "/v1/reports/routing?days=96000000", "", "", 400, "allowed: 1 to 3660"),
        ("GET", "/v1/reports/routing?days=-1", "", "", 400, "the query is not understood"),
        ("GET", "/v1/reports/routing?day=3", "", "", 400, "expected one of `days`, `format`, `from`"),
        ("GET", "/v1/reports/routing?from=yesterday", "", "", 400, "allowed: 2026-11-01, or 2026-11-01T08:00:00Z"),
        ("GET", "/v1/reports/routing?from=2020-02-01&to=2020-01-01", "", "", 400, "one that begins before it ends"),
        ("GET", "/v1/reports/routing?by=weather", "", "", 400, "choose route, territory, tier"),
        ("GET", "/v1/reports/routing?release=live", "", "", 400, "8 digits of it or more"),
        ("GET", "/v1/reports/routing?against=before", "", "", 400, "or two times: 2026-10-01..2026-11-01"),
        ("GET", "/v1/reports/routing?format=pdf", "", "", 400, "text, json, csv, md or html"),
        ("GET", "/v1/attention?all=1", "", "", 400, "none is allowed here"),
        ("POST", "/v1/attention/a%20b/replay?force=1", "", "", 400, "none is allowed here"),
        ("POST", "/v1/leads/lead_x/reassign?to=ana", json_type, "{}", 400, "none is allowed here"),
        ("GET", "/v1/rules?x", "", "", 400, "none is allowed here"),
        ("GET", "/v1/leads/lead_x?full=1", "", "", 400, "none is allowed here"),
        ("GET", "/v1/leads?status=lost", "", "", 400, "needs_attention"),
        ("GET", "/v1/leads/%FF", "", "", 400, ""),
    ];
    for (method, path, headers, body, status, detail) in asked {
        let answer = served.ask(&request(method, path, Some(TOKEN), headers, body));
        is_problem(&answer, status, &format!("{method} {path}"));
        assert!(answer.body.contains(detail), "{method} {path}: {answer:?}");
        assert!(status != 405 || answer.head.contains("allow: "), "{method} {path}: {answer:?}");
    }
    is_problem(&served.ask(&get("/v1/rules", None)), 401, "no token");
    // The worker has survived all of it.
    assert_eq!(served.ask(&get("/v1/reports/routing?days=3660", Some(TOKEN))).status, 200);
}

fn is_problem(answer: &Answered, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert!(answer.head.contains("content-type: application/problem+json"), "{what}: {answer:?}");
    assert!(answer.head.contains("cache-control: no-store"), "{what}: {answer:?}");
    let body = answer.json();
    assert_eq!(body["status"], json!(status), "{what}: {answer:?}");
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{what}: {answer:?}");
}

/// Ids of the leads on a page, and what asks for the next one.
fn page(answer: &Answered) -> (Vec<String>, Option<String>) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let leads = body["leads"].as_array().expect("a list").iter();
    let ids = leads.map(|lead| lead["lead"].as_str().expect("an id").to_owned()).collect();
    (ids, body["next"].as_str().map(str::to_owned))
}

#[test]
fn leads_are_found_by_call_contact_and_state_and_page_by_page() {
    let served = served(VOICE);
    let mut leads = Vec::new();
    for number in 0..5 {
        let mut event = Caller::gone(number).event;
        event["data"]["contact"]["phone"] = json!(format!("+1415555014{number}"));
        let sent = || served.ask(&post("/v1/events?wait=1500ms", Some(TOKEN), &event.to_string()));
        let answered = std::iter::repeat_with(sent).find(|answer| answer.status == 200).expect("it is decided");
        leads.push(answered.json()["lead"].as_str().expect("an id").to_owned());
    }
    let asks = |query: &str| page(&served.ask(&get(&format!("/v1/leads{query}"), Some(TOKEN))));
    let owner = served.ask(&get(&format!("/v1/leads/{}", leads[1]), Some(TOKEN))).json()["owner"].clone();
    let owner = owner.as_str().expect("an owner");
    for (query, found) in [
        ("call=call-2".to_owned(), vec![2]),
        ("call=call-2&platform=sandbox".to_owned(), vec![2]),
        ("call=call-2&platform=vapi".to_owned(), vec![]),
        ("phone=%2B14155550143".to_owned(), vec![3]),
        ("phone=+1 415 555-0143".replace(' ', "%20"), vec![3]),
        ("phone=%2B14155550149".to_owned(), vec![]),
        ("email=caller-4@company-4.example".to_owned(), vec![4]),
        ("email=Caller-4@COMPANY-4.example".to_owned(), vec![4]),
        ("event=evt-0&source=town".to_owned(), vec![0]),
        ("source=crm".to_owned(), vec![]),
        ("next_step=callback".to_owned(), vec![4, 3, 2, 1, 0]),
        ("status=connected".to_owned(), vec![]),
        (format!("owner={owner}&call=call-1"), vec![1]),
        ("phone=%2B14155550143&email=caller-4@company-4.example".to_owned(), vec![]),
    ] {
        let expected: Vec<&String> = found.into_iter().map(|number: usize| &leads[number]).collect();
        assert_eq!(asks(&format!("?{query}")).0.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    for size in 1..=6 {
        let (mut all, mut next) = asks(&format!("?limit={size}"));
        while let Some(cursor) = next {
            let (more, then) = asks(&format!("?limit={size}&cursor={cursor}"));
            assert!(!more.is_empty() && more.len() <= size);
            all.extend(more);
            next = then;
        }
        let newest_first: Vec<String> = leads.iter().rev().cloned().collect();
        assert_eq!(all, newest_first, "by {size}");
    }
    let whole: Value = served.ask(&get("/v1/leads", Some(TOKEN))).json();
    assert_eq!(whole["next"], Value::Null);
}
