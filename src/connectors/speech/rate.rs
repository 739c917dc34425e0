//! To the rate of a telephone: 8,000 samples a second.
//!
//! Guarantees: as long as it was, to a sample; what a telephone carries (up to 3,400 Hz) is as loud as it was; what lies above
//! half its rate, and would come back as another tone, is 70 dB down. Between two rates there are only so many places where a
//! sample can fall between others (160 from 22,050 to 8,000): each has its row of weights, a sinc under Blackman's window.

use std::f64::consts::PI;

pub(super) const TELEPHONE: u32 = 8_000;

/// Where the filter has halved a tone: between what a telephone carries and half its rate.
const CUTOFF_HZ: f64 = 3_650.0;
/// Zeros of the sinc on either side: with so many it goes from one to nothing within 700 Hz.
const ZEROS: f64 = 32.0;

/// `rate` is 8,000 or more.
pub(super) fn to_telephone(samples: Vec<i16>, rate: u32) -> Vec<i16> {
    if rate == TELEPHONE {
        return samples;
    }
    let shared = greatest_common_divisor(rate, TELEPHONE);
    let (up, down) = ((TELEPHONE / shared) as usize, (rate / shared) as usize);
    let rows = rows(up, f64::from(rate));
    let taps = rows[0].len();
    // Silence before and after; a row begins as far before its place as it ends behind it.
    let mut padded = vec![0.0; samples.len() + taps];
    padded[taps / 2 - 1..][..samples.len()].iter_mut().zip(&samples).for_each(|(to, from)| *to = f32::from(*from));
    let place = |n: usize| (n * down / up, n * down % up);
    let length = (samples.len() * up).div_ceil(down);
    (0..length).map(place).map(|(at, phase)| weighed(&rows[phase], &padded[at..][..taps])).collect()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// For each place between two samples, in parts of `up`: what those around it weigh.
fn rows(up: usize, rate: f64) -> Vec<Vec<f32>> {
    let narrow = 2.0 * CUTOFF_HZ / rate;
    // Even: rows are weighed by fours.
    let half = (ZEROS / narrow / 2.0).ceil() * 2.0;
    let row = |phase: usize| {
        let place = half - 1.0 + phase as f64 / up as f64;
        let weights: Vec<f64> = (0..2 * half as usize)
            .map(|at| (at as f64 - place) / half)
            .map(|off| sinc(off * half * narrow) * blackman(off))
            .collect();
        // Silence and a standing level stay what they are, at every place alike.
        let all: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| (weight / all) as f32).collect()
    };
    (0..up).map(row).collect()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// From -1 to 1.
fn blackman(x: f64) -> f64 {
    0.42 + 0.5 * (PI * x).cos() + 0.08 * (2.0 * PI * x).cos()
}

/// In four sums, which a processor makes at once: five times as quick as one. What is too loud for 16 bits is as loud as they
/// can say.
fn weighed(row: &[f32], samples: &[f32]) -> i16 {
    let (mut first, mut second, mut third, mut fourth) = (0.0, 0.0, 0.0, 0.0);
    for ([a, b, c, d], [p, q, r, s]) in row.as_chunks().0.iter().zip(samples.as_chunks().0) {
        first += a * p;
        second += b * q;
        third += c * r;
        fourth += d * s;
    }
    (first + second + third + fourth).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [u32; 7] = [11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

    /// Two seconds.
    fn tone(hz: f64, loud: f64, rate: u32) -> Vec<i16> {
        let turn = 2.0 * PI * hz / f64::from(rate);
        (0..2 * rate).map(|n| (loud * (turn * f64::from(n)).sin()).round() as i16).collect()
    }

    /// The second in the middle: whole turns of every tone, and no beginning or end.
    fn middle(samples: &[i16]) -> Vec<f64> {
        samples[4_000..12_000].iter().map(|sample| f64::from(*sample)).collect()
    }

    fn power(samples: &[f64]) -> f64 {
        samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len() as f64
    }

    /// Of the tone alone.
    fn power_at(hz: f64, samples: &[f64]) -> f64 {
        let turn = 2.0 * PI * hz / f64::from(TELEPHONE);
        let along = |wave: fn(f64) -> f64| {
            samples.iter().enumerate().map(|(n, sample)| sample * wave(turn * n as f64)).sum::<f64>()
        };
        let (sine, cosine) = (along(f64::sin), along(f64::cos));
        2.0 * (sine * sine + cosine * cosine) / (samples.len() as f64).powi(2)
    }

    fn decibels(ratio: f64) -> f64 {
        10.0 * ratio.log10()
    }

    #[test]
    fn a_tone_that_a_telephone_carries_stays_as_it_was_and_alone() {
        for rate in RATES {
            for hz in [300.0, 1_000.0, 3_400.0] {
                // Loud enough that an overshoot would be cut off, and heard.
                let heard = middle(&to_telephone(tone(hz, 32_600.0, rate), rate));
                let (all, tone) = (power(&heard), power_at(hz, &heard));
                let (louder, else_) = (decibels(tone / (32_600.0_f64.powi(2) / 2.0)), decibels((all - tone) / tone));
                assert!(louder.abs() < 0.1, "{hz} Hz from {rate}: {louder:.2} dB louder");
                assert!(else_ < -70.0, "{hz} Hz from {rate}: the rest is at {else_:.1} dB");
            }
        }
    }

    #[test]
    fn a_tone_that_it_does_not_carry_is_gone_and_does_not_come_back_as_another() {
        for rate in RATES {
            for hz in [4_100.0, 5_000.0, 6_000.0, 7_900.0, 11_500.0] {
                if hz * 2.0 < f64::from(rate) {
                    let left = power(&middle(&to_telephone(tone(hz, 32_600.0, rate), rate)));
                    let down = decibels(left / (32_600.0_f64.powi(2) / 2.0));
                    assert!(down < -70.0, "{hz} Hz from {rate}: {down:.1} dB");
                }
            }
        }
    }

    #[test]
    fn it_takes_as_long_as_it_did() {
        for rate in RATES.into_iter().chain([8_001]) {
            for length in [1, 7, 5_000] {
                let made = to_telephone(vec![1_000; length], rate).len();
                let exact = length as f64 * f64::from(TELEPHONE) / f64::from(rate);
                assert!((made as f64 - exact).abs() <= 1.0, "{length} at {rate} became {made}");
            }
            assert_eq!(to_telephone(vec![1_000; 5_000], rate)[300], 1_000, "a standing level stays, at {rate}");
        }
        assert_eq!(to_telephone(vec![1, -2, 3], TELEPHONE), [1, -2, 3]);
    }

    #[test]
    fn it_is_heard_when_it_was() {
        for rate in [16_000, 24_000, 48_000] {
            let mut click = vec![0; 8_000];
            click[rate as usize / 10] = 30_000;
            let heard = to_telephone(click, rate);
            assert!(
                heard.iter().max() == Some(&heard[800]) && heard[799] == heard[801],
                "{rate}: {:?}",
                &heard[795..805]
            );
        }
    }

    #[test]
    fn what_is_too_loud_does_not_turn_over() {
        let square: Vec<i16> = (0..22_050).map(|n| if n / 50 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let heard = to_telephone(square, 22_050);
        // In the middle of each half wave, 50 samples of the one rate long.
        let middles = (1..400).map(|half: usize| (half, heard[(half * 50 + 25) * 160 / 441]));
        middles.for_each(|(half, sample)| assert_eq!(sample > 0, half % 2 == 0, "{half}: {sample}"));
    }
}
