//! `baton schema`: the contracts, for editors and other programs.

use super::test::schema::expect_schema;
use super::{OK, say};
use crate::intake::event_schema;
use anyhow::Result;
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Which contract.
    #[arg(value_enum)]
    contract: Contract,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Contract {
    /// `lead.qualified`, as it comes over AMQP or HTTP.
    Event,
    /// `rules/tests/*.yaml`.
    Expect,
}

impl Schema {
    pub fn run(self) -> Result<u8> {
        match self.contract {
            Contract::Event => say(&serde_json::to_string_pretty(&event_schema())?),
            Contract::Expect => say(&serde_json::to_string_pretty(&expect_schema())?),
        }
        Ok(OK)
    }
}
