use super::*;

#[test]
fn the_phones_own_answer_counts_over_the_carriers_word() {
    for (status, sip, word) in [
        ("initiated", "", None),
        ("ringing", "180", Some("ringing")),
        ("in-progress", "200", Some("answered")),
        ("completed", "200", Some("rep_left")),
        ("busy", "486", Some("busy")),
        ("busy", "603", Some("declined")),
        ("failed", "603", Some("declined")),
        ("failed", "480", Some("no_answer")),
        ("failed", "302", Some("forwarded")),
        ("failed", "404", Some("wrong_number")),
        ("no-answer", "484", Some("wrong_number")),
        ("failed", "503", Some("failed")),
        ("failed", "", Some("failed")),
        ("no-answer", "", Some("no_answer")),
        ("canceled", "", None),
        ("a-word-of-next-year", "", None),
    ] {
        assert_eq!(word_of(status, sip), word, "{status} {sip}");
    }
    assert_eq!(evidence("failed", "404").as_deref(), Some("failed, SIP 404, as the carrier says"));
    assert_eq!((evidence("no-answer", "").is_some(), evidence("completed", "200")), (true, None));
}
