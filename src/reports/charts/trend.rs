//! A share over time within its bounds, and beside it how much of all it was drawn from.

use super::marks::{NAMES, WIDTH, at, circle, label, legend, line, path, telling, value};
use crate::reports::pictures::Picture;
use std::fmt::Write;
use svg::node::element::Element;

const TOP: f64 = 28.0;
const HEIGHT: f64 = 200.0;
const BELOW: f64 = 26.0;
const RIGHT: f64 = 20.0;
/// Names of moments that find room below.
const NAMES_BELOW: usize = 8;

pub(super) fn draw(picture: &Picture) -> (f64, Vec<Element>) {
    let left = NAMES / 3.0;
    let step = (WIDTH - left - RIGHT) / picture.rows.len().max(2).saturating_sub(1) as f64;
    let x = |row: usize| left + step * row as f64;
    let mut drawn = legend(picture);
    for percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
        let y = height_of(percent / 100.0);
        drawn.push(line("axis", (left, y), (WIDTH - RIGHT, y)));
        drawn.push(label("end", (left - 6.0, y + 4.0), &format!("{percent:.0} %")));
    }
    let every = picture.rows.len().div_ceil(NAMES_BELOW).max(1);
    for (place, row) in picture.rows.iter().enumerate().step_by(every) {
        drawn.push(label("middle", (x(place), TOP + HEIGHT + 18.0), &row.name));
    }
    for place in 0..picture.rows.len() {
        if let (Some(low), Some(high)) = (value(picture, place, 1), value(picture, place, 2)) {
            drawn.push(line("range", (x(place), height_of(low)), (x(place), height_of(high))));
        }
    }
    for (column, class) in [(0, "way series-0"), (3, "way series-3")] {
        drawn.push(path(class, way(picture, column, &x)));
    }
    for place in 0..picture.rows.len() {
        for column in picture.shape.draws(picture.columns.len()) {
            if let Some(share) = value(picture, place, column) {
                let point = circle(&format!("series-{column}"), (x(place), height_of(share)));
                drawn.push(telling(point, picture, place, column));
            }
        }
    }
    (TOP + HEIGHT + BELOW, drawn)
}

fn height_of(share: f64) -> f64 {
    TOP + HEIGHT * (1.0 - share)
}

/// From point to point; where there is none, the line is broken.
fn way(picture: &Picture, column: usize, x: &impl Fn(usize) -> f64) -> String {
    let (mut way, mut down) = (String::new(), false);
    for place in 0..picture.rows.len() {
        match value(picture, place, column) {
            Some(share) => {
                let letter = if down { 'L' } else { 'M' };
                let _infallible = write!(way, "{letter}{} {}", at(x(place)), at(height_of(share)));
                down = true;
            }
            None => down = false,
        }
    }
    way
}
