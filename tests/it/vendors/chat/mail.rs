use super::{class, world};
use baton::connectors::http::Secret;
use baton::connectors::mail::{SmtpConfig, SmtpMailer, SmtpTls};
use baton::connectors::{Mail, Mailer, VendorError};
use baton_sandbox::smtp::{SmtpState, serve};
use baton_sandbox::{Fault, World};
use std::sync::Arc;
use std::time::Duration;

struct Office {
    world: Arc<World>,
    state: Arc<SmtpState>,
    mailer: SmtpMailer,
}

impl Office {
    async fn open() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut SmtpConfig)) -> Self {
        let (clock, world) = world();
        let state = SmtpState::new();
        let address = serve(Arc::clone(&world), Arc::clone(&state)).await.expect("a port");
        let mut config = SmtpConfig::new("127.0.0.1", SmtpTls::None, "Baton <baton@sender.example>");
        config.port = address.port();
        change(&mut config);
        Self { world, state, mailer: SmtpMailer::new(config, clock).expect("a client") }
    }
}

fn mail() -> Mail {
    Mail {
        key: "7k2m.12-brief_email".into(),
        to: "ana@rep.example".into(),
        reply_to: None,
        subject: "New lead: Łódź Sp. z o.o. with a name that is long enough to be folded into a second line".into(),
        text: format!(".starts with a dot\nGrüße\n\n..\n{}\n", "a very long line ".repeat(100)),
        html: Some("<p>Grüße &amp; <b>more</b></p>".into()),
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let office = Office::open().await;
    office.mailer.send(&mail()).await.unwrap();
    let received = office.state.mails().remove(0);
    assert_eq!((received.from.as_str(), received.to[0].as_str()), ("baton@sender.example", "ana@rep.example"));
    assert_eq!(received.header("From"), "Baton <baton@sender.example>");
    assert_eq!(received.header("To"), "ana@rep.example");
    assert_eq!(received.header("Subject"), mail().subject);
    assert_eq!(received.header("Auto-Submitted"), "auto-generated");
    assert_eq!(received.header("Date"), "Mon, 23 Nov 2026 09:00:00 +0000");
    assert_eq!(received.text.trim_end(), mail().text.trim_end());
    assert_eq!(received.html, mail().html);

    let accepted = office.world.accepted().remove(0);
    assert_eq!(accepted.natural_key, format!("ana@rep.example/{}", received.header("Message-ID")));
}

#[tokio::test]
async fn the_same_key_has_the_same_name_so_that_doubles_show() {
    let office = Office::open().await;
    office.mailer.send(&mail()).await.unwrap();
    office.mailer.send(&mail()).await.unwrap();
    office.mailer.send(&Mail { key: "7k2m.13-brief_email".into(), html: None, ..mail() }).await.unwrap();
    assert_eq!(office.state.mails().len(), 3);
    assert_eq!(office.world.duplicates().into_values().collect::<Vec<_>>(), [2]);
}

/// Stage, what goes wrong there, the class, and how many mails the server has kept.
fn troubles() -> Vec<(&'static str, Fault, &'static str, usize)> {
    let throttled = || Fault::RateLimit { retry_after_s: None };
    vec![
        ("connect", Fault::Unavailable, "retry", 0),
        ("connect", Fault::DropAnswer, "retry", 0),
        ("connect", Fault::Stall(Duration::from_secs(60)), "retry", 0),
        ("auth", throttled(), "retry", 0),
        ("auth", Fault::ErrorInside200, "reauthenticate", 0),
        ("rcpt", throttled(), "retry", 0),
        ("rcpt", Fault::ErrorInside200, "needs_person", 0),
        ("data", throttled(), "retry", 0),
        ("data", Fault::ErrorInside200, "needs_person", 0),
        ("data", Fault::DropAnswer, "unknown", 1),
        ("data", Fault::Stall(Duration::from_secs(60)), "unknown", 1),
    ]
}

#[tokio::test]
async fn what_went_wrong_decides_whether_it_may_be_sent_again() {
    for (stage, fault, expected, kept) in troubles() {
        let office = Office::with(|config| {
            config.login = Some(("baton".into(), Secret::new("sesame")));
            // Short at the stage that stalls, and as usual at the others.
            match (&fault, stage) {
                (Fault::Stall(_), "connect") => config.prepare_timeout = Duration::from_millis(200),
                (Fault::Stall(_), _) => config.deliver_timeout = Duration::from_millis(200),
                _ => {}
            }
        })
        .await;
        office.world.arm("smtp", stage, fault.clone(), 1);
        assert_eq!(class(office.mailer.send(&mail()).await), expected, "{stage} {fault:?}");
        assert_eq!(office.state.mails().len(), kept, "{stage} {fault:?}");
    }
}

#[tokio::test]
async fn who_is_throttled_may_send_it_later() {
    let office = Office::open().await;
    office.world.arm("smtp", "rcpt", Fault::RateLimit { retry_after_s: None }, 1);
    assert_eq!(class(office.mailer.send(&mail()).await), "retry");
    office.mailer.send(&mail()).await.unwrap();
    assert_eq!(office.state.mails().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_by_its_code_and_without_the_address() {
    let office = Office::open().await;
    office.world.arm("smtp", "rcpt", Fault::ErrorInside200, 1);
    let error = office.mailer.send(&mail()).await.unwrap_err().to_string();
    assert!(error.ends_with("RCPT: the server said 550 5.1.1"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_or_offers_no_tls() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = Office::with(|config| config.port = port).await;
    assert_eq!(class(nobody.mailer.send(&mail()).await), "retry");

    let plain = Office::with(|config| config.tls = SmtpTls::StartTls).await;
    let error = plain.mailer.send(&mail()).await.unwrap_err();
    assert!(matches!(&error, VendorError::NeedsPerson { why, .. } if why.contains("no STARTTLS")), "{error:?}");
    assert!(plain.state.mails().is_empty(), "nothing was said in the clear");
}

#[tokio::test]
async fn the_check_says_no_more_than_hello() {
    let office = Office::open().await;
    office.mailer.check().await.unwrap();
    office.world.arm("smtp", "connect", Fault::Unavailable, 1);
    assert_eq!(class(office.mailer.check().await), "retry");
    assert!(office.world.accepted().is_empty());
}

#[tokio::test]
async fn a_mail_is_begun_and_taken_back() {
    let office = Office::open().await;
    assert_eq!(office.mailer.try_write().await, Some(Ok(())));
    assert!(office.state.mails().is_empty() && office.world.accepted().is_empty(), "nothing is sent");
    office.world.arm("smtp", "connect", Fault::Unavailable, 1);
    assert_eq!(class(office.mailer.try_write().await.expect("it has one")), "retry");
}
