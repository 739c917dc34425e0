//! `reps.csv`: the roster, one row per rep.

use crate::domain::crm_id::CrmId;
use crate::domain::id::RepId;
use crate::domain::phone::PhoneE164;
use crate::domain::rep::{Leave, Rep};
use crate::domain::zone::Zone;
use crate::rules::fault::{At, Faults, Word, quoted};
use crate::rules::files::table::{self, CsvRow, CsvTable};
use crate::rules::words::{phone, values, zone};
use std::collections::{BTreeMap, BTreeSet};

const PATH: &str = crate::rules::REPS;
const COLUMNS: [&str; 23] = [
    "id",
    "name",
    "email",
    "phones",
    "team",
    "seniority",
    "languages",
    "skills",
    "products",
    "timezone",
    "hours",
    "holidays",
    "chat_id",
    "calendar",
    "crm_id",
    "delegate",
    "manager",
    "weight",
    "cap_per_day",
    "cap_per_week",
    "cap_open",
    "active",
    "leave",
];
const REQUIRED: [&str; 6] = ["id", "name", "email", "team", "timezone", "hours"];
/// A row as read; other reps, weeks and regions are not looked up yet.
pub struct RepDraft {
    /// Without delegate and manager.
    pub rep: Rep,
    /// The `id` cell.
    pub at: At,
    pub hours: Vec<Word>,
    pub holidays: Vec<Word>,
    pub delegate: Option<Word>,
    pub manager: Option<Word>,
}

/// In the order of the file. A value that is refused leaves a blank behind, so that names which depend on the row are
/// still found; the faults keep the blank from ever being used.
pub fn read(text: &str, faults: &mut Faults) -> Option<Vec<RepDraft>> {
    let table = table::read(PATH, text, &COLUMNS, &REQUIRED, faults)?;
    let mut seen = UniqueCells::default();
    Some(
        table.rows.iter().filter_map(|row| RepReader { table: &table, row, faults, seen: &mut seen }.draft()).collect(),
    )
}

/// What two reps must not share, by column and value: the line, and how it is written there.
type UniqueCells = BTreeMap<(&'static str, String), (u32, String)>;

struct RepReader<'r> {
    table: &'r CsvTable,
    row: &'r CsvRow,
    faults: &'r mut Faults,
    seen: &'r mut UniqueCells,
}

