//! What stands in the mailboxes, and who may read them.

mod handles;

use super::told::Told;
use super::{ROLES, VENDOR};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

/// From, and until when.
type Span = (DateTime<Utc>, DateTime<Utc>);

/// An event of a mailbox, whoever made it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GraphEvent {
    pub mailbox: String,
    /// The immutable one.
    pub id: String,
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub until: DateTime<Utc>,
    pub subject: String,
    /// `free`, `tentative`, `busy`, `oof`, `workingElsewhere`.
    pub show_as: String,
    pub is_all_day: bool,
    pub transaction_id: Option<String>,
    pub attendee_email: Option<String>,
    /// It has a Teams link, which stands in its text.
    pub online: bool,
    pub text: String,
    /// Its owner's answer to it.
    pub response: String,
    /// How often it was changed: its ETag.
    pub changes: u32,
    /// Came in through the API.
    pub booked: bool,
    /// With which words it was cancelled.
    pub cancelled_with: Option<String>,
    /// Deleted or cancelled.
    pub gone: bool,
}

impl GraphEvent {
    pub(super) fn etag(&self) -> String {
        format!("W/\"{}\"", self.changes)
    }
}

#[derive(Default)]
pub struct GraphState(Mutex<Kept>);

#[derive(Default)]
pub(super) struct Kept {
    pub events: Vec<GraphEvent>,
    /// By mailbox: the `automaticRepliesSetting`.
    pub replies: BTreeMap<String, Value>,
    /// By mailbox: the code of the error inside a schedule's 200.
    trouble: BTreeMap<String, String>,
    /// Mailboxes that are not there any more.
    removed: BTreeSet<String>,
    /// By token: until when it is good.
    tokens: BTreeMap<String, DateTime<Utc>>,
    issued: usize,
    roles: Option<Vec<String>>,
    refuses_login: bool,
    refusals: Vec<(String, Told)>,
    /// What a person does to an event after it was read and before it is written.
    pub before_update: Vec<(String, Option<Span>)>,
    page_size: Option<usize>,
}

/// What the routes ask.
impl GraphState {
    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while holding the mailboxes")
    }

    pub(super) fn take_refusal(&self, operation: &str) -> Option<Told> {
        let refusals = &mut self.kept().refusals;
        let index = refusals.iter().position(|(of, _)| of == operation)?;
        Some(refusals.remove(index).1)
    }

    pub(super) fn refuses_login(&self) -> bool {
        self.kept().refuses_login
    }

    pub(super) fn issue(&self, until: DateTime<Utc>) -> String {
        let mut kept = self.kept();
        kept.issued += 1;
        let claims = json!({ "aud": VENDOR, "jti": kept.issued, "roles": kept.granted() });
        let token = format!("e30.{}.sandbox", URL_SAFE_NO_PAD.encode(claims.to_string()));
        kept.tokens.insert(token.clone(), until);
        token
    }

    pub(super) fn is_good(&self, token: &str, now: DateTime<Utc>) -> bool {
        self.kept().tokens.get(token).is_some_and(|until| now < *until)
    }

    /// Why a mailbox may not be used for what needs a permission of this name.
    pub(super) fn refusal(&self, mailbox: &str, permission: &str) -> Option<Told> {
        let kept = self.kept();
        if kept.removed.contains(mailbox) {
            let why = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
            return Some(Told::failure(404, "MailboxNotEnabledForRESTAPI", why));
        }
        let is_granted = kept.granted().iter().any(|role| role.starts_with(permission));
        (!is_granted)
            .then(|| Told::failure(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."))
    }

    pub(super) fn trouble(&self, mailbox: &str) -> Option<String> {
        self.kept().trouble.get(mailbox).cloned()
    }

    pub(super) fn most_on_a_page(&self) -> usize {
        self.kept().page_size.unwrap_or(super::MOST_ON_A_PAGE)
    }

    /// Events that stand and touch the window, the earliest first.
    pub(super) fn within(&self, mailbox: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<GraphEvent> {
        let kept = self.kept();
        let standing = kept.events.iter().filter(|event| event.mailbox == mailbox && !event.gone);
        let mut found: Vec<GraphEvent> =
            standing.filter(|event| event.from < until && from < event.until).cloned().collect();
        found.sort_by_key(|event| event.from);
        found
    }

    pub(super) fn standing(&self, mailbox: &str, id: &str) -> Option<GraphEvent> {
        self.event(id).filter(|event| event.mailbox == mailbox && !event.gone)
    }
}

impl Kept {
    fn granted(&self) -> Vec<String> {
        self.roles.clone().unwrap_or_else(|| ROLES.map(str::to_owned).to_vec())
    }
}

impl GraphEvent {
    pub(super) fn of(mailbox: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let response = "organizer".to_owned();
        Self { mailbox: mailbox.to_owned(), from, until, response, ..Self::default() }
    }
}
