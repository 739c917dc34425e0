//! `routing.yaml`, the order of thought, as read; names are looked up in `resolve`.

mod ownership;

pub(crate) use ownership::EXISTING;

use super::pools::{self, PoolDraft};
use super::{conditions, matching, segments};
use crate::domain::id::TierId;
use crate::rules::fault::{At, Faults, Word, quoted};
use crate::rules::files::vocabulary::Vocabulary;
use crate::rules::files::yaml::{Node, Section};
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::set::{Assignment, CalendarRules, CountsAs, MatchRules, OwnershipRule};
use crate::rules::words::values;
use std::collections::BTreeSet;
use std::time::Duration;

/// The only version of the file's shape so far.
pub(crate) const VERSION: &str = "1";
pub(crate) const ASSIGNMENT: [(&str, Assignment); 2] = [("baton", Assignment::Baton), ("crm", Assignment::Crm)];
/// Where the rules say nothing: a meeting that was made since costs one ring in vain, and a vendor that is down for longer
/// must not make everybody free.
const CALENDARS_BELIEVED_FOR: Duration = Duration::from_secs(15 * 60);
const CALENDARS_BELIEVED_FOR_AT_LEAST: Duration = Duration::from_secs(60);
pub(crate) const COUNTS_AS: [(&str, CountsAs); 2] = [("busy", CountsAs::Busy), ("free", CountsAs::Free)];
pub(crate) const IF_UNDECIDED: [(&str, IfUndecided); 2] =
    [("skip", IfUndecided::Skip), ("catch_all", IfUndecided::CatchAll)];

pub(crate) struct File {
    pub vocabulary: Vocabulary,
    pub matching: MatchRules,
    pub shared_domains: BTreeSet<String>,
    pub ownership: Vec<OwnershipRule>,
    pub assignment: Assignment,
    pub calendars_believed_for: Duration,
    pub calendars: CalendarRules,
    pub tiers: Vec<TierDraft>,
    pub pools: Vec<PoolDraft>,
    pub routes: Vec<RouteDraft>,
    /// `None` after a fault.
    pub catch_all: Option<Word>,
}

pub(crate) struct TierDraft {
    pub name: TierId,
    pub at: At,
    pub when: Condition,
    pub if_undecided: IfUndecided,
    pub ladder: Option<Word>,
}

pub(crate) struct RouteDraft {
    pub name: Word,
    pub when: Condition,
    pub if_undecided: IfUndecided,
    /// `None` after a fault.
    pub to: Option<To>,
}

pub(crate) enum To {
    Pool(Word),
    Rep(Word),
}

pub(crate) fn read(root: &Node, faults: &mut Faults) -> File {
    let mut section = root.section(faults);
    version(&mut section, faults);
    let mut vocabulary = Vocabulary::read(section.get("fields"), faults);
    segments::read::all(section.get("segments"), &mut vocabulary, faults);
    let (matching, shared_domains) = matching::read(section.get("match"), faults);
    let file = File {
        matching,
        shared_domains,
        ownership: ownership::read(section.get("ownership"), faults),
        assignment: assignment(&mut section, faults),
        calendars_believed_for: calendars_believed_for(&mut section, faults),
        calendars: calendars(section.get("calendars"), faults),
        tiers: tiers(section.require("tiers", faults), &vocabulary, faults),
        pools: pools(section.require("pools", faults), faults),
        routes: routes(section.get("routes"), &vocabulary, faults),
        catch_all: section.require("catch_all", faults).and_then(|node| catch_all(node, faults)),
        vocabulary,
    };
    section.finish(faults);
    file
}

fn items<'n>(node: Option<&'n Node>, faults: &mut Faults) -> &'n [Node] {
    node.map(|node| node.list(faults)).unwrap_or_default()
}

fn version(section: &mut Section<'_>, faults: &mut Faults) {
    let word = section.require("version", faults).and_then(|node| node.word(faults));
    if let Some(word) = word
        && word.text != VERSION
    {
        faults.error("version-unknown", word.at, quoted(&word.text), VERSION);
    }
}

/// A worker reads each calendar at least once a minute: what counts for less would be unknown between one look and the next.
fn calendars_believed_for(section: &mut Section<'_>, faults: &mut Faults) -> Duration {
    let word = section.get("calendars_believed_for").and_then(|node| node.word(faults));
    let Some(word) = word else { return CALENDARS_BELIEVED_FOR };
    let span = faults.read(&word, "bad-duration", values::DURATION, values::duration);
    if span.is_some_and(|span| span < CALENDARS_BELIEVED_FOR_AT_LEAST) {
        let allowed = format!("at least {}", values::spell(CALENDARS_BELIEVED_FOR_AT_LEAST));
        let hint =
            "calendars are read every 45 seconds: an answer that counts for less would be unknown most of the time";
        faults
            .error("calendars-believed-too-briefly", word.at, quoted(&word.text), allowed)
            .hint(Some(hint.to_owned()));
    }
    span.unwrap_or(CALENDARS_BELIEVED_FOR)
}

fn calendars(node: Option<&Node>, faults: &mut Faults) -> CalendarRules {
    let Some(node) = node else { return CalendarRules::default() };
    let mut section = node.section(faults);
    let mut counts_as = |key| {
        let word = section.get(key).and_then(|node| node.word(faults));
        word.and_then(|word| faults.choice(&word, "calendars-count-unknown", &COUNTS_AS)).unwrap_or_default()
    };
    let rules =
        CalendarRules { tentative: counts_as("tentative"), focus: counts_as("focus"), all_day: counts_as("all_day") };
    section.finish(faults);
    rules
}