impl RepReader<'_> {
    fn draft(mut self) -> Option<RepDraft> {
        let id_word = self.require("id")?;
        let allowed = "1 to 64 characters of a-z, 0-9, '.', '-' and '_', such as priya.nair";
        let id = self.faults.read(&id_word, "rep-bad-id", allowed, |text| RepId::new(text).ok())?;
        if !self.once("id", &id_word, "rep-id-twice") {
            return None;
        }
        let _told_if_blank = ["team", "hours"].map(|column| self.require(column));
        let [hours, holidays] = ["hours", "holidays"].map(|column| self.table.list(self.row, column));
        let rep = Rep {
            name: self.require("name").map(|word| word.text).unwrap_or_default(),
            email: self.email(),
            phones: self.phones(),
            team: together(&self.table.list(self.row, "team")),
            seniority: together(&self.table.list(self.row, "seniority")),
            languages: self.languages(),
            skills: self.table.list(self.row, "skills").into_iter().map(|word| word.text).collect(),
            products: self.table.list(self.row, "products").into_iter().map(|word| word.text).collect(),
            timezone: self.timezone(),
            hours: together(&hours),
            holidays: together(&holidays),
            chat_id: self.chat_id(),
            calendar: self.get("calendar").map(|word| word.text),
            crm_id: self.crm_id(),
            delegate: None,
            manager: None,
            weight: self.weight(),
            cap_per_day: self.cap("cap_per_day"),
            cap_per_week: self.cap("cap_per_week"),
            cap_open: self.cap("cap_open"),
            active: self.read("active", "rep-bad-flag", values::FLAG, values::flag).unwrap_or(true),
            leave: self.leave(),
            id,
        };
        let [delegate, manager] = ["delegate", "manager"].map(|column| self.get(column));
        Some(RepDraft { rep, at: id_word.at, hours, holidays, delegate, manager })
    }

    fn get(&self, column: &'static str) -> Option<Word> {
        self.table.get(self.row, column).cloned()
    }

    fn require(&mut self, column: &'static str) -> Option<Word> {
        self.table.require(self.row, column, self.faults).cloned()
    }

    fn read<T>(
        &mut self,
        column: &'static str,
        code: &'static str,
        allowed: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let word = self.get(column)?;
        self.faults.read(&word, code, allowed, parse)
    }

    fn cap(&mut self, column: &'static str) -> Option<u32> {
        self.read(column, "rep-bad-cap", values::POSITIVE, values::positive)
    }

    fn weight(&mut self) -> u32 {
        let Some(word) = self.get("weight") else { return 1 };
        let read =
            self.faults.read_or_hint(&word, "rep-bad-weight", values::WEIGHT, values::weight, values::weight_meant);
        read.unwrap_or(1)
    }

    /// False, with a fault, if another row has the same value.
    fn once(&mut self, column: &'static str, word: &Word, code: &'static str) -> bool {
        self.once_as(column, word, word.text.to_lowercase(), code)
    }

    /// Two cells that are written differently may say the same: `key` is what they say.
    fn once_as(&mut self, column: &'static str, word: &Word, key: String, code: &'static str) -> bool {
        if let Some((line, text)) = self.seen.get(&(column, key.clone())) {
            let other_way = *text != word.text && !text.eq_ignore_ascii_case(&word.text);
            let there = if other_way { format!(" as {}", quoted(text)) } else { String::new() };
            let found = format!("{}, which line {line} has too{there}", quoted(&word.text));
            self.faults.error(code, word.at, found, format!("each {column} for one rep only"));
            return false;
        }
        self.seen.insert((column, key), (word.at.line, word.text.clone()));
        true
    }

    fn chat_id(&mut self) -> Option<String> {
        let id = self.read("chat_id", "rep-bad-chat-id", "a Slack member id such as U0PRIYA001", slack_id)?;
        let word = self.get("chat_id")?;
        self.once("chat_id", &word, "rep-chat-id-twice").then_some(id)
    }

    /// With 15 characters or with 18, it is one id of Salesforce.
    fn crm_id(&mut self) -> Option<CrmId> {
        self.read("crm_id", "rep-bad-crm-id", "the CRM's user id: letters and digits", crm_id)?;
        let word = self.get("crm_id")?;
        let id = match CrmId::written(&word.text) {
            Ok(id) => id,
            Err(wrong) => {
                let found = format!("{}, whose last three characters do not fit the others", quoted(&word.text));
                let hint = format!(
                    "after {} they would be {}, upper and lower case told apart; copy the id from the CRM once more",
                    wrong.first, wrong.right
                );
                let allowed = "the id as Salesforce writes it, with 15 characters or with 18";
                self.faults.error("rep-crm-id-checksum", word.at, found, allowed).hint(Some(hint));
                return None;
            }
        };
        self.once_as("crm_id", &word, id.as_str().to_owned(), "rep-crm-id-twice").then_some(id)
    }

    fn email(&mut self) -> String {
        let Some(word) = self.require("email") else { return String::new() };
        let value = self.faults.read(&word, "rep-bad-email", "an address such as priya.nair@company.example", email);
        self.once("email", &word, "rep-email-twice");
        value.unwrap_or_default()
    }

    fn phones(&mut self) -> Vec<PhoneE164> {
        let mut phones = Vec::new();
        for word in self.table.list(self.row, "phones") {
            let allowed = "E.164 such as +14155550142";
            match PhoneE164::new(word.text.as_str()) {
                Ok(phone) => {
                    self.once("phones", &word, "rep-phone-twice");
                    phones.push(phone);
                }
                Err(_) => {
                    let hint = phone_meant(&word.text);
                    self.faults.error("rep-bad-phone", word.at, quoted(&word.text), allowed).hint(Some(hint));
                }
            }
        }
        phones
    }

    fn languages(&mut self) -> BTreeSet<String> {
        let words = self.table.list(self.row, "languages");
        let allowed = "language codes such as en;de";
        words.iter().filter_map(|word| self.faults.language(word, "rep-bad-language", allowed)).collect()
    }

    fn timezone(&mut self) -> Zone {
        let Some(word) = self.require("timezone") else { return Zone::UTC };
        zone::parse(&word.text, None).unwrap_or_else(|| {
            let names = Zone::all().map(|zone| zone.name());
            let hint = self.faults.did_you_mean(&word.text, names);
            self.faults
                .error("rep-unknown-timezone", word.at, quoted(&word.text), "a zone such as Europe/Berlin")
                .hint(hint);
            Zone::UTC
        })
    }

    fn leave(&mut self) -> Vec<Leave> {
        let words = self.table.list(self.row, "leave");
        let allowed = "days such as 2026-03-02..2026-03-06 or 2026-03-02";
        let mut leave: Vec<Leave> = Vec::new();
        for word in &words {
            let days = self.faults.read_or_hint(word, "rep-bad-leave", allowed, values::days, values::days_meant);
            leave.extend(days.map(|(from, until)| Leave { from, until }));
        }
        leave
    }
}

