//! The small pages of a signed link: plain HTML, no script, nothing loaded from elsewhere.

use crate::deciding::owner::form::{FormFault, LONGEST_NOTE, Submitted, active};
use crate::store::LeadRecord;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::rep::Rep;
use baton_core::domain::text::visible;
use baton_core::rules::RuleSet;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::LazyLock;

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.3rem;margin-bottom:.2rem}.sub{opacity:.75;margin-top:0}fieldset{border:1px solid #8888;border-radius:.5rem;margin:1rem 0;padding:.6rem 1rem}\
legend{font-weight:600;padding:0 .3rem}label{display:inline-block;margin-right:1rem}.lines label{display:block}select,textarea,.line{font:inherit;width:100%;box-sizing:border-box;padding:.35rem}\
.told{border-left:.3rem solid #c77700;background:#c7770022;padding:.5rem .8rem;border-radius:.3rem}\
details{border-bottom:1px solid #8888;padding:.4rem 0}summary{cursor:pointer;padding:.5rem 0}\
.taps button{margin:.2rem .3rem .2rem 0;min-width:2.9rem;padding:.7rem 0}\
button{font:inherit;font-weight:600;padding:.6rem 1.4rem;border:0;border-radius:.5rem;background:#1f5fbf;color:#fff;cursor:pointer}";

/// Asked once the time of a meeting has come: whoever was left alone in it has their turn back.
const NO_SHOW: &str = "<fieldset><legend>Your meeting</legend><label><input type=\"checkbox\" name=\"no_show\" value=\"yes\"> \
                       Nobody came</label></fieldset>";

/// Nothing runs, nothing is loaded, nobody frames the page, and the form goes to where it came from. The one style is known
/// by its digest.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 and ASCII fit a header")
});

/// The address of the page is the right to speak: it is handed on to no other page, and shown in no frame.
pub(in crate::web) async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

pub(super) fn page(title: &str, body: &str) -> String {
    page_in("en", title, body)
}

/// The same in a language.
pub(super) fn page_in(language: &str, title: &str, body: &str) -> String {
    framed(language, title, "", body)
}

/// The same, asked for anew by the browser after so many seconds: something is under way.
pub(super) fn page_again(title: &str, body: &str, after_s: u32) -> String {
    framed("en", title, &format!("<meta http-equiv=\"refresh\" content=\"{after_s}\">"), body)
}

fn framed(language: &str, title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         {head}<title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        title = escape(title)
    )
}

/// A heading and a sentence.
pub(super) fn message(title: &str, text: &str) -> String {
    page(title, &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text)))
}

/// One button, which has the lead called.
pub(super) fn call(record: &LeadRecord) -> String {
    let body = format!(
        "<h1>Call back now?</h1><p class=\"sub\">{}</p><p>Your phone rings first. You hear who it is about, press 1, and the \
         lead is dialled.</p><form method=\"post\"><button type=\"submit\">Call now</button></form>",
        escape(&called(record))
    );
    page("Call back now?", &body)
}

/// One button, which accepts the call on this leg.
pub(super) fn accept(record: &LeadRecord, leg: &LegId) -> String {
    let body = format!(
        "<h1>Take this call?</h1><p class=\"sub\">{}</p><p>Pick up your phone, and accept here, or press 1 there.</p>\
         <form method=\"post\"><input type=\"hidden\" name=\"leg\" value=\"{}\">\
         <button type=\"submit\">Accept</button></form>",
        escape(&called(record)),
        escape(leg.as_str())
    );
    page("Take this call?", &body)
}

/// The lead, as whoever reads the page knows it.
fn called(record: &LeadRecord) -> String {
    let lead = &record.lead;
    let name = lead.contact.name.as_ref().map_or("the caller", |name| name.value.as_str());
    let company = lead.company.name.as_ref().map(|company| format!(", {}", company.value)).unwrap_or_default();
    visible(&format!("{name}{company}"))
}

