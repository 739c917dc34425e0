//! The four tones of these calls, and who hears which of them.

use super::call::{Call, PATIENCE};
use super::ear::Recording;
use super::rtp::RATE;
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub const HOLD: f64 = 300.0;
pub const CALLER: f64 = 440.0;
pub const AGENT: f64 = 620.0;
pub const REP: f64 = 880.0;
const ALL: [(&str, f64); 4] = [("hold", HOLD), ("caller", CALLER), ("agent", AGENT), ("rep", REP)];

/// Of the four exactly these; prints a line of the table.
///
/// # Panics
/// One of them is missing, or another is there.
pub fn assert_hears(who: &str, recording: &Recording, tones: &[f64]) {
    let row: Vec<String> = ALL.iter().map(|(name, hertz)| format!("{name} {:6.1}", recording.level(*hertz))).collect();
    println!("{who:>28} hears, in dB: {}", row.join("   "));
    for (name, hertz) in ALL {
        let (wanted, heard) = (tones.contains(&hertz), recording.hears(hertz));
        assert!(
            wanted == heard && (wanted || recording.misses(hertz)),
            "{who} and the tone of {name}: {}",
            row.join("   ")
        );
    }
}

/// Speech, and none of the four.
pub fn is_speech(recording: &Recording) -> bool {
    recording.is_audible() && ALL.iter().all(|(_, hertz)| !recording.hears(*hertz))
}

/// Waits until these words were heard, second by second, but for one at most: a bridge that somebody enters may drop a packet, and
/// what comes after it is a packet early.
///
/// # Panics
/// They were not.
pub async fn until_said(call: &Call, words: &[i16]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let heard = call.recording();
        let likenesses: Vec<f64> = words.chunks(RATE).map(|part| heard.likeness(part)).collect();
        if likenesses.iter().filter(|likeness| **likeness < 0.8).count() <= 1 {
            println!("the words were heard: {likenesses:.2?}");
            return;
        }
        assert!(Instant::now() < until, "the words were not heard: {likenesses:.2?}");
        sleep(Duration::from_millis(700)).await;
    }
}

/// A while in which somebody listens.
pub async fn listening(span: Duration) -> (Instant, Instant) {
    let from = Instant::now();
    sleep(span).await;
    (from, Instant::now())
}
