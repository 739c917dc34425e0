//! What happens by chance, from a number: the same number is the same fate.

use chrono::TimeDelta;

pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(number: u64) -> Self {
        Self(number.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1))
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// So many times in a hundred.
    pub(super) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// From so many milliseconds to so many.
    pub(super) fn ms(&mut self, from: u64, to: u64) -> TimeDelta {
        TimeDelta::milliseconds((from + self.below(to - from + 1)) as i64)
    }

    pub(super) fn seconds(&mut self, from: u64, to: u64) -> TimeDelta {
        self.ms(from * 1000, to * 1000)
    }
}
