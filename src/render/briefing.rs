//! The briefing: everything a rep should know before speaking, in a fixed order, each value with who said it.
//!
//! One table ([`TABLE`]) holds the order, the labels, how much each field weighs for which depth of briefing, and the
//! question to ask when it is missing. Whatever came from outside is cleaned and cut here, once, for all channels.

use super::clean::{link, one_line};
use super::consent;
use baton_core::domain::briefing::{Briefing, BriefingField};
use baton_core::domain::id::TierId;
use baton_core::domain::known::{Known, Source};
use baton_core::domain::lead::{Headcount, Lead, LeadChannel};
use baton_core::domain::text::RepText;
use baton_core::routing::Decision;
use baton_core::routing::decision::AccountTrace;
use baton_core::rules::RuleSet;

/// Stands in a headline for the name that is not known.
pub(super) const UNNAMED: &str = "Unknown caller";
const VALUE_CHARS: usize = 200;
/// Two or three sentences; a platform that sends more is cut.
const SUMMARY_CHARS: usize = 1000;
const OBJECTION_CHARS: usize = 300;
const OBJECTIONS_AT_MOST: usize = 5;
/// More questions than these nobody asks in the first minutes.
const ASK_AT_MOST: usize = 5;

/// How much a tier's briefing should hold, by the tier's place in `routing.yaml`: the first one is the most valuable,
/// the last one, which takes everything else, the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Basic,
    Standard,
    Full,
}

impl Depth {
    fn of(tier: &TierId, rules: &RuleSet) -> Self {
        let place = rules.tiers.iter().position(|t| t.name == *tier);
        match place {
            Some(0) if rules.tiers.len() > 1 => Self::Full,
            Some(place) if rules.tiers.len() > 1 && place + 1 == rules.tiers.len() => Self::Basic,
            _ => Self::Standard,
        }
    }
}

/// One line of every briefing.
pub(super) struct FieldSpec {
    /// Name in templates: `{{known.timeline}}`.
    pub key: &'static str,
    pub label: &'static str,
    read: fn(&Lead) -> Option<(String, Source)>,
    /// Share in the completeness score, for basic, standard and full briefings. 0: nice to have.
    weight: [u16; 3],
    /// What the rep asks when it is unknown.
    ask: &'static str,
}

impl FieldSpec {
    fn weight(&self, depth: Depth) -> u16 {
        self.weight[depth as usize]
    }
}

pub(super) const TABLE: &[FieldSpec] = &[
    spec("name", "Name", |l| text(&l.contact.name), [15, 12, 10], "Who am I speaking with?"),
    spec("role", "Role", |l| text(&l.contact.title), [4, 8, 10], "What is your role, and who else decides on this?"),
    spec("company", "Company", |l| text(&l.company.name), [12, 12, 10], "Which company are you calling from?"),
    spec("phone", "Phone", phone, [14, 10, 8], "What is the best number to reach you at?"),
    spec("email", "E-mail", |l| text(&l.contact.email), [10, 8, 6], "Which e-mail address may I write to?"),
    spec("industry", "Industry", |l| text(&l.company.industry), [1, 4, 5], "What does your company do?"),
    spec("employees", "Employees", employees, [4, 6, 8], "How many people work at your company?"),
    spec("location", "Location", location, [3, 4, 3], "Where are you based?"),
    spec("language", "Language", |l| text(&l.contact.language), [0, 0, 0], "Which language do you prefer?"),
    spec("intent", "Intent", |l| text(&l.qualification.intent), [4, 4, 4], "What made you call today?"),
    spec("use_case", "Use case", |l| text(&l.qualification.use_case), [12, 12, 10], "What would you use it for?"),
    spec("timeline", "Timeline", |l| text(&l.qualification.timeline), [8, 10, 10], "When would you like to start?"),
    spec("budget", "Budget", |l| text(&l.qualification.budget), [3, 6, 10], "Is there a budget set aside for this?"),
    spec("products", "Products", products, [2, 3, 4], "Which of our products are you interested in?"),
    spec("pain", "Pain", |l| text(&l.qualification.pain), [5, 6, 8], "What is not working well today?"),
    spec("urgency", "Urgency", |l| judged(&l.qualification.urgency), [0, 0, 0], "How urgent is this?"),
    spec("tone", "Tone", tone, [0, 0, 0], "How do you feel about this so far?"),
    spec("satisfaction", "Satisfaction", satisfaction, [0, 0, 0], "How satisfied are you so far?"),
    spec("channel", "Came by", channel, [0, 0, 0], "How did you get to us?"),
    spec("consent", "Consent", consent::line, [0, 0, 0], "May I call you, and write to you?"),
];

