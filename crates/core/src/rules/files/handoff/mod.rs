//! `handoff.yaml`: the caller's patience, rings, ladders, booking and callback.

mod booking;
mod callback;

use crate::domain::effect::Comfort;
use crate::domain::id::RepId;
use crate::domain::lead::DisclosureKind;
use crate::rules::fault::{At, Faults, Word, did_you_mean, quoted};
use crate::rules::files::yaml::{Data, Node, Section};
use crate::rules::model::set::{
    AwayAfterMisses, CallbackDial, CallbackRules, ConfirmBy, HandoffRules, Introduction, Ladders, RingPlan, Rung,
    TextBack, Tier, live_at_most,
};
use crate::rules::words::values;
pub(crate) use callback::ACTS;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

pub(crate) const RUNGS: [(&str, Rung); 3] =
    [("warm_transfer", Rung::WarmTransfer), ("booking", Rung::Booking), ("callback", Rung::Callback)];

/// What a caller hears who waits for a rep.
pub(crate) const COMFORTS: [(&str, Comfort); 2] = [("music", Comfort::Music), ("agent", Comfort::Agent)];

/// Who makes caller and rep known to each other.
pub(crate) const INTRODUCTIONS: [(&str, Introduction); 2] =
    [("none", Introduction::None), ("agent", Introduction::Agent)];
/// Of what callers are to be told.
pub(crate) const DISCLOSURES: [(&str, DisclosureKind); 2] =
    [("ai", DisclosureKind::Ai), ("recording", DisclosureKind::Recording)];
/// Who begins a call that was promised.
pub(crate) const DIALS: [(&str, CallbackDial); 2] =
    [("by_button", CallbackDial::ByButton), ("at_the_time", CallbackDial::AtTheTime)];
/// How a lead is told of a meeting.
pub(crate) const CONFIRMS: [(&str, ConfirmBy); 2] = [("email", ConfirmBy::Email), ("text", ConfirmBy::Text)];
/// Who is sent a text when they were missed.
pub(crate) const TEXT_BACKS: [(&str, TextBack); 3] =
    [("nobody", TextBack::Nobody), ("agreed", TextBack::Agreed), ("callers", TextBack::Callers)];

const RING_PLANS: &str = "one_by_one, { at_once: 2 } or { add_every: 5s }";

/// The ring plan that is one word.
pub(crate) const ONE_BY_ONE: [(&str, RingPlan); 1] = [("one_by_one", RingPlan::OneByOne)];

/// A lead of which nobody tells what became counts as open for this long, where `open_for` is left out: a cap that only ever
/// fills would stop a pool.
pub(crate) const OPEN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// The file as read; names are not looked up yet.
pub(crate) struct HandoffDraft {
    patience: PlacedDuration,
    bridge_within: PlacedDuration,
    live_at_most: PlacedDuration,
    ring_timeout: PlacedDuration,
    accept_within: PlacedDuration,
    join_within: Duration,
    ring_at_most: u32,
    ring: (RingPlan, At),
    hold: Comfort,
    announce_wait: bool,
    offer_callback: Option<PlacedDuration>,
    introduce: Introduction,
    away_after_misses: Option<AwayAfterMisses>,
    pub ladders: Vec<(Word, Vec<Rung>)>,
    booking: booking::BookingDraft,
    callback: CallbackRules,
    pub needs_attention: Option<Word>,
    first_contact_sla: Duration,
    open_for: Duration,
    company: Option<String>,
    language: String,
    disclosure: BTreeSet<DisclosureKind>,
}

/// A duration with its place, for the checks of one against the other.
#[derive(Debug, Clone, Copy)]
struct PlacedDuration {
    length: Duration,
    at: At,
}

impl fmt::Display for PlacedDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&values::spell(self.length))
    }
}

impl HandoffDraft {
    pub(crate) fn accept_within(&self) -> Duration {
        self.accept_within.length
    }

    /// The tiers for which meetings differ, as they are written.
    pub(crate) fn booked_tiers(&self) -> impl Iterator<Item = &Word> {
        self.booking.tiers.iter().map(|(word, _)| word)
    }

