//! By one of the tokens of the API.

use crate::web::{Door, Problem, Rights, token_hash};
use axum::http::HeaderValue;
use baton_core::domain::scope::Scope;

/// As sessions call it.
pub(super) const WAY: &str = "token";

/// What a good token is good for here.
pub(super) enum Proven {
    /// `credential`: by what it is known again; `None`: no token was ever given.
    MayLook { credential: Option<String> },
    /// It does not have the scope `read`.
    MayNot,
}

/// # Errors
/// The token is not known, or no longer good.
pub(super) async fn proven(door: &Door, token: &str) -> Result<Proven, Problem> {
    let token = token.trim();
    let header = HeaderValue::from_str(&format!("Bearer {token}")).ok();
    let rights = door.keyring.rights(header.as_ref()).await?;
    if !rights.may(Scope::Read) {
        return Ok(Proven::MayNot);
    }
    let credential = (rights.name != Rights::NOBODY).then(|| token_hash(token));
    Ok(Proven::MayLook { credential })
}

/// What it allows now.
///
/// # Errors
/// It is no longer good.
pub(super) async fn rights(door: &Door, credential: Option<&str>) -> Result<Rights, Problem> {
    door.keyring.rights_again(credential).await
}
