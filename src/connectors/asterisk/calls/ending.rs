//! How a phone ended, by what Asterisk tells of it.

use crate::connectors::Happened;

/// The cause of `Reason::AnsweredElsewhere`: nobody else gives it, since no phone of a rep's rings anywhere else.
pub(super) const HUNG_UP_BY_US: u32 = 26;

/// How the ring of a phone ended that was not answered, by the cause of ITU-T Q.850. Version 16 gives 0 for silence, 22 gives 19;
/// 34, 38 and 58 are the carrier's: no line, out of order, nothing that both understand.
pub(super) fn ending(cause: u32) -> (Happened, Option<String>) {
    let told = |happened| (happened, None);
    match cause {
        17 => told(Happened::Busy),
        21 => told(Happened::Declined),
        0 | 18 | 19 => told(Happened::NoAnswer),
        23 => told(Happened::Forwarded),
        1 | 22 | 28 => (Happened::WrongNumber, Some(format!("the carrier knows no such number (cause {cause})"))),
        34 | 38 | 58 => (Happened::Failed, Some(format!("the carrier could not ring it (cause {cause})"))),
        _ => (Happened::Failed, Some(format!("the ring ended with cause {cause}"))),
    }
}