    /// `tiers` are those of `routing.yaml`.
    pub(crate) fn finish(&self, needs_attention: RepId, tiers: &[Tier]) -> HandoffRules {
        let ladders = self.ladders.iter().map(|(name, rungs)| (name.text.clone(), rungs.clone()));
        HandoffRules {
            patience: self.patience.length,
            bridge_within: self.bridge_within.length,
            live_at_most: self.live_at_most.length,
            ring_timeout: self.ring_timeout.length,
            accept_within: self.accept_within.length,
            join_within: self.join_within,
            ring_at_most: self.ring_at_most,
            ring: self.ring.0,
            hold: self.hold,
            announce_wait: self.announce_wait,
            offer_callback: self.offer_callback.map(|after| after.length),
            introduce: self.introduce,
            away_after_misses: self.away_after_misses,
            ladders: ladders.collect::<BTreeMap<_, _>>().into(),
            booking: self.booking.finish(tiers),
            callback: self.callback.clone(),
            needs_attention,
            first_contact_sla: self.first_contact_sla,
            open_for: self.open_for,
            company: self.company.clone(),
            language: self.language.clone(),
            disclosure: self.disclosure.clone(),
        }
    }
}

/// A value that is refused leaves a blank behind; its fault keeps the blank from being used.
pub(crate) fn read(root: &Node, faults: &mut Faults) -> HandoffDraft {
    let told = faults.count();
    let mut section = root.section(faults);
    let draft = HandoffDraft {
        patience: span(&mut section, "patience", faults),
        bridge_within: span(&mut section, "bridge_within", faults),
        live_at_most: span_or(&mut section, "live_at_most", live_at_most(), faults),
        ring_timeout: span(&mut section, "ring_timeout", faults),
        accept_within: span(&mut section, "accept_within", faults),
        join_within: span(&mut section, "join_within", faults).length,
        ring_at_most: number(&mut section, "ring_at_most", faults),
        ring: ring(&mut section, faults),
        hold: hold(&mut section, faults),
        announce_wait: flag(&mut section, "announce_wait", faults),
        offer_callback: span_if_said(&mut section, "offer_callback", faults),
        introduce: introduce(&mut section, faults),
        away_after_misses: away_after_misses(&mut section, faults),
        first_contact_sla: span(&mut section, "first_contact_sla", faults).length,
        company: section.get("company").and_then(|node| node.word(faults)).map(|word| word.text),
        language: language(&mut section, faults),
        disclosure: disclosure(&mut section, faults),
        open_for: span_or(&mut section, "open_for", OPEN_FOR, faults).length,
        needs_attention: section.require("needs_attention", faults).and_then(|node| node.word(faults)),
        ladders: section.require("ladders", faults).map(|node| ladders(node, faults)).unwrap_or_default(),
        booking: booking::read(section.under("booking", faults), faults),
        callback: callback::read(section.under("callback", faults), faults),
    };
    section.finish(faults);
    if faults.count() == told {
        check_times(&draft, faults);
    }
    draft
}

/// The caller's clock holds every other: one try must fit into the patience, the patience into the time to the bridge.
fn check_times(draft: &HandoffDraft, faults: &mut Faults) {
    let HandoffDraft { patience, bridge_within, live_at_most, ring_timeout, accept_within, .. } = draft;
    check_ring(draft, faults);
    check_offer(draft, faults);
    let one_try = ring_timeout.length + accept_within.length;
    if one_try > patience.length {
        let one_try = values::spell(one_try);
        let found = format!("ring_timeout + accept_within = {one_try}, longer than patience = {patience}");
        faults
            .error("handoff-try-exceeds-patience", ring_timeout.at, found, "together at most the caller's patience")
            .hint(Some("shorten ring_timeout, so that at least one rep can be rung".to_owned()));
    }
    if patience.length > bridge_within.length {
        let found = format!("patience = {patience}, longer than bridge_within = {bridge_within}");
        faults
            .error("handoff-patience-exceeds-bridge", patience.at, found, "at most bridge_within")
            .hint(Some("bridge_within is the patience plus the time to join".to_owned()));
    }
    if live_at_most.length < patience.length {
        let found = format!("live_at_most = {live_at_most}, shorter than patience = {patience}");
        faults.error("handoff-live-below-patience", live_at_most.at, found, "at least the caller's patience").hint(
            Some(
                "a caller who may still be rung for is on the line; 2m is what counts where nothing is said".to_owned(),
            ),
        );
    }
}

