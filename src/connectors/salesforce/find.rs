//! From a lead's keys to its account: the strongest key first, and a loose hit of a search is checked before it counts.

use super::{Salesforce, VENDOR, read, soql};
use crate::connectors::http::Call;
use crate::connectors::{AccountKeys, VendorError};
use crate::domain::account::{Account, MatchKey};
use crate::domain::lead::FieldValue;
use crate::domain::phone::PhoneE164;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::Url;

/// The same name is a good hint that it is the same company, not a proof.
const NAME_SCORE: u16 = 700;
const EXACT_SCORE: u16 = 1000;
/// Rows of a loose search that are looked at.
const CANDIDATES: u32 = 50;

type Row = Map<String, Value>;

/// How a record was found.
#[derive(Clone, Copy)]
struct Hit {
    by: MatchKey,
    score_permille: u16,
}

impl Hit {
    fn exact(by: MatchKey) -> Self {
        Self { by, score_permille: EXACT_SCORE }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchResult {
    search_records: Vec<Row>,
}

impl Salesforce {
    /// Contact by e-mail, open lead by e-mail, account by domain, anybody by phone, account by name.
    pub(super) async fn find(&self, keys: &AccountKeys) -> Result<Option<Account>, VendorError> {
        if let Some(field) = keys.fields.iter().find(|field| !soql::is_field(field)) {
            let why = format!("{field:?} is not the API name of a field, such as Tier__c");
            return Err(VendorError::NeedsPerson { vendor: VENDOR, why });
        }
        if let Some(email) = &keys.email
            && let Some(found) = self.by_email(email, &keys.fields).await?
        {
            return Ok(Some(found));
        }
        if let Some(domain) = &keys.domain
            && let Some(found) = self.by_domain(domain, &keys.fields).await?
        {
            return Ok(Some(found));
        }
        if let Some(phone) = &keys.phone
            && let Some(found) = self.by_phone(phone, &keys.fields).await?
        {
            return Ok(Some(found));
        }
        match &keys.company {
            Some(name) => self.by_name(name, &keys.fields).await,
            None => Ok(None),
        }
    }

    async fn by_email(&self, email: &str, fields: &[String]) -> Result<Option<Account>, VendorError> {
        let hit = Hit::exact(MatchKey::Email);
        let email = soql::literal(email);
        let contacts = format!("Email = {email} ORDER BY CreatedDate, Id LIMIT 1");
        if let Some(found) = self.contact_where(&contacts, hit, fields).await? {
            return Ok(Some(found));
        }
        let leads = format!("Email = {email} AND IsConverted = false ORDER BY CreatedDate, Id LIMIT 1");
        self.lead_where(&leads, hit).await
    }

    /// `Website` is free text, so `LIKE` finds too much (`notacme.com`); the host decides.
    async fn by_domain(&self, domain: &str, fields: &[String]) -> Result<Option<Account>, VendorError> {
        let filter = format!("Website LIKE {} ORDER BY CreatedDate, Id LIMIT {CANDIDATES}", soql::containing(domain));
        let rows = self.query(&account_query(&filter, fields)).await?;
        let fits = |row: &&Row| text(row, "Website").is_some_and(|website| is_at(&website, domain));
        Ok(rows.iter().find(fits).map(|row| account(row, Hit::exact(MatchKey::Domain), fields)))
    }

    /// Stored phones are unformatted text: the search index knows their digits, with or without the country code.
    async fn by_phone(&self, phone: &PhoneE164, fields: &[String]) -> Result<Option<Account>, VendorError> {
        let hit = Hit::exact(MatchKey::Phone);
        let (full, national) = digits_of(phone);
        let sosl = format!(
            "FIND {{{full} OR {national}}} IN PHONE FIELDS RETURNING Contact(Id, Phone, MobilePhone ORDER BY CreatedDate \
             LIMIT 5), Account(Id, Phone ORDER BY CreatedDate LIMIT 5), Lead(Id, Phone, MobilePhone WHERE IsConverted = \
             false ORDER BY CreatedDate LIMIT 5)"
        );
        let call: Call = self.call("search", &["search"]).query("q", sosl);
        let rows = read::<SearchResult>(&self.send(call).await?)?.search_records;
        for row in rows.iter().filter(|row| has_phone(row, &full, &national)) {
            let Some(id) = text(row, "Id").filter(|id| soql::is_id(id)) else { continue };
            let filter = format!("Id = {} LIMIT 1", soql::literal(&id));
            let found = match soql::object_of(&id) {
                Some("Contact") => self.contact_where(&filter, hit, fields).await?,
                Some("Account") => self.account_where(&filter, hit, fields).await?,
                Some("Lead") => self.lead_where(&filter, hit).await?,
                _ => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Two accounts of one name say nothing about which it is.
    async fn by_name(&self, name: &str, fields: &[String]) -> Result<Option<Account>, VendorError> {
        let filter = format!("Name = {} ORDER BY CreatedDate, Id LIMIT 2", soql::literal(name));
        let rows = self.query(&account_query(&filter, fields)).await?;
        let hit = Hit { by: MatchKey::Name, score_permille: NAME_SCORE };
        Ok(if let [only] = rows.as_slice() { Some(account(only, hit, fields)) } else { None })
    }

    async fn account_where(&self, filter: &str, hit: Hit, fields: &[String]) -> Result<Option<Account>, VendorError> {
        Ok(self.query(&account_query(filter, fields)).await?.first().map(|row| account(row, hit, fields)))
    }

    /// The contact's account, or the contact itself where it stands alone.
    async fn contact_where(&self, filter: &str, hit: Hit, fields: &[String]) -> Result<Option<Account>, VendorError> {
        let rows = self.query(&format!("SELECT Id, Name, OwnerId, AccountId FROM Contact WHERE {filter}")).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if let Some(id) = text(row, "AccountId").filter(|id| soql::is_id(id)) {
            let of_account = format!("Id = {} LIMIT 1", soql::literal(&id));
            if let Some(found) = self.account_where(&of_account, hit, fields).await? {
                return Ok(Some(found));
            }
        }
        Ok(Some(account(row, hit, &[])))
    }

    /// A lead stands for the company it names. Fields declared for accounts need not exist on it and are not read.
    async fn lead_where(&self, filter: &str, hit: Hit) -> Result<Option<Account>, VendorError> {
        let rows = self.query(&format!("SELECT Id, Company, Website, OwnerId FROM Lead WHERE {filter}")).await?;
        Ok(rows.first().map(|row| {
            let found = account(row, hit, &[]);
            Account { name: text(row, "Company").unwrap_or_default(), ..found }
        }))
    }
}

fn account_query(filter: &str, fields: &[String]) -> String {
    let mut columns = vec!["Id", "Name", "Website", "OwnerId"];
    for field in fields {
        if !columns.iter().any(|column| column.eq_ignore_ascii_case(field)) {
            columns.push(field);
        }
    }
    let columns = columns.join(", ");
    format!(
        "SELECT {columns}, (SELECT OwnerId FROM Opportunities WHERE IsClosed = false ORDER BY LastModifiedDate DESC \
         LIMIT 1) FROM Account WHERE {filter}"
    )
}

fn account(row: &Row, hit: Hit, fields: &[String]) -> Account {
    let opportunity = row.get("Opportunities").and_then(|list| list["records"][0]["OwnerId"].as_str());
    let wanted = |name: &String| Some((name.clone(), field_value(member(row, name)?)?));
    Account {
        crm_id: text(row, "Id").unwrap_or_default(),
        name: text(row, "Name").unwrap_or_default(),
        domain: text(row, "Website").and_then(|website| host_of(&website)),
        owner_crm_id: text(row, "OwnerId"),
        open_opportunity_owner_crm_id: opportunity.map(str::to_owned),
        matched_by: hit.by,
        score_permille: hit.score_permille,
        fields: fields.iter().filter_map(wanted).collect::<BTreeMap<_, _>>(),
    }
}

/// Field names do not mind case, and the answer uses the org's.
fn member<'a>(row: &'a Row, name: &str) -> Option<&'a Value> {
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

fn text(row: &Row, field: &str) -> Option<String> {
    row.get(field).and_then(Value::as_str).map(str::to_owned)
}

/// The host of a website as people type it: with or without scheme, `www.` and path.
fn host_of(website: &str) -> Option<String> {
    let website = website.trim();
    let with_scheme = if website.contains("://") { website.to_owned() } else { format!("https://{website}") };
    let url = Url::parse(&with_scheme).ok()?;
    let host = url.host_str()?.to_lowercase();
    Some(host.strip_prefix("www.").unwrap_or(&host).to_owned())
}

fn is_at(website: &str, domain: &str) -> bool {
    host_of(website).is_some_and(|host| host == domain || host.ends_with(&format!(".{domain}")))
}

/// All digits, and those without the country code.
fn digits_of(phone: &PhoneE164) -> (String, String) {
    let full = phone.as_str().trim_start_matches('+').to_owned();
    let national = phonenumber::parse(None, phone.as_str()).map(|number| number.national().to_string());
    (full.clone(), national.unwrap_or(full))
}

fn has_phone(row: &Row, full: &str, national: &str) -> bool {
    ["Phone", "MobilePhone"].iter().filter_map(|field| text(row, field)).any(|stored| {
        let digits: String = stored.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_start_matches('0');
        digits == full || digits == national
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_fits_its_own_hosts_only() {
        for website in ["acme.com", "https://www.acme.com/en", " WWW.ACME.COM ", "shop.acme.com"] {
            assert!(is_at(website, "acme.com"), "{website}");
        }
        for website in ["notacme.com", "acme.com.evil.example", "", "https://example.org/acme.com"] {
            assert!(!is_at(website, "acme.com"), "{website}");
        }
    }

    #[test]
    fn stored_phones_are_compared_by_their_digits() {
        let phone = PhoneE164::new("+4930901820").unwrap();
        let (full, national) = digits_of(&phone);
        let row = |stored: &str| Row::from_iter([("Phone".to_owned(), Value::String(stored.to_owned()))]);
        for stored in ["+49 30 901820", "0049 (30) 901820", "030/901820", "30 901820"] {
            assert!(has_phone(&row(stored), &full, &national), "{stored}");
        }
        assert!(!has_phone(&row("+1 30 901820"), &full, &national));
    }

    #[test]
    fn a_field_that_is_read_anyway_is_not_asked_for_twice() {
        let query = account_query("Id = 'x'", &["name".to_owned(), "Tier__c".to_owned()]);
        assert!(query.starts_with("SELECT Id, Name, Website, OwnerId, Tier__c, (SELECT"), "{query}");
    }
}
