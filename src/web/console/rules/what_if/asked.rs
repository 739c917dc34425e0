//! What somebody asks: of which lead, at which moment, in which world.

use crate::web::Problem;
use crate::web::console::form::Form;
use baton_core::domain::id::RepId;
use baton_core::rules::FieldDef;
use baton_core::rules::model::field::FieldKind;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Before the name of each field in the form.
const FIELD: &str = "lead.";
/// What may be said beside what conditions test.
static WISHES: [(&str, &[&str]); 2] = [("handoff", &["transfer", "meeting", "callback"]), ("timezone", &[])];
/// Those that are shown at once, in the order of a conversation; after them those that the rules declare themselves.
const FIRST: [&str; 11] = [
    "country",
    "state",
    "postal",
    "city",
    "company",
    "employees",
    "industry",
    "products",
    "language",
    "score",
    "handoff",
];

/// Which lead is to be decided.
pub(super) enum Which {
    /// One that was decided, by its id or its decision's.
    Stored(String),
    /// A whole event, as JSON.
    Event(String),
    /// Fields, as rules name them without `lead.`.
    Fields(Vec<(String, String)>),
}

/// What is known beside the lead and the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum World {
    /// Nothing has happened yet.
    Rest,
    /// As everybody stands now.
    Now,
    /// As it was when the stored lead was decided.
    Then,
}

impl World {
    const ALL: [Self; 3] = [Self::Rest, Self::Now, Self::Then];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Now => "now",
            Self::Then => "then",
        }
    }
}

pub(super) struct Asked {
    pub which: Which,
    pub world: World,
    /// `None`: this moment; of a stored lead in its own world, that of its decision.
    pub at: Option<DateTime<Utc>>,
    /// Whose account it is supposed to be.
    pub owner: Option<RepId>,
    /// Files that were not sent are those of the release that decides.
    pub keeps_rest: bool,
}

impl Asked {
    /// `fields`: those that the release has.
    pub(super) fn read(form: &Form, fields: &BTreeMap<String, FieldDef>) -> Result<Self, Problem> {
        let typed: Vec<(String, String)> =
            names(fields).filter_map(|name| Some((name.to_owned(), form.filled(&format!("{FIELD}{name}"))?))).collect();
        let which = match (form.filled("lead"), form.filled("event"), typed) {
            (Some(id), None, typed) if typed.is_empty() => Which::Stored(id),
            (None, Some(event), typed) if typed.is_empty() => Which::Event(event),
            (None, None, typed) if !typed.is_empty() => Which::Fields(typed),
            (None, None, _) => {
                return Err(Problem::bad_request(
                    "no lead is described; allowed: the id of one that was decided, an event, or at least one field",
                ));
            }
            _ => {
                return Err(Problem::bad_request(
                    "more than one lead is described; allowed: either an id, or an event, or fields: leave the others empty",
                ));
            }
        };
        let world = form.text("world");
        let world = World::ALL.into_iter().find(|one| one.name() == world).unwrap_or(match which {
            Which::Stored(_) => World::Then,
            Which::Event(_) | Which::Fields(_) => World::Rest,
        });
        if world == World::Then && !matches!(which, Which::Stored(_)) {
            return Err(Problem::bad_request(
                "what was known then is kept of leads that were decided; for another one choose the rules alone or this moment",
            ));
        }
        let owner = form.filled("owner").map(RepId::new).transpose();
        let owner = owner.map_err(|refused| Problem::bad_request(refused.to_string()))?;
        let at = form.filled("at").map(|text| moment(&text)).transpose()?;
        Ok(Self { which, world, at, owner, keeps_rest: !form.text("keep").is_empty() })
    }
}

/// As browsers write it, in UTC, or with its own offset.
fn moment(text: &str) -> Result<DateTime<Utc>, Problem> {
    let in_utc = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"].into_iter();
    let mut in_utc = in_utc.filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let found = text.parse().ok().or_else(|| in_utc.next().map(|moment| moment.and_utc()));
    found.ok_or_else(|| {
        let detail = format!("the moment is {text:?}; allowed: a day and a time in UTC, such as 2026-03-03T15:00");
        Problem::bad_request(detail)
    })
}

