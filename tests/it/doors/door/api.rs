//! The door as programs find it described: the document, answers that are as it says, kinds of problem, ids of requests, and
//! requests that name themselves.

use super::{TOKEN, VOICE, served};
use crate::program::served::{Answered, Served, get, request};
use crate::program::{baton, have_not_drifted, stdout};
use crate::town::Caller;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const JSON: &str = "Content-Type: application/json\r\n";

fn send(served: &Served, path: &str, headers: &str, body: &Value) -> Answered {
    served.ask(&request("POST", path, Some(TOKEN), headers, &body.to_string()))
}

/// What an event is answered once it is decided: on a busy machine not at the first try.
fn waited_for(served: &Served, path: &str, event: &Value) -> Answered {
    let sent = || send(served, &format!("{path}?wait=1500ms"), JSON, event);
    std::iter::repeat_with(sent).take(20).find(|answer| answer.status == 200).expect("it is decided")
}

fn decided(served: &Served, number: usize) -> Value {
    waited_for(served, "/v1/leads", &Caller::gone(number).event).json()
}

#[test]
fn the_documents_are_served_printed_and_committed_alike() {
    let openapi: Value = serde_json::from_str(&stdout(&baton(&["schema", "openapi"]))).expect("JSON");
    let asyncapi: Value = serde_json::from_str(&stdout(&baton(&["schema", "asyncapi"]))).expect("JSON");
    let served = served(VOICE);
    let answer = served.ask(&get("/v1/openapi.json", None));
    assert_eq!((answer.status, answer.json()), (200, openapi.clone()), "open to everybody");
    let documents = [("openapi.json".to_owned(), openapi), ("asyncapi.json".to_owned(), asyncapi)];
    have_not_drifted("fixtures/schemas", "`baton schema openapi` and `baton schema asyncapi`", documents);
}

/// What the document says of an answer, with nothing allowed beside it: neither here nor there is a member too many.
fn shape(document: &Value, operation: &str, answer: &Answered, kind: &str) -> Value {
    let (method, path) = operation.split_once(' ').expect("a method and a path");
    let at = &document["paths"][path][method]["responses"][answer.status.to_string()]["content"][kind]["schema"];
    assert!(at.is_object(), "{operation} {}: no such answer is described", answer.status);
    let mut components = document["components"].clone();
    for (name, schema) in components["schemas"].as_object_mut().expect("schemas") {
        let is_closed = schema["additionalProperties"].is_null() && name != "Document";
        if is_closed && schema["properties"].is_object() {
            schema["additionalProperties"] = json!(false);
        }
    }
    json!({ "$ref": at["$ref"], "components": components })
}

