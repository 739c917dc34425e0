//! Many tests at once, as a table in text: what is given, an arrow, what is expected.
//!
//! ```text
//! country | state    | employees => territory    | pool
//! US      | New York | 240       => US Northeast | amer-east-mid-market
//! ```
//!
//! Each row becomes the same tree that a test written out has, with the places of its cells, so that it is read and
//! refused like one. A blank cell says nothing; several values in a cell are separated by `;`.

use super::{LEAD_FIELDS, PATH};
use crate::rules::fault::{At, Faults, Word, did_you_mean, quoted};
use crate::rules::files::yaml::{Data, Node};

const ARROW: &str = "=>";
/// What a table may give beside fields of the lead.
const GIVEN: [&str; 12] = [
    "name",
    "at",
    "event",
    "crm",
    "away",
    "busy",
    "out_of_office",
    "on_call",
    "calendar_unknown",
    "account.name",
    "account.owner",
    "account.opportunity_owner",
];
const EXPECTED: [&str; 11] =
    ["rep", "owner", "ring", "pool", "territory", "tier", "ladder", "route", "reason", "rejected", "degraded"];
const SHAPE: &str = "a first line such as: country | state => territory | pool";

/// The rows of a table as tests. `text` is the block as the parser gives it, `source` the file that holds it.
pub(super) fn rows(text: &Word, source: &str, faults: &mut Faults) -> Vec<Node> {
    let mut lines = lines(text, source);
    let header = if lines.is_empty() { None } else { Some(lines.remove(0)) };
    let Some(header) = header.and_then(|line| Header::read(&line, faults)) else {
        faults.error("test-table-header", text.at, "no header with an arrow", SHAPE);
        return Vec::new();
    };
    if lines.is_empty() {
        faults.error("test-table-empty", text.at, "no row", "at least one row below the header");
    }
    lines.iter().filter_map(|line| header.row(line, faults)).collect()
}

/// A line of the file, from its first character that is not blank.
struct SourceLine<'s> {
    number: u32,
    text: &'s str,
}

/// The lines that the block was made of, without blank ones and comments. They are looked up in the file, whose
/// indentation the parser has taken away.
fn lines<'s>(block: &Word, source: &'s str) -> Vec<SourceLine<'s>> {
    let Some(first) = block.text.lines().find(|line| !line.trim().is_empty()) else { return Vec::new() };
    let from = block.at.line.saturating_sub(1) as usize;
    let below = source.lines().enumerate().skip(from).skip_while(|(_, line)| line.trim() != first.trim());
    let lines = below.take(block.text.lines().count());
    lines
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|(index, text)| SourceLine { number: u32::try_from(index + 1).unwrap_or(u32::MAX), text })
        .collect()
}

/// Cells before and after the arrow. `None`: there is no arrow, or more than one.
fn cells(line: &SourceLine, path: &'static str) -> Option<(Vec<Word>, Vec<Word>)> {
    let (given, expected) = line.text.split_once(ARROW)?;
    if expected.contains(ARROW) {
        return None;
    }
    let split = |text: &str, offset: usize| {
        let mut words = Vec::new();
        let mut column = offset;
        for cell in text.split('|') {
            let blank = cell.chars().take_while(|c| c.is_whitespace()).count();
            let at = At { path, line: line.number, column: u32::try_from(column + blank + 1).unwrap_or(u32::MAX) };
            words.push(Word { text: cell.trim().to_owned(), at });
            column += cell.chars().count() + 1;
        }
        words
    };
    let offset = given.chars().count() + ARROW.len();
    Some((split(given, 0), split(expected, offset)))
}

struct Header {
    path: &'static str,
    given: Vec<Word>,
    expected: Vec<Word>,
}

impl Header {
    fn read(line: &SourceLine, faults: &mut Faults) -> Option<Self> {
        let path = PATH;
        let (mut given, mut expected) = cells(line, path)?;
        for word in given.iter_mut().filter(|word| !word.text.starts_with("custom.")) {
            refuse_unknown(word, "a column before the arrow", GIVEN.into_iter().chain(LEAD_FIELDS), faults);
        }
        for word in &mut expected {
            refuse_unknown(word, "a column after the arrow", EXPECTED.into_iter(), faults);
        }
        Some(Self { path, given, expected })
    }