/// How to write a number that was written otherwise, or what a spreadsheet has done to it.
fn phone_meant(text: &str) -> String {
    let rounded = text.to_lowercase().contains("e+");
    if rounded && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | 'e' | 'E' | '+')) {
        return "a spreadsheet has rounded it: format the column as text, then write the whole number".to_owned();
    }
    match phone::read(text, None).or_else(|| phone::without_plus(text)) {
        Some(number) => format!("write {}", number.as_str()),
        None if text.chars().filter(char::is_ascii_digit).count() < 8 => "the number is too short".to_owned(),
        None => "write + and the country code, no blanks".to_owned(),
    }
}

/// Several names as one, whatever their order in the cell.
fn together(words: &[Word]) -> String {
    let names: BTreeSet<&str> = words.iter().map(|word| word.text.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(crate::rules::files::hours::AND)
}

fn email(text: &str) -> Option<String> {
    let (name, domain) = text.split_once('@')?;
    let fine = !name.is_empty()
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
        && !text.contains(char::is_whitespace)
        && !domain.contains('@');
    fine.then(|| text.to_lowercase())
}

fn slack_id(text: &str) -> Option<String> {
    let rest = text.strip_prefix(['U', 'W'])?;
    let fine = rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    fine.then(|| text.to_owned())
}

fn crm_id(text: &str) -> Option<()> {
    (text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reps(text: &str) -> (Vec<RepDraft>, Vec<String>) {
        let mut faults = Faults::default();
        let drafts = read(text, &mut faults).unwrap_or_default();
        let told = faults
            .into_sorted()
            .iter()
            .map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.code))
            .collect();
        (drafts, told)
    }

    #[test]
    fn a_full_row_is_read() {
        let (drafts, faults) = reps(
            "id,name,email,phones,team,languages,timezone,hours,chat_id,weight,active,leave\n\
             ana.ruiz,Ana Ruiz,Ana.Ruiz@company.example,+34910000001;+34600000001,emea,ES;en,Europe/Madrid,office,U0ANARUIZ1,2,no,2026-03-02..2026-03-06;2026-04-01\n",
        );
        assert_eq!(faults, Vec::<String>::new());
        let rep = &drafts[0].rep;
        assert_eq!(rep.email, "ana.ruiz@company.example");
        assert_eq!(rep.phones.len(), 2);
        assert_eq!(rep.languages.iter().collect::<Vec<_>>(), ["en", "es"]);
        assert_eq!((rep.weight, rep.active, rep.leave.len()), (2, false, 2));
        assert_eq!(rep.timezone, Zone::named("Europe/Madrid"));
    }

    #[test]
    fn all_faults_of_a_row_are_told_at_once() {
        let (drafts, faults) = reps(
            "id,name,email,phones,team,timezone,hours,weight\n\
             ana,Ana,ana@company,12345,emea,Europe/Berln,office,0\n\
             ana,Ana,ana@company.example,,emea,Europe/Berlin,office,\n",
        );
        let expected = [
            "2:9 rep-bad-email",
            "2:21 rep-bad-phone",
            "2:32 rep-unknown-timezone",
            "2:52 rep-bad-weight",
            "3:1 rep-id-twice",
        ];
        assert_eq!(faults, expected);
        assert_eq!(drafts.len(), 1, "the row is kept for the names that depend on it");
    }

    /// Stored releases have rosters from before `chat_id` was called so.
    #[test]
    fn a_roster_is_read_the_same_with_the_earlier_name_of_a_column() {
        let roster = |column: &str| {
            format!(
                "id,name,email,team,timezone,hours,{column}\n\
                 ana,Ana,ana@company.example,emea,Europe/Madrid,office,U0ANARUIZ1\n"
            )
        };
        let [(now, faults), (earlier, before)] = ["chat_id", "slack_id"].map(|column| reps(&roster(column)));
        assert_eq!((faults, before), (Vec::new(), Vec::new()));
        assert_eq!(now[0].rep.chat_id.as_deref(), Some("U0ANARUIZ1"));
        assert_eq!(now[0].rep, earlier[0].rep);
    }

    #[test]
    fn slack_ids_have_their_form() {
        assert!(slack_id("U0PRIYA001").is_some());
        assert!(slack_id("W012345678").is_some());
        for wrong in ["U0PRIYA", "X0PRIYA001", "U0priya001", "@priya", ""] {
            assert!(slack_id(wrong).is_none(), "{wrong}");
        }
    }
}
