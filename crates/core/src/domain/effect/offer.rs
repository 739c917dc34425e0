//! What a rep can answer to a card by its buttons.

/// In the order in which they stand on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferAct {
    /// The call that rings, or the lead.
    Take,
    /// Somebody else is to have it.
    NotMe,
    /// A rep who is named is to have it.
    Reassign,
    /// They have spoken with the lead.
    Called,
    Rate,
}

impl OfferAct {
    const ALL: [Self; 5] = [Self::Take, Self::NotMe, Self::Reassign, Self::Called, Self::Rate];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::NotMe => "not_me",
            Self::Reassign => "reassign",
            Self::Called => "called",
            Self::Rate => "rate",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == name)
    }
}
