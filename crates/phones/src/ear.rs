//! What somebody heard: which tones and how loud, how long nothing, and whether it was this sentence.

use super::rtp::{Heard, RATE};
use std::f64::consts::{PI, TAU};
use std::time::Duration;
use tokio::time::Instant;

/// Full scale of a sample.
const FULL: f64 = 32_768.0;
/// Tones are measured over so many samples at a time, a fifth of a second: music that begins again is the same music.
const WINDOW: usize = RATE / 5;
/// Decibels below full scale. A phone's tone is at -12, hold music too; what a mixer or a codec leaves of others is below -60.
const LOUD: f64 = -30.0;
const GONE: f64 = -50.0;
/// Share of the power that a tone has, be it one of three.
const PURE: f64 = 0.15;
/// The same of a tone that is heard alone.
const ALONE: f64 = 0.8;
/// So many packets in a row are no chance.
const STEADY: usize = 5;
/// A packet that is less loud than this is silence: speech goes below it between words, for half a second at most.
const AUDIBLE: f64 = -48.0;

/// The packets that came, in the order of their arrival.
#[derive(Debug, Clone, Default)]
pub struct Recording(pub Vec<Heard>);

impl Recording {
    pub fn between(&self, from: Instant, until: Instant) -> Self {
        Self(self.0.iter().filter(|heard| (from..until).contains(&heard.at)).cloned().collect())
    }

    /// The sound without the times: what a pause in the packets parted stands side by side.
    pub fn samples(&self) -> Vec<i16> {
        self.0.iter().flat_map(|heard| heard.samples.iter().copied()).collect()
    }

    /// How loud a tone is, in decibels of full scale; -100 where nothing came.
    pub fn level(&self, hertz: f64) -> f64 {
        let samples = self.samples();
        let windows = samples.chunks_exact(WINDOW);
        let count = windows.len().max(1) as f64;
        let power: f64 = windows.map(|window| power(window, hertz)).sum::<f64>() / count;
        (10.0 * power.log10()).max(-100.0)
    }

    /// Loud, and not as a part of speech: there no single frequency has much of the power.
    pub fn hears(&self, hertz: f64) -> bool {
        let level = self.level(hertz);
        level > LOUD && 10.0_f64.powf(level / 10.0) / 2.0 > PURE * power_of(&self.samples())
    }

    /// Nothing else is heard: no other tone, no words.
    pub fn hears_only(&self, hertz: f64) -> bool {
        let level = self.level(hertz);
        level > LOUD && 10.0_f64.powf(level / 10.0) / 2.0 > ALONE * power_of(&self.samples())
    }

    /// When a tone began to be heard alone, after this instant.
    pub fn first(&self, hertz: f64, after: Instant) -> Option<Instant> {
        self.first_that(after, |samples| is_tone(samples, hertz))
    }

    /// When a tone was last heard alone.
    pub fn last(&self, hertz: f64) -> Option<Instant> {
        self.0.iter().rev().find(|heard| is_tone(&heard.samples, hertz)).map(|heard| heard.at)
    }

    /// When something began to be heard that is none of these tones.
    pub fn first_words(&self, tones: &[f64], after: Instant) -> Option<Instant> {
        self.first_that(after, |samples| is_audible(samples) && tones.iter().all(|hertz| !is_tone(samples, *hertz)))
    }

    /// Packet after packet.
    fn first_that(&self, after: Instant, is: impl Fn(&[i16]) -> bool) -> Option<Instant> {
        let heard: Vec<&Heard> = self.0.iter().filter(|heard| heard.at >= after).collect();
        let begins = heard.windows(STEADY).find(|some| some.iter().all(|heard| is(&heard.samples)));
        begins.map(|some| some[0].at)
    }

    /// Nothing of that tone is left.
    pub fn misses(&self, hertz: f64) -> bool {
        self.level(hertz) < GONE
    }

    /// As a whole.
    pub fn is_audible(&self) -> bool {
        is_audible(&self.samples())
    }

    /// The longest time without an audible packet.
    pub fn longest_silence(&self, from: Instant, until: Instant) -> Duration {
        let audible = self.0.iter().filter(|heard| (from..until).contains(&heard.at) && is_audible(&heard.samples));
        let mut last = from;
        let mut longest = Duration::ZERO;
        for at in audible.map(|heard| heard.at).chain([until]) {
            longest = longest.max(at - last);
            last = at;
        }
        longest
    }

