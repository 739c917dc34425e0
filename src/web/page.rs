//! The two small pages of a feedback link: plain HTML, no script, nothing loaded from elsewhere.

use crate::rules::RuleSet;
use crate::store::LeadRecord;
use std::fmt::Write;

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.3rem;margin-bottom:.2rem}.sub{opacity:.75;margin-top:0}fieldset{border:1px solid #8888;border-radius:.5rem;margin:1rem 0;padding:.6rem 1rem}\
legend{font-weight:600;padding:0 .3rem}label{display:inline-block;margin-right:1rem}select,textarea{font:inherit;width:100%;box-sizing:border-box}\
button{font:inherit;font-weight:600;padding:.6rem 1.4rem;border:0;border-radius:.5rem;background:#1f5fbf;color:#fff;cursor:pointer}";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        title = escape(title)
    )
}

/// A heading and a sentence.
pub fn message(title: &str, text: &str) -> String {
    page(title, &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text)))
}

/// The form for one lead.
pub fn form(record: &LeadRecord, rules: &RuleSet) -> String {
    let lead = &record.lead;
    let name = lead.contact.name.as_ref().map_or("the caller", |name| name.value.as_str());
    let company = lead.company.name.as_ref().map(|company| format!(", {}", company.value)).unwrap_or_default();
    let mut body = format!(
        "<h1>How was this lead?</h1><p class=\"sub\">{}{}</p><form method=\"post\">",
        escape(name),
        escape(&company)
    );
    stars(&mut body, "quality", "Quality of the lead", "poor", "excellent");
    stars(&mut body, "completeness", "Was the briefing complete?", "much was missing", "complete");
    body.push_str(
        "<fieldset><legend>Did it reach the right person?</legend>\
         <p><select name=\"misroute\" aria-label=\"Misroute\"><option value=\"\">Yes, or no opinion</option>\
         <option value=\"procedural\">No: wrong person</option><option value=\"clerical\">No: the data was incomplete</option>\
         <option value=\"definitional\">No: not a fit for us at all</option></select></p>\
         <p><select name=\"right_rep\" aria-label=\"Right person\"><option value=\"\">Who should have had it? (optional)</option>",
    );
    for rep in rules.reps.values().filter(|rep| rep.active) {
        let _infallible = write!(body, "<option value=\"{}\">{}</option>", escape(rep.id.as_str()), escape(&rep.name));
    }
    body.push_str(
        "</select></p></fieldset><fieldset><legend>Anything else?</legend>\
         <textarea name=\"note\" rows=\"3\" maxlength=\"2000\" aria-label=\"Note\"></textarea></fieldset>\
         <button type=\"submit\">Send</button></form>",
    );
    page("How was this lead?", &body)
}

fn stars(body: &mut String, name: &str, legend: &str, low: &str, high: &str) {
    let _infallible = write!(body, "<fieldset><legend>{legend}</legend>");
    for value in 1..=5 {
        let hint = match value {
            1 => format!(" ({low})"),
            5 => format!(" ({high})"),
            _ => String::new(),
        };
        let _infallible =
            write!(body, "<label><input type=\"radio\" name=\"{name}\" value=\"{value}\"> {value}{hint}</label>");
    }
    body.push_str("</fieldset>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
