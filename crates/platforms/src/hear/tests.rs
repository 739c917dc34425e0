use super::*;
use serde_json::json;

const VOICE: &str = r#"
version: 1
account: /org
messages:
  - name: tool
    when: { /type: tool, item:/name: hand_over }
    each: /calls
    means: lead
    live: true
    time: /at
    id: ["{/call/id}", "{item:/id}"]
    remedy: "send the call along"
    lead:
      call.id: /call/id
      call.direction: { at: /call/kind, words: { inboundCall: inbound } }
      call.from:
        - { at: /them, when: { /call/kind: inboundCall } }
        - /us
      call.started_at: /call/began
      contact.name: ["{/first} {/last}", /nick]
      qualification.score: { at: /verdict, as: out_of_10 }
      consent.recording: { at: /granted, as: present }
      disclosure.ai: { at: /granted, as: present }
      custom.lane: { value: fast }
    facts: [item:/arguments, { at: /extras, member: value }]
    answer:
      into: /results
      entry: { id: "{item:/id}", result: "{say}", ok: true }
  - name: ended
    when: { /type: [ended, "over"] }
    means: call-ended
    event: { call: /call/id, why: header:x-why }
  - name: noise
    when: { /type: noise }
    means: nothing
    answer: { json: { words: {} } }
"#;

fn voice() -> Mapping {
    Mapping::read("platforms/voice.yaml", VOICE).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn heard_with(mapping: &Mapping, body: &Value, headers: &[(&str, &str)]) -> Result<Heard, Unheard> {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let body = body.to_string();
    let request = Request { method: "POST", url: "https://x.example/?q=1", headers: &headers, body: body.as_bytes() };
    mapping.hear(&request)
}

fn heard(body: &Value) -> Result<Heard, Unheard> {
    heard_with(&voice(), body, &[])
}

fn event(heard: &Heard, i: usize) -> &PlatformEvent {
    match &heard.meanings[i] {
        Meaning::Event(event) => event,
        Meaning::Nothing { message } | Meaning::Unclear { message } => panic!("nothing: {message}"),
    }
}

fn tool() -> Value {
    json!({
        "type": "tool", "org": "acct 7", "at": 1_795_236_166_123u64, "them": "+14155550142", "us": "+15551230000",
        "first": "Dana", "last": null, "verdict": "8", "granted": "yesterday", "more": [1, 2],
        "call": { "id": "c1", "kind": "inboundCall", "began": "1795235880" },
        "calls": [
            { "id": "t1", "name": "hand_over", "arguments": "{\"company\": \"Northwind\", \"seats\": \"40\", \"products\": \"a, b\"}" },
            { "id": "t2", "name": "book" },
        ],
        "extras": { "role": { "value": "Head", "why": "-" }, "useCase": { "value": null } },
    })
}

#[test]
fn a_message_becomes_an_event_of_ours() {
    let heard = heard(&tool()).unwrap();
    assert_eq!(heard.meanings.len(), 2);
    assert_eq!(heard.meanings[1], Meaning::Nothing { message: "voice".to_owned() });
    let PlatformEvent { event, live, left_out, .. } = event(&heard, 0);
    assert!(live);
    assert_eq!(left_out, &[]);
    let expected = json!({
        "specversion": "1.0", "type": "lead.qualified", "id": "c1:t1", "source": "voice/acct7", "time": "2026-11-21T04:42:46.123Z",
        "data": {
            "call": { "id": "c1", "direction": "inbound", "from": "+14155550142", "started_at": "2026-11-21T04:38:00Z",
                "platform": "voice", "live": true },
            "contact": { "name": "Dana", "title": "Head" },
            "qualification": { "score": 80, "products": ["a", "b"] },
            "consent": { "recording": { "given": true, "source": "platform" } },
            "disclosure": { "ai": { "given": true, "source": "platform" } },
            "custom": { "lane": "fast", "seats": 40 },
            "company": { "name": "Northwind" },
        },
    });
    assert_eq!(event, &expected);
}

#[test]
fn each_item_is_answered_with_its_own_words() {
    let heard = heard(&tool()).unwrap();
    let answer =
        heard.answer(&[Some(Said { say: "One moment.".to_owned(), status: "decided", transfer_to: None }), None]);
    let expected =
        json!({ "results": [{ "id": "t1", "result": "One moment.", "ok": true }, { "id": "t2", "ok": true }] });
    assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), expected);
    assert_eq!(answer.content_type, "application/json");
}

