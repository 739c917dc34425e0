//! Sessions with an org: a token is asked for once, with an assertion that is ours and short-lived.

use super::{bench, bench_of, bench_with, calls};
use crate::vendors::crm::{by_email, lead};
use baton::connectors::crm::salesforce::SalesforceAuth;
use baton::connectors::http::Secret;
use baton::connectors::{Crm, VendorError};
use baton_core::domain::account::Records;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_session_that_ends_in_between_is_renewed_once() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    let written = bench.write(&lead(&priya)).await.unwrap();
    bench.state.revoke_tokens();
    assert_eq!(bench.crm.owner_of(&written.id).await.unwrap(), Some(priya.as_str().into()));
    assert_eq!(calls(&bench, "/token"), 2);

    bench.state.block_app();
    let error = bench.write(&lead(&priya)).await.unwrap_err();
    assert!(matches!(&error, VendorError::Reauthenticate { why, .. } if why.contains("approved")), "{error}");
    assert_eq!(calls(&bench, "/token"), 3, "no storm on the token endpoint");
}

#[tokio::test]
async fn many_calls_at_once_share_one_token() {
    let bench = bench_with(SalesforceAuth::ClientCredentials {
        client_id: "3MVG9test".to_owned(),
        client_secret: Secret::new("s3cret"),
    })
    .await;
    let id = bench.state.add_lead(json!({ "LastName": "W", "OwnerId": "005000000000009AAA" }));
    let all = futures_util::future::join_all((0..6).map(|_| bench.crm.owner_of(&id))).await;
    assert!(all.iter().all(|owner| owner.as_ref().unwrap() == &Some("005000000000009AAA".into())));
    assert_eq!(calls(&bench, "/token"), 1);
}

#[tokio::test]
async fn the_assertion_is_signed_and_short_lived() {
    let bench = bench().await;
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(bench.crm.find(&by_email("a@b.example")).await, Ok(Records::default()));
    let body = String::from_utf8(bench.world.exchanges()[0].request_body.to_vec()).unwrap();
    let assertion = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "assertion").unwrap().1;

    let key = jsonwebtoken::DecodingKey::from_rsa_pem(include_bytes!("../test-only.pub.pem")).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.set_audience(&["https://login.salesforce.com"]);
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(assertion.as_bytes(), &key, &rules).unwrap().claims;
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("3MVG9test"), &json!("baton@acme.example")));
    let now = "2026-11-23T10:00:00Z".parse::<DateTime<Utc>>().unwrap().timestamp();
    assert_eq!(claims["exp"].as_i64(), Some(now + 120));
}
