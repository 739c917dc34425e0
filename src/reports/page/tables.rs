//! The tables of the page. Pictures and figures have theirs; what stands in one is what JSON and CSV hold as well.

use super::{escape, leads};
use crate::reports::figure::{Cell, Figure, FigureGroup, Unit};
use crate::reports::pictures::Picture;
use crate::reports::words;
use std::fmt::Write;

/// A table of texts, in the making.
pub(super) struct Table<'a> {
    page: &'a mut String,
}

impl<'a> Table<'a> {
    pub(super) fn begin(page: &'a mut String, caption: &str, columns: &[&str]) -> Self {
        let _infallible =
            write!(page, "<table class=\"report-table\"><caption>{}</caption>\n<thead><tr>", escape(caption));
        for column in columns {
            let _infallible = write!(page, "<th scope=\"col\">{}</th>", escape(column));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        Self { page }
    }

    pub(super) fn row(&mut self, name: &str, cells: &[String]) {
        let _infallible = write!(self.page, "<tr><th scope=\"row\">{}</th>", escape(name));
        for cell in cells {
            let _infallible = write!(self.page, "<td>{}</td>", escape(cell));
        }
        self.page.push_str("</tr>\n");
    }

    pub(super) fn end(self) {
        self.page.push_str("</tbody>\n</table>\n");
    }
}

/// The numbers that a chart is drawn of, and the leads behind each row.
pub(super) fn picture(page: &mut String, picture: &Picture, leads_under: Option<&str>) {
    let Picture { name, of, columns, rows, .. } = picture;
    let has_leads = rows.iter().any(|row| !row.leads.is_empty());
    let _infallible = write!(
        page,
        "<table class=\"report-table\"><caption>{}</caption>\n<thead><tr><th scope=\"col\">{}</th>",
        escape(name),
        escape(of),
    );
    for column in columns {
        let _infallible = write!(page, "<th scope=\"col\" class=\"report-number\">{}</th>", escape(&column.name));
    }
    page.push_str(if has_leads { "<th scope=\"col\">Behind it</th></tr></thead>\n" } else { "</tr></thead>\n" });
    page.push_str("<tbody>\n");
    for row in rows {
        let _infallible = write!(page, "<tr><th scope=\"row\">{}</th>", escape(&row.name));
        for (column, value) in columns.iter().zip(&row.values) {
            let told = value.map_or_else(String::new, |value| words::number(value, column.unit));
            let _infallible = write!(page, "<td class=\"report-number\">{}</td>", escape(&told));
        }
        if has_leads {
            page.push_str("<td>");
            if !row.leads.is_empty() {
                leads(page, &row.leads, leads_under);
            }
            page.push_str("</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

/// A figure in all and by its groups, each with a bar.
pub(super) fn figure(page: &mut String, figure: &Figure) {
    let is_ranged = figure.groups.iter().map(|group| &group.cell).chain([&figure.total]).any(|cell| cell.low.is_some());
    let _infallible = writeln!(
        page,
        "<table class=\"report-table\">\n<caption>{}</caption>\n\
         <thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"report-wide\">Chart</th>\
         <th scope=\"col\" class=\"report-number\">Value</th><th scope=\"col\" class=\"report-number\">Counted</th>{}</tr>\
         </thead>\n<tbody>",
        escape(figure.name),
        if is_ranged { "<th scope=\"col\" class=\"report-number\">Range (95 %)</th>" } else { "" },
    );
    row(page, figure, is_ranged, ("report-total", "All leads", &figure.total));
    page.push_str("</tbody>\n");
    for groups in figure.groups.chunk_by(|a, b| a.dimension == b.dimension) {
        let _infallible = writeln!(
            page,
            "<tbody>\n<tr><th scope=\"rowgroup\" colspan=\"{}\" class=\"report-dimension\">by {}</th></tr>",
            if is_ranged { 5 } else { 4 },
            groups.first().map_or("", |group| group.dimension.as_str())
        );
        for FigureGroup { name, cell, .. } in groups {
            row(page, figure, is_ranged, ("", name, cell));
        }
        page.push_str("</tbody>\n");
    }
    page.push_str("</table>\n");
}

fn row(page: &mut String, figure: &Figure, is_ranged: bool, (class, name, cell): (&str, &str, &Cell)) {
    let range = words::range(cell).unwrap_or_default();
    let _infallible = writeln!(
        page,
        "<tr class=\"{class}\"><th scope=\"row\">{}</th><td class=\"report-wide\">{}</td>\
         <td class=\"report-number\">{}</td><td class=\"report-number report-quiet\">{}</td>{}</tr>",
        escape(name),
        bar(cell, full_scale(figure)),
        escape(&words::value(cell, figure.unit)),
        escape(&words::counts(cell)),
        if is_ranged {
            format!("<td class=\"report-number report-quiet\">{}</td>", escape(&range))
        } else {
            String::new()
        },
    );
}

/// What a bar of full length stands for.
fn full_scale(figure: &Figure) -> f64 {
    match figure.unit {
        Unit::Share => 1.0,
        Unit::Rating => 5.0,
        Unit::Seconds | Unit::Leads | Unit::RepsPerLead | Unit::Amount | Unit::Turns => {
            let values = figure.groups.iter().filter_map(|group| group.cell.value).chain(figure.total.value);
            values.fold(0.0, f64::max)
        }
    }
}

/// A bar with whiskers for the interval. Hidden from screen readers: the numbers stand beside it.
fn bar(cell: &Cell, full: f64) -> String {
    let Some(value) = cell.value else { return String::new() };
    let width = |value: f64| if full > 0.0 { (value / full * 200.0).clamp(0.0, 200.0) } else { 0.0 };
    let mut svg = format!(
        "<svg class=\"report-bar\" viewBox=\"0 0 200 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"track\" width=\"200\" height=\"12\" rx=\"2\"/>\
         <rect class=\"series-0\" width=\"{:.1}\" height=\"12\" rx=\"2\"/>",
        width(value)
    );
    if let (Some(low), Some(high)) = (cell.low, cell.high) {
        let (low, high) = (width(low), width(high));
        let _infallible = write!(
            svg,
            "<path class=\"range\" d=\"M{low:.1} 2V10M{low:.1} 6H{high:.1}M{high:.1} 2V10\" \
             vector-effect=\"non-scaling-stroke\"/>"
        );
    }
    svg + "</svg>"
}
