//! What a platform engineer sees and does, at the outside.

mod keep;
