//! The shape of `front_door.yaml`.

use super::{DURATION, Schema, Shape, key, map, names, required};

pub(super) fn schema() -> Schema {
    let number = map(vec![
        required("hours", "A week of hours.yaml: people are rung in it, and otherwise the voice agent.", Shape::Word),
        required("timezone", "The clock by which that week is meant, such as America/New_York.", Shape::Word),
        key("holidays", "A holiday region of hours.yaml: on these days the voice agent answers.", Shape::Word),
        required("ring", "The pool of routing.yaml whose reps are rung, by its turns.", Shape::Word),
        required("for", "How long a caller waits until one of them has accepted; then the agent.", DURATION),
    ]);
    let numbers = "Our numbers with their country code, such as \"+15551230000\".";
    let root = map(vec![required("numbers", numbers, names(number))]);
    Schema { title: "Baton: rules/front_door.yaml", root, shared: Vec::new() }
}
