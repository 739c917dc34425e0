//! For whoever runs workers: starting one, its database, who may speak to it, what is sent to it and what it put aside.

mod migrate;
mod quarantine;
mod send;
mod serve;
mod token;

pub use migrate::Migrate;
pub use quarantine::Quarantine;
pub use send::Send;
pub use serve::Serve;
pub use token::TokenArgs;
