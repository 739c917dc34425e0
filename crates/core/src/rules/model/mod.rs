//! The checked rules, and what they can answer: which rows fit a place and which meet, whether a condition holds, what a
//! lead says to a field.

pub mod condition;
pub mod expression;
pub mod field;
pub mod index;
pub mod meeting;
pub mod row;
pub mod set;
pub mod territories;
pub mod truth;
pub mod witness;
