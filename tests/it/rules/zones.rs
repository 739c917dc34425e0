//! The tz database as whoever runs Baton meets it: which release is gone by, where it is named, and what is said of an old one.

use super::init::begun;
use crate::program::served::Served;
use crate::program::{stdout, told};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// An old release in which Berlin, and no other zone, lies nine hours ahead all year.
fn old_release() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("tzdata.zi"), "# version 2025b\n").expect("its release");
    std::fs::create_dir(folder.path().join("Europe")).expect("a folder");
    std::fs::write(folder.path().join("Europe/Berlin"), always(9 * 3600, "JST", "JST-9")).expect("a zone");
    folder
}

/// A compiled zone whose clocks are never changed: the block for old readers, the one that counts, and the rule behind them.
fn always(offset: i32, abbreviation: &str, rule: &str) -> Vec<u8> {
    let mut block = b"TZif2".to_vec();
    block.extend([0; 15]);
    let letters = u32::try_from(abbreviation.len() + 1).expect("a few letters");
    block.extend([0, 0, 0, 0, 1, letters].map(u32::to_be_bytes).concat());
    block.extend(offset.to_be_bytes());
    block.extend([0, 0]);
    block.extend(abbreviation.bytes().chain([0]));
    [block.as_slice(), &block, b"\n", rule.as_bytes(), b"\n"].concat()
}

fn baton_by(zones: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(arguments).env("BATON_ZONEINFO", zones).output().expect("baton runs")
}

#[test]
fn a_folder_of_zones_is_gone_by_and_warned_of_where_it_is_old() {
    let (zones, folder) = (old_release(), begun("saas"));
    let release = format!("tz database 2025b, {}", zones.path().display());
    let version = stdout(&baton_by(zones.path(), &["--version"]));
    assert!(version.contains(&release), "{version}");
    let checked = told(&baton_by(zones.path(), &["check", folder.path().to_str().expect("a plain path")]));
    assert!(checked.contains(&format!("zones      {release}\n")), "{checked}");
    let warning = checked.lines().find(|line| line.starts_with("warning: ") && line.contains(" is older than "));
    let warning = warning.unwrap_or_else(|| panic!("no warning: {checked}"));
    assert!(warning.contains("differs for reps' zones (Europe/Berlin from "), "{warning}");
}

#[test]
fn a_worker_says_first_by_which_zones_it_goes() {
    let zones = old_release();
    let served = Served::start("", "info", &[("BATON_ZONEINFO", zones.path().to_str().expect("a plain path"))]);
    let log = served.log();
    assert!(log.lines().next().is_some_and(|line| line.contains("tz database 2025b")), "{log}");
}
