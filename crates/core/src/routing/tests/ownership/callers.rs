//! Owners of the caller's own records: earlier leads and contacts.

use super::*;

#[test]
fn the_owner_of_an_earlier_lead_keeps_the_caller_while_it_is_fresh() {
    let long_ago = moment("2025-09-01T00:00:00Z");
    let world = || following(scenario(), &[(Existing::LeadOwner, Some(90))]);
    world()
        .person(PersonKind::Lead, "ana", Some(moment("2025-12-01T00:00:00Z")))
        .expect_ownership(&[OwnershipResult::Keeps])
        .expect_reason("owner of an earlier lead, at work now")
        .expect_owner("ana");
    world()
        .person(PersonKind::Lead, "ana", Some(long_ago))
        .expect_ownership(&[OwnershipResult::TooLongAgo { active_at: Some(long_ago) }])
        .expect_owner("ben");
    world()
        .person(PersonKind::Lead, "ana", None)
        .expect_ownership(&[OwnershipResult::TooLongAgo { active_at: None }])
        .expect_owner("ben");
    following(scenario(), &[(Existing::LeadOwner, None)]).person(PersonKind::Lead, "ana", None).expect_owner("ana");
}

#[test]
fn of_several_records_of_the_caller_the_one_active_last_counts() {
    let world = following(scenario(), &[(Existing::LeadOwner, Some(90))])
        .person(PersonKind::Lead, "ana", Some(at("08:00")))
        .person(PersonKind::Contact, "dan", Some(at("09:00")))
        .person(PersonKind::Lead, "max", Some(at("07:00")));
    world.clone().expect_owner("dan");
    world.records(|records| records.people[1].owner_crm_id = None).expect_owner("ana");
}

#[test]
fn a_contact_owner_is_not_the_owner_of_a_lead() {
    let world = || following(scenario(), &[(Existing::ContactOwner, None)]);
    world().person(PersonKind::Lead, "ana", Some(at("09:00"))).expect_owner("ben");
    world().person(PersonKind::Contact, "ana", Some(at("09:00"))).expect_owner("ana");
}

#[test]
fn a_shared_phone_number_does_not_make_one_person_of_two() {
    let phone = crate::domain::phone::PhoneE164::new("+14155550142").expect("a number");
    let world = following(scenario(), &[(Existing::LeadOwner, None)])
        .person(PersonKind::Lead, "ana", Some(at("09:00")))
        .records(|records| {
            records.people[0].email = Some("boss@acme.com".into());
            records.people[0].phones = vec![phone];
        });
    world.clone().expect_owner("ben");
    world.records(|records| records.people[0].email = None).expect_owner("ana");
}

/// Whoever called twice got two reps where there was no CRM, or where it had not indexed the first lead yet.
#[test]
fn a_caller_whom_only_we_know_goes_to_whoever_has_the_last_lead() {
    let met = |rep: &str, ago: u64| {
        let (rep, active_at) = (rep.to_owned(), at("10:00") - chrono::TimeDelta::days(ago.cast_signed()));
        move |world: Scenario| {
            world.person(PersonKind::Lead, &rep, Some(active_at)).records(|records| {
                let person = records.people.last_mut().expect("made just now");
                (person.owner_crm_id, person.owner) = (None, Some(rep_id(&rep)));
            })
        }
    };
    let rules = [(Existing::LeadOwner, Some(90))];
    following(met("ana", 1)(scenario()), &rules).expect_owner("ana").expect_ownership(&[OwnershipResult::Keeps]);
    following(met("dan", 3)(met("ana", 1)(scenario())), &rules).expect_owner("ana");
    following(met("ana", 91)(scenario()), &rules).expect_owner("ben");
    let gone = met("ana", 1)(scenario()).rep("ana", |rep| rep.active = false);
    following(gone, &rules).expect_ownership(&[OwnershipResult::Inactive]).expect_owner("ben");
}
