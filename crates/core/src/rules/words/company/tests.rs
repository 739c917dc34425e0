use super::*;
use proptest::prelude::*;

#[test]
fn one_name_in_many_spellings() {
    for (one, other) in [
        ("Acme", "ACME, Inc."),
        ("The Acme Corporation", "Acme Corp"),
        ("Müller Maschinenbau GmbH & Co. KG", "Mueller Maschinenbau"),
        ("Société Générale S.A.", "Societe Generale"),
        ("O'Neil Pty Ltd", "ONeil"),
        ("Johnson & Johnson", "Johnson and Johnson Inc"),
        ("Data Dog", "DataDog B.V."),
        ("Kaffee-Rösterei Huber UG (haftungsbeschränkt)", "Kaffee Rösterei Huber"),
        ("Łódź Stal Sp. z o.o.", "Lodz Stal"),
        ("AG", "AG"),
    ] {
        assert_eq!(alike_permille(one, other), 1000, "{} / {}", normal(one), normal(other));
    }
}

#[test]
fn slips_of_the_pen_count_little_in_long_names() {
    for (one, other) in [
        ("Northwind Foods", "Northwind Food"),
        ("Halden Maritime", "Haldan Maritime"),
        ("Globex Systems", "Globex Sytsems"),
    ] {
        assert!((900..1000).contains(&alike_permille(one, other)), "{one} / {other}: {}", alike_permille(one, other));
    }
}

#[test]
fn a_word_that_is_another_word_is_no_slip_of_the_pen() {
    for (one, other) in [
        ("North Shore Logistics Partners", "South Shore Logistics Partners"),
        ("Northwest Regional Medical Center", "Northeast Regional Medical Center"),
        ("Harbor Health Advisors Group", "Harbor Wealth Advisors Group"),
        ("Bolt Industrial Fasteners", "Bold Industrial Fasteners"),
        ("Hale International Paper Mills", "Hale International Power Mills"),
        ("Kessel Marine Outfitters", "Martin Kessel Outfitters"),
        ("Saint Catherine Regional Medical Center", "Saint Catherine Regional Medical Center East"),
        ("Autohaus Nord Schleswig", "Autohaus Nord Schleswig Sued"),
        ("Pinewood Dental Laboratories", "Pinewood Mental Laboratories"),
    ] {
        assert!(differ_by_a_word(one, other) && differ_by_a_word(other, one), "{one} / {other}");
    }
    for (one, other) in [
        ("Northwind Foods", "Northwind Food Inc."),
        ("Halden Maritime", "Haldan Maritime"),
        ("Globex Systems", "Globex Sytsems"),
        ("Acme Software", "Acme Sofware LLC"),
        ("Bank of Lakeside", "Bank Lakeside"),
        ("Data Dog Monitoring", "DataDog Monitoring"),
        ("Kessel Logistik", "Kesel Logistik GmbH"),
        ("Tren Rail Works", "Tern Rail Works"),
    ] {
        assert!(!differ_by_a_word(one, other) && !differ_by_a_word(other, one), "{one} / {other}");
    }
}

/// Names that are no words: nothing but their first letter tells them apart.
#[test]
fn a_changed_first_letter_makes_another_word() {
    for (one, other) in [
        ("Kessel Logistik", "Tessel Logistik"),
        ("Halden Maritime", "Malden Maritime"),
        ("Bakker Marine Outfitters", "Dakker Marine Outfitters"),
    ] {
        assert!(differ_by_a_word(one, other) && differ_by_a_word(other, one), "{one} / {other}");
    }
}

#[test]
fn legal_forms_of_many_countries_say_nothing() {
    for name in [
        "Tern S.A. de C.V.",
        "Tern, S. de R.L. de C.V.",
        "Tern UAB",
        "Tern SIA",
        "Tern a.s.",
        "Tern spol. s r.o.",
        "Tern Lda.",
        "Tern A.Ş.",
        "Tern EURL",
        "Tern Co., Ltd.",
        "Tern (Pty) Ltd",
        "Tern Sdn. Bhd.",
        "Tern FZE",
        "Tern ООО",
        "Tern gGmbH",
        "Tern Sp. z o.o.",
        "Tern 株式会社",
    ] {
        assert_eq!(normal(name), "tern", "{name}");
    }
    assert_eq!(normal("S.A."), "sa", "nothing but a legal form keeps its word");
}

#[test]
fn other_companies_are_other_companies() {
    for (one, other) in [
        ("Acme", "Acne"),
        ("International Paper", "International Power"),
        ("Northwind Foods", "Northwind Trading"),
        ("Area 51 Labs", "Area 52 Labs"),
        ("3M", "4M"),
        ("First National Bank", "First Regional Bank"),
        ("", "Acme"),
        ("...", "..."),
    ] {
        assert!(alike_permille(one, other) < 900, "{one} / {other}: {}", alike_permille(one, other));
    }
}

proptest! {
    #[test]
    fn likeness_does_not_depend_on_the_order(one in "[a-zA-Zäß0-9 &.]{0,24}", other in "[a-zA-Zäß0-9 &.]{0,24}") {
        prop_assert_eq!(alike_permille(&one, &other), alike_permille(&other, &one));
    }

    #[test]
    fn any_text_is_borne(name in any::<String>()) {
        let once = normal(&name);
        prop_assert!(!once.starts_with(' ') && !once.contains("  "));
    }
}
