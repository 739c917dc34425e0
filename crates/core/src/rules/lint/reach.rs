//! Tiers and routes that no lead comes to: their own condition can never hold, or those before them take every lead for
//! which it does.
//!
//! Exact where it speaks: of every field that the conditions ask for, each value is tried that one of them could tell
//! from another, and that it is unknown. It keeps silent about a rule with an expression, and where there is too much to
//! try. Expressions of rules before it are left out, which can only make a rule easier to come to.

mod tried;

use crate::rules::fault::{At, Faults};
use crate::rules::files::vocabulary::Vocabulary;
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::field::Looked;
use crate::rules::model::set::RuleSet;
use crate::rules::model::truth::Truth;
use crate::rules::model::witness::{Ends, Witness};
use crate::rules::resolve::Drafts;
use std::collections::BTreeSet;
use tried::{Combinations, Tried, values};

pub(super) fn warn(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let vocabulary = &drafts.routing.vocabulary;
    let tiers = rules.tiers.iter().map(|tier| OrderedRule {
        what: "tier",
        code: "tier-unreachable",
        name: tier.name.as_str(),
        line: tier.line,
        when: &tier.when,
        if_undecided: tier.if_undecided,
    });
    let routes = rules.routes.iter().map(|route| OrderedRule {
        what: "route",
        code: "route-unreachable",
        name: &route.name,
        line: route.line,
        when: &route.when,
        if_undecided: route.if_undecided,
    });
    for rules in [tiers.collect::<Vec<_>>(), routes.collect()] {
        for (index, rule) in rules.iter().enumerate() {
            rule.warn(&rules[..index], vocabulary, faults);
        }
    }
}

/// One of several, of which the first that holds wins.
struct OrderedRule<'r> {
    what: &'static str,
    code: &'static str,
    name: &'r str,
    line: u32,
    when: &'r Condition,
    if_undecided: IfUndecided,
}

impl OrderedRule<'_> {
    fn warn(&self, before: &[OrderedRule<'_>], vocabulary: &Vocabulary, faults: &mut Faults) {
        let before: Vec<&OrderedRule<'_>> = before.iter().filter(|rule| !rule.has_expression()).collect();
        if self.has_expression() || *self.when == Condition::Always {
            return;
        }
        let conditions = || before.iter().map(|rule| rule.when).chain([self.when]);
        let Some(values) = values(conditions, vocabulary) else { return };
        let mut takers: BTreeSet<usize> = BTreeSet::new();
        let mut shown: Option<(Tried<'_>, usize)> = None;
        for lead in Combinations::of(&values) {
            let lookup = |path: &str| lead.get(path).cloned().flatten();
            if self.when.evaluate(&lookup).0 != Truth::Yes {
                continue;
            }
            let Some(taker) = before.iter().position(|rule| rule.stops(&lookup)) else { return };
            takers.insert(taker);
            let unknown = |lead: &Tried<'_>| lead.values().filter(|value| value.is_none()).count();
            if shown.as_ref().is_none_or(|(other, _)| unknown(&lead) > unknown(other)) {
                shown = Some((lead.clone(), taker));
            }
        }
        let at = At { path: crate::rules::ROUTING, line: self.line, column: 1 };
        let Self { what, name, .. } = self;
        let Some((lead, taker)) = shown else {
            faults
                .warning(
                    self.code,
                    at,
                    format!("{what} {name}, whose condition never holds"),
                    "a condition that some lead meets",
                )
                .hint(Some("two of its parts exclude each other".to_owned()));
            return;
        };
        let names: Vec<&str> = takers.iter().map(|index| before[*index].name).collect();
        let found = format!("{what} {name}, all of whose leads are taken by {}", names.join(" and "));
        let ends = Ends::Rule { what, name: before[taker].name.to_owned() };
        let witness = lead
            .into_iter()
            .filter(|(_, value)| value.is_some())
            .fold(Witness::new(ends), |witness, (path, value)| witness.with(path, value));
        let fault = faults.warning(self.code, at, found, format!("a {what} that some lead comes to")).example(witness);
        fault.hint(Some(format!("the first that fits wins: put {name} above, or delete it")));
    }

    fn has_expression(&self) -> bool {
        let mut found = false;
        self.when.each_part(&mut |part| found |= matches!(part, Condition::Expression(_)));
        found
    }

    /// Whether a lead goes no further than this rule.
    fn stops(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> bool {
        match self.when.evaluate(lookup).0 {
            Truth::Yes => true,
            Truth::Undecided => self.if_undecided == IfUndecided::CatchAll,
            Truth::No => false,
        }
    }
}
