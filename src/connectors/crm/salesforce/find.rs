//! Every record that may be a lead's account or the caller: two reads at once, and one for the accounts of contacts.
//!
//! Contacts and open leads by e-mail, anybody by phone, accounts by website and by the beginning of the name. What a loose
//! search brings is not judged here; the rules' matcher does that.

use super::errors::{VENDOR, read};
use super::reads::Queries;
use super::{Salesforce, soql};
use crate::connectors::lead::{first_word, host_of, phone_near};
use crate::connectors::{AccountKeys, VendorError};
use baton_core::domain::account::{CompanyRecord, PersonKind, PersonRecord, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::lead::FieldValue;
use baton_core::domain::phone::PhoneE164;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a loose search that are looked at. A website or a first word that more accounts share says little.
const LOOSE: u32 = 100;
/// Rows of an exact one.
const EXACT: u32 = 20;
/// Opportunities and cases that are counted of an account.
const OPEN: u32 = 100;
const OF_PERSON: &str = "Id, OwnerId, Email, Phone, MobilePhone, LastActivityDate, CreatedDate";

/// How the parts of the first read are called.
const CONTACTS: &str = "contacts";
const LEADS: &str = "leads";
const BY_WEBSITE: &str = "by_website";
const BY_NAME: &str = "by_name";

type SoqlRow = Map<String, Value>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchResult {
    search_records: Vec<SoqlRow>,
}

impl Salesforce {
    pub(super) async fn records(&self, keys: &AccountKeys) -> Result<Records, VendorError> {
        refuse_other_than_fields(keys)?;
        let (found, by_phone) = tokio::try_join!(self.by_text(keys), self.anybody_by_phone(keys))?;
        let of = |name: &str| found.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut companies = BTreeMap::new();
        for row in of(BY_WEBSITE).iter().chain(of(BY_NAME)).filter(|row| !is_person(row)) {
            let company = company(row, keys);
            companies.insert(company.crm_id.clone(), company);
        }
        let mut people = BTreeMap::new();
        let mut wanted = BTreeSet::new();
        for row in of(CONTACTS).iter().chain(of(LEADS)).chain(&by_phone) {
            let Some(id) = id(row, "Id").filter(|id| soql::is_id(id.as_str())) else { continue };
            let kind = match soql::object_of(id.as_str()) {
                Some("Contact") => PersonKind::Contact,
                Some("Lead") => PersonKind::Lead,
                Some("Account") => {
                    wanted.insert(id);
                    continue;
                }
                _ => continue,
            };
            let person = person(kind, row, keys);
            wanted.extend(person.company_crm_id.clone());
            people.insert(id, person);
        }
        wanted.retain(|id| soql::is_id(id.as_str()) && !companies.contains_key(id));
        for row in self.accounts_by_id(&wanted, keys).await? {
            let company = company(&row, keys);
            if !is_person(&row) {
                companies.insert(company.crm_id.clone(), company);
                continue;
            }
            // Salesforce keeps a contact beside such an account: they are one.
            let account = company.crm_id;
            let mut is_there = false;
            for contact in people.values_mut().filter(|one| one.company_crm_id.as_ref() == Some(&account)) {
                contact.company_crm_id = None;
                is_there = true;
            }
            if !is_there {
                people.insert(account, person(PersonKind::Contact, &row, keys));
            }
        }
        let (companies, people) = (companies.into_values().collect(), people.into_values().collect());
        Ok(Records { companies, people, left_out: 0 })
    }

    /// By mail address, website and name, in one request.
    async fn by_text(&self, keys: &AccountKeys) -> Result<BTreeMap<String, Vec<SoqlRow>>, VendorError> {
        let mut queries = Queries::new();
        if let Some(email) = keys.email.as_deref().map(soql::literal) {
            let order = format!("ORDER BY CreatedDate DESC, Id LIMIT {EXACT}");
            let contacts = format!("SELECT {OF_PERSON}, AccountId FROM Contact WHERE Email = {email} {order}");
            let open = format!("Email = {email} AND IsConverted = false");
            queries.push((CONTACTS, contacts));
            queries.push((LEADS, format!("SELECT {OF_PERSON} FROM Lead WHERE {open} {order}")));
        }
        let of_accounts = [(BY_WEBSITE, with_website(keys)), (BY_NAME, of_name(keys))];
        for (name, filter) in of_accounts.into_iter().filter_map(|(name, filter)| Some((name, filter?))) {
            queries.push((name, account_query(&filter, LOOSE, self.account_columns().await?, keys)));
        }
        match queries.is_empty() {
            true => Ok(BTreeMap::new()),
            false => self.reads("find", &queries).await?.rows(),
        }
    }

    /// Stored phones are unformatted text: the search index knows their digits, with or without the country code.
    async fn anybody_by_phone(&self, keys: &AccountKeys) -> Result<Vec<SoqlRow>, VendorError> {
        let Some(phone) = &keys.phone else { return Ok(Vec::new()) };
        let (full, national) = digits_of(phone);
        let order = format!("ORDER BY CreatedDate DESC LIMIT {EXACT}");
        let sosl = format!(
            "FIND {{{full} OR {national}}} IN PHONE FIELDS RETURNING Contact({OF_PERSON}, AccountId {order}), \
             Lead({OF_PERSON} WHERE IsConverted = false {order}), Account(Id, Phone {order})"
        );
        let answer = self.send(self.call("search", &["search"]).query("q", sosl)).await?;
        let mut rows = read::<SearchResult>(&answer)?.search_records;
        rows.retain(|row| phones(row, keys).contains(phone));
        Ok(rows)
    }

    async fn accounts_by_id(&self, ids: &BTreeSet<CrmId>, keys: &AccountKeys) -> Result<Vec<SoqlRow>, VendorError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = ids.iter().map(|id| soql::literal(id.as_str())).collect();
        let filter = format!("Id IN ({})", ids.join(", "));
        self.query(&account_query(&filter, LOOSE, self.account_columns().await?, keys)).await
    }

    /// Those of these accounts that are there, and are no people.
    pub(super) async fn companies(&self, ids: &[CrmId], keys: &AccountKeys) -> Result<Vec<CompanyRecord>, VendorError> {
        refuse_other_than_fields(keys)?;
        let ids: BTreeSet<CrmId> = ids.iter().filter(|id| soql::is_id(id.as_str())).cloned().collect();
        let rows = self.accounts_by_id(&ids, keys).await?;
        Ok(rows.iter().filter(|row| !is_person(row)).map(|row| company(row, keys)).collect())
    }

    /// Those that not every org has.
    async fn account_columns(&self) -> Result<&'static [&'static str], VendorError> {
        let columns: &[&str] = if self.has_person_accounts().await? { &["IsPersonAccount"] } else { &[] };
        Ok(columns)
    }

    async fn has_person_accounts(&self) -> Result<bool, VendorError> {
        self.has_person_accounts.get_or_try_init(|| self.can_have_person_accounts()).await.copied()
    }

    /// An org that cannot have them has no field that tells them apart, either.
    async fn can_have_person_accounts(&self) -> Result<bool, VendorError> {
        let some = self.query_if_there("SELECT Id FROM Account WHERE IsPersonAccount = true LIMIT 1").await?;
        Ok(some.is_some())
    }
}

