//! The audit: what people and tokens have changed, each act in the transaction that carries it out.
//!
//! Guarantees: an act counts with its entry or not at all; entries form one chain (`chain`), whoever adds to it. Acts are rare, and
//! a lead that is decided by itself is none: nobody waits for the chain on that path. It is taken last in a transaction, so that
//! those who hold it wait for nothing.

use super::chain::{AuditLine, ChainEnd, salted};
use crate::store::sql::row::{Reading, hex, micros, texts_json, without_nul};
use crate::store::{Store, StoreError, Tx};
use baton_clock::random_bytes;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// Entries that are read at once where all of them are.
const PAGE: usize = 1_000;

/// An act of a person or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// `token NAME`, `rep ID`, `cli USER`, `worker HOST`, or `nobody` where no token was ever given.
    pub actor: String,
    /// A dotted verb, such as `lead.reassign`.
    pub act: String,
    /// An id: never a phone, a mail address or a name.
    pub subject: String,
    /// As somebody wrote it. It may be blanked later, and stands in no hash.
    pub why: Option<String>,
}

impl AuditEntry {
    pub fn of(actor: &str, act: &str, subject: impl ToString, why: Option<&str>) -> Self {
        let (actor, act) = (actor.to_owned(), act.to_owned());
        Self { actor, act, subject: subject.to_string(), why: why.map(str::to_owned) }
    }
}

/// Which entries are meant; what is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub since: Option<DateTime<Utc>>,
    pub actor: Option<String>,
    pub subject: Option<String>,
    /// Only entries before this one: the last of the page before.
    pub before: Option<i64>,
}

/// What came of following the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainCheck {
    /// As far as it is whole.
    pub end: ChainEnd,
    /// The first entry that does not fit, and why.
    pub broken: Option<(i64, &'static str)>,
    /// The entry whose hash was asked for; `None`: nothing was asked, or no entry that fits has it.
    pub known: Option<i64>,
}

const COLUMNS: &str = "hash, seq, at, actor, act, subject, why, salt, why_hash, prev_hash";

