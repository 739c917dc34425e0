//! A bar for each row and column that is drawn, with its value behind it.

use super::marks::{NAMES, VALUES, WIDTH, greatest, in_words, label, legend, rect, row_name, telling, value};
use crate::reports::figure::Unit;
use crate::reports::pictures::Picture;
use svg::node::element::Element;

const BAR: f64 = 15.0;
const GAP: f64 = 9.0;
const LEGEND: f64 = 24.0;

pub(super) fn draw(picture: &Picture) -> (f64, Vec<Element>) {
    let columns = picture.shape.draws(picture.columns.len());
    let is_share = picture.columns[columns.clone()].iter().all(|column| column.unit == Unit::Share);
    let full = if is_share { 1.0 } else { greatest(picture) };
    let mut drawn = if columns.len() > 1 { legend(picture) } else { Vec::new() };
    let mut y = if columns.len() > 1 { LEGEND } else { 0.0 };
    for (place, row) in picture.rows.iter().enumerate() {
        drawn.push(row_name(y + BAR * columns.len() as f64 / 2.0 + 4.0, &row.name));
        for (series, column) in columns.clone().enumerate() {
            if let Some(number) = value(picture, place, column) {
                let width = if full > 0.0 { (WIDTH - NAMES - VALUES) * number / full } else { 0.0 };
                let bar = rect(&format!("series-{series}"), (NAMES, y), (width, BAR - 2.0));
                drawn.push(telling(bar, picture, place, column));
                drawn.push(label("start", (NAMES + width + 6.0, y + BAR - 4.0), &in_words(picture, column, number)));
            }
            y += BAR;
        }
        y += GAP;
    }
    (y, drawn)
}
