//! What time in a calendar counts as.

use crate::domain::rep::{Busy, BusyKind};

/// Meetings and absences always keep a rep; whether the rest does, the rules say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CalendarRules {
    pub tentative: CountsAs,
    pub focus: CountsAs,
    pub all_day: CountsAs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CountsAs {
    #[default]
    Busy,
    Free,
}

impl CalendarRules {
    pub fn of(&self, kind: BusyKind) -> CountsAs {
        match kind {
            BusyKind::Busy | BusyKind::OutOfOffice => CountsAs::Busy,
            BusyKind::Tentative => self.tentative,
            BusyKind::Focus => self.focus,
            BusyKind::AllDay => self.all_day,
        }
    }

    /// The rep cannot be had then.
    pub fn takes(&self, entry: &Busy) -> bool {
        self.of(entry.kind) == CountsAs::Busy
    }

    /// What of a calendar keeps the rep.
    pub fn taken(&self, calendar: &[Busy]) -> Vec<Busy> {
        calendar.iter().filter(|entry| self.takes(entry)).copied().collect()
    }

    /// It matters of what kind an entry is, also where it is no absence.
    pub fn tell_kinds_apart(&self) -> bool {
        *self != Self::default()
    }
}
