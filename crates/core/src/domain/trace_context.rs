//! Under which trace something is told of: what the headers `traceparent` and `tracestate` of W3C Trace Context say.
//!
//! It travels with a lead from the event that brought it to every step, and decides nothing.

use super::id::LeadId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The names of both headers, whatever carries them.
pub const TRACEPARENT: &str = "traceparent";
pub const TRACESTATE: &str = "tracestate";

/// A longer `tracestate` is left out, as the standard allows.
const LONGEST_STATE: usize = 512;
/// Of version 00, which is also how later ones begin: `00-TRACE-PARENT-FLAGS`.
const LENGTH: usize = 55;

/// Written as `traceparent` is; what `tracestate` says stands behind it, after a blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceContext {
    /// Never 0.
    pub trace: u128,
    /// The span under which what follows stands; never 0.
    pub parent: u64,
    /// Whoever began the trace has it kept.
    pub sampled: bool,
    /// What others keep in it, handed on as it came.
    pub state: Option<String>,
}

impl TraceContext {
    /// What both headers say; `None` where the first is not of that form. A second one that is not is left out.
    pub fn read(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let text = traceparent.trim();
        if text.len() < LENGTH || !text.is_ascii() {
            return None;
        }
        let (head, rest) = text.split_at(LENGTH);
        let mut parts = head.split('-');
        let (version, trace, parent) = (hex(parts.next()?, 2)?, hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        let flags = hex(parts.next()?, 2)?;
        let is_whole = rest.is_empty() || version > 0 && rest.starts_with('-');
        let parent = u64::try_from(parent).ok()?;
        if version == 0xff || !is_whole || parts.next().is_some() || trace == 0 || parent == 0 {
            return None;
        }
        let state = tracestate.map(str::trim).filter(|state| is_state(state)).map(str::to_owned);
        Some(Self { trace, parent, sampled: flags & 1 == 1, state })
    }

    /// The one of a lead that came with none: every worker makes the same of its id, so that none need be kept.
    pub fn of_lead(lead: &LeadId) -> Self {
        let trace = lead.digest().max(1);
        // Both halves, so that two leads whose ids begin alike have different ones.
        let parent = ((trace >> 64) as u64 ^ trace as u64).max(1);
        Self { trace, parent, sampled: true, state: None }
    }

    /// The same trace, with what follows under this span.
    #[must_use]
    pub fn below(&self, span: u64) -> Self {
        Self { parent: span, ..self.clone() }
    }

    /// As the header says it.
    pub fn traceparent(&self) -> String {
        format!("00-{:032x}-{:016x}-{:02x}", self.trace, self.parent, u8::from(self.sampled))
    }

    /// What is sent on says so.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let state = self.state.clone().map(|state| (TRACESTATE, state));
        [(TRACEPARENT, self.traceparent())].into_iter().chain(state)
    }

    /// Its name in logs and in whatever shows traces.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }
}

/// A number of exactly so many digits, in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}

fn is_state(text: &str) -> bool {
    let is_printed = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    !text.is_empty() && text.len() <= LONGEST_STATE && text.bytes().all(is_printed)
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())?;
        self.state.as_ref().map_or(Ok(()), |state| write!(f, " {state}"))
    }
}

impl From<TraceContext> for String {
    fn from(context: TraceContext) -> Self {
        context.to_string()
    }
}

impl TryFrom<String> for TraceContext {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (parent, state) =
            text.split_once(' ').map_or((text.as_str(), None), |(parent, state)| (parent, Some(state)));
        Self::read(parent, state).ok_or_else(|| format!("{text:?} is no trace context"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_came_is_handed_on_as_it_came() {
        let context = TraceContext::read(GIVEN, Some(" rojo=00f067aa0ba902b7,congo=t61rcWkgMzE ")).expect("a context");
        assert_eq!((context.sampled, context.traceparent().as_str()), (true, GIVEN));
        let stored = serde_json::to_string(&context).expect("a text");
        assert_eq!(stored, format!("\"{GIVEN} rojo=00f067aa0ba902b7,congo=t61rcWkgMzE\""));
        assert_eq!(serde_json::from_str::<TraceContext>(&stored).expect("a context"), context);
        let alone = TraceContext::read(GIVEN, None).expect("a context");
        assert_eq!(TraceContext::try_from(alone.to_string()), Ok(alone.clone()));
        let below = alone.below(7).traceparent();
        assert_eq!(below, "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-01");
    }

    #[test]
    fn what_is_no_context_is_none_and_a_later_version_is_read_as_far_as_it_is_known() {
        for text in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
            "004bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-0",
        ] {
            assert_eq!(TraceContext::read(text, None), None, "{text:?}");
        }
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what.the.future.brings";
        let later = TraceContext::read(later, Some("a\u{1}b")).expect("a later version");
        assert_eq!((later.sampled, later.state), (false, None));
    }

    #[test]
    fn a_lead_that_came_with_none_has_one_of_its_own_and_always_the_same() {
        let lead = LeadId::from_digest(*b"\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36");
        let own = TraceContext::of_lead(&lead);
        assert_eq!(own.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(own, TraceContext::of_lead(&lead));
        assert_eq!(TraceContext::read(&own.traceparent(), None), Some(own));
    }
}
