//! Two sides of a comparison in turn, each run in a process of its own: machines change from minute to minute, and what lies side
//! by side in time can be compared.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Figures of one run by name, such as `committed_ms.p99`.
type Figures = BTreeMap<String, f64>;

/// What is run beside something else.
pub struct Side {
    pub name: &'static str,
    /// A build of the bench.
    pub executable: PathBuf,
    /// What it is told by its environment; empty is as if it were not set.
    pub variables: Vec<(&'static str, String)>,
}

/// Figures of both sides, first against second, from each time that both were run.
pub struct Pairs {
    names: [&'static str; 2],
    each: Vec<[Figures; 2]>,
}

/// This build and another one: runs both so many times and prints, figure by figure, this one's as a multiple of the other's.
///
/// # Errors
/// A run failed, or its last line is no JSON.
pub fn compare(other: &Path, times: u32, measures: &[String]) -> Result<()> {
    let side = |name, executable| Side { name, executable, variables: Vec::new() };
    let sides = [side("here", own_executable()?), side("there", other.to_owned())];
    in_turn(&sides, times, measures)?.print();
    Ok(())
}

pub fn own_executable() -> Result<PathBuf> {
    std::env::current_exe().context("finding this executable")
}

/// Runs both so many times.
///
/// # Errors
/// A run failed, or its last line is no JSON.
pub fn in_turn(sides: &[Side; 2], times: u32, measures: &[String]) -> Result<Pairs> {
    let [first, second] = sides;
    let mut each = Vec::new();
    for number in 1..=times {
        eprintln!("pair {number} of {times}");
        // Who comes second finds the machine warm, or worn: each does so every other time.
        each.push(if number.is_multiple_of(2) {
            let later = run(second, measures)?;
            [run(first, measures)?, later]
        } else {
            [run(first, measures)?, run(second, measures)?]
        });
    }
    Ok(Pairs { names: [first.name, second.name], each })
}

fn run(side: &Side, measures: &[String]) -> Result<Figures> {
    let Side { name, executable, variables } = side;
    let mut command = Command::new(executable);
    command.args(measures).stderr(Stdio::inherit());
    for (variable, value) in variables {
        command.env(variable, value);
    }
    let output = command.output().with_context(|| format!("running {}", executable.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    eprintln!("{name}:\n{text}");
    ensure!(output.status.success(), "{} ended with {}", executable.display(), output.status);
    let last = text.lines().last().with_context(|| format!("{} printed nothing", executable.display()))?;
    let line: Value =
        serde_json::from_str(last).with_context(|| format!("reading the last line of {}", executable.display()))?;
    let mut figures = Figures::new();
    flatten("", &line, &mut figures);
    Ok(figures)
}

/// Numbers alone, under their path in the document.
fn flatten(path: &str, value: &Value, figures: &mut Figures) {
    match value {
        Value::Number(number) => figures.extend(number.as_f64().map(|number| (path.to_owned(), number))),
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, member, figures);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => {}
    }
}

impl Pairs {
    /// Of each pair, what both sides say of this; `None` where one could not tell.
    pub fn of(&self, figure: &str) -> Option<Vec<[f64; 2]>> {
        self.each.iter().map(|[first, second]| Some([*first.get(figure)?, *second.get(figure)?])).collect()
    }

    pub fn print(&self) {
        let [first, second] = self.names;
        println!("{:32} {first:>10} {second:>10} {:>7}   of each pair", "median of", "ratio");
        let names = self.each.first().map(|[first, _]| first.keys()).into_iter().flatten();
        for name in names {
            let Some(figures) = self.of(name) else { continue };
            // What is the same each time was given, not measured.
            if figures.iter().all(|[first, second]| first == second) {
                continue;
            }
            let side = |at: usize| median(figures.iter().map(|pair| pair[at]).collect());
            let ratios = ratios(&figures);
            let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.3}")).collect();
            println!("{name:32} {:10.2} {:10.2} {:7.3}   {}", side(0), side(1), median(ratios), each.join(" "));
        }
    }
}

/// The first side's as a multiple of the second's, pair by pair.
pub fn ratios(figures: &[[f64; 2]]) -> Vec<f64> {
    figures.iter().map(|[first, second]| first / second).collect()
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
