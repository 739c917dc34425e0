//! From a lead's keys to its account: contact by e-mail, company by domain, contact by phone, company by name.

use super::{HubSpot, OWNER, Object, Results, VENDOR, VERSION, read, record_id};
use crate::connectors::http::{Call, Does};
use crate::connectors::{AccountKeys, VendorError};
use crate::domain::account::{Account, MatchKey};
use crate::domain::lead::FieldValue;
use crate::domain::phone::PhoneE164;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The same name is a good hint that it is the same company, not a proof.
const NAME_SCORE: u16 = 700;
const EXACT_SCORE: u16 = 1000;
/// Open deals of a company that are looked at.
const DEALS: usize = 100;

impl HubSpot {
    pub(super) async fn find(&self, keys: &AccountKeys) -> Result<Option<Account>, VendorError> {
        if let Some(field) = keys.fields.iter().find(|field| !is_property(field)) {
            let why = format!("{field:?} is not the internal name of a property, such as industry_group");
            return Err(VendorError::NeedsPerson { vendor: VENDOR, why });
        }
        if let Some(email) = &keys.email
            && let Some(contact) = self.contact_with_company(email, Some("email")).await?
        {
            return self.of_contact(&contact, MatchKey::Email, &keys.fields).await.map(Some);
        }
        if let Some(domain) = &keys.domain {
            let filters = [("domain", "EQ", domain.as_str()), ("hs_additional_domains", "CONTAINS_TOKEN", domain)];
            if let Some(company) = self.search("companies", &filters, 1).await?.first() {
                return self.of_company(&company.id, MatchKey::Domain, EXACT_SCORE, &keys.fields).await;
            }
        }
        if let Some(phone) = &keys.phone
            && let Some(id) = self.contact_by_phone(phone).await?
            && let Some(contact) = self.contact_with_company(&id, None).await?
        {
            return self.of_contact(&contact, MatchKey::Phone, &keys.fields).await.map(Some);
        }
        let Some(name) = &keys.company else { return Ok(None) };
        // Two companies of one name say nothing about which it is.
        match self.search("companies", &[("name", "EQ", name)], 2).await?.as_slice() {
            [only] => self.of_company(&only.id, MatchKey::Name, NAME_SCORE, &keys.fields).await,
            _ => Ok(None),
        }
    }

    async fn contact_with_company(&self, id: &str, property: Option<&str>) -> Result<Option<Object>, VendorError> {
        let mut call = self.get("read_contact", &["contacts", id]);
        call = call.query("properties", format!("company,{OWNER}")).query("associations", "companies");
        if let Some(property) = property {
            call = call.query("idProperty", property);
        }
        self.object(call).await
    }

    /// The contact's company, or the contact itself where it stands alone.
    async fn of_contact(&self, contact: &Object, by: MatchKey, fields: &[String]) -> Result<Account, VendorError> {
        if let Some(company) = contact.first_of("companies")
            && let Some(account) = self.of_company(company, by, EXACT_SCORE, fields).await?
        {
            let owner_crm_id = account.owner_crm_id.or_else(|| contact.get(OWNER).map(str::to_owned));
            return Ok(Account { owner_crm_id, ..account });
        }
        Ok(Account {
            crm_id: contact.id.clone(),
            name: contact.get("company").unwrap_or_default().to_owned(),
            domain: None,
            owner_crm_id: contact.get(OWNER).map(str::to_owned),
            open_opportunity_owner_crm_id: None,
            matched_by: by,
            score_permille: EXACT_SCORE,
            fields: BTreeMap::new(),
        })
    }

