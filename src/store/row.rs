//! Between rows and values: typed columns out, one JSON array of objects in; errors name table, column and row.

use super::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A row being read; `key` is its first column, a text.
pub(super) struct Reading<'a> {
    pub table: &'static str,
    pub row: &'a AnyRow,
    key: String,
}

impl<'a> Reading<'a> {
    pub fn new(table: &'static str, row: &'a AnyRow) -> Self {
        Self { table, row, key: row.try_get::<String, _>(0).unwrap_or_default() }
    }

    /// What is wrong with a column of this row.
    pub fn fault(&self, column: &'static str, why: impl ToString) -> StoreError {
        StoreError::Inconsistent { table: self.table, column, row: self.key.clone(), why: why.to_string() }
    }

    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.row.try_get(column).map_err(|error| self.fault(column, error))
    }

    pub fn at(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        let micros = self.int(column)?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| self.fault(column, format!("{micros} is no instant")))
    }

    pub fn maybe_at(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let read = |micros| {
            DateTime::from_timestamp_micros(micros).ok_or_else(|| self.fault(column, format!("{micros} is no instant")))
        };
        self.maybe_int(column)?.map(read).transpose()
    }

    /// A text that is the name or id of something.
    pub fn id<T: TryFrom<String>>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T::Error: ToString,
    {
        T::try_from(self.text(column)?).map_err(|error| self.fault(column, error.to_string()))
    }

    pub fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.fault(column, error))
    }

    pub fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let number = self.int(column)?;
        T::try_from(number).map_err(|_| self.fault(column, format!("{number} is out of range")))
    }
}

/// The document of a value, as it stands in a TEXT column.
pub(super) fn document<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unstorable { why: error.to_string() })
}

/// The parameter of a bulk statement.
pub(super) fn rows_json(rows: Vec<Value>) -> Result<String, StoreError> {
    let text = Value::Array(rows).to_string();
    // PostgreSQL has no NUL in text; written as an escape it would only be found out by the server, far from its row.
    if escapes_nul(&text) {
        return Err(StoreError::Unstorable { why: "a text contains the NUL character".to_owned() });
    }
    Ok(text)
}

/// Whether a JSON text stands for a NUL. An escape has an odd number of backslashes: after an even number, `u0000` is plain
/// text, as in a document that is itself a string of this one, and that can be stored.
fn escapes_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}

/// A text from outside that must not keep its row from being stored: NUL is written as its picture.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "␀")
}

pub(super) fn texts_json<T: ToString>(texts: &[T]) -> String {
    Value::Array(texts.iter().map(|text| Value::String(text.to_string())).collect()).to_string()
}

pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}
