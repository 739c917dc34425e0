//! Handles of the test or the demo.

use super::{GraphEvent, GraphState, Told};
use crate::graph::{OWNER_IS_EAST, moment};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::sync::Arc;

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
        let event = GraphEvent::of(mailbox, from - OWNER_IS_EAST, until - OWNER_IS_EAST);
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
            setting["scheduledStartDateTime"] = moment(from, true);
            setting["scheduledEndDateTime"] = moment(until, true);
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