    /// `None`, with a fault, if the row has not as many cells as the header.
    fn row(&self, line: &SourceLine, faults: &mut Faults) -> Option<Node> {
        let at = At { path: self.path, line: line.number, column: 1 };
        let widths = (self.given.len(), self.expected.len());
        let row = cells(line, self.path);
        let found = row.as_ref().map(|(given, expected)| (given.len(), expected.len()));
        let Some((given, expected)) = row.filter(|_| found == Some(widths)) else {
            let found = match found {
                Some((given, expected)) => format!("{given} before the arrow and {expected} after it"),
                None => "a row without one arrow (=>)".to_owned(),
            };
            let allowed = format!("as many cells as in the header, {} and {}", widths.0, widths.1);
            faults.error("test-table-width", at, found, allowed);
            return None;
        };
        let name = self.name_of(&given, at);
        let mut test = vec![(word("name", at), Node { at, inset: None, data: Data::Text(name) })];
        let (mut lead, mut account) = (Vec::new(), Vec::new());
        for (column, cell) in filled(&self.given, given) {
            let value = value(&column.text, &cell);
            match column.text.split_once('.') {
                Some(("account", field)) => account.push((word(field, cell.at), value)),
                _ if column.text == "name" => {}
                _ if GIVEN.contains(&column.text.as_str()) => test.push((word(&column.text, cell.at), value)),
                _ => lead.push((word(&column.text, cell.at), value)),
            }
        }
        let expect = filled(&self.expected, expected);
        let expect: Vec<(Word, Node)> =
            expect.map(|(column, cell)| (word(&column.text, cell.at), value(&column.text, &cell))).collect();
        if expect.is_empty() && self.expected.iter().any(|column| column.text.is_empty()) {
            return None; // its only expectation stood in a column that was refused
        }
        for (key, entries) in [("lead", lead), ("account", account), ("expect", expect)] {
            if !entries.is_empty() {
                test.push((word(key, at), Node { at, inset: None, data: Data::Map(entries) }));
            }
        }
        Some(Node { at, inset: None, data: Data::Map(test) })
    }

    /// What the column `name` says, else what is given.
    fn name_of(&self, given: &[Word], at: At) -> String {
        let named = self.given.iter().zip(given).find(|(column, cell)| column.text == "name" && !cell.text.is_empty());
        if let Some((_, cell)) = named {
            return cell.text.clone();
        }
        let filled = self.given.iter().zip(given).filter(|(_, cell)| !cell.text.is_empty());
        let said: Vec<String> = filled.map(|(column, cell)| described(&column.text, &cell.text)).collect();
        if said.is_empty() { format!("line {}", at.line) } else { said.join(", ") }
    }
}

/// A word speaks for itself; a number or a flag needs its column: `employees 240`.
fn described(column: &str, cell: &str) -> String {
    let flag = ["true", "false", "yes", "no"].contains(&cell);
    if flag || cell.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{} {cell}", column.rsplit('.').next().unwrap_or(column))
    } else {
        cell.to_owned()
    }
}

/// A column that is refused is blanked, so that its cells are not told too.
fn refuse_unknown(word: &mut Word, what: &str, known: impl Iterator<Item = &'static str> + Clone, faults: &mut Faults) {
    if known.clone().all(|name| name != word.text) {
        let allowed = format!("{what}: {}", known.clone().collect::<Vec<_>>().join(", "));
        let hint = did_you_mean(&word.text, known);
        faults.error("test-unknown-column", word.at, quoted(&word.text), allowed).hint(hint);
        word.text.clear();
    }
}

/// Known columns with the cells that say something.
fn filled(columns: &[Word], cells: Vec<Word>) -> impl Iterator<Item = (&Word, Word)> {
    columns.iter().zip(cells).filter(|(column, cell)| !column.text.is_empty() && !cell.text.is_empty())
}

fn word(text: &str, at: At) -> Word {
    Word { text: text.to_owned(), at }
}

/// `a; b` is a list, `rep: reason` a map; sentences stay whole.
fn value(column: &str, cell: &Word) -> Node {
    let at = cell.at;
    let text = |text: &str| Node { at, inset: None, data: Data::Text(text.trim().to_owned()) };
    let parts = cell.text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let data = match column {
        "reason" | "name" => Data::Text(cell.text.clone()),
        "rejected" => Data::Map(
            parts
                .map(|part| part.split_once(':').unwrap_or((part, "")))
                .map(|(k, v)| (word(k.trim(), at), text(v)))
                .collect(),
        ),
        _ if cell.text.contains(';') => Data::List(parts.map(text).collect()),
        _ => Data::Text(cell.text.clone()),
    };
    Node { at, inset: None, data }
}
