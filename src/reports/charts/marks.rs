//! What charts are made of. Lengths are in the units of the drawing, which is [`WIDTH`] of them wide however wide the page.

use crate::reports::pictures::Picture;
use crate::reports::words;
use svg::node::element::Element;
use svg::node::{Node, Text};

pub(super) const WIDTH: f64 = 720.0;
/// Left of what is drawn, for the names of rows.
pub(super) const NAMES: f64 = 190.0;
/// Right of it, for values.
pub(super) const VALUES: f64 = 80.0;
const NAME_COLUMNS: usize = 28;

pub(super) fn element<const N: usize>(name: &str, attributes: [(&str, String); N]) -> Element {
    let mut element = Element::new(name);
    for (key, value) in attributes {
        element.assign(key, value);
    }
    element
}

/// As lengths are written: tenths tell enough.
pub(super) fn at(length: f64) -> String {
    format!("{length:.1}")
}

pub(super) fn rect(class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) -> Element {
    let size = [("width", at(width)), ("height", at(height))];
    let [width, height] = size;
    element("rect", [("class", class.to_owned()), ("x", at(x)), ("y", at(y)), width, height])
}

pub(super) fn circle(class: &str, (x, y): (f64, f64)) -> Element {
    element("circle", [("class", class.to_owned()), ("cx", at(x)), ("cy", at(y)), ("r", at(3.5))])
}

/// `way`: as in the attribute `d`.
pub(super) fn path(class: &str, way: String) -> Element {
    element("path", [("class", class.to_owned()), ("d", way)])
}

/// A straight line.
pub(super) fn line(class: &str, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) -> Element {
    path(class, format!("M{x:.1} {y:.1}L{to_x:.1} {to_y:.1}"))
}

/// `anchor`: `start`, `middle` or `end` of the words lies there.
pub(super) fn label(anchor: &str, (x, y): (f64, f64), text: &str) -> Element {
    let mut label = element(
        "text",
        [("class", "label".to_owned()), ("text-anchor", anchor.to_owned()), ("x", at(x)), ("y", at(y))],
    );
    label.append(Text::new(words::plain(text)));
    label
}

/// The name of a row, beside what is drawn of it.
pub(super) fn row_name(y: f64, name: &str) -> Element {
    label("end", (NAMES - 8.0, y), &words::fit(name, NAME_COLUMNS))
}

/// The mark of a number, which tells it: "West, Leads: 12".
pub(super) fn telling(mark: Element, picture: &Picture, row: usize, column: usize) -> Element {
    let value = value(picture, row, column).map_or_else(String::new, |value| in_words(picture, column, value));
    let (row, column) = (&picture.rows[row].name, &picture.columns[column].name);
    with_title(mark, &format!("{row}, {column}: {value}"))
}

fn with_title(mut mark: Element, text: &str) -> Element {
    let mut title = Element::new("title");
    title.append(Text::new(words::plain(text)));
    mark.append(title);
    mark
}

pub(super) fn in_words(picture: &Picture, column: usize, value: f64) -> String {
    words::number(value, picture.columns[column].unit)
}

pub(super) fn value(picture: &Picture, row: usize, column: usize) -> Option<f64> {
    picture.rows[row].values[column]
}

/// The greatest of what is drawn.
pub(super) fn greatest(picture: &Picture) -> f64 {
    let columns = picture.shape.draws(picture.columns.len());
    let values = picture.rows.iter().flat_map(|row| &row.values[columns.clone()]).flatten();
    values.fold(0.0, |most: f64, value: &f64| most.max(value.abs()))
}

/// What stands for which column, above the drawing.
pub(super) fn legend(picture: &Picture) -> Vec<Element> {
    let columns = picture.shape.draws(picture.columns.len());
    let mut drawn = Vec::new();
    for (place, column) in picture.columns[columns].iter().enumerate() {
        let x = NAMES + 130.0 * place as f64;
        drawn.push(rect(&format!("series-{place}"), (x, 4.0), (10.0, 10.0)));
        drawn.push(label("start", (x + 15.0, 13.0), &column.name));
    }
    drawn
}

/// The whole, with what it is for whoever does not see it.
pub(super) fn sheet(picture: &Picture, height: f64, drawn: Vec<Element>) -> String {
    let named = |what: &str| format!("{}-{what}", picture.key);
    let mut sheet = element(
        "svg",
        [
            ("class", "chart".to_owned()),
            ("viewBox", format!("0 0 {WIDTH:.0} {height:.0}")),
            ("role", "img".to_owned()),
            ("aria-labelledby", format!("{} {}", named("title"), named("desc"))),
        ],
    );
    let desc = format!("{} The numbers stand in the table below.", picture.definition);
    for (name, text) in [("title", picture.name), ("desc", desc.as_str())] {
        let mut told = element(name, [("id", named(name))]);
        told.append(Text::new(text));
        sheet.append(told);
    }
    for mark in drawn {
        sheet.append(mark);
    }
    sheet.to_string()
}
