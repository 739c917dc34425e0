//! What people wrote, checked: files in, one immutable [`RuleSet`] out, or every fault at once.
//!
//! [`compile()`] is the door. It reads each file into drafts that keep the place of every word (`yaml`, `table`, and one
//! module per file), then looks up the names that one file uses and another defines (`resolve`), then looks for rules
//! that load and probably do not do what was meant (`lint`): [`compile()`] as far as a worker needs it, [`check()`] for
//! whoever edits them. A fault never stops the search for others.
//!
//! Pure: text in, values out. Reading the files is `app`'s business.

pub mod compile;
pub mod expect;
pub mod fault;
mod files;
mod lint;
pub mod model;
pub mod report;
mod resolve;
pub mod schema;
pub mod words;

pub use compile::{Checked, SourceFile, check, compile, fields, release};
pub use fault::{Fault, Level};
pub use files::vocabulary::FieldDef;
pub use files::yaml;
pub use model::set::RuleSet;
pub use report::summary;
pub use words::values::spell;

/// The files of a workspace that hold rules, relative to its directory.
const ROUTING: &str = "rules/routing.yaml";
const TERRITORIES: &str = "rules/territories.csv";
const REPS: &str = "rules/reps.csv";
const ACCOUNTS: &str = "rules/accounts.csv";
const HOURS: &str = "rules/hours.yaml";
const HANDOFF: &str = "rules/handoff.yaml";
const FRONT_DOOR: &str = "rules/front_door.yaml";
