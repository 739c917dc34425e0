//! What platforms and agents send, as requests of files and by their own libraries: whether it is believed, and what is made of it.

mod agents;
mod hostile;
pub mod libraries;
mod live;
mod payloads;
mod readers;
mod sdks;
mod signatures;
