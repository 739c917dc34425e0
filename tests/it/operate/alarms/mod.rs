//! What is shipped for Prometheus and Grafana: its figures are those that a worker tells of, its alarms ring, and each leads to
//! words that say what to do.

mod day;

use crate::platforms::libraries::printed;
use crate::program::root;
use crate::program::served::{Served, get};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

const RULES: &str = "deploy/prometheus/baton.rules.yaml";
const RULES_TEST: &str = "deploy/prometheus/baton.rules.test.yaml";
const DASHBOARD: &str = "deploy/grafana/baton.json";
const TOKEN: &str = "a-token-for-the-tests-alone";

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn dashboard() -> Value {
    serde_json::from_str(&text(DASHBOARD)).expect("JSON")
}

/// What stands behind a key of the rules, whatever is above it.
fn values<'t>(yaml: &'t str, key: &str) -> Vec<&'t str> {
    let lines = yaml.lines().map(|line| line.trim_start().trim_start_matches("- "));
    lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).collect()
}

/// Every panel that shows something; rows hold none of their own.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let all = dashboard["panels"].as_array().expect("panels");
    all.iter().filter(|panel| panel["type"] != "row").collect()
}

fn expressions(panel: &Value) -> Vec<&str> {
    let targets = panel["targets"].as_array().unwrap_or_else(|| panic!("{}: no targets", panel["title"]));
    targets.iter().map(|target| target["expr"].as_str().expect("an expression")).collect()
}

/// Names of figures of ours.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("baton_"))
}

/// Every name under which a worker tells samples, by what `# TYPE` says of it.
fn told_by_a_worker() -> BTreeSet<String> {
    let served = Served::start("[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n", "info", &[("TEST_TOKEN", TOKEN)]);
    let answer = served.ask(&get("/metrics", Some(TOKEN)));
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut told = BTreeSet::new();
    for line in answer.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and a kind");
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        told.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    told
}

#[test]
fn every_figure_of_the_dashboard_and_of_the_alarms_is_one_that_a_worker_tells() {
    let told = told_by_a_worker();
    let (rules, dashboard) = (text(RULES), dashboard());
    let asked: BTreeSet<&str> =
        values(&rules, "expr").into_iter().chain(panels(&dashboard).into_iter().flat_map(expressions)).collect();
    let asked: BTreeSet<&str> = asked.into_iter().flat_map(names).collect();
    assert!(asked.len() > 40, "only {} figures are looked at", asked.len());
    let unknown: Vec<&&str> = asked.iter().filter(|name| !told.contains(**name)).collect();
    assert!(unknown.is_empty(), "{unknown:?} are told by no worker; it tells {told:?}");
}

#[test]
fn the_alarms_are_understood_and_each_rings_and_is_silent() {
    let (rules, tests) = (text(RULES), text(RULES_TEST));
    let alarms: BTreeSet<&str> = values(&rules, "alert").into_iter().collect();
    assert!(alarms.len() >= 20, "{alarms:?}");
    // Each once where it rings, and twice in the hour in which all is well.
    let mut looked_at: BTreeMap<&str, usize> = BTreeMap::new();
    for name in values(&tests, "alertname") {
        *looked_at.entry(name).or_default() += 1;
    }
    assert_eq!(looked_at.keys().copied().collect::<BTreeSet<_>>(), alarms);
    assert!(looked_at.values().all(|times| *times >= 3), "{looked_at:?}");
    let Some(promtool) = printed("operate/promtool.sh", &[], &[]) else { return };
    for arguments in [["check", "rules", RULES], ["test", "rules", RULES_TEST]] {
        let output = Command::new(promtool.trim()).args(arguments).current_dir(root()).output().expect("promtool runs");
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "promtool {}: {told}", arguments.join(" "));
    }
}

