//! What is found: by the search and its lagging index, in batches, and by links.

use super::{HubSpotState, Problem, Record};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// So far a search can be paged through.
const SEARCH_ENDS_AT: usize = 10_000;

impl HubSpotState {
    /// Finds what the index has: nothing that changed after `indexed_until`.
    pub(in crate::hubspot) fn search(
        &self,
        kind: &str,
        body: &Value,
        indexed_until: DateTime<Utc>,
    ) -> Result<Value, Problem> {
        let groups = body["filterGroups"].as_array().cloned().unwrap_or_default();
        if groups.is_empty() || groups.len() > 5 {
            return Err(Problem::new(400, "VALIDATION_ERROR", "between 1 and 5 filter groups"));
        }
        let asked: Vec<&str> = body["properties"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let limit = usize::try_from(body["limit"].as_u64().unwrap_or(10)).unwrap_or(200).min(200);
        let fits = |record: &&Record| {
            record.updated_at <= indexed_until
                && groups.iter().any(|group| group["filters"].as_array().into_iter().flatten().all(|f| record.fits(f)))
        };
        let portal = self.portal();
        let mut found: Vec<&Record> = portal.of(kind).iter().filter(fits).collect();
        if let Some(by) = body["sorts"][0]["propertyName"].as_str() {
            found.sort_by_cached_key(|record| record.searchable(by));
        }
        let after: usize = body["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
        if after + limit > SEARCH_ENDS_AT {
            return Err(Problem::new(400, "VALIDATION_ERROR", "a search ends at 10,000 records"));
        }
        let results: Vec<Value> = found.iter().skip(after).take(limit).map(|record| record.answer(&asked)).collect();
        let mut answer = json!({ "total": found.len(), "results": results });
        if after + limit < found.len() {
            answer["paging"] = json!({ "next": { "after": (after + limit).to_string() } });
        }
        Ok(answer)
    }

    /// What is there of a batch, and the ids of what is not.
    pub(in crate::hubspot) fn batch_read(&self, kind: &str, body: &Value) -> (Vec<Value>, Vec<String>) {
        let asked: Vec<&str> = body["properties"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let portal = self.portal();
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for id in body["inputs"].as_array().into_iter().flatten().filter_map(|input| input["id"].as_str()) {
            match portal.of(kind).iter().find(|record| record.id == id) {
                Some(record) => found.push(record.answer(&asked)),
                None => missing.push(id.to_owned()),
            }
        }
        (found, missing)
    }

    pub(in crate::hubspot) fn associations(
        &self,
        kind: &str,
        id: &str,
        to: &str,
        after: usize,
        limit: usize,
    ) -> Result<Value, Problem> {
        let portal = self.portal();
        let record = portal.of(kind).iter().find(|record| record.id == id).ok_or_else(Problem::not_found)?;
        let all = record.associated.get(to).cloned().unwrap_or_default();
        let types = json!([{ "category": "HUBSPOT_DEFINED", "typeId": 1 }]);
        let page = all.iter().skip(after).take(limit);
        let results: Vec<Value> = page.map(|id| json!({ "toObjectId": id, "associationTypes": types })).collect();
        let next = after + results.len();
        if next < all.len() {
            return Ok(json!({ "results": results, "paging": { "next": { "after": next.to_string() } } }));
        }
        Ok(json!({ "results": results }))
    }

    /// By record of a batch: what it is linked to; and the records that are linked to nothing.
    pub(in crate::hubspot) fn linked(&self, kind: &str, to: &str, body: &Value) -> (Vec<Value>, Vec<String>) {
        let portal = self.portal();
        let types = json!([{ "category": "HUBSPOT_DEFINED", "typeId": 1 }]);
        let (mut results, mut without) = (Vec::new(), Vec::new());
        for id in body["inputs"].as_array().into_iter().flatten().filter_map(|input| input["id"].as_str()) {
            let record = portal.of(kind).iter().find(|record| record.id == id);
            match record.and_then(|record| record.associated.get(to)) {
                Some(others) => {
                    let to = others.iter().map(|other| json!({ "toObjectId": other, "associationTypes": types }));
                    results.push(json!({ "from": { "id": id }, "to": to.collect::<Vec<_>>() }));
                }
                None => without.push(id.to_owned()),
            }
        }
        (results, without)
    }
}
