//! What a case stands on: an Asterisk, phones, a worker, the people who speak, and what is asked of them.

pub mod asterisk;
pub mod line;
pub mod story;
pub mod tones;
pub mod wire;
pub mod workers;
