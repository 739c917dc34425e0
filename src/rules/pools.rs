//! The pools of `routing.yaml` as read; names are looked up in `resolve`.

use super::fault::{At, Faults, Word, quoted};
use super::set::{CalendarUnknown, Caps, OrderPolicy};
use super::values;
use super::yaml::{Data, Node, Section};
use crate::domain::id::PoolId;

pub const POLICIES: [(&str, OrderPolicy); 4] = [
    ("balanced", OrderPolicy::Balanced),
    ("strict", OrderPolicy::Strict),
    ("longest-idle", OrderPolicy::LongestIdle),
    ("least-loaded", OrderPolicy::LeastLoaded),
];
pub const CALENDAR_UNKNOWN: [(&str, CalendarUnknown); 3] = [
    ("counts_as_free", CalendarUnknown::CountsAsFree),
    ("after_the_others", CalendarUnknown::AfterTheOthers),
    ("counts_as_busy", CalendarUnknown::CountsAsBusy),
];

pub struct Draft {
    pub id: PoolId,
    pub at: At,
    pub territories: Vec<Word>,
    pub tiers: Vec<Word>,
    pub members: Option<Members>,
    /// `language` or the name of a skill.
    pub require: Vec<Word>,
    pub policy: OrderPolicy,
    pub caps: Caps,
    pub overflow: Option<Word>,
    pub calendar_unknown: CalendarUnknown,
    pub owned_leads_count: bool,
    pub lead_rep: Option<Word>,
}

pub struct Members {
    pub at: At,
    pub who: Who,
}

pub enum Who {
    /// Every rep of one of these teams and of one of these seniorities; an empty list means any.
    Select { teams: Vec<Word>, seniorities: Vec<Word> },
    /// These reps with these weights.
    Named(Vec<(Word, u32)>),
}

/// `None` after a fault in the name, without which nothing can point here.
pub fn read(node: &Node, faults: &mut Faults) -> Option<Draft> {
    let mut section = node.section(faults);
    let name = section.require("name", faults).and_then(|node| node.word(faults));
    let allowed = "1 to 64 characters without blanks at the ends";
    let id = name.as_ref().and_then(|name| faults.read(name, "pool-bad-name", allowed, |text| PoolId::new(text).ok()));
    let (territories, tiers) = section.get("serves").map(|node| serves(node, faults)).unwrap_or_default();
    let members = section.require("members", faults).map(|node| members(node, faults));
    let require = section.get("require").map(|node| node.words(faults)).unwrap_or_default();
    let policy = choice(&mut section, "policy", "pool-unknown-policy", &POLICIES, faults);
    let caps = section.get("caps").map(|node| caps(node, faults)).unwrap_or_default();
    let overflow = section.get("overflow").and_then(|node| node.word(faults));
    let unknown = choice(&mut section, "calendar_unknown", "pool-unknown-choice", &CALENDAR_UNKNOWN, faults);
    let owned = section.get("owned_leads_count").and_then(|node| node.word(faults));
    let owned = owned.and_then(|word| faults.read(&word, "pool-bad-flag", values::FLAG, values::flag));
    let lead_rep = section.get("lead_rep").and_then(|node| node.word(faults));
    section.finish(faults);
    Some(Draft {
        id: id?,
        at: name?.at,
        territories,
        tiers,
        members,
        require,
        policy: policy.unwrap_or_default(),
        caps,
        overflow,
        calendar_unknown: unknown.unwrap_or_default(),
        owned_leads_count: owned.unwrap_or(false),
        lead_rep,
    })
}

fn choice<T: Copy>(
    section: &mut Section<'_>,
    key: &'static str,
    code: &'static str,
    choices: &[(&'static str, T)],
    faults: &mut Faults,
) -> Option<T> {
    let word = section.get(key)?.word(faults)?;
    faults.choice(&word, code, choices)
}

fn serves(node: &Node, faults: &mut Faults) -> (Vec<Word>, Vec<Word>) {
    let mut section = node.section(faults);
    let territories = section.get("territory").map(|node| node.words(faults)).unwrap_or_default();
    let tiers = section.get("tier").map(|node| node.words(faults)).unwrap_or_default();
    section.finish(faults);
    (territories, tiers)
}

fn members(node: &Node, faults: &mut Faults) -> Members {
    let selects = |entries: &[(Word, Node)]| entries.iter().any(|(key, _)| matches!(&*key.text, "team" | "seniority"));
    let who = match &node.data {
        Data::Map(entries) if selects(entries) => select(node, faults),
        Data::Map(entries) => Who::Named(entries.iter().map(|entry| weighted(entry, faults)).collect()),
        Data::List(items) => Who::Named(items.iter().flat_map(|item| member(item, faults)).collect()),
        Data::Empty | Data::Text(_) => {
            let allowed = "{ team: …, seniority: … }, a list of reps, or reps with weights ({ ana.ruiz: 2 })";
            faults.error("pool-bad-members", node.at, node.describe(), allowed);
            Who::Named(Vec::new())
        }
    };
    Members { at: node.at, who }
}

fn select(node: &Node, faults: &mut Faults) -> Who {
    let mut section = node.section(faults);
    let teams = section.get("team").map(|node| node.words(faults)).unwrap_or_default();
    let seniorities = section.get("seniority").map(|node| node.words(faults)).unwrap_or_default();
    section.finish(faults);
    Who::Select { teams, seniorities }
}

/// An item of a list: `ana.ruiz` or `ana.ruiz: 2`.
fn member(node: &Node, faults: &mut Faults) -> Vec<(Word, u32)> {
    if let Data::Map(entries) = &node.data {
        return entries.iter().map(|entry| weighted(entry, faults)).collect();
    }
    node.word(faults).map(|word| (word, 1)).into_iter().collect()
}

fn weighted((rep, node): &(Word, Node), faults: &mut Faults) -> (Word, u32) {
    let word = node.word(faults);
    let weight = word.and_then(|word| faults.read(&word, "pool-bad-weight", values::WEIGHT, values::weight));
    (rep.clone(), weight.unwrap_or(1))
}

fn caps(node: &Node, faults: &mut Faults) -> Caps {
    let mut section = node.section(faults);
    let per_day = cap(&mut section, "per_day", faults);
    let open = cap(&mut section, "open", faults);
    section.finish(faults);
    Caps { per_day, open }
}

fn cap(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<u32> {
    let word = section.get(key)?.word(faults)?;
    let cap = values::positive(&word.text);
    if cap.is_none() {
        let hint = "leave the cap out for no limit; a rep who gets nothing is taken out of the pool";
        faults.error("pool-bad-cap", word.at, quoted(&word.text), values::POSITIVE).hint(Some(hint.to_owned()));
    }
    cap
}
