//! What is asked before the first lead: the owners who are to have leads, the properties that rules read, and whether the key may
//! write. Nothing of it stays in the portal.

use super::find::is_property;
use super::{HubSpot, VERSION, errors};
use crate::connectors::crm::{FieldWords, read_in_vain};
use crate::connectors::http::{ApiCall, Does};
use crate::connectors::{LookedUp, VendorError};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// Owners on a page, as many as the vendor gives, and pages at most.
const OWNERS_PER_PAGE: &str = "500";
const PAGES: usize = 20;
/// No record has it: ids are counted from 1.
const NOBODY: &str = "0";

impl HubSpot {
    pub(super) async fn owners(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut call = ApiCall::get("owners", &["crm", "owners", VERSION]).query("limit", OWNERS_PER_PAGE);
            if let Some(after) = &after {
                call = call.query("after", after.as_str());
            }
            let page = self.send(call).await?.value();
            let owners = page["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            known.extend(owners.iter().filter_map(|owner| owner["id"].as_str()).map(str::to_owned));
            after = page["paging"]["next"]["after"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        let is_whole = after.is_none();
        let standing = |id: &String| match known.contains(id) {
            true => Some((id.clone(), Ok(()))),
            false if is_whole => {
                Some((id.clone(), Err("there is no such owner, or it is archived and can have no contact".to_owned())))
            }
            false => None,
        };
        Ok(ids.iter().filter_map(standing).collect())
    }

    pub(super) async fn lacking(&self, fields: &FieldWords) -> Result<Vec<String>, VendorError> {
        let mut lacking = Vec::new();
        for (field, words) in fields {
            if !is_property(field) {
                lacking.push(format!("account.{field}: {field} is not the internal name of a property"));
                continue;
            }
            let call = ApiCall::get("property", &["crm", "properties", VERSION, "companies", field]);
            match self.send(call).await {
                Ok(answer) => {
                    let property = answer.value();
                    let options = property["options"].as_array().map(Vec::as_slice).unwrap_or_default();
                    let listed: Vec<&str> = options.iter().filter_map(|option| option["value"].as_str()).collect();
                    lacking.extend(read_in_vain(field, words, &listed));
                }
                Err(VendorError::Gone { .. }) => {
                    lacking.push(format!("account.{field}: companies have no property {field}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(lacking)
    }

    /// A change of a contact that cannot be: a key that may write hears that there is none, another that it may not.
    pub(super) async fn write_to_nobody(&self) -> Result<(), VendorError> {
        let body = json!({ "properties": { "lastname": "Baton doctor" } });
        let call = self.object_call("try_write", Does::Write, Method::PATCH, &["contacts", NOBODY]).json(body);
        self.send_judged(call, errors::judge_try).await.map(drop)
    }
}
