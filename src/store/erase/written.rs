//! What people wrote of other people's leads, of turns, and in the audit: the one text that names the person is taken out of it.

use super::documents;
use super::search::{Place, Written};
use super::sought::Sought;
use crate::store::sql::row::Reading;
use crate::store::{StoreError, Tx};
use sqlx::AssertSqlSafe;

impl Written {
    /// Before the first row.
    pub(super) fn begin(&self) -> Place {
        Place { names: vec![String::new(); self.names.len()], number: i64::MIN }
    }

    /// The text without the person, where something must stand there; `None`: they are not in it.
    pub(super) fn without(&self, text: &str, sought: &Sought) -> Option<String> {
        if self.is_document {
            documents::without(text, &|text| sought.is_in_text(text))
        } else {
            sought.is_in_text(text).then(String::new)
        }
    }
}

impl Tx {
    /// Takes the person out of a row, as it is by now. `false`: they are in it no more.
    pub(super) async fn written_erase(
        &mut self,
        of: &Written,
        place: &Place,
        sought: &Sought,
    ) -> Result<bool, StoreError> {
        let Written { table, text, .. } = of;
        let keys = of.columns().enumerate().map(|(at, column)| format!("{column} = ${}", at + 1));
        let keys = keys.collect::<Vec<_>>().join(" AND ");
        let lock = self.engine.for_update();
        let sql = format!(
            "-- erase::reread\nSELECT {text} AS written FROM {table} WHERE {keys} AND {text} IS NOT NULL {lock}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for name in &place.names {
            query = query.bind(name.clone());
        }
        let row = query.bind(place.number).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(false) };
        let written = Reading::new(of.table, &row).text("written")?;
        let Some(clean) = of.without(&written, sought) else { return Ok(false) };
        // Why something was done goes whole, with its salt: the chain holds a digest of all or of nothing.
        let last = place.names.len() + 2;
        let set = if of.is_document { format!("{text} = ${last}") } else { "why = NULL, salt = NULL".to_owned() };
        let sql = format!("-- erase::rewrite\nUPDATE {table} SET {set} WHERE {keys}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for name in &place.names {
            query = query.bind(name.clone());
        }
        query = query.bind(place.number);
        if of.is_document {
            query = query.bind(clean);
        }
        query.execute(self.conn()).await?;
        Ok(true)
    }
}
