//! Chance that can be had again: SplitMix64 (Steele, Lea and Flood, 2014). The same seed gives the same world.

use chrono::TimeDelta;

pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// 0 to `end`, exclusive; `end` is at least 1. The bias of the remainder does not matter here.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Milliseconds from `from` to `until`, both in seconds.
    pub fn seconds(&mut self, from: usize, until: usize) -> TimeDelta {
        let span = (until - from) * 1000 + 1;
        TimeDelta::milliseconds((from * 1000 + self.below(span)) as i64)
    }
}
