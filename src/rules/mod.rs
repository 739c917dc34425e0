//! What people wrote, checked: files in, one immutable [`RuleSet`] out, or every fault at once.
//!
//! [`compile()`] is the door. It reads each file into drafts that keep the place of every word (`yaml`, `table`, and one
//! module per file), then looks up the names that one file uses and another defines (`resolve`), then looks for rules
//! that load and probably do not do what was meant (`lint`): [`compile()`] as far as a worker needs it, [`check()`] for
//! whoever edits them. A fault never stops the search for others.
//!
//! Pure: text in, values out. Reading the files is `app`'s business.
#![deny(clippy::disallowed_types)]

mod accounts;
pub mod codes;
pub mod company;
pub mod compile;
pub mod condition;
mod conditions;
pub mod encoding;
pub mod expect;
pub mod expression;
pub mod fault;
pub mod field;
mod handoff;
pub mod headcount;
mod hours;
pub mod index;
pub mod language;
mod lint;
mod matching;
mod members;
pub mod phone;
pub mod place;
mod pools;
pub mod postal;
mod prefer;
pub mod report;
mod reps;
mod resolve;
mod routes;
pub mod schema;
mod segments;
pub mod set;
pub mod shared;
pub mod table;
mod territories;
pub mod values;
mod vocabulary;
pub mod witness;
mod yaml;
pub mod zone;

pub use compile::{Checked, SourceFile, check, compile, release};
pub use fault::{Fault, Level};
pub use report::summary;
pub use set::RuleSet;
pub use values::spell;

/// The files of a workspace that hold rules, relative to its directory.
const ROUTING: &str = "rules/routing.yaml";
const TERRITORIES: &str = "rules/territories.csv";
const REPS: &str = "rules/reps.csv";
const ACCOUNTS: &str = "rules/accounts.csv";
const HOURS: &str = "rules/hours.yaml";
const HANDOFF: &str = "rules/handoff.yaml";
