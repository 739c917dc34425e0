//! This build of the bench and another one, in turn: machines change from minute to minute, and what lies side by side in time
//! can be compared.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// Figures of one run by name, such as `committed_ms.p99`.
type Figures = BTreeMap<String, f64>;

struct Pair {
    here: Figures,
    there: Figures,
}

/// Runs both so many times and prints, figure by figure, this build's as a multiple of the other's.
///
/// # Errors
/// A run failed, or its last line is no JSON.
pub fn compare(other: &Path, pairs: u32, measures: &[String]) -> Result<()> {
    let own = std::env::current_exe().context("finding this executable")?;
    let mut all = Vec::new();
    for number in 1..=pairs {
        eprintln!("pair {number} of {pairs}");
        // Who comes second finds the machine warm, or worn: each does so every other time.
        all.push(if number.is_multiple_of(2) {
            let there = run("there", other, measures)?;
            Pair { here: run("here", &own, measures)?, there }
        } else {
            let here = run("here", &own, measures)?;
            Pair { here, there: run("there", other, measures)? }
        });
    }
    print(&all);
    Ok(())
}

fn run(name: &str, executable: &Path, measures: &[String]) -> Result<Figures> {
    let attempt = || format!("running {}", executable.display());
    let output = Command::new(executable).args(measures).stderr(Stdio::inherit()).output().with_context(attempt)?;
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

fn print(pairs: &[Pair]) {
    println!("{:32} {:>10} {:>10} {:>7}   of each pair", "median of", "here", "there", "ratio");
    let names = pairs.first().map(|pair| pair.here.keys()).into_iter().flatten();
    for name in names {
        let figures = pairs.iter().map(|pair| Some((*pair.here.get(name)?, *pair.there.get(name)?)));
        // One that a run could not tell.
        let Some(figures) = figures.collect::<Option<Vec<(f64, f64)>>>() else { continue };
        // What is the same each time was given, not measured.
        if figures.iter().all(|(here, there)| here == there) {
            continue;
        }
        let (here, there): (Vec<f64>, Vec<f64>) = figures.iter().copied().unzip();
        let ratios: Vec<f64> = figures.iter().map(|(here, there)| here / there).collect();
        let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.3}")).collect();
        println!("{name:32} {:10.2} {:10.2} {:7.3}   {}", median(here), median(there), median(ratios), each.join(" "));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
