//! A spreadsheet with whatever headers it has.

use baton_core::rules::words::encoding::separator;
use baton_core::rules::words::place;
use std::collections::BTreeMap;

/// What a column of ours is called elsewhere, most telling name first; in folded form.
pub type Columns = [(&'static str, &'static [&'static str])];

pub(super) struct Sheet {
    headers: Vec<String>,
    /// With the line on which each begins.
    pub rows: Vec<(u32, Vec<String>)>,
    /// Index into the headers by our name.
    taken: BTreeMap<&'static str, usize>,
}

/// `country=Land` as given on the command line.
///
/// # Errors
/// The text has no `=`.
pub fn overrides(given: &[String]) -> Result<BTreeMap<String, String>, String> {
    let pair = |text: &String| {
        let (ours, theirs) = text.split_once('=')?;
        Some((ours.trim().to_owned(), theirs.trim().to_owned()))
    };
    given
        .iter()
        .map(|text| pair(text).ok_or_else(|| format!("{text:?}: expected OURS=THEIRS, such as country=Land")))
        .collect()
}

impl Sheet {
    /// Separated by comma, semicolon or tab, whichever the first line has most of.
    ///
    /// # Errors
    /// There is no header, or the overrides name a column that is not there.
    pub(crate) fn read(text: &str, columns: &Columns, overrides: &BTreeMap<String, String>) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        // `sep=;`, which a spreadsheet writes for itself.
        let named = text.lines().next().and_then(separator).filter(char::is_ascii);
        let (text, before) = match (named, text.split_once('\n')) {
            (Some(_), Some((_, rest))) => (rest, 1),
            _ => (text, 0),
        };
        let first = text.lines().next().unwrap_or_default();
        let counted = [b',', b';', b'\t'].into_iter().max_by_key(|sign| {
            // Of equally many the comma, which stands first, has to win: max_by_key gives the last.
            (first.bytes().filter(|byte| byte == sign).count(), *sign == b',')
        });
        let mut reader = csv::ReaderBuilder::new();
        reader
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(named.map(|sign| sign as u8).or(counted).unwrap_or(b','));
        let mut lines = Vec::new();
        for record in reader.from_reader(text.as_bytes()).records() {
            let record = record.map_err(|error| error.to_string())?;
            let line = record.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(0)) + before;
            lines.push((line, record.iter().map(str::to_owned).collect::<Vec<String>>()));
        }
        if lines.is_empty() {
            return Err("the file is empty: expected a first line with the names of the columns".to_owned());
        }
        let (_, headers) = lines.remove(0);
        lines.retain(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
        let taken = take(&headers, columns, overrides)?;
        Ok(Self { headers, rows: lines, taken })
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.taken.contains_key(column)
    }

    /// Blank where there is no such column.
    pub(crate) fn get<'r>(&self, row: &'r [String], column: &str) -> &'r str {
        self.taken.get(column).and_then(|index| row.get(*index)).map_or("", |cell| cell.trim())
    }

    /// `country = "Land"`, and the columns that were left alone.
    pub(crate) fn told(&self) -> Vec<String> {
        let pairs = self.taken.iter().map(|(ours, index)| format!("{ours} = {:?}", self.headers[*index]));
        let mut told = vec![format!("columns: {}", pairs.collect::<Vec<_>>().join(", "))];
        let used: Vec<usize> = self.taken.values().copied().collect();
        let left = self.headers.iter().enumerate().filter(|(index, _)| !used.contains(index));
        let left: Vec<String> = left.map(|(_, name)| format!("{name:?}")).collect();
        if !left.is_empty() {
            told.push(format!("not used: {}; name one with --map OURS=THEIRS", left.join(", ")));
        }
        told
    }
}

fn take(
    headers: &[String],
    columns: &Columns,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<&'static str, usize>, String> {
    let folded: Vec<String> = headers.iter().map(|name| fold(name)).collect();
    let mut taken: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (ours, theirs) in overrides {
        let Some((ours, _)) = columns.iter().find(|(name, _)| name == ours) else {
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "--map {ours}={theirs}: there is no column {ours:?}; expected one of {}",
                names.join(", ")
            ));
        };
        let Some(index) = folded.iter().position(|name| *name == fold(theirs)) else {
            return Err(format!(
                "--map {ours}={theirs}: the file has no column {theirs:?}; it has {}",
                headers.join(", ")
            ));
        };
        taken.insert(ours, index);
    }
    for (ours, names) in columns {
        let free = |index: &usize| !taken.values().any(|used| used == index);
        let found = names.iter().find_map(|name| folded.iter().position(|header| header == name).filter(free));
        if let (Some(index), false) = (found, taken.contains_key(ours)) {
            taken.insert(ours, index);
        }
    }
    Ok(taken)
}

/// `Billing Zip/Postal Code` and `billing_zip_postal_code` are one name.
fn fold(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(place::fold).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
