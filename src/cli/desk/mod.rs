//! `baton mcp`: an assistant at a desk asks about leads, rules and figures, over stdin and stdout.
//!
//! Guarantees: nothing is written, created or sent, and no vendor is asked. stdout carries the protocol and nothing else, talk
//! goes to stderr. What a tool says is what `baton explain`, `baton check` and `baton report` say, made by the same functions;
//! files and database are read anew for every question, so that an edit counts at once and a workspace without a database can
//! be asked for all that needs none. It ends when stdin is closed.

mod asked;
mod lead;
mod suppose;
mod tools;

use crate::cli::rules::Review;
use crate::cli::{OK, WorkspaceArgs, open_store, rules_of};
use crate::mcp::{Definition, Told, ToolCall, Toolbox, over_stdio};
use crate::reports::{self, Asked, LONGEST_DAYS, Report};
use crate::telemetry::{self, LogFormat};
use anyhow::Result;
use async_trait::async_trait;
use baton_clock::{Clock, SystemClock};
use baton_core::rules::Level;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What goes wrong besides the answers.
const LOGGED: &str = "warn";
const DAYS: u32 = 30;

#[derive(Debug, clap::Args)]
pub(super) struct Mcp {
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Mcp {
    pub(super) async fn run(self) -> Result<u8> {
        telemetry::begin(LogFormat::Text, LOGGED)?;
        over_stdio(Arc::new(Desk { place: self.place })).await?;
        Ok(OK)
    }
}

struct Desk {
    place: WorkspaceArgs,
}

#[async_trait]
impl Toolbox for Desk {
    fn instructions(&self) -> &'static str {
        tools::INSTRUCTIONS
    }

    fn definitions(&self) -> Vec<Definition> {
        tools::Tool::ALL.map(tools::Tool::definition).into()
    }

    async fn call(&self, call: ToolCall<'_>) -> Told {
        let tool = tools::Tool::named(call.name).expect("only what is defined is called");
        let told = match tool {
            tools::Tool::ExplainDecision => lead::explain(&self.place, &call.arguments).await,
            tools::Tool::WhoWouldGet => suppose::who_would_get(&self.place, call.arguments),
            tools::Tool::CheckRules => self.check(),
            tools::Tool::Report => self.report(&call.arguments).await,
        };
        told.unwrap_or_else(|error| asked::failed(&error))
    }
}

impl Desk {
    fn check(&self) -> Result<Told> {
        let found = Review::of(&self.place.workspace, Level::Info)?;
        Ok(Told { text: found.in_words()?, structured: found.json(), failed: false })
    }

    async fn report(&self, arguments: &Map<String, Value>) -> Result<Told> {
        let days = asked::number(arguments, tools::DAYS, 1..=LONGEST_DAYS)?.unwrap_or(DAYS);
        let rules = rules_of(&self.place)?;
        let store = open_store(&self.place).await?;
        let now = SystemClock.now();
        let asked = Asked::over(None, None, days, now).map_err(anyhow::Error::msg)?;
        let report = reports::over(&store, &rules, &asked, now).await?;
        // What charts are drawn of is for eyes, and long.
        let report = Report { pictures: Vec::new(), ..report };
        Ok(Told { text: reports::in_brief(&report), structured: serde_json::to_value(&report)?, failed: false })
    }
}
