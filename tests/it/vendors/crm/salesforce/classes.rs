//! Each error that the vendor's description names, and what may be done about it: the code decides, and the status alone never does.

use crate::vendors::contract::at_hand;
use crate::vendors::crm::{NOW, lead};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use baton::connectors::crm::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::connectors::http::Secret;
use baton::connectors::{Crm, VendorError};
use baton_clock::FakeClock;
use baton_sandbox::serve;
use serde_json::{Value, json};

const CLASSES: [(&str, &str); 24] = [
    ("API_CURRENTLY_DISABLED", "needs_person"),
    ("API_DISABLED_FOR_ORG", "needs_person"),
    ("DUPLICATES_DETECTED", "needs_person"),
    ("DUPLICATE_VALUE", "retry"),
    ("ENTITY_IS_DELETED", "gone"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "needs_person"),
    ("INSUFFICIENT_ACCESS_OR_READONLY", "needs_person"),
    ("INVALID_AUTH_HEADER", "reauthenticate"),
    ("INVALID_CROSS_REFERENCE_KEY", "needs_person"),
    ("INVALID_EMAIL_ADDRESS", "needs_person"),
    ("INVALID_FIELD", "needs_person"),
    ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "needs_person"),
    ("INVALID_QUERY_LOCATOR", "retry"),
    ("INVALID_SESSION_ID", "reauthenticate"),
    ("MALFORMED_ID", "needs_person"),
    ("MALFORMED_QUERY", "needs_person"),
    ("NOT_FOUND", "gone"),
    ("REQUEST_LIMIT_EXCEEDED", "rate_limited"),
    ("REQUIRED_FIELD_MISSING", "needs_person"),
    ("SERVER_UNAVAILABLE", "retry"),
    ("STRING_TOO_LONG", "needs_person"),
    ("UNABLE_TO_LOCK_ROW", "retry"),
    ("UNKNOWN_EXCEPTION", "retry"),
    ("several", "needs_person"),
];

/// An org that gives tokens, and to everything else one answer; to queries and composites those of their own.
async fn org(status: u16, answer: Value, query: Value, composite: Value) -> Salesforce {
    let token = json!({
        "access_token": "00D!TEST", "instance_url": "https://acme.my.salesforce.com", "token_type": "Bearer",
        "id": "https://login.salesforce.com/id/00D000000000001AAA/005000000000000AAA",
    });
    let status = StatusCode::from_u16(status).expect("a status");
    let routes = Router::new()
        .route("/services/oauth2/token", post(move || async move { Json(token) }))
        .route("/services/data/{version}/query", get(move || async move { Json(query) }))
        .route("/services/data/{version}/composite", post(move || async move { Json(composite) }))
        .fallback(move || async move { (status, Json(answer)) });
    let address = serve(routes).await.expect("a port");
    let auth = SalesforceAuth::ClientCredentials { client_id: "id".into(), client_secret: Secret::new("secret") };
    let (base_url, api_version) = (format!("http://{address}"), "v66.0".to_owned());
    let config = SalesforceConfig { base_url, api_version, auth, notification_type: None };
    Salesforce::new(config, FakeClock::new(NOW.parse().expect("an instant"))).expect("a client")
}

fn class_of(name: &str) -> &'static str {
    let known = CLASSES.iter().find(|(known, _)| *known == name);
    known.unwrap_or_else(|| panic!("the contract names {name}: say what may be done about it")).1
}

#[tokio::test]
async fn each_error_that_the_contract_names_has_its_class() {
    let Some(text) = at_hand("salesforce/openapi.strict.json") else { return };
    let document: Value = serde_json::from_str(&text).expect("a description is JSON");
    let mut looked_at = 0;
    for status in [400, 401, 403, 404, 500, 503] {
        let response = &document["components"]["responses"][format!("E{status}")];
        let examples = response["content"]["application/json"]["examples"].as_object().expect("they are named");
        for (name, example) in examples {
            let crm = org(status, example["value"].clone(), Value::Null, Value::Null).await;
            let error = crm.owner_of("00Q000000000001AAA").await.expect_err(name);
            assert_eq!(error.class(), class_of(name), "{status} {name}: {error}");
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, CLASSES.len() - 1, "each once; several records are no error of a body");
    let several = json!(["/services/data/v66.0/sobjects/Lead/00Q000000000001AAA"]);
    let error = org(300, several, Value::Null, Value::Null).await.owner_of("00Q000000000001AAA").await;
    assert_eq!(error.expect_err("it is one of several").class(), class_of("several"));
}

#[tokio::test]
async fn the_named_answers_to_a_composite_are_read() {
    let Some(text) = at_hand("salesforce/openapi.strict.json") else { return };
    let document: Value = serde_json::from_str(&text).expect("a description is JSON");
    let named = |path: &str, method: &str, name: &str| {
        let answer = &document["paths"][format!("/services/data/{{version}}/{path}")][method]["responses"]["200"];
        let value = &answer["content"]["application/json"]["examples"][name]["value"];
        assert!(!value.is_null(), "{path} {name}");
        value.clone()
    };
    let write = async |query: &str, composite: &str| {
        let (query, composite) = (named("query", "get", query), named("composite", "post", composite));
        org(404, Value::Null, query, composite).await.write_lead(&lead("005000000000001AAA")).await
    };
    assert_eq!(write("none", "one_ok").await.expect("it is written").id, "00Q000000000001AAA");
    let error = write("none", "rolled_back").await.expect_err("it was rolled back");
    assert!(matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains("[Status]")), "{error}");
    let converted = write("converted", "one_ok").await.expect("the task is written");
    assert_eq!((converted.id.as_str(), converted.by_hand), ("003000000000001AAA", true));
}