/// Once patience is spent the caller is offered a time, or promised a call, in any case.
fn check_offer(draft: &HandoffDraft, faults: &mut Faults) {
    let patience = &draft.patience;
    let Some(after) = draft.offer_callback.filter(|after| after.length >= patience.length) else { return };
    let found = format!("offer_callback = {after}, not shorter than patience = {patience}");
    faults
        .error("handoff-offer-too-late", after.at, found, "less than the caller's patience")
        .hint(Some("leave it out, and no caller is offered a call back while phones ring".to_owned()));
}

/// That of the words that come with us where nothing is said.
fn language(section: &mut Section<'_>, faults: &mut Faults) -> String {
    let word = section.get("language").and_then(|node| node.word(faults));
    let read = word.and_then(|word| faults.language(&word, "value-bad-language", "a language code such as en"));
    read.unwrap_or_else(|| HandoffRules::ENGLISH.to_owned())
}

/// Nothing where nothing is said.
fn disclosure(section: &mut Section<'_>, faults: &mut Faults) -> BTreeSet<DisclosureKind> {
    let Some(node) = section.get("disclosure") else { return BTreeSet::new() };
    let words: Vec<Word> = node.list(faults).iter().filter_map(|node| node.word(faults)).collect();
    words.iter().filter_map(|word| faults.choice(word, "handoff-unknown-disclosure", &DISCLOSURES)).collect()
}

/// Nobody where nothing is said.
fn introduce(section: &mut Section<'_>, faults: &mut Faults) -> Introduction {
    let word = section.get("introduce").and_then(|node| node.word(faults));
    word.and_then(|word| faults.choice(&word, "handoff-unknown-introduction", &INTRODUCTIONS)).unwrap_or_default()
}

fn away_after_misses(section: &mut Section<'_>, faults: &mut Faults) -> Option<AwayAfterMisses> {
    let mut section = section.get("away_after_misses")?.section(faults);
    let rings = number(&mut section, "rings", faults);
    let lasts = span(&mut section, "for", faults).length;
    section.finish(faults);
    Some(AwayAfterMisses { rings, lasts })
}

/// Music where nothing is said.
fn hold(section: &mut Section<'_>, faults: &mut Faults) -> Comfort {
    let word = section.get("hold").and_then(|node| node.word(faults));
    word.and_then(|word| faults.choice(&word, "handoff-unknown-hold", &COMFORTS)).unwrap_or_default()
}

/// A plan that never comes to what it says.
fn check_ring(draft: &HandoffDraft, faults: &mut Faults) {
    let HandoffDraft { ring_timeout, ring_at_most, ring: (plan, at), .. } = draft;
    match plan {
        RingPlan::OneByOne => {}
        RingPlan::AtOnce(phones) if phones <= ring_at_most => {}
        RingPlan::AtOnce(phones) => {
            let found = format!("at_once: {phones}, more than ring_at_most = {ring_at_most}");
            faults.error("handoff-at-once-too-many", *at, found, "at most ring_at_most");
        }
        RingPlan::AddEvery(span) if *span < ring_timeout.length => {}
        RingPlan::AddEvery(span) => {
            let found = format!("add_every: {}, not shorter than ring_timeout = {ring_timeout}", values::spell(*span));
            let hint = "by then the phone before has rung out: that is one_by_one, which needs no time";
            faults.error("handoff-add-too-late", *at, found, "less than ring_timeout").hint(Some(hint.to_owned()));
        }
    }
}

/// One after the other where nothing is said.
fn ring(section: &mut Section<'_>, faults: &mut Faults) -> (RingPlan, At) {
    let Some(node) = section.get("ring") else { return (RingPlan::OneByOne, section.at) };
    let plan = match &node.data {
        Data::Map(_) => several(node, faults),
        _ => node.word(faults).and_then(|word| one_word(&word, faults)),
    };
    (plan.unwrap_or_default(), node.at)
}

fn one_word(word: &Word, faults: &mut Faults) -> Option<RingPlan> {
    let plan = ONE_BY_ONE.iter().find(|(name, _)| *name == word.text).map(|(_, plan)| *plan);
    if plan.is_none() {
        let hint = did_you_mean(&word.text, ONE_BY_ONE.iter().map(|(name, _)| *name));
        faults.error("handoff-unknown-ring", word.at, quoted(&word.text), RING_PLANS).hint(hint);
    }
    plan
}