impl Tx {
    /// Hangs an entry on the chain: nobody else does until this transaction has ended, so it comes last.
    pub async fn audit(&mut self, entry: &AuditEntry, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = format!("-- audit::hold\nSELECT hash, seq FROM audit_head WHERE id = 1 {}", self.engine.for_update());
        let end = read_end(&sqlx::query(AssertSqlSafe(sql)).fetch_one(self.conn()).await?)?;
        let why = entry.why.as_deref().map(without_nul);
        let salt = why.as_ref().map(|_| hex(&random_bytes::<16>()));
        let mut line = AuditLine {
            seq: end.seq + 1,
            at: now,
            actor: without_nul(&entry.actor),
            act: without_nul(&entry.act),
            subject: without_nul(&entry.subject),
            why_hash: why.as_deref().zip(salt.as_deref()).map(|(why, salt)| salted(salt, why)),
            why,
            salt,
            prev_hash: end.hash,
            hash: String::new(),
        };
        line.hash = line.digest();
        let sql =
            format!("-- audit::append\nINSERT INTO audit ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(&line.hash).bind(line.seq).bind(micros(line.at));
        let query = query.bind(&line.actor).bind(&line.act).bind(&line.subject).bind(&line.why).bind(&line.salt);
        query.bind(&line.why_hash).bind(&line.prev_hash).execute(self.conn()).await?;
        let sql = "-- audit::grow\nUPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1";
        sqlx::query(sql).bind(line.seq).bind(&line.hash).execute(self.conn()).await?;
        Ok(())
    }

    /// Takes out why things were done to these: the chain holds digests of it alone, and stays whole.
    pub(crate) async fn audit_blank(&mut self, subjects: &[String]) -> Result<(), StoreError> {
        let sql = format!(
            "-- audit::blank\nUPDATE audit SET why = NULL, salt = NULL WHERE subject IN {} AND why IS NOT NULL",
            self.engine.texts()
        );
        sqlx::query(AssertSqlSafe(sql)).bind(texts_json(subjects)).execute(self.conn()).await?;
        Ok(())
    }

    /// On which the next entry hangs.
    pub async fn audit_end(&mut self) -> Result<ChainEnd, StoreError> {
        let sql = "-- audit::end\nSELECT hash, seq FROM audit_head WHERE id = 1";
        read_end(&sqlx::query(sql).fetch_one(self.conn()).await?)
    }

    /// At most so many entries of those that are asked for, the newest first.
    pub async fn audit_find(&mut self, query: &AuditQuery, limit: usize) -> Result<Vec<AuditLine>, StoreError> {
        let mut sql = format!("-- audit::find\nSELECT {COLUMNS} FROM audit WHERE seq < $1 AND at >= $2");
        let asked = [("actor", &query.actor), ("subject", &query.subject)];
        let mut bound = Vec::new();
        for (column, value) in asked {
            if let Some(value) = value {
                bound.push(value);
                sql.push_str(&format!(" AND {column} = ${}", bound.len() + 3));
            }
        }
        sql.push_str(" ORDER BY seq DESC LIMIT $3");
        let since = query.since.map_or(i64::MIN, micros);
        let mut statement = sqlx::query(AssertSqlSafe(sql)).bind(query.before.unwrap_or(i64::MAX)).bind(since);
        statement = statement.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        for value in bound {
            statement = statement.bind(value.to_owned());
        }
        statement.fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// What an act was last done to.
    pub async fn audit_last(&mut self, act: &str) -> Result<Option<String>, StoreError> {
        let sql = "-- audit::last\nSELECT subject FROM audit WHERE act = $1 ORDER BY seq DESC LIMIT 1";
        let row = sqlx::query(sql).bind(act.to_owned()).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("audit", &row).text("subject")).transpose()
    }

    /// The next page of the chain behind this entry, oldest first.
    async fn audit_after(&mut self, seq: i64) -> Result<Vec<AuditLine>, StoreError> {
        let sql = format!("-- audit::after\nSELECT {COLUMNS} FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(seq).bind(PAGE as i64).fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }
}

impl Store {
    /// Follows the chain from its first entry, page by page, to its end or to the first entry that does not fit. `known`: a hash that
    /// somebody has kept elsewhere, and looks for.
    ///
    /// # Errors
    /// As [`Store::read`], and where a row cannot be read at all.
    pub async fn audit_verify(&self, known: Option<&str>) -> Result<ChainCheck, StoreError> {
        let begin = ChainEnd::begin();
        let found = known.filter(|hash| *hash == begin.hash).map(|_| 0);
        let mut check = ChainCheck { end: begin, broken: None, known: found };
        let mut after = i64::MIN;
        loop {
            let page = self.read("audit.verify", move |tx| {
                Box::pin(async move { Ok((tx.audit_after(after).await?, tx.audit_end().await?)) })
            });
            let (lines, end) = page.await?;
            for line in &lines {
                match check.end.with(line) {
                    Ok(end) => check.end = end,
                    Err(why) => return Ok(ChainCheck { broken: Some((line.seq, why)), ..check }),
                }
                if known == Some(line.hash.as_str()) {
                    check.known = Some(line.seq);
                }
                after = line.seq;
            }
            if lines.len() < PAGE {
                check.broken = cut_off(&check.end, &end);
                return Ok(check);
            }
        }
    }
}

/// What is wrong where the last entry is not the end that was noted.
fn cut_off(last: &ChainEnd, noted: &ChainEnd) -> Option<(i64, &'static str)> {
    if noted.seq > last.seq {
        Some((last.seq + 1, "it was taken out, with all that follow"))
    } else if noted != last {
        Some((last.seq, "the end that is noted is another"))
    } else {
        None
    }
}

fn read_end(row: &AnyRow) -> Result<ChainEnd, StoreError> {
    let row = Reading::new("audit_head", row);
    Ok(ChainEnd { seq: row.int("seq")?, hash: row.text("hash")? })
}

fn read(row: &AnyRow) -> Result<AuditLine, StoreError> {
    let row = Reading::new("audit", row);
    Ok(AuditLine {
        seq: row.int("seq")?,
        at: row.at("at")?,
        actor: row.text("actor")?,
        act: row.text("act")?,
        subject: row.text("subject")?,
        why: row.maybe_text("why")?,
        salt: row.maybe_text("salt")?,
        why_hash: row.maybe_text("why_hash")?,
        prev_hash: row.text("prev_hash")?,
        hash: row.text("hash")?,
    })
}
