//! Past leads with the owner each had, as tests of the rules: `rules/tests/imported.yaml`.
//!
//! Leads that look the same to rules are put together. Where all of them went to one owner, that is a test; where several
//! owners shared them, it was somebody's turn, which no test can fix, and it is told instead.

use super::sheet::{Columns, Sheet};
use super::territories::{country, employees, state};
use super::{BadCell, Imported, RepIds, comment, yaml_text};
use baton_core::rules::words::place;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const PATH: &str = "rules/tests/imported.yaml";

#[rustfmt::skip]
const COLUMNS: &Columns = &[
    ("owner", &["owner", "lead owner", "owner email", "lead owner email", "owner name", "assigned to", "account owner", "rep"]),
    ("country", &["country", "country code", "billing country", "land"]),
    ("state", &["state", "state province", "billing state", "state code", "province", "bundesland"]),
    ("postal", &["postal", "postal code", "zip", "zip code", "zip postal code", "postcode", "plz"]),
    ("industry", &["industry", "branche"]),
    ("employees", &["employees", "number of employees", "no of employees", "company size", "mitarbeiter"]),
    ("source", &["source"]),
    // The marketing source, which is not the platform that sent the event.
    ("leadsource", &["lead source", "leadsource"]),
];

/// `reps` is the workspace's `rules/reps.csv`, by which names, addresses and CRM ids are known. `at` is when every lead is
/// decided, such as `2026-03-03T15:00:00Z`.
///
/// # Errors
/// The file has no header, or none of its columns names the owner.
pub fn import(
    text: &str,
    overrides: &BTreeMap<String, String>,
    reps: Option<&str>,
    at: &str,
) -> Result<Imported, String> {
    let sheet = Sheet::read(text, COLUMNS, overrides)?;
    if !sheet.has("owner") {
        return Err(format!(
            "no column looks like the owner: say which with --map owner=NAME ({})",
            sheet.told().join("; ")
        ));
    }
    let mut imported = Imported { told: sheet.told(), ..Imported::default() };
    let owners = match reps {
        Some(reps) => Owners::of_roster(reps, &mut imported)?,
        None => Owners::of_export(&sheet, &mut imported),
    };
    // By what rules see of a lead: its lines and owners.
    let mut cells: BTreeMap<String, (u32, BTreeSet<String>, u32)> = BTreeMap::new();
    let mut left_out = String::new();
    for (line, row) in &sheet.rows {
        let read = owners.get(sheet.get(row, "owner")).and_then(|owner| Ok((owner, lead(&sheet, row)?)));
        match read {
            Ok((owner, lead)) => {
                let cell = cells.entry(lead).or_insert((*line, BTreeSet::new(), 0));
                cell.1.insert(owner);
                cell.2 += 1;
            }
            Err((found, todo)) => {
                let _ =
                    writeln!(left_out, "# line {line} was left out ({}): {}", comment(&found), comment(&row.join(",")));
                imported.note(*line, found, todo);
            }
        }
    }
    let (mut tests, mut count) = (String::new(), 0);
    for (lead, (line, owners, leads)) in &cells {
        let mut each = owners.iter();
        if let (Some(owner), None) = (each.next(), each.next()) {
            count += 1;
            let name = format!("line {line}, {leads} of {leads} went to {owner}");
            let _ = writeln!(
                tests,
                "  - name: {}\n    lead: {{ {lead} }}\n    expect: {{ owner: {owner} }}",
                yaml_text(&name)
            );
        } else {
            let owners = owners.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let _ = writeln!(left_out, "# {{ {} }} was shared by {owners}: {leads} leads", comment(lead));
            imported.note(
                *line,
                format!("{leads} such leads were shared by {owners}"),
                "write a test of the pool if there is one for them",
            );
        }
    }
    let head = "# Made of past assignments: where all leads of a kind went to one owner. Run them with `baton test`.\n";
    let tests = if tests.is_empty() { "tests: []\n".to_owned() } else { format!("tests:\n{tests}") };
    imported.told.push(format!("{count} tests of {} rows", sheet.rows.len()));
    imported.files.push((PATH, format!("{head}defaults:\n  at: {at}\n{tests}{left_out}")));
    Ok(imported)
}

/// Who is who among the owners of the export.
enum Owners {
    /// Ids by everything a rep is called in the roster, in folded form; `None` where several are called so.
    Roster(BTreeMap<String, Option<String>>),
    /// Without a roster the address or name is made an id, as the import of reps does.
    Export(RepIds),
}

impl Owners {
    fn of_roster(reps: &str, imported: &mut Imported) -> Result<Self, String> {
        const OURS: &Columns = &[("id", &["id"]), ("name", &["name"]), ("email", &["email"]), ("crm_id", &["crm id"])];
        let rows: String = reps.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        let sheet = Sheet::read(&rows, OURS, &BTreeMap::new())?;
        let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (_, row) in &sheet.rows {
            let id = sheet.get(row, "id");
            for column in ["id", "name", "email", "crm_id"] {
                let said = place::fold(sheet.get(row, column));
                let one = known.entry(said).or_insert_with(|| Some(id.to_owned()));
                if one.as_deref().is_some_and(|other| other != id) {
                    *one = None;
                }
            }
        }
        known.remove("");
        let shared = known.values().filter(|one| one.is_none()).count();
        if shared > 0 {
            imported.told.push(format!("{shared} names in rules/reps.csv are shared by several reps"));
        }
        Ok(Self::Roster(known))
    }

