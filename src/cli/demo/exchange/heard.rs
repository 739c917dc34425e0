//! What was heard: a table for people, the same for programs, and a WAV for each phone, all beginning with the call.

use crate::connectors::speech::Sound;
use anyhow::{Context, Result};
use baton_phones::ear::Recording;
use baton_phones::rtp::RATE;
use baton_phones::tones::{AGENT, CALLER, HOLD, REP};
use serde_json::{Value, json};
use std::path::Path;
use tokio::time::Instant;

/// Names of the phones, and of their files.
const PHONES: [(&str, &str); 4] = [("the caller", "caller"), ("the AI", "ai"), ("Tom", "tom"), ("Priya", "priya")];
const TONES: [(&str, f64); 4] = [("music", HOLD), ("the caller", CALLER), ("the AI", AGENT), ("the rep", REP)];
/// A pause in the packets that is longer is silence; a shorter one is how packets come.
const PAUSE: usize = RATE / 10;

/// A while of the call.
pub(super) struct Moment {
    pub what: &'static str,
    pub from: Instant,
    pub until: Instant,
    /// By phone; `-`: it is not on the line.
    pub expected: [&'static str; 4],
}

/// The call by ear.
pub(super) struct Heard {
    pub began: Instant,
    pub moments: Vec<Moment>,
    /// By phone.
    pub recordings: [Recording; 4],
}

impl Heard {
    fn cells(&self, moment: &Moment) -> [String; 4] {
        std::array::from_fn(|phone| {
            let heard = heard(&self.recordings[phone].between(moment.from, moment.until));
            if heard == "nothing" && moment.expected[phone] == "-" { "-".to_owned() } else { heard }
        })
    }

    fn span(&self, moment: &Moment) -> [f64; 2] {
        [moment.from, moment.until].map(|at| (at - self.began).as_secs_f64())
    }

    pub(super) fn table(&self) -> String {
        let row = |span: &str, what: &str, cells: [&str; 4]| {
            let [caller, ai, tom, priya] = cells;
            format!("{span:<15} {what:<25} {caller:<14} {ai:<14} {tom:<14} {priya}").trim_end().to_owned()
        };
        let heads = PHONES.map(|(name, _)| format!("{name} hears"));
        let mut rows = vec![row("", "", heads.each_ref().map(String::as_str))];
        for moment in &self.moments {
            let [from, until] = self.span(moment);
            let cells = self.cells(moment);
            rows.push(row(&format!("{from:4.1} to {until:4.1} s"), moment.what, cells.each_ref().map(String::as_str)));
        }
        rows.join("\n")
    }

    /// Where something else was heard than should have been.
    pub(super) fn surprises(&self) -> Vec<String> {
        let mut surprises = Vec::new();
        for moment in &self.moments {
            let cells = self.cells(moment);
            for ((cell, expected), (who, _)) in cells.iter().zip(moment.expected).zip(PHONES) {
                if cell != expected {
                    surprises.push(format!("{}: {who} heard {cell}, and should have heard {expected}", moment.what));
                }
            }
        }
        surprises
    }

    pub(super) fn as_json(&self, folder: &Path) -> Value {
        let moment = |moment: &Moment| {
            let ([from, until], [caller, ai, tom, priya]) = (self.span(moment), self.cells(moment));
            json!({
                "what": moment.what, "from_s": from, "until_s": until,
                "heard": { "caller": caller, "ai": ai, "tom": tom, "priya": priya },
            })
        };
        json!({ "recordings": folder, "moments": self.moments.iter().map(moment).collect::<Vec<_>>() })
    }

    /// # Errors
    /// The folder takes no files.
    pub(super) fn keep(&self, folder: &Path) -> Result<()> {
        for ((_, name), recording) in PHONES.iter().zip(&self.recordings) {
            let file = folder.join(format!("{name}.wav"));
            let sound = Sound { samples: self.side_by_side(recording) };
            std::fs::write(&file, sound.to_wav()).with_context(|| format!("writing {}", file.display()))?;
        }
        Ok(())
    }

    /// With silence where nothing came, so that all recordings run side by side.
    fn side_by_side(&self, recording: &Recording) -> Vec<i16> {
        let mut samples = Vec::new();
        for packet in &recording.0 {
            let at = ((packet.at - self.began).as_secs_f64() * RATE as f64) as usize;
            if at > samples.len() + PAUSE {
                samples.resize(at, 0);
            }
            samples.extend_from_slice(&packet.samples);
        }
        samples
    }
}

/// In words: whose tones, or whether somebody speaks.
fn heard(recording: &Recording) -> String {
    let tones: Vec<&str> = TONES.iter().filter(|(_, hertz)| recording.hears(*hertz)).map(|(name, _)| *name).collect();
    match (tones.is_empty(), recording.is_audible()) {
        (false, _) => tones.join(" and "),
        (true, true) => "words".to_owned(),
        (true, false) => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_phones::rtp::{self, Packets, Sound as Says, sound_of};
    use std::time::Duration;

    /// What was said, second by second from the third on.
    fn recorded(began: Instant, says: &[Says]) -> Recording {
        let mut packets = Packets::new(1, Says::Silence);
        let mut heard = Vec::new();
        for (second, sound) in (3..).zip(says) {
            packets.sound = *sound;
            for frame in 0..50 {
                let at = began + Duration::from_secs(second) + Duration::from_millis(20) * frame;
                heard.push(rtp::Heard {
                    at,
                    samples: sound_of(&packets.next_packet().expect("a packet")).expect("sound"),
                });
            }
        }
        Recording(heard)
    }

    fn of(caller: Recording) -> Heard {
        let began = caller.0.first().map_or_else(Instant::now, |first| first.at - Duration::from_secs(3));
        let (from, until) = (began + Duration::from_secs(3), began + Duration::from_secs(5));
        let expected = ["music", "nothing", "-", "-"];
        let moments = vec![Moment { what: "Tom's phone rings", from, until, expected }];
        let none = Recording::default;
        Heard { began, moments, recordings: [caller, none(), none(), none()] }
    }

    #[test]
    fn the_table_says_who_heard_whom() {
        let began = Instant::now();
        let heard = of(recorded(began, &[Says::Tone(HOLD), Says::Tone(HOLD)]));
        let table = heard.table();
        let row: Vec<&str> = table.lines().nth(1).expect("a row").split_whitespace().collect();
        assert_eq!(row, ["3.0", "to", "5.0", "s", "Tom's", "phone", "rings", "music", "nothing", "-", "-"]);
        assert_eq!(heard.surprises(), Vec::<String>::new());
    }

    #[test]
    fn what_should_not_be_heard_is_told() {
        let began = Instant::now();
        let heard = of(recorded(began, &[Says::Tone(REP), Says::Tone(REP)]));
        let told = "Tom's phone rings: the caller heard the rep, and should have heard music";
        assert_eq!(heard.surprises(), [told]);
    }

    #[test]
    fn a_recording_begins_with_the_call() {
        let heard = of(recorded(Instant::now(), &[Says::Tone(HOLD)]));
        let samples = heard.side_by_side(&heard.recordings[0]);
        assert_eq!(samples.len(), 4 * RATE);
        assert!(samples[..3 * RATE].iter().all(|sample| *sample == 0));
    }
}
