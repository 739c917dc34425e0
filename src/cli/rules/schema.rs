//! `baton schema`: the contracts, for editors and other programs.

use super::test::schema::expect_schema;
use super::write;
use crate::app::asyncapi::asyncapi_document;
use crate::cli::{OK, say};
use crate::intake::event_schema;
use crate::web::openapi_document;
use anyhow::{Result, bail};
use baton_core::rules;
use baton_platforms::mapping_schema;
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// Which contract.
    #[arg(value_enum)]
    contract: Contract,
    /// Write one file per schema into this folder instead, for editors.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Contract {
    /// What goes over the broker: AsyncAPI 3.0.
    Asyncapi,
    /// `lead.qualified`, as it comes over AMQP or HTTP.
    Event,
    /// `rules/tests/*.yaml`.
    Expect,
    /// The HTTP door: OpenAPI 3.1, as it is served at /v1/openapi.json.
    Openapi,
    /// `platforms/*.yaml`.
    Platforms,
    /// The YAML files of rules/, by the name of each schema's file.
    Rules,
}

impl Schema {
    pub(crate) fn run(self) -> Result<u8> {
        match (self.contract, self.write) {
            (Contract::Rules, Some(folder)) => write_rules(&folder)?,
            (_, Some(_)) => bail!("--write is for `baton schema rules`: send the other schemas to a file with >"),
            (Contract::Asyncapi, None) => say(&serde_json::to_string_pretty(&asyncapi_document())?),
            (Contract::Event, None) => say(&serde_json::to_string_pretty(&event_schema())?),
            (Contract::Expect, None) => say(&serde_json::to_string_pretty(&expect_schema())?),
            (Contract::Openapi, None) => say(&serde_json::to_string_pretty(&openapi_document())?),
            (Contract::Platforms, None) => say(&serde_json::to_string_pretty(&mapping_schema())?),
            (Contract::Rules, None) => {
                say(&serde_json::to_string_pretty(&BTreeMap::from(rules::schema::all()))?);
            }
        }
        Ok(OK)
    }
}

/// The files that a line `# yaml-language-server: $schema=…` at the top of a rule file points to.
fn write_rules(folder: &Path) -> Result<()> {
    for (name, schema) in rules::schema::all() {
        let path = folder.join(name);
        write(&path, &format!("{}\n", serde_json::to_string_pretty(&schema)?))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
