//! Salesforce lead assignment rules (metadata type `AssignmentRules`) as routes of `rules/routing.yaml`.
//!
//! Entries keep their order, since the first that holds wins there as here. An entry that can be said only in part is not
//! said at all: it stands as a comment where it would be, with what is missing, because half a condition takes leads that
//! are not its own. What no lead reaches there, after an entry that takes everything, is a comment too. An entry that names
//! nobody ends the search there; here it leads to the catch-all.

mod asked;
mod clause;
mod criteria;
mod entry;
mod fields;
mod formula;
mod page;
mod said;
mod states;
mod values;
mod xml;

use super::Imported;
use asked::Criterion;
use clause::Clause;
use entry::{Names, RuleEntry};
use fields::ValueKind;
use page::Page;
use roxmltree::{Document, Node};
use said::Speaker;
use states::States;
use xml::{child_text, children, line};

const PATH: &str = "rules/routing.yaml";

/// # Errors
/// The text is no XML, or holds no assignment rule of leads.
pub fn import(text: &str) -> Result<Imported, String> {
    let document = Document::parse(text).map_err(|error| format!("reading XML: {error}"))?;
    let rules: Vec<Node> = children(document.root_element(), "assignmentRule").collect();
    let active = |rule: &Node| child_text(*rule, "active") == "true";
    let Some(rule) = rules.iter().find(|rule| active(rule)).or_else(|| rules.first()).copied() else {
        return Err(
            "no <assignmentRule>: expected the metadata of AssignmentRules, such as Lead.assignmentRules-meta.xml"
                .to_owned(),
        );
    };
    let mut imported = Imported::default();
    let name = child_text(rule, "fullName");
    imported.told.push(format!("assignment rule {name:?}, {}", if active(&rule) { "active" } else { "not active" }));
    for other in rules.iter().filter(|other| other.id() != rule.id()) {
        let why = if active(other) { "it says it is active too, and the first was taken" } else { "it is not active" };
        let todo = "import it into a folder of its own if it is wanted";
        imported.note(line(*other), format!("rule {:?} was left out: {why}", child_text(*other, "fullName")), todo);
    }
    let nodes: Vec<Node> = children(rule, "ruleEntry").collect();
    for node in &nodes {
        let template = child_text(*node, "template");
        if !template.is_empty() {
            let todo = "the mail to the new owner is a template of Baton: see templates/";
            imported.note(line(*node), format!("e-mail template {template}"), todo);
        }
    }
    let entries: Vec<RuleEntry> = nodes.into_iter().map(RuleEntry::of).collect();
    let yaml = routing(&entries, &mut imported)?;
    imported.files.push((PATH, yaml));
    Ok(imported)
}

fn routing(entries: &[RuleEntry], imported: &mut Imported) -> Result<String, String> {
    let mut criteria: Vec<&Criterion> = Vec::new();
    for asked in entries.iter().filter_map(|entry| entry.asked.as_ref()?.as_ref().ok()) {
        asked.each_test(&mut |criterion| criteria.push(criterion));
    }
    let fields = fields::of(criteria.iter().copied())?;
    let states: Vec<String> = criteria
        .iter()
        .filter(|criterion| fields[&fields::name(&criterion.field)].kind == ValueKind::State)
        .flat_map(|criterion| values::of(criterion))
        .collect();
    let states = States::of(states.iter().map(String::as_str));
    let mut speaker = Speaker { fields: &fields, states: &states, notes: Vec::new() };
    let names = Names::of(entries, imported);
    let mut page = Page::default();
    for (number, entry) in (1u32..).zip(entries) {
        if let Some(end) = page.ended {
            page.leave_out(number, entry, &format!("never reached: entry {end} takes whatever comes to it"), imported);
            continue;
        }
        let said = match &entry.asked {
            None => Ok(Clause::Always),
            Some(Ok(asked)) => speaker.say(asked),
            Some(Err(why)) => Err(why.clone()),
        };
        match (said, &entry.to) {
            (Ok(Clause::Always), Ok(to)) => page.end(number, to, entry, imported),
            (Ok(said), Ok(to)) => page.route(number, entry, said, to),
            (Err(why), _) => page.leave_out(number, entry, &why, imported),
            (_, Err(why)) => page.leave_out(number, entry, why, imported),
        }
    }
    imported.notes.extend(speaker.notes.into_iter().map(|(line, found, todo)| super::Note { line, found, todo }));
    let written = page.written();
    for field in fields.values().filter(|field| field.custom && written.contains(&field.path)) {
        let todo = format!(
            "let the voice agent send it as data.{}, or take the route away",
            field.path.trim_start_matches("lead.")
        );
        imported.note(field.line, format!("{} is no field of a call", field.theirs), todo);
    }
    Ok(page.yaml(entries, &fields, &names, imported))
}

#[cfg(test)]
mod tests;
