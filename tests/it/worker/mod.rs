//! A worker at work: under rules that change, on its database, with more to do than it can, with nobody to give it to, with
//! others to tell of it, or with vendors that answer nothing.

mod crowd;
mod database;
mod duty;
mod fleet;
mod holes;
mod leaver;
mod reload;
mod shadow;
mod waiting;
mod webhooks;
