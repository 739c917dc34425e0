//! A worker in the hands of those who run it.

mod erase;
