//! `baton erase`: a person who asks to be forgotten, on the database directly, beside running workers.

use crate::cli::{FAILED, OK, TextOrJson, WorkspaceArgs, actor, open_store_to_change, say};
use crate::intake::normalise;
use crate::store::{Erasure, ErasurePreview, ErasureRequest, ErasureState, Person, Store};
use anyhow::{Context, Result, bail};
use baton_clock::{Clock, SystemClock};
use baton_core::domain::id::LeadId;
use baton_core::domain::phone::PhoneE164;
use baton_core::rules::words::phone;

/// Erase a person: names, numbers, addresses, texts and bytes go, in every table, and what was still to be sent is not sent. Ids,
/// times, sums, turns, verdicts and the audit stay.
///
/// A caller who is on the line is not dropped: a running worker goes on when the call has ended. What vendors hold is listed, for a
/// person to take away there. Backups keep what they hold until they are deleted.
#[derive(Debug, clap::Args)]
pub(crate) struct Erase {
    /// The person's number, with its country code: +14155550142, "+1 (415) 555-0142".
    #[arg(long, value_name = "NUMBER", value_parser = number, required_unless_present_any = ["email", "lead", "vacuum"])]
    phone: Option<PhoneE164>,
    /// The person's address.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    email: Option<String>,
    /// One lead alone, as `lead_…`; others of the same person stay.
    #[arg(long, value_name = "ID", value_parser = lead_id)]
    lead: Option<LeadId>,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    /// Why, for the audit: without what tells of the person, since it stays.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// SQLite, with the worker stopped: write the file anew, so that nothing is left in its free pages of what was deleted before.
    #[arg(long, conflicts_with_all = ["phone", "email", "lead", "dry_run", "why"])]
    vacuum: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

fn number(text: &str) -> Result<PhoneE164, String> {
    phone::read(text, None)
        .ok_or_else(|| "no number; allowed: one with its country code, such as +14155550142".to_owned())
}

fn address(text: &str) -> Result<String, String> {
    normalise::email(text).ok_or_else(|| "no address; allowed: one such as dana@acme.example".to_owned())
}

fn lead_id(text: &str) -> Result<LeadId, String> {
    LeadId::new(text).map_err(|fault| fault.to_string())
}

impl Erase {
    pub(crate) async fn run(self) -> Result<u8> {
        let store = open_store_to_change(&self.place).await?;
        if self.vacuum {
            return vacuum(&store).await;
        }
        let Some(person) = Person::named(self.phone, self.email, self.lead) else { bail!("nobody is named") };
        if let Some(lead) = &person.lead
            && store.lead(lead).await?.is_none()
        {
            eprintln!("error: there is no lead {lead}");
            return Ok(FAILED);
        }
        let now = SystemClock.now();
        if self.dry_run {
            let preview = store.erasure_preview(person, normalise::email, now).await.context("looking")?;
            match self.format {
                TextOrJson::Text => would(&preview),
                TextOrJson::Json => say(&serde_json::to_string_pretty(&preview)?),
            }
            return Ok(OK);
        }
        let asked = ErasureRequest { person, actor: actor(), why: self.why };
        let id = store.erasure_begin(asked, true, now).await.context("storing what is asked for")?;
        let erasure = store.erasure_go_on(&id, normalise::email, &|| SystemClock.now()).await;
        let erasure = erasure.with_context(|| format!("erasing ({id}: a running worker goes on with it)"))?;
        match self.format {
            TextOrJson::Text => told(&erasure),
            TextOrJson::Json => say(&serde_json::to_string_pretty(&erasure)?),
        }
        if erasure.state == ErasureState::Done && !store.purge(false).await.context("emptying the database's log")? {
            eprintln!(
                "what was erased stands in the database's log until it is written back: within the hour, or at a stop"
            );
        }
        Ok(OK)
    }
}

/// The worker's lock is held meanwhile: none begins.
async fn vacuum(store: &Store) -> Result<u8> {
    let _alone = store.lock_for_worker().context("writing the file anew")?;
    if store.purge(true).await.context("writing the file anew")? {
        say("nothing is left in the database's files of what was deleted");
        return Ok(OK);
    }
    eprintln!("error: somebody reads the database: end what does, and do it again");
    Ok(FAILED)
}

fn would(preview: &ErasurePreview) {
    let ErasurePreview { leads, named_in, messages, waits_for } = preview;
    say(&format!(
        "would erase {} leads and the bytes of {messages} messages, and take the person out of {} leads of others",
        leads.len(),
        named_in.len()
    ));
    for lead in leads {
        let when = if waits_for.contains(lead) { ", when the call has ended" } else { "" };
        say(&format!("  {lead}{when}"));
    }
    for lead in named_in {
        say(&format!("  {lead}: of somebody else, where the person is named"));
    }
}

fn told(erasure: &Erasure) {
    let Erasure { id, state, earlier, leads, named_in, messages, waits_for, at_vendors, .. } = erasure;
    say(&match state {
        ErasureState::Done => format!("{id}: done"),
        ErasureState::Erasing => format!("{id}: under way; a running worker ends it"),
    });
    say(&format!(
        "{} leads erased, the bytes of {messages} messages, and the person taken out of {} leads of others",
        leads.len() - waits_for.len(),
        named_in.len()
    ));
    for lead in leads {
        let when = if waits_for.contains(lead) {
            ": a caller is on the line, it is erased when the call has ended"
        } else {
            ""
        };
        say(&format!("  {lead}{when}"));
    }
    for id in earlier {
        say(&format!("asked for as well, and under way: {id}"));
    }
    if !at_vendors.is_empty() {
        say("Left for you to do, at vendors:");
    }
    for held in at_vendors {
        let link = held.link.as_ref().map(|link| format!(" ({link})")).unwrap_or_default();
        say(&format!("  {} {}{link}: {}", held.what, held.reference, held.to_do));
    }
}
