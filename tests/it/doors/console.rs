//! The console from outside, as a browser without script comes to it: who may come in, what pages say, what forms do, and what is
//! sent as it happens.

mod own;
mod reps;
mod rules;
mod vendors;
mod visitor;

use crate::eventually::{eventually, within};
use crate::program::served::{get, request};
use crate::store::server::{Db, on_both};
use crate::store::tx::writes;
use crate::town::Caller;
use baton::store::{ApiToken, AuditQuery};
use baton::web::token_hash;
use baton_core::domain::id::LeadId;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use visitor::{HOSTILE, Office, ROLES, Visitor, secret};

on_both! {
    a_session_ends_by_signing_out_and_with_its_token,
    every_route_is_open_to_those_whose_role_it_takes_and_to_nobody_else,
    now_shows_what_is_open_and_what_changes_is_sent_on,
    a_lead_is_told_with_its_reasons_and_given_away_in_the_name_of_whoever_signed_in,
    what_was_put_aside_is_closed_with_a_reason,
    an_erased_lead_is_shown_as_erased,
    where_no_token_was_ever_given_everybody_is_let_in_and_forms_are_guarded,
    without_a_console_there_is_no_such_address,
}

/// The console's own table: method, path, and the role that it takes at least.
fn routes() -> Vec<(&'static str, String, usize)> {
    let text = include_str!("../../../src/web/console/mod.rs");
    let (_, table) = text.split_once("const ROUTES: &[Route] = &[").expect("the table");
    let (table, _) = table.split_once("];").expect("its end");
    let between = |row: &str, from: &str, to: &str| {
        let (_, rest) = row.split_once(from).unwrap_or_else(|| panic!("{from} in {row}"));
        rest.split_once(to).unwrap_or_else(|| panic!("{to} in {row}")).0.to_owned()
    };
    let read = |row: &str| {
        let method = if row.contains("|| post(") { "POST" } else { "GET" };
        let role = between(row, "least: ", ",").to_lowercase();
        let place = ROLES.iter().position(|(name, ..)| *name == role).expect("a role");
        (method, between(row, "path: \"", "\"").replace("{id}", "lead_x"), place)
    };
    table.split("Route {").skip(1).map(read).collect()
}

async fn every_route_is_open_to_those_whose_role_it_takes_and_to_nobody_else(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let routes = routes();
    assert!(routes.len() >= 12, "{routes:?}");
    for (method, path, least) in &routes {
        let stranger = office.ask(method, path, "", &[]);
        assert_eq!(stranger.status, 303, "{method} {path} without a session: {stranger:?}");
        assert!(stranger.head.contains("location: /console/sign-in?to="), "{stranger:?}");
        for (place, (role, secret, _)) in ROLES.iter().enumerate() {
            let visitor = office.signs_in(secret);
            let answer = if *method == "POST" { visitor.sends(path, &[]) } else { visitor.sees(path) };
            let is_refused = answer.status == 403;
            assert_eq!(is_refused, place < *least, "{role} {method} {path}: {answer:?}");
            assert!(answer.status != 401 && !answer.head.contains("/console/sign-in?to="), "{role} {path}: {answer:?}");
            if *method == "POST" && !is_refused {
                let visitor = office.signs_in(secret);
                let others = office.signs_in(secret).csrf();
                for form in [vec![], vec![("csrf", "0")], vec![("csrf", others.as_str())]] {
                    let forged = office.ask("POST", path, &visitor.cookie, &form);
                    assert_eq!(forged.status, 403, "{role} {path} with {form:?}: {forged:?}");
                    assert!(forged.body.contains("none of your session"), "{forged:?}");
                }
            }
        }
    }
    running.stop().await;
}

