//! The checker catches mistakes, and lets what is right pass.

use super::Contract;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue};
use baton_sandbox::{Exchange, Fault};
use serde_json::{Value, json};

fn exchange(
    vendor: &'static str,
    method: &str,
    target: &str,
    request: &Value,
    status: u16,
    answer: &Value,
) -> Exchange {
    let mut request_headers = HeaderMap::new();
    request_headers.insert("authorization", HeaderValue::from_static("Bearer test"));
    let mut response_headers = HeaderMap::new();
    response_headers.insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
    let request_body = if request.is_null() { Bytes::new() } else { Bytes::from(request.to_string()) };
    if !request.is_null() {
        request_headers.insert("content-type", HeaderValue::from_static("application/json"));
    }
    Exchange {
        vendor,
        method: method.to_owned(),
        target: target.to_owned(),
        request_headers,
        request_body,
        status,
        response_headers,
        response_body: Bytes::from(answer.to_string()),
        fault: None,
    }
}

fn lead_created(body: &Value) -> Exchange {
    let answer = json!({ "id": "00Q000000000001AAA", "success": true, "errors": [] });
    exchange("salesforce", "POST", "/services/data/v66.0/sobjects/Lead", body, 201, &answer)
}

fn said(exchange: &mut Exchange, header: &'static str, value: &'static str) {
    exchange.request_headers.insert(header, HeaderValue::from_static(value));
}

#[track_caller]
fn expect_one(contract: &Contract, exchange: &Exchange, part_of_message: &str) {
    let found = contract.check(exchange);
    assert!(found.iter().any(|v| v.contains(part_of_message)), "expected {part_of_message:?} among {found:#?}");
}

#[test]
fn a_good_exchange_passes_and_mistakes_are_named() {
    let Some(contract) = Contract::load("salesforce") else { return };
    let good = json!({ "LastName": "Whitfield", "Company": "Northwind", "Baton_Score__c": 81 });
    assert_eq!(contract.check(&lead_created(&good)), Vec::<String>::new());

    for (body, told) in [
        (json!({ "LastName": "Whitfield" }), "\"Company\" is a required property"),
        (json!({ "LastName": 1, "Company": "x" }), "request body application/json/LastName"),
        (json!({ "LastName": "W", "Company": "x", "OwnerId": "bob" }), "/OwnerId"),
        (json!({ "LastName": "W", "Company": "x", "Email": "no address" }), "is not a \"email\""),
        (json!({ "LastName": "W".repeat(81), "Company": "x" }), "is longer than 80"),
    ] {
        expect_one(&contract, &lead_created(&body), told);
    }
    type Slip = fn(&mut Exchange);
    let slips: [(Slip, &str); 6] = [
        (|it| it.target = "/services/data/v66.0/sobject/Lead".to_owned(), "no such path or method"),
        (|it| it.target = "/services/data/66/sobjects/Lead".to_owned(), "path parameter version"),
        (|it| _ = it.request_headers.remove("authorization"), "no bearer token"),
        (|it| said(it, "sforce-auto-assign", "perhaps"), "header Sforce-Auto-Assign"),
        (|it| said(it, "content-type", "text/plain"), "request content type \"text/plain\""),
        (|it| it.status = 202, "status 202 is not declared"),
    ];
    for (slip, told) in slips {
        let mut exchange = lead_created(&good);
        slip(&mut exchange);
        expect_one(&contract, &exchange, told);
    }

    let mut odd_answer = lead_created(&good);
    odd_answer.response_body = Bytes::from_static(b"{\"id\": 7}");
    expect_one(&contract, &odd_answer, "response body 201");
    odd_answer.fault = Some(Fault::DropAnswer);
    assert_eq!(contract.check(&odd_answer), Vec::<String>::new(), "a lost answer is not judged");
}

#[test]
fn queries_are_checked_by_name_presence_and_schema() {
    let Some(contract) = Contract::load("salesforce") else { return };
    let answer = json!({ "totalSize": 0, "done": true, "records": [] });
    let query = |target: &str| exchange("salesforce", "GET", target, &Value::Null, 200, &answer);
    let good = query("/services/data/v66.0/query?q=SELECT+Id+FROM+Lead");
    assert_eq!(contract.check(&good), Vec::<String>::new());
    expect_one(&contract, &query("/services/data/v66.0/query"), "query parameter q is missing");
    expect_one(&contract, &query("/services/data/v66.0/query?q=DELETE+Lead"), "query parameter q");
    let extra = query("/services/data/v66.0/query?q=SELECT+Id+FROM+Lead&limit=3");
    expect_one(&contract, &extra, "query parameter limit is not known");
}

