//! The console: pages for people under `/console`, made by the worker itself, and good without script.
//!
//! Guarantees: whoever asks has signed in (`sign_in`), and holds what the route's row in [`ROUTES`] asks for; whatever changes
//! something is a form that brings the session's own token along, and is carried out and audited by the code of the API's handlers;
//! what a lead brought in is escaped (`view`). Pages load nothing from anywhere else, and run no script and no style but
//! `pages/console.js` and `console.css`. What watches *Now* costs the store one look a second, however many watch, and none while
//! nobody does (`now`). If the process dies here, browsers ask again, and sessions go on.
//!
//! To add a page: a file here with its handler, which takes `Extension<Visit>` and returns `visit.page("NAME", TITLE, json!({…}))`;
//! a row in [`ROUTES`]: its address, the least [`Role`] whose right it takes, the handler; a template `pages/NAME.hbs`, which is named
//! in the list of `view`, and in which words are `{{w.KEY}}` (`{{@root.w.KEY}}` within `#each`), every field is there, if need be as
//! `null`, and each form holds `<input type="hidden" name="csrf" value="{{csrf}}">`; its words under the same keys in all of `words/`;
//! and, if every page is to lead there, a row in `view::NAV`. Forms are read with [`form::Form`]; a handler that returns a `Problem`
//! is shown as a page that says so. A form that brings files along is `multipart/form-data`, see `form::files`. Style stands in
//! `console.css` and never in an attribute.
//!
//! A way to sign in by something else than a token is a file in `sign_in/`: see there.

mod acts;
mod attention;
mod form;
mod lead;
mod leads;
mod now;
mod quarantine;
mod reps;
mod role;
mod rules;
mod sign_in;
mod vendors;
mod view;
mod visit;
pub(in crate::web) mod words;

use super::Door;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use role::Role::{self, Ops, Rep, Viewer};
use std::sync::Arc;

/// A page or an act, and who may.
struct Route {
    path: &'static str,
    /// Whoever holds the right that this role adds to those before it.
    least: Role,
    serves: fn() -> MethodRouter<Door>,
}

/// All that one must have signed in for.
const ROUTES: &[Route] = &[
    Route { path: "/console", least: Viewer, serves: || get(now::page) },
    Route { path: "/console/now/events", least: Viewer, serves: || get(now::events) },
    Route { path: "/console/leads", least: Viewer, serves: || get(leads::page) },
    Route { path: "/console/leads/{id}", least: Viewer, serves: || get(lead::page) },
    Route { path: "/console/leads/{id}/reassign", least: Ops, serves: || post(acts::reassign) },
    Route { path: "/console/leads/{id}/call", least: Ops, serves: || post(acts::call) },
    Route { path: "/console/leads/{id}/contacted", least: Rep, serves: || post(acts::contacted) },
    Route { path: "/console/attention", least: Ops, serves: || get(attention::page) },
    Route { path: "/console/attention/retry", least: Ops, serves: || post(attention::retry) },
    Route { path: "/console/attention/replay", least: Ops, serves: || post(attention::replay) },
    Route { path: "/console/attention/close", least: Ops, serves: || post(attention::close) },
    Route { path: "/console/reps", least: Viewer, serves: || get(reps::page) },
    Route { path: "/console/reps/{id}", least: Viewer, serves: || get(reps::one) },
    Route { path: "/console/reps/{id}/away", least: Ops, serves: || post(reps::away) },
    Route { path: "/console/reps/{id}/back", least: Ops, serves: || post(reps::back) },
    Route { path: "/console/quarantine", least: Viewer, serves: || get(quarantine::page) },
    Route { path: "/console/vendors", least: Viewer, serves: || get(vendors::page) },
    Route { path: "/console/rules", least: Viewer, serves: || get(rules::live::page) },
    Route { path: "/console/rules/file", least: Viewer, serves: || get(rules::file::page) },
    Route { path: "/console/rules/check", least: Viewer, serves: || get(rules::check::page) },
    Route { path: "/console/rules/diff", least: Viewer, serves: || get(rules::diff::page) },
    Route { path: "/console/rules/coverage", least: Viewer, serves: || get(rules::coverage::page) },
    Route { path: "/console/rules/what-if", least: Viewer, serves: || get(rules::what_if::page) },
    Route { path: "/console/rules/what-if", least: Viewer, serves: || post(rules::what_if::ask) },
    Route { path: "/console/sign-out", least: Viewer, serves: || post(sign_in::leave) },
];

/// All of it, and what is open to everybody: signing in, style and script.
pub(super) fn routes(door: &Door) -> Router<Door> {
    let mut pages = Router::new();
    for route in ROUTES {
        pages = pages.route(route.path, door.open_to(route.least, (route.serves)()));
    }
    pages
        .route(sign_in::ADDRESS, get(sign_in::ask).post(sign_in::enter))
        .route(
            "/console/console.css",
            get(|| async { file("text/css; charset=utf-8", include_str!("pages/console.css")) }),
        )
        .route(
            "/console/console.js",
            get(|| async { file("text/javascript; charset=utf-8", include_str!("pages/console.js")) }),
        )
        .layer(Extension(Arc::new(now::Live::new(door.clone()))))
        .layer(Extension(Arc::new(sign_in::Tries::default())))
        .layer(Extension(Arc::new(rules::Bench::default())))
        // `sign_in` bounds every body.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(guarded))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Nothing from elsewhere, nothing within the page, and no frame around it. The language that was chosen stays.
async fn guarded(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let chosen = words::chosen(request.uri().query());
    let mut response = next.run(request).await;
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Some(language) = chosen {
        response.headers_mut().append(header::SET_COOKIE, language.cookie());
    }
    response
}
