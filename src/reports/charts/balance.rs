//! Who is owed turns, to the right, and who has had more than theirs, to the left; with the bound on both sides.

use super::marks::{NAMES, VALUES, WIDTH, greatest, in_words, label, legend, line, rect, row_name, telling, value};
use crate::reports::pictures::Picture;
use svg::node::element::Element;

const BAR: f64 = 15.0;
const GAP: f64 = 7.0;
const TOP: f64 = 24.0;
/// The columns that are drawn.
const OWED: usize = 2;
const BOUND: usize = 3;

pub(super) fn draw(picture: &Picture) -> (f64, Vec<Element>) {
    let most = greatest(picture);
    let half = (WIDTH - NAMES - VALUES) / 2.0;
    let middle = NAMES + half;
    let along = |turns: f64| if most > 0.0 { half * turns / most } else { 0.0 };
    let bottom = TOP + (BAR + GAP) * picture.rows.len() as f64;
    let mut drawn = legend(picture);
    drawn.push(line("axis", (middle, TOP), (middle, bottom)));
    for (place, row) in picture.rows.iter().enumerate() {
        let y = TOP + (BAR + GAP) * place as f64;
        drawn.push(row_name(y + BAR - 3.0, &row.name));
        if let Some(owed) = value(picture, place, OWED) {
            let width = along(owed.abs());
            let bar = rect("series-0", (if owed < 0.0 { middle - width } else { middle }, y), (width, BAR));
            drawn.push(telling(bar, picture, place, OWED));
            drawn.push(label("start", (WIDTH - VALUES + 6.0, y + BAR - 3.0), &in_words(picture, OWED, owed)));
        }
        if let Some(bound) = value(picture, place, BOUND) {
            let (low, high) = (middle - along(bound), middle + along(bound));
            drawn.push(line("bound", (low, y), (low, y + BAR)));
            drawn.push(telling(line("bound", (high, y), (high, y + BAR)), picture, place, BOUND));
        }
    }
    (bottom, drawn)
}