#[test]
fn the_parts_of_a_composite_are_requests_too() {
    let Some(contract) = Contract::load("salesforce") else { return };
    let part = |url: &str, body: Value| {
        let body = json!({ "allOrNone": true, "compositeRequest": [
            { "method": "PATCH", "url": url, "referenceId": "part", "body": body }
        ] });
        let answer = json!({ "compositeResponse": [] });
        exchange("salesforce", "POST", "/services/data/v66.0/composite", &body, 200, &answer)
    };
    let task = "/services/data/v66.0/sobjects/Task/Baton_Key__c/ab";
    assert_eq!(contract.check(&part(task, json!({ "WhoId": "@{lead.id}" }))), Vec::<String>::new());
    expect_one(&contract, &part(task, json!({ "Whom": "@{lead.id}" })), "part part");
    expect_one(&contract, &part(task, json!({ "WhoId": "x", "Baton_Key__c": "ab" })), "is repeated in the body");
    expect_one(&contract, &part("/services/data/v66.0/nowhere", json!({})), "no such path or method");
}

#[test]
fn forms_and_comma_lists_are_read_as_their_schemas_mean() {
    let Some(contract) = Contract::load("salesforce") else { return };
    let token = json!({ "access_token": "t", "instance_url": "https://a.example", "id": "https://a.example/id",
        "token_type": "Bearer" });
    let form = |body: &'static str| {
        let mut form = exchange("salesforce", "POST", "/services/oauth2/token", &json!({}), 200, &token);
        said(&mut form, "content-type", "application/x-www-form-urlencoded");
        form.request_body = Bytes::from_static(body.as_bytes());
        form
    };
    let good = form("grant_type=client_credentials&client_id=a&client_secret=b");
    assert_eq!(contract.check(&good), Vec::<String>::new());
    expect_one(&contract, &form("grant_type=password&client_id=a"), "request body");

    let Some(contract) = Contract::load("hubspot") else { return };
    let answer = json!({ "id": "1", "properties": {}, "createdAt": "2026-11-20T09:00:00Z",
        "updatedAt": "2026-11-20T09:00:00Z", "archived": false });
    let path = "/crm/objects/2026-09/contacts/ada%40example.org?idProperty=email&properties=email,phone";
    let read = exchange("hubspot", "GET", path, &Value::Null, 200, &answer);
    assert_eq!(contract.check(&read), Vec::<String>::new());
    let mut flag = read;
    flag.target.push_str("&archived=perhaps");
    expect_one(&contract, &flag, "query parameter archived");
}

/// Its version is older, its bodies are forms, and whoever asks logs in.
#[test]
fn a_form_with_a_field_that_comes_twice_passes_and_its_mistakes_are_named() {
    let Some(contract) = Contract::load("twilio") else { return };
    let account = "AC00000000000000000000000000000001";
    let target = format!("/2010-04-01/Accounts/{account}/Calls.json");
    let answer = json!({ "sid": format!("CA{}", "0".repeat(32)), "status": "queued", "end_time": null });
    let sent = |form: &str| {
        let mut exchange = exchange("twilio", "POST", &target, &Value::Null, 201, &answer);
        said(&mut exchange, "authorization", "Basic test");
        said(&mut exchange, "content-type", "application/x-www-form-urlencoded");
        exchange.request_body = Bytes::from(form.to_owned());
        exchange
    };
    let good = "To=%2B1&From=%2B1&Timeout=20&StatusCallbackEvent=ringing&StatusCallbackEvent=completed";
    assert_eq!(contract.check(&sent(good)), Vec::<String>::new());
    expect_one(&contract, &sent("From=%2B1"), "\"To\" is a required property");
    expect_one(&contract, &sent("To=%2B1&From=%2B1&Timeout=soon"), "/Timeout");
    let mut other = sent(good);
    said(&mut other, "authorization", "Bearer test");
    expect_one(&contract, &other, "no login");
    let mut other = sent(good);
    other.target = target.replace(account, "AC1");
    expect_one(&contract, &other, "path parameter AccountSid");
    let mut other = sent(good);
    other.response_body = Bytes::from(json!({ "sid": "CA1" }).to_string());
    expect_one(&contract, &other, "response body 201/sid");
}
