//! A field for each row and column: the darker, the more.

use super::marks::{NAMES, WIDTH, element, greatest, in_words, label, rect, row_name, telling, value};
use crate::reports::figure::Unit;
use crate::reports::pictures::Picture;
use crate::reports::words;
use svg::node::element::Element;
use svg::node::{Node, Text};

const FIELD: f64 = 24.0;
/// Above the fields, for names of columns, which stand aslant where they are long.
const SHORT_NAMES: f64 = 20.0;
const LONG_NAMES: f64 = 96.0;
/// What is still told apart from nothing.
const FAINTEST: f64 = 0.1;
/// Counts that find room in their field.
const WITH_COUNTS: usize = 24;

pub(super) fn draw(picture: &Picture) -> (f64, Vec<Element>) {
    let columns = picture.columns.len().max(1);
    let width = ((WIDTH - NAMES) / columns as f64).min(60.0);
    let is_long = picture.columns.iter().any(|column| column.name.chars().count() > 3);
    let top = if is_long { LONG_NAMES } else { SHORT_NAMES };
    let most = greatest(picture);
    let mut drawn = Vec::new();
    for (place, column) in picture.columns.iter().enumerate() {
        drawn.push(column_name((NAMES + width * (place as f64 + 0.5), top - 6.0), &column.name, is_long));
    }
    for (place, row) in picture.rows.iter().enumerate() {
        let y = top + FIELD * place as f64;
        drawn.push(row_name(y + FIELD / 2.0 + 4.0, &row.name));
        for (at, column) in picture.columns.iter().enumerate() {
            let corner = (NAMES + width * at as f64, y);
            drawn.push(rect("field", corner, (width - 2.0, FIELD - 2.0)));
            let Some(number) = value(picture, place, at) else { continue };
            let strength = if most > 0.0 && number > 0.0 { (number / most).max(FAINTEST) } else { 0.0 };
            let mut field = rect("heat", corner, (width - 2.0, FIELD - 2.0));
            field.assign("fill-opacity", format!("{strength:.2}"));
            drawn.push(telling(field, picture, place, at));
            if column.unit == Unit::Leads && columns <= WITH_COUNTS && number > 0.0 {
                let middle = (corner.0 + width / 2.0 - 1.0, y + FIELD / 2.0 + 3.0);
                drawn.push(label("middle", middle, &in_words(picture, at, number)));
            }
        }
    }
    (top + FIELD * picture.rows.len() as f64, drawn)
}

fn column_name((x, y): (f64, f64), name: &str, aslant: bool) -> Element {
    if !aslant {
        return label("middle", (x, y), name);
    }
    let turned = format!("translate({x:.1} {y:.1}) rotate(-40)");
    let mut text = element("text", [("class", "label".to_owned()), ("transform", turned)]);
    text.append(Text::new(words::fit(name, 16)));
    text
}
