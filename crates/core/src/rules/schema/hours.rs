//! The shape of `hours.yaml`.

use super::{Map, Schema, Shape, key, list, map, names, required};

const SHIFT: Shape = Shape::Form("^\\s*[0-9]+:[0-9]+\\s*-\\s*[0-9]+:[0-9]+\\s*$");
const DATE: Shape = Shape::Form("^[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}$");
/// `mon`, `mon-fri`, `mon,wed`.
const DAYS: &str = "^ *(mon|tue|wed|thu|fri|sat|sun)( *[-,] *(mon|tue|wed|thu|fri|sat|sun))* *$";

pub(super) fn schema() -> Schema {
    let week = || Shape::Map(Map { keys: Vec::new(), others: Some((DAYS, Box::new(list(SHIFT)))) });
    let lawful = || Shape::Either(vec![SHIFT, week()]);
    let by_place = Map {
        keys: vec![required("default", "Everywhere else.", SHIFT)],
        others: Some(("^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$", Box::new(lawful()))),
    };
    let root = map(vec![
        required("weeks", "Working weeks by name: days such as mon-fri with their shifts.", names(week())),
        key("holidays", "Days off by region: dates such as 2026-12-25.", names(list(DATE))),
        required(
            "calling",
            "Lawful calling hours by the caller's clock, such as 08:00-21:00; or by place: default, DE, US-FL.",
            Shape::Either(vec![SHIFT, Shape::Map(by_place)]),
        ),
    ]);
    Schema { title: "Baton: rules/hours.yaml", root, shared: Vec::new() }
}
