//! The steps of a decision, in the order in which [`decide`](crate::routing::decide()) takes them: is the caller still there, whose
//! account is it, where does the lead lie and what is it worth, who has it already, where is a rep looked for, who gets it,
//! what is tried. Each is values in, values out; who is passed over is passed over with a reason.

mod availability;
mod candidates;
pub(in crate::routing) mod degraded;
pub(in crate::routing) mod live;
pub(in crate::routing) mod matching;
pub(in crate::routing) mod ownership;
pub(in crate::routing) mod placement;
pub(in crate::routing) mod plan;
pub(in crate::routing) mod pools;
mod preference;
pub(in crate::routing) mod routes;
pub(in crate::routing) mod territory;
pub(in crate::routing) mod tiers;

pub use candidates::{could_take, pool_weights};
