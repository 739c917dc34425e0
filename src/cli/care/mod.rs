//! For whoever looks after a workspace: whether its vendors would do what is asked of them, copies of what is kept, what goes with time,
//! people who ask to be forgotten, and what people and tokens have changed.

mod audit;
mod backup;
mod doctor;
mod erase;
mod prune;
mod restore;
mod server;

pub(super) use audit::Audit;
pub(super) use backup::Backup;
pub(super) use doctor::Doctor;
pub(super) use erase::Erase;
pub(super) use prune::Prune;
pub(super) use restore::Restore;

use crate::store::Holdings;
use chrono::SecondsFormat;

/// What lies in a database or in a copy of it, as people read it.
fn told(holdings: &Holdings) -> String {
    let Holdings { form, leads, open_steps, waiting, releases, newest_event_at } = holdings;
    let newest = newest_event_at.map_or_else(
        || "no event".to_owned(),
        |at| format!("newest event {}", at.to_rfc3339_opts(SecondsFormat::Millis, true)),
    );
    format!(
        "{leads} leads, {open_steps} open steps, {waiting} messages to be decided, {releases} releases of the rules, {newest}; form {form}"
    )
}
