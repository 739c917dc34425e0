//! An export of users or owners as `rules/reps.csv`: a Salesforce user report, HubSpot owners as CSV or JSON.

use super::sheet::{Columns, Sheet};
use super::{Imported, RepIds, comment, csv_cell, slug};
use baton_core::rules::words::{language, phone, place, zone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const PATH: &str = "rules/reps.csv";

#[rustfmt::skip]
const COLUMNS: &Columns = &[
    ("name", &["name", "full name", "user full name"]),
    ("first", &["first name", "firstname", "vorname"]),
    ("last", &["last name", "lastname", "nachname"]),
    ("email", &["email", "e mail", "email address", "user email"]),
    ("username", &["username", "user name", "login"]),
    ("desk", &["work phone", "desk phone", "office phone", "business phone", "direct line"]),
    ("phone", &["phone", "telephone", "phone number"]),
    ("mobile", &["mobile", "mobile phone", "mobilephone", "cell phone", "mobile number"]),
    ("team", &["team", "teams", "department", "user role", "role", "role name", "profile", "profile name"]),
    ("seniority", &["seniority", "title", "job title", "level"]),
    ("languages", &["languages", "language", "languagelocalekey", "locale"]),
    ("timezone", &["timezone", "time zone", "timezonesidkey", "time zone sid key"]),
    ("crm_id", &["user id", "owner id", "userid", "ownerid", "id", "hs object id"]),
    ("manager", &["manager", "manager name", "manager email"]),
    ("active", &["active", "is active", "isactive", "status"]),
];

/// # Errors
/// The file is neither a table with names or addresses nor HubSpot's list of owners.
pub fn import(text: &str, overrides: &BTreeMap<String, String>) -> Result<Imported, String> {
    let text = text.trim_start_matches('\u{feff}');
    let table = if text.trim_start().starts_with(['{', '[']) { owners_as_table(text)? } else { text.to_owned() };
    let sheet = Sheet::read(&table, COLUMNS, overrides)?;
    if !sheet.has("email") && !sheet.has("username") {
        return Err(format!(
            "no column looks like an e-mail address: say which with --map email=NAME ({})",
            sheet.told().join("; ")
        ));
    }
    let mut imported = Imported { told: sheet.told(), ..Imported::default() };
    let mut csv = "# weight, skills, delegate, leave and calendar are yours to fill in; hours and holidays are names from hours.yaml.\n\
                   id,name,email,phones,team,seniority,languages,skills,timezone,hours,holidays,chat_id,calendar,crm_id,delegate,\
                   manager,weight,cap_per_day,active,leave\n"
        .to_owned();
    let mut lines: BTreeMap<String, u32> = BTreeMap::new();
    let people = People::of(&sheet);
    for (line, cells) in &sheet.rows {
        match row(&sheet, *line, cells, &people, &mut imported) {
            Some((id, _)) if lines.contains_key(&id) => {
                let _ = writeln!(csv, "# line {line}, {id} a second time: {}", comment(&cells.join(",")));
                imported.note(
                    *line,
                    format!("{id} stands on line {} already", lines[&id]),
                    "give one of them another id",
                );
            }
            Some((id, row)) => {
                csv.push_str(&row);
                lines.insert(id, *line);
            }
            None => {
                let _ = writeln!(csv, "# line {line} has no address: {}", comment(&cells.join(",")));
                imported.note(*line, "no e-mail address and no user name", "add the rep by hand");
            }
        }
    }
    imported.told.push(format!("{} of {} rows became reps", lines.len(), sheet.rows.len()));
    imported.files.push((PATH, csv));
    Ok(imported)
}

/// Who is who in the export.
struct People {
    ids: RepIds,
    /// Addresses by full name, in folded form, for the managers' column.
    by_name: BTreeMap<String, String>,
}

impl People {
    fn of(sheet: &Sheet) -> Self {
        let rows = || sheet.rows.iter().map(|(_, cells)| cells);
        let by_name = rows().map(|cells| (place::fold(&name(sheet, cells)), address(sheet, cells).to_owned()));
        Self { ids: RepIds::of(rows().map(|cells| address(sheet, cells))), by_name: by_name.collect() }
    }

    /// By name or address; empty for nobody of the export.
    fn find(&self, said: &str) -> &str {
        let by_name = self.by_name.get(&place::fold(said));
        by_name.map_or_else(|| self.ids.get(said), |address| self.ids.get(address))
    }
}

fn address<'c>(sheet: &'c Sheet, cells: &'c [String]) -> &'c str {
    let (email, username) = (sheet.get(cells, "email"), sheet.get(cells, "username"));
    if email.is_empty() { username } else { email }
}

fn name(sheet: &Sheet, cells: &[String]) -> String {
    let get = |column| sheet.get(cells, column);
    let whole = format!("{} {}", get("first"), get("last")).trim().to_owned();
    if get("name").is_empty() { whole } else { get("name").to_owned() }
}

/// The id and the line of `reps.csv`; `None` without an address to make an id of.
fn row(
    sheet: &Sheet,
    line: u32,
    cells: &[String],
    people: &People,
    imported: &mut Imported,
) -> Option<(String, String)> {
    let get = |column| sheet.get(cells, column);
    let email = address(sheet, cells);
    let id = people.ids.get(email).to_owned();
    if id.is_empty() {
        return None;
    }
    let name = match name(sheet, cells) {
        name if name.is_empty() => id.clone(),
        name => name,
    };
    if people.ids.is_shared(email) {
        let found = format!("{email} is rep {id}: somebody else's address begins alike");
        imported.note(line, found, "give them shorter ids if you like, here and in the rules");
    }
    let phone = phones(sheet, cells, &id, line, imported);
    let languages = languages(get("languages"), &id, line, imported);
    let timezone = timezone(get("timezone")).unwrap_or_else(|| {
        imported.note(line, format!("no time zone of {id} could be read"), "write one such as Europe/Berlin");
        String::new()
    });
    let manager = get("manager");
    let manager = if manager.is_empty() { "" } else { people.find(manager) };
    if manager.is_empty() && !get("manager").is_empty() {
        imported.note(
            line,
            format!("the manager of {id} is not in this export"),
            "name one of the reps, or leave it empty",
        );
    }
    let team = first_slug(get("team"), "sales");
    let seniority = first_slug(get("seniority"), "rep");
    let active = !matches!(place::fold(get("active")).as_str(), "0" | "false" | "no" | "inactive" | "deactivated");
    let row: [&str; 20] = [
        &id,
        &name,
        &email.to_lowercase(),
        &phone,
        &team,
        &seniority,
        &languages,
        "",
        &timezone,
        "office",
        "",
        "",
        &email.to_lowercase(),
        get("crm_id"),
        "",
        manager,
        "",
        "",
        if active { "yes" } else { "no" },
        "",
    ];
    let row: Vec<String> = row.iter().map(|cell| csv_cell(cell)).collect();
    Some((id.clone(), format!("{}\n", row.join(","))))
}

/// A list names its main team first.
fn first_slug(cell: &str, otherwise: &str) -> String {
    let slug = slug(&cell.split(';').next().unwrap_or_default().replace('_', " "), '-');
    if slug.is_empty() { otherwise.to_owned() } else { slug }
}

/// `en_US` and `German` are `en` and `de`; what is no language is told.
fn languages(cell: &str, id: &str, line: u32, imported: &mut Imported) -> String {
    let mut languages: Vec<&str> = Vec::new();
    for item in cell.split([';', ',', '/', '|']).map(str::trim).filter(|item| !item.is_empty()) {
        match language::parse(item) {
            Some(tag) if languages.contains(&tag) => {}
            Some(tag) => languages.push(tag),
            None => {
                let todo = language::hint(item).unwrap_or_else(|| "write its code, such as en or de".to_owned());
                imported.note(line, format!("no language of {id} in {item:?}"), todo);
            }
        }
    }
    if languages.is_empty() { "en".to_owned() } else { languages.join(";") }
}

/// `America/New_York`, or Salesforce's `(GMT-05:00) Eastern Standard Time (America/New_York)`.
fn timezone(cell: &str) -> Option<String> {
    zone::parse(cell, None).map(|zone| zone.name().to_owned())
}

/// Columns with phones, in the order in which they are to be rung, and what stands before a number of theirs.
const PHONES: [(&str, &str); 3] = [("desk", "desk:"), ("phone", ""), ("mobile", "mobile:")];

/// Every number with its kind, as far as the export says it, once.
fn phones(sheet: &Sheet, cells: &[String], id: &str, line: u32, imported: &mut Imported) -> String {
    let (mut known, mut phones) = (BTreeSet::new(), Vec::new());
    for (column, kind) in PHONES {
        for number in numbers(sheet.get(cells, column), id, line, imported) {
            if known.insert(number.clone()) {
                phones.push(format!("{kind}{number}"));
            }
        }
    }
    phones.join(";")
}

/// Every number of the cell with its country code; what is lost on the way is told.
fn numbers(cell: &str, id: &str, line: u32, imported: &mut Imported) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for item in
        cell.split([';', '|', '\n']).flat_map(|part| part.split(" / ")).map(str::trim).filter(|item| !item.is_empty())
    {
        let Some(phone) = phone::parse(item, None) else {
            let todo = "write it with + and the country code, as a text and not as a number";
            imported.note(line, format!("the phone of {id} could not be read, or is national"), todo);
            continue;
        };
        if let Some(extension) = phone.extension {
            let todo = "a rep is rung without extension: write a number that reaches them directly";
            imported.note(line, format!("extension {extension} of {id} was left out"), todo);
        }
        numbers.push(phone.number.as_str().to_owned());
    }
    numbers
}

/// HubSpot's `GET /crm/v3/owners`: `{ "results": [ { "id", "email", "firstName", "lastName", "archived", "teams" } ] }`.
fn owners_as_table(text: &str) -> Result<String, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| format!("reading JSON: {error}"))?;
    let list = document.get("results").unwrap_or(&document);
    let owners = list.as_array().ok_or("expected a list of owners, or an object with \"results\"")?;
    let mut table = "Owner ID,Email,First name,Last name,Team,Active\n".to_owned();
    for owner in owners {
        let text = |name: &str| owner.get(name).and_then(Value::as_str).unwrap_or_default();
        let id =
            owner.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).unwrap_or_default();
        let team = owner.pointer("/teams/0/name").and_then(Value::as_str).unwrap_or_default();
        let archived = owner.get("archived").and_then(Value::as_bool).unwrap_or(false);
        let active = if archived { "no" } else { "yes" };
        let cells = [&id, text("email"), text("firstName"), text("lastName"), team, active];
        let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
        let _ = writeln!(table, "{}", cells.join(","));
    }
    Ok(table)
}

#[cfg(test)]
mod tests;
