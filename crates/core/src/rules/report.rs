//! What a checked workspace holds, in a few lines for `baton check`.

use crate::rules::compile::Checked;
use crate::rules::fault::Level;
use std::collections::BTreeSet;

/// `14 reps in 4 teams, 46 territory rows in 12 countries, 8 pools, 3 tiers` and what else there is.
pub fn summary(checked: &Checked) -> Vec<String> {
    let rules = &checked.rules;
    let teams: BTreeSet<&str> = rules.reps.values().flat_map(|rep| rep.teams()).collect();
    let rows: BTreeSet<u32> = rules.territories.rows().iter().map(|row| row.line).collect();
    let territories: BTreeSet<&str> = rules.territories.rows().iter().map(|row| row.territory.as_str()).collect();
    let countries: BTreeSet<&str> = rules.territories.rows().iter().filter_map(|row| row.country.as_deref()).collect();
    let mut lines = vec![
        format!(
            "{} in {}, {} in {}, {}, {}",
            count(rules.reps.len(), "rep"),
            count(teams.len(), "team"),
            count(rows.len(), "territory row"),
            count(countries.len(), "country"),
            count(rules.pools.len(), "pool"),
            count(rules.tiers.len(), "tier"),
        ),
        format!(
            "{}, {}, {}, {}, catch-all {}",
            count(territories.len(), "territory"),
            count(rules.routes.len(), "route"),
            count(rules.territories.accounts().len(), "named account"),
            count(rules.handoff.ladders.iter().len(), "ladder"),
            rules.catch_all,
        ),
        format!("release {}", rules.release.short()),
    ];
    let warnings = checked.warnings.iter().filter(|fault| fault.level == Level::Warning).count();
    if warnings > 0 {
        lines.push(count(warnings, "warning"));
    }
    lines
}

/// `1 rep`, `2 reps`, `3 territories`.
fn count(number: usize, what: &str) -> String {
    match what.strip_suffix('y') {
        _ if number == 1 => format!("1 {what}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {what}s"),
    }
}
