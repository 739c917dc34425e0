//! What people and tokens do at the doors: their keys, who they are, and what they have changed.

mod audit;
mod chain;
mod keyed;
mod session;
mod token;

pub use audit::{AuditEntry, AuditQuery, ChainCheck};
pub use chain::{AuditLine, ChainEnd};
pub use keyed::{ActClaim, KeyedAct};
pub use session::ConsoleSession;
pub use token::ApiToken;
