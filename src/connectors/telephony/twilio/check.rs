//! Whether the account would do what will be asked of it: it is active, may show the number that reps see, and has the numbers to
//! which callers are transferred.
//!
//! Twilio tells most API keys nothing of the account itself: whoever logs in with one asks for its numbers alone, which a suspended
//! account does not give out either. What is told of an account holds its auth token, which is not read.

use super::answers::{AccountRead, Numbers};
use super::{Twilio, VENDOR, errors, json, read};
use crate::connectors::VendorError;
use crate::connectors::http::{ApiCall, Does};
use baton_core::domain::phone::PhoneE164;
use reqwest::Method;

/// Numbers at which calls come in, and those of others that were proven to be the customer's: these can be shown, and not called.
const OWN: &str = "IncomingPhoneNumbers.json";
const VERIFIED: &str = "OutgoingCallerIds.json";
const ACTIVE: &str = "active";

impl Twilio {
    /// # Errors
    /// What is to be mended.
    pub async fn check(&self) -> Result<(), VendorError> {
        if self.config.user == self.config.account {
            self.is_active().await?;
        }
        let caller_id = &self.config.caller_id;
        if !self.has(OWN, caller_id).await? && !self.has(VERIFIED, caller_id).await? {
            return Err(VendorError::amiss(
                VENDOR,
                "telephony.caller_id is neither a number of the account nor one of its verified caller ids: no rep can be rung; set \
                 it to one that is",
            ));
        }
        for (place, number) in (1..).zip(&self.config.numbers) {
            if !self.has(OWN, number).await? {
                let why = format!(
                    "telephony.numbers, entry {place}, is no number of the account: whoever is transferred there comes to nobody"
                );
                return Err(VendorError::amiss(VENDOR, why));
            }
        }
        Ok(())
    }

    async fn is_active(&self) -> Result<(), VendorError> {
        let account = json(&self.config.account);
        let call = ApiCall::get("read_account", &["2010-04-01", "Accounts", &account]);
        let answer = self.http.send(&call.header("authorization", self.login.clone())).await?;
        errors::judge(&answer).map_err(unopened)?;
        let account: AccountRead = read(&answer)?;
        if account.status == ACTIVE {
            return Ok(());
        }
        let why =
            format!("the account is {}: it carries no calls until it is active again", answer.quote(&account.status));
        Err(VendorError::amiss(VENDOR, why))
    }

    /// Whether this number is among those of the account's list; the list finds parts of numbers too.
    async fn has(&self, list: &str, number: &PhoneE164) -> Result<bool, VendorError> {
        let call = self.call("find_number", Does::Read, Method::GET, &[list]).query("PhoneNumber", number.as_str());
        let found: Numbers = read(&self.send(call).await.map_err(unopened)?)?;
        Ok(found.numbers.iter().any(|one| one.phone_number == number.as_str()))
    }
}

/// An account always has these: one that is not found is another's.
fn unopened(error: VendorError) -> VendorError {
    match error {
        VendorError::Gone { vendor, .. } => {
            VendorError::amiss(vendor, "telephony.account is none that telephony.key opens")
        }
        other => other,
    }
}
