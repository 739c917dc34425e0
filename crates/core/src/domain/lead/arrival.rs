//! Somebody who calls a number of ours, before they are a lead.

use std::fmt;

/// The platform of whatever is told of a call that we carry ourselves: its id of a call is the carrier's name of the caller's leg.
pub const CARRIER: &str = "telephony";

/// Somebody who calls a number of ours, as the carrier tells it.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The caller's leg at the carrier.
    pub call: String,
    /// `None`: withheld.
    pub from: Option<String>,
    /// What they have dialled.
    pub dialled: String,
}

/// Without what is personal.
impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival").field("call", &self.call).finish_non_exhaustive()
    }
}