/// What rules call a field goes into a query as it stands.
fn refuse_other_than_fields(keys: &AccountKeys) -> Result<(), VendorError> {
    match keys.fields.iter().find(|field| !soql::is_field(field)) {
        None => Ok(()),
        Some(field) => {
            let why = format!("{field:?} is not the API name of a field, such as Tier__c");
            Err(VendorError::needs_person(VENDOR, why))
        }
    }
}

/// `Website` is free text, so `LIKE` finds too much (`notacme.com`).
fn with_website(keys: &AccountKeys) -> Option<String> {
    Some(format!("Website LIKE {}", soql::containing(keys.domain.as_deref()?)))
}

/// By the beginning: the index of names knows no others, and legal forms stand at the end.
fn of_name(keys: &AccountKeys) -> Option<String> {
    let name = keys.company.as_deref()?;
    let exact = format!("Name = {}", soql::literal(name));
    Some(match first_word(name) {
        Some(word) => {
            let (plain, the) = (soql::beginning(word), soql::beginning(&format!("The {word}")));
            format!("({exact} OR Name LIKE {plain} OR Name LIKE {the})")
        }
        None => exact,
    })
}

/// `of_some`: columns that not every org has.
fn account_query(filter: &str, limit: u32, of_some: &[&str], keys: &AccountKeys) -> String {
    let mut columns = vec!["Id", "Name", "Website", "Phone", "BillingCountry", "OwnerId", "LastActivityDate"];
    columns.extend(of_some);
    for field in &keys.fields {
        if !columns.iter().any(|column| column.eq_ignore_ascii_case(field)) {
            columns.push(field);
        }
    }
    let columns = columns.join(", ");
    let (open, most) = if keys.counts.opportunities { ("OwnerId, StageName, Amount", OPEN) } else { ("OwnerId", 1) };
    let cases = match keys.counts.cases {
        true => {
            format!(", (SELECT CreatedDate FROM Cases WHERE IsClosed = false ORDER BY CreatedDate LIMIT {OPEN})")
        }
        false => String::new(),
    };
    format!(
        "SELECT {columns}, (SELECT {open} FROM Opportunities WHERE IsClosed = false ORDER BY LastModifiedDate DESC \
         LIMIT {most}){cases} FROM Account WHERE {filter} ORDER BY CreatedDate, Id LIMIT {limit}"
    )
}

