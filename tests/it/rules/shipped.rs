//! The shipped workspace loads without a word, and small changes of it do what they say.

use crate::program::{root, rule_files};
use baton_core::domain::effect::Comfort;
use baton_core::domain::zone::Zone;
use baton_core::rules::model::set::Assignment;
use baton_core::rules::model::truth::Truth;
use baton_core::rules::{Checked, Fault, Level, SourceFile, compile, summary};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Files of a workspace, by path relative to it.
pub type Workspace = BTreeMap<String, String>;

#[test]
fn the_shipped_workspace_has_no_errors_and_no_warnings() {
    let checked = check(&shipped()).unwrap_or_else(|faults| panic!("{}", told(&faults)));
    assert_eq!(warnings_of(&checked), "");
}

#[test]
fn the_shipped_workspace_is_summed_up() {
    let checked = check(&shipped()).expect("the shipped workspace loads");
    let lines = summary(&checked);
    assert_eq!(lines[0], "29 reps in 5 teams, 70 territory rows in 75 countries, 13 pools, 3 tiers");
    assert_eq!(lines[1], "46 territories, 2 routes, 5 named accounts, 3 ladders, catch-all sdr-desk");
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn how_long_facts_and_calls_count_and_what_callers_hear_is_as_the_workspace_says() {
    let mut files = shipped();
    for (file, from, to) in [
        ("rules/routing.yaml", "calendars_believed_for: 15m", "calendars_believed_for: 40m"),
        ("rules/routing.yaml", "assignment: baton", "assignment: { crm: { wait: 40s } }"),
        ("rules/handoff.yaml", "live_at_most: 2m", "live_at_most: 7m"),
        ("rules/handoff.yaml", "hold: music", "hold: agent"),
        ("rules/handoff.yaml", "language: en", "language: de-AT"),
    ] {
        let text = files.get_mut(file).expect("a rule file");
        assert!(text.contains(from), "{file}");
        *text = text.replace(from, to);
    }
    let rules = check(&files).unwrap_or_else(|faults| panic!("{}", told(&faults))).rules;
    assert_eq!(rules.calendars_believed_for, Duration::from_secs(40 * 60));
    assert_eq!((rules.assignment, rules.assignment_wait), (Assignment::Crm, Duration::from_secs(40)));
    assert_eq!((rules.handoff.live_at_most, rules.handoff.hold), (Duration::from_secs(7 * 60), Comfort::Agent));
    assert_eq!(rules.handoff.language, "de");
}

/// A carrier leaves out the plus; a national form is for the dialplan to complete.
#[test]
fn numbers_of_the_front_door_are_known_as_carriers_write_them() {
    let mut files = shipped();
    let number = "{ hours: us-office, timezone: America/New_York, holidays: US, ring: sdr-desk, for: 20s }";
    files.insert("rules/front_door.yaml".to_owned(), format!("numbers:\n  \"+15551230000\": {number}\n"));
    let checked = check(&files).unwrap_or_else(|faults| panic!("{}", told(&faults)));
    assert_eq!(warnings_of(&checked), "");
    let door = &checked.rules.front_door;
    for dialled in ["+15551230000", "15551230000"] {
        let (known, answered) = door.dialled(dialled).expect("a number of the front door");
        assert_eq!((known.as_str(), answered.wait), ("+15551230000", Duration::from_secs(20)));
        assert_eq!(answered.opening.zone, Zone::named("America/New_York"));
    }
    assert!(door.dialled("5551230000").is_none() && door.dialled("").is_none());
}

/// The week in which the demo plays: the owner is away, her delegate is at work, the West Coast still asleep.
#[test]
fn the_shipped_workspace_tells_the_story_of_the_demo() {
    let rules = check(&shipped()).expect("the shipped workspace loads").rules;
    let rep = |id: &str| rules.reps.values().find(|rep| rep.id.as_str() == id).expect("a rep of the demo");
    let priya = rep("priya.nair");
    let tuesday = "2026-03-03".parse().expect("a date");
    assert!(priya.leave.iter().any(|leave| leave.from <= tuesday && tuesday <= leave.until));
    assert_eq!(priya.delegate.as_ref().map(|id| id.as_str()), Some("jonas.weber"));
    assert!(rep("jonas.weber").leave.iter().all(|leave| tuesday < leave.from || leave.until < tuesday));
    let pool = rules.pools.values().find(|pool| pool.id.as_str() == "emea-enterprise").expect("her pool");
    assert!(pool.members.contains_key(&priya.id));
    assert!(rules.reps.values().any(|rep| rep.cap_per_day.is_some()));
}

/// A route with both: it loads without a word, and what it reads in the CRM is looked up with the account.
#[test]
fn segments_and_expressions_load_and_ask_the_crm_for_their_fields() {
    let mut files = shipped();
    let routing = files.get_mut("rules/routing.yaml").expect("routing.yaml");
    *routing = routing
        .replace("lead.source: { prefix: [partner] }", "segment: [portal, key accounts]\n    if_undecided: catch_all")
        .replace("fields:\n", "fields:\n  account.arr__c: { type: number, from: crm }\n")
        .replace(
            "segments:\n",
            "segments:\n  portal: { lead.source: { prefix: [partner] } }\n  key accounts:\n    not: { segment: portal }\n    \
             when: 'account.arr__c * 3 >= 100000 && lead.country in [\"Germany\", \"FR\"]'\n",
        );
    let checked = check(&files).unwrap_or_else(|faults| panic!("{}", told(&faults)));
    assert_eq!(warnings_of(&checked), "");
    assert_eq!(checked.rules.crm_fields().into_iter().collect::<Vec<_>>(), ["arr__c"]);
    let (verdict, missing) = checked.rules.routes[0].when.evaluate(&|_| None);
    assert_eq!(verdict, Truth::Undecided);
    assert_eq!(missing, ["lead.source", "account.arr__c", "lead.country"]);
}

/// Folders are listed in another order on another machine: the rules and their name are the same.
#[test]
fn the_order_of_files_changes_nothing() {
    let mut files: Vec<SourceFile> = shipped().into_iter().map(|(path, text)| SourceFile { path, text }).collect();
    let sorted = compile(&files).expect("the shipped workspace loads");
    for turn in 1..files.len() {
        files.rotate_left(1);
        assert_eq!(compile(&files).expect("it loads"), sorted, "rotated by {turn}");
    }
    files.reverse();
    assert_eq!(compile(&files).expect("it loads"), sorted);
}

/// Every shift of several weeks is worked, and every holiday of several regions is one.
#[test]
fn weeks_and_holiday_regions_of_a_rep_are_merged() {
    let mut files = shipped();
    say(&mut files, "rules/reps.csv", "Asia/Kolkata,office,IN,", "Asia/Kolkata,us-office;office,IN;GB,");
    let checked = check(&files).unwrap_or_else(|faults| panic!("{}", told(&faults)));
    let (rules, hours) = (&checked.rules, &checked.rules.hours);
    let rep = rules.reps.values().find(|rep| rep.timezone == Zone::named("Asia/Kolkata")).expect("she is there");
    assert_eq!((rep.hours.as_str(), rep.holidays.as_str()), ("office;us-office", "GB;IN"));
    for (day, shifts) in hours.weeks[&rep.hours].days.iter().enumerate() {
        for name in ["office", "us-office"] {
            assert!(hours.weeks[name].days[day].iter().all(|shift| shifts.contains(shift)), "{name}, day {day}");
        }
        assert!(shifts.windows(2).all(|pair| pair[0].from <= pair[1].from && pair[0] != pair[1]), "{shifts:?}");
    }
    let days = &hours.holidays[&rep.holidays];
    assert!(["GB", "IN"].iter().all(|region| hours.holidays[*region].is_subset(days)));
    assert_eq!(days, &hours.holidays["GB"].union(&hours.holidays["IN"]).copied().collect());
}

#[test]
fn templates_take_part_in_the_release_only() {
    let mut files = shipped();
    let before = check(&files).expect("the shipped workspace loads").rules;
    files.insert("templates/whisper.hbs".to_owned(), "{{headline}}".to_owned());
    let after = check(&files).expect("a template is not read here").rules;
    assert_ne!(before.release, after.release);
    assert_eq!(before.pools, after.pools);
}

fn warnings_of(checked: &Checked) -> String {
    let warnings = checked.warnings.iter().filter(|fault| fault.level == Level::Warning);
    warnings.map(|fault| format!("{fault}\n")).collect()
}

pub fn told(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

pub fn files_in(folder: &Path) -> Workspace {
    rule_files(folder).into_iter().map(|file| (file.path, file.text)).collect()
}

/// Puts a text in place of another, which must stand in the file.
pub fn say(files: &mut Workspace, path: &str, from: &str, to: &str) {
    let text = files.get_mut(path).expect("a file of the workspace");
    assert!(text.contains(from), "{path} does not contain {from:?}");
    *text = text.replacen(from, to, 1);
}

pub fn shipped() -> Workspace {
    files_in(&root().join("rules"))
}

pub fn check(files: &Workspace) -> Result<Checked, Vec<Fault>> {
    let files: Vec<SourceFile> =
        files.iter().map(|(path, text)| SourceFile { path: path.clone(), text: text.clone() }).collect();
    baton_core::rules::check(&files, today())
}

/// The day on which the files are looked at.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 3).expect("a day")
}
