//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same act asked for again is carried out once, and answered
//! as it was.
//!
//! Events need none of this: they have ids, and without one of its own an event takes the key as its id. Acts have no names but
//! this one. It is taken before the act begins and given back where nothing was changed, so that whoever was refused may ask
//! again under it. A request that did not learn whether its own claim was stored asks until it does, and knows it again. If the
//! process dies between an act and the note of its answer, the key stays taken: what came of the act is not known, and it is not
//! blindly done twice; whoever asks again is told to wait while somebody may be at it, and then to look.

use crate::store::{ActClaim, KeyedAct, StoreError, with};
use crate::web::{Door, Problem, Rights};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use sha2::{Digest, Sha256};
use std::time::Duration;

pub(in crate::web) const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// It may become the id of an event, and those are not longer either.
pub(in crate::web) const LONGEST_KEY: usize = 255;
/// Of an answer that is kept: those of acts are a few lines.
const LONGEST_ANSWER: usize = 64 * 1024;
/// How often a commit of which it is not known whether it counts is made in all, and how soon again.
const TRIES: u32 = 3;
const AGAIN_AFTER: Duration = Duration::from_millis(200);

impl Door {
    /// A route of an act: under the same key it is carried out once. Asked for inside of [`Door::needs`], since whose key it is
    /// counts.
    pub(in crate::web) fn once(&self, route: MethodRouter<Self>) -> MethodRouter<Self> {
        route.route_layer(middleware::from_fn_with_state(self.clone(), once))
    }
}

/// The key of a request, as its sender wrote it: in quotes, as the draft has it, or bare, as most do.
///
/// # Errors
/// It is there, and is none.
pub(in crate::web) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let allowed = || {
        Problem::bad_request(format!(
            "the header {IDEMPOTENCY_KEY} is not understood; allowed: one key of 1 to {LONGEST_KEY} visible ASCII characters \
             without quotes, such as a UUID"
        ))
    };
    let text = value.to_str().map_err(|_| allowed())?.trim();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let is_key = (1..=LONGEST_KEY).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
    if is_key && headers.get_all(IDEMPOTENCY_KEY).iter().count() == 1 {
        Ok(Some(bare.to_owned()))
    } else {
        Err(allowed())
    }
}

