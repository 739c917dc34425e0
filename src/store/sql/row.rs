//! Between rows and values: typed columns out, one JSON array of objects in; errors name table, column and row.

use super::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::io::Write;

/// A row being read; `key` is its first column, a text.
pub(in crate::store) struct Reading<'a> {
    pub table: &'static str,
    pub row: &'a AnyRow,
    key: String,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(table: &'static str, row: &'a AnyRow) -> Self {
        Self { table, row, key: row.try_get::<String, _>(0).unwrap_or_default() }
    }

    /// What is wrong with a column of this row.
    pub(crate) fn fault(&self, column: &'static str, why: impl ToString) -> StoreError {
        StoreError::Inconsistent { table: self.table, column, row: self.key.clone(), why: why.to_string() }
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub(crate) fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub(crate) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub(crate) fn at(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        self.instant(column, self.int(column)?)
    }

    pub(crate) fn maybe_at(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.maybe_int(column)?.map(|micros| self.instant(column, micros)).transpose()
    }

    fn instant(&self, column: &'static str, micros: i64) -> Result<DateTime<Utc>, StoreError> {
        DateTime::from_timestamp_micros(micros).ok_or_else(|| self.fault(column, format!("{micros} is no instant")))
    }

    /// A text that is the name or id of something.
    pub(crate) fn id<T: TryFrom<String>>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T::Error: ToString,
    {
        T::try_from(self.text(column)?).map_err(|error| self.fault(column, error.to_string()))
    }

    /// The same where there may be none.
    pub(crate) fn maybe_id<T: TryFrom<String>>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T::Error: ToString,
    {
        let read = |text: String| T::try_from(text).map_err(|error| self.fault(column, error.to_string()));
        self.maybe_text(column)?.map(read).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        self.json_of_any_version(column, |text| serde_json::from_str(text))
    }

    /// A document that earlier versions wrote otherwise: `read` knows them.
    pub(crate) fn json_of_any_version<T>(
        &self,
        column: &'static str,
        read: impl FnOnce(&str) -> serde_json::Result<T>,
    ) -> Result<T, StoreError> {
        read(&self.text(column)?).map_err(|error| self.fault(column, error))
    }

    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let number = self.int(column)?;
        T::try_from(number).map_err(|_| self.fault(column, format!("{number} is out of range")))
    }
}

/// The plain columns of the rows of a bulk statement, and after them its documents ([`Rows::document`]): each is written once,
/// as a field of the row and as a column of the statement.
macro_rules! columns {
    (struct $name:ident<$life:lifetime> { $($kind:ident $column:ident: $type:ty,)* } $(with $($document:ident),+)?) => {
        #[derive(serde::Serialize)]
        struct $name<$life> {
            $($column: $type,)*
        }

        impl $name<'_> {
            const ALL: &'static [$crate::store::sql::dialect::Column] = &[
                $($crate::store::sql::dialect::Column::$kind(stringify!($column)),)*
                $($($crate::store::sql::dialect::Column::Document(stringify!($document)),)+)?
            ];
        }
    };
}
pub(in crate::store) use columns;

/// The document of a value, as it stands in a TEXT column.
pub(in crate::store) fn document<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(unstorable)
}

/// The parameters of a bulk statement: one JSON array of objects, the rows; and the bytes of all their documents, of which each row
/// says where its own lie. Within the rows a document of seventy kilobytes, a decision among 200 reps with what it was made from,
/// cost the server ten times as much, since it was read as JSON twice only to be cut out again.
pub(in crate::store) struct Rows {
    rows: Vec<u8>,
    documents: Vec<u8>,
}

impl Rows {
    /// For about this many rows with documents of about this size.
    pub(crate) fn sized(rows: usize, bytes_each: usize) -> Self {
        Self { rows: Vec::with_capacity(rows * 400), documents: Vec::with_capacity(rows * bytes_each) }
    }

    /// Begins a row with its plain columns, the fields of a struct or object; [`Self::document`] adds to it.
    pub(crate) fn row<T: Serialize>(&mut self, columns: &T) -> Result<&mut Self, StoreError> {
        self.rows.extend_from_slice(if self.rows.is_empty() { b"[" } else { b"}," });
        serde_json::to_writer(&mut self.rows, columns).map_err(unstorable)?;
        let end = self.rows.pop();
        debug_assert_eq!(end, Some(b'}'), "a row is an object");
        Ok(self)
    }

