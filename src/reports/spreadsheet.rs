//! The report for spreadsheets: CSV, one row per figure and group.

use super::Report;
use super::figure::Cell;
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
        let optional = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.6}"));
        self.row([
            figure.to_owned(),
            group.to_owned(),
            optional(cell.value),
            cell.numerator.to_string(),
            cell.denominator.to_string(),
            optional(cell.low),
            optional(cell.high),
        ]);
    }

    fn row(&mut self, cells: [String; 7]) {
        self.0.write_record(cells.iter().map(|cell| harmless(cell))).expect("seven cells into memory, row after row");
    }

    fn finish(self) -> String {
        let bytes = self.0.into_inner().expect("memory takes what is left in the buffer");
        String::from_utf8(bytes).expect("text and quotes are UTF-8")
    }
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
