//! For how long a caller is likely to wait, told from how long it took for those before.

use crate::domain::id::PoolId;
use std::time::Duration;

/// Callers who were put through last, the newest first: the pool that was decided for each, and how long they had waited since
/// the first phone rang.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecentWaits(pub Vec<(PoolId, Duration)>);

impl RecentWaits {
    /// So many are looked back over.
    pub const LOOKED_BACK: usize = 500;
    /// Of a pool, or of all, so many count.
    const COUNTED: usize = 50;
    /// Fewer say too little.
    const ENOUGH: usize = 10;

    /// Within which three of four of the last callers of this pool were put through, or of all pools where it had too few; in
    /// round figures, and never less than it was. `None`: too little is known.
    pub fn usual(&self, pool: &PoolId) -> Option<Duration> {
        let of_pool = self.0.iter().filter(|(of, _)| of == pool).map(|(_, waited)| *waited);
        let of_all = self.0.iter().map(|(_, waited)| *waited);
        let waited = three_of_four(of_pool.take(Self::COUNTED).collect());
        waited.or_else(|| three_of_four(of_all.take(Self::COUNTED).collect())).map(in_round_figures)
    }
}

fn three_of_four(mut waits: Vec<Duration>) -> Option<Duration> {
    waits.sort_unstable();
    let place = (waits.len() * 3).div_ceil(4).checked_sub(1)?;
    waits.get(place).copied().filter(|_| waits.len() >= RecentWaits::ENOUGH)
}

/// Quarters of the first minute, half minutes up to three, then whole ones.
fn in_round_figures(wait: Duration) -> Duration {
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
    let unit = match seconds {
        0..=60 => 15,
        61..=180 => 30,
        181.. => 60,
    };
    Duration::from_secs(seconds.div_ceil(unit).max(1).saturating_mul(unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::scenario::pool_id;

    /// Of pool `west`, the newest first, in milliseconds.
    fn west(waits: impl IntoIterator<Item = u64>) -> Vec<(PoolId, Duration)> {
        waits.into_iter().map(|waited| (pool_id("west"), Duration::from_millis(waited))).collect()
    }

    fn usual_s(waits: Vec<(PoolId, Duration)>, pool: &str) -> Option<u64> {
        RecentWaits(waits).usual(&pool_id(pool)).map(|wait| wait.as_secs())
    }

    #[test]
    fn three_of_four_waited_no_longer() {
        // The eighth of ten, the ninth of twelve.
        assert_eq!(usual_s(west((1..=10).map(|number| number * 10_000)), "west"), Some(90));
        assert_eq!(usual_s(west([20_000; 9].into_iter().chain([90_000; 3])), "west"), Some(30));
        assert_eq!(usual_s(west([20_000; 8].into_iter().chain([90_000; 4])), "west"), Some(90));
    }

    #[test]
    fn fewer_than_ten_say_nothing_and_a_pool_that_had_fewer_is_told_by_all() {
        assert_eq!(usual_s(Vec::new(), "west"), None);
        assert_eq!(usual_s(west([5_000; 9]), "west"), None);
        assert_eq!(usual_s(west([5_000; 10]), "west"), Some(15));
        assert_eq!(usual_s(west([5_000; 10]), "desk"), Some(15), "what is known of others");
        let desk = [40_000; 9].map(|waited| (pool_id("desk"), Duration::from_millis(waited)));
        let mut both = west([5_000; 20]);
        both.extend(desk);
        assert_eq!(usual_s(both.clone(), "desk"), Some(45), "nine of desk and twenty of west");
        both.push((pool_id("desk"), Duration::from_secs(100)));
        assert_eq!((usual_s(both.clone(), "desk"), usual_s(both, "west")), (Some(45), Some(15)));
    }

    #[test]
    fn only_the_last_fifty_of_a_pool_count() {
        assert_eq!(usual_s(west([5_000; 50].into_iter().chain([200_000; 450])), "west"), Some(15));
        assert_eq!(usual_s(west([200_000; 50].into_iter().chain([5_000; 450])), "west"), Some(240));
    }

    #[test]
    fn it_is_told_in_round_figures_and_never_less_than_it_was() {
        for (waited, told) in [
            (0, 15),
            (14_999, 15),
            (15_000, 15),
            (15_001, 30),
            (45_000, 45),
            (60_000, 60),
            (60_001, 90),
            (150_001, 180),
            (180_001, 240),
            (3_600_000, 3_600),
        ] {
            assert_eq!(usual_s(west([waited; 10]), "west"), Some(told), "{waited} ms");
        }
    }
}
