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

pub(super) use check::{Check, Review};
pub(super) use diff::Diff;
pub(super) use explain::{Explain, Made};
pub(super) use import::Import;
pub(super) use init::Init;
pub(super) use releases::Releases;
pub(super) use rollback::Rollback;
pub(super) use schema::Schema;
pub(super) use simulate::Simulate;
pub(super) use test::Test;

use anyhow::{Context, Result};
use std::path::Path;

/// Writes a file, and makes the folders on the way to it.
fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
