//! The demo on a real Asterisk: its table, and its recordings by ear.

use super::stage::asterisk::Installed;
use super::voice::rendered;
use crate::program::{baton, code, told};
use baton::cli;
use baton_phones::ear::likeness;
use baton_phones::rtp::RATE;
use serde_json::Value;
use std::path::Path;

/// What the demo says that the second rep hears.
const WHISPER: &str = "Dana Whitfield, Head of Operations, Northwind Foods. Press 1 to accept.";
/// Of one channel of 16 bits, as the demo writes it.
const HEAD: usize = 44;

fn samples(folder: &Path, name: &str) -> Vec<i16> {
    let wav = std::fs::read(folder.join(format!("{name}.wav"))).expect("a recording");
    assert!(wav.starts_with(b"RIFF"), "{name} is a WAV");
    wav[HEAD..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

#[test]
fn the_demo_lets_hear_what_each_phone_heard() {
    let Some(installed) = Installed::find(22) else { return };
    let output = baton(&["demo", "--telephony", "asterisk", "--once", "--format", "json"]);
    assert_eq!(code(&output), cli::OK, "{}", told(&output));
    let text = told(&output);
    let counts: Value = text.lines().filter_map(|line| serde_json::from_str(line).ok()).next_back().expect("JSON");
    let heard = |moment: usize| counts["moments"][moment]["heard"].clone();
    let of = |caller: &str, ai: &str, tom: &str, priya: &str| serde_json::json!({ "caller": caller, "ai": ai, "tom": tom, "priya": priya });
    assert_eq!(heard(0), of("the AI", "the caller", "-", "-"), "{text}");
    assert_eq!(heard(1), of("music", "nothing", "-", "-"), "{text}");
    assert_eq!(heard(2), of("music", "nothing", "-", "words"), "{text}");
    assert_eq!(heard(3), of("the rep", "nothing", "-", "the caller"), "{text}");
    for words in ["Who heard whom:", "the caller hears", &format!("Priya picks up, and hears: \"{WHISPER}\"")] {
        assert!(text.contains(words), "{words}: {text}");
    }

    let folder = Path::new(counts["recordings"].as_str().expect("a folder")).to_owned();
    let whisper = rendered(&installed.espeak(), WHISPER);
    let part = &whisper[..2 * RATE];
    let [caller, priya] = ["caller", "priya"].map(|name| likeness(&samples(&folder, name), part));
    println!("the whisper: {priya:.2} by the rep's phone, {caller:.2} by the caller's");
    assert!(priya >= 0.8 && caller <= 0.3, "{priya} {caller}");
    assert!(samples(&folder, "tom").is_empty(), "nobody picked up");
    assert!(std::fs::read_to_string(folder.join("asterisk.log")).expect("a log").contains("PJSIP"));
    std::fs::remove_dir_all(&folder).expect("it was only for this test");
}
