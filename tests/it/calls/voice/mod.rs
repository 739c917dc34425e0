//! A sentence as a program speaks it, by our own reading of what it writes: what an ear is to compare with.

mod heard;

use baton_phones::rtp::RATE;
use std::f64::consts::PI;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Length of the filter on either side, in periods of the slower rate.
const REACH: f64 = 16.0;

/// At the rate of a phone.
///
/// # Panics
/// The program does not speak.
pub fn rendered(program: &[String], text: &str) -> Vec<i16> {
    let (rate, samples) =
        read(&spoken(program, text)).unwrap_or_else(|| panic!("{program:?} wrote no WAV of 16 bits and one channel"));
    resampled(&samples, rate)
}

/// As the program writes it.
///
/// # Panics
/// It cannot be run.
fn spoken(program: &[String], text: &str) -> Vec<u8> {
    let (name, arguments) = program.split_first().expect("a program");
    let spawned = Command::new(name).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut speaks = spawned.unwrap_or_else(|error| panic!("{name}: {error}"));
    speaks.stdin.take().expect("its ear").write_all(text.as_bytes()).expect("it listens");
    speaks.wait_with_output().expect("it ends").stdout
}

/// The program with the language in the place that it has for it.
pub fn in_language(program: &[String], language: &str) -> Vec<String> {
    program.iter().map(|word| word.replace("{language}", language)).collect()
}

/// Rate and samples. A program that writes into a pipe cannot know the length when it begins: the sound goes to the end.
fn read(wave: &[u8]) -> Option<(usize, Vec<i16>)> {
    let mut rest = wave.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut rate = None;
    loop {
        let (head, body) = rest.split_at_checked(8)?;
        let length = u32::from_le_bytes(head[4..].try_into().ok()?) as usize;
        match &head[..4] {
            b"fmt " if body.get(..4)? == [1, 0, 1, 0] && body.get(14..16)? == [16, 0] => {
                rate = Some(u32::from_le_bytes(body.get(4..8)?.try_into().ok()?) as usize);
            }
            b"data" => {
                let sound = &body[..length.min(body.len())];
                return Some((
                    rate?,
                    sound.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect(),
                ));
            }
            _ => {}
        }
        rest = body.get(length..)?;
    }
}

/// By a windowed sinc, so that what a phone cannot carry is gone and not folded down.
fn resampled(samples: &[i16], rate: usize) -> Vec<i16> {
    let step = rate as f64 / RATE as f64;
    let reach = REACH * step.max(1.0);
    let one = |at: f64| {
        let (from, until) = ((at - reach).ceil().max(0.0) as usize, ((at + reach) as usize + 1).min(samples.len()));
        let weigh = |place: usize| {
            let off = place as f64 - at;
            let turns = PI * off / step.max(1.0);
            let sinc = if turns == 0.0 { 1.0 } else { turns.sin() / turns };
            sinc * (0.5 + 0.5 * (PI * off / reach).cos()) / step.max(1.0)
        };
        (from..until).map(|place| f64::from(samples[place]) * weigh(place)).sum::<f64>() as i16
    };
    (0..(samples.len() as f64 / step) as usize).map(|at| one(at as f64 * step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(rate: u32, length: u32, hertz: f64) -> Vec<u8> {
        let mut wave =
            [b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0".as_slice(), &rate.to_le_bytes(), &[0; 6], &[16, 0]]
                .concat();
        wave.extend(b"LIST\x02\0\0\0abdata");
        wave.extend(length.to_le_bytes());
        for at in 0..rate {
            let sample = 8000.0 * (std::f64::consts::TAU * hertz * f64::from(at) / f64::from(rate)).sin();
            wave.extend((sample as i16).to_le_bytes());
        }
        wave
    }

    #[test]
    fn a_wave_is_read_whatever_length_it_says() {
        for length in [44_100, u32::MAX] {
            let (rate, samples) = read(&wave(22_050, length, 100.0)).expect("a wave");
            assert_eq!((rate, samples.len()), (22_050, 22_050));
        }
        assert_eq!(read(b"RIFF"), None);
        assert_eq!(read(b"no wave at all"), None);
    }

    #[test]
    fn at_another_rate_a_tone_is_the_same_tone() {
        let (rate, samples) = read(&wave(22_050, u32::MAX, 1000.0)).expect("a wave");
        let at_ours = resampled(&samples, rate);
        assert_eq!(at_ours.len(), RATE);
        let off = |at: usize| 8000.0 * (std::f64::consts::TAU * at as f64 / 8.0).sin() - f64::from(at_ours[at]);
        assert!((100..7900).all(|at| off(at).abs() < 200.0), "{:?}", &at_ours[100..116]);
        let (rate, samples) = read(&wave(22_050, u32::MAX, 6000.0)).expect("a wave");
        let folded = resampled(&samples, rate);
        assert!(folded[100..7900].iter().all(|sample| sample.abs() < 400), "what is too high is gone");
    }
}
