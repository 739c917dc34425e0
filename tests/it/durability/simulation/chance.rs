//! Chance that can be had again, in the words of the simulation.

use chrono::TimeDelta;

pub struct Chance(baton_core::rehearsal::chance::Chance);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(baton_core::rehearsal::chance::Chance::new(seed))
    }

    /// 0 to `end`, exclusive.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.below(end)
    }

    pub fn percent(&mut self, percent: u32) -> bool {
        self.0.percent(percent)
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        self.0.pick(items).expect("there is something to pick from")
    }

    /// Milliseconds from `from` to `until`, both in seconds.
    pub fn seconds(&mut self, from: usize, until: usize) -> TimeDelta {
        let span = (until - from) * 1000 + 1;
        TimeDelta::milliseconds((from * 1000 + self.below(span)) as i64)
    }
}
