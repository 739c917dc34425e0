//! The records of a text, each cell with its place.

use super::CsvRow;
use crate::rules::fault::{At, Faults, Word};
use crate::rules::words::encoding::separator;

pub(super) fn split(path: &'static str, text: &str, faults: &mut Faults) -> Option<Vec<CsvRow>> {
    let (text, first_line) = match text.split_once('\n') {
        Some((first, rest)) if separator(first).is_some() => (rest, 2),
        _ => (text, 1),
    };
    let header = text.lines().find(|line| !line.starts_with('#') && !line.trim().is_empty()).unwrap_or_default();
    let delimiter = if header.contains('\t') && !header.contains(',') { '\t' } else { ',' };
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).comment(Some(b'#')).delimiter(delimiter as u8);
    let mut reader = reader.from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut cursor = Cursor { rest: text, line: first_line, delimiter };
    for record in reader.records() {
        match record {
            Ok(record) => rows.push(cursor.row(path, &record)),
            Err(error) => {
                let at = At { path, line: cursor.line, column: 1 };
                faults.error("csv-syntax", at, error.to_string(), "CSV with commas and UTF-8 text");
                return None;
            }
        }
    }
    Some(rows)
}

/// Follows the records through the text: the reader's own positions point before the comments that it skips, and know no
/// columns.
struct Cursor<'t> {
    rest: &'t str,
    line: u32,
    delimiter: char,
}

impl Cursor<'_> {
    fn row(&mut self, path: &'static str, record: &csv::StringRecord) -> CsvRow {
        self.skip_to_record();
        let line = self.line;
        let mut column = 1;
        let cells = record.iter().map(|cell| {
            let at = At { path, line: self.line, column };
            column = self.skip_cell(column);
            Word { text: cell.trim().to_owned(), at }
        });
        CsvRow { cells: cells.collect(), line }
    }

    /// Leaves blank lines and comments behind.
    fn skip_to_record(&mut self) {
        while self.rest.starts_with(['#', '\n', '\r']) {
            let end = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
            self.rest = &self.rest[end..];
            self.line += 1;
        }
    }

    /// Leaves one cell and the comma or line end after it behind; returns the column of the next cell.
    fn skip_cell(&mut self, mut column: u32) -> u32 {
        let mut in_quotes = false;
        for (index, letter) in self.rest.char_indices() {
            column += 1;
            match letter {
                '"' => in_quotes = !in_quotes,
                '\n' => {
                    self.line += 1;
                    column = 1;
                }
                _ => {}
            }
            if !in_quotes && (letter == self.delimiter || letter == '\n') {
                self.rest = &self.rest[index + 1..];
                return column;
            }
        }
        self.rest = "";
        column
    }
}
