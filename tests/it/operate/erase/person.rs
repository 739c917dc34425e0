//! A made-up person whose every word is known again, and all that a database holds as one text.

use crate::store::server::Db;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

pub const PHONE: &str = "+14155550142";
pub const EMAIL: &str = "zyxandra@canary-mail.example";

/// In small letters: what tells of the person, and stands nowhere else.
pub const CANARIES: [&str; 7] =
    ["4155550142", "555-0142", "555.0142", "555 0142", "zyxandra", "quillfeather", "canary"];

/// Leads that the events below make.
pub const LEADS: i64 = 4;
/// Of another person, at the same company as one of the person's leads.
pub const OTHERS: &str = "evt-other";

/// Calls of the person, a form, a chat, the second event of a call, and one that nobody can call back: all that an event can carry.
pub fn events(now: DateTime<Utc>) -> Vec<Value> {
    let ago = |hours: i64| now - TimeDelta::hours(hours);
    let call = |number: u32| json!({ "platform": "sandbox", "id": format!("call-p-{number}"), "live": false, "direction": "inbound", "from": PHONE });
    let who = json!({
        "name": "Zyxandra Quillfeather", "email": "Zyxandra@Canary-Mail.example", "phone": "(415) 555-0142",
        "title": "Chief Canary Officer", "language": "en",
    });
    let said = json!({
        "score": 71, "summary": "Zyxandra keeps canaries.", "intent": "canary intent", "timeline": "before the canary dies",
        "use_case": "a canary a day", "budget": "ten canaries", "products": ["canary seed"], "pain": "no canary",
        "objections": ["the canary is too loud"], "urgency": "canary-like", "sentiment": "canary yellow",
        "next_action": "Call Zyxandra at 415-555-0142.",
    });
    let whole = json!({
        "call": call(1), "contact": who, "qualification": said,
        "company": { "name": "Canary Works", "domain": "canary-works.example", "industry": "canaries", "country": "US",
                     "state": "CA", "postal": "94107", "city": "Canary Bay", "employees": "as many as canaries" },
        "transcript": { "url": "https://voice.example/canary/1" }, "recording": { "url": "https://voice.example/canary/2" },
        "consent": { "email": true, "callback": true }, "preference": { "timezone": "America/Los_Angeles" },
        "custom": { "canary_name": "Tweety the canary", "floor": 7 },
    });
    let more = json!({
        "call": call(1), "contact": { "name": "Zyxandra Quillfeather" },
        "qualification": { "objections": ["a second canary"] }, "custom": { "canary_again": "yes, a canary" },
    });
    let form = json!({
        "channel": "form", "contact": { "name": "Zyxandra", "phone": "+1 415.555.0142" },
        "company": { "name": "Northwind", "domain": "northwind.example", "country": "US" },
    });
    let chat = json!({ "channel": "chat", "contact": { "name": "Z. Quillfeather", "email": EMAIL } });
    // The number is the caller's; the one to call is another.
    let mut caller_id = json!({ "call": call(2), "contact": { "name": "Zyxandra", "phone": "+442079460901" } });
    caller_id["qualification"] = json!({ "summary": "Calls for a canary." });
    let unreachable =
        json!({ "contact": { "name": "Zyxandra" }, "qualification": { "summary": "Back to 415 555 0142" } });
    vec![
        event("evt-whole", ago(5), whole),
        event("evt-more", ago(5), more),
        event("evt-form", ago(4), form),
        event("evt-chat", ago(3), chat),
        event("evt-caller-id", ago(2), caller_id),
        event("evt-unreachable", ago(1), unreachable),
    ]
}

/// Somebody else, at a company where the person is as well.
pub fn other(now: DateTime<Utc>) -> Value {
    let contact = json!({ "name": "Otto Other", "email": "otto@northwind.example", "phone": "+14155550199" });
    let company = json!({ "name": "Northwind", "domain": "northwind.example", "country": "US" });
    event(OTHERS, now - TimeDelta::hours(4), json!({ "channel": "form", "contact": contact, "company": company }))
}

/// What a platform tells of the first call when it is over.
pub fn late(now: DateTime<Utc>) -> Value {
    let call = json!({ "platform": "sandbox", "id": "call-p-1", "live": false, "direction": "inbound", "from": PHONE });
    event("evt-late", now, json!({ "call": call, "contact": { "name": "Zyxandra Quillfeather", "email": EMAIL } }))
}

/// The person calls again.
pub fn again(now: DateTime<Utc>) -> Value {
    let call = json!({ "platform": "sandbox", "id": "call-p-9", "live": false, "direction": "inbound", "from": PHONE });
    event("evt-again", now, json!({ "call": call, "contact": { "name": "Zyxandra" } }))
}

fn event(id: &str, time: DateTime<Utc>, data: Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "town", "type": "lead.qualified", "time": time, "data": data })
}

/// What of the person is in a text.
pub fn found_in(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    CANARIES.into_iter().filter(|canary| text.contains(canary)).collect()
}

/// Every column of every table.
pub async fn dump(db: &Db) -> String {
    let mut dump = String::new();
    for table in tables(db).await {
        dump.push_str(&dump_of(db, &table).await);
    }
    dump
}

/// Every column of a table.
pub async fn dump_of(db: &Db, table: &str) -> String {
    let mut dump = String::new();
    for column in texts(db, columns(db, table)).await {
        dump.push_str(&format!("\n{table}.{column}: "));
        dump.push_str(&texts(db, format!("SELECT {column} FROM {table}")).await.join("\n"));
    }
    dump
}

async fn tables(db: &Db) -> Vec<String> {
    let tables = if db.is_postgres() {
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    };
    texts(db, tables.to_owned()).await
}

/// Each as `TABLE.COLUMN`.
pub async fn schema(db: &Db) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for table in tables(db).await {
        let columns = if db.is_postgres() {
            format!(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public' \
                 AND table_name = '{table}'"
            )
        } else {
            format!("SELECT name FROM pragma_table_info('{table}')")
        };
        all.extend(texts(db, columns).await.into_iter().map(|column| format!("{table}.{column}")));
    }
    all
}

/// As they are to be asked for, so that they are texts.
fn columns(db: &Db, table: &str) -> String {
    if db.is_postgres() {
        format!(
            "SELECT CAST(CASE data_type WHEN 'bytea' THEN 'encode(\"' || column_name || '\", ''escape'')' \
             ELSE 'CAST(\"' || column_name || '\" AS TEXT)' END AS TEXT) FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}'"
        )
    } else {
        format!("SELECT 'CAST(\"' || name || '\" AS TEXT)' FROM pragma_table_info('{table}')")
    }
}

/// The texts of a column; what is nothing is left out.
pub async fn texts(db: &Db, sql: String) -> Vec<String> {
    let found: Result<Vec<Option<String>>, sqlx::Error> =
        sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_all(&db.raw).await;
    found.unwrap_or_else(|error| panic!("{sql}: {error}")).into_iter().flatten().collect()
}