async fn a_session_ends_by_signing_out_and_with_its_token(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let page = office.ask("GET", "/console/sign-in?lang=de", "", &[]);
    assert!(
        page.status == 200 && page.body.contains("<html lang=\"de\">") && page.body.contains("Anmelden"),
        "{page:?}"
    );
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'";
    for part in [policy, "frame-ancestors 'none'", "x-frame-options: deny", "nosniff", "no-store", "baton_lang=de"] {
        assert!(page.head.contains(part), "{part}: {}", page.head);
    }
    assert!(!page.body.contains("<style") && !page.body.contains("<script>"), "{}", page.body);

    let visitor = office.signs_in(secret("viewer"));
    let cookie = visitor.cookie.clone();
    assert_eq!(office.db.number("SELECT COUNT(*) FROM console_session").await, 1);
    let secret_of_session = cookie.strip_prefix("baton=").expect("a value");
    let kept = office.db.number(format!("SELECT COUNT(*) FROM console_session WHERE id = '{secret_of_session}'")).await;
    assert_eq!(kept, 0, "the store has a digest alone");
    let out = visitor.sends("/console/sign-out", &[]);
    assert!(out.status == 303 && out.head.contains("baton=; ") && out.head.contains("max-age=0"), "{out:?}");
    assert_eq!(office.ask("GET", "/console", &cookie, &[]).status, 303, "it is over, whoever still has the cookie");

    let now = chrono::DateTime::UNIX_EPOCH;
    let token = ApiToken {
        id: "lena".to_owned(),
        hash: token_hash("a-secret-of-lena-alone"),
        scopes: ["read".to_owned()].into(),
        source: None,
        created_at: now,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    writes!(office.db.store, [token], |tx| tx.token_insert(&token).await).await.expect("a token");
    let rules = get("/v1/rules", Some("a-secret-of-lena-alone"));
    eventually("the token is known", || async { office.exchanges(&rules).status == 200 }).await;
    let visitor = office.signs_in("a-secret-of-lena-alone");
    assert!(visitor.page("/console").contains("lena"));
    writes!(office.db.store, |tx| tx.token_revoke("lena", now).await).await.expect("it is taken away");
    eventually("the session has ended", || async { visitor.sees("/console").status == 303 }).await;
    assert_eq!(office.tries("a-secret-of-lena-alone").status, 401);
    assert_eq!(office.tries("a-secret-of-voice-alone").status, 403, "it may not look at anything");

    let inside = office.signs_in(secret("viewer"));
    let last = std::iter::repeat_with(|| office.tries("no-token-of-this-house")).take(40).find(|one| one.status != 401);
    assert_eq!(last.map(|answer| answer.status), Some(429), "wrong ones are taken a few times");
    assert_eq!(office.tries(secret("viewer")).status, 429, "and then none for a while");
    assert_eq!(inside.sees("/console").status, 200, "who is in stays in");
    running.stop().await;
}

/// What a stream says until it says this.
fn hears(stream: &mut TcpStream, heard: &mut String, what: &str) {
    let mut part = [0; 16 * 1024];
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time limit");
    let said = within(Duration::from_secs(30), || {
        if let Ok(count) = stream.read(&mut part) {
            heard.push_str(&String::from_utf8_lossy(&part[..count]));
        }
        heard.contains(what).then_some(())
    });
    assert_eq!(said, Some(()), "{what}: {heard}");
}

async fn now_shows_what_is_open_and_what_changes_is_sent_on(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let lead = office.brings_markup(1);
    let visitor = office.signs_in(secret("viewer"));
    let page = visitor.page("/console");
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>"), "{page}");
    assert!(page.contains(&format!("href=\"/console/leads/{lead}\"")), "its promise is there: {page}");
    assert!(!page.contains("<script>alert") && !page.contains("<img") && page.contains("&lt;script&gt;"), "{page}");
    for landmark in ["<header>", "<nav ", "<main ", "class=\"skip\"", "aria-live=\"polite\"", "lang=\"en\""] {
        assert!(page.contains(landmark), "{landmark}: {page}");
    }

    let cookie = format!("Cookie: {}\r\n", visitor.cookie);
    let mut streams: Vec<TcpStream> = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(("127.0.0.1", office.port)).expect("a connection");
        stream.write_all(request("GET", "/console/now/events", None, &cookie, "").as_bytes()).expect("it is sent");
        streams.push(stream);
    }
    let mut heard = vec![String::new(); streams.len()];
    tokio::task::block_in_place(|| {
        for (stream, heard) in streams.iter_mut().zip(&mut heard) {
            hears(stream, heard, "event: promises");
            hears(stream, heard, &lead);
            assert!(heard.to_lowercase().contains("content-type: text/event-stream"), "{heard}");
        }
    });
    let other = office.brings(&Caller::gone(2).event);
    tokio::task::block_in_place(|| {
        for (stream, heard) in streams.iter_mut().zip(&mut heard) {
            hears(stream, heard, &other);
            assert!(!heard.contains("<script>alert"), "{heard}");
        }
    });
    drop(streams);
    let page = visitor.page("/console");
    assert!(page.contains(&other), "whoever comes without script sees it as well: {page}");
    running.stop().await;
}

