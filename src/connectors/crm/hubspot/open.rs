//! What is open of companies: deals and tickets. Neither names its company: links are read first, and what they lead to after.

use super::{AssociatedId, BATCH, HubSpot, OWNER, Object, Results, VERSION, read};
use crate::connectors::VendorError;
use crate::connectors::http::{ApiCall, Does};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Links that are read at once: fewer than the vendor takes.
const LINKS: usize = 500;
/// Deals, or tickets, that are looked at for each company; of one there may be as many as one request brings.
const OF_EACH: usize = 5;
const OF_DEAL: [&str; 5] = [OWNER, "hs_is_closed", "hs_lastmodifieddate", "amount", "dealstage"];

#[derive(Deserialize)]
struct Linked {
    from: AssociatedId,
    to: Vec<LinkedTo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkedTo {
    to_object_id: String,
}

impl HubSpot {
    /// By record of one kind: those of the other that it is linked to.
    pub(super) async fn linked(
        &self,
        (from, to): (&str, &str),
        ids: &[String],
    ) -> Result<BTreeMap<String, BTreeSet<String>>, VendorError> {
        let mut all = BTreeMap::<String, BTreeSet<String>>::new();
        for some in ids.chunks(LINKS) {
            let inputs: Vec<Value> = some.iter().map(|id| json!({ "id": id })).collect();
            let segments = ["crm", "associations", VERSION, from, to, "batch", "read"];
            let call =
                ApiCall::new("associations", Does::Read, Method::POST, &segments).json(json!({ "inputs": inputs }));
            for linked in read::<Results<Linked>>(&self.send(call).await?)?.whole()? {
                all.entry(linked.from.id).or_default().extend(linked.to.into_iter().map(|to| to.to_object_id));
            }
        }
        Ok(all)
    }

    /// By company: its open deals, the one that changed last first.
    pub(super) async fn open_deals(&self, companies: &[String]) -> Result<BTreeMap<String, Vec<Object>>, VendorError> {
        let linked = self.linked(("companies", "deals"), companies).await?;
        let mut deals = self.objects("deals", &first(&linked), &OF_DEAL).await?;
        deals.retain(|deal| deal.get("hs_is_closed") != Some("true"));
        deals.sort_by(|a, b| (b.get("hs_lastmodifieddate"), &b.id).cmp(&(a.get("hs_lastmodifieddate"), &a.id)));
        Ok(by_company(&linked, &deals))
    }

    /// By company: its open tickets.
    pub(super) async fn open_tickets(
        &self,
        companies: &[String],
    ) -> Result<BTreeMap<String, Vec<Object>>, VendorError> {
        let linked = self.linked(("companies", "tickets"), companies).await?;
        let mut tickets = Vec::new();
        for some in first(&linked).chunks(BATCH) {
            let filters = json!([
                { "propertyName": "hs_object_id", "operator": "IN", "values": some },
                { "propertyName": "closed_date", "operator": "NOT_HAS_PROPERTY" },
            ]);
            self.http.pass(&self.searches, "").await?;
            let call = self.object_call("open_tickets", Does::Read, Method::POST, &["tickets", "search"]).json(json!({
                "filterGroups": [{ "filters": filters }],
                "properties": ["createdate"],
                "sorts": [{ "propertyName": "createdate", "direction": "ASCENDING" }],
                "limit": BATCH,
            }));
            tickets.extend(read::<Results<Object>>(&self.send(call).await?)?.results);
        }
        Ok(by_company(&linked, &tickets))
    }
}

/// As many of the others as are looked at.
fn first(linked: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let all: BTreeSet<&String> = linked.values().flatten().collect();
    all.into_iter().take(BATCH.max(linked.len() * OF_EACH)).cloned().collect()
}

fn by_company(linked: &BTreeMap<String, BTreeSet<String>>, found: &[Object]) -> BTreeMap<String, Vec<Object>> {
    let of = |ids: &BTreeSet<String>| found.iter().filter(|one| ids.contains(&one.id)).cloned().collect::<Vec<_>>();
    linked.iter().map(|(company, ids)| (company.clone(), of(ids))).collect()
}
