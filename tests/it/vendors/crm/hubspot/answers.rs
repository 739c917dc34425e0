//! What each answer means: those that HubSpot's own description names, and those that only complaints tell of.

use super::{KEY, NOW, class, lead};
use crate::vendors::contract::at_hand;
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use baton::connectors::crm::hubspot::{HubSpot, HubSpotConfig};
use baton::connectors::http::Secret;
use baton::connectors::{AccountKeys, Crm, VendorError};
use baton_clock::FakeClock;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::phone::PhoneE164;
use baton_sandbox::serve;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;

/// Answers by method and path.
type Answers = fn(&Value, &Method, &str) -> (u16, Value);

/// A portal that keeps nothing and answers so. `document` is what the answers are taken from.
async fn portal(document: Value, answers: Answers) -> HubSpot {
    let routes = Router::new().fallback(move |method: Method, uri: Uri| {
        let (status, body) = answers(&document, &method, uri.path());
        async move { (StatusCode::from_u16(status).expect("a status"), axum::Json(body)) }
    });
    let address = serve(routes).await.unwrap();
    let config =
        HubSpotConfig { base_url: format!("http://{address}"), service_key: Secret::new(KEY), per_second: 1000 };
    HubSpot::new(config, FakeClock::new(NOW.parse().unwrap())).unwrap()
}

/// A portal that answers this to everything.
async fn always(status: u16, body: &Value) -> HubSpot {
    let whole = json!({ "status": status, "body": body });
    portal(whole, |whole, _, _| (whole["status"].as_u64().expect("a status") as u16, whole["body"].clone())).await
}

fn seconds(error: &VendorError) -> Option<u64> {
    match error {
        VendorError::Retry { after, .. } | VendorError::RateLimited { after, .. } => {
            after.as_ref().map(Duration::as_secs)
        }
        _ => None,
    }
}

#[tokio::test]
async fn what_complaints_tell_of_has_its_class_and_its_wait() {
    let scopes = json!({ "category": "MISSING_SCOPES", "message": "not granted",
        "errors": [{ "context": { "requiredGranularScopes": ["crm.objects.owners.read"] } }] });
    for (status, body, expected, wait) in [
        (429, json!({ "policyName": "SECONDLY" }), "rate_limited", Some(1)),
        (429, json!({ "message": "You have reached your secondly limit." }), "rate_limited", Some(1)),
        (429, json!({ "policyName": "TEN_SECONDLY_ROLLING" }), "rate_limited", Some(10)),
        (429, json!({ "message": "You have reached your ten_secondly_rolling limit." }), "rate_limited", Some(10)),
        (429, json!({ "policyName": "DAILY" }), "rate_limited", Some(3600)),
        (429, json!({ "message": "You have reached your daily limit." }), "rate_limited", Some(3600)),
        (429, json!({}), "rate_limited", Some(10)),
        (423, json!({ "message": "locked" }), "retry", Some(2)),
        (477, json!({}), "retry", Some(60)),
        (524, json!({}), "retry", None),
        (403, scopes, "needs_person", None),
        (409, json!({ "category": "CONFLICT", "message": "in the way" }), "needs_person", None),
    ] {
        let error = always(status, &body).await.owner_of("151").await.unwrap_err();
        assert_eq!((error.class(), seconds(&error)), (expected, wait), "{status} {body}");
        assert!(status != 403 || error.to_string().contains("crm.objects.owners.read"), "{error}");
    }
    let lost = always(524, &json!({})).await.write_lead(&lead("41629779")).await;
    assert_eq!(class(&lost), "retry", "whoever owns it is read before anything is written");
}

