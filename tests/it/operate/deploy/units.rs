//! The units: as systemd reads them, and as the worker that they run is.

use super::{deployed, left_out};
use baton::app::STOP_WITHIN;
use baton::cli;
use std::process::Command;
use std::time::Duration;

const UNITS: [&str; 2] = ["baton.service", "baton@.service"];
/// As `systemd-analyze security` counts, from 0 to 10: what is left is the network, which the worker is there for.
const EXPOSED_AT_MOST: f64 = 1.5;
/// How long tasks that hold a connection are waited for after a stop.
const LAST_TASKS: Duration = Duration::from_secs(2);

/// The values of one key, in order.
fn said<'u>(unit: &'u str, key: &str) -> Vec<&'u str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
}

fn seconds(unit: &str, key: &str) -> u64 {
    let [span] = said(unit, key)[..] else { panic!("{key} is said once") };
    span.strip_suffix('s').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{key}={span}"))
}

#[test]
fn a_unit_gives_a_worker_the_time_that_it_takes_and_starts_none_that_cannot_do_better() {
    for name in UNITS {
        let unit = deployed(&format!("systemd/{name}"));
        let stop = Duration::from_secs(seconds(&unit, "TimeoutStopSec"));
        assert!(stop > STOP_WITHIN + LAST_TASKS, "{name}: {stop:?}");
        // It is said in half the time, and a decider may stand still for twenty seconds.
        assert!(seconds(&unit, "WatchdogSec") >= 30, "{name}");
        let hopeless = format!("{} {}", cli::USAGE, cli::FAULTY);
        assert_eq!(said(&unit, "RestartPreventExitStatus"), [hopeless.as_str()], "{name}");
        assert_eq!(said(&unit, "Type"), ["notify"], "{name}");
        assert_eq!(said(&unit, "ExecStart"), ["/usr/bin/baton serve -w /etc/baton"], "{name}");
    }
}

/// What one worker is held to holds for several.
#[test]
fn the_units_differ_in_where_the_worker_listens_alone() {
    let [one, several] = UNITS.map(|name| deployed(&format!("systemd/{name}")));
    let settings = |unit: &str| -> Vec<String> {
        let lines = unit.lines().filter(|line| !line.starts_with(['#']) && !line.starts_with("Description="));
        lines.map(str::to_owned).collect()
    };
    let of_one = settings(&one);
    let (added, kept): (Vec<String>, Vec<String>) =
        settings(&several).into_iter().partition(|line| line.starts_with("Environment"));
    assert_eq!(kept, of_one);
    assert_eq!(
        added,
        ["Environment=BATON_LISTEN=unix:/run/baton/%i.sock", "EnvironmentFile=-/etc/baton/worker-%i.env"]
    );
}

#[test]
fn systemd_takes_the_units_without_a_word_and_finds_little_exposed() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        left_out("the units, by systemd-analyze: it is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for name in UNITS {
        let unit = deployed(&format!("systemd/{name}"));
        // It looks for the program.
        let unit = unit.replace("/usr/bin/baton", env!("CARGO_BIN_EXE_baton"));
        let path = folder.path().join(name);
        std::fs::write(&path, unit).expect("the unit is written");
        let verified = Command::new("systemd-analyze").arg("verify").arg(&path).output().expect("it runs");
        let told = String::from_utf8_lossy(&verified.stderr).into_owned();
        let ours = told.lines().filter(|line| line.contains("baton")).collect::<Vec<_>>();
        assert!(verified.status.success() && ours.is_empty(), "{name}: {told}");

        let asked = ["security", "--offline=true", "--no-pager"];
        let judged = Command::new("systemd-analyze").args(asked).arg(&path).output().expect("it runs");
        let told = String::from_utf8_lossy(&judged.stdout).into_owned();
        let (_, level) = told.split_once("Overall exposure level for").unwrap_or_else(|| panic!("{name}: {told}"));
        let level: f64 = level.split_whitespace().find_map(|word| word.parse().ok()).expect("a number");
        assert!(level <= EXPOSED_AT_MOST, "{name}: {level}\n{told}");
    }
}