/// What may be said of a lead, as rules name it without `lead.`.
fn names(fields: &BTreeMap<String, FieldDef>) -> impl Iterator<Item = &str> {
    fields.keys().filter_map(|path| path.strip_prefix(FIELD)).chain(WISHES.map(|(name, _)| name))
}

/// The fields of the form with what was typed: those that are shown at once, and the others.
pub(super) fn form_fields(form: &Form, fields: &BTreeMap<String, FieldDef>) -> (Vec<Value>, Vec<Value>) {
    let is_first = |name: &str| FIRST.contains(&name) || name.starts_with("custom.");
    let place = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let (mut first, more): (Vec<&str>, Vec<&str>) = names(fields).partition(|name| is_first(name));
    first.sort_by_key(|name| place(name));
    let told =
        |names: Vec<&str>| -> Vec<Value> { names.into_iter().map(|name| form_field(name, form, fields)).collect() };
    (told(first), told(more))
}

fn form_field(name: &str, form: &Form, fields: &BTreeMap<String, FieldDef>) -> Value {
    let path = format!("{FIELD}{name}");
    let typed = form.text(&path);
    let wish = WISHES.iter().find(|(wish, _)| *wish == name).map(|(_, words)| words);
    let declared = fields.get(&path);
    let choices: Vec<&str> = match (wish, declared) {
        (Some(words), _) => words.to_vec(),
        (None, Some(FieldDef { kind: FieldKind::Flag, .. })) => vec!["yes", "no"],
        (None, Some(FieldDef { one_of, .. })) => one_of.iter().map(String::as_str).collect(),
        (None, None) => Vec::new(),
    };
    let choices =
        choices.into_iter().map(|choice| json!({ "name": choice, "here": choice.eq_ignore_ascii_case(typed) }));
    let choices: Vec<Value> = choices.collect();
    json!({ "name": path, "typed": typed, "choices": choices })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Asked, Problem> {
        let text = FieldDef { kind: FieldKind::Text, one_of: Vec::new() };
        let fields = ["lead.country", "lead.custom.seats", "account.tier__c"];
        let fields = fields.map(|path| (path.to_owned(), text.clone())).into();
        Asked::read(&Form::read(form.as_bytes()), &fields)
    }

    #[test]
    fn one_lead_is_described_in_one_of_three_ways() {
        let asked = read("lead.country=DE&lead.custom.seats=+12+&account.tier__c=gold&lead.unknown=x").expect("fields");
        let Which::Fields(said) = asked.which else { panic!("no fields") };
        let told: Vec<(&str, &str)> = said.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!((told, asked.world), (vec![("country", "DE"), ("custom.seats", "12")], World::Rest));
        let asked = read("lead=lead_x").expect("an id");
        assert!(matches!(asked.which, Which::Stored(id) if id == "lead_x") && asked.world == World::Then);
        for (form, why) in [
            ("", "no lead is described"),
            ("lead=lead_x&lead.country=DE", "more than one lead"),
            ("lead=lead_x&event={}", "more than one lead"),
            ("lead.country=DE&world=then", "what was known then"),
            ("lead.country=DE&at=noon", "allowed: a day and a time in UTC"),
            ("lead.country=DE&owner=Ana B", "expected 1 to 64 characters"),
        ] {
            let Err(refused) = read(form) else { panic!("{form} is taken") };
            assert!(refused.detail().contains(why), "{form}: {}", refused.detail());
        }
    }

    #[test]
    fn a_moment_is_read_as_browsers_write_it_and_with_an_offset() {
        for text in ["2026-03-03T15:00", "2026-03-03 15:00", "2026-03-03T15:00:00", "2026-03-03T16:00:00+01:00"] {
            assert_eq!(
                moment(text).ok().map(|at| at.to_rfc3339()),
                Some("2026-03-03T15:00:00+00:00".to_owned()),
                "{text}"
            );
        }
    }
}
