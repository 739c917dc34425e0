use super::*;

/// A card comes in marks: escaped again, a rep would read `AT&amp;T`.
#[test]
fn the_words_of_the_notification_are_escaped_once() {
    let card = Card {
        key: "k".into(),
        channel: "C1A".into(),
        title: "&lt;!channel&gt; AT&amp;T".into(),
        opening: None,
        briefing: String::new(),
        footer: "f".into(),
        acts: Vec::new(),
    };
    assert_eq!(content("C1A", &card)["text"], "&lt;!channel&gt; AT&amp;T");
}

#[test]
fn only_ids_are_posted_to() {
    for id in ["C024BE91L", "G1A", "D0X", "U024BE7LH", "W12"] {
        assert_eq!(channel_id(id), Ok(id));
    }
    for id in ["#sales", "sales", "C0/../x", "", "C", "c024be91l", "T024BE91L"] {
        let error = channel_id(id).unwrap_err().to_string();
        assert!(error.contains(&format!("{id:?}")), "{error}");
    }
}

#[test]
fn times_are_written_as_slack_writes_them() {
    let at = "2026-11-23T09:00:00.000042Z".parse().unwrap();
    assert_eq!(timestamp(at), "1795424400.000042");
}

#[test]
fn missing_scopes_are_named() {
    assert_eq!(
        missing_scopes("chat:write,im:write, im:history,channels:history", &[]),
        ["groups:history", "users:read"]
    );
    assert!(missing_scopes(&SCOPES.join(","), &[]).is_empty());
    assert_eq!(missing_scopes(&SCOPES.join(","), ANSWERS), ANSWERS);
}

#[test]
fn another_apps_message_is_not_ours() {
    let message = |event: &str, key: &str| Message {
        ts: "1.000001".into(),
        metadata: json!({ "event_type": event, "event_payload": { "key": key } }),
    };
    assert!(message(EVENT_TYPE, "k1").carries("k1"));
    assert!(!message(EVENT_TYPE, "k2").carries("k1"));
    assert!(!message("other_app", "k1").carries("k1"));
    assert!(!Message { ts: String::new(), metadata: Value::Null }.carries("k1"));
}
