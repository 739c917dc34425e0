//! The shipped workspace with cells left empty, as rosters of real companies have them.

use anyhow::{Context, Result};
use std::path::Path;

/// Copies rules and templates; every second rep has no calendar.
pub fn copy(shipped: &Path, to: &Path) -> Result<()> {
    for folder in ["rules", "templates"] {
        copy_folder(&shipped.join(folder), &to.join(folder))?;
    }
    let roster = to.join("rules/reps.csv");
    let mut read = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(&roster).context("reading the roster")?;
    let headers = read.headers()?.clone();
    let calendar = headers.iter().position(|name| name == "calendar").context("the roster has no column calendar")?;
    let rows = read.records().collect::<Result<Vec<_>, _>>()?;
    let mut write = csv::Writer::from_path(&roster).context("writing the roster")?;
    write.write_record(&headers)?;
    for (number, row) in rows.iter().enumerate() {
        let emptied = |column| column == calendar && number.is_multiple_of(2);
        write.write_record(row.iter().enumerate().map(|(column, cell)| if emptied(column) { "" } else { cell }))?;
    }
    Ok(write.flush()?)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
