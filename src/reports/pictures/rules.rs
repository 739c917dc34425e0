//! Which rules reps call wrong.

use super::{Column, Picture, PictureRow, Shape, number, share};
use crate::reports::figure::Unit;
use crate::reports::rows::{LeadRow, Newest};
use baton_core::domain::outcome::MisrouteKind;
use std::collections::BTreeMap;

#[derive(Default)]
struct Rule {
    misrouted: u64,
    wrong_person: u64,
    rated: u64,
    leads: u64,
    newest: Newest,
}

#[derive(Default)]
pub(super) struct ByRule(BTreeMap<String, Rule>);

impl ByRule {
    pub(super) fn add(&mut self, row: &LeadRow) {
        let rule = self.0.entry(row.route.clone()).or_default();
        rule.leads += 1;
        rule.rated += u64::from(!row.feedback.is_empty());
        rule.wrong_person += u64::from(row.is_misrouted(Some(MisrouteKind::Procedural)));
        if row.is_misrouted(None) {
            rule.misrouted += 1;
            rule.newest.add(row);
        }
    }

    /// Those with the most misroutes first.
    pub(super) fn finish(self) -> Picture {
        let mut rules: Vec<(String, Rule)> = self.0.into_iter().collect();
        rules.sort_by(|a, b| b.1.misrouted.cmp(&a.1.misrouted).then_with(|| a.0.cmp(&b.0)));
        let row = |(name, rule): (String, Rule)| PictureRow {
            name,
            values: vec![
                number(rule.misrouted),
                number(rule.wrong_person),
                number(rule.rated),
                share(rule.misrouted, rule.rated),
                number(rule.leads),
            ],
            leads: rule.newest.into_leads(),
        };
        let mut columns = Column::leads(["Misrouted", "Wrong person", "With feedback", "Leads"]);
        columns.insert(3, Column::of("of those with feedback", Unit::Share));
        Picture {
            key: "misroutes_by_rule",
            name: "Misroutes by rule",
            definition: "Leads that a rep called misrouted, and of those the ones that somebody else should have had, by the rule \
                         that routed them.",
            shape: Shape::Bars(2),
            of: "Rule",
            columns,
            rows: rules.into_iter().map(row).collect(),
        }
    }
}
