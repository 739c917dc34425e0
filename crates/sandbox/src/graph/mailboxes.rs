//! What stands in the mailboxes, and who may read them.

use super::told::Told;
use super::{ROLES, VENDOR};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

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

/// Handles of the test or the demo.
impl GraphState {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Something of the owner's own, shown as `busy`, `oof` and so on; its id.
    pub fn add(&self, mailbox: &str, show_as: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> String {
        self.push(GraphEvent { show_as: show_as.to_owned(), ..GraphEvent::of(mailbox, from, until) })
    }

    /// From midnight to midnight where the owner lives.
    pub fn add_all_day(&self, mailbox: &str, show_as: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> String {
        let event = GraphEvent::of(mailbox, from - super::OWNER_IS_EAST, until - super::OWNER_IS_EAST);
        self.push(GraphEvent { show_as: show_as.to_owned(), is_all_day: true, ..event })
    }

    fn push(&self, event: GraphEvent) -> String {
        let mut kept = self.kept();
        let id = format!("AAkSeeded{}", kept.events.len());
        kept.events.push(GraphEvent { id: id.clone(), ..event });
        id
    }

    /// `disabled`, `alwaysEnabled`, or `scheduled` from one instant to another.
    pub fn automatic_replies(&self, mailbox: &str, status: &str, window: Option<(DateTime<Utc>, DateTime<Utc>)>) {
        let mut setting = json!({ "status": status, "externalAudience": "all" });
        if let Some((from, until)) = window {
            setting["scheduledStartDateTime"] = super::moment(from, true);
            setting["scheduledEndDateTime"] = super::moment(until, true);
        }
        self.kept().replies.insert(mailbox.to_owned(), setting);
    }

    /// From now on its schedule is an error inside the 200.
    pub fn unreachable(&self, mailbox: &str, code: &str) {
        self.kept().trouble.insert(mailbox.to_owned(), code.to_owned());
    }

    /// From now on there is no such mailbox.
    pub fn remove(&self, mailbox: &str) {
        let mut kept = self.kept();
        kept.removed.insert(mailbox.to_owned());
        kept.trouble.insert(mailbox.to_owned(), "ErrorMailRecipientNotFound".to_owned());
    }

    /// Every token given so far is refused from now on.
    pub fn revoke_tokens(&self) {
        self.kept().tokens.clear();
    }

    /// From now on no token is given.
    pub fn refuse_login(&self) {
        self.kept().refuses_login = true;
    }

    /// From now on tokens carry these permissions, and no others hold.
    pub fn grant(&self, roles: &[&str]) {
        self.kept().roles = Some(roles.iter().map(|role| (*role).to_owned()).collect());
    }

    /// Tokens given so far.
    pub fn tokens_issued(&self) -> usize {
        self.kept().issued
    }

    /// Answers the next request to an operation with this status and code, nothing done.
    pub fn refuse_next(&self, operation: &str, status: u16, code: &str, retry_after_s: Option<u64>) {
        let told = Told { retry_after_s, ..Told::failure(status, code, "refused on cue") };
        self.kept().refusals.push((operation.to_owned(), told));
    }

    /// Events on a page, unless fewer are asked for.
    pub fn page(&self, size: usize) {
        self.kept().page_size = Some(size);
    }

    /// A person moves an event.
    pub fn reschedule(&self, id: &str, from: DateTime<Utc>, until: DateTime<Utc>) {
        self.change(id, |event| (event.from, event.until) = (from, until));
    }

    /// The owner declines an event of somebody else's, and keeps it in the calendar.
    pub fn decline(&self, id: &str) {
        self.change(id, |event| event.response = "declined".to_owned());
    }

    /// A person deletes an event.
    pub fn delete(&self, id: &str) {
        self.change(id, |event| event.gone = true);
    }

    /// Right before the next update of this event a person moves it, or (`None`) its guest accepts.
    pub fn change_before_update(&self, id: &str, to: Option<(DateTime<Utc>, DateTime<Utc>)>) {
        self.kept().before_update.push((id.to_owned(), to));
    }

    fn change(&self, id: &str, change: impl Fn(&mut GraphEvent)) {
        for event in self.kept().events.iter_mut().filter(|event| event.id == id) {
            change(event);
            event.changes += 1;
        }
    }

    pub fn event(&self, id: &str) -> Option<GraphEvent> {
        self.kept().events.iter().find(|event| event.id == id).cloned()
    }

    /// Events made through the API and standing still, in the order of their making.
    pub fn booked(&self) -> Vec<GraphEvent> {
        self.kept().events.iter().filter(|event| event.booked && !event.gone).cloned().collect()
    }
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
