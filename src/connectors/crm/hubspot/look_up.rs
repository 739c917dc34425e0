//! What is asked before the first lead: the owners who are to have leads, the properties that rules read, and whether the key may
//! write. Nothing of it stays in the portal.

use super::find::is_property;
use super::people::Person;
use super::{HubSpot, VERSION, errors};
use crate::connectors::crm::{FieldWords, read_in_vain};
use crate::connectors::http::{ApiCall, Does};
use crate::connectors::{LookedUp, VendorError};
use reqwest::Method;
use serde_json::json;

/// No record has it: ids are counted from 1.
const NOBODY: &str = "0";

impl HubSpot {
    /// By any of the three numbers of a person, as a worker takes them.
    pub(super) async fn owners(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        let mut people = self.people_if(false).await?;
        if !ids.iter().all(|id| is_somebody(&people, id)) {
            self.add_records(&mut people).await?;
        }
        let standing = |id: &String| match is_somebody(&people, id) {
            true => (id.clone(), Ok(())),
            false => {
                let why = "there is no such owner, user or record of a user, or it is archived and can have no contact";
                (id.clone(), Err(why.to_owned()))
            }
        };
        Ok(ids.iter().map(standing).collect())
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

fn is_somebody(people: &[Person], id: &str) -> bool {
    people.iter().any(|person| person.goes_by(id))
}
