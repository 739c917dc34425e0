use super::*;
use crate::domain::id::PoolId;
use crate::rules::files::{reps, yaml};

const REPS: &str = "id,name,email,team,seniority,languages,skills,products,timezone,hours,active\n\
    ana,Ana,ana@c.example,emea,senior,en;es,security,Voice,UTC,office,\n\
    ben,Ben,ben@c.example,emea,senior,en;de,,Voice;Chat,UTC,office,\n\
    cy,Cy,cy@c.example,emea,junior,de,security,,UTC,office,\n\
    dee,Dee,dee@c.example,amer,senior,en,,Chat,UTC,office,\n\
    eve,Eve,eve@c.example,amer,,fr,,,UTC,office,no\n\
    fay,Fay,fay@c.example,apac; latam,lead;trainer,pt,,,UTC,office,\n";

/// `ana:1 ben:2`, and the faults as `line code`.
fn found(text: &str) -> (String, Vec<String>) {
    let mut faults = Faults::default();
    let drafts = reps::read(REPS, &mut faults).expect("the roster is read");
    let node = yaml::parse("rules/routing.yaml", text, &mut faults).expect("yaml");
    let members = read(&node, &mut faults);
    let west = PoolId::new("west").expect("a name");
    let found = of(&members, &drafts, [&west].into_iter(), &mut faults);
    if faults.count() == 0 {
        warn(&members, &drafts, &mut faults);
    }
    let weights = found.map(|found| found.weights).unwrap_or_default();
    (weights.iter().map(|(rep, weight)| format!("{rep}:{weight}")).collect::<Vec<_>>().join(" "), faults.lines())
}

fn finds(text: &str, expected: &str) {
    assert_eq!(found(text), (expected.to_owned(), Vec::new()), "{text}");
}

#[test]
fn keys_are_joined_by_and_and_words_of_a_list_by_or() {
    finds("{ team: emea }", "ana:1 ben:1 cy:1");
    finds("{ team: emea, seniority: senior }", "ana:1 ben:1");
    finds("{ team: apac }", "fay:1");
    finds("{ team: latam, seniority: trainer }", "fay:1");
    finds("{ team: [emea, amer], seniority: senior, language: en }", "ana:1 ben:1 dee:1");
    finds("{ skill: security, language: [es, DE] }", "ana:1 cy:1");
    finds("{ product: chat }", "ben:1 dee:1");
}

#[test]
fn exceptions_and_weights_stand_on_the_selection() {
    finds("{ team: emea, weight: 3, weights: { cy: 1 }, except: [ana] }", "ben:3 cy:1");
}

#[test]
fn in_a_list_names_beat_selections_and_the_first_selection_beats_the_others() {
    finds("[{ team: emea, weight: 2 }, { language: en, weight: 5 }]", "ana:2 ben:2 cy:2 dee:5");
    finds("[{ team: emea, weight: 2 }, cy: 7, eve]", "ana:2 ben:2 cy:7 eve:1");
    finds("{ ana: 2, dee: 1 }", "ana:2 dee:1");
}

#[test]
fn every_wrong_word_is_told_where_it_stands() {
    for (text, expected) in [
        ("{ team: emae }", "1 pool-unknown-team"),
        ("{ team: emea;amer }", "1 pool-unknown-team"),
        ("[west, ana]", "1 pool-in-pool"),
        ("{ west: 2, ana: 1 }", "1 pool-in-pool"),
        ("{ team: emea, weight: 40% }", "1 pool-bad-weight"),
        ("{ language: it }", "1 pool-unknown-language"),
        ("{ product: Vioce }", "1 pool-unknown-product"),
        ("{ weight: 2 }", "1 pool-selection-open"),
        ("{ team: emea, weight: 0 }", "1 pool-bad-weight"),
        ("{ team: emea, senority: senior }", "1 key-unknown"),
        ("{ team: emea, except: [nobody] }", "1 pool-unknown-rep"),
        ("{ team: emea, weights: { dee: 2 } }", "1 pool-rep-not-selected"),
        ("[{ team: emea }, { team: amer, language: de }]", "1 pool-selection-empty"),
        ("[ana, ana]", "1 pool-rep-twice"),
        ("{ language: fr }", "1 pool-without-members"),
        ("{ team: amer, language: de }", "1 pool-without-members"),
        ("emea", "1 pool-bad-members"),
    ] {
        assert_eq!(found(text).1, [expected], "{text}");
    }
}
