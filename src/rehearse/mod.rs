//! What rules would do with a lead that nobody has, or that was decided before: for commands, assistants and the console.
//!
//! Guarantees: nothing is stored, nothing counts for anybody's turn, and no vendor is asked. The same lead in the same world has
//! the same decision as in a worker, since the same function makes it.

pub mod compared;
pub mod excerpt;
pub mod fields;
pub mod said;
pub mod stored;
pub mod supposed;
