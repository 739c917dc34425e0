//! `baton init`: a small working workspace of somebody's trade, to be changed into one's own.
//!
//! Writes files and nothing else; where one of them exists already it writes none. Every template passes `baton check` without
//! a word and its own tests, which reach all of its rules.

use super::test::schema::expect_schema;
use super::write;
use crate::cli::{FAILED, OK, USAGE, say};
use crate::render::template_files;
use anyhow::{Context, Result};
use baton_core::rules;
use clap::ValueEnum;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// Where the workspace is to be; made if need be.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The trade whose rules to start from; without it they are listed.
    #[arg(long, value_enum)]
    template: Option<Trade>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Trade {
    /// Software: segments by size, desks by country, customers to the people who know them.
    Saas,
    /// Healthcare: payers and providers, licences by state.
    Healthcare,
    /// Car dealers: dealerships by ZIP code, new, used and fleet, training by brand.
    Automotive,
    /// Real estate: farms of ZIP codes, sellers and buyers, languages.
    RealEstate,
    /// Law firms: conflict check first, practice groups, admission by state.
    Legal,
    /// Collections: cease requests and disputes first, age of the account, licences, calling hours.
    Collections,
}

/// The files of one trade, each with its path in the workspace.
macro_rules! files {
    ($trade:literal) => {
        [
            ("rules/routing.yaml", include_str!(concat!("init/", $trade, "/routing.yaml"))),
            ("rules/territories.csv", include_str!(concat!("init/", $trade, "/territories.csv"))),
            ("rules/reps.csv", include_str!(concat!("init/", $trade, "/reps.csv"))),
            ("rules/accounts.csv", include_str!(concat!("init/", $trade, "/accounts.csv"))),
            ("rules/handoff.yaml", include_str!(concat!("init/", $trade, "/handoff.yaml"))),
            (HOURS, include_str!(concat!("init/", $trade, "/hours.yaml"))),
            ("rules/tests/first.yaml", include_str!(concat!("init/", $trade, "/tests.yaml"))),
        ]
    };
}

const HOURS: &str = "rules/hours.yaml";
const CONFIG: &str = include_str!("init/baton.toml");
/// Days off are the same for every trade: they are appended to its weeks.
const HOLIDAYS: &str = include_str!("init/holidays.yaml");

impl Trade {
    fn rules(self) -> [(&'static str, &'static str); 7] {
        match self {
            Self::Saas => files!("saas"),
            Self::Healthcare => files!("healthcare"),
            Self::Automotive => files!("automotive"),
            Self::RealEstate => files!("real-estate"),
            Self::Legal => files!("legal"),
            Self::Collections => files!("collections"),
        }
    }

    /// Everything that a workspace of this trade consists of.
    fn files(self) -> Result<Vec<(String, String)>> {
        let mut files = vec![("baton.toml".to_owned(), CONFIG.to_owned())];
        for (path, text) in self.rules() {
            let more = if path == HOURS { HOLIDAYS } else { "" };
            files.push((path.to_owned(), format!("{}{text}{more}", schema_line(path))));
        }
        files.extend(template_files().map(|(path, text)| (format!("templates/{path}"), text.to_owned())));
        // What editors are pointed to by the first line of each YAML file.
        let schema = serde_json::to_string_pretty(&expect_schema()).context("writing the schema of tests")?;
        files.push((".baton/expect.schema.json".to_owned(), format!("{schema}\n")));
        for (name, schema) in rules::schema::all() {
            let schema = serde_json::to_string_pretty(&schema).with_context(|| format!("writing {name}"))?;
            files.push((format!(".baton/{name}"), format!("{schema}\n")));
        }
        Ok(files)
    }
}

/// Tells an editor what a rule file may hold; test files bring their own line.
fn schema_line(path: &str) -> String {
    let known = rules::schema::all().into_iter().map(|(name, _)| name);
    let stem = path.trim_start_matches("rules/").trim_end_matches(".yaml");
    let name = known.into_iter().find(|name| name.strip_suffix(".schema.json") == Some(stem));
    name.map_or_else(String::new, |name| format!("# yaml-language-server: $schema=../.baton/{name}\n"))
}

impl Init {
    pub(crate) fn run(self) -> Result<u8> {
        let Some(template) = self.template else {
            self.list_templates();
            return Ok(USAGE);
        };
        let files = template.files()?;
        let there: Vec<&str> =
            files.iter().map(|(path, _)| path.as_str()).filter(|path| self.dir.join(path).exists()).collect();
        if !there.is_empty() {
            eprintln!("{} has a workspace already; nothing was written. In the way:", self.dir.display());
            there.iter().for_each(|path| eprintln!("  {path}"));
            return Ok(FAILED);
        }
        for (path, text) in &files {
            write(&self.dir.join(path), text)?;
        }
        self.next_steps(files.len());
        Ok(OK)
    }

    fn list_templates(&self) {
        let dir = self.dir.display();
        eprintln!("error: a template is needed, nothing was written: baton init {dir} --template NAME, where NAME is");
        for trade in Trade::value_variants().iter().filter_map(ValueEnum::to_possible_value) {
            let about = trade.get_help().map(ToString::to_string).unwrap_or_default();
            eprintln!("  {:<12} {about}", trade.get_name());
        }
    }

    fn next_steps(&self, written: usize) {
        let dir = self.dir.display();
        say(&format!("{written} files written to {dir}. What to do next:"));
        say("  1. rules/reps.csv: put in your people. rules/territories.csv: who is responsible for what.");
        say(
            "  2. rules/routing.yaml: read it from the top; it explains itself. rules/tests/first.yaml says what it does.",
        );
        say(&format!("  3. baton check {dir}   tells every mistake at once, with file and line."));
        say(&format!("     baton test {dir}    tells what no longer does what the tests say."));
        say("  4. baton.toml: your CRM, calendar, Slack and voice platform, one at a time.");
        say(&format!(
            "     baton platforms show vapi -w {dir}   tells what to set for a platform, here and there; or mcp."
        ));
        say(&format!("  5. cd {dir} && baton serve"));
    }
}
