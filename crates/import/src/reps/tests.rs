use super::*;

#[test]
fn a_salesforce_user_becomes_a_row() {
    let text = "User ID,Full Name,Email,Username,Mobile,Department,Time Zone,Active,Manager\n\
                    0055,Jane Doe,Jane.Doe@acme.example,jane@acme.example.sb,+1 (212) 555-0100,Enterprise Sales,\
                    (GMT-05:00) Eastern Standard Time (America/New_York),TRUE,\n\
                    0056,Bob Roe,bob@acme.example,,(212) 555-0101,,Mars/Olympus,0,Jane Doe\n";
    let imported = import(text, &BTreeMap::new()).expect("users");
    let rows: Vec<&str> = imported.files[0].1.lines().skip(2).collect();
    assert_eq!(
        rows[0],
        "jane.doe,Jane Doe,jane.doe@acme.example,mobile:+12125550100,enterprise-sales,rep,en,,America/New_York,office,,,\
             jane.doe@acme.example,0055,,,,,yes,"
    );
    assert!(rows[1].starts_with("bob,Bob Roe,bob@acme.example,,sales,rep,en,,,office,"), "{}", rows[1]);
    assert!(rows[1].ends_with(",0056,,jane.doe,,,no,"), "{}", rows[1]);
    let told: Vec<&str> = imported.notes.iter().map(|note| note.found.as_str()).collect();
    assert_eq!(told, ["the phone of bob could not be read, or is national", "no time zone of bob could be read"]);
}

#[test]
fn numbers_and_languages_are_read_or_told_never_made_up() {
    let table = [
        ("+44 (0)20 7946 0155", "Dutch", "+442079460155", "nl", 0),
        ("+1 (415) 555-0163 ext. 4", "Portuguese (Brazil)", "+14155550163", "pt", 1),
        ("+33 1 99 00 11 22 / +33 6 39 98 11 22", "iw", "+33199001122;+33639981122", "he", 0),
        ("\"+46 8 128 000 01;+46 70 174 06 01\"", "in", "+46812800001;+46701740601", "id", 0),
        ("4.42079E+11", "es_MX", "", "es", 1),
        ("+15550100 x7", "Spanish;Portuguese", "", "es;pt", 1),
        ("", "Klingon;de", "", "de", 1),
        ("'+442079460156", "jp", "+442079460156", "en", 1),
    ];
    for (phone, language, number, tag, notes) in table {
        let text = format!(
            "Full Name,Email,Phone,Time Zone,Language\nAna Li,ana@acme.example,{phone},Europe/London,{language}\n"
        );
        let imported = import(&text, &BTreeMap::new()).expect("users");
        let row = imported.files[0].1.lines().nth(2).expect("a row");
        assert!(
            row.starts_with(&format!("ana,Ana Li,ana@acme.example,{number},sales,rep,{tag},")),
            "{phone} {language}: {row}"
        );
        assert_eq!(imported.notes.len(), notes, "{phone} {language}: {:?}", imported.notes);
    }
}

/// A number that stands in two columns is one phone.
#[test]
fn phones_keep_what_their_columns_say_they_are() {
    let text = "Full Name,Email,Mobile Phone,Phone,Work Phone,Time Zone\n\
                    Ana Li,ana@acme.example,+44 7700 900123,+44 20 7946 0155,020 7946 0156,Europe/London\n\
                    Bob Roe,bob@acme.example,+44 20 7946 0157,+44 20 7946 0157,+44 20 7946 0158,Europe/London\n";
    let imported = import(text, &BTreeMap::new()).expect("users");
    let phones: Vec<&str> = imported.files[0].1.lines().skip(2).filter_map(|row| row.split(',').nth(3)).collect();
    assert_eq!(phones, ["+442079460155;mobile:+447700900123", "desk:+442079460158;+442079460157"]);
    let told: Vec<&str> = imported.notes.iter().map(|note| note.found.as_str()).collect();
    assert_eq!(told, ["the phone of ana could not be read, or is national"]);
}

#[test]
fn two_people_stay_two_and_one_who_stands_there_twice_is_told() {
    let text = "Full Name,Email,Manager,Time Zone\nSales One,sales@acme.example,,Europe/London\n\
                    Sales Two,Sales@other.example,Sales One,Europe/London\nSales One,SALES@acme.example,,Europe/London\n\
                    Ana Li,ana@acme.example,sales@other.example,Europe/London\n";
    let imported = import(text, &BTreeMap::new()).expect("users");
    let rows: Vec<&str> = imported.files[0].1.lines().skip(2).collect();
    assert!(rows[0].starts_with("sales.acme.example,Sales One,"), "{rows:?}");
    assert!(
        rows[1].starts_with("sales.other.example,Sales Two,") && rows[1].contains(",sales.acme.example,,,yes"),
        "{rows:?}"
    );
    assert!(rows[2].starts_with("# line 4, sales.acme.example a second time"), "{rows:?}");
    assert!(rows[3].starts_with("ana,Ana Li,") && rows[3].contains(",sales.other.example,,,yes"), "{rows:?}");
    let told: Vec<&str> = imported.notes.iter().map(|note| note.found.as_str()).collect();
    assert!(told.contains(&"sales.acme.example stands on line 2 already"), "{told:?}");
    assert!(told.iter().any(|told| told.contains("begins alike")), "{told:?}");
}

#[test]
fn hubspot_owners_are_read_from_json() {
    let text = r#"{"results":[{"id":"41","email":"ana@acme.example","firstName":"Ana","lastName":"Li","archived":true,
                       "teams":[{"id":"1","name":"EMEA, North"}]}]}"#;
    let imported = import(text, &BTreeMap::new()).expect("owners");
    let row = imported.files[0].1.lines().nth(2).expect("a row");
    assert!(row.starts_with("ana,Ana Li,ana@acme.example,,emea-north,"), "{row}");
    assert!(row.contains(",41,") && row.ends_with(",no,"), "{row}");
}