const fn spec(
    key: &'static str,
    label: &'static str,
    read: fn(&Lead) -> Option<(String, Source)>,
    weight: [u16; 3],
    ask: &'static str,
) -> FieldSpec {
    FieldSpec { key, label, read, weight, ask }
}

/// How much of what a lead of this tier should bring is known, in thousandths.
pub fn completeness_permille(lead: &Lead, tier: &TierId, rules: &RuleSet) -> u16 {
    let depth = Depth::of(tier, rules);
    let (mut known_weight, mut all_weight) = (0, 0);
    for spec in TABLE {
        let weight = u32::from(spec.weight(depth));
        all_weight += weight;
        if weight > 0 && (spec.read)(lead).is_some() {
            known_weight += weight;
        }
    }
    u16::try_from((known_weight * 1000 + all_weight / 2) / all_weight.max(1))
        .expect("a part of the whole is at most 1000 permille")
}

pub fn briefing(lead: &Lead, decision: &Decision, rules: &RuleSet) -> Briefing {
    let depth = Depth::of(&decision.plan.tier, rules);
    let mut fields = Vec::new();
    let mut missing: Vec<&FieldSpec> = Vec::new();
    for spec in TABLE {
        match (spec.read)(lead) {
            Some((value, source)) => {
                fields.push(BriefingField { label: spec.label.to_owned(), value: RepText(value), source });
            }
            None if spec.weight(depth) > 0 => missing.push(spec),
            None => {}
        }
    }
    fields.extend(account(decision));
    // Stable: fields of equal weight are asked for in the table's order.
    missing.sort_by_key(|spec| std::cmp::Reverse(spec.weight(depth)));
    let said = &lead.qualification;
    Briefing {
        headline: RepText(headline(lead)),
        do_not: consent::do_not(lead),
        fields,
        summary: said.summary.as_ref().and_then(|s| filled(&s.value, SUMMARY_CHARS)).map(RepText),
        objections: objections(&said.objections),
        score: said.score.as_ref().map(|s| s.value.min(100)),
        next_action: said.next_action.as_ref().and_then(|s| filled(&s.value, VALUE_CHARS)).map(RepText),
        why_you: one_line(&decision.plan.reason.in_words(), SUMMARY_CHARS),
        transcript_url: lead.transcript_url.as_deref().and_then(link),
        completeness_permille: completeness_permille(lead, &decision.plan.tier, rules),
        ask_first: missing.iter().take(ASK_AT_MOST).map(|spec| spec.ask.to_owned()).collect(),
    }
}

fn headline(lead: &Lead) -> String {
    let said = |known: &Option<Known<String>>| known.as_ref().and_then(|k| filled(&k.value, VALUE_CHARS));
    let name = said(&lead.contact.name).unwrap_or_else(|| UNNAMED.to_owned());
    let company = said(&lead.company.name).or_else(|| said(&lead.company.domain));
    let mut parts = vec![name];
    parts.extend(said(&lead.contact.title));
    parts.extend(company);
    if parts.len() == 1 {
        parts.extend(lead.reach_phone().map(|phone| phone.as_str().to_owned()));
    }
    parts.join(", ")
}

fn filled(text: &str, max: usize) -> Option<String> {
    let line = one_line(text, max);
    (!line.is_empty()).then_some(line)
}

