//! Values as people read them.

use super::figure::{Cell, Unit};

/// "83.3 %", "2 min 05 s", "no data".
pub(super) fn value(cell: &Cell, unit: Unit) -> String {
    cell.value.map_or_else(|| "no data".to_owned(), |value| number(value, unit))
}

pub(super) fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{:.1} %", value * 100.0),
        Unit::Seconds => span(value),
        Unit::Rating => format!("{value:.1} of 5"),
        Unit::Leads | Unit::Amount => format!("{value:.0}"),
        Unit::RepsPerLead => format!("{value:.1}"),
        Unit::Turns => format!("{value:+.2}"),
    }
}

/// A span as people read it.
pub(super) fn span(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        3600..172_800 => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// Names come from rule files and platforms: no control characters, no more columns than there are.
pub(super) fn fit(name: &str, columns: usize) -> String {
    let name = plain(name);
    if name.chars().count() <= columns {
        return name;
    }
    format!("{}…", name.chars().take(columns - 1).collect::<String>())
}

/// Without control characters.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// "34.2 to 98.1 %".
pub(super) fn range(cell: &Cell) -> Option<String> {
    Some(format!("{:.1} to {:.1} %", cell.low? * 100.0, cell.high? * 100.0))
}

/// "3 of 4".
pub(super) fn counts(cell: &Cell) -> String {
    format!("{} of {}", cell.numerator, cell.denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (seconds, told) in [
            (0.0, "0.0 s"),
            (59.94, "59.9 s"),
            (125.0, "2 min 05 s"),
            (3599.7, "1 h 00 min"),
            (7260.0, "2 h 01 min"),
            (200_000.0, "2 d 7 h"),
        ] {
            assert_eq!(number(seconds, Unit::Seconds), told);
        }
    }
}
