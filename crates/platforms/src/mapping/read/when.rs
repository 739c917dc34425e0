//! What must stand in a request for a message, or for one way to a value, to count.

use super::places::place;
use crate::mapping::Wanted;
use crate::pointer::Place;
use baton_core::rules::fault::{Faults, Word};
use baton_core::rules::yaml::{Data, Node};

pub(super) fn when(node: &Node, each: bool, faults: &mut Faults) -> Vec<(Place, Wanted)> {
    let mut when: Vec<(Place, Wanted)> = Vec::new();
    for (key, node) in node.map(faults) {
        let wanted = wanted(node, faults);
        when.extend(place(key, each, faults).map(|place| (place, wanted)));
    }
    // In an order of its own, so that two messages that ask for the same are seen to.
    when.sort_by(|(one, _), (other, _)| one.written.cmp(&other.written));
    when
}

fn wanted(node: &Node, faults: &mut Faults) -> Wanted {
    match &node.data {
        Data::Text(text) if text == "present" => Wanted::Present,
        Data::Text(text) if text == "absent" => Wanted::Absent,
        Data::Empty | Data::Text(_) | Data::List(_) | Data::Map(_) => {
            Wanted::Word(node.words(faults).into_iter().map(|Word { text, .. }| text).collect())
        }
    }
}