/// The form for one lead, with what was filled in before and why that was not taken.
/// `met`: the time of its meeting has come.
pub(super) fn form(
    record: &LeadRecord,
    met: bool,
    rules: &RuleSet,
    filled: &Submitted,
    fault: Option<&FormFault>,
) -> String {
    let mut body = format!("<h1>How was this lead?</h1><p class=\"sub\">{}</p>", escape(&called(record)));
    if let Some(fault) = fault {
        let _infallible = write!(body, "<p class=\"told\" role=\"alert\">{}</p>", escape(&fault.for_people()));
    }
    body.push_str("<form method=\"post\">");
    stars(&mut body, ("quality", &filled.quality), "Quality of the lead", "poor", "excellent");
    stars(
        &mut body,
        ("completeness", &filled.completeness),
        "Was the briefing complete?",
        "much was missing",
        "complete",
    );
    right_person(&mut body, rules, filled, fault);
    if met {
        body.push_str(NO_SHOW);
    }
    let _infallible = write!(
        body,
        "<fieldset><legend>Anything else?</legend>\
         <textarea name=\"note\" rows=\"3\" maxlength=\"{LONGEST_NOTE}\" aria-label=\"Note\">\n{}</textarea></fieldset>\
         <button type=\"submit\">Send</button></form>",
        escape(&filled.note)
    );
    page("How was this lead?", &body)
}

/// A name is typed, and browsers offer those that fit: a roster of 500 is no list to scroll through.
fn right_person(body: &mut String, rules: &RuleSet, filled: &Submitted, fault: Option<&FormFault>) {
    body.push_str(
        "<fieldset><legend>Did it reach the right person?</legend><p><select name=\"misroute\" aria-label=\"What went wrong\">",
    );
    for (value, text) in [
        ("", "Yes, or no opinion"),
        ("procedural", "No: wrong person"),
        ("clerical", "No: the data was incomplete"),
        ("definitional", "No: not a fit for us at all"),
    ] {
        let selected = if filled.misroute == value { " selected" } else { "" };
        let _infallible = write!(body, "<option value=\"{value}\"{selected}>{text}</option>");
    }
    let _infallible = write!(
        body,
        "</select></p><p><label for=\"right_rep\">Who should have had it? (optional)</label>\
         <input class=\"line\" id=\"right_rep\" name=\"right_rep\" list=\"reps\" autocomplete=\"off\" \
         placeholder=\"Type a name\" value=\"{}\"></p><datalist id=\"reps\">",
        escape(&filled.right_rep)
    );
    let active = active(rules);
    for (_, label) in &active {
        let _infallible = write!(body, "<option value=\"{}\"></option>", escape(label));
    }
    body.push_str("</datalist>");
    if let Some(FormFault::WhichRep { offered, .. }) = fault {
        offer(body, &active, offered);
    }
    body.push_str("</fieldset>");
}

fn offer(body: &mut String, active: &[(&Rep, String)], offered: &[RepId]) {
    body.push_str("<div class=\"lines\">");
    for (rep, label) in active.iter().filter(|(rep, _)| offered.contains(&rep.id)) {
        let (id, name, team) = (escape(rep.id.as_str()), escape(label), escape(&rep.team));
        let _infallible = write!(
            body,
            "<label><input type=\"radio\" name=\"offered_rep\" value=\"{id}\"> {name} <span class=\"sub\">{team}</span></label>"
        );
    }
    body.push_str("</div>");
}

fn stars(body: &mut String, (name, filled): (&str, &str), legend: &str, low: &str, high: &str) {
    let _infallible = write!(body, "<fieldset><legend>{legend}</legend>");
    for value in 1..=5 {
        let hint = match value {
            1 => format!(" ({low})"),
            5 => format!(" ({high})"),
            _ => String::new(),
        };
        let checked = if filled == value.to_string() { " checked" } else { "" };
        let _infallible = write!(
            body,
            "<label><input type=\"radio\" name=\"{name}\" value=\"{value}\"{checked}> {value}{hint}</label>"
        );
    }
    body.push_str("</fieldset>");
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
