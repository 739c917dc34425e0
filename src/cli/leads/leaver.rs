//! `baton leaver`: everything open of a rep who has left goes to whoever the rules name; shown before, and undone within a day.
//!
//! Asks a running worker, which moves promises and meetings and tells people and the CRM.

use super::door::WorkerDoor;
use crate::cli::{FAILED, OK, TextOrJson, say};
use crate::connectors::http::{ApiCall, Does};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

/// Of what a table shows of a lead.
const COLUMNS: [&str; 4] = ["LEAD", "OWNER", "NEXT", "AT"];

#[derive(Debug, clap::Args)]
pub(crate) struct Leaver {
    /// The rep who has left: as in rules/reps.csv, or as it was there.
    #[arg(value_name = "REP")]
    rep: String,
    /// Shows what would go where, and moves nothing; also before the rep is set inactive.
    #[arg(long, conflicts_with = "undo")]
    preview: bool,
    /// Gives back what was handed over within a day and nobody has touched since. The rep must be active again.
    #[arg(long)]
    undo: bool,
    /// Why, for the audit.
    #[arg(long, value_name = "TEXT", required_unless_present = "preview")]
    reason: Option<String>,
    /// Who says so.
    #[arg(long, value_name = "NAME", required_unless_present = "preview")]
    author: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    door: WorkerDoor,
}

impl Leaver {
    pub(crate) async fn run(self) -> Result<u8> {
        let told = if self.preview { self.shown().await? } else { self.done().await? };
        match told {
            Ok(told) => {
                say(&match self.format {
                    TextOrJson::Json => format!("{told:#}"),
                    TextOrJson::Text => in_words(&told),
                });
                Ok(OK)
            }
            Err(why) => {
                eprintln!("error: nothing more was done about {}: {why}", self.rep);
                Ok(FAILED)
            }
        }
    }

    async fn shown(&self) -> Result<Result<Value, String>> {
        self.door.ask(ApiCall::get("leaver", &["v1", "reps", &self.rep, "leaver"])).await
    }

    /// As many requests as it takes: what moved by all of them, and what the last one says of the others.
    async fn done(&self) -> Result<Result<Value, String>> {
        let body = json!({ "undo": self.undo, "reason": self.reason, "by": self.author });
        let mut all: Option<Value> = None;
        loop {
            let path = ["v1", "reps", &self.rep, "leaver"];
            let call = ApiCall::new("leaver", Does::Write, Method::POST, &path).json(body.clone());
            let mut told = match self.door.ask(call).await? {
                Ok(told) => told,
                Err(why) => return Ok(Err(why)),
            };
            let goes_on = told["more"] == true && !listed(&told, "moves").is_empty();
            if let Some(before) = all {
                told["moves"] = json!([listed(&before, "moves"), listed(&told, "moves")].concat());
                told["earlier"] = before["earlier"].clone();
                told["status"] = before["status"].clone();
            }
            if !goes_on {
                return Ok(Ok(told));
            }
            all = Some(told);
        }
    }
}

fn listed<'t>(told: &'t Value, name: &str) -> &'t [Value] {
    told[name].as_array().map_or(&[][..], Vec::as_slice)
}

/// What goes where as a table, what stays and why, and what went before.
fn in_words(told: &Value) -> String {
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned();
    let rep = text(told, "/rep");
    let moves = listed(told, "moves");
    let (stays, earlier) = (listed(told, "stays"), listed(told, "earlier"));
    let count = moves.len();
    let head = match told["status"].as_str().unwrap_or_default() {
        "preview" if moves.is_empty() && stays.is_empty() => format!("nothing of {rep} is open"),
        "preview" => format!("{count} of what {rep} has would go, and nothing has moved:"),
        "nothing_open" => format!("nothing of {rep} is open: nothing was done"),
        "given_back" => format!("{count} given back to {rep}:"),
        "nothing_handed_over" => format!("nothing of {rep} was handed over within a week: nothing was done"),
        _ => format!("{count} of what {rep} had handed over:"),
    };
    let row = |one: &Value| {
        ["/lead", "/owner", "/next_step/what", "/next_step/at"].map(|pointer| text(one, pointer)).to_vec()
    };
    let mut lines = vec![head];
    lines.extend(table(moves.iter().map(row).collect()));
    if told["more"] == true {
        lines.push("and more, which is not shown".to_owned());
    }
    if !stays.is_empty() {
        lines.push("stays where it is:".to_owned());
        lines.extend(stays.iter().map(|one| format!("  {}  {}", text(one, "/lead"), text(one, "/why"))));
    }
    if !earlier.is_empty() {
        lines.push("handed over before, within a day (--undo gives it back):".to_owned());
        lines.extend(table(earlier.iter().map(row).collect()));
    }
    lines.join("\n")
}

/// Lines of a table under [`COLUMNS`]; none without rows.
fn table(rows: Vec<Vec<String>>) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let head = COLUMNS.map(str::to_owned).to_vec();
    let all: Vec<Vec<String>> = [vec![head], rows].concat();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        format!("  {}", cells.join("  ").trim_end())
    };
    all.iter().map(line).collect()
}
