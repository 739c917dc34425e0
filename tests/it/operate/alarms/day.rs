//! A day of the demo, looked at as Prometheus looks at a worker: no alarm rings.

use super::{RULES, text, values};
use crate::platforms::libraries::printed;
use crate::program::{free_port, root};
use crate::town;
use baton::connectors::http::ApiCall;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::interval;

/// From one look to the next, in our time.
const EVERY: Duration = Duration::from_secs(1);
/// As long as Prometheus waits, of the usual.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// How quickly a lead is decided is up to this machine, and not to the demo, in which a machine has a twelfth of the time.
const OF_THE_MACHINE: &str = "BatonDecidesSlowly";

/// A demo that a test leaves behind in no case.
struct Demo(Child);

impl Demo {
    fn begin(port: u16, folder: &Path) -> Self {
        let told = File::create(folder.join("told")).expect("a file for what it says");
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args(["demo", "--once", "--port", &port.to_string()]).current_dir(folder);
        command.stdin(Stdio::null()).stdout(told).stderr(Stdio::null());
        Self(command.spawn().expect("the demo begins"))
    }

    /// With which code it has ended, if it has.
    fn ended(&mut self) -> Option<Option<i32>> {
        self.0.try_wait().expect("its state").map(|status| status.code())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let (_killed, _gone) = (self.0.kill(), self.0.wait());
    }
}

/// What was told at each look, by all that stands before the number.
#[derive(Default)]
struct Day {
    looks: usize,
    /// Up to the last one that was answered: whoever has said good-bye is not down.
    answered: usize,
    series: BTreeMap<String, BTreeMap<usize, f64>>,
}

impl Day {
    /// From its first answer to its end.
    async fn of_the_demo(folder: &Path) -> Self {
        let (mut day, port) = (Self::default(), free_port());
        let mut demo = Demo::begin(port, folder);
        let door = town::door(format!("127.0.0.1:{port}"), ANSWERED_WITHIN);
        let mut every = interval(EVERY);
        loop {
            every.tick().await;
            if let Some(code) = demo.ended() {
                assert_eq!(code, Some(0), "the demo ends well");
                return day;
            }
            match door.send(&ApiCall::get("metrics", &["metrics"])).await {
                Ok(answer) if answer.is_success() => day.looked(Some(&answer.text())),
                _ if day.answered > 0 => day.looked(None),
                _ => {}
            }
        }
    }

    fn looked(&mut self, told: Option<&str>) {
        self.tell("up", f64::from(u8::from(told.is_some())));
        for line in told.unwrap_or_default().lines().filter(|line| !line.starts_with('#')) {
            let (series, number) = line.rsplit_once(' ').expect("a name and a number");
            self.tell(series, number.parse().unwrap_or_else(|error| panic!("{line}: {error}")));
        }
        self.looks += 1;
        if told.is_some() {
            self.answered = self.looks;
        }
    }

    /// As Prometheus keeps it: with where it was told.
    fn tell(&mut self, series: &str, number: f64) {
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}');
        let comma = if labels.is_empty() { "" } else { "," };
        let series = format!("{name}{{{labels}{comma}job=\"baton\",instance=\"demo\"}}");
        self.series.entry(series).or_default().insert(self.looks, number);
    }

    /// A test for promtool: at each minute each alarm is silent. `speed`: seconds of the day in one of ours.
    fn is_silent(&self, alarms: &[&str], speed: usize) -> String {
        let rules = root().join(RULES);
        let mut test = format!(
            "rule_files: ['{}']\nevaluation_interval: 1m\ntests:\n  - interval: {speed}s\n    input_series:\n",
            rules.display()
        );
        for (series, told) in &self.series {
            let numbers = (0..self.answered).map(|look| told.get(&look).map_or_else(|| "_".to_owned(), f64::to_string));
            let numbers = numbers.collect::<Vec<_>>().join(" ");
            writeln!(test, "      - series: '{series}'\n        values: '{numbers}'").expect("a string takes a line");
        }
        test += "    alert_rule_test:\n";
        for minute in 1..=self.answered * speed / 60 {
            for alarm in alarms {
                writeln!(test, "      - {{ eval_time: {minute}m, alertname: {alarm} }}")
                    .expect("a string takes a line");
            }
        }
        test
    }
}

/// As the demo says it.
fn speed(told: &str) -> usize {
    let (before, _) = told.split_once(" of its seconds pass in one of yours").expect("it says how fast its clock runs");
    before.rsplit(' ').next().expect("a word").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_alarm_rings_over_the_day_of_the_demo() {
    let Some(promtool) = printed("operate/promtool.sh", &[], &[]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let day = Day::of_the_demo(folder.path()).await;
    let told = std::fs::read_to_string(folder.path().join("told")).expect("what it said");
    let decided: f64 = day
        .series
        .iter()
        .filter(|(series, _)| series.starts_with("baton_leads_decided_total{"))
        .filter_map(|(_, told)| told.values().next_back())
        .sum();
    assert!(decided >= 20.0 && day.answered >= 20, "{decided} leads in {} looks: {told}", day.answered);

    let rules = text(RULES);
    let alarms: Vec<&str> = values(&rules, "alert").into_iter().filter(|alarm| *alarm != OF_THE_MACHINE).collect();
    let test = folder.path().join("day.test.yaml");
    std::fs::write(&test, day.is_silent(&alarms, speed(&told))).expect("the test is written");
    let output = Command::new(promtool.trim()).args(["test", "rules"]).arg(&test).output().expect("promtool runs");
    let found = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{found}");
}
