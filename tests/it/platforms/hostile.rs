//! What callers say is data in every channel: hostile text in every fact that a platform brings, through its own door, and what
//! came of it in the chat, in mails, in the CRM, on pages, in reports and in the answers.

mod desk;

use baton_core::domain::text::is_unseen;
use baton_platforms::facts::FACTS;
use desk::Desk;
use serde_json::{Map, Value, json};

/// One kind of trick each.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "*bold* <!channel> <@U0WEST001|you> <https://evil.example|click>",
    "{{7*7}} {{{headline}}} @{lead.id} ${jndi:x}",
    "Dana\r\nBcc: all@evil.example\r\n\r\nHello",
    "\u{202e}evil\u{202c} \u{2066}x\u{200b}\u{feff}\u{e0041} seen",
    "]]></Say><Dial>+19005550100</Dial> &amp; '\" onmouseover=\"x",
];

/// What means something to a browser, a mail program or a chat, and was not written by us.
const MARKUP: [&str; 7] = ["<script", "<img src=x", "<!channel", "<@", "<https://evil", "</Say>", "<Dial>"];

/// Every fact that a tool may give, all of them hostile; what is left out cannot be read, or makes the person known.
fn facts(hostile: &str) -> Map<String, Value> {
    const KEPT_GOOD: [&str; 3] = ["email", "phone", "country"];
    let named = FACTS.iter().map(|fact| fact.name).filter(|name| !KEPT_GOOD.contains(name));
    let mut facts: Map<String, Value> = named.map(|name| (name.to_owned(), json!(hostile))).collect();
    facts.insert(format!("more {hostile}"), json!(hostile));
    facts
}

fn is_clean(place: &str, text: &str) {
    for bad in MARKUP {
        assert!(!text.contains(bad), "{bad} in {place}: {text}");
    }
    assert!(!text.contains(is_unseen), "what nobody sees in {place}: {text:?}");
}

/// Of HTML, where quotes end what they stand in.
fn is_clean_html(place: &str, page: &str) {
    is_clean(place, page);
    assert!(!page.contains("onmouseover=\"x"), "{place}: {page}");
}

/// Every text in a value, with the name of its member.
fn texts(value: &Value, name: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => into.push((name.to_owned(), text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, name, into)),
        Value::Object(members) => members.iter().for_each(|(name, value)| texts(value, name, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_is_text_in_every_channel() {
    let desk = Desk::open().await;
    for (number, hostile) in HOSTILE.into_iter().enumerate() {
        for platform in ["vapi", "retell", "elevenlabs"] {
            let said = desk.tells(platform, &format!("{platform}-{number}"), facts(hostile), hostile).await;
            is_clean(platform, &said);
            assert!(!said.contains(['<', '{', '*']) && !said.contains("evil"), "{platform}: {said}");
        }
        let twiml = desk.tells_acme(number, hostile).await;
        assert!(twiml.starts_with("<Response><Say>") && twiml.ends_with("</Echo></Response>"), "{twiml}");
        assert_eq!(twiml.matches('<').count(), 6, "no element beside those of the mapping: {twiml}");
    }
    desk.until_quiet(3 * HOSTILE.len() + HOSTILE.len()).await;
    chat(&desk);
    mails(&desk);
    crm(&desk);
    pages(&desk).await;
    desk.stop().await;
}

fn chat(desk: &Desk) {
    let messages = desk.stage.slack.messages();
    assert!(!messages.is_empty(), "there are cards");
    let mut all = vec![(String::new(), messages.iter().map(|message| message.text.as_str()).collect())];
    messages.iter().for_each(|message| texts(&message.blocks, "", &mut all));
    for (_, text) in &all {
        is_clean("the chat", text);
        assert!(!text.contains("*bold*"), "{text}");
    }
    for shown in ["&lt;script&gt;", "&lt;!channel&gt;", "{{{headline}}}"] {
        assert!(all.iter().any(|(_, text)| text.contains(shown)), "{shown} is shown as it was said");
    }
}

fn mails(desk: &Desk) {
    let mails = desk.stage.smtp.mails();
    assert!(!mails.is_empty(), "there are mails");
    for mail in &mails {
        let to_us = mail.to.iter().all(|to| to.ends_with("@reps.example") || to.ends_with("@northwind.example"));
        assert!(to_us && !mail.headers.contains_key("bcc"), "{:?} {:?}", mail.to, mail.headers);
        assert!(!mail.header("subject").contains(['\r', '\n']), "{:?}", mail.header("subject"));
        assert!(!mail.text.contains(is_unseen) && !mail.header("subject").contains(is_unseen), "{}", mail.text);
        is_clean_html("a mail", mail.html.as_deref().unwrap_or_default());
    }
    let html: String = mails.iter().filter_map(|mail| mail.html.as_deref()).collect();
    assert!(html.contains("&lt;script&gt;") && html.contains("{{{headline}}}"), "they are shown as they were said");
}

/// A CRM shows plain text as it is; what refers to other parts of a request is ours alone.
fn crm(desk: &Desk) {
    let mut all = Vec::new();
    for exchange in desk.stage.world.exchanges().iter().filter(|exchange| exchange.vendor == "salesforce") {
        if let Ok(body) = serde_json::from_slice(&exchange.request_body) {
            texts(&body, "", &mut all);
        }
    }
    for (name, text) in &all {
        assert!(!text.contains(is_unseen), "{name}: {text:?}");
        assert!(!text.contains("@{") || ["WhoId", "url"].contains(&name.as_str()), "{name}: {text}");
        let is_one_line = !["FirstName", "LastName", "Company", "Title", "Subject"].contains(&name.as_str())
            || !text.contains(['\r', '\n']);
        assert!(is_one_line, "{name}: {text:?}");
    }
    let companies: Vec<_> = all.iter().filter(|(name, _)| name == "Company").collect();
    assert!(companies.iter().any(|(_, text)| text.contains("<script>")), "plain text is not changed: {companies:?}");
}

async fn pages(desk: &Desk) {
    let mails = desk.stage.smtp.mails();
    let links: Vec<&str> = mails.iter().filter_map(|mail| Some(mail.text.split_once("/feedback/")?.1)).collect();
    assert!(!links.is_empty(), "there are links");
    let mut shown = String::new();
    for link in links {
        let token: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        shown += &desk.page(&["feedback", &token], None).await;
    }
    is_clean_html("a feedback page", &shown);
    assert!(shown.contains("&lt;script&gt;"), "the company is named as it was said");
    let report = desk.page(&["v1", "reports", "routing"], Some("html")).await;
    is_clean_html("a report", &report);
    let explained = desk.page(&["v1", "leads"], None).await;
    serde_json::from_str::<Value>(&explained).expect("JSON, whatever was said");
}