    async fn of_company(
        &self,
        id: &str,
        by: MatchKey,
        score_permille: u16,
        fields: &[String],
    ) -> Result<Option<Account>, VendorError> {
        let mut properties = vec!["name", "domain", OWNER];
        properties.extend(fields.iter().map(String::as_str));
        let call = self.get("read_company", &["companies", record_id(id)?]);
        let call = call.query("properties", properties.join(",")).query("associations", "deals");
        let Some(company) = self.object(call).await? else { return Ok(None) };
        let text = |property: &str| company.get(property).map(str::to_owned);
        Ok(Some(Account {
            crm_id: company.id.clone(),
            name: text("name").unwrap_or_default(),
            domain: text("domain"),
            owner_crm_id: text(OWNER),
            open_opportunity_owner_crm_id: self.owner_of_open_deal(&company).await?,
            matched_by: by,
            score_permille,
            fields: self.values_of(&company, fields).await?,
        }))
    }

    /// The owner of the company's open deal that changed last.
    async fn owner_of_open_deal(&self, company: &Object) -> Result<Option<String>, VendorError> {
        let Some(deals) = company.associations.get("deals") else { return Ok(None) };
        let ids: Vec<String> = deals.results.iter().take(DEALS).map(|deal| deal.id.clone()).collect();
        let mut deals = self.objects("deals", &ids, &[OWNER, "hs_is_closed", "hs_lastmodifieddate"]).await?;
        deals.retain(|deal| deal.get("hs_is_closed") != Some("true") && deal.get(OWNER).is_some());
        let newest = deals.iter().max_by_key(|deal| (deal.get("hs_lastmodifieddate"), &deal.id));
        Ok(newest.and_then(|deal| deal.get(OWNER)).map(str::to_owned))
    }

    /// HubSpot keeps the digits of each phone without the country code in properties of its own.
    async fn contact_by_phone(&self, phone: &PhoneE164) -> Result<Option<String>, VendorError> {
        let Ok(number) = phonenumber::parse(None, phone.as_str()) else { return Ok(None) };
        let national = number.national().to_string();
        let filters = [
            ("hs_searchable_calculated_phone_number", "EQ", national.as_str()),
            ("hs_searchable_calculated_mobile_number", "EQ", national.as_str()),
        ];
        Ok(self.search("contacts", &filters, 1).await?.into_iter().next().map(|contact| contact.id))
    }

    /// Records for which any of the filters holds, oldest first.
    async fn search(&self, kind: &str, any: &[(&str, &str, &str)], limit: u32) -> Result<Vec<Object>, VendorError> {
        let group = |(name, operator, value): &(&str, &str, &str)| json!({ "filters": [{ "propertyName": name, "operator": operator, "value": value }] });
        let groups: Vec<Value> = any.iter().map(group).collect();
        self.http.pass(&self.searches, "").await?;
        let call = self.object_call("search", Does::Read, Method::POST, &[kind, "search"]).json(json!({
            "filterGroups": groups,
            "properties": [OWNER],
            "sorts": [{ "propertyName": "createdate", "direction": "ASCENDING" }],
            "limit": limit,
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
        let call = Call::get("property", &["crm", "properties", VERSION, "companies", property]);
        let kind = self.send(call).await?.value()["type"].as_str().unwrap_or("string").to_owned();
        self.types.lock().expect("nothing panics while holding the types").insert(property.to_owned(), kind.clone());
        Ok(kind)
    }
}

/// A property's internal name. Anything else never reaches a request.
fn is_property(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !text.is_empty() && text.len() <= 100 && text.bytes().all(allowed)
}

fn value_as(kind: &str, text: &str) -> FieldValue {
    let parsed = match kind {
        "number" => text.parse().ok().map(FieldValue::Number),
        "bool" => text.parse().ok().map(FieldValue::Flag),
        _ => None,
    };
    parsed.unwrap_or_else(|| FieldValue::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_type_of_their_property() {
        assert_eq!(value_as("number", "1200"), FieldValue::Number(1200.0));
        assert_eq!(value_as("string", "94107"), FieldValue::Text("94107".to_owned()));
        assert_eq!(value_as("bool", "true"), FieldValue::Flag(true));
        assert_eq!(value_as("number", "many"), FieldValue::Text("many".to_owned()));
        assert!(is_property("industry_group") && !is_property("a,b") && !is_property(""));
    }
}