    /// A column that holds a document, in the row begun last, which has a plain column.
    pub(crate) fn document<T: Serialize>(&mut self, column: &str, value: &T) -> Result<&mut Self, StoreError> {
        self.document_by(column, |to| serde_json::to_writer(to, value))
    }

    /// The same of a document that knows how it is written.
    pub(crate) fn document_by(
        &mut self,
        column: &str,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<&mut Self, StoreError> {
        let begin = self.documents.len();
        write(&mut self.documents).map_err(unstorable)?;
        // Both engines count from one.
        let (at, size) = (begin + 1, self.documents.len() - begin);
        write!(self.rows, ",\"{column}_at\":{at},\"{column}_size\":{size}").map_err(unstorable)?;
        Ok(self)
    }

    /// Of rows without documents.
    fn finish(mut self) -> Result<String, StoreError> {
        self.rows.extend_from_slice(if self.rows.is_empty() { b"[]" } else { b"}]" });
        let text = String::from_utf8(self.rows).map_err(unstorable)?;
        // PostgreSQL has no NUL in text; written as an escape it would only be found out by the server, far from its row.
        if escapes_nul(&text) {
            return Err(StoreError::Unstorable { why: "a text contains the NUL character".to_owned() });
        }
        Ok(text)
    }

    /// With the statement that they are the parameters of.
    pub(crate) fn bulk(mut self, sql: String) -> Result<Bulk, StoreError> {
        let documents = std::mem::take(&mut self.documents);
        Ok(Bulk { sql, rows: self.finish()?, documents: Some(documents), must: None })
    }
}

fn unstorable(error: impl ToString) -> StoreError {
    StoreError::Unstorable { why: error.to_string() }
}

/// A statement whose first parameter is all of its rows, and whose second is their documents where there are some: to be run alone,
/// or together with others ([`crate::store::Tx::run_all`]).
pub(in crate::store) struct Bulk {
    pub sql: String,
    pub rows: String,
    pub documents: Option<Vec<u8>>,
    /// How many rows it must change, and what is wrong where it changes fewer.
    must: Option<(usize, StoreError)>,
}

impl Bulk {
    pub(crate) fn new(sql: String, rows: String) -> Self {
        Self { sql, rows, documents: None, must: None }
    }

    /// The error for whoever finds fewer rows changed.
    pub(crate) fn must_change(self, rows: usize, otherwise: StoreError) -> Self {
        Self { must: Some((rows, otherwise)), ..self }
    }

    pub(crate) fn counts(&self) -> bool {
        self.must.is_some()
    }

    pub(crate) fn judge(self, changed: u64) -> Result<(), StoreError> {
        self.must.filter(|(rows, _)| *rows as u64 != changed).map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// The parameter of a bulk statement without documents.
pub(in crate::store) fn rows_json<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<String, StoreError> {
    let rows = rows.into_iter();
    let mut written = Rows::sized(rows.size_hint().0, 0);
    for row in rows {
        written.row(&row)?;
    }
    written.finish()
}

/// Whether a JSON text stands for a NUL. An escape has an odd number of backslashes: after an even number, `u0000` is plain
/// text, as in a document that is itself a string of this one, and that can be stored.
fn escapes_nul(json: &str) -> bool {
    memchr::memmem::find_iter(json.as_bytes(), "\\u0000").any(|at| {
        let before = json[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}

/// A text from outside that must not keep its row from being stored: NUL is written as its picture.
pub(in crate::store) fn without_nul(text: &str) -> String {
    text.replace('\0', "␀")
}

pub(in crate::store) fn texts_json<T: ToString>(texts: &[T]) -> String {
    Value::Array(texts.iter().map(|text| Value::String(text.to_string())).collect()).to_string()
}

pub(in crate::store) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

/// The name of a content: SHA-256 in hexadecimal digits.
pub(in crate::store) fn digest_of(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

pub(in crate::store) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}
