//! A worker at work: under rules that change, on its database, with more to do than it can, or with nobody to give it to.

mod crowd;
mod database;
mod duty;
mod reload;
mod waiting;
