//! A spreadsheet of territories as `rules/territories.csv`.

use super::sheet::{Columns, Sheet};
use super::{BadCell, Imported, comment, csv_cell, ranges};
use baton_core::rules::words::{headcount, place, values};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const PATH: &str = "rules/territories.csv";

#[rustfmt::skip]
pub(super) const COLUMNS: &Columns = &[
    ("territory", &["territory", "territory name", "sales territory", "patch", "gebiet", "territorio", "area", "team", "owner", "account owner", "rep", "assigned to"]),
    ("country", &["country", "country code", "country region", "billing country", "land", "pays", "pais", "nation"]),
    ("state", &["state", "state code", "state province", "billing state", "billing state province", "province", "bundesland"]),
    ("region", &["region", "sales region", "geo", "theater"]),
    ("postal", &["postal", "postal code", "zip", "zip code", "zip prefix", "postcode", "plz", "zip postal code", "billing zip postal code", "zips"]),
    ("industry", &["industry", "vertical", "sector", "branche", "industries"]),
    ("employees", &["employees", "number of employees", "no of employees", "company size", "employee range", "headcount", "size", "mitarbeiter"]),
    ("priority", &["priority", "rank"]),
    ("from", &["from", "valid from", "effective from", "start date", "start", "effective date"]),
    ("until", &["until", "valid until", "valid to", "effective to", "end date", "end"]),
];

/// # Errors
/// The file has no header, or none of its columns names the territory.
pub fn import(text: &str, overrides: &BTreeMap<String, String>) -> Result<Imported, String> {
    let sheet = Sheet::read(text, COLUMNS, overrides)?;
    if !sheet.has("territory") {
        let told = sheet.told().join("; ");
        return Err(format!(
            "no column looks like the name of the territory: say which with --map territory=NAME ({told})"
        ));
    }
    let mut imported = Imported { told: sheet.told(), ..Imported::default() };
    let mut csv = "territory,country,state,region,postal,industry,employees,priority,from,until\n".to_owned();
    let mut rows = 0;
    let usual = usual_country(&sheet);
    if let Some(country) = usual {
        imported.told.push(format!("states without a country are read as those of {country}: most of the column are"));
    }
    for (line, cells) in &sheet.rows {
        let mut told = Vec::new();
        let read = row(&sheet, cells, usual, &mut told);
        told.into_iter().for_each(|(found, todo)| imported.note(*line, found, todo));
        match read {
            Ok(cells) => {
                rows += 1;
                let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
                let _ = writeln!(csv, "{}", cells.join(","));
            }
            Err((found, todo)) => {
                let _ = writeln!(
                    csv,
                    "# line {line} was not understood ({}): {}",
                    comment(&found),
                    comment(&cells.join(","))
                );
                imported.note(*line, found, todo);
            }
        }
    }
    imported.told.push(format!("{rows} of {} rows were understood", sheet.rows.len()));
    imported.files.push((PATH, csv));
    Ok(imported)
}

/// The country that has the most of the states that stand without one: Florida is also in Uruguay, and Maryland also in Liberia,
/// but not in a column with Texas.
fn usual_country(sheet: &Sheet) -> Option<&'static str> {
    let alone = sheet.rows.iter().filter(|(_, cells)| is_any(sheet.get(cells, "country")));
    let states: Vec<&str> =
        alone.flat_map(|(_, cells)| sheet.get(cells, "state").split([';', ','])).map(str::trim).collect();
    let states: BTreeSet<&str> = states.into_iter().filter(|state| !is_any(state)).collect();
    let has = |country: &str| states.iter().filter(|state| place::state(country, state).is_some()).count();
    // Of equally many the first, which stands in more addresses; max_by_key gives the last.
    let countries: Vec<&'static str> = place::countries_by_use().collect();
    countries
        .into_iter()
        .rev()
        .map(|country| (has(country), country))
        .filter(|(count, _)| *count > 0)
        .max_by_key(|(count, _)| *count)
        .map(|(_, country)| country)
}

