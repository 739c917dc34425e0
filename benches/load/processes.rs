//! Processor time of programs on this machine, as Linux counts it under /proc.

use std::collections::BTreeMap;
use std::fs;
use std::iter::successors;

/// Milliseconds of a tick: 100 a second is what Linux shows to programs on every machine it is likely to be measured on.
pub const TICK_MS: f64 = 10.0;
/// Parents that are asked for, at most: between two looks an id may come to mean another process.
const DEEPEST: usize = 32;

struct Process {
    parent: u32,
    /// In user and kernel mode, with that of the children it has seen end.
    ticks: u64,
}

/// Ticks of a process and of all below it, dead or alive; `None` if it is not here. Only what still lives when it is read, or was
/// waited for by its parent, is in it: PostgreSQL does so with the process of every connection.
pub fn ticks_of_tree(root: u32) -> Option<u64> {
    let all = all();
    all.get(&root)?;
    let parent = |id: &u32| all.get(id).map(|process| process.parent);
    let is_below = |id: u32| successors(Some(id), parent).take(DEEPEST).any(|id| id == root);
    Some(all.iter().filter(|(id, _)| is_below(**id)).map(|(_, process)| process.ticks).sum())
}

fn all() -> BTreeMap<u32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, read(id)?))).collect()
}

/// The name stands in brackets and may hold anything: what follows the last one is counted. See proc(5), `/proc/pid/stat`.
fn read(id: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let words: Vec<&str> = after_name.split_whitespace().collect();
    let [_state, parent, ..] = words[..] else { return None };
    let times = words.get(11..15)?; // utime, stime, cutime, cstime
    let ticks = times.iter().map(|time| time.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Process { parent: parent.parse().ok()?, ticks })
}
