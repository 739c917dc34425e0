//! Signing in and out, and the guard of every route of the console.
//!
//! Guarantees: what a browser holds is a random secret, of which the store keeps the digest alone; a session ends by itself
//! (`store::ConsoleSession`), by signing out, and with the token it began with; a form counts only with what was made of the secret
//! for it. Where no token was ever given, whoever comes is let in, as at the API: the forms are as guarded.
//!
//! Another way to sign in, such as an identity provider, is a file beside `token.rs`: its addresses stand beside [`ADDRESS`] in
//! `console::routes`, it proves who somebody is and calls [`session::begin`] with a `way` of its own, and `session::rights` has an
//! arm for that which says what they may do now. Everything else is the same.

mod session;
mod token;
mod tries;

pub(super) use tries::Tries;

use super::form::{Form, largest, query};
use super::role::Role;
use super::view;
use super::visit::Visit;
use super::words::Language;
use crate::web::admit::{LARGEST_FORM, let_out, missing, whole};
use crate::web::{Door, Problem};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use serde_json::json;
use std::sync::Arc;
use tokio::time::Instant;

pub(super) const ADDRESS: &str = "/console/sign-in";
/// Where one comes to who wanted nothing else.
const HOME: &str = "/console";

impl Door {
    /// A route of the console, for whoever has signed in and holds the right that this role adds to those before it.
    pub(in crate::web::console) fn open_to(&self, least: Role, route: MethodRouter<Self>) -> MethodRouter<Self> {
        route.route_layer(middleware::from_fn_with_state((self.clone(), least), entered))
    }
}

async fn entered(State((door, least)): State<(Door, Role)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let language = Language::asked(&parts.uri, &parts.headers);
    let (visit, begun) = match visit(&door, &parts, language).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let_out(body);
            return to_sign_in(&parts);
        }
        Err(problem) => {
            let_out(body);
            return view::refusal(&problem, language, None);
        }
    };
    let body = match admitted(&visit, least, &parts, body).await {
        Ok(body) => body,
        Err(problem) => return view::refusal(&problem, language, Some(&visit)),
    };
    parts.extensions.insert(visit.clone());
    let most = largest(&parts.headers, LARGEST_FORM);
    let response = door.carry_out(Request::from_parts(parts, body), most, next).await;
    let mut response = view::in_words(response, &visit);
    if let Some(cookie) = begun {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Who comes, and the cookie of a session that begins by it; `None`: they are to sign in first.
async fn visit(
    door: &Door,
    parts: &Parts,
    language: Language,
) -> Result<Option<(Visit, Option<HeaderValue>)>, Problem> {
    let path = parts.uri.path().to_owned();
    if let Some(held) = session::Held::of(door, &parts.headers)
        && let Some(rights) = session::known(door, &held).await?
    {
        return Ok(Some((Visit { rights, csrf: held.csrf(), language, path }, None)));
    }
    if !parts.method.is_safe() {
        return Ok(None);
    }
    match door.keyring.rights(None).await {
        Ok(rights) => {
            let held = session::begin(door, token::WAY, None).await?;
            let cookie = held.cookie(door);
            Ok(Some((Visit { rights, csrf: held.csrf(), language, path }, Some(cookie))))
        }
        Err(problem) if problem.is_unauthorized() => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// What came with a request that may be carried out.
///
/// # Errors
/// They may not, or it is a form that was not made for them.
async fn admitted(visit: &Visit, least: Role, parts: &Parts, body: Body) -> Result<Body, Problem> {
    if !visit.may(least) {
        let_out(body);
        return Err(missing(&visit.rights, least.scope()));
    }
    if parts.method.is_safe() {
        return Ok(body);
    }
    let read = whole(body, &parts.headers, largest(&parts.headers, LARGEST_FORM)).await?;
    if !Form::sent(&parts.headers, &read).is_of_session(&visit.csrf) {
        let detail =
            "this form is none of your session, and nothing was done: open its page again, and send it from there";
        return Err(Problem::forbidden(detail, None));
    }
    Ok(Body::from(read))
}

/// And from there back to what was asked for.
fn to_sign_in(parts: &Parts) -> Response {
    let asked = parts.uri.path_and_query().filter(|_| parts.method.is_safe());
    view::see(&format!("{ADDRESS}?{}", query("to", asked.map_or(HOME, |asked| asked.as_str()))))
}

/// An address of the console and none elsewhere.
fn destination(form: &Form) -> String {
    let to = form.text("to");
    if to.starts_with(HOME) && !to.starts_with(ADDRESS) { to.to_owned() } else { HOME.to_owned() }
}

/// `told`: the key of what is wrong, if something is.
fn ask_for_token(status: StatusCode, language: Language, to: &str, told: Option<&str>) -> Response {
    let told = told.map(|key| language.word(key));
    let page = view::open_page("sign_in", language, language.word("sign_in"), json!({ "to": to, "told": told }));
    (status, page).into_response()
}

pub(super) async fn ask(State(door): State<Door>, uri: Uri, headers: HeaderMap) -> Response {
    let language = Language::asked(&uri, &headers);
    let to = destination(&Form::of_query(&uri));
    match door.keyring.rights(None).await {
        Ok(_) => view::see(&to),
        Err(problem) if problem.is_unauthorized() => ask_for_token(StatusCode::OK, language, &to, None),
        Err(problem) => view::refusal(&problem, language, None),
    }
}

pub(super) async fn enter(
    State(door): State<Door>,
    Extension(tries): Extension<Arc<Tries>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let language = Language::asked(&parts.uri, &parts.headers);
    let Ok(_permit) = door.requests.try_acquire() else {
        let_out(body);
        return view::refusal(&Problem::busy("too many requests at once; send it again"), language, None);
    };
    let form = match whole(body, &parts.headers, LARGEST_FORM).await {
        Ok(read) => Form::read(&read),
        Err(problem) => return view::refusal(&problem, language, None),
    };
    let to = destination(&form);
    if tries.are_used_up(Instant::now()) {
        return ask_for_token(StatusCode::TOO_MANY_REQUESTS, language, &to, Some("too_many_tries"));
    }
    let begun = match token::proven(&door, form.text("token")).await {
        Ok(token::Proven::MayLook { credential }) => session::begin(&door, token::WAY, credential).await,
        Ok(token::Proven::MayNot) => return ask_for_token(StatusCode::FORBIDDEN, language, &to, Some("may_not_look")),
        Err(problem) => Err(problem),
    };
    match begun {
        Ok(held) => {
            let mut response = view::see(&to);
            response.headers_mut().append(header::SET_COOKIE, held.cookie(&door));
            response
        }
        Err(problem) if problem.is_unauthorized() => {
            tries.count(Instant::now());
            ask_for_token(StatusCode::UNAUTHORIZED, language, &to, Some("wrong_token"))
        }
        Err(problem) => view::refusal(&problem, language, None),
    }
}

/// Signs out.
pub(super) async fn leave(State(door): State<Door>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(held) = session::Held::of(&door, &headers) {
        session::end(&door, &held).await?;
    }
    let mut response = view::see(ADDRESS);
    response.headers_mut().append(header::SET_COOKIE, session::no_cookie(&door));
    Ok(response)
}
