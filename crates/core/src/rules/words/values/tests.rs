use super::*;

#[test]
fn days_of_other_countries_are_understood_where_they_can_be_only_one() {
    for (text, meant) in [
        ("31.3.2026", Some("write 2026-03-31")),
        ("05.06.2026", Some("write 2026-06-05")),
        ("3/31/2026", Some("write 2026-03-31")),
        ("31/3/2026", Some("write 2026-03-31")),
        ("2026/03/31", Some("write 2026-03-31")),
        ("4/4/2026", Some("write 2026-04-04")),
        ("5/6/2026", None),
        ("31/3/26", Some("write 2026-03-31")),
        ("01.02.26", Some("write 2026-02-01")),
        ("03/04/26", None),
        ("26-06-30", None),
        ("31-12-26", None),
        ("30.2.2026", None),
        ("soon", None),
    ] {
        assert_eq!(date_meant(text).as_deref(), meant, "{text}");
    }
    assert_eq!(days_meant("1.4.2026 - 15.4.2026").as_deref(), Some("write 2026-04-01..2026-04-15"));
    assert_eq!(days_meant("2026-04-15..2026-04-01").as_deref(), Some("the first day comes first"));
    assert_eq!(days_meant("April..May"), None);
}

/// A spreadsheet's `26-01-01` would be a day of the first century.
#[test]
fn a_year_has_four_digits() {
    for short in ["26-01-01", "0026-01-01", "226-01-01"] {
        assert_eq!(date(short), None, "{short}");
    }
    assert_eq!(days("26-01-01..26-01-05"), None);
}

#[test]
fn durations_have_one_unit_and_are_not_zero() {
    assert_eq!(duration("45s"), Some(Duration::from_secs(45)));
    assert_eq!(duration("15m"), Some(Duration::from_secs(900)));
    assert_eq!(duration("2 h"), Some(Duration::from_secs(7_200)));
    assert_eq!(duration("5d"), Some(Duration::from_secs(432_000)));
    for wrong in ["", "s", "45", "0s", "-1s", "1h30m", "1.5h", "5µ", "99999999999d"] {
        assert_eq!(duration(wrong), None, "{wrong:?}");
    }
}

#[test]
fn durations_are_spelt_as_they_are_written() {
    for text in ["45s", "90s", "20m", "2h", "5d"] {
        assert_eq!(duration(text).map(spell).as_deref(), Some(text));
    }
}

#[test]
fn ranges_include_both_ends() {
    assert_eq!(employees("100..999"), Some((Some(100), Some(999))));
    assert_eq!(employees(">= 1000"), Some((Some(1000), None)));
    assert_eq!(employees("> 1000"), Some((Some(1001), None)));
    assert_eq!(employees("<50"), Some((None, Some(49))));
    assert_eq!(employees("..50"), Some((None, Some(50))));
    assert_eq!(employees("7"), Some((Some(7), Some(7))));
    for wrong in ["", "..", "9..1", "< 0", ">=", "a..b", "1k", "100-999"] {
        assert_eq!(employees(wrong), None, "{wrong:?}");
    }
}

#[test]
fn days_and_shifts() {
    let day = |text| date(text).unwrap();
    assert_eq!(days("2026-03-02..2026-03-06"), Some((day("2026-03-02"), day("2026-03-06"))));
    assert_eq!(days("2026-03-02"), Some((day("2026-03-02"), day("2026-03-02"))));
    assert_eq!(days("2026-03-06..2026-03-02"), None);
    assert_eq!(date("2026-02-30"), None);
    let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    assert_eq!(shift("09:00-12:30"), Some(Shift { from: at(9, 0), until: at(12, 30) }));
    assert_eq!(shift("22:00-24:00"), Some(Shift { from: at(22, 0), until: at(0, 0) }));
    for wrong in ["9-17", "09:00", "25:00-26:00", "09:60-10:00", "09:00–17:00"] {
        assert_eq!(shift(wrong), None, "{wrong:?}");
    }
}
