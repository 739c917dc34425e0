//! `baton platforms`: which voice platforms are understood, what to paste into each, and what a request of theirs means. Reads
//! files only: it asks no worker and no platform.

mod mcp;
mod sample;
mod show;
mod tool;
mod tried;

use super::{FAILED, FAULTY, OK, say};
use crate::app::workspace::{self, PlatformFiles};
use crate::config::{self, Config};
use anyhow::Result;
use baton_core::rules::fault::{did_you_mean, listed};
use baton_platforms::Mapping;
use baton_platforms::signature::{Algorithm, Proof};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Platforms {
    /// The workspace: a folder that may have platforms/ and baton.toml.
    #[arg(long, short = 'w', value_name = "DIR", default_value = ".", global = true)]
    workspace: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what to paste into a platform: address, secret, tool and prompt.
    Show {
        #[arg(value_name = "NAME")]
        name: String,
        /// Print the file of its mapping instead, to begin one of your own from.
        #[arg(long)]
        mapping: bool,
    },
    /// Say what a request of a platform means, value by value, and what would be answered. Nothing is sent or stored.
    Try {
        #[arg(value_name = "NAME")]
        name: String,
        /// The body, as the platform sent it.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Its headers, one to a line: `x-call-id: 7`.
        #[arg(long, value_name = "FILE")]
        headers: Option<PathBuf>,
    },
}

impl Platforms {
    pub(super) fn run(self) -> Result<u8> {
        let files = match workspace::platforms(&self.workspace)? {
            Ok(files) => files,
            Err(faults) => {
                faults.iter().for_each(|fault| eprintln!("{fault}"));
                return Ok(FAULTY);
            }
        };
        let config = config::load(&self.workspace.join("baton.toml"))?;
        let Some(command) = self.command else {
            files.mappings.values().for_each(|mapping| list(mapping, &files, &config));
            mcp::list();
            return Ok(OK);
        };
        let (Command::Show { name, .. } | Command::Try { name, .. }) = &command;
        let Some(mapping) = files.mappings.get(name) else {
            if name == mcp::NAME && matches!(command, Command::Show { mapping: false, .. }) {
                mcp::show(&config);
                return Ok(OK);
            }
            if name == mcp::NAME {
                eprintln!("mcp has no mapping: `baton platforms show mcp` says how an agent calls tools instead");
                return Ok(FAILED);
            }
            let names = || files.mappings.keys().map(String::as_str).chain([mcp::NAME]);
            let hint = did_you_mean(name, names()).map_or_else(String::new, |hint| format!("; {hint}"));
            eprintln!("no platform is called {name:?}; allowed: {}{hint}", listed(names()));
            return Ok(FAILED);
        };
        match command {
            Command::Show { mapping: true, .. } => {
                say(text_of(mapping, &files).trim_end());
                Ok(OK)
            }
            Command::Show { .. } => show::show(mapping, text_of(mapping, &files), &config),
            Command::Try { file, headers, .. } => tried::tell(mapping, &config, &file, headers.as_deref()),
        }
    }
}

/// The file of a mapping, as somebody wrote it.
fn text_of<'f>(mapping: &Mapping, files: &'f PlatformFiles) -> &'f str {
    let shipped = || Mapping::shipped_files().iter().find(|(name, _)| *name == mapping.name).map(|(_, text)| *text);
    files.own.get(&mapping.name).map(String::as_str).or_else(shipped).unwrap_or_default()
}

fn list(mapping: &Mapping, files: &PlatformFiles, config: &Config) {
    let Mapping { name, about, .. } = mapping;
    let from = if files.own.contains_key(name) { "of the workspace" } else { "built in" };
    let admitted = match (mapping.proofs(), config.platforms.get(name)) {
        ([], _) => "an API token of scope intake is needed: baton token add".to_owned(),
        (_, None) => format!("not answered: baton.toml has no [platforms.{name}]"),
        (_, Some(section)) if section.secrets.len() == 1 => "a secret is configured".to_owned(),
        (_, Some(section)) => format!("{} secrets are configured", section.secrets.len()),
    };
    say(&format!("{name} ({from})\n  {}", about.trim()));
    let proofs: Vec<String> = mapping.proofs().iter().map(in_words).collect();
    if !proofs.is_empty() {
        say(&format!("  proof: {}", proofs.join("; or ")));
    }
    say(&format!("  {admitted}"));
}

/// What a request shows, and what the secret is.
fn in_words(proof: &Proof) -> String {
    let what = match proof {
        Proof::Header { name, prefix } => format!("the header `{name}: {prefix}SECRET`"),
        Proof::Query { name } => format!("`{name}=SECRET` in the query of the address"),
        Proof::Signed(signed) => {
            let is_public = signed.algorithm == Algorithm::Ed25519;
            let secret = if is_public { "the platform's public key" } else { "what it is made with" };
            format!("a signature in the header {}; the secret is {secret}", signed.headers.join(" or "))
        }
        Proof::StandardWebhooks { .. } => "a signature of Standard Webhooks; the secret begins with whsec_".to_owned(),
        Proof::Twilio => "the header x-twilio-signature; the secret is the auth token of the account".to_owned(),
        Proof::LiveKit => "LiveKit's token; the secret is API key and API secret, as KEY:SECRET".to_owned(),
    };
    if proof.covers_body() {
        what
    } else {
        format!("{what} (a part of the body alone is signed: keep the address to yourself)")
    }
}
