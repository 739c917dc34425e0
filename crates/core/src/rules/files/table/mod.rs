//! CSV as rows of words that remember where they were written.
//!
//! Lines that begin with `#` are comments, blank lines are skipped, and so is what spreadsheets add: a byte-order mark, a first
//! line `sep=,`, quotes around a comment, blank cells at the end of a row. Cells are separated by commas, or by tabs.

mod split;

use crate::rules::fault::{At, Faults, Word, did_you_mean, listed, nearest, quoted};

/// Earlier names of columns, which files of stored releases have, and those of today.
const EARLIER: [(&str, &str); 1] = [("slack_id", "chat_id")];

pub(crate) struct CsvTable {
    /// Columns of the file, by index into `columns` of [`read`].
    columns: Vec<Option<&'static str>>,
    pub rows: Vec<CsvRow>,
}

pub(crate) struct CsvRow {
    pub line: u32,
    cells: Vec<Word>,
}

/// Reads a table whose columns are among `columns`, in any order. `None` if no row can be understood.
pub(crate) fn read(
    path: &'static str,
    text: &str,
    columns: &[&'static str],
    required: &[&'static str],
    faults: &mut Faults,
) -> Option<CsvTable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = split::split(path, text, faults)?.into_iter().filter(|row| !row.is_idle());
    let Some(mut header) = records.next() else {
        faults.error(
            "table-empty",
            At::start_of(path),
            "no header",
            format!("a first line such as {}", columns.join(",")),
        );
        return None;
    };
    if !ends_where_it_begins(&header, faults) {
        return None;
    }
    // Blank columns at the end of the sheet, which every row has then.
    let width = header.cells.len();
    header.cut(0);
    let columns = header_columns(&header, columns, required, faults)?;
    let mut rows = Vec::new();
    for mut row in records {
        if row.cells.len() == width {
            row.cut(columns.len());
        }
        if ends_where_it_begins(&row, faults) && has_width(&row, columns.len(), faults) {
            rows.push(row);
        }
    }
    Some(CsvTable { columns, rows })
}

impl CsvTable {
    /// The word in this column; `None` where it is blank or the file has no such column.
    pub(crate) fn get<'r>(&self, row: &'r CsvRow, column: &str) -> Option<&'r Word> {
        let index = self.columns.iter().position(|name| *name == Some(column))?;
        row.cells.get(index).filter(|word| !word.text.is_empty())
    }

    /// The words of a cell, separated by `;`.
    pub(crate) fn list(&self, row: &CsvRow, column: &str) -> Vec<Word> {
        let Some(cell) = self.get(row, column) else { return Vec::new() };
        let words = cell.text.split(';').map(str::trim).filter(|text| !text.is_empty());
        words.map(|text| Word { text: text.to_owned(), at: cell.at }).collect()
    }

    /// The word in a column that must not be blank.
    pub(crate) fn require<'r>(&self, row: &'r CsvRow, column: &str, faults: &mut Faults) -> Option<&'r Word> {
        let word = self.get(row, column);
        if word.is_none() {
            let index = self.columns.iter().position(|name| *name == Some(column));
            let at = index.and_then(|index| row.cells.get(index)).map_or_else(|| row.at(), |cell| cell.at);
            faults.error("cell-empty", at, format!("nothing in column \"{column}\""), "every row needs a value here");
        }
        word
    }
}

impl CsvRow {
    /// A comment that a spreadsheet has quoted, or a row without a word.
    fn is_idle(&self) -> bool {
        self.cells[0].text.starts_with('#') || self.cells.iter().all(|cell| cell.text.is_empty())
    }

    /// Without the blank cells at its end, as far as there are more than `width`.
    fn cut(&mut self, width: usize) {
        while self.cells.len() > width.max(1) && self.cells.last().is_some_and(|cell| cell.text.is_empty()) {
            self.cells.pop();
        }
    }

    /// The start of the row.
    pub(crate) fn at(&self) -> At {
        self.cells[0].at
    }
}