async fn a_lead_is_told_with_its_reasons_and_given_away_in_the_name_of_whoever_signed_in(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let lead = office.brings_markup(1);
    let address = format!("/console/leads/{lead}");
    let viewer = office.signs_in(secret("viewer"));
    let page = viewer.page(&address);
    assert!(!page.contains("/reassign\"") && !page.contains("/contacted\""), "who may not is offered nothing: {page}");
    for part in
        ["caller-1@company-1.example", "decided", "Because: ", "Plan", "Territory", "id=\"briefing\"", "id=\"effects\""]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains("<img") && page.contains("&lt;script&gt;"), "{page}");

    let record = office
        .db
        .store
        .lead(&LeadId::new(lead.as_str()).expect("an id"))
        .await
        .expect("the database answers")
        .expect("the lead");
    let other = if record.owner.as_str().ends_with("01") { "02" } else { "01" };
    let other = format!("{}{other}", &record.owner.as_str()[..record.owner.as_str().len() - 2]);
    let ops = office.signs_in(secret("ops"));
    let empty = ops.sends(&format!("{address}/reassign"), &[("to", &other), ("reason", " ")]);
    assert!(empty.status == 400 && empty.body.contains("reason is empty") && empty.body.contains("<main"), "{empty:?}");
    let done = ops.sends(&format!("{address}/reassign"), &[("to", &other), ("reason", HOSTILE)]);
    assert!(done.status == 303 && done.head.contains(&format!("location: {address}?done=1")), "{done:?}");
    let page = ops.page(&format!("{address}?done=1"));
    assert!(page.contains(&format!("Rep {other}")) && !page.contains("<script>alert"), "{page}");
    let called = ops.sends(&format!("{address}/contacted"), &[]);
    assert_eq!(called.status, 303, "{called:?}");

    let of_lead = AuditQuery { subject: Some(lead.clone()), ..AuditQuery::default() };
    let entries = office.db.store.audit_find(&of_lead, 10).await.expect("the audit");
    let told: Vec<(&str, &str)> = entries.iter().map(|entry| (entry.actor.as_str(), entry.act.as_str())).collect();
    assert_eq!(told, [("token ops", "contact.record"), ("token ops", "lead.reassign")]);

    for (query, is_found) in [
        ("q=caller-1%40company-1.example", true),
        ("q=%2B447700900001", true),
        ("q=call-1", true),
        ("q=call-9", false),
        ("status=needs_attention", false),
    ] {
        let page = ops.page(&format!("/console/leads?{query}"));
        assert_eq!(page.contains(&address), is_found, "{query}: {page}");
    }
    let there = ops.sees(&format!("/console/leads?q={lead}"));
    assert!(there.status == 303 && there.head.contains(&format!("location: {address}")), "{there:?}");
    assert_eq!(ops.sees("/console/leads/lead_unknown").status, 404);
    running.stop().await;
}

async fn what_was_put_aside_is_closed_with_a_reason(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let aside = "INSERT INTO inbox (key, kind, body, received_at, state, error) SELECT 'town/a evt-9', 'lead.qualified', body, 1, \
                 'quarantined', 'no <b>end</b> of it' FROM inbox LIMIT 1";
    office.brings(&Caller::gone(1).event);
    assert_eq!(office.db.execute(aside).await, 1);
    let ops = office.signs_in(secret("ops"));
    let place = "/console/attention?kind&#x3D;message&amp;key&#x3D;town%2Fa+evt-9";
    eventually("it is listed", || async { ops.page("/console").contains(place) }).await;
    let page = ops.page("/console");
    assert!(page.contains("no &lt;b&gt;end&lt;/b&gt; of it"), "{page}");
    let page = ops.page("/console/attention?kind=message&key=town%2Fa+evt-9");
    assert!(page.contains("town/a evt-9") && page.contains("/console/attention/replay"), "{page}");
    let closed = ops.sends("/console/attention/close", &[("key", "town/a evt-9"), ("why", "a test of ours")]);
    assert!(closed.status == 303 && closed.head.contains("location: /console#attention"), "{closed:?}");
    eventually("it is gone", || async { !ops.page("/console").contains("evt-9") }).await;
    let again = ops.sends("/console/attention/close", &[("key", "town/a evt-9"), ("why", "a test of ours")]);
    assert_eq!(again.status, 404, "{again:?}");
    running.stop().await;
}

async fn an_erased_lead_is_shown_as_erased(db: Db) {
    let (office, running) = Office::open(db, true, true).await;
    let lead = office.brings(&Caller::gone(1).event);
    let viewer = office.signs_in(secret("viewer"));
    assert!(viewer.page(&format!("/console/leads/{lead}")).contains("Caller No 1"));
    let body = serde_json::json!({ "lead": lead, "why": "they asked" }).to_string();
    let json = "Content-Type: application/json\r\n";
    let asked = office.exchanges(&request("POST", "/v1/erasures", Some(secret("admin")), json, &body));
    assert!([200, 201, 202].contains(&asked.status), "{asked:?}");
    eventually("the person is erased", || async {
        let page = viewer.page(&format!("/console/leads/{lead}"));
        page.contains("The person was erased at") && !page.contains("Caller No 1") && !page.contains("company-1")
    })
    .await;
    assert!(viewer.page("/console/leads").contains("erased"));
    running.stop().await;
}

async fn where_no_token_was_ever_given_everybody_is_let_in_and_forms_are_guarded(db: Db) {
    let (office, running) = Office::open(db, false, true).await;
    let first = office.ask("GET", "/console", "", &[]);
    assert_eq!(first.status, 200, "{first:?}");
    let visitor = Visitor::of(&office, &first);
    let style = visitor.sees("/console/console.css");
    assert!(style.status == 200 && style.head.contains("content-type: text/css"), "{style:?}");
    assert_eq!(
        office.ask("POST", "/console/attention/close", &visitor.cookie, &[("key", "x"), ("why", "y")]).status,
        403
    );
    assert_eq!(
        visitor.sends("/console/attention/close", &[("key", "x"), ("why", "y")]).status,
        404,
        "it is looked for"
    );
    running.stop().await;
}

async fn without_a_console_there_is_no_such_address(db: Db) {
    let (office, running) = Office::open(db, true, false).await;
    for path in ["/console", "/console/sign-in", "/console/console.js"] {
        assert_eq!(office.exchanges(&get(path, Some(secret("admin")))).status, 404, "{path}");
    }
    running.stop().await;
}