#[test]
fn every_answer_is_as_the_document_says_member_by_member() {
    let served = served(VOICE);
    let document = served.ask(&get("/v1/openapi.json", None)).json();
    let lead = decided(&served, 1);
    let (id, owner) = (lead["lead"].as_str().expect("an id"), lead["owner"].as_str().expect("an owner"));
    let other = if owner == "west-01" { "west-02" } else { "west-01" };
    let ask = |path: &str| served.ask(&get(path, Some(TOKEN)));
    let (problem, json_kind) = ("application/problem+json", "application/json");
    let reassign = json!({ "to": other, "reason": "asked for", "by": "lena" });
    let feedback = json!({ "lead": id, "rep": owner, "quality": 4 });
    let left = json!({ "reason": "has left", "by": "lena" });
    let call = json!({ "by": "lena" });
    let mut refusing = Caller::gone(5).event;
    refusing["data"]["consent"] = json!({ "email": false, "callback": false });
    let refusing = waited_for(&served, "/v1/leads", &refusing).json()["lead"].as_str().expect("an id").to_owned();
    let close = |key: &str| send(&served, &format!("/v1/attention/{key}/close"), JSON, &json!({ "why": "looked at" }));
    let call_ended = json!({
        "specversion": "1.0", "id": "e-1", "source": "town", "type": "call.ended", "data": { "platform": "sandbox", "call": "call-1" },
    });
    let of_lead = |rest: &str| format!("/v1/leads/{id}{rest}");
    let answers = [
        ("post /v1/leads", 200, json_kind, waited_for(&served, "/v1/leads", &Caller::gone(1).event)),
        ("post /v1/events", 202, json_kind, send(&served, "/v1/events", JSON, &Caller::gone(2).event)),
        ("post /v1/events", 200, json_kind, waited_for(&served, "/v1/events", &call_ended)),
        ("post /v1/events", 422, problem, send(&served, "/v1/events", JSON, &json!({ "id": "1" }))),
        ("post /v1/ping/{source}", 404, problem, send(&served, "/v1/ping/town", JSON, &json!({ "id": "rgb-1" }))),
        ("get /v1/leads", 200, json_kind, ask("/v1/leads")),
        ("get /v1/leads", 400, problem, ask("/v1/leads?limit=0")),
        ("get /v1/leads/{id}", 200, json_kind, ask(&of_lead(""))),
        ("get /v1/leads/{id}", 404, problem, ask("/v1/leads/lead_x")),
        ("get /v1/attention", 200, json_kind, ask("/v1/attention")),
        ("get /v1/rules", 200, json_kind, ask("/v1/rules")),
        ("get /v1/rules", 401, problem, served.ask(&get("/v1/rules", None))),
        ("get /v1/workers", 200, json_kind, ask("/v1/workers")),
        ("get /v1/reports/routing", 200, json_kind, ask("/v1/reports/routing?days=3")),
        ("post /v1/leads/{id}/reassign", 200, json_kind, send(&served, &of_lead("/reassign"), JSON, &reassign)),
        ("post /v1/leads/{id}/reassign", 200, json_kind, send(&served, &of_lead("/reassign"), JSON, &reassign)),
        ("post /v1/leads/{id}/reassign", 415, problem, send(&served, &of_lead("/reassign"), "", &reassign)),
        ("get /v1/reps/{id}/leaver", 200, json_kind, ask(&format!("/v1/reps/{other}/leaver"))),
        ("get /v1/reps/{id}/leaver", 404, problem, ask("/v1/reps/nobody/leaver")),
        ("post /v1/reps/{id}/leaver", 409, problem, send(&served, &format!("/v1/reps/{other}/leaver"), JSON, &left)),
        ("post /v1/leads/{id}/call", 404, problem, send(&served, "/v1/leads/lead_x/call", JSON, &call)),
        ("post /v1/feedback", 201, json_kind, send(&served, "/v1/feedback", JSON, &feedback)),
        ("post /v1/feedback", 422, problem, send(&served, "/v1/feedback", JSON, &json!({}))),
        ("post /v1/attention/{key}/replay", 404, problem, send(&served, "/v1/attention/none/replay", "", &json!({}))),
        ("post /v1/attention/{key}/retry", 404, problem, send(&served, "/v1/attention/none/retry", "", &json!({}))),
        ("post /v1/attention/{key}/close", 200, json_kind, close(&refusing)),
        ("post /v1/attention/{key}/close", 409, problem, close(&refusing)),
        ("post /v1/attention/{key}/close", 404, problem, close("none")),
        ("get /v1/problems", 200, json_kind, served.ask(&get("/v1/problems", None))),
        ("get /v1/problems/{name}", 200, json_kind, served.ask(&get("/v1/problems/busy", None))),
        ("get /v1/problems/{name}", 404, problem, served.ask(&get("/v1/problems/none", None))),
    ];
    for (operation, status, kind, answer) in answers {
        assert_eq!(answer.status, status, "{operation}: {answer:?}");
        let schema = shape(&document, operation, &answer, kind);
        let validator = jsonschema::draft202012::new(&schema).expect("a valid schema");
        let faults: Vec<String> = validator.iter_errors(&answer.json()).map(|error| error.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{operation} {status}: {}", answer.body);
    }
}

#[test]
fn an_error_has_a_kind_that_is_listed_and_leads_to_what_it_means() {
    let served = served(VOICE);
    let listed = served.ask(&get("/v1/problems", None)).json();
    let types: BTreeSet<&str> =
        listed["problems"].as_array().expect("a list").iter().filter_map(|one| one["type"].as_str()).collect();
    let asked = [
        (get("/v1/rules", None), "unauthorized"),
        (get("/v1/nothing", Some(TOKEN)), "not-found"),
        (get("/v1/leads?limit=0", Some(TOKEN)), "invalid-request"),
        (request("DELETE", "/v1/leads", Some(TOKEN), "", ""), "method-not-allowed"),
        (request("POST", "/v1/leads", Some(TOKEN), JSON, "{}"), "invalid-content"),
        (request("POST", "/v1/feedback", Some(TOKEN), "", "{}"), "unsupported-media-type"),
        (request("POST", "/v1/feedback", Some(TOKEN), JSON, "[]"), "invalid-content"),
    ];
    for (text, name) in asked {
        let body = served.ask(&text).json();
        let kind = body["type"].as_str().expect("a type");
        assert_eq!(kind, format!("/v1/problems/{name}"));
        assert!(types.contains(kind), "{kind} is listed");
        let told = served.ask(&get(kind, None)).json();
        assert_eq!((&told["type"], &told["status"], &told["title"]), (&body["type"], &body["status"], &body["title"]));
    }
}

fn header<'a>(answer: &'a Answered, name: &str) -> Option<&'a str> {
    answer.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn every_answer_names_its_request_and_so_do_the_log_and_the_problem() {
    let served = served(VOICE);
    for path in ["/healthz", "/readyz", "/v1/rules", "/v1/nothing", "/feedback/x", "/mcp"] {
        let answer = served.ask(&get(path, Some(TOKEN)));
        let made = header(&answer, "x-request-id").unwrap_or_else(|| panic!("{path}: {answer:?}"));
        assert!(made.starts_with("req_") && made.len() == 28, "{path}: {made}");
    }
    let own = "8e03978e-40d5-43e8-bc93-6894a57f9324";
    let sent =
        |id: &str| served.ask(&request("GET", "/v1/leads/lead_x", Some(TOKEN), &format!("X-Request-Id: {id}\r\n"), ""));
    let answer = sent(own);
    assert_eq!((header(&answer, "x-request-id"), answer.json()["request_id"].as_str()), (Some(own), Some(own)));
    for other in ["+14155550142", "ana.silva@example.com", "short", "00000000000000000000"] {
        let answer = sent(other);
        assert!(header(&answer, "x-request-id").is_some_and(|id| id.starts_with("req_")), "{other}: {answer:?}");
    }
    // An agent that asks for another host is refused, and the log says why.
    let headers = format!("{JSON}X-Request-Id: {own}\r\n");
    assert_eq!(served.ask(&request("POST", "/mcp", Some(TOKEN), &headers, "{}")).status, 403);
    let log = served.log();
    assert!(log.lines().any(|line| line.contains("WARN") && line.contains(own)), "{log}");
}