/// `usual` is the country of states that stand alone; `told` takes what was mended.
fn row(sheet: &Sheet, cells: &[String], usual: Option<&str>, told: &mut Vec<BadCell>) -> Result<Vec<String>, BadCell> {
    let get = |column| sheet.get(cells, column);
    let territory = get("territory");
    if territory.is_empty() {
        return Err(("no territory".to_owned(), "name the territory of this row".to_owned()));
    }
    let territory = territory.replace(';', ",");
    let mut countries = list(get("country"), country)?;
    if countries.is_empty() && !is_any(get("state")) {
        countries = usual.unwrap_or_default().to_owned();
    }
    let only = countries.split(';').next().filter(|_| !countries.contains(';')).unwrap_or_default().to_owned();
    let states = list(get("state"), |text| state(&only, text))?;
    let postal = list(&get("postal").replace('/', ";"), |text| ranges::postal(&only, text, told))?;
    let industry = get("industry").split(';').map(str::trim).collect::<Vec<_>>().join(";");
    let employees = employees(get("employees"))?;
    let priority = whole(get("priority"))?;
    let (from, until) = (date(get("from"))?, date(get("until"))?);
    Ok(vec![territory, countries, states, get("region").to_owned(), postal, industry, employees, priority, from, until])
}

/// The items of a cell, each in our spelling. A comma separates as well: no name of a place here has one.
fn list(cell: &str, read: impl FnMut(&str) -> Result<String, BadCell>) -> Result<String, BadCell> {
    if is_any(cell) {
        return Ok(String::new());
    }
    let items = cell.split([';', ',', '|', '\n']).map(str::trim).filter(|item| !item.is_empty());
    Ok(items.map(read).collect::<Result<Vec<String>, BadCell>>()?.join(";"))
}

/// What people write where anything fits.
fn is_any(cell: &str) -> bool {
    matches!(cell.trim().to_lowercase().as_str(), "" | "*" | "any" | "all" | "alle" | "-" | "n/a")
}

pub(super) fn country(text: &str) -> Result<String, BadCell> {
    let refused = || (format!("country {text:?}"), "write its ISO code, such as DE, or its English name".to_owned());
    place::country(text).map(str::to_owned).ok_or_else(refused)
}

pub(super) fn state(country: &str, text: &str) -> Result<String, BadCell> {
    let found = if country.is_empty() { place::state_anywhere(text) } else { place::state(country, text) };
    found.ok_or_else(|| {
        (format!("state {text:?}"), "write its ISO code or its name, and the country beside it".to_owned())
    })
}

/// `100-999`, `1,000+`, `< 100`, `1k - 5k` as `100..999`, `>= 1000`, `< 100`, `1000..5000`.
pub(super) fn employees(cell: &str) -> Result<String, BadCell> {
    if is_any(cell) {
        return Ok(String::new());
    }
    let refused = || {
        let todo = "write a range such as 100..999, >= 1000 or < 50".to_owned();
        (format!("employees {cell:?}"), todo)
    };
    // A sign is kept as it is written: to a table < 50 and <= 50 are two things.
    for sign in [">=", "<=", ">", "<"] {
        if let Some(border) = cell.trim().strip_prefix(sign) {
            let border = headcount::parse(border).filter(|count| count.at_most == Some(count.at_least));
            return border.map(|count| format!("{sign} {}", count.at_least)).ok_or_else(refused);
        }
    }
    let count = headcount::parse(&cell.replace("..", "-")).ok_or_else(refused)?;
    Ok(match count.at_most {
        None => format!(">= {}", count.at_least),
        Some(most) if most == count.at_least => most.to_string(),
        Some(most) if count.at_least <= 1 => format!("<= {most}"),
        Some(most) => format!("{}..{most}", count.at_least),
    })
}

fn whole(cell: &str) -> Result<String, BadCell> {
    let refused = |_| (format!("priority {cell:?}"), "write a whole number".to_owned());
    if cell.is_empty() {
        Ok(String::new())
    } else {
        cell.parse::<i32>().map(|number| number.to_string()).map_err(refused)
    }
}

/// A day as any country writes it; one with slashes that is one day in America and another in Europe is not guessed.
pub(super) fn date(cell: &str) -> Result<String, BadCell> {
    if cell.is_empty() {
        return Ok(String::new());
    }
    let refused = || (format!("date {cell:?}"), "write it as 2026-03-31".to_owned());
    values::day(cell).map(|date| date.to_string()).ok_or_else(refused)
}

#[cfg(test)]
mod tests;