    /// How much of this sentence was heard, from 0 to 1, wherever in the recording it begins.
    pub fn likeness(&self, sentence: &[i16]) -> f64 {
        likeness(&self.samples(), sentence)
    }
}

/// One packet: what a codec and a mixer leave of it, and of nothing else so much.
fn is_tone(samples: &[i16], hertz: f64) -> bool {
    let squared = power(samples, hertz);
    10.0 * squared.log10() > LOUD && squared / 2.0 > ALONE * power_of(samples)
}

fn is_audible(samples: &[i16]) -> bool {
    10.0 * power_of(samples).log10() > AUDIBLE
}

/// Of all frequencies together.
fn power_of(samples: &[i16]) -> f64 {
    samples.iter().map(|sample| (f64::from(*sample) / FULL).powi(2)).sum::<f64>() / samples.len().max(1) as f64
}

/// Goertzel: squared amplitude of one frequency, a sine of full scale being 1. The ends of the window are faded, so that
/// neighbours do not leak into it.
fn power(window: &[i16], hertz: f64) -> f64 {
    let turn = 2.0 * (TAU * hertz / RATE as f64).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for (at, sample) in window.iter().enumerate() {
        let fade = 0.5 - 0.5 * (TAU * at as f64 / window.len() as f64).cos();
        let now = fade * f64::from(*sample) / FULL + turn * last - before;
        before = std::mem::replace(&mut last, now);
    }
    let squared = last * last + before * before - turn * last * before;
    squared * 16.0 / (window.len() as f64).powi(2)
}

/// The greatest normalised cross-correlation of a recording with a sentence, over every place at which it may begin: 1 is the
/// same wave, however loud. Where the recording is all but silent it is like nothing.
pub fn likeness(heard: &[i16], sentence: &[i16]) -> f64 {
    let energy = |samples: &[i16]| samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
    let (places, wanted) = ((heard.len() + 1).saturating_sub(sentence.len()), energy(sentence));
    if places == 0 || wanted == 0.0 {
        return 0.0;
    }
    let products = correlated(heard, sentence);
    let mut within = energy(&heard[..sentence.len()]);
    let mut most: f64 = 0.0;
    for place in 0..places {
        if within > wanted / 100.0 {
            most = most.max(products[place] / (within * wanted).sqrt());
        }
        let leaves = f64::from(heard[place]).powi(2);
        within += heard.get(place + sentence.len()).map_or(0.0, |next| f64::from(*next).powi(2)) - leaves;
    }
    most
}

/// Sum of products at each place: multiplied as spectra, for sentences are long.
fn correlated(heard: &[i16], sentence: &[i16]) -> Vec<f64> {
    let size = (heard.len() + sentence.len()).next_power_of_two();
    let spectrum = |samples: &[i16]| {
        let mut wave: Vec<(f64, f64)> = samples.iter().map(|sample| (f64::from(*sample), 0.0)).collect();
        wave.resize(size, (0.0, 0.0));
        transform(&mut wave);
        wave
    };
    let (heard, sentence) = (spectrum(heard), spectrum(sentence));
    // With the conjugate of the second; turned round once more, the transform is its own inverse.
    let mut product: Vec<_> =
        heard.iter().zip(&sentence).map(|((a, b), (c, d))| (a * c + b * d, a * d - b * c)).collect();
    transform(&mut product);
    product.into_iter().map(|(real, _)| real / size as f64).collect()
}

/// Fourier's, for a power of two: Cooley and Tukey's way.
fn transform(wave: &mut [(f64, f64)]) {
    let bits = wave.len().trailing_zeros();
    for at in 0..wave.len() {
        let other = at.reverse_bits() >> (usize::BITS - bits);
        if at < other {
            wave.swap(at, other);
        }
    }
    let mut half = 1;
    while half < wave.len() {
        let turns: Vec<(f64, f64)> = (0..half).map(|at| (-PI * at as f64 / half as f64).sin_cos()).collect();
        for block in wave.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((low, high), (sin, cos)) in low.iter_mut().zip(high).zip(&turns) {
                let turned = (high.0 * cos - high.1 * sin, high.0 * sin + high.1 * cos);
                *high = (low.0 - turned.0, low.1 - turned.1);
                *low = (low.0 + turned.0, low.1 + turned.1);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests;
