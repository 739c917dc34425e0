use super::cells::slack_id;
use super::*;

fn reps(text: &str) -> (Vec<RepDraft>, Vec<String>) {
    let mut faults = Faults::default();
    let drafts = read(text, &mut faults).unwrap_or_default();
    (drafts, faults.places())
}

#[test]
fn a_full_row_is_read() {
    let (drafts, faults) = reps(
        "id,name,email,phones,team,languages,timezone,hours,chat_id,weight,active,leave\n\
         ana.ruiz,Ana Ruiz,Ana.Ruiz@company.example,+34910000001;+34600000001,emea,ES;en,Europe/Madrid,office,U0ANARUIZ1,2,no,2026-03-02..2026-03-06;2026-04-01\n",
    );
    assert_eq!(faults, Vec::<String>::new());
    let rep = &drafts[0].rep;
    assert_eq!(rep.email, "ana.ruiz@company.example");
    assert_eq!(rep.phones.len(), 2);
    assert_eq!(rep.languages.iter().collect::<Vec<_>>(), ["en", "es"]);
    assert_eq!((rep.weight, rep.active, rep.leave.len()), (2, false, 2));
    assert_eq!(rep.timezone, Zone::named("Europe/Madrid"));
}

#[test]
fn all_faults_of_a_row_are_told_at_once() {
    let (drafts, faults) = reps(
        "id,name,email,phones,team,timezone,hours,weight\n\
         ana,Ana,ana@company,12345,emea,Europe/Berln,office,0\n\
         ana,Ana,ana@company.example,,emea,Europe/Berlin,office,\n",
    );
    let expected = [
        "2:9 rep-bad-email",
        "2:21 rep-bad-phone",
        "2:32 rep-unknown-timezone",
        "2:52 rep-bad-weight",
        "3:1 rep-id-twice",
    ];
    assert_eq!(faults, expected);
    assert_eq!(drafts.len(), 1, "the row is kept for the names that depend on it");
}

#[test]
fn calendars_stand_in_their_order_and_no_cell_means_none() {
    let calendar = |cell: &str| {
        let roster =
            format!("id,name,email,team,timezone,hours,calendar\nana,Ana,ana@a.example,emea,UTC,office,{cell}\n");
        let (drafts, faults) = reps(&roster);
        (drafts[0].rep.calendar.clone(), faults)
    };
    let several = "outlook:ana@b.example;ana@a.example".to_owned();
    assert_eq!(calendar("outlook:ana@b.example ; ana@a.example;"), (Some(several), vec![]));
    assert_eq!((calendar("").0, calendar(" ; ").0), (None, None));
}

/// Stored releases have rosters from before `chat_id` was called so.
#[test]
fn a_roster_is_read_the_same_with_the_earlier_name_of_a_column() {
    let roster = |column: &str| {
        format!(
            "id,name,email,team,timezone,hours,{column}\n\
             ana,Ana,ana@company.example,emea,Europe/Madrid,office,U0ANARUIZ1\n"
        )
    };
    let [(now, faults), (earlier, before)] = ["chat_id", "slack_id"].map(|column| reps(&roster(column)));
    assert_eq!((faults, before), (Vec::new(), Vec::new()));
    assert_eq!(now[0].rep.chat_id.as_deref(), Some("U0ANARUIZ1"));
    assert_eq!(now[0].rep, earlier[0].rep);
}

#[test]
fn slack_ids_have_their_form() {
    assert!(slack_id("U0PRIYA001").is_some());
    assert!(slack_id("W012345678").is_some());
    for wrong in ["U0PRIYA", "X0PRIYA001", "U0priya001", "@priya", ""] {
        assert!(slack_id(wrong).is_none(), "{wrong}");
    }
}

/// A channel is read by several; a person in Slack is one.
#[test]
fn reps_share_a_channel_of_teams_and_no_member_of_slack() {
    let written = |first: &str, second: &str| {
        let (drafts, faults) = reps(&format!(
            "id,name,email,team,timezone,hours,chat_id\n\
             ana,Ana,ana@a.example,emea,UTC,office,{first}\nben,Ben,ben@a.example,emea,UTC,office,{second}\n"
        ));
        (drafts.into_iter().map(|draft| draft.rep.chat_id).collect::<Vec<_>>(), faults)
    };
    let emea = || Some("teams:emea".to_owned());
    assert_eq!(written("Teams: EMEA", "teams:emea"), (vec![emea(), emea()], vec![]));
    assert_eq!(written("teams", "").0, [Some("teams".to_owned()), None]);
    assert_eq!(written("U0ANARUIZ1", "U0ANARUIZ1").1, ["3:39 rep-chat-id-twice"]);
    assert_eq!(written("teams:emea west", "").1, ["2:39 rep-bad-chat-id"]);
}

#[test]
fn what_a_spreadsheet_did_to_a_number_is_told_with_the_remedy() {
    for (cell, meant) in [
        ("4.42079E+11", "a spreadsheet has rounded it: format the column as text, then write the whole number"),
        ("442079460124", "write +442079460124"),
        ("+44 20 7946 0124", "write +442079460124"),
        ("12345", "the number is too short"),
        ("0000000000", "write + and the country code, no blanks"),
    ] {
        assert_eq!(address_meant(PhoneKind::Phone, cell), meant, "{cell}");
    }
}

#[test]
fn phones_are_read_in_order_with_their_kinds() {
    let row = |phones: &str| {
        reps(&format!(
            "id,name,email,phones,team,timezone,hours\nana,Ana,ana@company.example,{phones},emea,UTC,office\n"
        ))
    };
    let (drafts, faults) = row("app:ana@pbx.example; Mobile: +34600000001; desk:101@pbx.example; +34910000001");
    assert_eq!(faults, Vec::<String>::new());
    let phones: Vec<String> = drafts[0].rep.phones.iter().cloned().map(String::from).collect();
    assert_eq!(phones, ["app:ana@pbx.example", "mobile:+34600000001", "desk:101@pbx.example", "+34910000001"]);
    for (cell, told) in [
        ("fax:+34600000001", "2:29 rep-unknown-phone-kind"),
        ("app:+34600000001", "2:29 rep-bad-app"),
        ("ana@pbx.example", "2:29 rep-bad-phone"),
        ("mobile:+34600000001;+34600000001", "2:29 rep-phone-twice"),
    ] {
        assert_eq!(row(cell).1, [told], "{cell}");
    }
}

#[test]
fn what_stands_before_or_behind_the_colon_is_told_with_the_remedy() {
    for (kind, cell, meant) in [
        (PhoneKind::Phone, "ana@pbx.example", "write app:ana@pbx.example"),
        (PhoneKind::Mobile, "ana@pbx.example", "a mobile has a number: write app:ana@pbx.example"),
        (PhoneKind::App, "+442079460124", "an app is rung at its address: write a number without app:"),
        (PhoneKind::App, "sip:ana@pbx", "write the name and the host of its SIP account, without sip: and parameters"),
        (PhoneKind::Desk, "+44 20 7946 0124", "write +442079460124"),
    ] {
        assert_eq!(address_meant(kind, cell), meant, "{cell}");
    }
}

/// The rep who speaks it was passed over.
#[test]
fn a_language_is_the_one_of_the_table_whichever_of_its_codes_is_written() {
    let (drafts, faults) = reps(
        "id,name,email,team,languages,timezone,hours\n\
         ana,Ana,ana@company.example,emea,nb;iw;in;deu,UTC,office\n",
    );
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(drafts[0].rep.languages.iter().collect::<Vec<_>>(), ["de", "he", "id", "no"]);
}
