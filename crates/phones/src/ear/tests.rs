use super::*;
use crate::rtp::{FRAME, Packets, Sound, sound_of};

fn recorded(sounds: &[(Sound, usize)]) -> (Instant, Recording) {
    let began = Instant::now();
    let (mut packets, mut heard) = (Packets::new(1, Sound::Silence), Vec::new());
    for (sound, frames) in sounds {
        packets.sound = *sound;
        for _ in 0..*frames {
            let samples = sound_of(&packets.next_packet().expect("a packet")).expect("sound");
            heard.push(Heard { at: began + Duration::from_millis(20) * heard.len() as u32, samples });
        }
    }
    (began, Recording(heard))
}

/// Noise with a memory, as speech has one; the same seed is the same sentence.
fn sentence(seed: u64, length: usize) -> Vec<i16> {
    let (mut state, mut last, mut before) = (seed, 0.0, 0.0);
    let spoken = (0..length).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 40) as f64 / f64::from(1 << 24) - 0.5;
        let now = noise + 1.6 * last - 0.8 * before;
        before = std::mem::replace(&mut last, now);
        (now * 3000.0) as i16
    });
    spoken.collect()
}

#[test]
fn tones_are_told_apart() {
    let (_, recording) = recorded(&[(Sound::Tone(440.0), 100)]);
    assert!((recording.level(440.0) + 12.2).abs() < 0.5, "{}", recording.level(440.0));
    for other in [300.0, 350.0, 620.0, 880.0] {
        assert!(recording.misses(other), "{other}: {}", recording.level(other));
    }
    assert_eq!(Recording::default().level(440.0), -100.0);
}

#[test]
fn a_tone_that_is_heard_for_a_tenth_of_the_time_is_not_gone() {
    let (_, recording) = recorded(&[(Sound::Silence, 90), (Sound::Tone(620.0), 10)]);
    assert!(!recording.misses(620.0), "{}", recording.level(620.0));
}

#[test]
fn a_tone_is_heard_from_its_first_packet_on() {
    let sounds = [(Sound::Tone(300.0), 20), (Sound::Silence, 3), (Sound::Tone(440.0), 20)];
    let (began, recording) = recorded(&sounds);
    let packet = |number: u32| began + Duration::from_millis(20) * number;
    assert_eq!(recording.first(440.0, began), Some(packet(23)));
    assert_eq!(recording.first(440.0, packet(30)), Some(packet(30)), "it is heard already");
    assert_eq!((recording.first(300.0, packet(20)), recording.first(620.0, began)), (None, None));
    assert_eq!((recording.last(300.0), recording.last(620.0)), (Some(packet(19)), None));
    assert_eq!(recording.first_words(&[300.0], began), Some(packet(23)), "whatever else it is");
    assert_eq!(recording.first_words(&[300.0, 440.0], began), None);
    assert!(!recording.hears_only(440.0) && recording.between(packet(23), packet(43)).hears_only(440.0));
}

#[test]
fn silence_is_what_nobody_hears() {
    let (began, recording) = recorded(&[(Sound::Tone(300.0), 50), (Sound::Silence, 100), (Sound::Tone(300.0), 50)]);
    let until = began + Duration::from_secs(5);
    let longest = recording.longest_silence(began, until);
    assert!(longest.abs_diff(Duration::from_millis(2020)) < Duration::from_millis(30), "{longest:?}");
    assert_eq!(
        Recording::default().longest_silence(began, until),
        Duration::from_secs(5),
        "no packets are silence too"
    );
    let first = recording.between(began, began + Duration::from_secs(1));
    assert_eq!(first.samples().len(), 50 * FRAME);
}

#[test]
fn a_sentence_is_known_again_and_no_other() {
    let said = sentence(1, 2 * RATE);
    let through_a_line = said.iter().map(|sample| crate::rtp::from_mu_law(crate::rtp::to_mu_law(sample / 2)));
    let heard: Vec<i16> = sentence(7, 3000).into_iter().chain(through_a_line).chain(sentence(8, 999)).collect();
    assert!(likeness(&heard, &said) > 0.98, "{}", likeness(&heard, &said));
    assert!(likeness(&heard, &sentence(2, 2 * RATE)) < 0.2, "{}", likeness(&heard, &sentence(2, 2 * RATE)));
    assert!(likeness(&heard, &said[RATE..]) > 0.98, "a part of it too");
    assert_eq!(likeness(&heard[..RATE], &said), 0.0, "too short to be it");
    assert_eq!(likeness(&[0; 20_000], &said), 0.0);
}