#[test]
fn an_event_without_an_id_takes_the_key_of_its_request() {
    let served = served(VOICE);
    let mut event = Caller::gone(3).event;
    let with_id = event.clone();
    event.as_object_mut().expect("an event").remove("id");
    let key = format!("{JSON}Idempotency-Key: \"key-of-three\"\r\n");
    assert_eq!(send(&served, "/v1/events", JSON, &event).status, 422, "no id, and no key");
    let first = send(&served, "/v1/events", &key, &event);
    assert_eq!((first.status, first.json()["event"].as_str()), (202, Some("town key-of-three")), "{first:?}");
    let again = send(&served, "/v1/leads", &key, &event).json();
    assert_eq!((&again["event"], &again["note"]), (&first.json()["event"], &Value::Null), "the same event");
    let own = send(&served, "/v1/events", &key, &with_id).json();
    assert_eq!(own["event"], json!("town evt-3"), "its own id counts");
    for none in ["", "a b", "\"", "k\\k"] {
        let answer = send(&served, "/v1/events", &format!("{JSON}Idempotency-Key: {none}\r\n"), &with_id);
        assert_eq!((answer.status, answer.body.contains("idempotency-key")), (400, true), "{none:?}: {answer:?}");
    }
}

#[test]
fn an_event_in_binary_form_is_the_event_in_structured_form() {
    let served = served(VOICE);
    let event = Caller::gone(4).event;
    let headers =
        format!("{JSON}ce-specversion: 1.0\r\nce-id: evt-4\r\nce-source: town\r\nce-type: lead.qualified\r\n");
    let binary = send(&served, "/v1/events", &headers, &event["data"]);
    assert_eq!((binary.status, binary.json()["event"].as_str()), (202, Some("town evt-4")), "{binary:?}");
    let structured = send(&served, "/v1/events", "Content-Type: application/cloudevents+json\r\n", &event).json();
    assert_eq!(structured["event"], json!("town evt-4"));
}

