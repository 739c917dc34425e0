//! The pools of `routing.yaml` as read; names are looked up in `resolve`.

use crate::domain::id::PoolId;
use crate::rules::fault::{At, Faults, Word, listed, quoted};
use crate::rules::files::members::{self, Members};
use crate::rules::files::prefer::{self, Wished};
use crate::rules::files::yaml::{Node, Section};
use crate::rules::model::set::{CalendarUnknown, Caps, OrderPolicy, WhenFull};
use crate::rules::words::values;

pub(crate) const POLICIES: [(&str, OrderPolicy); 4] = [
    ("balanced", OrderPolicy::Balanced),
    ("strict", OrderPolicy::Strict),
    ("longest-idle", OrderPolicy::LongestIdle),
    ("least-loaded", OrderPolicy::LeastLoaded),
];
pub(crate) const CALENDAR_UNKNOWN: [(&str, CalendarUnknown); 3] = [
    ("counts_as_free", CalendarUnknown::CountsAsFree),
    ("after_the_others", CalendarUnknown::AfterTheOthers),
    ("counts_as_busy", CalendarUnknown::CountsAsBusy),
];
pub(crate) const WHEN_FULL: [(&str, WhenFull); 2] = [("forgo", WhenFull::Forgo), ("keep_turn", WhenFull::KeepTurn)];

pub(crate) struct PoolDraft {
    pub id: PoolId,
    pub at: At,
    pub territories: Vec<Word>,
    pub tiers: Vec<Word>,
    pub members: Option<Members>,
    /// `language`, `product` or the name of a skill.
    pub require: Vec<Word>,
    /// The most important first.
    pub prefer: Vec<Wished>,
    pub policy: OrderPolicy,
    pub caps: Caps,
    pub when_full: WhenFull,
    pub overflow: Option<Word>,
    pub calendar_unknown: CalendarUnknown,
    pub owned_leads_count: bool,
    pub lead_rep: Option<Word>,
}

/// `None` after a fault in the name, without which nothing can point here.
pub(crate) fn read(node: &Node, faults: &mut Faults) -> Option<PoolDraft> {
    let mut section = node.section(faults);
    let name = section.require("name", faults).and_then(|node| node.word(faults));
    let allowed = "1 to 64 characters without blanks at the ends";
    let id = name.as_ref().and_then(|name| faults.read(name, "pool-bad-name", allowed, |text| PoolId::new(text).ok()));
    let (territories, tiers) = section.get("serves").map(|node| serves(node, faults)).unwrap_or_default();
    let members = section.require("members", faults).map(|node| members::read(node, faults));
    let require = section.get("require").map(|node| node.words(faults)).unwrap_or_default();
    let prefer = section.get("prefer").map(|node| prefer::read(node, faults)).unwrap_or_default();
    let policy = policy(&mut section, faults);
    let caps = section.get("caps").map(|node| caps(node, faults)).unwrap_or_default();
    let when_full = choice(&mut section, "when_full", "pool-unknown-choice", &WHEN_FULL, faults);
    let overflow = section.get("overflow").and_then(|node| node.word(faults));
    let unknown = choice(&mut section, "calendar_unknown", "pool-unknown-choice", &CALENDAR_UNKNOWN, faults);
    let owned = section.get("owned_leads_count").and_then(|node| node.word(faults));
    let owned = owned.and_then(|word| faults.read(&word, "pool-bad-flag", values::FLAG, values::flag));
    let lead_rep = section.get("lead_rep").and_then(|node| node.word(faults));
    section.finish(faults);
    Some(PoolDraft {
        id: id?,
        at: name?.at,
        territories,
        tiers,
        members,
        require,
        prefer,
        policy: policy.unwrap_or_default(),
        caps,
        when_full: when_full.unwrap_or_default(),
        overflow,
        calendar_unknown: unknown.unwrap_or_default(),
        owned_leads_count: owned.unwrap_or(false),
        lead_rep,
    })
}

/// Other products' words are met with ours.
fn policy(section: &mut Section<'_>, faults: &mut Faults) -> Option<OrderPolicy> {
    let word = section.get("policy")?.word(faults)?;
    if word.text.to_lowercase().replace(['-', '_', ' '], "").contains("roundrobin") {
        let hint = "write balanced, turns by weight, or strict, turns without weights";
        let allowed = listed(POLICIES.iter().map(|(name, _)| *name));
        faults.error("pool-unknown-policy", word.at, quoted(&word.text), allowed).hint(Some(hint.to_owned()));
        return None;
    }
    faults.choice(&word, "pool-unknown-policy", &POLICIES)
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

fn caps(node: &Node, faults: &mut Faults) -> Caps {
    let mut section = node.section(faults);
    let per_day = cap(&mut section, "per_day", faults);
    let per_week = cap(&mut section, "per_week", faults);
    let open = cap(&mut section, "open", faults);
    section.finish(faults);
    Caps { per_day, per_week, open }
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
