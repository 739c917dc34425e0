//! What platforms send, as requests of files: whether it is believed, and what the shipped mappings make of it.

mod hostile;
mod live;
mod payloads;
mod signatures;
