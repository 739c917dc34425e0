//! The lead on the screen of whoever's phone rings for it: a notification of the org's own type, which the bell shows, and the
//! phone where the app is installed. A press opens the record. No code of ours runs in the org.

use super::errors::{VENDOR, read};
use super::{Salesforce, soql};
use crate::connectors::http::{ApiCall, Does, cut};
use crate::connectors::{ScreenPop, VendorError};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// What became of one notification; the answer is 200 either way.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionResult {
    is_success: bool,
}

impl Salesforce {
    pub(super) async fn notify(&self, pop: &ScreenPop) -> Result<(), VendorError> {
        let Some(kind) = self.notification_id().await? else { return Ok(()) };
        if !soql::is_id(&pop.record) || !soql::is_id(pop.user.as_str()) {
            return Err(VendorError::needs_person(VENDOR, "the id of the record, or of the user, is none"));
        }
        if !self.shown.is_new(&pop.record, &pop.user) {
            return Ok(());
        }
        let segments =
            ["services", "data", self.api_version.as_str(), "actions", "standard", "customNotificationAction"];
        let input = json!({
            "customNotifTypeId": kind,
            "recipientIds": [pop.user.as_str()],
            "title": cut(&pop.title, 250),
            "body": cut(&pop.body, 750),
            "targetId": pop.record,
        });
        let call = ApiCall::new("notify", Does::Write, Method::POST, &segments).json(json!({ "inputs": [input] }));
        let results = read::<Vec<ActionResult>>(&self.send(call).await?)?;
        if results.iter().all(|result| result.is_success) {
            return Ok(());
        }
        Err(VendorError::needs_person(VENDOR, "the notification was not sent: may the user see the record?"))
    }

    /// Of the type in the configuration; `None` where there is none.
    ///
    /// # Errors
    /// The org has no such type.
    pub(super) async fn notification_id(&self) -> Result<Option<&str>, VendorError> {
        let Some(name) = &self.notification_type else { return Ok(None) };
        let id = self.notification_type_id.get_or_try_init(|| self.find_notification_type(name)).await?;
        Ok(Some(id.as_str()))
    }

    async fn find_notification_type(&self, name: &str) -> Result<String, VendorError> {
        let filter = format!("DeveloperName = {}", soql::literal(name));
        let rows = self.query(&format!("SELECT Id FROM CustomNotificationType WHERE {filter} LIMIT 1")).await?;
        let id = rows.first().and_then(|row| row.get("Id")?.as_str()).map(str::to_owned);
        id.ok_or_else(|| {
            let why = format!(
                "there is no notification type {name:?} that our user may see: deploy the folder salesforce/, or take \
                 crm.notification_type out"
            );
            VendorError::amiss(VENDOR, why)
        })
    }
}
