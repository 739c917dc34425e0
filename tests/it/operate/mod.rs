//! Running workers as whoever operates them finds them, from outside.

mod audit;
mod disclosure;
