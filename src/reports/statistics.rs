//! The little statistics that the figures need.

use chrono::TimeDelta;

/// Two-sided 95 % of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

pub(super) fn count(len: usize) -> u64 {
    u64::try_from(len).expect("a length fits into 64 bits")
}

/// `None` for nothing out of nothing.
pub(super) fn ratio(numerator: u64, denominator: u64) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

/// Wilson's score interval at 95 %: unlike the usual one it stays within 0 and 1 and holds for few and for extreme counts
/// (E. B. Wilson, 1927).
pub(super) fn wilson(hits: u64, of: u64) -> Option<(f64, f64)> {
    let share = ratio(hits, of)?;
    let n = of as f64;
    let scale = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    Some(((middle - half).max(0.0), (middle + half).min(1.0)))
}

/// How much a share differs from another one, at 95 %: the bounds of both, put together (R. G. Newcombe, 1998, method 10).
pub(super) fn newcombe((hits, of): (u64, u64), (other_hits, other_of): (u64, u64)) -> Option<(f64, f64)> {
    let (share, (low, high)) = (ratio(hits, of)?, wilson(hits, of)?);
    let (other, (other_low, other_high)) = (ratio(other_hits, other_of)?, wilson(other_hits, other_of)?);
    let difference = share - other;
    let below = (share - low).hypot(other_high - other);
    let above = (high - share).hypot(other - other_low);
    Some((difference - below, difference + above))
}

/// The value that `percent` of the values do not exceed (nearest rank): always one of them.
pub(super) fn percentile(values: &mut [TimeDelta], percent: usize) -> Option<TimeDelta> {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wilson_agrees_with_the_roots_of_its_equation() {
        // Independent: the bounds are where (share - p)^2 = z^2 p (1 - p) / n, solved as a quadratic in p.
        for (hits, of) in [(3u64, 4u64), (0, 5), (5, 5), (83, 100), (1, 1), (999, 1000)] {
            let (n, share) = (of as f64, hits as f64 / of as f64);
            let (a, b, c) = (1.0 + Z * Z / n, -(2.0 * share + Z * Z / n), share * share);
            let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
            let (low, high) = wilson(hits, of).expect("some were counted");
            assert!((low - (-b - root) / (2.0 * a)).abs() < 1e-9, "{hits} of {of}");
            assert!((high - (-b + root) / (2.0 * a)).abs() < 1e-9, "{hits} of {of}");
        }
        // 81 of 263 is the worked example of Newcombe (1998), table I: 0.2553 to 0.3662.
        let (low, high) = wilson(81, 263).expect("some were counted");
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn newcombe_agrees_with_the_examples_that_he_worked_out() {
        // Newcombe (1998), differences of independent proportions, table II, method 10.
        for (one, other, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((0, 10), (0, 20), -0.1611, 0.2775),
        ] {
            let found = newcombe(one, other).expect("some were counted");
            assert!((found.0 - low).abs() < 5e-5 && (found.1 - high).abs() < 5e-5, "{one:?} {other:?}: {found:?}");
        }
        assert_eq!(newcombe((1, 2), (0, 0)), None);
    }

    /// Of a thousand made-up samples, so many hold the truth as 95 % says: two standard errors are 1.4 points.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let mut state = 1u64;
        let mut hits = |of: u32, permille: u64| {
            let mut hits = 0;
            for _ in 0..of {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                hits += u64::from((state >> 33) % 1000 < permille);
            }
            hits
        };
        let holds = |(low, high): (f64, f64), truth: f64| u32::from(low <= truth && truth <= high);
        let (mut of_share, mut of_difference) = (0, 0);
        for _ in 0..1000 {
            let (one, other) = (hits(120, 820), hits(90, 700));
            of_share += holds(wilson(one, 120).expect("some"), 0.82);
            of_difference += holds(newcombe((one, 120), (other, 90)).expect("some"), 0.12);
        }
        assert!((930..=970).contains(&of_share) && (930..=970).contains(&of_difference), "{of_share} {of_difference}");
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let seconds = |list: &[i64]| list.iter().map(|s| TimeDelta::seconds(*s)).collect::<Vec<_>>();
        assert_eq!(percentile(&mut seconds(&[40, 10, 30, 20]), 50), Some(TimeDelta::seconds(20)));
        assert_eq!(percentile(&mut seconds(&[40, 10, 30, 20]), 90), Some(TimeDelta::seconds(40)));
        assert_eq!(percentile(&mut seconds(&[7]), 50), Some(TimeDelta::seconds(7)));
        assert_eq!(percentile(&mut [], 50), None);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_share_and_lies_within_0_and_1(of in 1u64..5000, part in 0.0..=1.0f64) {
            let hits = (of as f64 * part) as u64;
            let (low, high) = wilson(hits, of).expect("some were counted");
            let share = hits as f64 / of as f64;
            prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
            prop_assert!(low <= share + 1e-12 && share <= high + 1e-12);
        }
    }
}