fn header_columns(
    header: &CsvRow,
    columns: &[&'static str],
    required: &[&'static str],
    faults: &mut Faults,
) -> Option<Vec<Option<&'static str>>> {
    if let [only] = header.cells.as_slice()
        && only.text.contains([';', '\t'])
    {
        let hint = "save it as CSV with commas; lists inside a cell are separated by \";\"";
        faults
            .error("table-separator", only.at, quoted(&only.text), "columns separated by commas")
            .hint(Some(hint.to_owned()));
        return None;
    }
    let mut found: Vec<Option<&'static str>> = Vec::new();
    let mut twice = false;
    for word in &header.cells {
        let meant =
            EARLIER.iter().find(|(earlier, _)| *earlier == word.text).map_or(word.text.as_str(), |known| known.1);
        let name = columns.iter().copied().find(|name| *name == meant);
        let names = columns.iter().copied();
        if name.is_none() {
            let hint = did_you_mean(&word.text, names.clone());
            faults.error("column-unknown", word.at, quoted(&word.text), listed(names)).hint(hint);
        } else if let Some(first) = found.iter().position(|column| *column == name) {
            let first = &header.cells[first].text;
            let told = if *first == word.text {
                format!("{} a second time", quoted(first))
            } else {
                format!("{}, which is {} by another name", quoted(&word.text), quoted(first))
            };
            faults.error("column-twice", word.at, told, "each column once");
            twice = true;
        }
        found.push(name);
    }
    let misspelt = |name: &str| {
        let unknown = header.cells.iter().zip(&found).filter(|(_, column)| column.is_none());
        unknown.into_iter().any(|(word, _)| nearest(&word.text, columns.iter().copied()) == Some(name))
    };
    for name in required {
        // One that is misspelt has been told with its name.
        if !found.contains(&Some(*name)) && !misspelt(name) {
            let allowed = format!("the column \"{name}\" is required");
            faults.error("column-missing", header.at(), format!("no column \"{name}\""), allowed);
        }
    }
    (!twice && required.iter().all(|name| found.contains(&Some(*name)))).then_some(found)
}

/// What runs over several lines is what a quote swallowed that nobody closed.
fn ends_where_it_begins(row: &CsvRow, faults: &mut Faults) -> bool {
    let long = row.cells.iter().find(|cell| cell.text.contains('\n'));
    if let Some(cell) = long {
        let found = format!("a value of several lines, {}", quoted(cell.text.lines().next().unwrap_or_default()));
        faults
            .error("csv-syntax", cell.at, found, "values that end in the line in which they begin")
            .hint(Some("a double quote is opened here and not closed; inside a value it is written twice".to_owned()));
    }
    long.is_none()
}

fn has_width(row: &CsvRow, width: usize, faults: &mut Faults) -> bool {
    let fits = row.cells.len() == width;
    if !fits {
        let cells = if row.cells.len() == 1 { "1 cell".to_owned() } else { format!("{} cells", row.cells.len()) };
        let hint = "a value with a comma needs double quotes around it; the header tells the columns";
        faults
            .error("row-width", row.at(), cells, format!("{width} cells, as in the header"))
            .hint(Some(hint.to_owned()));
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (Option<CsvTable>, Vec<String>) {
        let mut faults = Faults::default();
        let table = read("rules/reps.csv", text, &["id", "name", "skills"], &["id"], &mut faults);
        (table, faults.places())
    }

    #[test]
    fn cells_know_their_line_and_column() {
        let text = "\u{feff}# roster\n\nname,id\n# first\n\"Ünal, Ece\",ece\r\n\nx,b\n";
        let (table, faults) = table(text);
        assert_eq!(faults, Vec::<String>::new());
        let table = table.unwrap();
        let places: Vec<_> = table.rows.iter().map(|row| table.get(row, "id").unwrap()).collect();
        assert_eq!((places[0].text.as_str(), places[0].at.line, places[0].at.column), ("ece", 5, 13));
        assert_eq!((places[1].text.as_str(), places[1].at.line, places[1].at.column), ("b", 7, 3));
        assert_eq!(table.get(&table.rows[0], "name").unwrap().text, "Ünal, Ece");
    }

    #[test]
    fn what_spreadsheets_add_is_skipped_and_lines_are_those_a_person_sees() {
        for text in [
            "sep=,\r\nid,name\r\na,A\r\n",
            "# roster,,\n\"# two, in quotes\",,\nid,name,,\na,A,,\n,,,\n,,,\n",
            "\"sep=,\"\nid\tname\na\tA\n",
            "id,name,\n#,,\na,A,\n\n,\n",
        ] {
            let (table, faults) = table(text);
            assert_eq!(faults, Vec::<String>::new(), "{text}");
            let table = table.unwrap();
            assert_eq!(table.rows.len(), 1, "{text}");
            let word = table.get(&table.rows[0], "name").unwrap();
            let line = text.lines().position(|line| line.starts_with('a')).unwrap() + 1;
            assert_eq!((word.text.as_str(), word.at.line as usize, word.at.column), ("A", line, 3), "{text}");
        }
        assert_eq!(table("id,name,,\na,A,b,\n").1, ["2:1 row-width"], "a word beyond the last column is told");
        assert_eq!(table("id,name\nb, Bo,\n").1, ["2:1 row-width"], "so is a comma without quotes");
    }

    #[test]
    fn lists_are_separated_by_semicolons() {
        let table = table("id,skills\na, voice-ai ;; chat\n").0.unwrap();
        let words: Vec<_> = table.list(&table.rows[0], "skills").into_iter().map(|word| word.text).collect();
        assert_eq!(words, ["voice-ai", "chat"]);
        assert!(table.list(&table.rows[0], "name").is_empty());
    }

    #[test]
    fn a_wrong_shape_is_told() {
        assert_eq!(table("").1, ["1:1 table-empty"]);
        assert_eq!(table("id;name\na;b\n").1, ["1:1 table-separator"]);
        assert_eq!(table("id,nam,id\n").1, ["1:4 column-unknown", "1:8 column-twice"]);
        assert_eq!(table("name\nx\n").1, ["1:1 column-missing"]);
        assert_eq!(table("id,name\na\nb,c\nd,e,f\n").1, ["2:1 row-width", "4:1 row-width"]);
        assert_eq!(table("id,name\na,\"b\nc,d\",e\nf\n").1, ["2:3 csv-syntax", "4:1 row-width"]);
        assert_eq!(table("id,\"name\na,b\n").1, ["1:4 csv-syntax"]);
    }
}