fn company(row: &SoqlRow, keys: &AccountKeys) -> CompanyRecord {
    let (opportunities, cases) = (below(row, "Opportunities"), below(row, "Cases"));
    let newest = |field: &str| opportunities.first().and_then(|newest| newest[field].as_str());
    let wanted = |name: &String| Some((name.clone(), field_value(member(row, name)?)?));
    let mut company = CompanyRecord {
        crm_id: id(row, "Id").unwrap_or_default(),
        name: text(row, "Name").unwrap_or_default(),
        domains: text(row, "Website").and_then(|website| host_of(&website)).into_iter().collect(),
        phones: phones(row, keys),
        country: text(row, "BillingCountry"),
        owner_crm_id: id(row, "OwnerId"),
        open_opportunity_owner_crm_id: newest("OwnerId").map(CrmId::from),
        active_at: text(row, "LastActivityDate").and_then(|day| instant(&day)),
        fields: keys.fields.iter().filter_map(wanted).collect(),
        seen_at: None,
    };
    if keys.counts.opportunities {
        let amount = opportunities.iter().filter_map(|open| open["Amount"].as_f64()).sum();
        company.count_opportunities(opportunities.len(), amount, newest("StageName"));
    }
    if keys.counts.cases {
        company.count_cases(cases.len(), cases.first().and_then(|oldest| instant(oldest["CreatedDate"].as_str()?)));
    }
    company
}

/// The rows of a sub-select; the vendor writes null where there are none.
fn below<'r>(row: &'r SoqlRow, relation: &str) -> &'r [Value] {
    row.get(relation).and_then(|list| list["records"].as_array()).map(Vec::as_slice).unwrap_or_default()
}

/// An account that is a person: no company, whatever its name.
fn is_person(row: &SoqlRow) -> bool {
    row.get("IsPersonAccount") == Some(&Value::Bool(true))
}

/// `LastModifiedDate` is not asked: every import and every flow sets it.
fn person(kind: PersonKind, row: &SoqlRow, keys: &AccountKeys) -> PersonRecord {
    let dates = ["LastActivityDate", "CreatedDate"];
    PersonRecord {
        kind,
        crm_id: id(row, "Id").unwrap_or_default(),
        company_crm_id: id(row, "AccountId"),
        email: text(row, "Email").map(|email| email.to_lowercase()),
        phones: phones(row, keys),
        owner_crm_id: id(row, "OwnerId"),
        owner: None,
        active_at: dates.iter().filter_map(|field| instant(&text(row, field)?)).max(),
    }
}

/// Field names do not mind case, and the answer uses the org's.
fn member<'a>(row: &'a SoqlRow, name: &str) -> Option<&'a Value> {
    row.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn field_value(value: &Value) -> Option<FieldValue> {
    match value {
        Value::Bool(flag) => Some(FieldValue::Flag(*flag)),
        Value::Number(number) => number.as_f64().map(FieldValue::Number),
        Value::String(text) => Some(FieldValue::Text(text.clone())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn text(row: &SoqlRow, field: &str) -> Option<String> {
    row.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn id(row: &SoqlRow, field: &str) -> Option<CrmId> {
    text(row, field).map(CrmId::from)
}

/// `2026-01-31`, which counts from its beginning in UTC, or `2026-01-31T12:00:00.000+0000`, without the colon of RFC 3339.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    let with_zone =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    with_zone.ok().map(|at| at.to_utc())
}

/// All digits, and those without the country code.
fn digits_of(phone: &PhoneE164) -> (String, String) {
    let full = phone.as_str().trim_start_matches('+').to_owned();
    let national = phonenumber::parse(None, phone.as_str()).map(|number| number.national().to_string());
    (full.clone(), national.unwrap_or(full))
}

fn phones(row: &SoqlRow, keys: &AccountKeys) -> Vec<PhoneE164> {
    let Some(near) = &keys.phone else { return Vec::new() };
    let stored = ["Phone", "MobilePhone"].into_iter().filter_map(|field| text(row, field));
    stored.filter_map(|stored| phone_near(&stored, near)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_read_anyway_is_not_asked_for_twice() {
        let fields = vec!["name".to_owned(), "Tier__c".to_owned()];
        let query = account_query("Id = 'x'", 5, &[], &AccountKeys { fields, ..AccountKeys::default() });
        assert!(query.contains("LastActivityDate, Tier__c, (SELECT"), "{query}");
        assert!(!query.contains("name,"), "{query}");
    }

    #[test]
    fn dates_and_instants_of_the_vendor_are_read() {
        let at = |text: &str| instant(text).map(|at| at.to_rfc3339());
        assert_eq!(at("2026-01-31").as_deref(), Some("2026-01-31T00:00:00+00:00"));
        assert_eq!(at("2026-01-31T12:00:00.000+0000").as_deref(), Some("2026-01-31T12:00:00+00:00"));
        assert_eq!(at("2026-01-31T12:00:00Z").as_deref(), Some("2026-01-31T12:00:00+00:00"));
        assert_eq!(at("soon"), None);
    }
}
