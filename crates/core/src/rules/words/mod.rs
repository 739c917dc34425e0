//! How people write things: one reader of each kind of word, for leads, rule files, tests and imports.
//!
//! Text in, a value or nothing out: what is not understood is never guessed. The tables lie beside the readers, each with its
//! source and date.

pub mod company;
pub mod encoding;
pub mod headcount;
pub mod language;
pub mod phone;
pub mod place;
pub mod placeholder;
pub mod postal;
pub mod shared;
pub mod values;
pub mod zone;
