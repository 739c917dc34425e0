//! `docs/data.md` says of every column of every table what erasing does with it, and of nothing else.

use super::person::schema;
use crate::program::root;
use crate::store::server::{Db, on_both};
use std::collections::BTreeSet;

on_both! {
    every_column_stands_in_the_table_of_what_erasing_does,
}

/// What stands between backticks.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Of `TABLE.COLUMN`.
fn table_of(column: &str) -> &str {
    column.split('.').next().unwrap_or_default()
}

/// The columns that the table names, as `TABLE.COLUMN`, and the tables in which nothing is of a person.
fn documented() -> (BTreeSet<String>, BTreeSet<String>) {
    let page = std::fs::read_to_string(root().join("docs/data.md")).expect("the page");
    let (_, section) = page.split_once("## What erasing does\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the next one");
    let (mut columns, mut tables) = (BTreeSet::new(), Vec::new());
    for row in section.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').collect();
        let of = named(cells[1]);
        if !of.is_empty() {
            tables = of;
        }
        for table in &tables {
            columns.extend(named(cells[2]).into_iter().map(|column| format!("{table}.{column}")));
        }
    }
    let (_, without) = section.split_once("\nNothing of a person is in ").expect("the others");
    (columns, named(without).into_iter().map(str::to_owned).collect())
}

async fn every_column_stands_in_the_table_of_what_erasing_does(db: Db) {
    let (columns, without) = documented();
    assert!(columns.contains("inbox.body") && without.contains("outcome"), "the page is read: {columns:?} {without:?}");
    let known = schema(&db).await;
    let missing: Vec<&String> =
        known.iter().filter(|column| !columns.contains(*column) && !without.contains(table_of(column))).collect();
    assert_eq!(missing, Vec::<&String>::new(), "docs/data.md does not say what erasing does with these");
    let gone: Vec<&String> = columns.difference(&known).collect();
    assert_eq!(gone, Vec::<&String>::new(), "docs/data.md names what is not there");
    let twice: Vec<&String> = columns.iter().filter(|column| without.contains(table_of(column))).collect();
    assert_eq!(twice, Vec::<&String>::new(), "docs/data.md says two things of these");
}
