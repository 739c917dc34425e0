//! For whoever runs workers: starting one, its database, who may speak to it, what is sent to it and what it put aside.

mod migrate;
mod quarantine;
mod send;
mod serve;
mod token;

pub(super) use migrate::Migrate;
pub(super) use quarantine::Quarantine;
pub(super) use send::Send;
pub(super) use serve::Serve;
pub(super) use token::TokenArgs;
