//! Pages made of templates of our own. Whatever is printed is escaped; unescaped are only parts that were made here before, in the
//! frame of every page and in *Now*.

use super::role::Role;
use super::visit::Visit;
use super::words::Language;
use crate::web::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::TimeDelta;
use handlebars::Handlebars;
use serde_json::{Value, json};
use std::sync::LazyLock;

macro_rules! templates {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("pages/", $name, ".hbs")))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "frame" "sign_in" "refusal" "now" "calls" "promises" "waiting" "attention" "leads" "lead" "item" "reps" "rep"
    "quarantine" "vendors"
    "rules/live" "rules/file" "rules/check" "rules/diff" "rules/coverage" "rules/what_if"
];

/// Where every page leads, and the key of what it is called.
const NAV: [(&str, &str); 6] = [
    ("/console", "now"),
    ("/console/leads", "leads"),
    ("/console/reps", "reps"),
    ("/console/rules", "rules"),
    ("/console/quarantine", "quarantine"),
    ("/console/vendors", "vendors"),
];

static ENGINE: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(handlebars::html_escape);
    for (name, text) in TEMPLATES {
        engine.register_template_string(name, text).expect("our own pages are sound, as a test says");
    }
    engine
});

/// A part of a page, of an object; the words stand beside its fields as `w`.
pub(super) fn part(name: &str, language: Language, mut data: Value) -> String {
    data["w"] = language.words().clone();
    ENGINE.render(name, &data).unwrap_or_else(|error| {
        tracing::error!(page = name, line = error.line_no, "a page of the console could not be made");
        language.word("broken").to_owned()
    })
}

impl Visit {
    /// `title`: as text; `data`: an object.
    pub(super) fn page(&self, name: &str, title: &str, data: Value) -> Response {
        framed(title, &self.part(name, data), self.language, Some(self), false).into_response()
    }

    /// Of what is so at this moment: without script the browser asks for it again.
    pub(super) fn renewing_page(&self, name: &str, title: &str, data: Value) -> Response {
        framed(title, &self.part(name, data), self.language, Some(self), true).into_response()
    }

    fn part(&self, name: &str, mut data: Value) -> String {
        data["csrf"] = json!(self.csrf);
        part(name, self.language, data)
    }
}

/// What nobody has signed in for.
pub(super) fn open_page(name: &str, language: Language, title: &str, data: Value) -> Html<String> {
    framed(title, &part(name, language, data), language, None, false)
}

/// Why something was not done, as a page.
pub(super) fn refusal(problem: &Problem, language: Language, visit: Option<&Visit>) -> Response {
    let body = part("refusal", language, json!({ "detail": problem.detail() }));
    (problem.status(), framed(language.word("refused"), &body, language, visit, false)).into_response()
}

/// A handler's answer; one that is a problem becomes a page.
pub(super) fn in_words(mut response: Response, visit: &Visit) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => refusal(&problem, visit.language, Some(visit)),
        None => response,
    }
}

/// After a form: the page on which one sees what came of it. `to` is an address of the console.
pub(super) fn see(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/console"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// How long, to what matters of it.
pub(super) fn spell(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

fn framed(title: &str, body: &str, language: Language, visit: Option<&Visit>, renews: bool) -> Html<String> {
    let nav = NAV.map(|(href, word)| {
        let is_here = visit.is_some_and(|visit| visit.path == href);
        json!({ "href": href, "label": language.word(word), "here": is_here })
    });
    let languages = Language::ALL.map(|one| json!({ "code": one.code(), "here": one == language }));
    let visit = visit.map(|visit| {
        let role = Role::of(&visit.rights).map(|role| language.word(role.word()));
        json!({ "name": visit.rights.name, "role": role, "csrf": visit.csrf })
    });
    let data = json!({
        "lang": language.code(), "title": title, "body": body, "renews": renews, "nav": nav, "languages": languages,
        "visit": visit,
    });
    Html(part("frame", language, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_can_be_read_and_only_what_was_made_here_is_not_escaped() {
        for (name, text) in TEMPLATES {
            assert!(ENGINE.has_template(name), "{name}");
            let is_raw = text.contains("{{{") || text.contains("{{&");
            assert_eq!(is_raw, ["frame", "now"].contains(name), "{name}");
            assert!(!text.contains("style=") && !text.contains("onclick"), "{name}: the policy forbids it");
            let (forms, tokens) = (text.matches("method=\"post\"").count(), text.matches("name=\"csrf\"").count());
            assert!(forms == tokens || *name == "sign_in", "{name}: {forms} forms with {tokens} tokens");
        }
    }

    #[test]
    fn every_word_that_a_page_names_is_there() {
        let words = Language::En.words();
        for (name, text) in TEMPLATES {
            for word in text.split("w.").skip(1) {
                let key = word.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                assert!(words[key].is_string() || !text.contains(&format!("w.{key}}}")), "{name}: {key}");
            }
        }
    }

    #[test]
    fn what_was_printed_is_text() {
        let hostile = "<script>alert(1)</script>\"'";
        let page = open_page("refusal", Language::En, hostile, json!({ "detail": hostile })).0;
        assert!(
            !page.contains("<script>alert") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;"),
            "{page}"
        );
    }

    #[test]
    fn the_script_is_small_and_asks_nobody_else() {
        let (script, style) = (include_str!("pages/console.js"), include_str!("pages/console.css"));
        assert!(script.len() <= 20 * 1024, "{} bytes", script.len());
        assert!(!script.contains("http") && !style.contains("url(") && !style.contains("@import"));
    }
}
