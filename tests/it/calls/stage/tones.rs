//! Who hears which of the four tones, and which words.

use baton_phones::call::{Call, PATIENCE};
use baton_phones::ear::Recording;
use baton_phones::rtp::RATE;
use baton_phones::tones::ALL;
use std::time::Duration;
use tokio::time::{Instant, sleep};

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

/// Waits until these words were heard, second by second, but for one of several at most: a bridge that somebody enters may drop a
/// packet, and what comes after it is a packet early.
///
/// # Panics
/// They were not.
pub async fn until_said(call: &Call, words: &[i16]) {
    let until = Instant::now() + PATIENCE;
    let parts: Vec<&[i16]> = if words.len() < 2 * RATE { vec![words] } else { words.chunks_exact(RATE).collect() };
    let may_be_missed = usize::from(parts.len() > 1);
    loop {
        let heard = call.recording();
        let likenesses: Vec<f64> = parts.iter().map(|part| heard.likeness(part)).collect();
        if likenesses.iter().filter(|likeness| **likeness < 0.8).count() <= may_be_missed {
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
