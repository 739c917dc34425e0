//! What is told of a decision, part by part, for whoever lays it out otherwise than as plain text.

/// Lines under a title.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Part {
    pub title: String,
    pub lines: Vec<String>,
}

/// Of what [`super::explain_whole`] says: a part begins after an empty line, with its title.
pub fn parts(told: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut begins = true;
    for line in told.lines() {
        if line.is_empty() {
            begins = true;
            continue;
        }
        let line = line.trim_start().to_owned();
        match parts.last_mut() {
            Some(part) if !begins => part.lines.push(line),
            _ => parts.push(Part { title: line, lines: Vec::new() }),
        }
        begins = false;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::explain::explain;
    use baton_core::routing::scenario::scenario;

    #[test]
    fn every_line_is_in_a_part_under_its_title() {
        let world = scenario().owner("ana").busy("ben", "10:30");
        let told = explain(&world.decide(), &world.lead, &world.rules);
        let parts = parts(&told);
        let titled = |title: &str| parts.iter().find(|part| part.title.starts_with(title));
        assert!(
            parts[0].title.contains(" owns the lead of Acme") && parts[0].lines[0].starts_with("Because: "),
            "{parts:?}"
        );
        assert!(titled("Territory").is_some_and(|part| part.lines[0].starts_with("West (line 2")), "{parts:?}");
        let lines: usize = parts.iter().map(|part| 1 + part.lines.len()).sum();
        assert_eq!(lines, told.lines().filter(|line| !line.is_empty()).count());
    }
}
