//! The few places in which SQLite and PostgreSQL say the same thing in other words.

use sqlx::AssertSqlSafe;

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
    /// A text that lies in the second parameter, the documents of all rows; the row says where.
    Document(&'static str),
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Text(name) | Self::Int(name) | Self::Bytes(name) | Self::Document(name) => name,
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
        Column::Text(name) | Column::Bytes(name) | Column::Document(name) => format!("CAST(NULL AS TEXT) AS {name}"),
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

    /// As [`Self::begin_write`]; statements are not planned each time. What they find by is within documents that no planner looks
    /// into, so that a plan for these would be no better than one for all. `anew`: those that the connection has are forgotten.
    pub(in crate::store) fn begin_often(self, anew: bool) -> &'static str {
        match (self, anew) {
            (Self::Sqlite, _) => self.begin_write(),
            (Self::Postgres, true) => {
                "DISCARD PLANS; BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL plan_cache_mode = force_generic_plan"
            }
            (Self::Postgres, false) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL plan_cache_mode = force_generic_plan"
            }
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

    /// The objects of a JSON array in parameter 1, as rows `r` with these columns; their documents lie in parameter 2.
    pub(in crate::store) fn rows(self, columns: &[Column]) -> String {
        match self {
            Self::Sqlite => {
                let read = |column: &Column| match column {
                    Column::Bytes(name) => format!("unhex(value ->> '$.{name}') AS {name}"),
                    Column::Text(name) | Column::Int(name) => format!("value ->> '$.{name}' AS {name}"),
                    Column::Document(name) => format!(
                        "CAST(substr($2, value ->> '$.{name}_at', value ->> '$.{name}_size') AS TEXT) AS {name}"
                    ),
                };
                let read = columns.iter().map(read).collect::<Vec<_>>().join(", ");
                format!("(SELECT {read} FROM json_each($1)) AS r")
            }
            Self::Postgres => {
                let sent = |column: &Column| match column {
                    Column::Int(name) => format!("{name} bigint"),
                    Column::Text(name) | Column::Bytes(name) => format!("{name} text"),
                    Column::Document(name) => format!("{name}_at integer, {name}_size integer"),
                };
                let sent = columns.iter().map(sent).collect::<Vec<_>>().join(", ");
                let cut = |column: &Column| match column {
                    Column::Document(name) => {
                        Some(format!(", convert_from(substr($2::bytea, s.{name}_at, s.{name}_size), 'UTF8') AS {name}"))
                    }
                    Column::Text(_) | Column::Int(_) | Column::Bytes(_) => None,
                };
                let documents: String = columns.iter().filter_map(cut).collect();
                if documents.is_empty() {
                    return format!("json_to_recordset($1::json) AS r({sent})");
                }
                format!("(SELECT s.*{documents} FROM json_to_recordset($1::json) AS s({sent})) AS r")
            }
        }
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
