//! Servers that can do less, or do it otherwise, than those that are run: what is asked of them, on the wire.

use super::{PASSWORD, at, client, event, hour, taken};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use baton::connectors::Calendar;
use baton_core::domain::rep::BusyKind;
use std::sync::{Arc, Mutex};

/// One request.
#[derive(Debug, Clone)]
struct Asked {
    method: String,
    path: String,
    depth: String,
    body: String,
}

#[derive(Clone)]
struct Plain {
    /// What it says that it can.
    reports: &'static [&'static str],
    /// The text of its one event, or of its free and busy times.
    text: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Plain {
    async fn open(reports: &'static [&'static str], text: String) -> (Self, String) {
        let plain = Self { reports, text: Arc::new(Mutex::new(text)), asked: Arc::default() };
        let routes = Router::new().fallback(answer).with_state(plain.clone());
        let address = baton_sandbox::serve(routes).await.expect("a port");
        (plain, format!("http://{address}"))
    }

    fn reported(&self, name: &str) -> Vec<Asked> {
        let asked = self.asked.lock().expect("what was asked");
        asked.iter().filter(|one| one.method == "REPORT" && one.body.contains(name)).cloned().collect()
    }
}

async fn answer(State(plain): State<Plain>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let depth = headers.get("depth").map(|depth| depth.to_str().expect("text").to_owned()).unwrap_or_default();
    let (method, path) = (method.to_string(), uri.path().to_owned());
    let asked = Asked { method, path, depth, body: String::from_utf8_lossy(&body).into_owned() };
    plain.asked.lock().expect("what was asked").push(asked.clone());
    let text = plain.text.lock().expect("the text").clone();
    let several = |responses: &str| {
        let body = format!(
            "<?xml version=\"1.0\"?><x:multistatus xmlns:x=\"DAV:\" xmlns:CAL=\"urn:ietf:params:xml:ns:caldav\">{responses}\
             </x:multistatus>"
        );
        (StatusCode::from_u16(207).expect("a status"), body).into_response()
    };
    match (asked.method.as_str(), asked.path.as_str()) {
        ("PROPFIND", path @ ("/cal/" | "/two/")) => {
            let can =
                |name: &&str| format!("<x:supported-report><x:report><CAL:{name}/></x:report></x:supported-report>");
            let reports: String = plain.reports.iter().map(can).collect();
            several(&format!(
                "<x:response><x:href>{path}</x:href><x:propstat><x:prop><x:resourcetype><x:collection/><CAL:calendar/>\
                 </x:resourcetype><x:supported-report-set>{reports}</x:supported-report-set></x:prop>\
                 <x:status>HTTP/1.1 200 OK</x:status></x:propstat></x:response>"
            ))
        }
        ("PROPFIND", "/elsewhere/") => {
            (StatusCode::FOUND, [("location", "https://elsewhere.example/cal/")]).into_response()
        }
        ("REPORT", "/cal/") if asked.body.contains("free-busy-query") => text.into_response(),
        // As one real server does.
        ("REPORT", "/cal/") if asked.depth != "1" => several(""),
        ("REPORT", path @ ("/cal/" | "/two/")) => {
            let event = |name: &str| {
                format!(
                    "<x:response><x:href>{path}{name}%40x.ics</x:href><x:propstat><x:prop><x:getetag>\"1\"</x:getetag>\
                     <CAL:calendar-data><![CDATA[{text}]]></CAL:calendar-data></x:prop><x:status>HTTP/1.1 200 OK</x:status>\
                     </x:propstat></x:response>"
                )
            };
            several(&(event("one") + &if path == "/two/" { event("two") } else { String::new() }))
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test]
async fn a_server_that_can_only_be_queried_is_asked_further_than_is_wanted() {
    let text = event("one", "DTSTART:20260504T090000Z\r\nDTEND:20260504T100000Z");
    let (plain, url) = Plain::open(&["calendar-query", "free-busy-query"], text).await;
    let client = client(&url, PASSWORD);
    let asked = ["/cal/".to_owned()];
    for _ in 0..2 {
        let told = client.busy(&asked, hour(4, 0), hour(5, 0)).await.expect("an answer");
        assert_eq!(told["/cal/"], Ok(vec![taken(hour(4, 9), hour(4, 10), BusyKind::Busy)]));
    }
    let reported = plain.reported("calendar-query");
    assert_eq!(reported.len(), 2);
    let range = "start=\"20260502T220000Z\" end=\"20260506T020000Z\"";
    assert!(reported.iter().all(|one| one.depth == "1" && one.body.contains(range)), "{reported:?}");
    // The server's filter let it through: it is not within what was asked for.
    let told = client.busy(&asked, hour(5, 0), hour(6, 0)).await.expect("an answer");
    assert_eq!(told["/cal/"], Ok(Vec::new()));
}

#[tokio::test]
async fn an_event_that_is_not_understood_makes_its_calendar_unknown() {
    let lines = "DTSTART;TZID=Bavaria Time:20260504T090000\r\nDTEND;TZID=Bavaria Time:20260504T100000";
    let (_plain, url) = Plain::open(&["calendar-query"], event("odd", lines)).await;
    let client = client(&url, PASSWORD);
    let asked = ["/cal/".to_owned()];
    let refused = client.busy(&asked, hour(1, 0), hour(15, 0)).await.expect_err("nothing is known");
    assert_eq!(refused.class(), "retry");
    assert!(refused.to_string().contains("time zone is not known"), "{refused}");
    let told = client.busy(&asked, hour(10, 0), hour(15, 0)).await.expect("whatever zone it is, it is over by then");
    assert_eq!(told["/cal/"], Ok(Vec::new()));
}

#[tokio::test]
async fn free_and_busy_times_are_the_last_resort_and_a_lost_day_is_seen() {
    let told = |lines: &str| {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VFREEBUSY\r\n{lines}END:VFREEBUSY\r\nEND:VCALENDAR\r\n")
    };
    let good = told(
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260506T000000Z/P1D\r\nFREEBUSY:20260504T113000Z/20260504T120000Z,\
         20260504T100000Z/PT1H30M\r\nFREEBUSY;FBTYPE=FREE:20260505T090000Z/20260505T100000Z\r\n\
         FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260505T110000Z/20260505T120000Z\r\n",
    );
    let (plain, url) = Plain::open(&["free-busy-query"], good).await;
    let client = client(&url, PASSWORD);
    let asked = ["/cal/".to_owned()];
    let busy = client.busy(&asked, hour(1, 0), hour(15, 0)).await.expect("an answer");
    let expected = [
        taken(hour(4, 10), hour(4, 12), BusyKind::Busy),
        taken(hour(5, 11), hour(5, 12), BusyKind::Tentative),
        taken(hour(6, 0), hour(7, 0), BusyKind::OutOfOffice),
    ];
    assert_eq!(busy["/cal/"].as_deref(), Ok(expected.as_slice()));
    assert!(plain.reported("free-busy-query").iter().all(|one| one.depth == "1"));
    *plain.text.lock().expect("the text") = told("FREEBUSY:20260506T000000Z/P0D\r\n");
    let refused = client.busy(&asked, hour(1, 0), hour(15, 0)).await.expect_err("a day is lost");
    assert!(refused.to_string().contains("how long a whole day is"), "{refused}");
}

/// Whoever invites a rep writes into their calendar: many events that are each worked out in time must end as well.
#[tokio::test]
async fn the_events_of_one_calendar_share_what_may_be_worked_at_it() {
    let rules = ["RRULE:FREQ=YEARLY;COUNT=9000;BYMONTH=2;BYMONTHDAY=30"; 6].join("\r\n");
    let text = event("long", &format!("DTSTART:00010101T090000Z\r\nDTEND:00010101T100000Z\r\n{rules}"));
    let (_plain, url) = Plain::open(&["calendar-query"], text).await;
    let client = client(&url, PASSWORD);
    let asked = ["/cal/".to_owned(), "/two/".to_owned()];
    let told = client.busy(&asked, hour(1, 0), hour(15, 0)).await.expect("one of them is known");
    assert_eq!(told["/cal/"], Ok(Vec::new()));
    assert!(told["/two/"].as_ref().is_err_and(|why| why.contains("more often than can be worked out")), "{told:?}");
}

/// The password is for one server only.
#[tokio::test]
async fn nobody_leads_us_to_another_server() {
    let (_plain, url) = Plain::open(&[], String::new()).await;
    let client = client(&url, PASSWORD);
    for path in ["/elsewhere/", "https://elsewhere.example/cal/"] {
        let told = client.busy(&[path.to_owned()], at("2026-05-01T00:00:00Z"), hour(2, 0)).await;
        let refused = told.map(|_| ()).expect_err("it is another server");
        assert!(refused.to_string().contains("another server"), "{refused}");
    }
    let refused = client.check().await.expect_err("there is no CalDAV");
    assert!(refused.in_log().contains("no calendars were found"), "{refused}");
}
