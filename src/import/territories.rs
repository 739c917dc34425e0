//! A spreadsheet of territories as `rules/territories.csv`.

use super::sheet::{Columns, Sheet};
use super::{Imported, comment, csv_cell};
use crate::rules::place;
use chrono::NaiveDate;
use std::collections::BTreeMap;
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
            "no column looks like the name of the territory: say which with --column territory=NAME ({told})"
        ));
    }
    let mut imported = Imported { told: sheet.told(), ..Imported::default() };
    let mut csv = "territory,country,state,region,postal,industry,employees,priority,from,until\n".to_owned();
    let mut rows = 0;
    for (line, cells) in &sheet.rows {
        match row(&sheet, cells) {
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

type Refused = (String, String);

fn row(sheet: &Sheet, cells: &[String]) -> Result<Vec<String>, Refused> {
    let get = |column| sheet.get(cells, column);
    let territory = get("territory");
    if territory.is_empty() {
        return Err(("no territory".to_owned(), "name the territory of this row".to_owned()));
    }
    let territory = territory.replace(';', ",");
    let countries = list(get("country"), country)?;
    let only = countries.split(';').next().filter(|_| !countries.contains(';')).unwrap_or_default().to_owned();
    let states = list(get("state"), |text| state(&only, text))?;
    let postal = list(get("postal"), postal)?;
    let industry = get("industry").split(';').map(str::trim).collect::<Vec<_>>().join(";");
    let employees = employees(get("employees"))?;
    let priority = whole(get("priority"))?;
    let (from, until) = (date(get("from"))?, date(get("until"))?);
    Ok(vec![territory, countries, states, get("region").to_owned(), postal, industry, employees, priority, from, until])
}

/// The items of a cell, each in our spelling. A comma separates as well: no name of a place here has one.
fn list(cell: &str, read: impl Fn(&str) -> Result<String, Refused>) -> Result<String, Refused> {
    if is_any(cell) {
        return Ok(String::new());
    }
    let items = cell.split([';', ',', '|', '\n']).map(str::trim).filter(|item| !item.is_empty());
    Ok(items.map(read).collect::<Result<Vec<String>, Refused>>()?.join(";"))
}

/// What people write where anything fits.
fn is_any(cell: &str) -> bool {
    matches!(cell.trim().to_lowercase().as_str(), "" | "*" | "any" | "all" | "alle" | "-" | "n/a")
}

pub(super) fn country(text: &str) -> Result<String, Refused> {
    let refused = || (format!("country {text:?}"), "write its ISO code, such as DE, or its English name".to_owned());
    place::country(text).map(str::to_owned).ok_or_else(refused)
}

pub(super) fn state(country: &str, text: &str) -> Result<String, Refused> {
    let found = if country.is_empty() { place::state_anywhere(text) } else { place::state(country, text) };
    found.ok_or_else(|| {
        (format!("state {text:?}"), "write its ISO code or its name, and the country beside it".to_owned())
    })
}

/// `941xx` and `941*` are the prefix 941; `94100-94299` is 941;942. Blanks go.
fn postal(text: &str) -> Result<String, Refused> {
    let text = text.trim_end_matches(['x', 'X', '*', '%']);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((low, high)) = text.split_once(['-', '–']) {
        let (low, high) = (low.trim(), high.trim());
        if digits(low) && digits(high) && low.len() == high.len() && low.len() <= 9 && low <= high {
            return Ok(prefixes(low, high).join(";"));
        }
        if digits(low) && digits(high) {
            let todo = "write both ends with the same number of digits, the smaller first".to_owned();
            return Err((format!("postal codes {text:?}"), todo));
        }
    }
    Ok(place::postal(text))
}

/// The fewest prefixes that cover the codes from `low` to `high`, both of one length.
fn prefixes(low: &str, high: &str) -> Vec<String> {
    let all = |text: &str, digit: char| text.chars().all(|c| c == digit);
    let common = low.bytes().zip(high.bytes()).take_while(|(a, b)| a == b).count();
    let (head, low_rest, high_rest) = (&low[..common], &low[common..], &high[common..]);
    if all(low_rest, '0') && all(high_rest, '9') {
        return vec![head.to_owned()];
    }
    let (first, last) = (low_rest.as_bytes()[0], high_rest.as_bytes()[0]);
    let rest = low_rest.len() - 1;
    let mut covered = Vec::new();
    for digit in first..=last {
        let head = format!("{head}{}", char::from(digit));
        let low = if digit == first { low_rest[1..].to_owned() } else { "0".repeat(rest) };
        let high = if digit == last { high_rest[1..].to_owned() } else { "9".repeat(rest) };
        covered.extend(prefixes(&format!("{head}{low}"), &format!("{head}{high}")));
    }
    covered
}

/// `100-999`, `1,000+`, `< 100`, `1k - 5k` as `100..999`, `>= 1000`, `< 100`, `1000..5000`.
pub(super) fn employees(cell: &str) -> Result<String, Refused> {
    if is_any(cell) {
        return Ok(String::new());
    }
    let folded = cell.to_lowercase().replace("employees", "").replace(" to ", "-").replace([',', ' ', '\''], "");
    let refused = || {
        let todo = "write a range such as 100..999, >= 1000 or < 50".to_owned();
        (format!("employees {cell:?}"), todo)
    };
    let number = |text: &str| -> Option<u32> {
        match text.strip_suffix('k') {
            Some(thousands) => thousands.parse::<u32>().ok()?.checked_mul(1000),
            None => text.parse().ok(),
        }
    };
    if let Some(least) = folded.strip_suffix('+') {
        return number(least).map(|least| format!(">= {least}")).ok_or_else(refused);
    }
    for sign in [">=", "<=", ">", "<"] {
        if let Some(border) = folded.strip_prefix(sign) {
            return number(border).map(|border| format!("{sign} {border}")).ok_or_else(refused);
        }
    }
    let ends = folded.split_once("..").or_else(|| folded.split_once(['-', '–']));
    match ends {
        Some((low, high)) => match (number(low), number(high)) {
            (Some(low), Some(high)) if low <= high => Ok(format!("{low}..{high}")),
            _ => Err(refused()),
        },
        None => number(&folded).map(|exactly| exactly.to_string()).ok_or_else(refused),
    }
}

fn whole(cell: &str) -> Result<String, Refused> {
    let refused = |_| (format!("priority {cell:?}"), "write a whole number".to_owned());
    if cell.is_empty() {
        Ok(String::new())
    } else {
        cell.parse::<i32>().map(|number| number.to_string()).map_err(refused)
    }
}

/// ISO or with dots; a date with slashes is one day in America and another in Europe, so it is not guessed.
pub(super) fn date(cell: &str) -> Result<String, Refused> {
    if cell.is_empty() {
        return Ok(String::new());
    }
    let day = cell.get(..10).unwrap_or(cell);
    let found = ["%Y-%m-%d", "%d.%m.%Y"].iter().find_map(|form| NaiveDate::parse_from_str(day, form).ok());
    let refused = || (format!("date {cell:?}"), "write it as 2026-03-31".to_owned());
    found.map(|date| date.to_string()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Imported {
        import(text, &BTreeMap::new()).expect("a sheet")
    }

    #[test]
    fn names_codes_and_ranges_come_out_in_our_spelling() {
        let imported = csv("Territory;Land;Bundesland;PLZ;Mitarbeiter\nSouth;Deutschland;Bayern;80000-81999;1,000+\n");
        let (_, text) = &imported.files[0];
        assert_eq!(text.lines().nth(1), Some("South,DE,BY,,80;81,,>= 1000,,,"));
        assert_eq!(imported.notes, []);
    }

    #[test]
    fn a_row_that_is_not_understood_is_told_and_kept() {
        let imported =
            csv("Territory,Country,Start Date\nWest,Nowhereland,\nEast,France,03/04/2026\nNorth,France,2026-04-03\n");
        let told: Vec<(u32, &str)> = imported.notes.iter().map(|note| (note.line, note.found.as_str())).collect();
        assert_eq!(told, [(2, "country \"Nowhereland\""), (3, "date \"03/04/2026\"")]);
        let (_, text) = &imported.files[0];
        assert!(text.contains("# line 2 was not understood (country \"Nowhereland\"): West,Nowhereland,"), "{text}");
        assert!(text.contains("North,FR,,,,,,,2026-04-03,"), "{text}");
    }

    #[test]
    fn ranges_of_postal_codes_become_the_fewest_prefixes() {
        assert_eq!(prefixes("94000", "94999"), ["94"]);
        assert_eq!(prefixes("94100", "94299"), ["941", "942"]);
        assert_eq!(prefixes("08998", "09001"), ["08998", "08999", "09000", "09001"]);
        assert_eq!(prefixes("000", "999"), [""]);
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (given, wanted) in [
            ("100-999", "100..999"),
            ("1k+", ">= 1000"),
            ("<50", "< 50"),
            ("1,000 - 4,999 employees", "1000..4999"),
            ("any", ""),
        ] {
            assert_eq!(employees(given).as_deref(), Ok(wanted), "{given}");
        }
        assert!(employees("large").is_err());
    }

    #[test]
    fn a_column_can_be_named() {
        let named = BTreeMap::from([("territory".to_owned(), "Bereich".to_owned())]);
        assert!(import("Bereich,Country\nA,France\n", &BTreeMap::new()).is_err());
        let imported = import("Bereich,Country\nA,France\n", &named).expect("named");
        assert!(imported.files[0].1.contains("A,FR,"));
    }
}
