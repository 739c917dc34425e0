//! Somebody calls a number of the account, or a SIP user of its domain: whoever was transferred here comes to the rep who waits for
//! them, and whoever was announced is a lead.
//!
//! Guarantees: who is meant is said by the address that was called and by nothing else, and nobody but the first caller is meant.
//! An announced caller's lead is made once their call has begun, since before that it could not be told what is next.

use super::Asked;
use super::document::Document;
use crate::store::Arrived;
use crate::web::Problem;
use baton_platforms::twilio::is_call;

impl Asked<'_> {
    /// # Errors
    /// It could not be stored who has come: Twilio asks again where its address says so.
    pub(super) async fn incoming(&self) -> Result<Document, Problem> {
        let (call, address) = (self.sent("CallSid"), called(self.sent("To")));
        if !is_call(call) {
            return Err(Problem::bad_request("CallSid is none of a call; allowed: CA and 32 hexadecimal digits"));
        }
        Ok(match self.arrives(address, call).await? {
            Some(Arrived::ForRep(leg)) => self.twilio.meet(call, leg.as_str()),
            Some(Arrived::Announced { .. }) => self.twilio.hold_announced(call, address),
            Some(Arrived::Before) => self.twilio.hold(call),
            None => {
                tracing::warn!("a caller has come to where nobody is expected, or not any more");
                self.caller(call).goodbye()
            }
        })
    }

    /// Makes a lead of a caller who was announced at this address, and is in their room.
    ///
    /// # Errors
    /// It could not be stored.
    pub(super) async fn bring_announced(&self, call: &str, address: &str) -> Result<(), Problem> {
        if let Some(Arrived::Announced { event }) = self.arrives(address, call).await? {
            let brought = self.door.decider.brings_announced(&event, call).await;
            brought.map_err(|error| Problem::ours(&error))?;
        }
        Ok(())
    }

    async fn arrives(&self, address: &str, call: &str) -> Result<Option<Arrived>, Problem> {
        self.door.decider.arrives(address, call).await.map_err(|error| Problem::ours(&error))
    }
}

/// The number, or the user of `sip:USER@DOMAIN`.
fn called(to: &str) -> &str {
    let to = to.strip_prefix("sip:").or_else(|| to.strip_prefix("sips:")).unwrap_or(to);
    to.split(['@', ';']).next().unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_number_or_a_user() {
        for (to, address) in [
            ("+15551230001", "+15551230001"),
            ("sip:baton-5f@acme.sip.twilio.com", "baton-5f"),
            ("sips:baton-5f@acme.sip.twilio.com;transport=tls", "baton-5f"),
            ("sip:+15551230001;user=phone@acme.sip.twilio.com", "+15551230001"),
            ("", ""),
        ] {
            assert_eq!(called(to), address, "{to}");
        }
    }
}
