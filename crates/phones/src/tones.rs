//! The four tones that tell who is heard: each party says one of them.

use super::ear::Recording;

/// Music on hold.
pub const HOLD: f64 = 300.0;
pub const CALLER: f64 = 440.0;
pub const AGENT: f64 = 620.0;
pub const REP: f64 = 880.0;
pub const ALL: [(&str, f64); 4] = [("hold", HOLD), ("caller", CALLER), ("agent", AGENT), ("rep", REP)];

/// Speech, and none of the four.
pub fn is_speech(recording: &Recording) -> bool {
    recording.is_audible() && ALL.iter().all(|(_, hertz)| !recording.hears(*hertz))
}
