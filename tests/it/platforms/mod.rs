//! What platforms and agents send, as requests of files and by their own libraries: whether it is believed, and what is made of it.

mod hostile;
mod live;
mod agents;
mod libraries;
mod payloads;
mod sdks;
mod signatures;
