//! The token service of an org: the app's own token, for its secret or an assertion.

use super::App;
use super::org::INTEGRATION_USER;
use axum::Json;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longest life of an assertion that the vendor accepts.
const ASSERTION_LIMIT_S: i64 = 180;

pub(super) async fn token(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let refuse =
        |error: &str, why: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "error_description": why })));
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") if form.contains_key("client_secret") => {}
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => {
            let assertion = form.get("assertion").map(String::as_str).unwrap_or_default();
            let life = life_of(assertion, app.now().timestamp());
            if !life.is_some_and(|seconds| (1..=ASSERTION_LIMIT_S).contains(&seconds)) {
                return Err(refuse("invalid_grant", "invalid assertion"));
            }
        }
        _ => return Err(refuse("unsupported_grant_type", "grant type not supported")),
    }
    if app.state.is_app_blocked() {
        return Err(refuse("invalid_grant", "user hasn't approved this consumer"));
    }
    let host = headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    Ok(Json(json!({
        "access_token": app.state.new_token(),
        "scope": "api",
        "instance_url": format!("http://{host}"),
        "id": format!("http://{host}/id/00D000000000001AAA/{INTEGRATION_USER}"),
        "token_type": "Bearer",
    })))
}

/// Seconds until an assertion ends. Its signature is the vendor's business, and tested in the client.
fn life_of(assertion: &str, now: i64) -> Option<i64> {
    let mut parts = assertion.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let complete = ["iss", "sub", "aud"].iter().all(|name| claims[name].is_string());
    Some(claims["exp"].as_i64()? - now).filter(|_| complete)
}
