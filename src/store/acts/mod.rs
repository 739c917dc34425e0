//! What people and tokens do at the doors: their keys, and who they are.

mod keyed;
mod token;

pub use keyed::{ActClaim, KeyedAct};
pub use token::ApiToken;
