//! What platforms send, as requests of files: whether it is believed, and what the shipped mappings make of it.

mod payloads;
mod signatures;
