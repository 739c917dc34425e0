//! `baton token`: who may speak to running workers, and what each may do. A secret is shown once, when it is made; the
//! database keeps its digest. Workers take up what changes here within a second.

use crate::cli::{OK, TextOrJson, WorkspaceArgs, actor, open_store_to_change, say};
use crate::config;
use crate::store::{ApiToken as Stored, AuditEntry, StoreError, with};
use crate::web::{Rights, token_hash};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_clock::{Clock, SystemClock, random_bytes};
use baton_core::domain::scope::Scope;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeSet;

const LONGEST_NAME: usize = 64;

#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a token and print its secret, once.
    Add(Add),
    /// List the tokens of the database: what each may do, and when it was last used.
    List(List),
    /// Take a token away; running workers refuse it within a second.
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Names the token in lists and refusals, such as retell-production.
    #[arg(value_name = "NAME")]
    name: String,
    /// What it may do: intake (bring events), read, act, feedback, admin (everything).
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', required = true)]
    scopes: Vec<Scope>,
    /// The source of the events that it may bring; every source if left out.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// For how many days it is good; until it is revoked if left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: Option<u32>,
    #[command(flatten)]
    place: WorkspaceArgs,
}

#[derive(Debug, clap::Args)]
struct List {
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// As in baton token list.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl TokenArgs {
    pub(crate) async fn run(self) -> Result<u8> {
        match self.what {
            What::Add(add) => add.run().await,
            What::List(list) => list.run().await,
            What::Revoke(revoke) => revoke.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Result<u8> {
        named(&self.name)?;
        let source = self.source.as_deref();
        if let Some(source) = source.filter(|source| source.is_empty() || source.contains(char::is_whitespace)) {
            bail!("--source is {source:?}; allowed: the source of events, without blanks, such as retell");
        }
        let scopes: BTreeSet<String> = self.scopes.iter().map(ToString::to_string).collect();
        ensure!(
            source.is_none() || scopes.contains(Scope::Intake.as_str()) || scopes.contains(Scope::Admin.as_str()),
            "--source says whose events the token may bring, and without the scope intake it brings none"
        );
        let config = config::load(&self.place.workspace.join("baton.toml"))?;
        ensure!(
            !config.http.tokens.contains_key(&self.name),
            "baton.toml has a token {:?} already: choose another name",
            self.name
        );
        let store = open_store_to_change(&self.place).await?;
        let secret = format!("bt_{}", URL_SAFE_NO_PAD.encode(random_bytes::<32>()));
        let now = SystemClock.now();
        let token = Stored {
            id: self.name.clone(),
            hash: token_hash(&secret),
            scopes,
            source: self.source.clone(),
            created_at: now,
            expires_at: self.days.map(|days| now + TimeDelta::days(i64::from(days))),
            revoked_at: None,
            last_used_at: None,
        };
        let why = allowed(&token);
        let entry = AuditEntry::of(&actor(), "token.add", &self.name, Some(&why));
        let insert = with((token, entry), move |tx, (token, entry)| {
            Box::pin(async move {
                tx.token_insert(token).await?;
                tx.audit(entry, now).await
            })
        });
        match store.write("token.insert", insert).await {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => {
                bail!("there is or was a token {:?}: choose another name, so that lists tell them apart", self.name)
            }
            Err(error) => return Err(error).context("storing the token"),
        }
        eprintln!("The secret of {:?}, shown this once; send it as `Authorization: Bearer …`:", self.name);
        say(&secret);
        Ok(OK)
    }
}

fn named(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    ensure!(
        !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(fits),
        "the name is {name:?}; allowed: up to {LONGEST_NAME} letters, digits, -, _ and ."
    );
    ensure!(
        name != Rights::NOBODY,
        "the name is {name:?}, as the audit calls whoever comes without a token: choose another"
    );
    Ok(())
}

impl List {
    async fn run(self) -> Result<u8> {
        let store = open_store_to_change(&self.place).await?;
        let tokens = store.tokens().await?;
        let now = SystemClock.now();
        match self.format {
            TextOrJson::Json => {
                let tokens: Vec<_> = tokens.iter().map(|token| as_json(token, now)).collect();
                say(&serde_json::to_string_pretty(&json!({ "tokens": tokens }))?);
            }
            TextOrJson::Text if tokens.is_empty() => {
                say("the database has no token; baton token add makes one, and baton.toml may have others");
            }
            TextOrJson::Text => tokens.iter().for_each(|token| say(&as_text(token, now))),
        }
        Ok(OK)
    }
}

fn standing(token: &Stored, now: DateTime<Utc>) -> (&'static str, Option<DateTime<Utc>>) {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => ("revoked", Some(at)),
        (None, Some(at)) if at <= now => ("expired", Some(at)),
        (None, Some(at)) => ("good until", Some(at)),
        (None, None) => ("good", None),
    }
}

fn as_text(token: &Stored, now: DateTime<Utc>) -> String {
    let day = |at: DateTime<Utc>| at.format("%F %H:%M UTC").to_string();
    let (standing, at) = standing(token, now);
    let standing = at.map_or_else(|| standing.to_owned(), |at| format!("{standing} {}", day(at)));
    let used = token.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", day(at)));
    format!("{:<24} {}; {standing}; {used}", token.id, allowed(token))
}

/// What a token may do, in a few words.
fn allowed(token: &Stored) -> String {
    let scopes = token.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let source = token.source.as_ref().map(|source| format!(", events of {source}")).unwrap_or_default();
    format!("{scopes}{source}")
}

fn as_json(token: &Stored, now: DateTime<Utc>) -> serde_json::Value {
    json!({
        "name": token.id,
        "scopes": token.scopes,
        "source": token.source,
        "good": matches!(standing(token, now).0, "good" | "good until"),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    })
}

impl Revoke {
    async fn run(self) -> Result<u8> {
        let store = open_store_to_change(&self.place).await?;
        let now = SystemClock.now();
        let entry = AuditEntry::of(&actor(), "token.revoke", &self.name, None);
        let revoke = with((self.name.clone(), entry), move |tx, (name, entry)| {
            Box::pin(async move {
                let (revoked, tokens) = (tx.token_revoke(name, now).await?, tx.tokens().await?);
                if revoked {
                    tx.audit(entry, now).await?;
                }
                Ok((revoked, tokens))
            })
        });
        let (revoked, tokens) = store.write("token.revoke", revoke).await.context("taking the token away")?;
        if revoked {
            say(&format!("{} is revoked", self.name));
            return Ok(OK);
        }
        if tokens.iter().any(|token| token.id == self.name) {
            bail!("{:?} was revoked before", self.name);
        }
        let config = config::load(&self.place.workspace.join("baton.toml"))?;
        if config.http.tokens.contains_key(&self.name) {
            bail!("{:?} stands in baton.toml: take its line out and start the workers again", self.name);
        }
        let known: Vec<&str> = tokens.iter().map(|token| token.id.as_str()).collect();
        bail!("there is no token {:?}; the tokens are {}", self.name, known.join(", "));
    }
}