fn assignment(section: &mut Section<'_>, faults: &mut Faults) -> Assignment {
    let word = section.get("assignment").and_then(|node| node.word(faults));
    word.and_then(|word| faults.choice(&word, "assignment-unknown", &ASSIGNMENT)).unwrap_or_default()
}

/// First match, so all but the last need a condition, and the last must have none.
fn tiers(node: Option<&Node>, vocabulary: &Vocabulary, faults: &mut Faults) -> Vec<TierDraft> {
    let nodes = items(node, faults);
    if let (Some(node), true) = (node, nodes.is_empty()) {
        faults.error("tiers-empty", node.at, "no tier", "at least one tier, the last one without condition");
    }
    let mut tiers: Vec<TierDraft> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let told = faults.count();
        let Some(tier) = tier(node, vocabulary, faults) else { continue };
        if tiers.iter().any(|other| other.name == tier.name) {
            faults.error("tier-twice", tier.at, format!("{} a second time", tier.name), "each tier once");
        }
        let is_last = index + 1 == nodes.len();
        if faults.count() == told {
            match (is_last, tier.when == Condition::Always) {
                (true, false) => {
                    faults
                        .error(
                            "tier-last-conditional",
                            tier.at,
                            format!("a condition on the last tier, {}", tier.name),
                            "a last tier without condition",
                        )
                        .hint(Some("add a tier for all other leads after it".to_owned()));
                }
                (false, true) => {
                    let found = format!("tier {} without condition, before others", tier.name);
                    faults.error("tier-hides-others", tier.at, found, "a condition on every tier but the last");
                }
                (true, true) | (false, false) => {}
            }
        }
        tiers.push(tier);
    }
    tiers
}

fn tier(node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Option<TierDraft> {
    let mut section = node.section(faults);
    let name = section.require("name", faults).and_then(|node| node.word(faults));
    let ladder = section.get("ladder").and_then(|node| node.word(faults));
    let if_undecided = if_undecided(&mut section, faults);
    let when = conditions::of_rule(&mut section, vocabulary, faults);
    let word = name?;
    let allowed = "1 to 64 characters without blanks at the ends";
    let name = faults.read(&word, "tier-bad-name", allowed, |text| TierId::new(text).ok())?;
    Some(TierDraft { name, at: word.at, when, if_undecided, ladder })
}

fn if_undecided(section: &mut Section<'_>, faults: &mut Faults) -> IfUndecided {
    let word = section.get("if_undecided").and_then(|node| node.word(faults));
    word.and_then(|word| faults.choice(&word, "if-undecided-unknown", &IF_UNDECIDED)).unwrap_or_default()
}

fn pools(node: Option<&Node>, faults: &mut Faults) -> Vec<PoolDraft> {
    let mut pools: Vec<PoolDraft> = Vec::new();
    for node in items(node, faults) {
        let Some(pool) = pools::read(node, faults) else { continue };
        if pools.iter().any(|other| other.id == pool.id) {
            faults.error("pool-twice", pool.at, format!("{} a second time", pool.id), "each pool once");
            continue;
        }
        pools.push(pool);
    }
    pools
}

fn routes(node: Option<&Node>, vocabulary: &Vocabulary, faults: &mut Faults) -> Vec<RouteDraft> {
    let mut routes: Vec<RouteDraft> = Vec::new();
    for node in items(node, faults) {
        let Some(route) = route(node, vocabulary, faults) else { continue };
        if routes.iter().any(|other| other.name.text == route.name.text) {
            let found = format!("{} a second time", quoted(&route.name.text));
            faults.error("route-twice", route.name.at, found, "each name once: reports count by it");
        }
        routes.push(route);
    }
    routes
}

fn route(node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Option<RouteDraft> {
    let told = faults.count();
    let mut section = node.section(faults);
    let name = section.require("name", faults).and_then(|node| node.word(faults));
    let to = section.require("to", faults).and_then(|node| to(node, faults));
    let if_undecided = if_undecided(&mut section, faults);
    let when = conditions::of_rule(&mut section, vocabulary, faults);
    let name = name?;
    if faults.count() == told && when == Condition::Always {
        let hint = "the catch_all takes what no rule has taken";
        faults
            .error(
                "route-without-condition",
                name.at,
                quoted(&name.text),
                "a condition: without one it takes every lead",
            )
            .hint(Some(hint.to_owned()));
    }
    Some(RouteDraft { name, when, if_undecided, to })
}

fn to(node: &Node, faults: &mut Faults) -> Option<To> {
    let mut section = node.section(faults);
    let pool = section.get("pool").and_then(|node| node.word(faults));
    let rep = section.get("rep").and_then(|node| node.word(faults));
    section.finish(faults);
    match (pool, rep) {
        (Some(pool), None) => Some(To::Pool(pool)),
        (None, Some(rep)) => Some(To::Rep(rep)),
        (pool, _) => {
            let found = if pool.is_some() { "both pool and rep" } else { "neither pool nor rep" };
            faults.error("route-needs-one-target", node.at, found, "{ pool: NAME } or { rep: NAME }");
            None
        }
    }
}

fn catch_all(node: &Node, faults: &mut Faults) -> Option<Word> {
    let mut section = node.section(faults);
    let pool = section.require("pool", faults).and_then(|node| node.word(faults));
    section.finish(faults);
    pool
}
