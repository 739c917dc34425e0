//! The rows of `territories.csv` and `accounts.csv`, checked.

use crate::domain::id::{RepId, TerritoryId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One row of `territories.csv`. An empty column fits everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerritoryRow {
    /// Line in the file, for the trace.
    pub line: u32,
    pub territory: TerritoryId,
    /// ISO 3166-1 alpha-2; empty = any.
    pub country: Option<String>,
    pub state: Option<String>,
    pub region: Option<String>,
    /// Upper case, no blanks.
    pub postal_prefix: Option<String>,
    pub industry: Option<String>,
    pub employees: Option<(Option<u32>, Option<u32>)>,
    /// Higher beats the published order of specificity. 0 where the column is empty.
    pub priority: i32,
    /// The row counts on these days, both included (UTC days of the event).
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
}

/// One row of `accounts.csv`: this company goes to this rep or territory, whatever its address says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedAccount {
    pub line: u32,
    pub domain: Option<String>,
    pub name: String,
    pub rep: Option<RepId>,
    pub territory: Option<TerritoryId>,
}

/// Lengths of postal codes that are digits only: a whole code makes a better example than its beginning.
const POSTAL_DIGITS: [(&str, usize); 18] = [
    ("US", 5),
    ("DE", 5),
    ("FR", 5),
    ("ES", 5),
    ("IT", 5),
    ("MX", 5),
    ("FI", 5),
    ("KR", 5),
    ("AT", 4),
    ("CH", 4),
    ("BE", 4),
    ("DK", 4),
    ("NO", 4),
    ("AU", 4),
    ("NZ", 4),
    ("JP", 7),
    ("IN", 6),
    ("SG", 6),
];

impl TerritoryRow {
    /// A whole code that begins with the row's prefix, where the country's codes are digits.
    pub fn whole_postal(&self) -> Option<String> {
        let prefix = self.postal_prefix.as_ref()?;
        let (_, digits) = POSTAL_DIGITS.iter().find(|(country, _)| Some(*country) == self.country.as_deref())?;
        let is_digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let missing = digits.checked_sub(prefix.len()).filter(|_| is_digits)?;
        Some(format!("{prefix}{}", &"0100000"[..missing]))
    }
}
