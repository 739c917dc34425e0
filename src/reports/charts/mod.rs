//! Charts of the report's pictures as inline SVG: no script, nothing fetched, styled by classes alone, so that they follow the page
//! they stand in into the dark and onto paper.
//!
//! Guarantees: each number that is drawn is told by a `<title>` within its mark, in the words of the table beside the chart; a
//! value that there is none of is not drawn. Names are escaped by the crate that writes the elements.

mod balance;
mod bars;
mod grid;
mod marks;
mod trend;

use super::pictures::{Picture, Shape};

/// The chart of a picture, as an `<svg>` element.
pub(super) fn draw(picture: &Picture) -> String {
    let (height, drawn) = match picture.shape {
        Shape::Trend => trend::draw(picture),
        Shape::Bars(_) => bars::draw(picture),
        Shape::Grid => grid::draw(picture),
        Shape::Balance => balance::draw(picture),
    };
    marks::sheet(picture, height, drawn)
}
