//! What lies in tables whose rows are no lead's: messages, what the CRM last said, calls that were announced, numbers.

use super::documents;
use super::search::{Loose, MessageText};
use crate::store::sql::row::texts_json;
use crate::store::{StoreError, Tx};
use baton_core::domain::id::LeadId;
use baton_core::domain::phone::PhoneE164;
use sqlx::AssertSqlSafe;

impl Tx {
    /// The bytes of a message, and why somebody took it off a list. Its name stays, and so does that it is handled: the same event
    /// again brings nothing. `false`: somebody has handled it, or erased it, since it was read.
    pub(super) async fn message_erase(&mut self, message: &MessageText) -> Result<bool, StoreError> {
        let sql = "-- erase::message\nUPDATE inbox SET state = 'handled', body = $3, answer = $4, error = NULL, reply_to = NULL, \
                   correlation_id = NULL, trace_context = NULL WHERE key = $1 AND state || '' = $2 AND length(body) > 0";
        let answer = documents::answer(&message.key, message.answer.as_deref());
        let query = sqlx::query(sql).bind(&message.key).bind(&message.state).bind(Vec::<u8>::new()).bind(answer);
        let is_erased = query.execute(self.conn()).await?.rows_affected() == 1;
        if is_erased {
            self.audit_blank(std::slice::from_ref(&message.key)).await?;
        }
        Ok(is_erased)
    }

    /// A message that is just being handled, and of which nothing is to be kept: nor the row under which the number of `lead`, which
    /// it would have brought, was held.
    pub async fn message_empty(&mut self, key: &str, held: Option<String>, lead: &LeadId) -> Result<(), StoreError> {
        let sql = "-- erase::empty\nUPDATE inbox SET body = $2, reply_to = NULL, correlation_id = NULL, \
                   trace_context = NULL WHERE key = $1";
        sqlx::query(sql).bind(key.to_owned()).bind(Vec::<u8>::new()).execute(self.conn()).await?;
        let sql = "-- erase::held\nDELETE FROM call_key WHERE key = $1 AND lead_id = $2";
        sqlx::query(sql).bind(held.unwrap_or_default()).bind(lead.as_str()).execute(self.conn()).await?;
        Ok(())
    }

    /// Rows of a table by key: what the CRM said is asked for again, and the others are kept for a day at most.
    pub(super) async fn loose_erase(&mut self, of: &Loose, keys: &[String]) -> Result<(), StoreError> {
        let texts = self.engine.texts();
        let sql = match of.table {
            "ping" => format!("-- erase::ping\nUPDATE ping SET answer = '{{}}', event = '' WHERE key IN {texts}"),
            // An answer that is gone must not look like an act that is being carried out.
            "keyed_act" => format!("-- erase::act\nUPDATE keyed_act SET body = '{{}}' WHERE key IN {texts}"),
            table => format!("-- erase::row\nDELETE FROM {table} WHERE key IN {texts}"),
        };
        sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).execute(self.conn()).await?;
        Ok(())
    }

    /// Rows that are there for a number, unless it is that of a lead that stays.
    pub(super) async fn numbers_erase(&mut self, phones: &[&PhoneE164]) -> Result<(), StoreError> {
        let numbers: Vec<&str> = phones.iter().map(|phone| phone.as_str()).collect();
        let keys: Vec<String> = numbers.iter().map(|number| format!("phone {number}")).collect();
        let texts = self.engine.texts();
        let unused = |number: &str| format!("NOT EXISTS (SELECT 1 FROM lead WHERE lead.phone = {number})");
        let (of_key, of_text, of_leg) =
            (unused("SUBSTR(call_key.key, 7)"), unused("text_sent.phone"), unused("carrier_leg.phone"));
        for (sql, rows) in [
            (format!("-- erase::call_keys\nDELETE FROM call_key WHERE key IN {texts} AND {of_key}"), texts_json(&keys)),
            (
                format!("-- erase::texted\nDELETE FROM text_sent WHERE phone IN {texts} AND {of_text}"),
                texts_json(&numbers),
            ),
            (
                format!("-- erase::dialled\nDELETE FROM carrier_leg WHERE phone IN {texts} AND {of_leg}"),
                texts_json(&numbers),
            ),
        ] {
            sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(self.conn()).await?;
        }
        Ok(())
    }
}
