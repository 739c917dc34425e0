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

#[test]
fn what_a_spreadsheet_did_to_a_number_is_told_with_the_remedy() {
    for (cell, meant) in [
        ("4.42079E+11", "a spreadsheet has rounded it: format the column as text, then write the whole number"),
        ("442079460124", "write +442079460124"),
        ("+44 20 7946 0124", "write +442079460124"),
        ("12345", "the number is too short"),
        ("0000000000", "write + and the country code, no blanks"),
    ] {
        assert_eq!(phone_meant(cell), meant, "{cell}");
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
