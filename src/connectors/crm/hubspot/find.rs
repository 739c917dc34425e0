//! Every record that may be a lead's account or the caller, in three rounds: contacts and companies at once, the companies of
//! those contacts, their open deals.
//!
//! Search is what HubSpot grants least of (5 a second for the whole account), so there are two for a lead at most: contacts by
//! phone, and companies by domain and beginning of the name in one. A contact is read by its address, which is unique. What
//! a loose search brings is not judged here; the rules' matcher does that.

mod value;

pub(super) use value::{instant, is_property};

use super::people::Who;
use super::{HubSpot, OWNER, Object, Results, VENDOR, VERSION, read, record_id};
use crate::connectors::http::{ApiCall, Does};
use crate::connectors::lead::{first_word, host_of, phone_near};
use crate::connectors::{AccountKeys, VendorError};
use baton_core::domain::account::{CompanyRecord, PersonKind, PersonRecord, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::lead::FieldValue;
use baton_core::domain::phone::PhoneE164;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use value::value_as;

/// Rows of a search that are looked at.
const ROWS: u32 = 100;
/// Companies whose deals and tickets are looked at.
const WITH_DEALS: usize = 20;
/// The primary company of a contact; HubSpot keeps it as a property.
const COMPANY_OF: &str = "associatedcompanyid";
const OF_CONTACT: [&str; 8] = [
    "email",
    "phone",
    "mobilephone",
    OWNER,
    COMPANY_OF,
    "notes_last_updated",
    "hubspot_owner_assigneddate",
    "createdate",
];
const OF_COMPANY: [&str; 7] =
    ["name", "domain", "hs_additional_domains", "phone", "country", OWNER, "notes_last_updated"];

/// One filter: property, operator, value.
type Filter = (&'static str, &'static str, String);

impl HubSpot {
    pub(super) async fn records(&self, keys: &AccountKeys) -> Result<Records, VendorError> {
        refuse_other_than_properties(keys)?;
        let (by_email, by_phone, searched, who) = tokio::try_join!(
            self.contact_by_email(keys),
            self.contacts_by_phone(keys),
            self.companies(keys),
            self.who()
        )?;
        let contacts: BTreeMap<String, Object> =
            by_email.into_iter().chain(by_phone).map(|contact| (contact.id.clone(), contact)).collect();
        let mut of_contacts: Vec<String> =
            contacts.values().filter_map(|contact| contact.get(COMPANY_OF)).map(str::to_owned).collect();
        of_contacts.sort();
        of_contacts.dedup();
        of_contacts.retain(|id| record_id(id).is_ok());
        let missing: Vec<String> =
            of_contacts.iter().filter(|id| !searched.iter().any(|found| found.id == **id)).cloned().collect();
        let mut companies = self.objects("companies", &missing, &company_properties(keys)).await?;
        companies.extend(searched);
        // Deals are looked at for those that share more than a word with the lead first.
        companies.sort_by_key(|company| (!of_contacts.contains(&company.id), !has_domain(company, keys)));
        let mut found =
            Records { companies: self.told(&companies, WITH_DEALS, keys, &who).await?, ..Records::default() };
        found.people = contacts.values().map(|contact| person(contact, keys)).collect();
        let owners = found.people.iter_mut().filter_map(|person| person.owner_crm_id.as_mut());
        owners.for_each(|owner| *owner = who.name(owner.as_str()));
        Ok(found)
    }

    /// Those of these companies that are there.
    pub(super) async fn companies_by_id(
        &self,
        ids: &[CrmId],
        keys: &AccountKeys,
    ) -> Result<Vec<CompanyRecord>, VendorError> {
        refuse_other_than_properties(keys)?;
        let ids: Vec<String> = ids.iter().map(ToString::to_string).filter(|id| record_id(id).is_ok()).collect();
        let properties = company_properties(keys);
        let (companies, who) = tokio::try_join!(self.objects("companies", &ids, &properties), self.who())?;
        self.told(&companies, companies.len(), keys, &who).await
    }

    /// Companies as the rules know them; what is open is looked at for so many of them.
    async fn told(
        &self,
        companies: &[Object],
        at_most: usize,
        keys: &AccountKeys,
        who: &Who,
    ) -> Result<Vec<CompanyRecord>, VendorError> {
        let ids: Vec<String> = companies.iter().take(at_most).map(|company| company.id.clone()).collect();
        let deals = self.open_deals(&ids).await?;
        let tickets = if keys.counts.cases { self.open_tickets(&ids).await? } else { BTreeMap::new() };
        let mut told = Vec::with_capacity(companies.len());
        for found in companies {
            let of = |open: &BTreeMap<String, Vec<Object>>| open.get(&found.id).cloned().unwrap_or_default();
            let mut company = self.company(found, keys).await?;
            let deals = of(&deals);
            let owner = deals.iter().find_map(|deal| deal.get(OWNER));
            company.open_opportunity_owner_crm_id = owner.map(CrmId::from);
            if keys.counts.opportunities && ids.contains(&found.id) {
                let amount = deals.iter().filter_map(|deal| deal.get("amount")?.parse::<f64>().ok()).sum();
                company.count_opportunities(deals.len(), amount, deals.first().and_then(|deal| deal.get("dealstage")));
            }
            if keys.counts.cases && ids.contains(&found.id) {
                let tickets = of(&tickets);
                let opened = tickets.iter().filter_map(|ticket| instant(ticket.get("createdate")?));
                company.count_cases(tickets.len(), opened.min());
            }
            let owners = [&mut company.owner_crm_id, &mut company.open_opportunity_owner_crm_id];
            owners.into_iter().flatten().for_each(|owner| *owner = who.name(owner.as_str()));
            told.push(company);
        }
        Ok(told)
    }

    async fn contact_by_email(&self, keys: &AccountKeys) -> Result<Option<Object>, VendorError> {
        let Some(email) = &keys.email else { return Ok(None) };
        let call = self.get("read_contact", &["contacts", email]);
        self.object(call.query("properties", OF_CONTACT.join(",")).query("idProperty", "email")).await
    }

    /// HubSpot keeps the digits of each phone without the country code in properties of its own.
    async fn contacts_by_phone(&self, keys: &AccountKeys) -> Result<Vec<Object>, VendorError> {
        let Some(phone) = &keys.phone else { return Ok(Vec::new()) };
        let Ok(number) = phonenumber::parse(None, phone.as_str()) else { return Ok(Vec::new()) };
        let national = number.national().to_string();
        let filters = [
            ("hs_searchable_calculated_phone_number", "EQ", national.clone()),
            ("hs_searchable_calculated_mobile_number", "EQ", national),
        ];
        let mut found = self.search("contacts", &filters, &OF_CONTACT).await?;
        found.retain(|contact| phones(contact, keys).contains(phone));
        Ok(found)
    }

    async fn companies(&self, keys: &AccountKeys) -> Result<Vec<Object>, VendorError> {
        let mut filters: Vec<Filter> = Vec::new();
        if let Some(domain) = &keys.domain {
            filters.push(("domain", "EQ", domain.clone()));
            filters.push(("hs_additional_domains", "CONTAINS_TOKEN", domain.clone()));
        }
        if let Some(name) = &keys.company {
            filters.push(("name", "EQ", name.clone()));
            // The index has words; half of "O'Neil" is none to look for.
            let word = first_word(name).filter(|word| word.chars().all(char::is_alphanumeric));
            filters.extend(word.map(|word| ("name", "CONTAINS_TOKEN", format!("{word}*"))));
        }
        if filters.is_empty() {
            return Ok(Vec::new());
        }
        self.search("companies", &filters, &company_properties(keys)).await
    }

    async fn company(&self, found: &Object, keys: &AccountKeys) -> Result<CompanyRecord, VendorError> {
        let text = |property: &str| found.get(property).map(str::to_owned);
        let additional = found.get("hs_additional_domains").unwrap_or_default().split(';');
        let domains = found.get("domain").into_iter().chain(additional).filter_map(host_of);
        Ok(CompanyRecord {
            crm_id: found.id.as_str().into(),
            name: text("name").unwrap_or_default(),
            domains: domains.collect(),
            phones: phones(found, keys),
            country: text("country"),
            owner_crm_id: text(OWNER).map(CrmId::from),
            open_opportunity_owner_crm_id: None,
            active_at: found.get("notes_last_updated").and_then(instant),
            fields: self.values_of(found, &keys.fields).await?,
            seen_at: None,
        })
    }

    /// Records for which any of the filters holds, oldest first.
    async fn search(&self, kind: &str, any: &[Filter], properties: &[&str]) -> Result<Vec<Object>, VendorError> {
        let group = |(name, operator, value): &Filter| json!({ "filters": [{ "propertyName": name, "operator": operator, "value": value }] });
        let groups: Vec<Value> = any.iter().map(group).collect();
        self.http.pass(&self.searches, "").await?;
        let call = self.object_call("search", Does::Read, Method::POST, &[kind, "search"]).json(json!({
            "filterGroups": groups,
            "properties": properties,
            "sorts": [{ "propertyName": "createdate", "direction": "ASCENDING" }],
            "limit": ROWS,
        }));
        Ok(read::<Results<Object>>(&self.send(call).await?)?.results)
    }

    async fn values_of(
        &self,
        company: &Object,
        fields: &[String],
    ) -> Result<BTreeMap<String, FieldValue>, VendorError> {
        let mut values = BTreeMap::new();
        for field in fields {
            let Some(text) = company.get(field) else { continue };
            values.insert(field.clone(), value_as(&self.type_of(field).await?, text));
        }
        Ok(values)
    }

    /// `number`, `bool`, `enumeration`, …; asked once per property and process.
    async fn type_of(&self, property: &str) -> Result<String, VendorError> {
        let known = self.types.lock().expect("nothing panics while holding the types").get(property).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let call = ApiCall::get("property", &["crm", "properties", VERSION, "companies", property]);
        let kind = self.send(call).await?.value()["type"].as_str().unwrap_or("string").to_owned();
        self.types.lock().expect("nothing panics while holding the types").insert(property.to_owned(), kind.clone());
        Ok(kind)
    }
}

fn refuse_other_than_properties(keys: &AccountKeys) -> Result<(), VendorError> {
    match keys.fields.iter().find(|field| !is_property(field)) {
        None => Ok(()),
        Some(field) => {
            let why = format!("{field:?} is not the internal name of a property, such as industry_group");
            Err(VendorError::needs_person(VENDOR, why))
        }
    }
}

fn company_properties(keys: &AccountKeys) -> Vec<&str> {
    OF_COMPANY.into_iter().chain(keys.fields.iter().map(String::as_str)).collect()
}

fn has_domain(company: &Object, keys: &AccountKeys) -> bool {
    keys.domain.is_some() && company.get("domain").map(str::to_lowercase) == keys.domain
}

/// The contact is what Baton writes leads to, and HubSpot's nearest to them.
fn person(contact: &Object, keys: &AccountKeys) -> PersonRecord {
    let text = |property: &str| contact.get(property).map(str::to_owned);
    let dates = ["notes_last_updated", "hubspot_owner_assigneddate", "createdate"];
    PersonRecord {
        kind: PersonKind::Contact,
        crm_id: contact.id.as_str().into(),
        company_crm_id: text(COMPANY_OF).map(CrmId::from),
        email: text("email").map(|email| email.to_lowercase()),
        phones: phones(contact, keys),
        owner_crm_id: text(OWNER).map(CrmId::from),
        owner: None,
        active_at: dates.iter().filter_map(|property| instant(contact.get(property)?)).max(),
    }
}

fn phones(record: &Object, keys: &AccountKeys) -> Vec<PhoneE164> {
    let Some(near) = &keys.phone else { return Vec::new() };
    let stored = ["phone", "mobilephone"].into_iter().filter_map(|property| record.get(property));
    stored.filter_map(|stored| phone_near(stored, near)).collect()
}
