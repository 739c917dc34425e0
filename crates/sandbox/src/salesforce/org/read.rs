//! Reads of the org: what a query selects, and one record by its id.

use super::{ApiError, KEY_FIELD, Org, Record};
use crate::salesforce::soql::{self, Compares, Condition, Select, is_like};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Rows of a query on a page.
const PAGE: usize = 2000;

impl Org {
    /// `all`: deleted records as well.
    pub(super) fn query(&mut self, text: &str, all: bool) -> Result<Value, ApiError> {
        let query = soql::parse(text).map_err(|why| ApiError::new(400, "MALFORMED_QUERY", &why))?;
        let mut records = self.select(&query, None, all)?;
        let (total, page) = (records.len(), self.page.unwrap_or(PAGE));
        if total <= page {
            return Ok(json!({ "totalSize": total, "done": true, "records": records }));
        }
        let rest = records.split_off(page);
        self.under_way.push(rest);
        let next = self.locator(self.under_way.len() - 1);
        Ok(json!({ "totalSize": total, "done": false, "records": records, "nextRecordsUrl": next }))
    }

    /// Each page once: whoever asks for it again, or too late, begins anew.
    pub(super) fn next_page(&mut self, locator: &str) -> Result<Value, ApiError> {
        let lost = || ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
        let place = locator.strip_prefix("01gD00000000").and_then(|rest| rest.split_once('-')).ok_or_else(lost)?.0;
        let place: usize = place.parse().map_err(|_| lost())?;
        let page = self.page.unwrap_or(PAGE);
        let rest = self.under_way.get_mut(place).filter(|rest| !rest.is_empty()).ok_or_else(lost)?;
        let records: Vec<Value> = rest.drain(..page.min(rest.len())).collect();
        let is_done = rest.is_empty();
        let mut answer = json!({ "totalSize": records.len(), "done": is_done, "records": records });
        if !is_done {
            answer["nextRecordsUrl"] = self.locator(place).into();
        }
        Ok(answer)
    }

    fn locator(&self, place: usize) -> String {
        format!("/services/data/v66.0/query/01gD00000000{place}-{}", self.page.unwrap_or(PAGE))
    }

    /// With `parent`, only the children of that account.
    pub(super) fn select(&self, select: &Select, parent: Option<&Value>, all: bool) -> Result<Vec<Value>, ApiError> {
        let object = match select.object.as_str() {
            "Opportunities" => "Opportunity",
            "Cases" => "Case",
            object => object,
        };
        if select.columns.iter().any(|column| column == KEY_FIELD) && self.lacks_key_field {
            return Err(ApiError::new(400, "INVALID_FIELD", &format!("No such column '{KEY_FIELD}' on {object}")));
        }
        self.has(object, select)?;
        let is_child = |record: &Record| parent.is_none() || record.get("AccountId") == parent;
        let fits = |record: &&Record| {
            (all || record.get("IsDeleted") != Some(&Value::Bool(true)))
                && is_child(record)
                && select.conditions.iter().all(|any| any.iter().any(|c| holds(c, record)))
        };
        let joined: Vec<Record> = self.of(object).iter().map(|record| self.joined(record)).collect();
        let mut found: Vec<&Record> = joined.iter().filter(fits).collect();
        if select.by_stamp {
            let stamp = |record: &Record| record.get("SystemModstamp").and_then(Value::as_str).map(str::to_owned);
            found.sort_by_cached_key(|record| stamp(record));
        }
        let mut rows = Vec::new();
        for record in found.into_iter().take(select.limit) {
            let mut row = project(object, record, &select.columns);
            for child in &select.children {
                let records = self.select(child, record.get("Id"), all)?;
                let result = json!({ "totalSize": records.len(), "done": true, "records": records });
                row[&child.object] = if records.is_empty() { Value::Null } else { result };
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// With what the opportunity says to which a lead was converted, under the names by which a query asks for it.
    fn joined(&self, record: &Record) -> Record {
        let mut joined = record.clone();
        let deal = record.get("ConvertedOpportunityId");
        let deal = deal.and_then(|id| self.of("Opportunity").iter().find(|deal| deal.get("Id") == Some(id)));
        let fields =
            deal.into_iter().flatten().map(|(field, value)| (format!("ConvertedOpportunity.{field}"), value.clone()));
        joined.extend(fields);
        joined
    }

    /// What depends on what the org has bought or switched on.
    fn has(&self, object: &str, select: &Select) -> Result<(), ApiError> {
        let names = |field: &str| {
            let asked = select.conditions.iter().flatten().map(|condition| &condition.field);
            select.columns.iter().chain(asked).any(|column| column == field)
        };
        if object == "OutOfOffice" && !self.has_out_of_office {
            return Err(ApiError::new(400, "INVALID_TYPE", "sObject type 'OutOfOffice' is not supported."));
        }
        if names("IsPersonAccount") && !self.has_person_accounts {
            return Err(ApiError::new(400, "INVALID_FIELD", "No such column 'IsPersonAccount' on entity 'Account'"));
        }
        Ok(())
    }

    pub(super) fn read(&self, object: &str, id: &str, fields: &str, version: &str) -> Result<Value, ApiError> {
        let Some(record) = self.of(object).iter().find(|record| record["Id"] == id) else {
            return Err(ApiError::new(404, "NOT_FOUND", "The requested resource does not exist"));
        };
        let mut columns: Vec<String> = fields.split(',').filter(|f| !f.is_empty()).map(str::to_owned).collect();
        columns.push("Id".to_owned());
        let mut row = project(object, record, &columns);
        row["attributes"]["url"] = format!("/services/data/{version}/sobjects/{object}/{id}").into();
        Ok(row)
    }
}

fn holds(condition: &Condition, record: &Record) -> bool {
    let found = record.get(&condition.field).unwrap_or(&Value::Null);
    let (Value::String(found), Value::String(wanted)) = (found, &condition.value) else {
        return *found == condition.value;
    };
    match condition.compares {
        Compares::Equal => found.eq_ignore_ascii_case(wanted),
        Compares::Like => is_like(found, wanted),
        Compares::Before => instant(found).zip(instant(wanted)).is_some_and(|(found, wanted)| found < wanted),
        Compares::After => instant(found).zip(instant(wanted)).is_some_and(|(found, wanted)| found > wanted),
    }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    Some(at.ok()?.to_utc())
}

fn project(object: &str, record: &Record, columns: &[String]) -> Value {
    let mut row = json!({ "attributes": { "type": object } });
    for column in columns {
        let value = record.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
        let (name, value) = value.map_or((column.as_str(), Value::Null), |(name, value)| (name, value.clone()));
        match name.split_once('.') {
            None => row[name] = value,
            Some((parent, _)) if value.is_null() && row.get(parent).is_none() => row[parent] = Value::Null,
            Some((parent, field)) if !value.is_null() => row[parent][field] = value,
            Some(_) => {}
        }
    }
    row
}

pub(super) fn has_phone(record: &Record, terms: &[&str]) -> bool {
    ["Phone", "MobilePhone"].iter().filter_map(|field| record.get(*field)?.as_str()).any(|stored| {
        let digits: String = stored.chars().filter(char::is_ascii_digit).collect();
        terms.iter().any(|term| digits.ends_with(term))
    })
}
