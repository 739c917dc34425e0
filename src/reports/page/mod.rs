//! The report as a page: charts, tables and definitions; no script, nothing fetched, light and dark, made for paper as well.
//!
//! Guarantees: whatever a rule file or a platform calls something is text on it and nothing else; each chart has its numbers in the
//! table below it, and behind each number stand leads by their ids.

mod tables;

use super::{Report, Unit, charts, words};
use baton_core::domain::id::LeadId;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
/// Of what is around the sections.
const ALONE: &str = include_str!("alone.css");

/// Figures shown large on top.
const HEADLINES: [&str; 4] = ["routing_accuracy", "acceptance", "first_contact_in_time", "without_next_step"];

/// The whole page.
pub(super) fn layout(report: &Report) -> String {
    let time = format!("{} to {}", report.from.format("%-d %B %Y"), report.until.format("%-d %B %Y, %H:%M UTC"));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Baton report, {time}</title>\n<style>\n{}{ALONE}</style>\n</head>\n<body>\n<main>\n\
         <h1>How leads were routed</h1>\n{}</main>\n</body>\n</html>\n",
        style(),
        sections(report, None),
    )
}

/// What the sections are styled by; all of it hangs on classes that begin with `report-`, and on `.chart`.
pub fn style() -> &'static str {
    STYLE
}

/// All of the page below its heading, for whoever has a page of their own. `leads_under`: where a lead's own page is, to which its
/// id is added; `None`: there is none, and leads are named.
pub fn sections(report: &Report, leads_under: Option<&str>) -> String {
    let mut page = String::from("<div class=\"report\">\n");
    headline(&mut page, report);
    if report.leads == 0 {
        page += "<p>No leads were decided in this time.</p>\n</div>\n";
        return page;
    }
    if leads_under.is_none() {
        page += "<p class=\"report-quiet\">Why a lead went where it went: <code>baton explain LEAD</code>.</p>\n";
    }
    tiles(&mut page, report);
    comparison(&mut page, report);
    for picture in &report.pictures {
        begin(&mut page, picture.key, picture.name, picture.definition);
        if !picture.rows.is_empty() {
            page += &charts::draw(picture);
            page.push('\n');
        }
        tables::picture(&mut page, picture, leads_under);
        page += "</section>\n";
    }
    for figure in &report.figures {
        begin(&mut page, figure.key, figure.name, figure.definition);
        tables::figure(&mut page, figure);
        if !figure.leads.is_empty() {
            page += "<p class=\"report-quiet\">Worth a look:</p>\n";
            leads(&mut page, &figure.leads, leads_under);
        }
        page += "</section>\n";
    }
    breaches(&mut page, report, leads_under);
    verdicts(&mut page, report);
    page += "</div>\n";
    page
}

fn headline(page: &mut String, report: &Report) {
    let _infallible = writeln!(
        page,
        "<p class=\"report-quiet\">{} to {} · {} leads · first-contact SLA {} · made {}</p>",
        report.from.format("%-d %B %Y"),
        report.until.format("%-d %B %Y, %H:%M UTC"),
        report.leads,
        words::number(report.sla_s as f64, Unit::Seconds),
        report.made_at.format("%-d %B %Y, %H:%M UTC"),
    );
    if let Some(release) = &report.release {
        let _infallible = writeln!(page, "<p>Leads decided by release {} alone.</p>", escape(release));
    }
    if let Some(told) = report.trial_in_words() {
        let _infallible = writeln!(page, "<p><strong>{}</strong></p>", escape(&told));
    }
    for gone in &report.no_longer_kept {
        let _infallible = writeln!(page, "<p>{}</p>", escape(&gone.in_words()));
    }
}

fn tiles(page: &mut String, report: &Report) {
    page.push_str("<div class=\"report-tiles\">\n");
    for figure in HEADLINES.iter().filter_map(|key| report.figures.iter().find(|figure| figure.key == *key)) {
        let broken = figure.key == "without_next_step" && figure.total.numerator > 0;
        let range = words::range(&figure.total).map_or_else(String::new, |range| format!(", {range}"));
        let _infallible = writeln!(
            page,
            "<a class=\"report-tile{}\" href=\"#{}\"><span>{}</span><strong>{}</strong><small>{}{}</small></a>",
            if broken { " report-bad" } else { "" },
            figure.key,
            escape(figure.name),
            escape(&words::value(&figure.total, figure.unit)),
            escape(&words::counts(&figure.total)),
            escape(&range),
        );
    }
    page.push_str("</div>\n");
}

fn comparison(page: &mut String, report: &Report) {
    let Some(comparison) = &report.comparison else { return };
    let name = format!("Against {}", comparison.with);
    begin(page, "comparison", &name, &format!("{} leads here, {} there.", report.leads, comparison.leads));
    let columns = ["Figure", "Here", "There", "Difference", "What may be concluded"];
    let mut table = tables::Table::begin(page, &name, &columns);
    for one in &comparison.figures {
        let [here, there] = [&one.here, &one.there].map(|cell| words::value(cell, one.unit));
        table.row(one.name, &[here, there, one.difference_in_words(), one.conclusion.clone()]);
    }
    table.end();
    page.push_str("</section>\n");
}

fn breaches(page: &mut String, report: &Report, leads_under: Option<&str>) {
    let breaches = &report.sla_breaches;
    let about = format!("{} leads were not contacted within the SLA; the newest 100 are listed.", breaches.leads);
    begin(page, "sla_breaches", "Breaches of the SLA", &about);
    page.push_str("<table class=\"report-table\"><caption>Breaches of the SLA</caption>\n<thead><tr>");
    for name in ["Lead", "Decided", "Rep", "Rule", "First contact after"] {
        let _infallible = write!(page, "<th scope=\"col\">{name}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for one in &breaches.newest {
        let after = one.contacted_after_s.map_or_else(|| "none so far".to_owned(), words::span);
        let _infallible = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"report-number\">{}</td></tr>",
            lead(&one.lead, leads_under),
            one.decided_at.format("%Y-%m-%d %H:%M"),
            escape(one.owner.as_str()),
            escape(&one.route),
            escape(&after),
        );
    }
    page.push_str("</tbody>\n</table>\n</section>\n");
}

fn verdicts(page: &mut String, report: &Report) {
    begin(page, "verdicts", "How leads were judged", "The first rule that holds is the verdict.");
    let mut table = tables::Table::begin(page, "Rules of judgement", &["Evidence", "Verdict", "Why", "Leads"]);
    for one in &report.verdicts {
        table.row(one.rule, &[one.verdict.as_str().to_owned(), one.reason.to_owned(), one.leads.to_string()]);
    }
    table.end();
    page.push_str("</section>\n");
}

fn begin(page: &mut String, key: &str, name: &str, about: &str) {
    let (name, about) = (escape(name), escape(about));
    let _infallible = writeln!(
        page,
        "<section class=\"report-section\" id=\"{key}\">\n<h2>{name}</h2>\n<p class=\"report-quiet\">{about}</p>"
    );
}

/// Leads, folded up until somebody asks for them.
fn leads(page: &mut String, leads: &[LeadId], under: Option<&str>) {
    let _infallible = write!(page, "<details><summary>{} leads</summary>", leads.len());
    for one in leads {
        let _infallible = write!(page, " {}", lead(one, under));
    }
    page.push_str("</details>\n");
}

fn lead(lead: &LeadId, under: Option<&str>) -> String {
    let id = escape(lead.as_str());
    under.map_or_else(|| format!("<code>{id}</code>"), |under| format!("<a href=\"{}{id}\">{id}</a>", escape(under)))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
