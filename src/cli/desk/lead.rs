//! A decision that was made, found by what an assistant knows of its lead.

use super::asked::text;
use super::tools::{CALL, CONTACT, LEAD};
use crate::cli::rules::Made;
use crate::cli::{WorkspaceArgs, open_store};
use crate::intake::normalise;
use crate::mcp::Told;
use crate::store::{LeadQuery, LeadSummary, Store};
use anyhow::{Context, Result, bail};
use baton_core::rules::words::phone;
use serde_json::{Map, Value, json};

/// Leads of one contact that are named, besides the one that is told.
const OTHERS: usize = 5;

/// What is to be explained.
enum Wanted {
    /// By the id of the lead or of its decision.
    Id(String),
    /// The newest of these leads; and how they were asked for, in words.
    Newest(Box<LeadQuery>, String),
}

/// # Errors
/// A sentence: what was asked is of no use, nothing was found, or the database could not be read.
pub(super) async fn explain(place: &WorkspaceArgs, arguments: &Map<String, Value>) -> Result<Told> {
    let wanted = wanted(arguments)?;
    let store = open_store(place).await?;
    let (id, others) = match wanted {
        Wanted::Id(id) => (id, Vec::new()),
        Wanted::Newest(query, asked) => newest(&store, &query, &asked).await?,
    };
    let made = Made::of(&store, &id).await?;
    let mut text = made.in_words(store, place).await?;
    let decision = &made.decision;
    let mut structured = json!({
        "lead": decision.lead_id,
        "decision": decision.id,
        "decided_at": decision.decided_at,
        "owner": decision.plan.owner,
        "reason": decision.plan.reason.in_words(),
        "release": decision.release,
    });
    if !others.is_empty() {
        text.push_str(&format!("\nOlder leads of the same: {}.\n", others.join(", ")));
        structured["others"] = json!(others);
    }
    Ok(Told { text, structured, failed: false })
}

fn wanted(arguments: &Map<String, Value>) -> Result<Wanted> {
    let of = |name| text(arguments, name);
    match (of(LEAD)?, of(CALL)?, of(CONTACT)?) {
        (Some(id), None, None) => Ok(Wanted::Id(id)),
        (None, Some(call), None) => {
            let asked = format!("with the call {call}");
            let query = LeadQuery { call: Some(call), ..LeadQuery::default() };
            Ok(Wanted::Newest(Box::new(query), asked))
        }
        (None, None, Some(contact)) => {
            let asked = format!("of {contact}");
            Ok(Wanted::Newest(Box::new(reached_by(&contact)?), asked))
        }
        (None, None, None) => bail!("it is not said which lead: give one of {LEAD}, {CALL} and {CONTACT}"),
        _ => {
            bail!("more than one of {LEAD}, {CALL} and {CONTACT} is given, and they may mean different leads: give one")
        }
    }
}

fn reached_by(contact: &str) -> Result<LeadQuery> {
    if contact.contains('@') {
        let email = normalise::email(contact);
        let email =
            email.with_context(|| format!("{CONTACT} is {contact:?}; allowed: an address such as ana@example.com"))?;
        return Ok(LeadQuery { email: Some(email), ..LeadQuery::default() });
    }
    let phone = phone::read(contact, None).with_context(|| {
        format!(
            "{CONTACT} is {contact:?}; allowed: a number with its country, such as +14155550142, or an address such as \
             ana@example.com"
        )
    })?;
    Ok(LeadQuery { phone: Some(phone.as_str().to_owned()), ..LeadQuery::default() })
}

/// The newest lead, and the ids of those before it.
async fn newest(store: &Store, query: &LeadQuery, asked: &str) -> Result<(String, Vec<String>)> {
    let found = store.leads_find(query, OTHERS + 1).await.context("looking for the lead")?;
    let mut ids = found.into_iter().map(|LeadSummary { lead, .. }| lead.to_string());
    let first = ids.next().with_context(|| format!("there is no lead {asked} in this database"))?;
    Ok((first, ids.collect()))
}
