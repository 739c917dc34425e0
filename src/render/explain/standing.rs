//! Whether a rep can be had at a moment, and why not, in one line.

use baton_core::domain::rep::Presence;
use chrono::{DateTime, Utc};

#[derive(Debug, Clone, Copy)]
pub struct RepStanding {
    pub active: bool,
    /// On rota at this moment.
    pub at_work: bool,
    /// When off rota: back then.
    pub back_at: Option<DateTime<Utc>>,
    pub presence: Presence,
    pub away_until: Option<DateTime<Utc>>,
    pub reserved_until: Option<DateTime<Utc>>,
    pub quiet_until: Option<DateTime<Utc>>,
}

impl RepStanding {
    /// `told`: how an instant is written.
    pub fn in_words(&self, told: impl Fn(DateTime<Utc>) -> String) -> String {
        let rota = match (self.active, self.at_work, self.back_at) {
            (false, ..) => "not active".to_owned(),
            (true, true, _) => "at work".to_owned(),
            (true, false, Some(at)) => format!("off rota, back {}", told(at)),
            (true, false, None) => "off rota, no shift in sight".to_owned(),
        };
        let presence = match (self.presence, self.away_until) {
            (Presence::Unset, _) => String::new(),
            (Presence::Available, _) => ", says available".to_owned(),
            (Presence::Away, None) => ", says away".to_owned(),
            (Presence::Away, Some(until)) => format!(", says away until {}", told(until)),
        };
        let reserved =
            self.reserved_until.map_or_else(String::new, |until| format!(", on a call until {}", told(until)));
        let quiet = self.quiet_until.map_or_else(String::new, |until| {
            format!(", did not answer the last rings and is not rung until {}", told(until))
        });
        format!("{rota}{presence}{reserved}{quiet}")
    }
}
