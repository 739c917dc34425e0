//! The report for spreadsheets: CSV, one row per figure and group.

use super::figure::Cell;
use super::{Compared, Report};
use csv::{Terminator, Writer, WriterBuilder};

const HEADER: [&str; 7] = ["figure", "group", "value", "numerator", "denominator", "low", "high"];

pub(super) fn layout(report: &Report) -> String {
    let mut table = ReportCsv::new();
    table.row(HEADER.map(str::to_owned));
    for figure in &report.figures {
        table.cell(figure.key, "overall", &figure.total);
        for group in &figure.groups {
            table.cell(figure.key, &format!("{}: {}", group.dimension.as_str(), group.name), &group.cell);
        }
    }
    for picture in &report.pictures {
        for row in &picture.rows {
            for (column, value) in picture.columns.iter().zip(&row.values) {
                table.number(picture.key, &format!("{}: {}", row.name, column.name), *value);
            }
        }
    }
    for breach in &report.sla_breaches.newest {
        table.number("sla_breach", &format!("{}: {}", breach.lead, breach.owner), breach.contacted_after_s);
    }
    for one in report.comparison.iter().flat_map(|comparison| &comparison.figures) {
        table.difference(one);
    }
    if let Some(words) = report.trial_in_words() {
        table.row(["trial", words.as_str(), "", "", "", "", ""].map(str::to_owned));
    }
    for gone in &report.no_longer_kept {
        let words = gone.in_words();
        table.row(["no_longer_kept", words.as_str(), "", "", "", "", ""].map(str::to_owned));
    }
    table.finish()
}

/// RFC 4180: rows end with CR LF, cells are quoted where they must be.
struct ReportCsv(Writer<Vec<u8>>);

impl ReportCsv {
    fn new() -> Self {
        Self(WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new()))
    }

    fn cell(&mut self, figure: &str, group: &str, cell: &Cell) {
        self.row([
            figure.to_owned(),
            group.to_owned(),
            six_digits(cell.value),
            cell.numerator.to_string(),
            cell.denominator.to_string(),
            six_digits(cell.low),
            six_digits(cell.high),
        ]);
    }

    /// A value that is drawn and counts nothing by itself.
    fn number(&mut self, figure: &str, group: &str, value: Option<f64>) {
        let empty = String::new;
        self.row([figure.to_owned(), group.to_owned(), six_digits(value), empty(), empty(), empty(), empty()]);
    }

    /// What a figure differs by from that of the other report.
    fn difference(&mut self, one: &Compared) {
        let [difference, low, high] = [one.difference, one.low, one.high].map(six_digits);
        let (key, empty) = (format!("{} difference", one.key), String::new);
        self.row([key, "overall".to_owned(), difference, empty(), empty(), low, high]);
    }

    fn row(&mut self, cells: [String; 7]) {
        self.0.write_record(cells.iter().map(|cell| harmless(cell))).expect("seven cells into memory, row after row");
    }

    fn finish(self) -> String {
        let bytes = self.0.into_inner().expect("memory takes what is left in the buffer");
        String::from_utf8(bytes).expect("text and quotes are UTF-8")
    }
}

fn six_digits(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.6}"))
}

/// A cell that a spreadsheet would run as a formula is made text by a leading apostrophe.
pub fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let mut table = ReportCsv::new();
        table.row(["=1+1", "-2", "@x", "+y", "\tz", "a,\"b\"\n", ""].map(str::to_owned));
        assert_eq!(table.finish(), "'=1+1,'-2,'@x,'+y,'\tz,\"a,\"\"b\"\"\n\",\r\n");
    }
}
