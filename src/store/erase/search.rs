//! Looking through tables for a person, page by page: each page is one short read, so that nobody waits for the whole.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::LeadId;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// Rows of a page.
const PAGE: i64 = 200;

/// A lead as it came, and as later events completed it.
pub(super) struct LeadTexts {
    pub id: LeadId,
    pub documents: Vec<String>,
}

/// A message that still has its bytes.
pub(super) struct MessageText {
    pub key: String,
    pub state: String,
    pub lead: Option<LeadId>,
    pub body: Vec<u8>,
    pub answer: Option<String>,
    pub received_at: DateTime<Utc>,
}

/// A table whose rows belong to no lead, found by `key`.
pub(super) struct Loose {
    pub table: &'static str,
    columns: [&'static str; 2],
}

/// What the CRM last said, whose keys are made of numbers and addresses; calls that were announced; answers to acts.
pub(super) static LOOSE: [Loose; 3] = [
    Loose { table: "mirror_account", columns: ["key", "body"] },
    Loose { table: "ping", columns: ["answer", "event"] },
    Loose { table: "keyed_act", columns: ["key", "body"] },
];

/// A table in which people wrote something, beside leads.
pub(super) struct Written {
    pub table: &'static str,
    /// The texts of its key, the lead first, where it is of one; a number ends the key.
    pub names: &'static [&'static str],
    number: &'static str,
    pub text: &'static str,
    /// JSON; otherwise the bare words.
    pub is_document: bool,
    pub is_of_leads: bool,
}

/// What reps said, what happened, why turns were moved, and why somebody did something.
pub(super) static WRITTEN: [Written; 4] = [
    Written {
        table: "feedback",
        names: &["lead_id", "rep"],
        number: "at",
        text: "body",
        is_document: true,
        is_of_leads: true,
    },
    Written {
        table: "timeline",
        names: &["lead_id"],
        number: "seq",
        text: "body",
        is_document: true,
        is_of_leads: true,
    },
    Written {
        table: "ledger_entry",
        names: &["pool"],
        number: "seq",
        text: "body",
        is_document: true,
        is_of_leads: false,
    },
    Written { table: "audit", names: &[], number: "seq", text: "why", is_document: false, is_of_leads: false },
];

/// Where a row of such a table is: the texts of its key, and the number that ends it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub names: Vec<String>,
    pub number: i64,
}

impl Written {
    /// Of its key.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().copied().chain([self.number])
    }
}

impl Tx {
    /// The next leads that are not erased and came until then.
    pub(super) async fn erase_leads_page(
        &mut self,
        after: &str,
        until: DateTime<Utc>,
    ) -> Result<Vec<LeadTexts>, StoreError> {
        let sql = "-- erase::leads\nSELECT id, body, completed FROM lead WHERE id > $1 AND received_at <= $2 \
                   AND erased_at IS NULL ORDER BY id LIMIT $3";
        let query = sqlx::query(sql).bind(after.to_owned()).bind(micros(until)).bind(PAGE);
        let read = |row: &AnyRow| {
            let row = Reading::new("lead", row);
            let documents = [Some(row.text("body")?), row.maybe_text("completed")?].into_iter().flatten().collect();
            Ok(LeadTexts { id: row.id("id")?, documents })
        };
        query.fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// The next messages that came until then and have their bytes.
    pub(super) async fn erase_messages_page(
        &mut self,
        after: &str,
        until: DateTime<Utc>,
    ) -> Result<Vec<MessageText>, StoreError> {
        let sql = "-- erase::messages\nSELECT key, state, lead_id, body, answer, received_at FROM inbox WHERE key > $1 \
                   AND received_at <= $2 AND length(body) > 0 ORDER BY key LIMIT $3";
        let query = sqlx::query(sql).bind(after.to_owned()).bind(micros(until)).bind(PAGE);
        let read = |row: &AnyRow| {
            let row = Reading::new("inbox", row);
            Ok(MessageText {
                key: row.text("key")?,
                state: row.text("state")?,
                lead: row.maybe_text("lead_id")?.map(|_| row.id("lead_id")).transpose()?,
                body: row.bytes("body")?,
                answer: row.maybe_text("answer")?,
                received_at: row.at("received_at")?,
            })
        };
        query.fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// The next rows in which somebody wrote something until then.
    pub(super) async fn erase_written_page(
        &mut self,
        of: &'static Written,
        after: &Place,
        until: DateTime<Utc>,
    ) -> Result<Vec<(Place, String)>, StoreError> {
        let Written { table, names, text, .. } = of;
        let key = of.columns().collect::<Vec<_>>().join(", ");
        let last = names.len() + 1;
        let behind = (1..=last).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "-- erase::written\nSELECT {key}, {text} AS written FROM {table} WHERE ({key}) > ({behind}) AND at <= ${} \
             AND {text} IS NOT NULL ORDER BY {key} LIMIT ${}",
            last + 1,
            last + 2
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for name in &after.names {
            query = query.bind(name.clone());
        }
        let query = query.bind(after.number).bind(micros(until)).bind(PAGE);
        let read = |row: &AnyRow| {
            let row = Reading::new(of.table, row);
            let names = names.iter().map(|&name| row.text(name)).collect::<Result<Vec<String>, StoreError>>()?;
            Ok((Place { names, number: row.int(of.number)? }, row.text("written")?))
        };
        query.fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// The next rows of a table by key, with their texts: all that have one key stand on one page.
    pub(super) async fn erase_loose_page(
        &mut self,
        of: &'static Loose,
        after: &str,
    ) -> Result<Vec<(String, Vec<String>)>, StoreError> {
        let Loose { table, columns: [first, second] } = of;
        let sql = format!(
            "-- erase::loose\nSELECT key, {first} AS one, {second} AS other FROM {table} WHERE key IN \
             (SELECT DISTINCT key FROM {table} WHERE key > $1 ORDER BY key LIMIT $2) ORDER BY key"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(after.to_owned()).bind(PAGE).fetch_all(self.conn()).await?;
        let read = |row: &AnyRow| {
            let row = Reading::new(of.table, row);
            let texts = [row.maybe_text("one")?, row.maybe_text("other")?].into_iter().flatten().collect();
            Ok((row.text("key")?, texts))
        };
        rows.iter().map(read).collect()
    }

    /// The next decisions, each with whether one of these texts may stand in what was known then. Nothing but ids is read.
    pub(super) async fn erase_snapshots_page(
        &mut self,
        after: &str,
        texts: &[String],
    ) -> Result<Vec<(LeadId, bool)>, StoreError> {
        let like: Vec<String> = (3..texts.len() + 3).map(|at| format!("snapshot LIKE ${at}")).collect();
        let sql = format!(
            "-- erase::snapshots\nSELECT lead_id, CAST(CASE WHEN {} THEN 1 ELSE 0 END AS BIGINT) AS hit FROM decision \
             WHERE lead_id > $1 AND octet_length(snapshot) > 0 ORDER BY lead_id LIMIT $2",
            like.join(" OR ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(after.to_owned()).bind(PAGE);
        for text in texts {
            query = query.bind(format!("%{text}%"));
        }
        let read = |row: &AnyRow| {
            let row = Reading::new("decision", row);
            Ok((row.id("lead_id")?, row.int("hit")? != 0))
        };
        query.fetch_all(self.conn()).await?.iter().map(read).collect()
    }
}