fn several(node: &Node, faults: &mut Faults) -> Option<RingPlan> {
    let told = faults.count();
    let mut section = node.section(faults);
    let word = section.get("at_once").and_then(|node| node.word(faults));
    let at_once = word.and_then(|word| faults.read(&word, "bad-number", values::POSITIVE, values::positive));
    let word = section.get("add_every").and_then(|node| node.word(faults));
    let add_every = word.and_then(|word| faults.read(&word, "bad-duration", values::DURATION, values::duration));
    section.finish(faults);
    match (at_once, add_every) {
        (Some(phones), None) => Some(RingPlan::AtOnce(phones)),
        (None, Some(span)) => Some(RingPlan::AddEvery(span)),
        _ => {
            if faults.count() == told {
                let found = "both or neither of at_once and add_every";
                faults.error("handoff-unknown-ring", node.at, found, RING_PLANS);
            }
            None
        }
    }
}

fn ladders(node: &Node, faults: &mut Faults) -> Vec<(Word, Vec<Rung>)> {
    let ladders: Vec<_> =
        node.map(faults).iter().map(|(name, rungs)| (name.clone(), ladder(name, rungs, faults))).collect();
    if !ladders.iter().any(|(name, _)| name.text == Ladders::DEFAULT) {
        let found = format!("no ladder {:?}", Ladders::DEFAULT);
        faults.error("ladder-no-default", node.at, found, "a ladder for the tiers that name none");
    }
    ladders
}

fn ladder(name: &Word, node: &Node, faults: &mut Faults) -> Vec<Rung> {
    let mut rungs = Vec::new();
    let told = faults.count();
    let words: Vec<Word> = node.list(faults).iter().filter_map(|node| node.word(faults)).collect();
    for word in &words {
        let Some(rung) = faults.choice(word, "ladder-unknown-rung", &RUNGS) else { continue };
        if rungs.contains(&rung) {
            faults.error(
                "ladder-rung-twice",
                word.at,
                format!("{} a second time", quoted(&word.text)),
                "each rung once",
            );
        }
        rungs.push(rung);
    }
    // Of a faulty ladder it is not known what stands at its end.
    if faults.count() == told && rungs.last() != Some(&Rung::Callback) {
        let at = words.last().map_or(name.at, |word| word.at);
        let found = words.last().map_or("no rungs".to_owned(), |word| format!("{} at the end", quoted(&word.text)));
        faults
            .error("ladder-end", at, found, "callback as the last rung")
            .hint(Some("only a promised callback needs nobody else to work".to_owned()));
    }
    rungs
}

fn span(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> PlacedDuration {
    let node = section.require(key, faults);
    spelled(section, node, faults)
}

/// The same for a key that need not be there.
fn span_or(section: &mut Section<'_>, key: &'static str, otherwise: Duration, faults: &mut Faults) -> PlacedDuration {
    match section.get(key) {
        Some(node) => spelled(section, Some(node), faults),
        None => PlacedDuration { length: otherwise, at: section.at },
    }
}

fn span_if_said(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<PlacedDuration> {
    let node = section.get(key)?;
    Some(spelled(section, Some(node), faults))
}

/// No where nothing is said.
fn flag(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> bool {
    let word = section.get(key).and_then(|node| node.word(faults));
    word.and_then(|word| faults.read(&word, "handoff-bad-flag", values::FLAG, values::flag)).unwrap_or(false)
}

fn spelled(section: &Section<'_>, node: Option<&Node>, faults: &mut Faults) -> PlacedDuration {
    let word = node.and_then(|node| node.word(faults));
    let length = word.as_ref().and_then(|word| faults.read(word, "bad-duration", values::DURATION, values::duration));
    PlacedDuration { length: length.unwrap_or_default(), at: word.map_or(section.at, |word| word.at) }
}

fn number(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> u32 {
    let node = section.require(key, faults);
    counted(node, faults).unwrap_or(0)
}

fn number_if_said(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<u32> {
    counted(section.get(key), faults)
}

fn counted(node: Option<&Node>, faults: &mut Faults) -> Option<u32> {
    let word = node.and_then(|node| node.word(faults));
    word.and_then(|word| faults.read(&word, "bad-number", values::POSITIVE, values::positive))
}
