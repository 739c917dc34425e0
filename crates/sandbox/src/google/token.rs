//! Google's token service: tokens for a user and some scopes, in exchange for an assertion that is of this hour.

use super::App;
use crate::{decoded, no_token};
use axum::Json;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

/// Seconds that a token is good for, and the longest life of an assertion.
const TOKEN_TTL_S: i64 = 3_599;
const ASSERTION_TTL_S: i64 = 3_600;

#[derive(Deserialize)]
pub(super) struct TokenForm {
    grant_type: String,
    assertion: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    /// Absent: the account acts for itself.
    sub: Option<String>,
    scope: String,
    iat: i64,
    exp: i64,
}

pub(super) async fn token(State(app): State<App>, Form(form): Form<TokenForm>) -> Response {
    let claims = match checked(&form, app.now()) {
        Ok(claims) => claims,
        Err((error, description)) => return no_token(400, error, description),
    };
    let user = claims.sub.unwrap_or(claims.iss);
    if !app.state.has_user(&user) {
        return no_token(400, "invalid_grant", "Invalid email or User ID");
    }
    if !app.state.is_delegated() {
        return no_token(401, "unauthorized_client", "Client is unauthorized for any of the scopes requested.");
    }
    let access_token = app.state.issue(claims.scope, app.now() + chrono::TimeDelta::seconds(TOKEN_TTL_S));
    Json(json!({ "access_token": access_token, "expires_in": TOKEN_TTL_S, "token_type": "Bearer" })).into_response()
}

/// The assertion's form and times; the signature is taken on trust.
fn checked(form: &TokenForm, now: DateTime<Utc>) -> Result<Claims, (&'static str, &'static str)> {
    if form.grant_type != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
        return Err(("unsupported_grant_type", "Invalid grant_type"));
    }
    let parts: Vec<&str> = form.assertion.split('.').collect();
    let [header, claims, signature] = parts[..] else { return Err(("invalid_grant", "Bad Request")) };
    let header: Value = decoded(header).unwrap_or_default();
    if header["alg"] != "RS256" || signature.is_empty() {
        return Err(("invalid_grant", "Invalid JWT Signature."));
    }
    let claims: Claims = decoded(claims).ok_or(("invalid_grant", "Bad Request"))?;
    let now = now.timestamp();
    if claims.iat > now || claims.exp <= now || claims.exp - claims.iat > ASSERTION_TTL_S {
        let why = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.";
        return Err(("invalid_grant", why));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn an_assertion_must_be_signed_and_of_this_hour() {
        let now: DateTime<Utc> = "2026-11-23T09:00:00Z".parse().unwrap();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let form = |alg: &str, iat: i64, exp: i64| TokenForm {
            grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer".into(),
            assertion: format!(
                "{}.{}.sig",
                part(json!({ "alg": alg })),
                part(
                    json!({ "iss": "bot@x.example", "scope": "s", "iat": now.timestamp() + iat, "exp": now.timestamp() + exp })
                )
            ),
        };
        assert!(checked(&form("RS256", -30, 600), now).is_ok());
        assert!(checked(&form("none", -30, 600), now).is_err());
        assert!(checked(&form("RS256", 30, 600), now).is_err(), "from the future");
        assert!(checked(&form("RS256", -900, -300), now).is_err(), "expired");
        assert!(checked(&form("RS256", -30, 7200), now).is_err(), "good for too long");
    }
}
