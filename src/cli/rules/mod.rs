//! For whoever writes the rules: from a first workspace to the release that is in force; what they say, what they miss, what they
//! would change.

mod check;
mod diff;
mod explain;
mod import;
mod init;
mod releases;
mod rollback;
mod schema;
mod simulate;
mod test;

pub use check::Check;
pub use diff::Diff;
pub use explain::Explain;
pub use import::Import;
pub use init::Init;
pub use releases::Releases;
pub use rollback::Rollback;
pub use schema::Schema;
pub use simulate::Simulate;
pub use test::Test;
