//! How a territory was found, and why another row was not.

use crate::routing::decision::TerritoryMatch;
use crate::routing::reason::{Fixed, FoundBy, LostTo};

impl TerritoryMatch {
    /// Continues the name of a row that fits and did not win: "has the lower priority, 0 to 10".
    pub fn why_not(&self, winner: &Self) -> String {
        match self.lost_to {
            Some(LostTo::HigherPriority) | None if self.priority < winner.priority => {
                format!("has the lower priority, {} to {}", self.priority, winner.priority)
            }
            Some(LostTo::EarlierLine) => "is of equal rank and comes later in the file".to_owned(),
            Some(LostTo::MoreSpecific | LostTo::HigherPriority) => "is less specific".to_owned(),
            // Version 1 did not say.
            None => "is less specific, or of equal rank and later in the file".to_owned(),
        }
    }
}

impl FoundBy {
    /// `postal 941, country US`, strongest first.
    pub fn in_words(&self) -> String {
        match self {
            Self::NamedAccount => "named account".to_owned(),
            Self::Row(fixed) => fixed.in_words(),
            Self::Told(words) => words.clone(),
        }
    }
}

impl Fixed {
    fn in_words(&self) -> String {
        let texts = [
            ("postal", &self.postal),
            ("state", &self.state),
            ("region", &self.region),
            ("country", &self.country),
            ("industry", &self.industry),
        ];
        let mut fixed: Vec<String> =
            texts.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}"))).collect();
        fixed.extend(self.employees.map(|range| match range {
            (Some(least), Some(most)) => format!("{least} to {most} employees"),
            (Some(least), None) => format!("{least} employees and more"),
            (None, Some(most)) => format!("up to {most} employees"),
            (None, None) => "any number of employees".to_owned(),
        }));
        if fixed.is_empty() { "everything".to_owned() } else { fixed.join(", ") }
    }
}
