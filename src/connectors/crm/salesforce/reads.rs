//! Several queries in one request, which counts as one against the day's limit however many they are.

use super::errors::{self, VENDOR, read};
use super::write::{CompositeAnswer, Part};
use super::{QueryResult, Salesforce};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Queries by their names; the vendor takes five at most.
pub(super) type Queries = Vec<(&'static str, String)>;

pub(super) type Row = Map<String, Value>;

/// What came of them.
pub(super) struct Reads {
    answer: Answer,
    parts: Vec<Part>,
}

impl Salesforce {
    /// One page of each.
    pub(super) async fn reads(&self, operation: &'static str, queries: &Queries) -> Result<Reads, VendorError> {
        self.reads_of(operation, "query", queries).await
    }

    /// `resource`: `query`, or `queryAll`, which tells of deleted records too.
    pub(super) async fn reads_of(
        &self,
        operation: &'static str,
        resource: &str,
        queries: &Queries,
    ) -> Result<Reads, VendorError> {
        let part = |(name, soql): &(&str, String)| {
            let soql: String = url::form_urlencoded::byte_serialize(soql.as_bytes()).collect();
            json!({ "method": "GET", "url": format!("{}?q={soql}", self.path(resource)), "referenceId": name })
        };
        let parts: Vec<Value> = queries.iter().map(part).collect();
        let segments = ["services", "data", self.api_version.as_str(), "composite"];
        let call = ApiCall::new(operation, Does::Read, Method::POST, &segments)
            .json(json!({ "allOrNone": false, "compositeRequest": parts }));
        let answer = self.send(call).await?;
        let parts = read::<CompositeAnswer>(&answer)?.composite_response;
        if parts.len() != queries.len() {
            let why = format!("of {} queries in one request {} were answered", queries.len(), parts.len());
            return Err(VendorError::needs_person(VENDOR, why));
        }
        Ok(Reads { answer, parts })
    }
}

impl Reads {
    /// Takes out those that ask for an object or a field which the org has not; their names.
    pub(super) fn take_lacking(&mut self) -> Vec<String> {
        let all = std::mem::take(&mut self.parts).into_iter();
        let (lacking, there): (Vec<Part>, Vec<Part>) = all.partition(|part| errors::is_lacking(&part.body));
        self.parts = there;
        lacking.into_iter().map(|part| part.reference_id).collect()
    }

    /// By the names of the queries.
    ///
    /// # Errors
    /// Why one of them failed.
    pub(super) fn rows(self) -> Result<BTreeMap<String, Vec<Row>>, VendorError> {
        Ok(self.pages()?.into_iter().map(|(name, page)| (name, page.records)).collect())
    }

    /// The same, each with where the rest is.
    pub(super) fn pages(self) -> Result<BTreeMap<String, QueryResult>, VendorError> {
        let mut told = BTreeMap::new();
        for part in self.parts {
            if let Some(error) = errors::of_parts(&[(part.http_status_code, part.body.clone())], &self.answer) {
                return Err(error);
            }
            let rows = serde_json::from_value::<QueryResult>(part.body);
            let unread = |why: serde_json::Error| {
                VendorError::needs_person(VENDOR, format!("an answer to a query has no rows: {why}"))
            };
            told.insert(part.reference_id, rows.map_err(unread)?);
        }
        Ok(told)
    }
}
