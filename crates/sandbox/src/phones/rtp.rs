//! Sound as packets of 20 ms: mu-law, and keys as RFC 4733 wants them.

use super::sip::{KEYS, PCMU};
use tokio::time::Instant;

/// Samples a second, and in a packet.
pub const RATE: usize = 8000;
pub const FRAME: usize = 160;
/// A key is held for so many packets, and its end is told so often.
const HELD: u16 = 6;
const ENDS: u16 = 3;

/// What a phone says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sound {
    Silence,
    /// A sine of so many hertz, a quarter of full scale.
    Tone(f64),
}

/// The packets of one phone in one call, in the order in which they are to leave, one every 20 ms.
#[derive(Debug)]
pub struct Packets {
    pub sound: Sound,
    /// Payload type of keys as the other side has it.
    pub keys_as: u8,
    source: u32,
    sequence: u16,
    /// Of the packet that leaves next.
    timestamp: u32,
    sample: usize,
    /// Keys that are still to be sent; of the first, when it began and how many of its packets have left.
    keys: Vec<u8>,
    begun: Option<(u32, u16)>,
}

impl Packets {
    pub fn new(source: u32, sound: Sound) -> Self {
        let (sequence, timestamp) = (source as u16, source.rotate_left(7));
        Self { sound, keys_as: KEYS, source, sequence, timestamp, sample: 0, keys: Vec::new(), begun: None }
    }

    /// # Panics
    /// There is no such key.
    pub fn press(&mut self, key: char) {
        let event = "0123456789*#".find(key).expect("a key of a phone");
        self.keys.push(event as u8);
    }

    pub fn is_pressing(&self) -> bool {
        !self.keys.is_empty()
    }

    /// While a key is held there is no other sound.
    pub fn packet(&mut self) -> Vec<u8> {
        let packet = match self.keys.first().copied() {
            Some(key) => self.key(key),
            None => self.mu_law(),
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
        packet
    }

    /// All packets of a key carry the timestamp of its beginning; its length grows, but not with the ends.
    fn key(&mut self, key: u8) -> Vec<u8> {
        let (began, sent) = self.begun.unwrap_or((self.timestamp, 0));
        let (is_end, length) = (sent >= HELD, FRAME as u16 * (sent + 1).min(HELD));
        let mut packet = self.head(self.keys_as, sent == 0, began);
        packet.extend([key, if is_end { 0x80 | 10 } else { 10 }]);
        packet.extend(length.to_be_bytes());
        self.begun = Some((began, sent + 1));
        if sent + 1 == HELD + ENDS {
            self.keys.remove(0);
            self.begun = None;
        }
        packet
    }

    fn mu_law(&mut self) -> Vec<u8> {
        let mut packet = self.head(PCMU, false, self.timestamp);
        packet.extend((0..FRAME).map(|_| {
            self.sample += 1;
            to_mu_law(sample(self.sound, self.sample))
        }));
        packet
    }

    fn head(&self, kind: u8, marked: bool, timestamp: u32) -> Vec<u8> {
        let mut head = vec![0x80, kind | if marked { 0x80 } else { 0 }];
        head.extend(self.sequence.to_be_bytes());
        head.extend(timestamp.to_be_bytes());
        head.extend(self.source.to_be_bytes());
        head
    }
}

fn sample(sound: Sound, at: usize) -> i16 {
    match sound {
        Sound::Silence => 0,
        Sound::Tone(hertz) => (8000.0 * (std::f64::consts::TAU * hertz * at as f64 / RATE as f64).sin()) as i16,
    }
}

/// A packet that was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    pub at: Instant,
    pub samples: Vec<i16>,
}

/// What of a packet is sound; `None` for everything else.
pub fn sound_of(packet: &[u8]) -> Option<Vec<i16>> {
    let (head, payload) = packet.split_at_checked(12)?;
    (head[0] >> 6 == 2 && head[1] & 0x7f == PCMU).then(|| payload.iter().copied().map(from_mu_law).collect())
}

/// G.711.
pub fn to_mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(sample).abs() + 132).min(0x7fff);
    let exponent = (7..15).rev().find(|bit| magnitude >> bit != 0).unwrap_or(7) - 7;
    !(sign | (exponent as u8) << 4 | ((magnitude >> (exponent + 3)) & 0x0f) as u8)
}

pub fn from_mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((i16::from(byte & 0x0f) << 3) + 132) << ((byte >> 4) & 7)) - 132;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(packet: &[u8], from: usize, bytes: usize) -> u32 {
        packet[from..from + bytes].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    #[test]
    fn mu_law_keeps_a_sample_to_a_thirtieth() {
        for sample in (-32_000..32_000_i16).step_by(7) {
            let kept = from_mu_law(to_mu_law(sample));
            let off = (i32::from(kept) - i32::from(sample)).abs();
            assert!(off <= 4 + i32::from(sample).abs() / 30, "{sample} became {kept}");
        }
    }

    #[test]
    fn a_key_has_one_timestamp_a_growing_length_and_three_ends() {
        let mut packets = Packets::new(1234, Sound::Tone(440.0));
        let before = packets.packet();
        packets.press('#');
        let key: Vec<Vec<u8>> = (0..9).map(|_| packets.packet()).collect();
        let after = packets.packet();
        assert_eq!((before[1], key[0][1], key[1][1], after[1]), (PCMU, 0x80 | KEYS, KEYS, PCMU), "the first is marked");
        let began = number(&before, 4, 4) + FRAME as u32;
        assert!(key.iter().all(|packet| number(packet, 4, 4) == began && packet[12] == 11));
        let lengths: Vec<u32> = key.iter().map(|packet| number(packet, 14, 2)).collect();
        assert_eq!(lengths, [160, 320, 480, 640, 800, 960, 960, 960, 960]);
        let ends = key.iter().filter(|packet| packet[13] & 0x80 != 0).count();
        assert_eq!((ends, key[5][13] & 0x80), (3, 0));
        let all = [&before].into_iter().chain(&key).chain([&after]);
        let order: Vec<u32> = all.map(|packet| number(packet, 2, 2)).collect();
        assert!(order.windows(2).all(|pair| pair[1] == pair[0] + 1), "{order:?}");
        assert_eq!(number(&after, 4, 4), began + 9 * FRAME as u32, "sound goes on where it would be");
    }

    #[test]
    fn a_key_follows_a_key() {
        let mut packets = Packets::new(1, Sound::Silence);
        packets.press('1');
        packets.press('1');
        let both: Vec<Vec<u8>> = (0..18).map(|_| packets.packet()).collect();
        assert_ne!(number(&both[0], 4, 4), number(&both[9], 4, 4), "or it would be the same key");
        assert_eq!(both[9][1], 0x80 | KEYS);
        assert_eq!(packets.packet()[1], PCMU);
    }

    #[test]
    fn what_is_sent_is_heard() {
        let mut packets = Packets::new(9, Sound::Tone(1000.0));
        let heard = sound_of(&packets.packet()).expect("sound");
        assert_eq!(heard.len(), FRAME);
        assert!((i32::from(heard[1]) - 8000).abs() < 300, "a quarter of a period on: {}", heard[1]);
        packets.press('5');
        assert_eq!(sound_of(&packets.packet()), None, "a key is no sound");
    }
}
