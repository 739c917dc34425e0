use super::*;
use baton_core::routing::scenario::scenario;

fn rules() -> RuleSet {
    let mut rules = scenario().rules;
    let Some(one) = rules.reps.values().next().cloned() else { panic!("the scenario has reps") };
    rules.reps.clear();
    for (id, name, active) in [
        ("kim-a", "Kim Adair", true),
        ("kim-b", "Kim Bose", true),
        ("lee-1", "Lee Moss", true),
        ("lee-2", "Lee Moss", true),
        ("zoe", "Zoë Quint", true),
        ("gone", "Gone Long", false),
    ] {
        let id = RepId::new(id).expect("a slug");
        rules.reps.insert(id.clone(), Rep { id, name: name.to_owned(), active, ..one.clone() });
    }
    rules
}

#[test]
fn a_right_rep_is_known_by_id_or_whole_name_and_never_guessed() {
    let rules = rules();
    for (text, id) in [("kim-b", "kim-b"), ("kim bose", "kim-b"), ("ZOË QUINT", "zoe"), ("Lee Moss (lee-2)", "lee-2")]
    {
        assert_eq!(named_rep(text, &rules).map(|rep| rep.to_string()), Ok(id.to_owned()), "{text}");
    }
    for (text, offered) in [("Kim", vec!["kim-a", "kim-b"]), ("Lee Moss", vec!["lee-1", "lee-2"]), ("zo", vec!["zoe"])]
    {
        let Err(FormFault::WhichRep { offered: found, .. }) = named_rep(text, &rules) else { panic!("{text}") };
        assert_eq!(found.iter().map(RepId::as_str).collect::<Vec<_>>(), offered, "{text}");
    }
    for text in ["Nobody", "Gone Long"] {
        assert!(matches!(named_rep(text, &rules), Err(FormFault::NoSuchRep { .. })), "{text}");
    }
}

#[test]
fn each_of_five_hundred_names_that_are_offered_names_one_rep() {
    let mut rules = rules();
    let one = rules.reps.values().next().cloned().expect("a rep");
    for number in 0..500 {
        let id = RepId::new(format!("rep-{number}")).expect("a slug");
        // Some share a name, and some a name that is another one's beginning.
        let name = format!("Ana Li{}", "i".repeat(number % 300));
        rules.reps.insert(id.clone(), Rep { id, name, active: true, ..one.clone() });
    }
    let active = active(&rules);
    assert_eq!(active.len(), 505);
    for (rep, label) in &active {
        assert_eq!(named_rep(label, &rules).as_ref(), Ok(&rep.id), "{label}");
    }
    let Err(FormFault::WhichRep { offered, more, .. }) = named_rep("ana", &rules) else { panic!("ana is many") };
    assert_eq!((offered.len(), more), (MOST_OFFERED, 500 - MOST_OFFERED));
}

#[test]
fn no_message_to_people_names_a_field_of_the_api() {
    let text = || "x".to_owned();
    let faults = [
        FormFault::Stars { field: "completeness", found: text() },
        FormFault::Misroute { found: text() },
        FormFault::NoSuchRep { found: text() },
        FormFault::WhichRep { found: text(), offered: Vec::new(), more: 3 },
        FormFault::RepWithoutMisroute,
        FormFault::NoMeeting,
        FormFault::LongNote { length: 2001 },
        FormFault::Nothing,
    ];
    for fault in faults {
        let told = fault.for_people().to_lowercase();
        for word in ["right_rep", "misroute", "completeness", "reps.csv", "procedural", "_"] {
            assert!(!told.contains(word), "{told}");
        }
    }
}
