//! A session: the secret in a browser, and what is stored of it.

use super::token;
use crate::store::{ConsoleSession, with};
use crate::web::console::form::cookie;
use crate::web::{Door, Problem, Rights, token_hash};
use axum::http::{HeaderMap, HeaderValue};
use baton_clock::random_bytes;
use chrono::TimeDelta;

/// How exactly it is noted when somebody was seen.
const SEEN_NOTED_EVERY: TimeDelta = TimeDelta::minutes(5);

/// What the browser holds.
pub(super) struct Held(String);

impl Held {
    fn new() -> Self {
        Self(random_bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn of(door: &Door, headers: &HeaderMap) -> Option<Self> {
        let is_ours = |held: &&str| held.len() == 64 && held.bytes().all(|byte| byte.is_ascii_hexdigit());
        cookie(headers, name(door)).filter(is_ours).map(|held| Self(held.to_owned()))
    }

    fn id(&self) -> String {
        token_hash(&self.0)
    }

    /// What makes a form one of this session: from it nobody learns the secret.
    pub(super) fn csrf(&self) -> String {
        token_hash(&format!("csrf {}", self.0))
    }

    pub(super) fn cookie(&self, door: &Door) -> HeaderValue {
        set(door, &self.0, "")
    }
}

/// Takes it out of the browser.
pub(super) fn no_cookie(door: &Door) -> HeaderValue {
    set(door, "", "; Max-Age=0")
}

/// Where people come by HTTPS their browsers send it by nothing else. (A worker on this machine alone is come to without.)
fn is_https(door: &Door) -> bool {
    door.public_url.starts_with("https://")
}

/// `__Host-`: no other host, and nothing that came without TLS, can have set it.
fn name(door: &Door) -> &'static str {
    if is_https(door) { "__Host-baton" } else { "baton" }
}

fn set(door: &Door, value: &str, more: &str) -> HeaderValue {
    let secure = if is_https(door) { "; Secure" } else { "" };
    let told = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", name(door));
    HeaderValue::try_from(told).expect("a cookie of ours is ASCII")
}

pub(super) async fn begin(door: &Door, way: &str, credential: Option<String>) -> Result<Held, Problem> {
    let (held, now) = (Held::new(), door.clock.now());
    let session = ConsoleSession { id: held.id(), way: way.to_owned(), credential, began_at: now, seen_at: now };
    let insert = with(session, |tx, session| Box::pin(tx.session_insert(session)));
    door.store.write("session.insert", insert).await.map_err(|error| Problem::ours(&error))?;
    Ok(held)
}

/// What whoever holds this may do now; `None`: the session has ended.
pub(super) async fn known(door: &Door, held: &Held) -> Result<Option<Rights>, Problem> {
    let (id, now) = (held.id(), door.clock.now());
    let found = door.store.console_session(&id).await.map_err(|error| Problem::ours(&error))?;
    let Some(session) = found.filter(|session| session.is_good(now)) else { return Ok(None) };
    match rights(door, &session).await {
        Ok(rights) => {
            if now - session.seen_at >= SEEN_NOTED_EVERY {
                let seen = with(id, move |tx, id| Box::pin(tx.session_seen(id, now)));
                door.store.write("session.seen", seen).await.map_err(|error| Problem::ours(&error))?;
            }
            Ok(Some(rights))
        }
        Err(problem) if problem.is_unauthorized() => {
            end(door, held).await?;
            Ok(None)
        }
        Err(problem) => Err(problem),
    }
}

async fn rights(door: &Door, session: &ConsoleSession) -> Result<Rights, Problem> {
    match session.way.as_str() {
        token::WAY => token::rights(door, session.credential.as_deref()).await,
        // Of a newer version.
        _ => Err(Problem::unauthorized("this worker does not know how they signed in", true)),
    }
}

pub(super) async fn end(door: &Door, held: &Held) -> Result<(), Problem> {
    let ended = with(held.id(), |tx, id| Box::pin(tx.session_end(id)));
    door.store.write("session.end", ended).await.map_err(|error| Problem::ours(&error))
}
