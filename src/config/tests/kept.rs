use super::super::*;
use super::fault;

#[test]
fn what_is_kept_has_a_span_or_is_kept_for_ever() {
    let keep = |text: &str| toml::from_str::<Config>(&format!("[keep]\n{text}\n")).map(|config| config.keep);
    let kept = keep("inbox = \"60d\"\nleads = \"forever\"").expect("parses");
    assert_eq!(
        (kept.inbox.to_string(), kept.leads, kept.timeline),
        ("60d".to_owned(), KeptFor::Forever, Keep::default().timeline)
    );
    let now = chrono::DateTime::UNIX_EPOCH + TimeDelta::days(1000);
    assert_eq!(kept.leads.before(now), None);
    assert_eq!(kept.inbox.before(now), Some(now - TimeDelta::days(60)));
    // Nothing that is about a lead outlives it.
    let short = keep("leads = \"100d\"").expect("parses");
    assert_eq!((short.of_lead(short.steps), short.names()), (short.leads, short.leads));
    assert_eq!(
        (short.before_lead(short.decisions), short.before_lead(short.transcripts)),
        (KeptFor::Forever, short.transcripts)
    );
    assert_eq!(kept.of_lead(kept.decisions), kept.decisions);
    for (text, why) in [("inbox = \"soon\"", "forever, or a number"), ("box = \"30d\"", "unknown field")] {
        let told = keep(text).expect_err(text).to_string();
        assert!(told.contains(why), "{text}: {told}");
    }
    for (key, span, allowed) in [
        ("inbox", "1d", "7d or more"),
        ("quarantine", "6d", "7d or more"),
        ("briefings", "29d", "30d or more"),
        ("steps", "7d", "30d or more"),
        ("timeline", "89d", "90d or more"),
        ("decisions", "30d", "90d or more"),
        ("releases", "1d", "30d or more"),
        ("deliveries", "forever", "8d to 30d"),
        ("mirror", "1h", "1d or more"),
        ("leads", "30d", "90d or more"),
    ] {
        let told = fault(&format!("[keep]\n{key} = \"{span}\"\n"));
        assert!(told.contains(&format!("keep.{key} is {span}")) && told.contains(allowed), "{told}");
    }
}