/// Names a package's archive only once its lists were read, and unpacks a program that does nothing.
const FRESH: [(&str, &str); 2] = [
    (
        "apt-get",
        "case \"$*\" in *update*) touch \"$HOME/lists\" ;; *) [ -e \"$HOME/lists\" ] && touch prometheus_1.deb ;; esac",
    ),
    (
        "dpkg-deb",
        "mkdir -p \"$3/usr/bin\" && printf '#!/bin/sh\\n' >\"$3/usr/bin/promtool\" && chmod +x \"$3/usr/bin/promtool\"",
    ),
];
/// What the script and these two need of the machine; `promtool` may be there, and is left out.
const TOOLS: [&str; 7] = ["bash", "mktemp", "mkdir", "rm", "mv", "touch", "chmod"];

#[test]
fn promtool_is_had_on_a_machine_that_has_read_no_lists_of_packages_yet() {
    let machine = tempfile::tempdir().expect("a folder");
    let programs = machine.path().join("programs");
    std::fs::create_dir(&programs).expect("a folder");
    for (name, does) in FRESH {
        let program = programs.join(name);
        std::fs::write(&program, format!("#!/bin/sh\n{does}\n")).expect("a program");
        std::fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it may be run");
    }
    for tool in TOOLS {
        let places = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
        let place = places.iter().find(|place| place.exists()).unwrap_or_else(|| panic!("{tool} is nowhere"));
        symlink(place, programs.join(tool)).expect("a link");
    }
    let (home, cache) = (machine.path().to_str().expect("a plain path"), machine.path().join("cache"));
    let env = [
        ("PATH", programs.to_str().expect("a plain path")),
        ("HOME", home),
        ("XDG_CACHE_HOME", cache.to_str().expect("a plain path")),
        ("BATON_OFFLINE", ""),
    ];
    let told = printed("operate/promtool.sh", &[], &env).expect("it is unpacked");
    let promtool = cache.join("baton-promtool/promtool");
    assert_eq!(Path::new(told.trim()), promtool);
    assert!(promtool.is_file());
}

#[test]
fn every_alarm_says_how_bad_it_is_and_leads_to_what_to_do() {
    let (rules, operate) = (text(RULES), text("docs/operate.md"));
    let alarms = values(&rules, "alert");
    let severities = values(&rules, "severity");
    assert_eq!(severities.len(), alarms.len());
    assert!(severities.iter().all(|severity| ["page", "ticket"].contains(severity)), "{severities:?}");
    assert_eq!(values(&rules, "summary").len(), alarms.len());
    let headings: BTreeSet<String> =
        operate.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_lowercase).collect();
    for (alarm, runbook) in alarms.iter().zip(values(&rules, "runbook")) {
        let anchor = runbook.strip_prefix("docs/operate.md#").unwrap_or_else(|| panic!("{alarm}: {runbook}"));
        assert_eq!(anchor, alarm.to_lowercase(), "{alarm}");
        assert!(headings.contains(anchor), "docs/operate.md says nothing of {alarm}");
    }
}

#[test]
fn the_dashboard_is_one_that_grafana_shows() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().is_some_and(|version| version >= 39), "of a Grafana of today");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    assert!(variables.iter().any(|one| one["name"] == "datasource" && one["type"] == "datasource"), "{variables:?}");
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeMap::new());
    for panel in dashboard["panels"].as_array().expect("panels") {
        let title = panel["title"].as_str().expect("a title");
        assert!(ids.insert(panel["id"].as_u64().expect("a number")), "{title}: its id is another's");
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap_or_else(|| panic!("{title}: no {name}"));
        let (x, y) = (place("x"), place("y"));
        assert!(x + place("w") <= 24, "{title}: a row has 24 columns");
        for cell in (x..x + place("w")).flat_map(|x| (y..y + place("h")).map(move |y| (x, y))) {
            let before = cells.insert(cell, title);
            assert!(before.is_none(), "{title} lies over {before:?}");
        }
    }
    let shown = panels(&dashboard);
    assert!(shown.len() > 30, "{} panels", shown.len());
    for panel in shown {
        let title = &panel["title"];
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}: of whichever Prometheus is chosen");
        let expressions = expressions(panel);
        assert!(!expressions.is_empty(), "{title}: it shows nothing");
        for expression in expressions {
            assert!(expression.contains("job=~\"$job\""), "{title}: of every job, {expression}");
            assert_eq!(expression.matches('(').count(), expression.matches(')').count(), "{title}: {expression}");
        }
    }
}
