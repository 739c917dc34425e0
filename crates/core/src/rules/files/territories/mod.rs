//! `territories.csv`: one row per cell. A cell with several countries, states, postal prefixes or industries stands for
//! one row each.

mod conflicts;

use crate::domain::id::TerritoryId;
use crate::rules::fault::{Faults, Word, quoted};
use crate::rules::files::table::{self, CsvRow, CsvTable};
use crate::rules::files::vocabulary::{self, Vocabulary};
use crate::rules::model::row::TerritoryRow;
use crate::rules::words::values::{self, Employees};
use crate::rules::words::{place, postal};
use chrono::NaiveDate;
use conflicts::refuse_conflicts;

const PATH: &str = crate::rules::TERRITORIES;
const COLUMNS: [&str; 10] =
    ["territory", "country", "state", "region", "postal", "industry", "employees", "priority", "from", "until"];

pub(crate) fn read(text: &str, vocabulary: &Vocabulary, faults: &mut Faults) -> Option<File> {
    let table = table::read(PATH, text, &COLUMNS, &["territory"], faults)?;
    let mut rows = Vec::new();
    // A row with a fault may be wider than it was meant: it would conflict with rows that are right.
    let mut sound = Vec::new();
    let mut digits = Vec::new();
    for row in &table.rows {
        let told = faults.count();
        let reader = TerritoryReader { table: &table, row, vocabulary, digits: &mut digits, faults };
        let cells = reader.cells().unwrap_or_default();
        if faults.count() == told {
            sound.extend(cells.iter().cloned());
        }
        rows.extend(cells);
    }
    refuse_conflicts(&sound, faults);
    Some(File { rows, digits })
}

/// What stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub rows: Vec<TerritoryRow>,
    pub digits: Vec<Digits>,
}

/// The beginning of a postal code of digits, as a cell has it.
#[derive(Debug, Clone)]
pub(crate) struct Digits {
    pub country: &'static str,
    pub word: Word,
    pub length: usize,
}

struct TerritoryReader<'r> {
    table: &'r CsvTable,
    row: &'r CsvRow,
    vocabulary: &'r Vocabulary,
    digits: &'r mut Vec<Digits>,
    faults: &'r mut Faults,
}