async fn once(State(door): State<Door>, request: Request, next: Next) -> Response {
    let key = match key_of(request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let (parts, body) = request.into_parts();
    // It is whole already, and no longer than that.
    let body = match to_bytes(body, door.body_limit).await {
        Ok(body) => body,
        Err(error) => return Problem::bad_request(format!("the body broke off: {error}")).into_response(),
    };
    let act = act(key, &parts, &body);
    let request = Request::from_parts(parts, Body::from(body));
    // In a task of its own, from the claim on: whoever hangs up leaves no key behind that is taken and answered by nothing.
    let in_hand = door.in_hand.clone();
    let done = in_hand.spawn(async move { door.carry_out_once(act, request, next).await }).await;
    done.unwrap_or_else(|_| {
        Problem::busy("the request could not be finished; look before it is sent again").into_response()
    })
}

fn act(key: String, parts: &Parts, body: &Bytes) -> KeyedAct {
    let mut digest = Sha256::new();
    for part in [parts.method.as_str(), "\n", &parts.uri.to_string(), "\n"] {
        digest.update(part.as_bytes());
    }
    digest.update(body);
    let digest = hex(&digest.finalize());
    let claim = hex(&baton_clock::random_bytes::<16>());
    let holder = parts.extensions.get::<Rights>().map(|rights| rights.name.clone()).unwrap_or_default();
    KeyedAct { key, holder, digest, claim }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A claim knows itself again, and a note says the same twice: where it is not known whether a commit counts, it is made again.
async fn until_known<T, F: Future<Output = Result<T, StoreError>>>(commit: impl Fn() -> F) -> Result<T, StoreError> {
    for _ in 1..TRIES {
        match commit().await {
            Err(StoreError::CommitUnknown { .. }) => tokio::time::sleep(AGAIN_AFTER).await,
            known => return known,
        }
    }
    commit().await
}

/// As it was answered the first time.
fn again(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl Door {
    async fn claim(&self, act: &KeyedAct) -> Result<ActClaim, StoreError> {
        let now = self.clock.now();
        until_known(|| {
            let claim = with(act.clone(), move |tx, act| Box::pin(tx.act_claim(act, now)));
            self.store.write("act.claim", claim)
        })
        .await
    }

    async fn carry_out_once(&self, act: KeyedAct, request: Request, next: Next) -> Response {
        match self.claim(&act).await {
            Ok(ActClaim::Yours) => self.noted(&act, next.run(request).await).await,
            Ok(ActClaim::Done { status, body }) => again(status, body),
            Ok(ActClaim::Open) => Problem::key_in_use(
                "a request of this Idempotency-Key is being carried out, or broke off a moment ago: ask again in a moment",
            )
            .into_response(),
            Ok(ActClaim::BrokeOff) => Problem::key_in_use(
                "a request of this Idempotency-Key broke off before its end was noted, and nobody is at it any more: look at how \
                 things stand, and act under a new key where it is needed",
            )
            .into_response(),
            Ok(ActClaim::Differs) => Problem::key_reused(
                "this Idempotency-Key came before with another request, which counts; nothing was done now: send this one under \
                 a key of its own",
            )
            .into_response(),
            Err(error) => Problem::ours(&error).into_response(),
        }
    }

    /// The same answer, once it is noted; or the key given back, where nothing was changed.
    async fn noted(&self, act: &KeyedAct, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        if !parts.status.is_success() {
            let is_open = parts.extensions.get::<Problem>().is_some_and(Problem::leaves_open);
            if !is_open {
                self.note(act, None).await;
            }
            return Response::from_parts(parts, body);
        }
        let Ok(body) = to_bytes(body, LONGEST_ANSWER).await else {
            return Problem::busy("the answer could not be kept; look before it is sent again").into_response();
        };
        let text = String::from_utf8_lossy(&body).into_owned();
        self.note(act, Some((parts.status.as_u16(), text))).await;
        Response::from_parts(parts, Body::from(body))
    }

    /// If it cannot be noted, the key stays taken for a day: on the safe side.
    async fn note(&self, act: &KeyedAct, answered: Option<(u16, String)>) {
        let noting = until_known(|| {
            let note = with((act.clone(), answered.clone()), |tx, (act, answered)| {
                Box::pin(async move {
                    match answered {
                        Some((status, body)) => tx.act_done(act, *status, body).await,
                        None => tx.act_freed(act).await,
                    }
                })
            });
            self.store.write("act.note", note)
        });
        if let Err(error) = noting.await {
            tracing::warn!(%error, "what came of an act could not be noted under its idempotency key");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn key(values: &[&str]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_str(value).expect("a value"));
        }
        key_of(&headers).map_err(|problem| problem.body())
    }

    #[test]
    fn a_key_is_read_in_quotes_and_without() {
        assert_eq!(key(&[]), Ok(None));
        for written in ["8e03978e-40d5-43e8", "\"8e03978e-40d5-43e8\"", " 8e03978e-40d5-43e8 "] {
            assert_eq!(key(&[written]), Ok(Some("8e03978e-40d5-43e8".to_owned())), "{written:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_told() {
        let long = "k".repeat(LONGEST_KEY + 1);
        for none in ["", "\"\"", "a b", "a\"b", "\"a", "a\\b", long.as_str()] {
            assert!(key(&[none]).is_err_and(|told| told.contains("1 to 255")), "{none:?}");
        }
        assert!(key(&["a", "b"]).is_err(), "two keys are none");
    }

    #[test]
    fn an_act_is_the_same_if_its_address_and_its_body_are() {
        let digest = |uri: &str, body: &'static str| {
            let (parts, ()) =
                axum::http::Request::builder().method("POST").uri(uri).body(()).expect("a request").into_parts();
            act("k".to_owned(), &parts, &Bytes::from_static(body.as_bytes())).digest
        };
        let one = digest("/v1/leads/a/reassign", "{}");
        assert_eq!(one, digest("/v1/leads/a/reassign", "{}"));
        assert!(one != digest("/v1/leads/b/reassign", "{}") && one != digest("/v1/leads/a/reassign", "{ }"));
    }
}
