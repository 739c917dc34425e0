//! Microsoft's token service: the app's own token, for its secret or an assertion that its certificate's key has signed.

use super::App;
use crate::{decoded, no_token};
use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

/// Seconds that a token is good for.
const TOKEN_TTL_S: i64 = 3_599;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TokenForm {
    grant_type: String,
    client_id: String,
    scope: String,
    client_secret: Option<String>,
    client_assertion_type: String,
    client_assertion: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    nbf: i64,
    exp: i64,
}

pub(super) async fn token(State(app): State<App>, Path(tenant): Path<String>, Form(form): Form<TokenForm>) -> Response {
    if form.grant_type != "client_credentials" {
        return no_token(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
    }
    if !form.scope.ends_with("/.default") {
        return no_token(400, "invalid_scope", "AADSTS1002012: The provided value for scope is not valid.");
    }
    if app.state.refuses_login() {
        return no_token(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.");
    }
    if form.client_secret.is_none() && !is_proven(&form, &tenant, app.now()) {
        return no_token(
            401,
            "invalid_client",
            "AADSTS700027: The certificate used to sign the assertion is not known.",
        );
    }
    let access_token = app.state.issue(app.now() + TimeDelta::seconds(TOKEN_TTL_S));
    Json(json!({
        "token_type": "Bearer", "expires_in": TOKEN_TTL_S, "ext_expires_in": TOKEN_TTL_S, "access_token": access_token,
    }))
    .into_response()
}

/// The assertion names the app, this service and a certificate, and is of these minutes.
fn is_proven(form: &TokenForm, tenant: &str, now: DateTime<Utc>) -> bool {
    let Some(assertion) = &form.client_assertion else { return false };
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, signature] = parts[..] else { return false };
    let header: Value = decoded(header).unwrap_or_default();
    let Some(claims) = decoded::<Claims>(claims) else { return false };
    form.client_assertion_type == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        && header["alg"] == "PS256"
        && header["x5t#S256"].as_str().is_some_and(|thumbprint| thumbprint.len() == 43)
        && !signature.is_empty()
        && claims.iss == form.client_id
        && claims.sub == form.client_id
        && claims.aud.ends_with(&format!("/{tenant}/oauth2/v2.0/token"))
        && (claims.nbf..claims.exp).contains(&now.timestamp())
}
