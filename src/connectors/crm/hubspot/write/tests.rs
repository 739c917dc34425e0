use super::*;
use serde_json::Value;

#[test]
fn an_owner_chosen_by_a_person_after_us_stands() {
    let contact = |sources: &[&str]| {
        let history: Vec<Value> = sources.iter().map(|source| json!({ "sourceType": source })).collect();
        let text = json!({ "id": "1", "propertiesWithHistory": { OWNER: history } });
        serde_json::from_value::<Object>(text).unwrap()
    };
    assert!(taken_over(&contact(&["CRM_UI", "INTEGRATION"])));
    assert!(!taken_over(&contact(&["CRM_UI"])), "from before our time");
    assert!(!taken_over(&contact(&["INTEGRATION", "CRM_UI"])), "ours is the newest");
    assert!(!taken_over(&contact(&["AUTOMATION_PLATFORM", "INTEGRATION"])), "a workflow is not a person");
    assert!(!taken_over(&contact(&[])));
    assert!(by_program(&contact(&["API", "CRM_UI"])) && !by_program(&contact(&["AUTOMATION_PLATFORM", "API"])));
}