    fn of_export(sheet: &Sheet, imported: &mut Imported) -> Self {
        let said = || sheet.rows.iter().map(|(line, row)| (*line, sheet.get(row, "owner")));
        let ids = RepIds::of(said().map(|(_, said)| said));
        let mut told = BTreeSet::new();
        for (line, said) in said().filter(|(_, said)| ids.is_shared(said)) {
            if told.insert(said.to_lowercase()) {
                let found = format!("{said} is rep {}: somebody else's address begins alike", ids.get(said));
                imported.note(
                    line,
                    found,
                    "run `baton import reps` first, so that owners are known by their addresses",
                );
            }
        }
        Self::Export(ids)
    }

    fn get(&self, said: &str) -> Result<String, BadCell> {
        let id = match self {
            Self::Roster(known) => match known.get(&place::fold(said)) {
                Some(None) => {
                    let todo = "name the owner by their address or CRM id: --map owner=NAME";
                    return Err((format!("{said:?} is the name of several reps"), todo.to_owned()));
                }
                Some(Some(id)) => id,
                None => "",
            },
            Self::Export(ids) => ids.get(said),
        };
        if id.is_empty() {
            let todo = "add the rep to rules/reps.csv, or leave the row: a queue is nobody";
            return Err((format!("owner {said:?} is no rep"), todo.to_owned()));
        }
        Ok(id.to_owned())
    }
}

/// The fields of the test's lead, as flow YAML.
fn lead(sheet: &Sheet, row: &[String]) -> Result<String, BadCell> {
    let get = |column| sheet.get(row, column);
    let read = |text: &str, read: &dyn Fn(&str) -> Result<String, BadCell>| {
        if text.is_empty() { Ok(String::new()) } else { read(text) }
    };
    let nation = read(get("country"), &country)?;
    let state = read(get("state"), &|text| state(&nation, text))?;
    let size = employees(get("employees"))?;
    let size = if size.bytes().all(|byte| byte.is_ascii_digit()) { size } else { get("employees").to_owned() };
    let fields = [
        ("country", nation.as_str()),
        ("state", &state),
        ("postal", get("postal")),
        ("industry", get("industry")),
        ("employees", &size),
        ("source", get("source")),
        ("custom.leadsource", get("leadsource")),
    ];
    let known = fields.into_iter().filter(|(_, value)| !value.is_empty());
    let fields: Vec<String> = known.map(|(name, value)| format!("{name}: {}", yaml_text(value))).collect();
    if fields.is_empty() {
        return Err((
            "nothing that rules look at".to_owned(),
            "leave the row, or name its columns with --map".to_owned(),
        ));
    }
    Ok(fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_of_one_owner_are_a_test_and_shared_ones_are_told() {
        let text = "Lead Owner,Country,Industry\nJane Doe,Germany,Software\njane.doe@acme.example,DE,Software\n\
                    Jane Doe,France,\nBob Roe,France,\nInbound Queue,Spain,\n";
        let reps = "# roster\nid,name,email,crm_id\njane.doe,Jane Doe,jane.doe@acme.example,1\nbob,Bob Roe,bob@acme.example,2\n";
        let imported = import(text, &BTreeMap::new(), Some(reps), "2026-03-03T15:00:00Z").expect("rows");
        let yaml = &imported.files[0].1;
        let test = "  - name: \"line 2, 2 of 2 went to jane.doe\"\n    lead: { country: \"DE\", industry: \"Software\" }\n    \
                    expect: { owner: jane.doe }\n";
        assert!(yaml.contains(test), "{yaml}");
        let told: Vec<(u32, &str)> = imported.notes.iter().map(|note| (note.line, note.found.as_str())).collect();
        assert_eq!(told, [(6, "owner \"Inbound Queue\" is no rep"), (4, "2 such leads were shared by bob, jane.doe")]);
    }

    #[test]
    fn two_owners_stay_two() {
        let text = "Owner,Country\nsales@acme.example,DE\nSales@other.example,FR\nSALES@acme.example,DE\nana@acme.example,AT\n";
        let imported = import(text, &BTreeMap::new(), None, "2026-03-03T15:00:00Z").expect("rows");
        let owners: Vec<&str> = imported.files[0].1.lines().filter(|line| line.contains("expect:")).collect();
        let expected = ["ana", "sales.acme.example", "sales.other.example"];
        assert_eq!(owners, expected.map(|owner| format!("    expect: {{ owner: {owner} }}")));
        let told: Vec<u32> = imported.notes.iter().map(|note| note.line).collect();
        assert_eq!(told, [2, 3], "{:?}", imported.notes);

        let reps = "id,name,email,crm_id\nann.1,Ann Lee,ann.lee@acme.example,1\nann.2,Ann Lee,ann@acme.example,2\n";
        let text = "Owner,Country\nAnn Lee,DE\nann@acme.example,FR\nann.1,AT\n";
        let imported = import(text, &BTreeMap::new(), Some(reps), "2026-03-03T15:00:00Z").expect("rows");
        let yaml = &imported.files[0].1;
        assert!(yaml.contains("owner: ann.1") && yaml.contains("owner: ann.2"), "{yaml}");
        let told: Vec<&str> = imported.notes.iter().map(|note| note.found.as_str()).collect();
        assert_eq!(told, ["\"Ann Lee\" is the name of several reps"]);
    }
}
