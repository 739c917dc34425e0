//! The few places in which SQLite and PostgreSQL say the same thing in other words.

use sqlx::AssertSqlSafe;
use std::fmt::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Engine {
    Sqlite,
    Postgres,
}

/// A column of a bulk statement.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Column {
    Text(&'static str),
    Int(&'static str),
    /// Sent as hexadecimal text.
    Bytes(&'static str),
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Text(name) | Self::Int(name) | Self::Bytes(name) => name,
        }
    }
}

/// The columns as they stand in `SELECT` and `INSERT`.
pub(in crate::store) fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name()).collect::<Vec<_>>().join(", ")
}

/// In place of these columns, where rows of another table stand beside theirs.
pub(in crate::store) fn nulls(columns: &[Column]) -> String {
    let null = |column: &Column| match column {
        Column::Int(name) => format!("CAST(NULL AS BIGINT) AS {name}"),
        Column::Text(name) | Column::Bytes(name) => format!("CAST(NULL AS TEXT) AS {name}"),
    };
    columns.iter().map(null).collect::<Vec<_>>().join(", ")
}

/// The tail of an `INSERT` whose row takes the place of the one with its key.
pub(in crate::store) fn replacing(key: &str, columns: &[Column]) -> String {
    let others = columns.iter().map(|column| column.name()).filter(|name| *name != key);
    let set = others.map(|name| format!("{name} = excluded.{name}")).collect::<Vec<_>>().join(", ");
    format!("ON CONFLICT ({key}) DO UPDATE SET {set}")
}

impl Engine {
    /// A writing transaction takes SQLite's write lock at once: upgraded later, it would fail instead of waiting.
    pub(in crate::store) fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            // Said aloud: the server's default may be another.
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        }
    }

    /// All statements of a reading transaction see the same state.
    pub(in crate::store) fn begin_read(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Row locks; SQLite's writer is alone anyway.
    pub(in crate::store) fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE",
        }
    }

    /// Row locks that pass over what another worker holds.
    pub(in crate::store) fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// The same where the rows of one table alone can be locked.
    pub(in crate::store) fn skip_locked_of(self, table: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!("FOR UPDATE OF {table} SKIP LOCKED"),
        }
    }

    /// The texts of a JSON array in parameter 1, as a subquery for `IN`.
    pub(in crate::store) fn texts(self) -> &'static str {
        match self {
            Self::Sqlite => "(SELECT value FROM json_each($1))",
            Self::Postgres => "(SELECT json_array_elements_text($1::json))",
        }
    }

    /// The same of parameter 2.
    pub(in crate::store) fn other_texts(self) -> &'static str {
        match self {
            Self::Sqlite => "(SELECT value FROM json_each($2))",
            Self::Postgres => "(SELECT json_array_elements_text($2::json))",
        }
    }

    /// The objects of a JSON array in parameter 1, as rows `r` with these columns.
    pub(in crate::store) fn rows(self, columns: &[Column]) -> String {
        let mut sql = String::new();
        match self {
            Self::Sqlite => {
                sql.push_str("(SELECT ");
                for (index, column) in columns.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    let name = column.name();
                    let _infallible = match column {
                        Column::Bytes(_) => write!(sql, "{comma}unhex(value ->> '$.{name}') AS {name}"),
                        Column::Text(_) | Column::Int(_) => write!(sql, "{comma}value ->> '$.{name}' AS {name}"),
                    };
                }
                sql.push_str(" FROM json_each($1)) AS r");
            }
            Self::Postgres => {
                sql.push_str("json_to_recordset($1::json) AS r(");
                for (index, column) in columns.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    let kind = if matches!(column, Column::Int(_)) { "bigint" } else { "text" };
                    let _infallible = write!(sql, "{comma}{} {kind}", column.name());
                }
                sql.push(')');
            }
        }
        sql
    }

    /// `INSERT` of every object of the JSON array in parameter 1; `tail` follows, such as `ON CONFLICT …`.
    /// One statement and one parameter, however many rows: round trips are what costs.
    pub(in crate::store) fn insert_all(
        self,
        method: &str,
        table: &str,
        columns: &[Column],
        tail: &str,
    ) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.insert_text(method, table, columns, tail))
    }

    pub(in crate::store) fn insert_text(self, method: &str, table: &str, columns: &[Column], tail: &str) -> String {
        let value = |column: &Column| match (self, column) {
            (Self::Postgres, Column::Bytes(name)) => format!("decode(r.{name}, 'hex')"),
            (_, column) => format!("r.{}", column.name()),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        // `WHERE true` keeps SQLite from reading ON CONFLICT as the join's ON.
        format!(
            "-- {method}\nINSERT INTO {table} ({}) SELECT {} FROM {} WHERE true {tail}",
            names(columns),
            values.join(", "),
            self.rows(columns)
        )
    }

    /// The phones that were rung in a stored handoff `h`, as the text of a JSON array.
    pub(in crate::store) fn rung_legs(self) -> &'static str {
        match self {
            Self::Sqlite => "(h.body ->> '$.legs')",
            Self::Postgres => "(h.body::json #>> '{legs}')",
        }
    }

    /// How a stored lead `l` came; one that does not say it called.
    pub(in crate::store) fn lead_channel(self) -> &'static str {
        match self {
            Self::Sqlite => "COALESCE(COALESCE(l.completed, l.body) ->> '$.channel', 'call')",
            Self::Postgres => "COALESCE(COALESCE(l.completed, l.body)::json ->> 'channel', 'call')",
        }
    }

    /// What the caller of a stored lead `l` was told of the call, as the text of a JSON object.
    pub(in crate::store) fn lead_disclosure(self) -> &'static str {
        match self {
            Self::Sqlite => "(COALESCE(l.completed, l.body) ->> '$.disclosure')",
            Self::Postgres => "(COALESCE(l.completed, l.body)::json #>> '{disclosure}')",
        }
    }

    /// A migration in this engine's words: the type of bytes, and statements that only one of the two knows
    /// (`--postgres ALTER …`, `--sqlite CREATE …`: a comment for the other).
    pub(in crate::store) fn migration(self, sql: &str) -> String {
        match self {
            Self::Sqlite => sql.replace("--sqlite ", ""),
            Self::Postgres => sql.replace(" BLOB", " BYTEA").replace("--postgres ", ""),
        }
    }
}
