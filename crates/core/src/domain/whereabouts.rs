//! Where somebody who is to be called may be: the clocks that may be theirs, and what says so.

use super::zone::Zone;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Every zone it may be, the likeliest first; empty if nothing is known.
    pub zones: Vec<Zone>,
    /// `US`, `US-FL`: whose law on calling hours holds.
    pub place: Option<String>,
    pub by: Evidence,
}

/// What a caller's zone was told by, strongest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    Said,
    /// The state, or the postal code, of the company.
    State,
    /// The state has several zones; the number's area code says which.
    StateAndNumber,
    /// People take their number with them when they move.
    Number,
    /// The number is of another country than the company.
    NumberAndCountry,
    Country,
    #[default]
    Nothing,
}

impl Whereabouts {
    pub fn in_zone(zone: Zone) -> Self {
        Self { zones: vec![zone], place: None, by: Evidence::Said }
    }

    /// The one clock that is theirs, so that a time on it is "your time"; `None` while there is a doubt.
    pub fn certain(&self) -> Option<Zone> {
        let sure = matches!(self.by, Evidence::Said | Evidence::State | Evidence::Country);
        if let ([only], true) = (self.zones.as_slice(), sure) { Some(*only) } else { None }
    }

    /// The clock to tell a time on: the likeliest, which is to be named where it is not [`Self::certain`].
    pub fn likeliest(&self) -> Option<Zone> {
        self.zones.first().copied()
    }

    /// "America/New_York, by the number's area code (people move: not certain)".
    pub fn in_words(&self) -> String {
        let zones = self.zones.iter().map(|zone| zone.name()).collect::<Vec<_>>().join(", ");
        let by = match self.by {
            Evidence::Said => "as they said",
            Evidence::State => "by state or postal code",
            Evidence::StateAndNumber => "by state and area code",
            Evidence::Number => "by the number's area code, which people keep when they move",
            Evidence::NumberAndCountry => "since number and country do not agree",
            Evidence::Country => "by country",
            Evidence::Nothing => return "not known: nothing says where they are".to_owned(),
        };
        match self.zones.len() {
            1 => format!("{zones}, {by}"),
            _ => format!("one of {zones}, {by}; a call must be lawful on each of these clocks"),
        }
    }
}
