//! Rule files, and the tools of those who write them.

mod change;
mod check;
mod codes;
mod expectations;
mod faulty;
mod import;
pub mod init;
pub mod schema;
mod shipped;
mod simulate;
mod zones;
