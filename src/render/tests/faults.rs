//! What is found in a template when it is loaded.

use crate::render::{Templates, template_files};

fn fault_of(path: &str, text: &str) -> String {
    let faults = Templates::compile(&[(path, text)]).expect_err("a fault");
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].to_string()
}

#[test]
fn every_built_in_template_compiles_and_explains_itself() {
    assert!(Templates::compile(&template_files().collect::<Vec<_>>()).is_ok());
    for (path, text) in template_files() {
        assert!(text.starts_with("{{!--") && text.contains("--}}"), "{path} has no comment for its readers");
    }
}

#[test]
fn a_misspelt_name_is_found_with_its_line_also_in_a_condition() {
    assert!(fault_of("crm/briefing.hbs", "{{headline}}\n{{sumary}}").starts_with(
        "templates/crm/briefing.hbs:2: \"sumary\" is not known here; did you mean \"summary\"? allowed: "
    ));
    let in_condition = "{{headline}}\n{{#if next_action}}\nx\n{{#if known.timelin}}y{{/if}}\n{{/if}}";
    assert!(
        fault_of("crm/briefing.hbs", in_condition).starts_with(
            "templates/crm/briefing.hbs:4: \"known.timelin\" is not known here; did you mean \"timeline\"?"
        )
    );
    let in_loop = "a\n{{#each fields}}\n{{lable}}{{/each}}";
    assert!(fault_of("crm/briefing.hbs", in_loop).contains(":3: \"lable\" is not known here; did you mean \"label\"?"));
    let elsewhere = "a{{#if score}}b{{else}}\n{{wrong}}{{/if}}";
    assert!(fault_of("crm/briefing.hbs", elsewhere).contains(":2: \"wrong\""));
    let in_call = "a{{#if (eq state \"taken\")}}{{else if (eq stat \"x\")}}{{/if}}";
    assert!(fault_of("chat/closed.hbs", in_call).contains("did you mean \"state\"?"));
}

#[test]
fn names_of_reps_briefings_are_unknown_to_callers() {
    for field in ["summary", "score", "headline", "objections", "known.budget"] {
        let fault = fault_of("caller/hold.hbs", &format!("One moment. {{{{{field}}}}}"));
        assert!(fault.ends_with("allowed: rep, wait_seconds"), "{fault}");
    }
}

#[test]
fn what_a_template_must_not_do_is_refused() {
    for (text, found) in [
        ("{{{headline}}}", "prints without escaping"),
        ("{{&headline}}", "prints without escaping"),
        ("a {{> crm/briefing}}", "includes another file"),
        ("a {{log headline}}", "is not something a template can do"),
        ("a {{lookup known \"name\"}}", "is not something a template can do"),
        ("a {{#with known}}{{name}}{{/with}}", "{{#with}} is not known"),
        ("a {{fields}}", "is a list"),
        ("a {{known}}", "is a group"),
        ("a {{#each summary}}{{/each}}", "is not a list"),
        ("a {{#if}}b{{/if}}", "takes exactly one value"),
        ("a {{#if summary}}", "cannot be read"),
        ("{{#if summary}}{{summary}}{{/if}}", "says nothing with the bare sample"),
        ("", "says nothing"),
    ] {
        let fault = fault_of("crm/briefing.hbs", text);
        assert!(fault.contains(found), "{text}: {fault}");
    }
}

#[test]
fn a_whisper_that_takes_too_long_is_found() {
    let fault = fault_of("whisper/ring.hbs", &format!("{} Press 1.", "word ".repeat(40)));
    assert_eq!(
        fault,
        "templates/whisper/ring.hbs: it takes 42 words, 16.1 s, with the full sample; at most 31 words; digits count one each"
    );
}

#[test]
fn what_a_rep_hears_may_be_written_in_any_language_and_in_nothing_else() {
    assert!(Templates::compile(&[("whisper/fr/ring.hbs", "{{headline}}. Appuyez sur 1.")]).is_ok());
    assert!(
        fault_of("whisper/fr/ring.hbs", "{{headlin}}. Appuyez sur 1.").starts_with("templates/whisper/fr/ring.hbs:1: ")
    );
    assert_eq!(
        fault_of("whisper/French/ring.hbs", "x"),
        "templates/whisper/French/ring.hbs: \"French\" is no language; write \"fr\" for French"
    );
    assert!(fault_of("whisper/xx/too_late.hbs", "x").contains("\"xx\" is no language; the code of a language"));
    assert!(fault_of("whisper/fr/yes_or_no.hbs", "x").contains("no message is made from this file"));
}

#[test]
fn a_file_that_no_message_is_made_from_is_found() {
    assert_eq!(
        fault_of("templates/chat/ringin.hbs", "x"),
        "templates/chat/ringin.hbs: no message is made from this file; did you mean chat/ringing.hbs?"
    );
}

#[test]
fn own_words_under_the_earlier_name_of_the_folder_are_sent_to_the_new_one() {
    let names = template_files().filter_map(|(path, _)| path.strip_prefix("chat/"));
    for name in names {
        assert_eq!(
            fault_of(&format!("slack/{name}"), "x"),
            format!("templates/slack/{name}: no message is made from this file; did you mean chat/{name}?")
        );
    }
}

#[test]
fn all_faults_come_at_once() {
    let files = [("caller/hold.hbs", "{{nme}}"), ("caller/connected.hbs", ""), ("crm/routed.hbs", "fine")];
    assert_eq!(Templates::compile(&files).expect_err("two faults").len(), 2);
}
