//! The report as one page: inline style and drawings, no scripts, nothing fetched, light and dark.

use super::figure::{Cell, Figure, FigureGroup, Unit};
use super::{Report, words};
use std::fmt::Write;

/// Figures shown large on top.
const HEADLINES: [&str; 4] = ["routing_accuracy", "acceptance", "first_contact_in_time", "without_next_step"];

const STYLE: &str = include_str!("report.css");

pub(super) fn layout(report: &Report) -> String {
    let time = format!("{} to {}", report.from.format("%-d %B %Y"), report.until.format("%-d %B %Y, %H:%M UTC"));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Baton report, {time}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header><h1>How leads were routed</h1>\n<p class=\"quiet\">{time} · {} leads · first-contact SLA {} · made {}</p>\
         </header>\n",
        report.leads,
        words::number(report.sla_s as f64, Unit::Seconds),
        report.made_at.format("%-d %B %Y, %H:%M UTC"),
    );
    if let Some(told) = report.trial_in_words() {
        let _ = writeln!(page, "<p><strong>{}</strong></p>", escape(&told));
    }
    for gone in &report.no_longer_kept {
        let _ = writeln!(page, "<p>{}</p>", escape(&gone.in_words()));
    }
    if report.leads == 0 {
        page += "<p>No leads were decided in this time.</p>\n";
    } else {
        tiles(&mut page, report);
        for figure in &report.figures {
            section(&mut page, figure);
        }
        verdicts(&mut page, report);
    }
    page += "</main>\n</body>\n</html>\n";
    page
}

fn tiles(page: &mut String, report: &Report) {
    page.push_str("<div class=\"tiles\">\n");
    for figure in HEADLINES.iter().filter_map(|key| report.figures.iter().find(|figure| figure.key == *key)) {
        let broken = figure.key == "without_next_step" && figure.total.numerator > 0;
        let _ = writeln!(
            page,
            "<a class=\"tile{}\" href=\"#{}\"><span>{}</span><strong>{}</strong><small>{}</small></a>",
            if broken { " bad" } else { "" },
            figure.key,
            escape(figure.name),
            escape(&words::value(&figure.total, figure.unit)),
            escape(&under_tile(&figure.total)),
        );
    }
    page.push_str("</div>\n");
}

fn under_tile(cell: &Cell) -> String {
    let range = words::range(cell).map_or_else(String::new, |range| format!(", {range}"));
    format!("{}{range}", words::counts(cell))
}

fn section(page: &mut String, figure: &Figure) {
    let _ = writeln!(
        page,
        "<section id=\"{}\">\n<h2>{}</h2>\n<p class=\"quiet\">{}</p>\n<table>\n<caption>{}</caption>\n\
         <thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"wide\">Chart</th>\
         <th scope=\"col\" class=\"number\">Value</th><th scope=\"col\" class=\"number\">Counted</th>{}</tr></thead>",
        figure.key,
        escape(figure.name),
        escape(figure.definition),
        escape(figure.name),
        if ranged(figure) { "<th scope=\"col\" class=\"number\">Range (95 %)</th>" } else { "" },
    );
    page.push_str("<tbody>\n");
    row(page, figure, "total", "All leads", &figure.total);
    page.push_str("</tbody>\n");
    for groups in figure.groups.chunk_by(|a, b| a.dimension == b.dimension) {
        let _ = writeln!(
            page,
            "<tbody>\n<tr><th scope=\"rowgroup\" colspan=\"{}\" class=\"dimension\">by {}</th></tr>",
            if ranged(figure) { 5 } else { 4 },
            groups.first().map_or("", |group| group.dimension.as_str())
        );
        for FigureGroup { name, cell, .. } in groups {
            row(page, figure, "", name, cell);
        }
        page.push_str("</tbody>\n");
    }
    page.push_str("</table>\n</section>\n");
}

/// What a bar of full length stands for.
fn full_scale(figure: &Figure) -> f64 {
    match figure.unit {
        Unit::Share => 1.0,
        Unit::Rating => 5.0,
        Unit::Seconds | Unit::Leads | Unit::RepsPerLead => {
            let values = figure.groups.iter().filter_map(|group| group.cell.value).chain(figure.total.value);
            values.fold(0.0, f64::max)
        }
    }
}

/// Whether the figure is drawn from a sample.
fn ranged(figure: &Figure) -> bool {
    figure.groups.iter().map(|group| &group.cell).chain([&figure.total]).any(|cell| cell.low.is_some())
}

fn row(page: &mut String, figure: &Figure, class: &str, name: &str, cell: &Cell) {
    let range = words::range(cell).unwrap_or_default();
    let _ = writeln!(
        page,
        "<tr class=\"{class}\"><th scope=\"row\">{}</th><td class=\"wide\">{}</td><td class=\"number\">{}</td>\
         <td class=\"number quiet\">{}</td>{}</tr>",
        escape(name),
        bar(cell, full_scale(figure)),
        escape(&words::value(cell, figure.unit)),
        escape(&words::counts(cell)),
        if ranged(figure) { format!("<td class=\"number quiet\">{}</td>", escape(&range)) } else { String::new() },
    );
}

/// A bar with whiskers for the interval. Hidden from screen readers: the numbers stand beside it.
fn bar(cell: &Cell, full: f64) -> String {
    let Some(value) = cell.value else { return String::new() };
    let width = |value: f64| if full > 0.0 { (value / full * 200.0).clamp(0.0, 200.0) } else { 0.0 };
    let mut svg = format!(
        "<svg viewBox=\"0 0 200 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"track\" width=\"200\" height=\"12\" rx=\"2\"/>\
         <rect class=\"bar\" width=\"{:.1}\" height=\"12\" rx=\"2\"/>",
        width(value)
    );
    if let (Some(low), Some(high)) = (cell.low, cell.high) {
        let (low, high) = (width(low), width(high));
        let _ = write!(
            svg,
            "<path class=\"range\" d=\"M{low:.1} 2V10M{low:.1} 6H{high:.1}M{high:.1} 2V10\" \
             vector-effect=\"non-scaling-stroke\"/>"
        );
    }
    svg + "</svg>"
}

fn verdicts(page: &mut String, report: &Report) {
    page.push_str(
        "<section id=\"verdicts\">\n<h2>How leads were judged</h2>\n\
         <p class=\"quiet\">The first rule that holds is the verdict.</p>\n<table>\n\
         <caption>Rules of judgement</caption>\n<thead><tr><th scope=\"col\">Evidence</th><th scope=\"col\">Verdict</th>\
         <th scope=\"col\">Why</th><th scope=\"col\" class=\"number\">Leads</th></tr></thead>\n<tbody>\n",
    );
    for line in &report.verdicts {
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"quiet\">{}</td><td class=\"number\">{}</td></tr>",
            escape(line.rule),
            line.verdict.as_str(),
            escape(line.reason),
            line.leads,
        );
    }
    page.push_str("</tbody>\n</table>\n</section>\n");
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
