//! For whoever runs workers: starting one, its database, who may speak to it, what is sent to it, what it put aside and
//! whom it tells.

mod migrate;
mod place;
mod quarantine;
mod ready;
mod send;
mod serve;
mod service;
mod token;
mod webhooks;

pub(super) use migrate::Migrate;
pub(super) use quarantine::Quarantine;
pub(super) use ready::Ready;
pub(super) use send::Send;
pub(super) use serve::Serve;
pub(super) use token::TokenArgs;
pub(super) use webhooks::Webhooks;