fn text(known: &Option<Known<String>>) -> Option<(String, Source)> {
    let known = known.as_ref()?;
    Some((filled(&known.value, VALUE_CHARS)?, known.source))
}

/// How somebody sounds is never what they said: whoever listened concluded it.
fn judged(known: &Option<Known<String>>) -> Option<(String, Source)> {
    text(known).map(|(value, source)| (value, if source == Source::Caller { Source::Inferred } else { source }))
}

/// How they sound, and what they feel about the matter.
fn tone(lead: &Lead) -> Option<(String, Source)> {
    let said = &lead.qualification;
    let sounds = said.tone.as_ref().map(|tone| Known::new(tone.value.as_str().to_owned(), tone.source));
    match (judged(&sounds), judged(&said.sentiment)) {
        (Some((tone, source)), Some((feels, _))) if tone != feels => Some((format!("{tone}, {feels}"), source)),
        (sounds, feels) => sounds.or(feels),
    }
}

fn satisfaction(lead: &Lead) -> Option<(String, Source)> {
    let known = lead.qualification.satisfaction.as_ref()?;
    Some((format!("{} of 5", known.value), known.source))
}

/// Of whoever did not call.
fn channel(lead: &Lead) -> Option<(String, Source)> {
    (lead.channel != LeadChannel::Call).then(|| (lead.channel.in_words().to_owned(), Source::Platform))
}

/// What was said, else the number they called from, which is the platform's knowledge. Platforms fill that number in as the
/// caller's own, too: it was not said then.
fn phone(lead: &Lead) -> Option<(String, Source)> {
    let phone = lead.reach_phone()?;
    let seen = lead.call.as_ref().is_some_and(|call| [&call.from, &call.to].into_iter().flatten().any(|n| n == phone));
    let source = lead.contact.phone.as_ref().map(|known| known.source);
    let source = source.filter(|source| *source != Source::Caller || !seen).unwrap_or(Source::Platform);
    Some((phone.as_str().to_owned(), source))
}

fn employees(lead: &Lead) -> Option<(String, Source)> {
    let known = lead.company.employees.as_ref()?;
    Some((headcount(known.value), known.source))
}

fn headcount(count: Headcount) -> String {
    match count.at_most {
        Some(most) if most == count.at_least => most.to_string(),
        Some(most) => format!("{} to {most}", count.at_least),
        None => format!("{} or more", count.at_least),
    }
}

/// City, state, postal code and country as far as known; the weakest source speaks for all of them.
fn location(lead: &Lead) -> Option<(String, Source)> {
    let company = &lead.company;
    let parts: Vec<(String, Source)> =
        [&company.city, &company.state, &company.postal, &company.country].into_iter().filter_map(text).collect();
    let parts = if parts.is_empty() { text(&company.region).into_iter().collect() } else { parts };
    let source = parts.iter().map(|(_, source)| *source).max_by_key(|source| doubt(*source))?;
    Some((parts.into_iter().map(|(part, _)| part).collect::<Vec<_>>().join(", "), source))
}

fn doubt(source: Source) -> u8 {
    match source {
        Source::Caller => 0,
        Source::Crm => 1,
        Source::Platform => 2,
        Source::Inferred => 3,
    }
}

fn products(lead: &Lead) -> Option<(String, Source)> {
    let said = &lead.qualification;
    Some((filled(&said.products.join(", "), VALUE_CHARS)?, said.products_source.unwrap_or(Source::Caller)))
}

fn objections(said: &[String]) -> Vec<RepText> {
    said.iter().filter_map(|text| filled(text, OBJECTION_CHARS)).take(OBJECTIONS_AT_MOST).map(RepText).collect()
}

/// The CRM's account, and how it was found.
fn account(decision: &Decision) -> Option<BriefingField> {
    let AccountTrace::Matched { name, by, .. } = &decision.trace.account else { return None };
    let by = format!("{by:?}").to_lowercase();
    let value = format!("{} (matched by {by})", filled(name, VALUE_CHARS)?);
    Some(BriefingField { label: "Account".to_owned(), value: RepText(value), source: Source::Crm })
}
