//! Requests that were signed by the vendors' own libraries are believed, and spoiled ones are not, for the reason that they
//! say. `tests/platforms/make-signatures` makes them anew.

use crate::program::root;
use crate::store::server::variable;
use baton_platforms::Request;
use baton_platforms::signature::{
    Algorithm, BadTemplate, Encoding, Key, Layout, Proof, Refused, Secret, Signed, SigningKey, Template,
    signed_headers, verify, verify_any,
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::Value;
use std::path::Path;

/// Another folder with cases of the same shape, to be read besides.
const MORE_CASES: &str = "BATON_SIGNING_VECTORS";

#[test]
fn what_vendors_sign_is_believed_and_nothing_else() {
    let ours = root().join("fixtures/signatures");
    let cases = judge_folder(&ours);
    assert!(cases > 150, "only {cases} cases in {}", ours.display());
    if let Some(folder) = variable(MORE_CASES) {
        assert!(judge_folder(Path::new(&folder)) > 0, "there are no cases in {folder}");
    }
}

#[test]
fn what_we_sign_ourselves_is_signed_as_the_standards_own_library_signs_it() {
    let ours = root().join("fixtures/signatures");
    assert_eq!(sign_folder(&ours), 7, "messages that a library of the standard signed");
    if let Some(folder) = variable(MORE_CASES) {
        assert!(sign_folder(Path::new(&folder)) > 0, "there are no such messages in {folder}");
    }
}

/// How many messages of the standard came out as the library made them, of those whose secret is of the standard's form.
fn sign_folder(folder: &Path) -> usize {
    let file = std::fs::read(folder.join("standardwebhooks.json")).expect("the cases of the standard");
    let file: Value = serde_json::from_slice(&file).expect("JSON");
    let mut count = 0;
    for case in file["cases"].as_array().expect("cases").iter().filter(|case| case["valid"] == true) {
        let headers = &case["request"]["headers"];
        let keys: Vec<SigningKey> =
            one_or_many(&case["key"]).filter_map(|key| SigningKey::read(text(key)).ok()).collect();
        let Some(id) = headers["webhook-id"].as_str().filter(|_| !keys.is_empty()) else { continue };
        let at = text(&headers["webhook-timestamp"]).parse().expect("seconds");
        let at = DateTime::from_timestamp_secs(at).expect("a time");
        let [_, _, (_, signed)] = signed_headers(&keys, id, at, text(&case["request"]["body"]).as_bytes());
        let mut theirs = one_or_many(&headers["webhook-signature"]).flat_map(|value| text(value).split(' '));
        assert!(theirs.any(|one| signed.split(' ').any(|signature| signature == one)), "{}: {signed}", case["id"]);
        count += 1;
    }
    count
}

/// How many cases there were; all the wrong ones are told at once.
fn judge_folder(folder: &Path) -> usize {
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).expect("a folder of cases") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Value = serde_json::from_slice(&std::fs::read(&path).expect("readable")).expect("JSON");
        for case in file["cases"].as_array().expect("cases") {
            count += 1;
            let found = judge(text(&file["vendor"]), case);
            let expected = match (&case["valid"], &case["refused"]) {
                (Value::Bool(true), _) => found.is_ok(),
                (_, Value::String(reason)) => {
                    found.as_ref().is_err_and(|refused| format!("{refused:?}").starts_with(reason))
                }
                _ => found.is_err(),
            };
            if !expected {
                wrong.push(format!("{} / {}: {found:?}", text(&file["vendor"]), text(&case["id"])));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    count
}

fn judge(vendor: &str, case: &Value) -> Result<(), Refused> {
    let came = &case["request"];
    let headers: Vec<(String, String)> =
        came["headers"].as_object().expect("headers").iter().flat_map(header).collect();
    let body = text(&came["body"]).as_bytes();
    let request = Request { method: text(&came["method"]), url: text(&came["url"]), headers: &headers, body };
    let secrets: Vec<Secret> = one_or_many(&case["key"]).map(|key| secret(key, &case["api_key"])).collect();
    verify(&proof(vendor, case), &secrets, &request, now(case))
}

fn header((name, values): (&String, &Value)) -> Vec<(String, String)> {
    one_or_many(values).map(|value| (name.to_lowercase(), text(value).to_owned())).collect()
}

fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

fn secret(key: &Value, api_key: &Value) -> Secret {
    let joined = api_key.as_str().map(|api_key| format!("{api_key}:{}", text(key)));
    Secret::new(joined.as_deref().unwrap_or(text(key))).expect("not empty")
}

fn now(case: &Value) -> DateTime<Utc> {
    let ms = case["now_ms"].as_i64().or_else(|| case["now"].as_i64().map(|seconds| seconds * 1000)).unwrap_or_default();
    DateTime::from_timestamp_millis(ms).expect("a time")
}

fn proof(vendor: &str, case: &Value) -> Proof {
    let name = match (vendor, case["version"].as_str()) {
        ("vapi", _) => return Proof::Signed(settings(&case["settings"])),
        ("standardwebhooks", _) => "standard_webhooks",
        ("hubspot", Some("v1")) => "hubspot_v1",
        ("hubspot", Some("v2")) => "hubspot_v2",
        (vendor, _) => vendor,
    };
    Proof::named(name).unwrap_or_else(|| panic!("nobody knows {name}"))
}

/// What somebody set in Vapi's console.
fn settings(set: &Value) -> Signed {
    let mut signed = Signed::default();
    signed.headers = set["header"].as_str().map_or(signed.headers, |name| vec![name.to_owned()]);
    if let Some(prefix) = set["prefix"].as_str() {
        signed.layout = Layout::Alone { prefix: prefix.to_owned() };
    }
    if let Some(signs) = set["signed"].as_str() {
        signed.texts = vec![Template::parse(signs).expect("a template")];
    }
    match set["algorithm"].as_str() {
        Some("sha1") => signed.algorithm = Algorithm::HmacSha1,
        Some("sha512") => signed.algorithm = Algorithm::HmacSha512,
        _ => {}
    }
    if set["encoding"] == "base64" {
        signed.encoding = Encoding::Base64;
    }
    if set["base64_secret"] == true {
        signed.key = Key::Base64;
    }
    let within = set["within_s"].as_i64().map_or(TimeDelta::minutes(5), TimeDelta::seconds);
    signed.timestamp = signed.timestamp.filter(|_| set.get("timestamp") != Some(&Value::Null));
    if let Some(timestamp) = &mut signed.timestamp {
        timestamp.back = within;
    }
    assert_eq!(signed.fault(), None);
    signed
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::new(text).expect("not empty")).collect()
}

fn headers(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_secret_in_a_header_or_in_the_address_is_one_of_ours() {
    let bearer = Proof::named("bearer").expect("known");
    let header = Proof::Header { name: "x-kestrel".to_owned(), prefix: String::new() };
    let query = Proof::Query { name: "token".to_owned() };
    let both = secrets(&["old one", "new one\n"]);
    let judged = |proof: &Proof, url: &str, sent: &[(&str, &str)]| {
        let headers = headers(sent);
        let request = Request { method: "POST", url, headers: &headers, body: b"{}" };
        verify(proof, &both, &request, DateTime::UNIX_EPOCH)
    };
    assert_eq!(judged(&bearer, "", &[("authorization", "bearer new one")]), Ok(()));
    assert_eq!(judged(&bearer, "", &[("authorization", "Basic x"), ("authorization", "Bearer old one")]), Ok(()));
    assert_eq!(judged(&bearer, "", &[("authorization", "new one")]), Err(Refused::Mismatch));
    assert_eq!(judged(&header, "", &[("x-kestrel", "new one")]), Ok(()));
    assert_eq!(judged(&header, "", &[("x-kestrel", "new one ")]), Err(Refused::Mismatch));
    assert_eq!(judged(&query, "https://h/x?a=1&token=old%20one", &[]), Ok(()));
    assert_eq!(judged(&query, "https://h/x?token=old", &[]), Err(Refused::Mismatch));
    for (proof, url) in
        [(&bearer, ""), (&header, ""), (&query, "https://h/?token"), (&query, "https://h/token=old+one")]
    {
        let refused = judged(proof, url, &[("x-kestrel", "")]);
        assert!(matches!(refused, Err(Refused::Absent { .. } | Refused::Mismatch)), "{proof:?}: {refused:?}");
    }
}

#[test]
fn one_proof_of_several_is_enough_and_the_reason_is_of_the_one_that_was_tried() {
    let proofs = ["bearer", "retell", "slack"].map(|name| Proof::named(name).expect("known"));
    let judged = |proofs: &[Proof], sent: &[(&str, &str)]| {
        let headers = headers(sent);
        let request = Request { method: "POST", url: "https://h/", headers: &headers, body: b"" };
        verify_any(proofs, &secrets(&["s"]), &request, DateTime::UNIX_EPOCH).cloned()
    };
    assert_eq!(judged(&proofs, &[("authorization", "Bearer s")]), Ok(proofs[0].clone()));
    let refused = judged(&proofs, &[("x-retell-signature", "what")]).expect_err("no signature");
    assert_eq!(refused.to_string(), "no signature can be read in x-retell-signature");
    let refused = judged(&proofs, &[]).expect_err("nothing");
    assert_eq!(refused.to_string(), "the header authorization is missing");
    assert_eq!(judged(&[], &[("authorization", "Bearer s")]), Err(Refused::Mismatch));
}

#[test]
fn a_secret_is_never_empty_and_never_printed() {
    assert!(Secret::new(" \r\n").is_err());
    assert_eq!(format!("{:?}", secrets(&["swordfish"])), "[[secret]]");
}

#[test]
fn a_secret_that_could_never_fit_is_told_before_anybody_calls() {
    for (name, bad, good) in [
        ("telnyx", "Zm9v", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("livekit", "secret", "APIkey:secret"),
        ("livekit", "APIkey:", "APIkey:se:cret"),
        ("openai", "Zm9v", "whsec_Zm9v"),
        ("standard_webhooks", "whsec_", "Zm9v"),
        ("standard_webhooks", "whsec_?", "whsec_Zm9v"),
    ] {
        let proof = Proof::named(name).expect("known");
        let told = secrets(&[bad, good]).iter().map(|secret| proof.unfit(secret).is_some()).collect::<Vec<bool>>();
        assert_eq!(told, [true, false], "{name}");
    }
}

#[test]
fn synthflow_alone_leaves_the_body_to_whoever_saw_a_signature() {
    let open = Proof::NAMES.into_iter().filter(|name| !Proof::named(name).expect("known").covers_body());
    assert_eq!(open.collect::<Vec<&str>>(), ["synthflow"]);
}

#[test]
fn settings_under_which_old_requests_stay_young_are_told() {
    let with = |texts: &str| Signed { texts: vec![Template::parse(texts).expect("a template")], ..Signed::default() };
    assert_eq!(Signed::default().fault(), None);
    assert!(with("{body}").fault().is_some());
    assert!(Signed { timestamp: None, ..Signed::default() }.fault().is_some());
    assert_eq!(Template::parse("{bdy}"), Err(BadTemplate::Unknown { found: "bdy".to_owned() }));
    assert_eq!(Template::parse("a{body"), Err(BadTemplate::Open { found: "body".to_owned() }));
}

/// What looks like a signature, or like nothing.
fn value() -> impl Strategy<Value = String> {
    let near = "(v0=|v1,|t=|d=|v=|whsec_|Bearer |[0-9]{1,20}|[0-9a-f]{64}|[A-Za-z0-9+/]{43}=|[ ,.=%{}:]){0,6}";
    prop_oneof![near, any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_request_makes_it_panic(
        named in prop::sample::select(Proof::NAMES.to_vec()),
        values in prop::collection::vec(value(), 6),
        secret in value(),
        url in value(),
        body in prop::collection::vec(any::<u8>(), 0..60),
        template in any::<String>(),
        second in any::<i32>(),
    ) {
        let names = ["authorization", "x-twilio-signature", "webhook-id", "x-slack-request-timestamp", "content-type"];
        let mut sent: Vec<(String, String)> = names.iter().zip(&values).map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let proof = Proof::named(named).expect("known");
        if let Proof::Signed(signed) = &proof {
            sent.extend(signed.headers.iter().cloned().zip(values.iter().rev().cloned()));
            let times = signed.timestamp.iter().filter_map(|timestamp| timestamp.header.clone());
            sent.extend(times.zip(values.iter().cloned()));
        }
        sent.extend(["webhook-signature", "webhook-timestamp"].map(|name| (name.to_owned(), values[0].clone())));
        let secrets: Vec<Secret> = Secret::new(&secret).into_iter().collect();
        let request = Request { method: "POST", url: &url, headers: &sent, body: &body };
        let now = DateTime::from_timestamp_secs(second.into()).expect("a time");
        let _ = verify(&proof, &secrets, &request, now);
        let _ = Template::parse(&template);
    }
}
