//! The files of a workspace, one reader each: from text that remembers its places to drafts whose own words are checked.
//!
//! Names that another file defines are looked up afterwards, in `resolve`.

pub(in crate::rules) mod accounts;
pub(in crate::rules) mod conditions;
pub(in crate::rules) mod expression;
pub(in crate::rules) mod handoff;
pub(in crate::rules) mod hours;
pub(in crate::rules) mod matching;
pub(in crate::rules) mod members;
pub(in crate::rules) mod pools;
pub(in crate::rules) mod prefer;
pub(in crate::rules) mod reps;
pub(in crate::rules) mod routes;
pub(in crate::rules) mod segments;
pub(super) mod table;
pub(in crate::rules) mod territories;
pub(in crate::rules) mod vocabulary;
pub mod yaml;
