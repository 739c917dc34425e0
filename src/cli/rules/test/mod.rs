//! `baton test`: what people expect of the rules, held against what the rules do.
//!
//! The files below `rules/tests/` say who should get which lead. Nothing is asked of vendors and nothing is stored: each test
//! brings its own world. A test that does not hold is told field by field with the reason; a broken file is told like any
//! fault of the rules, and has another exit code.

mod lead;
pub(super) mod schema;
mod tell;

use crate::app::workspace;
use crate::cli::{EXPECTATION_FAILED, FAILED, FAULTY, OK, TextOrJson, sound_workspace};
use anyhow::Result;
use baton_core::rehearsal::coverage::{Coverage, coverage};
use baton_core::rehearsal::expectations::{RuleTestResult, run};
use baton_core::rules::expect::{self, RuleTest};
use baton_core::rules::{Fault, RuleSet, SourceFile};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// The workspace: a folder with rules/ and templates/.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Only tests whose file or name contains this, without regard to case.
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    /// List what no test reaches: territory rows, routes, tiers, pools, ownership rules and ladders, with file and line.
    #[arg(long)]
    coverage: bool,
    /// Fail if the tests reach less than this share of any of them.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
    min_coverage: Option<u32>,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

/// All tests of a workspace, run.
struct RuleTestReport {
    results: Vec<(RuleTest, RuleTestResult)>,
    coverage: Coverage,
}

impl RuleTestReport {
    fn failed(&self) -> usize {
        self.results.iter().filter(|(_, outcome)| !outcome.passed()).count()
    }
}

impl Test {
    pub(crate) async fn run(self) -> Result<u8> {
        let Some(workspace) = sound_workspace(&self.dir)? else { return Ok(FAULTY) };
        let rules = &workspace.checked.rules;
        let results = match self.cases(rules)?.and_then(|cases| outcomes(cases, &self.dir, rules)) {
            Ok(results) => results,
            Err(faults) => {
                tell::faults(&faults, self.format);
                return Ok(FAULTY);
            }
        };
        if results.is_empty() {
            eprintln!("{}", self.nothing_to_do());
            return Ok(FAILED);
        }
        let places = expect::places(&workspace.files);
        let coverage = coverage(rules, &places, results.iter().map(|(_, outcome)| &outcome.decision));
        let report = RuleTestReport { results, coverage };
        let short = tell::short_of(&report.coverage, self.min_coverage.unwrap_or(0));
        match self.format {
            TextOrJson::Text => tell::text(&report, self.coverage, &short),
            TextOrJson::Json => tell::json(&report),
        }
        Ok(if report.failed() == 0 && short.is_empty() { OK } else { EXPECTATION_FAILED })
    }

    /// The tests to run, or every fault of their files.
    fn cases(&self, rules: &RuleSet) -> Result<Result<Vec<RuleTest>, Vec<Fault>>> {
        let mut cases = read(&workspace::test_files(&self.dir)?, rules);
        if let (Ok(cases), Some(filter)) = (&mut cases, self.filter.as_ref().map(|filter| filter.to_lowercase())) {
            cases.retain(|case| [&case.path, &case.name].iter().any(|text| text.to_lowercase().contains(&filter)));
        }
        Ok(cases)
    }

    fn nothing_to_do(&self) -> String {
        match &self.filter {
            Some(filter) => format!("no test has {filter:?} in its file or name"),
            None => format!("no tests: {} holds no .yaml file", self.dir.join("rules/tests").display()),
        }
    }
}

/// How many tests the files hold.
///
/// # Errors
/// Every fault of them, and of the events that they name.
pub(super) fn check(files: &[SourceFile], dir: &Path, rules: &RuleSet) -> Result<usize, Vec<Fault>> {
    let cases = read(files, rules)?;
    let faults: Vec<Fault> = cases.iter().filter_map(|case| lead::lead_of(case, dir).err()).flatten().collect();
    if faults.is_empty() { Ok(cases.len()) } else { Err(faults) }
}

fn read(files: &[SourceFile], rules: &RuleSet) -> Result<Vec<RuleTest>, Vec<Fault>> {
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        match expect::read(&file.path, &file.text, rules) {
            Ok(read) => cases.extend(read),
            Err(told) => faults.extend(told),
        }
    }
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

/// Every test against the rules; a lead that cannot be read is a fault of its file.
fn outcomes(cases: Vec<RuleTest>, dir: &Path, rules: &RuleSet) -> Result<Vec<(RuleTest, RuleTestResult)>, Vec<Fault>> {
    let (mut results, mut faults) = (Vec::with_capacity(cases.len()), Vec::new());
    for case in cases {
        match lead::lead_of(&case, dir) {
            Ok(lead) => {
                let outcome = run(&case, &lead, lead.occurred_at, rules);
                results.push((case, outcome));
            }
            Err(told) => faults.extend(told),
        }
    }
    if faults.is_empty() { Ok(results) } else { Err(faults) }
}
