//! The tz database of the system: taken where it is newer than the one that is built in, so that a zone that changes its rules
//! is renewed by the system's update and a restart.

use anyhow::{Context, Result, bail};
use baton_core::domain::zone::{self, BUILT_IN, Database, Installed, Zone};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::path::Path;

/// Where systems keep it.
const SYSTEM: &str = "/usr/share/zoneinfo";

/// How far ahead a zone that is told otherwise by a newer release is worth a warning: promises and slots lie well within.
const AHEAD: TimeDelta = TimeDelta::days(365);

/// Chooses the release of this process. `named` is a folder that somebody set: it is taken whatever its release.
///
/// # Errors
/// The folder that was named cannot be read, or does not say its release.
pub fn begin(named: Option<&Path>) -> Result<()> {
    let database = match named {
        Some(folder) => Some(read(folder).with_context(|| format!("BATON_ZONEINFO is {}", folder.display()))?),
        // The system's is asked for its release first: what cannot be read there leaves the one that is built in.
        None => release(Path::new(SYSTEM))
            .filter(|found| is_newer(found, BUILT_IN))
            .and_then(|_| read(Path::new(SYSTEM)).ok()),
    };
    if database.is_some_and(|database| zone::install(database) == Installed::TooLate) {
        bail!("a time zone was asked for before the tz database was chosen");
    }
    Ok(())
}

/// What whoever runs this workspace should know of its zones; empty where all is well.
pub fn warnings(rules: &RuleSet, now: DateTime<Utc>) -> Vec<String> {
    let used = zone::in_use();
    let zones: BTreeSet<Zone> = rules.reps.values().filter(|rep| rep.active).map(|rep| rep.timezone).collect();
    let since = now - TimeDelta::days(1);
    let wrong = zones.into_iter().filter_map(|zone| Some((zone, zone::differs_from(zone, since, now + AHEAD)?)));
    let wrong: Vec<String> =
        wrong.map(|(zone, from)| format!("{zone} from {}", from.max(since).date_naive())).collect();
    let mut told = Vec::new();
    if !wrong.is_empty() && is_newer(BUILT_IN, used.release) {
        told.push(format!(
            "{used} is older than {BUILT_IN}, which is built in and differs for reps' zones ({}): update that folder, or unset \
             BATON_ZONEINFO",
            wrong.join(", ")
        ));
    }
    if is_old(used.release, now) {
        told.push(format!(
            "{used} is more than a year old, and zones change their rules several times a year: update the system's tzdata \
             package (the newest known here is {BUILT_IN})"
        ));
    }
    told
}

fn read(folder: &Path) -> Result<Database> {
    let Some(release) = release(folder) else {
        bail!(
            "no release of the tz database is named there; expected is a folder of compiled zones with tzdata.zi (first line \
             \"# version {BUILT_IN}\") or +VERSION: install the system's tzdata package, or unset it"
        );
    };
    let file = |zone: Zone| Some((zone.name(), std::fs::read(folder.join(zone.name())).ok()?));
    Ok(Database { release, place: folder.display().to_string(), files: Zone::all().filter_map(file).collect() })
}

/// `2026f`, as the folder's own files say it.
fn release(folder: &Path) -> Option<String> {
    ["tzdata.zi", "+VERSION", "VERSION"].iter().find_map(|file| {
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        let line = text.lines().next()?;
        release_in(line.strip_prefix("# version ").unwrap_or(line))
    })
}

/// The name of a release at the start of a text, without what a packager hung on: `2026f-rearguard`.
fn release_in(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (year, letters) = text[..end].split_at_checked(4)?;
    let is_one = year.bytes().all(|b| b.is_ascii_digit()) && letters.bytes().all(|b| b.is_ascii_lowercase());
    (is_one && !letters.is_empty()).then(|| text[..end].to_owned())
}

/// After `2026z` comes `2026za`: their order is that of words.
fn is_newer(release: &str, than: &str) -> bool {
    release > than
}

/// A year has gone by since the year of the release ended.
fn is_old(release: &str, now: DateTime<Utc>) -> bool {
    release.get(..4).and_then(|year| year.parse::<i32>().ok()).is_some_and(|year| now.year() > year + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_as_its_packagers_write_it() {
        for (line, release) in [
            ("2026f", Some("2026f")),
            ("2026f-rearguard", Some("2026f")),
            ("2027za\n", Some("2027za")),
            ("2026", None),
            ("latest", None),
            ("2026F", None),
            ("", None),
        ] {
            assert_eq!(release_in(line).as_deref(), release, "{line:?}");
        }
        assert!(is_newer("2027a", "2026f") && is_newer("2026za", "2026z") && !is_newer("2025b", "2026f"));
    }

    #[test]
    fn a_folder_says_its_release_in_one_of_three_files() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(release(folder.path()), None);
        let refused = format!("{:#}", begin(Some(folder.path())).unwrap_err());
        assert!(refused.contains("BATON_ZONEINFO") && refused.contains("# version"), "{refused}");
        std::fs::write(folder.path().join("+VERSION"), "2026c\n").expect("written");
        assert_eq!(release(folder.path()).as_deref(), Some("2026c"));
        std::fs::write(folder.path().join("tzdata.zi"), "# version 2026e-dirty\nR A 1916 o\n").expect("written");
        assert_eq!(release(folder.path()).as_deref(), Some("2026e"));
    }

    #[test]
    fn a_release_is_old_once_the_year_after_it_is_over() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        assert!(!is_old("2026f", at("2027-12-31T23:00:00Z")));
        assert!(is_old("2026f", at("2028-01-01T00:00:00Z")));
    }
}
