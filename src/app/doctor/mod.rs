//! Whether each vendor would do what will be asked of it: the credentials, the fields, the rights, the ids of reps.
//!
//! A worker asks at its start, in the background (`asked`); whoever sets one up asks more, and is told what to click where
//! (`walk`). A vendor is asked for nothing that it would have to undo.

mod asked;
mod beyond;
mod client;
mod notes;
mod step;
mod walk;
mod words;

pub use asked::{Question, questions};
pub use notes::{Noted, State};
pub use walk::{Doctor, SECTIONS};
