//! Faults as tools of code review read them: SARIF 2.1.0, and commands of a GitHub workflow.

use crate::render::TemplateFault;
use baton_core::rules::fault::codes;
use baton_core::rules::{Fault, Level};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const SARIF_SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const CONFIG: &str = "config";
const TEMPLATE: &str = "template";
const NOT_CONNECTED: &str = "not-connected";

/// One thing to look at, wherever it stands.
#[derive(Debug)]
pub(super) struct Finding {
    level: Level,
    code: &'static str,
    /// Relative to the workspace, then to where the command was run.
    path: String,
    line: u32,
    column: u32,
    message: String,
}

impl Finding {
    pub(super) fn of_rules(fault: &Fault) -> Self {
        let Fault { level, code, line, column, .. } = *fault;
        Self { level, code, path: fault.path.clone(), line, column, message: fault.message() }
    }

    pub(super) fn of_template(fault: &TemplateFault) -> Self {
        let message = format!("found {}; allowed: {}", fault.what, fault.allowed);
        let path = format!("templates/{}", fault.path);
        Self { level: Level::Error, code: TEMPLATE, path, line: fault.line.unwrap_or(1), column: 1, message }
    }

    pub(super) fn of_config(error: &str) -> Self {
        let path = "baton.toml".to_owned();
        Self { level: Level::Error, code: CONFIG, path, line: 1, column: 1, message: error.to_owned() }
    }

    pub(super) fn of_what_is_missing(told: &str) -> Self {
        let path = "baton.toml".to_owned();
        Self { level: Level::Info, code: NOT_CONNECTED, path, line: 1, column: 1, message: told.to_owned() }
    }

    /// Seen from where the command was run: reviews know files by their place in the repository.
    pub(super) fn below(mut self, dir: &Path) -> Self {
        let path = dir.join(&self.path);
        self.path = path.to_string_lossy().replace('\\', "/").trim_start_matches("./").to_owned();
        self
    }
}

fn meaning(code: &str) -> &str {
    match code {
        CONFIG => "baton.toml cannot be used as it is.",
        TEMPLATE => "A template cannot be used as it is.",
        NOT_CONNECTED => {
            "The rules ask for what baton.toml connects nothing to: it is not done, and nobody is told that it is."
        }
        code => codes::meaning(code).unwrap_or_default(),
    }
}

/// One run, with the meaning of every code that it uses.
pub(super) fn sarif(findings: &[Finding]) -> Value {
    let used: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    let rules: Vec<Value> =
        used.iter().map(|code| json!({ "id": code, "shortDescription": { "text": meaning(code) } })).collect();
    let results: Vec<Value> = findings.iter().map(result).collect();
    json!({
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "baton", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results,
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    };
    json!({
        "ruleId": finding.code,
        "level": level,
        "message": { "text": finding.message },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": finding.path },
                "region": { "startLine": finding.line, "startColumn": finding.column },
            },
        }],
    })
}

/// `::error file=rules/reps.csv,line=3,col=7,title=rep-bad-phone::found …`
pub(super) fn github(finding: &Finding) -> String {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "notice",
    };
    let Finding { code, line, column, .. } = finding;
    let (path, message) = (property(&finding.path), data(&finding.message));
    format!("::{command} file={path},line={line},col={column},title={code}::{message}")
}

/// What would end a command stands in it as an escape.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding {
            level: Level::Warning,
            code: "rep-no-phone",
            path: "rules/a,b.csv".to_owned(),
            line: 3,
            column: 7,
            message: "found 100 %\nof it".to_owned(),
        }
    }

    #[test]
    fn an_annotation_is_one_line_that_nothing_in_it_can_end() {
        let told = github(&finding().below(Path::new(".")));
        assert_eq!(told, "::warning file=rules/a%2Cb.csv,line=3,col=7,title=rep-no-phone::found 100 %25%0Aof it");
    }

    #[test]
    fn a_review_knows_the_file_by_its_place_in_the_repository() {
        assert_eq!(finding().below(Path::new("./sales")).path, "sales/rules/a,b.csv");
        let log = sarif(&[finding().below(Path::new("sales/eu"))]);
        let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "sales/eu/rules/a,b.csv");
        assert_eq!(location["region"], json!({ "startLine": 3, "startColumn": 7 }));
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], "rep-no-phone");
    }
}