impl TerritoryReader<'_> {
    /// The rows that this line stands for. A value that is refused widens the row, which its fault keeps from being used.
    fn cells(mut self) -> Option<Vec<TerritoryRow>> {
        let word = self.table.require(self.row, "territory", self.faults)?;
        let allowed = "a name of at most 64 characters, such as DACH";
        let territory = self.faults.read(word, "territory-bad-name", allowed, |text| TerritoryId::new(text).ok())?;
        let places = self.places();
        let industries = self.industries();
        let (from, until) = self.dates();
        let template = TerritoryRow {
            line: self.row.line,
            territory,
            country: None,
            state: None,
            region: self.region(),
            postal_prefix: None,
            industry: None,
            employees: self.employees(),
            priority: self.priority(),
            from,
            until,
        };
        let mut rows = Vec::new();
        for place in &places {
            for industry in &industries {
                let PlaceDraft { country, state, postal_prefix } = place.clone();
                rows.push(TerritoryRow {
                    country,
                    state,
                    postal_prefix,
                    industry: industry.clone(),
                    ..template.clone()
                });
            }
        }
        Some(rows)
    }

    /// Country × state × postal prefix.
    fn places(&mut self) -> Vec<PlaceDraft> {
        let countries: Vec<Word> = self.table.list(self.row, "country");
        let states = self.table.list(self.row, "state");
        let postals = self.table.list(self.row, "postal");
        if let (Some(word), true) = (states.first().or(postals.first()), countries.len() != 1) {
            let found = format!("{} with {} countries", quoted(&word.text), countries.len());
            self.faults
                .error(
                    "territory-needs-one-country",
                    word.at,
                    found,
                    "exactly one country beside a state or postal code",
                )
                .hint(Some("the same code means different places in different countries".to_owned()));
            return vec![PlaceDraft::default()];
        }
        let codes: Vec<&'static str> = countries
            .iter()
            .filter_map(|word| vocabulary::country(word, "territory-unknown-country", self.faults))
            .collect();
        let states: Vec<String> = match codes.first() {
            Some(country) => states.iter().filter_map(|word| self.state(country, word)).collect(),
            None => Vec::new(),
        };
        let postals: Vec<String> = match codes.first() {
            Some(country) => postals.iter().flat_map(|word| self.postal(country, word)).collect(),
            None => Vec::new(),
        };
        let mut places = Vec::new();
        for country in or_any(codes.into_iter().map(str::to_owned).collect()) {
            for state in or_any(states.clone()) {
                for postal_prefix in or_any(postals.clone()) {
                    places.push(PlaceDraft { country: country.clone(), state: state.clone(), postal_prefix });
                }
            }
        }
        places
    }

    fn state(&mut self, country: &str, word: &Word) -> Option<String> {
        let found = place::state(country, &word.text);
        if found.is_none() {
            let names = place::state_names(country);
            let hint = self.faults.did_you_mean(&word.text, names.into_iter());
            self.faults
                .error(
                    "territory-unknown-state",
                    word.at,
                    quoted(&word.text),
                    format!("the code or name of a part of {country}"),
                )
                .hint(hint);
        }
        found
    }

    /// The beginnings that a cell's word stands for.
    fn postal(&mut self, country: &'static str, word: &Word) -> Vec<String> {
        match postal::beginnings(country, &word.text) {
            Ok(beginnings) => {
                if let ([one], Some(_)) = (beginnings.as_slice(), postal::digits_of(country)) {
                    self.digits.push(Digits { country, word: word.clone(), length: one.len() });
                }
                beginnings
            }
            Err(meant) => {
                let hint = match meant {
                    Some(code) => format!(
                        "a zero is missing in front: write {code}, or {}* for all that begins so",
                        word.text.trim()
                    ),
                    None => "a range is written out, as the beginnings it covers: 941;942".to_owned(),
                };
                self.faults
                    .error(
                        "territory-bad-postal",
                        word.at,
                        quoted(&word.text),
                        format!("a postal code of {country}, or the beginning of one"),
                    )
                    .hint(Some(hint));
                Vec::new()
            }
        }
    }

    fn industries(&mut self) -> Vec<Option<String>> {
        let words = self.table.list(self.row, "industry");
        let values = words.iter().filter_map(|word| {
            self.vocabulary.one_of("lead.industry", word, "territory-unknown-industry", self.faults)
        });
        or_any(values.collect())
    }

    fn region(&mut self) -> Option<String> {
        let word = self.table.get(self.row, "region")?;
        self.vocabulary.one_of("lead.region", word, "territory-unknown-region", self.faults)
    }

    fn employees(&mut self) -> Option<Employees> {
        let word = self.table.get(self.row, "employees")?;
        self.faults.read(word, "territory-bad-employees", values::RANGE, values::employees)
    }

    fn priority(&mut self) -> i32 {
        let Some(word) = self.table.get(self.row, "priority") else { return 0 };
        let allowed = "a whole number; higher beats lower, empty is 0";
        self.faults.read(word, "territory-bad-priority", allowed, |text| text.parse().ok()).unwrap_or(0)
    }

    fn dates(&mut self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let [from, until] = ["from", "until"].map(|column| self.table.get(self.row, column));
        let [from_day, until_day] = [from, until].map(|word| self.faults.date(word?, "territory-bad-date"));
        if let (Some(from), Some(until), Some(word)) = (from_day, until_day, until)
            && until < from
        {
            self.faults.error(
                "territory-dates-reversed",
                word.at,
                format!("until {until}"),
                format!("{from} or later"),
            );
        }
        (from_day, until_day)
    }
}

#[derive(Debug, Clone, Default)]
struct PlaceDraft {
    country: Option<String>,
    state: Option<String>,
    postal_prefix: Option<String>,
}

/// Each value, or "any" if there is none.
fn or_any(values: Vec<String>) -> Vec<Option<String>> {
    if values.is_empty() { vec![None] } else { values.into_iter().map(Some).collect() }
}

#[cfg(test)]
mod tests;