#[test]
fn other_events_and_constants_are_made_as_well() {
    let heard = heard_with(&voice(), &json!({ "type": "OVER", "call": { "id": 7 } }), &[("x-why", "hung up")]).unwrap();
    let expected = json!({
        "specversion": "1.0", "type": "call.ended", "id": "7:ended", "source": "voice",
        "data": { "call": "7", "why": "hung up", "platform": "voice" },
    });
    assert_eq!(event(&heard, 0).event, expected);
    assert_eq!(heard.answer(&[None]).body, "{}");
    let noise = self::heard(&json!({ "type": "noise" })).unwrap();
    assert_eq!(noise.answer(&[None]).body, r#"{"words":{}}"#);
}

#[test]
fn what_is_no_request_of_the_platform_says_so() {
    let unheard = heard(&json!({ "type": "speech", "them": "+14155550142" })).unwrap_err();
    assert!(unheard.is_passed_over());
    assert_eq!(unheard.to_string(), r#"no message of voice fits: /type is "speech""#);
    let mut body = tool();
    body["call"]["id"] = json!("{{call.id}}");
    let unheard = heard(&body).unwrap_err();
    assert!(!unheard.is_passed_over());
    assert!(unheard.to_string().ends_with("nothing stands at /call/id; send the call along"), "{unheard}");
    let said = Said { say: "Please hold.".to_owned(), status: "unreached", transfer_to: None };
    let body = body.to_string();
    let request = Request { method: "POST", url: "", headers: &[], body: body.as_bytes() };
    let answer = voice().answer_unheard(&request, &said).unwrap().body;
    assert_eq!(answer.matches("Please hold.").count(), 2, "{answer}");
    let cut = Request { body: b"{\"type\": \"to", ..request };
    assert!(matches!(voice().hear(&cut), Err(Unheard::NotJson { .. })));
    let large = vec![b' '; LARGEST + 1];
    assert!(matches!(voice().hear(&Request { body: &large, ..request }), Err(Unheard::TooLarge { .. })));
}

#[test]
fn json_that_calls_itself_a_form_is_json() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let (as_form, as_json) = (heard_with(&voice(), &tool(), &form), heard(&tool()));
    assert_eq!(as_form, as_json);
    assert_eq!(as_form.unwrap().meanings.len(), 2);
}

#[test]
fn numbers_that_are_none_are_unknown_and_told() {
    let said = |them: Value| {
        let mut body = tool();
        body["them"] = them;
        body["us"] = Value::Null;
        let heard = heard(&body).unwrap();
        let PlatformEvent { event, left_out, .. } = event(&heard, 0);
        (event["data"]["call"]["from"].clone(), event["data"]["custom"]["sip"].clone(), left_out.len())
    };
    assert_eq!(said(json!("+266696687")), (Value::Null, Value::Null, 1));
    assert_eq!(said(json!("Restricted")), (Value::Null, Value::Null, 1));
    assert_eq!(said(json!("unknown")), (Value::Null, Value::Null, 0), "a word for nothing says nothing");
    assert_eq!(said(json!("sip:dana@pbx.example")), (Value::Null, json!("sip:dana@pbx.example"), 0));
    assert_eq!(
        said(json!("\"D\" <sip:+14155550142@c.example;user=phone>;tag=1")),
        (json!("+14155550142"), Value::Null, 0)
    );
    assert_eq!(said(json!("<sip:anonymous@anonymous.invalid>")), (Value::Null, Value::Null, 1));
    assert_eq!(said(json!(14_155_550_142u64)), (json!(14_155_550_142u64), Value::Null, 0));
}

#[test]
fn facts_are_taken_in_any_shape_that_models_write() {
    let arguments = json!({
        "company": { "name": "Northwind", "size": "50-100" },
        "contact": { "email": "dana@northwind.example", "last": "W" },
        "wantsHuman": true, "seats": "007", "budget": "60", "note": null, "phone": "{{from}}",
        "tags": ["a", null, "unknown"], "deep": { "a": { "b": { "c": { "d": 1 } } } },
    });
    let (data, left_out) = crate::facts::lead_data(arguments.as_object().unwrap());
    let expected = json!({
        "company": { "name": "Northwind", "employees": "50-100" },
        "contact": { "email": "dana@northwind.example" },
        "custom": { "last": "W", "wantsHuman": true, "seats": "007", "tags": ["a"] },
        "qualification": { "budget": "60" },
    });
    assert_eq!(Value::Object(data), expected);
    let told: Vec<&str> = left_out.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(told, ["/phone", "/deep/a/b/c"]);
}

#[test]
fn a_name_that_is_too_long_is_told_once_and_its_members_are_not_looked_at() {
    let members: Map<String, Value> = (0..2000).map(|i| (format!("m{i}"), json!(i))).collect();
    let members = Value::Object(members);
    let name = "ä".repeat(50_000);
    let arguments = json!({ &name: members, "seats": 40, "deep": { &name: members } });
    let (data, left_out) = crate::facts::lead_data(arguments.as_object().unwrap());
    assert_eq!(Value::Object(data), json!({ "custom": { "seats": 40 } }));
    assert_eq!(left_out.len(), 2);
    assert!(left_out.iter().all(|(place, why)| place.len() < 100 && why == "a name of more than 128 bytes"));
    let mut body = tool();
    body["extras"] = json!({ &name: { "value": members }, "role": { "value": "Head" } });
    let heard = heard(&body).unwrap();
    let PlatformEvent { event, left_out, .. } = event(&heard, 0);
    assert_eq!((&event["data"]["contact"]["title"], left_out.len()), (&json!("Head"), 1));
}

#[test]
fn a_list_that_is_too_long_is_refused_aloud() {
    let mut body = tool();
    let mut hear = |calls: Vec<Value>| {
        body["calls"] = Value::Array(calls);
        let text = body.to_string();
        let request = Request { method: "POST", url: "", headers: &[], body: text.as_bytes() };
        let answer = voice()
            .answer_unheard(&request, &Said { say: "Please hold.".to_owned(), status: "unreached", transfer_to: None });
        (voice().hear(&request), answer.map(|answer| answer.body))
    };
    let other = |i: usize| json!({ "id": format!("t{i}"), "name": "book" });
    let ours = json!({ "id": "t", "name": "hand_over" });
    let with_ours = |others: usize| (0..others).map(other).chain([ours.clone()]).collect::<Vec<Value>>();
    assert_eq!(hear(with_ours(MOST_ITEMS - 1)).0.unwrap().meanings.len(), MOST_ITEMS);
    let (heard, answer) = hear(with_ours(MOST_ITEMS));
    let unheard = heard.unwrap_err();
    assert!(!unheard.is_passed_over());
    let told = "/calls of voice has 65 items, at most 64 are taken at once: send several requests";
    assert_eq!(unheard.to_string(), told);
    assert!(answer.unwrap().contains("Please hold."));
    let (heard, answer) = hear((0..100).map(other).collect());
    assert!(heard.unwrap_err().is_passed_over() && answer.is_none(), "none of them is for us");
}

#[test]
fn a_text_that_was_cut_off_is_told_and_prose_is_not() {
    let with = |arguments: &str| {
        let mut body = tool();
        body["calls"][0]["arguments"] = json!(arguments);
        let heard = heard(&body).unwrap();
        event(&heard, 0).left_out.clone()
    };
    assert_eq!(with("{\"company\": \"North")[0].0, "item:/arguments");
    assert_eq!(with("")[..], []);
    assert_eq!(with("qualified, forty seats")[..], []);
}

#[test]
fn forms_prose_and_xml() {
    let mapping = Mapping::read(
        "p/lines.yaml",
        "version: 1\nmessages:\n  - name: handed over\n    means: lead\n    live: true\n    lead:\n      call.id: /CallSid\n      \
         qualification.summary: { at: [/HandoffData/summary, /HandoffData], as: text }\n    facts: [/HandoffData, /HandoffData/lead]\n    \
         answer: { twiml: '<Response><Say>{say} {/CallSid}</Say></Response>' }\n",
    )
    .unwrap();
    let headers = [("content-type".to_owned(), "application/x-www-form-urlencoded; charset=UTF-8".to_owned())];
    let hear = |body: &str| {
        mapping.hear(&Request { method: "POST", url: "", headers: &headers, body: body.as_bytes() }).unwrap()
    };
    let prose = hear("CallSid=C%3C1&HandoffData=Northwind%2C+forty");
    assert_eq!(event(&prose, 0).event["data"]["qualification"]["summary"], "Northwind, forty");
    let body = prose
        .answer(&[Some(Said { say: "Tom & \"Jerry\"\u{7}".to_owned(), status: "decided", transfer_to: None })])
        .body;
    assert_eq!(body, "<Response><Say>Tom &amp; &quot;Jerry&quot; C&lt;1</Say></Response>");
    let facts = hear("CallSid=C1&HandoffData=%7B%22lead%22%3A%7B%22company%22%3A%22Northwind%22%7D%7D");
    let data = &event(&facts, 0).event["data"];
    assert_eq!((&data["company"]["name"], &data["qualification"]), (&json!("Northwind"), &Value::Null));
}

mod properties;