/// Every failure that the description gives an example of.
#[tokio::test]
async fn each_failure_of_the_description_has_its_class() {
    let Some(text) = at_hand("hubspot/openapi.strict.json") else { return };
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let mut seen = 0;
    for (name, response) in document["components"]["responses"].as_object().expect("responses") {
        let Some(status) = name.strip_prefix('E').and_then(|status| status.parse::<u16>().ok()) else { continue };
        let examples = response["content"]["application/json"]["examples"].as_object().expect("examples");
        for (example, shown) in examples {
            let error = always(status, &shown["value"]).await.owner_of("151").await.unwrap_err();
            let expected = match (status, example.as_str()) {
                (400, "VALIDATION_ERROR" | "INVALID_EMAIL" | "PAGING")
                | (403, "MISSING_SCOPES")
                | (409, "CONFLICT") => ("needs_person", None),
                (401, "EXPIRED_AUTHENTICATION" | "INVALID_AUTHENTICATION") => ("reauthenticate", None),
                (404, "OBJECT_NOT_FOUND") => ("gone", None),
                (429, "TEN_SECONDLY_ROLLING") => ("rate_limited", Some(10)),
                (429, "SECONDLY") => ("rate_limited", Some(1)),
                (429, "DAILY") => ("rate_limited", Some(3600)),
                (500 | 502 | 503 | 504, "INTERNAL") => ("retry", None),
                other => panic!("nobody says what {other:?} means"),
            };
            assert_eq!((error.class(), seconds(&error)), expected, "{status} {example}");
            seen += 1;
        }
    }
    assert!(seen >= 15, "{seen} examples");
}

fn example(document: &Value, method: &str, path: &str, status: &str, name: &str) -> Value {
    let answer = &document["paths"][path][method]["responses"][status]["content"]["application/json"];
    let value = &answer["examples"][name]["value"];
    assert!(value.is_object(), "no example {name} of {method} {path}");
    value.clone()
}

const OWNERS: &str = "/crm/owners/2026-09";
const USERS: &str = "/crm/objects/2026-09/users";
const CONTACTS: &str = "/crm/objects/2026-09/contacts";
const CONTACT: &str = "/crm/objects/2026-09/contacts/{contactId}";

fn shown(document: &Value, method: &Method, path: &str) -> (u16, Value) {
    let of = |method: &str, path: &str, status: u16, name: &str| {
        (status, example(document, method, path, &status.to_string(), name))
    };
    match (method.as_str(), path) {
        ("GET", OWNERS) => of("get", OWNERS, 200, "one"),
        ("GET", USERS) => of("get", USERS, 200, "one"),
        ("POST", CONTACTS) => of("post", CONTACTS, 201, "created"),
        ("POST", "/crm/objects/2026-09/notes") => of("post", path, 201, "created"),
        ("POST", "/crm/objects/2026-09/tasks") => of("post", path, 201, "created"),
        ("GET", _) => of("get", CONTACT, 200, "found"),
        _ => (404, json!({})),
    }
}

/// What the description shows of a success is read as what it is.
#[tokio::test]
async fn each_success_of_the_description_is_read() {
    let Some(text) = at_hand("hubspot/openapi.strict.json") else { return };
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let crm = portal(document, shown).await;
    let owner = CrmId::from("41629779");
    assert_eq!(crm.owner_of("151").await, Ok(Some(owner.clone())));
    // The owner id, and that of the user.
    for number in ["41629779", "9586504"] {
        let written = crm.write_lead(&lead(number)).await.unwrap();
        assert_eq!((written.id.as_str(), written.owner_crm_id.as_ref()), ("151", Some(&owner)), "{number}");
    }
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let away = crm.absences(std::slice::from_ref(&owner), at("2026-11-20T00:00:00Z"), at("2026-12-01T00:00:00Z")).await;
    let away = away.unwrap().remove(&owner).expect("the user");
    let hours = (at("2026-11-22T15:00:00Z"), at("2026-11-23T15:00:00Z"));
    assert!(away.iter().any(|busy| (busy.from, busy.until) == hours), "{away:?}");
    assert_eq!(away.len(), 2, "and the status, since now");
}

#[tokio::test]
async fn each_search_of_the_description_is_read() {
    let Some(text) = at_hand("hubspot/openapi.strict.json") else { return };
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    for (name, found) in [("found", 1), ("none", 0), ("paged", 1)] {
        document["name"] = name.into();
        let answers: Answers = |document, method, path| {
            let name = document["name"].as_str().expect("a name");
            match (method.as_str(), path.ends_with("/search")) {
                ("POST", true) => (200, example(document, "post", path, "200", name)),
                _ => (200, json!({ "status": "COMPLETE", "results": [] })),
            }
        };
        let crm = portal(document.clone(), answers).await;
        let phone = PhoneE164::new("+14155550142").ok();
        let keys = AccountKeys { phone, domain: Some("northwind.example".to_owned()), ..AccountKeys::default() };
        let records = crm.find(&keys).await.unwrap();
        assert_eq!((records.companies.len(), records.people.len()), (found, 0), "{name}: the contact has no number");
    }
}
