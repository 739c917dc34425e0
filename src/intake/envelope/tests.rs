use super::*;
use crate::intake::kind::EventKind;

fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_key_names_the_event_or_digests_the_bytes() {
    let event = br#"{"source":"vapi:acct_1","id":"evt 1","type":"lead.qualified"}"#;
    assert_eq!(key_of(event), "vapi:acct_1 evt 1");
    assert_eq!(kind_of(event), Some(EventKind::LeadQualified));
    for unnamed in [&b"\xff\xfe"[..], b"{", b"[]", br#"{"source":"a b","id":"1"}"#, br#"{"source":"a","id":" "}"#] {
        let key = key_of(unnamed);
        assert!(key.starts_with("sha256:") && key.len() == 71, "{key}");
        assert_eq!(key, key_of(unnamed));
        assert_eq!(kind_of(unnamed), None);
    }
    assert_ne!(key_of(b"{"), key_of(b"["));
}

#[test]
fn headers_of_all_three_bindings_are_attributes() {
    for prefix in ["cloudEvents:", "cloudEvents_", "ce-", "Ce-"] {
        let names: Vec<String> = ["type", "source", "id", "traceparent"].map(|name| format!("{prefix}{name}")).into();
        let headers = names.iter().map(|name| (name.clone(), "x".to_owned())).collect();
        let event = structured(b" {\"n\": 1.00}".to_vec(), &headers);
        let text = String::from_utf8(event).expect("still text");
        assert_eq!(text, r#"{"id":"x","source":"x","type":"x","data": {"n": 1.00}}"#, "{prefix}");
    }
}

#[test]
fn a_body_that_is_no_data_stays_as_it_is() {
    let binary = headers(&[("ce-id", "1")]);
    assert_eq!(structured(b"\xff".to_vec(), &binary), b"\xff");
    assert_eq!(structured(b"{}".to_vec(), &headers(&[("x-request-id", "1")])), b"{}");
    let both = headers(&[("ce-id", "1"), ("Content-Type", "application/cloudevents+json; charset=utf-8")]);
    assert_eq!(structured(b"{}".to_vec(), &both), b"{}");
}

#[test]
fn depth_is_counted_in_levels() {
    let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert!(body(nested(MAX_DEPTH).as_bytes()).is_ok());
    let fault = body(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert_eq!(fault.pointer, "/0".repeat(MAX_DEPTH));
    assert!(body(nested(5_000).as_bytes()).is_err(), "no stack overflow");
}

#[test]
fn an_event_without_an_id_takes_the_one_that_is_given() {
    for without in [r#"{"source":"s"}"#, r#"{"source":"s","id":null}"#, "\u{feff}{\"source\":\"s\"}"] {
        let event = with_id(without.as_bytes().to_vec(), "key");
        assert_eq!(key_of(&event), "s key", "{without}");
    }
    for as_it_came in [r#"{"id":"1", "source":"s"}"#, r#"{"id":7}"#, r#"{"id":""}"#, "[]", "{"] {
        assert_eq!(with_id(as_it_came.as_bytes().to_vec(), "key"), as_it_came.as_bytes(), "{as_it_came}");
    }
}