/// Nobody can be rung here, since there is no telephony: what is said is about being called back.
#[test]
fn a_caller_with_no_number_and_no_address_is_asked_for_one_unless_they_refused_to_be_called() {
    let served = served(VOICE);
    let told = |number: usize, consent: Value| {
        let mut event = Caller::live(number).event;
        event["data"]["call"]["from"] = json!("anonymous");
        event["data"]["contact"] = json!({ "name": "Dana Whitfield" });
        event["data"]["consent"] = consent;
        waited_for(&served, "/v1/leads", &event).json()["instruction"].clone()
    };
    let words = |instruction: &Value| instruction["say"].as_str().expect("words").to_owned();
    let asked = told(1, json!({}));
    assert_eq!(asked["kind"], "how_to_reach", "{asked}");
    assert!(words(&asked).contains("which phone number or e-mail address"), "{asked}");
    let refused = told(2, json!({ "callback": false }));
    assert_eq!(refused["kind"], "no_call", "{refused}");
    assert!(words(&refused).starts_with("Nobody will call you"), "{refused}");
}

#[test]
fn an_act_of_the_same_key_is_carried_out_once() {
    let served = served(VOICE);
    let lead = decided(&served, 6);
    let path = format!("/v1/leads/{}/reassign", lead["lead"].as_str().expect("an id"));
    // By the rules: each time to somebody else.
    let body = json!({ "reason": "not theirs", "by": "lena" });
    let keyed = |key: &str, body: &Value| send(&served, &path, &format!("{JSON}Idempotency-Key: {key}\r\n"), body);
    let first = keyed("move-1", &body);
    assert_eq!((first.status, first.json()["status"].as_str()), (200, Some("reassigned")), "{first:?}");
    let owner = || served.ask(&get(path.trim_end_matches("/reassign"), Some(TOKEN))).json()["owner"].clone();
    let after = owner();
    assert_eq!(after, first.json()["owner"]);
    let again = keyed("move-1", &body);
    assert_eq!((again.status, again.json()), (first.status, first.json()), "the same answer");
    assert_eq!(owner(), after, "and nothing was done");
    let other = keyed("move-1", &json!({ "reason": "another", "by": "lena" }));
    assert_eq!((other.status, other.json()["type"].as_str()), (422, Some("/v1/problems/idempotency-key-reused")));
    assert_eq!(owner(), after);
    let next = keyed("move-2", &body);
    assert_eq!(next.json()["owner"], owner());
    assert!(owner() != after, "another key is another act: {next:?}");

    let feedback = |rep: &str| {
        let said = json!({ "lead": lead["lead"], "rep": rep, "quality": 4 });
        send(&served, "/v1/feedback", &format!("{JSON}Idempotency-Key: said-1\r\n"), &said)
    };
    assert_eq!(feedback("nobody.here").status, 400);
    assert_eq!(feedback("west-01").status, 201, "who was refused may ask again under the same key");
    assert_eq!(feedback("west-01").status, 201);
    assert_eq!(feedback("west-02").status, 422);
}
