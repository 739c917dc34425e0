//! The page of `rules/routing.yaml`: every entry in its place, as a route or as a comment, and the pools they name.

use super::clause::Clause;
use super::entry::{Names, RuleEntry, To};
use super::fields::Fields;
use crate::{Imported, comment, yaml_text};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What becomes of the entries, in their order.
#[derive(Default)]
pub(super) struct Page {
    lines: Vec<Written>,
    said: u32,
    /// The entry that takes everything, and whom it gives it.
    pub ended: Option<u32>,
    catch_all: Option<To>,
}

enum Written {
    Route { number: u32, line: u32, said: Clause, to: To },
    Comment(String),
}

impl Page {
    pub(super) fn end(&mut self, number: u32, to: &To, entry: &RuleEntry, imported: &mut Imported) {
        self.said += 1;
        self.ended = Some(number);
        if matches!(to, To::Stop) {
            imported.note(
                entry.line,
                format!("entry {number} takes whatever is left, and gives it to nobody"),
                "name the pool that takes it as catch_all; \"catch-all\" stands there",
            );
        }
        self.catch_all = Some(to.clone());
    }

    pub(super) fn route(&mut self, number: u32, entry: &RuleEntry, said: Clause, to: &To) {
        self.said += 1;
        self.lines.push(Written::Route { number, line: entry.line, said, to: to.clone() });
    }

    pub(super) fn leave_out(&mut self, number: u32, entry: &RuleEntry, why: &str, imported: &mut Imported) {
        let (line, was) = (entry.line, comment(&entry.was));
        self.lines.push(Written::Comment(format!("  # entry {number}, line {line}: {}\n  #   {was}\n", comment(why))));
        let todo = if self.ended.is_some() {
            "put it before that entry if it should count; it stands as a comment"
        } else {
            "write this route by hand; it stands as a comment"
        };
        imported.note(line, format!("entry {number}: {why}"), todo);
    }

    /// Paths of the fields that routes ask for.
    pub(super) fn written(&self) -> BTreeSet<String> {
        let routes = self.lines.iter().filter_map(|line| match line {
            Written::Route { said, .. } => Some(said),
            Written::Comment(_) => None,
        });
        let mut paths = BTreeSet::new();
        routes.for_each(|said| {
            said.each_path(&mut |path| {
                paths.insert(path.to_owned());
            });
        });
        paths
    }

    pub(super) fn yaml(
        &self,
        entries: &[RuleEntry],
        fields: &Fields,
        names: &Names,
        imported: &mut Imported,
    ) -> String {
        let mut pools: BTreeMap<String, String> = BTreeMap::new();
        for ours in names.queues.values() {
            pools.insert(ours.clone(), format!("{{ team: {ours} }}"));
            let todo = format!("give them the team {ours} in rules/reps.csv");
            imported.note(1, format!("the members of queue {ours:?} are not in this file"), todo);
        }
        let catch_all = self.catch_all(entries, names, &mut pools, imported);
        let written = self.written();
        let custom: Vec<_> = fields.values().filter(|field| field.custom && written.contains(&field.path)).collect();
        let mut yaml =
            "# Made of Salesforce assignment rules. Each queue is a pool; its members are the reps whose team in reps.csv has\n\
                        # the pool's name. Read every route once: `baton check` tells what is missing, `baton diff` what a change does.\n\
                        version: 1\n"
                .to_owned();
        if !custom.is_empty() {
            yaml.push_str("fields:\n");
            custom.iter().for_each(|field| {
                let _ = writeln!(yaml, "  {}: {{ type: {} }}", field.path, field.kind.declared());
            });
        }
        yaml.push_str("ownership: []\ntiers:\n  - name: all\npools:\n");
        for (name, members) in &pools {
            let _ = writeln!(yaml, "  - name: {name}\n    members: {members}");
        }
        let routed = self.lines.iter().any(|line| matches!(line, Written::Route { .. }));
        yaml.push_str(if routed { "routes:\n" } else { "routes: []\n" });
        for line in &self.lines {
            match line {
                Written::Comment(text) => yaml.push_str(text),
                Written::Route { number, line, said, to } => {
                    let (name, target) = match to {
                        To::Queue(queue) => {
                            (format!("{number} to {}", names.queues[queue]), to_pool(&names.queues[queue]))
                        }
                        To::User(user) => {
                            (format!("{number} to {}", names.user(user)), format!("rep: {}", names.user(user)))
                        }
                        To::Stop => (format!("{number} nobody assigned"), to_pool(&catch_all)),
                    };
                    route(&mut yaml, &name, *line, said, &target);
                }
            }
        }
        let _ = writeln!(yaml, "catch_all: {{ pool: {catch_all} }}");
        let told = format!("{} of {} entries can be said as routes, {} pools", self.said, entries.len(), pools.len());
        imported.told.push(told);
        yaml
    }

    /// The pool that takes what is left. A user stays a user: a pool of one.
    fn catch_all(
        &self,
        entries: &[RuleEntry],
        names: &Names,
        pools: &mut BTreeMap<String, String>,
        imported: &mut Imported,
    ) -> String {
        let other = |wanted: &str, pools: &BTreeMap<String, String>| {
            let taken = pools.contains_key(wanted);
            if taken { format!("{wanted}-only") } else { wanted.to_owned() }
        };
        match &self.catch_all {
            Some(To::Queue(queue)) => names.queues[queue].clone(),
            Some(To::User(user)) => {
                let rep = names.user(user);
                let name = other(rep, pools);
                pools.insert(name.clone(), format!("[{rep}]"));
                name
            }
            Some(To::Stop) | None => {
                if self.catch_all.is_none() {
                    let line = entries.last().map_or(1, |entry| entry.line);
                    let todo = "name the pool that takes it as catch_all; \"catch-all\" stands there";
                    imported.note(line, "no last entry takes what is left", todo);
                }
                let name = other("catch-all", pools);
                pools.insert(name.clone(), format!("{{ team: {name} }}"));
                let todo = format!("give them the team {name} in rules/reps.csv");
                imported.note(1, format!("the members of pool {name:?} are not in this file"), todo);
                name
            }
        }
    }
}

fn to_pool(pool: &str) -> String {
    format!("pool: {pool}")
}

fn route(yaml: &mut String, name: &str, line: u32, said: &Clause, target: &str) {
    let _ = writeln!(yaml, "  - name: {} # line {line}", yaml_text(name));
    match said {
        Clause::All(parts) if distinct(parts) => parts.iter().for_each(|part| {
            let _ = writeln!(yaml, "    {}", part.flow());
        }),
        one => {
            let _ = writeln!(yaml, "    {}", one.flow());
        }
    }
    let _ = writeln!(yaml, "    to: {{ {target} }}");
}

/// No key twice, so that the parts may stand side by side in one map.
fn distinct(parts: &[Clause]) -> bool {
    let keys: BTreeSet<&str> = parts.iter().map(Clause::key).collect();
    keys.len() == parts.len()
}
