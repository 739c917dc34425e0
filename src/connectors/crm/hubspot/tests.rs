use super::*;

#[test]
fn a_batch_that_is_answered_in_part_says_of_what_nothing_is_known() {
    let part = |category: &str| {
        let error = json!({ "status": "error", "category": category, "message": "Existing ID: 7", "context": { "ids": ["7"] } });
        let answer = json!({ "status": "COMPLETE", "results": [{ "id": "1" }], "errors": [error], "numErrors": 1 });
        serde_json::from_value::<Results<AssociatedId>>(answer).unwrap().whole()
    };
    assert_eq!(part("OBJECT_NOT_FOUND").unwrap().len(), 1, "what is gone is left out");
    for (category, class) in
        [("CONFLICT", "needs_person"), ("RATE_LIMITS", "rate_limited"), ("INTERNAL_ERROR", "retry"), ("", "retry")]
    {
        assert_eq!(part(category).unwrap_err().class(), class, "{category}");
    }
}
