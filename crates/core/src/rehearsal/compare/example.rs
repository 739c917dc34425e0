//! One lead as an example, and what was decided of it.

use crate::domain::id::RepId;
use crate::domain::lead::Lead;
use crate::routing::Decision;
use crate::routing::decision::TerritoryMatch;
use serde::Serialize;

/// A lead without anything personal, and what each world made of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    /// Its event: who knows the system it came from finds it there.
    pub event: String,
    /// `DE 80331, Software, 240 employees, score 82, from voice`.
    pub lead: String,
    pub old: DecisionSummary,
    pub new: DecisionSummary,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionSummary {
    pub owner: RepId,
    pub pool: String,
    /// With the row it comes from: `DACH (line 12: country DE)`.
    pub territory: Option<String>,
    pub tier: String,
    pub reason: String,
}

pub(super) fn side(decision: &Decision) -> DecisionSummary {
    let plan = &decision.plan;
    let winner = |won: &TerritoryMatch| format!("{} (line {}: {})", won.territory, won.line, won.by.in_words());
    DecisionSummary {
        owner: plan.owner.clone(),
        pool: plan.pool.to_string(),
        territory: decision.trace.territory.winner.as_ref().map(winner),
        tier: plan.tier.to_string(),
        reason: plan.reason.in_words(),
    }
}

/// What rules look at, nothing of the person: no name, number, address or company.
pub(super) fn in_words(lead: &Lead) -> String {
    let company = &lead.company;
    let place = [&company.country, &company.state, &company.region, &company.postal];
    let mut place: Vec<String> = place.into_iter().flatten().map(|known| known.value.clone()).collect();
    if place.is_empty() {
        place.push("no place".to_owned());
    }
    let mut words = vec![place.join(" ")];
    words.extend(company.industry.as_ref().map(|known| known.value.clone()));
    words.extend(company.employees.as_ref().map(|known| match (known.value.at_least, known.value.at_most) {
        (least, Some(most)) if least == most => format!("{least} employees"),
        (least, Some(most)) => format!("{least} to {most} employees"),
        (least, None) => format!("{least} employees and more"),
    }));
    words.extend(lead.qualification.score.as_ref().map(|known| format!("score {}", known.value)));
    words.extend(lead.contact.language.as_ref().map(|known| format!("speaks {}", known.value)));
    words.push(format!("from {}", lead.source));
    words.join(", ")
}
