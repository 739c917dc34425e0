//! The kinds of events that Baton takes, by the names that CloudEvents gives them.

/// CloudEvents `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    LeadQualified,
    CallEvent,
    CallEnded,
    SlotChosen,
    RepPresence,
    ContactMade,
    OutcomeRecorded,
}

impl EventKind {
    pub const ALL: [Self; 7] = [
        Self::LeadQualified,
        Self::CallEvent,
        Self::CallEnded,
        Self::SlotChosen,
        Self::RepPresence,
        Self::ContactMade,
        Self::OutcomeRecorded,
    ];

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeadQualified => "lead.qualified",
            Self::CallEvent => "call.event",
            Self::CallEnded => "call.ended",
            Self::SlotChosen => "slot.chosen",
            Self::RepPresence => "rep.presence",
            Self::ContactMade => "contact.made",
            Self::OutcomeRecorded => "outcome.recorded",
        }
    }
}
