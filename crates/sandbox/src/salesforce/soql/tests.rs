use super::*;

#[test]
fn a_query_is_read_with_its_literals_and_its_children() {
    let text = "SELECT Id, (SELECT OwnerId FROM Opportunities WHERE IsClosed = false ORDER BY X DESC LIMIT 1) \
                    FROM Account WHERE Website LIKE '%o\\'neil\\_x%' AND IsDeleted = false ORDER BY CreatedDate, Id LIMIT 5";
    let select = parse(text).unwrap();
    assert_eq!((select.object.as_str(), select.limit, select.children.len()), ("Account", 5, 1));
    assert_eq!(select.children[0].object, "Opportunities");
    assert_eq!(select.conditions[0][0].value, "%o'neil_x%");
    let text = "SELECT Id FROM Account WHERE (Name = 'a' OR Name LIKE 'b%') AND Id IN ('1', '2') ORDER BY Id LIMIT 2";
    assert_eq!(parse(text).unwrap().conditions.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    assert!(is_like("The Acme", "the%") && !is_like("In the Acme", "the%"));
    assert!(is_like("https://O'Neil_x.com", "%o'neil_x%"));
}

#[test]
fn instants_are_compared_without_quotes() {
    let text = "SELECT Id FROM Event WHERE StartDateTime < 2026-11-23T09:00:00Z AND EndDateTime > 2026-11-20T09:00:00Z LIMIT 5";
    let select = parse(text).unwrap();
    let compared: Vec<_> =
        select.conditions.iter().map(|any| (any[0].compares, any[0].value.as_str().unwrap())).collect();
    assert_eq!(compared, [(Compares::Before, "2026-11-23T09:00:00Z"), (Compares::After, "2026-11-20T09:00:00Z")]);
}

#[test]
fn nonsense_is_refused() {
    for text in [
        "",
        "SELECT FROM Lead",
        "SELECT Id FROM Lead WHERE Name = 'a' OR '1' = '1'",
        "SELECT Id FROM Lead WHERE Name = 'a",
        "SELECT Id FROM Lead WHERE (Name = 'a' OR Id = 'b'",
        "SELECT Id FROM Lead WHERE Id IN ()",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}
