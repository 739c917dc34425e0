//! Which country a state lies in that is written without one. `MD` is Maryland among American states, and Moldova's own part
//! elsewhere: the country that most states of the file can lie in is meant.

use baton_core::rules::words::place;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct States {
    most: Option<&'static str>,
}

impl States {
    /// Every state that the file names without a country.
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut votes: BTreeMap<&'static str, u32> = BTreeMap::new();
        for value in values {
            for country in countries() {
                *votes.entry(country).or_default() += u32::from(place::subdivision(Some(country), value).is_some());
            }
        }
        let best = votes.values().copied().max().filter(|votes| *votes > 0);
        let mut leading = votes.iter().filter(|(_, votes)| Some(**votes) == best).map(|(country, _)| *country);
        let most = leading.next().filter(|_| leading.next().is_none());
        Self { most }
    }

    /// `US-MD`: in the country that is known, else in that of most states, else wherever only one country has it.
    pub(super) fn read(&self, country: Option<&str>, text: &str) -> Option<String> {
        let found = |country: &str| place::subdivision(Some(country), text);
        let found = match country {
            Some(country) => found(country),
            None => place::subdivision(None, text).or_else(|| found(self.most?)).or_else(|| {
                let mut all = countries().into_iter().filter_map(found);
                all.next().filter(|_| all.next().is_none())
            }),
        };
        found.map(|state| format!("{}-{}", state.country, state.code))
    }
}

fn countries() -> BTreeSet<&'static str> {
    place::country_names().filter_map(place::country).collect()
}
