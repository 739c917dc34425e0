//! `reps.csv`: the roster, one row per rep.

mod cells;

use crate::domain::address::ChatAddress;
use crate::domain::crm_id::CrmId;
use crate::domain::id::RepId;
use crate::domain::phone::endpoint::{Endpoint, PhoneKind};
use crate::domain::rep::{Leave, Rep};
use crate::domain::zone::Zone;
use crate::rules::fault::{At, Faults, Word, quoted};
use crate::rules::files::table::{self, CsvRow, CsvTable};
use crate::rules::words::{values, zone};
use cells::{address_meant, chat_address, crm_id, email, together};
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
pub(crate) struct RepDraft {
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
pub(crate) fn read(text: &str, faults: &mut Faults) -> Option<Vec<RepDraft>> {
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
            calendar: self.calendars(),
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
        let allowed = "a Slack member id such as U0PRIYA001; or teams, or teams:NAME, for a channel of Teams";
        let id = self.read("chat_id", "rep-bad-chat-id", allowed, chat_address)?;
        if let ChatAddress::Teams(_) = ChatAddress::of(&id) {
            // Several read one channel.
            return Some(id);
        }
        let word = self.get("chat_id")?;
        self.once("chat_id", &word, "rep-chat-id-twice").then_some(id)
    }

    /// Each once; the first is the one in which meetings are booked.
    fn calendars(&mut self) -> Option<String> {
        let words = self.table.list(self.row, "calendar");
        for (index, word) in words.iter().enumerate() {
            if words[..index].iter().any(|before| before.text == word.text) {
                let found = format!("{} a second time", quoted(&word.text));
                self.faults.error("rep-calendar-twice", word.at, found, "each calendar of a rep once");
            }
        }
        let written: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        (!written.is_empty()).then(|| written.join(";"))
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

    fn phones(&mut self) -> Vec<Endpoint> {
        let words = self.table.list(self.row, "phones");
        words.iter().filter_map(|word| self.phone(word)).collect()
    }

    /// A number, or an address behind the word for what it is.
    fn phone(&mut self, word: &Word) -> Option<Endpoint> {
        let (kind, address) = match word.text.split_once(':') {
            None => (PhoneKind::Phone, word.text.as_str()),
            Some((kind, address)) => (self.phone_kind(word, kind)?, address.trim()),
        };
        match Endpoint::new(kind, address) {
            Ok(endpoint) => {
                let key = endpoint.address.as_str().to_lowercase();
                self.once_as("phones", word, key, "rep-phone-twice");
                Some(endpoint)
            }
            Err(_) => {
                let code = if kind == PhoneKind::App { "rep-bad-app" } else { "rep-bad-phone" };
                let hint = address_meant(kind, address);
                self.faults.error(code, word.at, quoted(&word.text), kind.allows()).hint(Some(hint));
                None
            }
        }
    }

    fn phone_kind(&mut self, word: &Word, kind: &str) -> Option<PhoneKind> {
        let kind = kind.trim().to_lowercase();
        let named = PhoneKind::named(&kind);
        if named.is_none() {
            let kinds = PhoneKind::NAMED.map(PhoneKind::as_str);
            let hint = match kind.as_str() {
                "sip" | "sips" => Some("write app: in its place".to_owned()),
                "tel" | "phone" => Some("write the number alone".to_owned()),
                other => self.faults.did_you_mean(other, kinds.into_iter()),
            };
            let allowed = "a number, or one of app, desk and mobile before a colon: mobile:+14155550142";
            self.faults.error("rep-unknown-phone-kind", word.at, quoted(&word.text), allowed).hint(hint);
        }
        named
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

#[cfg(test)]
mod tests;
