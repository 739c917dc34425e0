//! The folder that an admin deploys has what the client writes.

use super::{bench_of, bench_showing, jwt};
use crate::program::root;
use crate::vendors::crm::lead;
use baton::connectors::{Crm, ScreenPop};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn source() -> PathBuf {
    root().join("salesforce/force-app/main/default")
}

/// Names of tags and what stands directly in them, if every tag is closed where it was opened; without attributes but the first.
fn elements(text: &str) -> Result<Vec<(String, String)>, String> {
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").ok_or("it does not begin as XML")?;
    let (mut open, mut found, mut rest) = (Vec::new(), Vec::new(), body.trim_end());
    while !rest.is_empty() {
        let (before, tag) = rest.split_once('<').ok_or("text behind the last tag")?;
        let (tag, behind) = tag.split_once('>').ok_or("a tag without its end")?;
        match tag.strip_prefix('/') {
            Some(name) => {
                let opened: Option<&str> = open.pop();
                if opened != Some(name) {
                    return Err(format!("</{name}> closes {opened:?}"));
                }
                found.push((name.to_owned(), before.trim().to_owned()));
            }
            None if before.trim().is_empty() => open.push(tag.split(' ').next().unwrap_or_default()),
            None => return Err(format!("{before:?} stands beside <{tag}>")),
        }
        rest = behind;
    }
    if open.is_empty() { Ok(found) } else { Err(format!("{open:?} are not closed")) }
}

fn read(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).expect("a file");
    elements(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn says(elements: &[(String, String)], name: &str, value: &str) -> bool {
    elements.iter().any(|(found, text)| found == name && text == value)
}

#[test]
fn every_file_is_well_formed_and_a_broken_one_would_be_told() {
    let all = files(&source());
    assert!(all.len() >= 4);
    for path in all {
        assert!(path.to_string_lossy().ends_with("-meta.xml"), "{}: it would not be deployed", path.display());
        assert!(!read(&path).is_empty());
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    for broken in ["<a><b></a></b>", "<a>", "<a></a>x", "<a>x<b></b></a>", "</a>"] {
        assert!(elements(&format!("{head}{broken}")).is_err(), "{broken}");
    }
}

#[tokio::test]
async fn each_field_of_ours_that_is_written_is_there_as_it_must_be() {
    let (bench, [priya]) = bench_of(["Priya"]).await;
    bench.write(&lead(&priya)).await.unwrap();
    let mut written = BTreeSet::new();
    for exchange in bench.world.exchanges() {
        let text = String::from_utf8_lossy(&exchange.request_body).into_owned() + &exchange.target;
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        written.extend(words.filter(|word| word.ends_with("__c")).map(str::to_owned));
    }
    assert_eq!(written.iter().map(String::as_str).collect::<Vec<_>>(), ["Baton_Key__c"]);
    let permissions = read(&source().join("permissionsets/Baton.permissionset-meta.xml"));
    for field in written {
        for (object, named) in [("Lead", ["Lead"].as_slice()), ("Activity", ["Task", "Event"].as_slice())] {
            let path = source().join(format!("objects/{object}/fields/{field}.field-meta.xml"));
            let described = read(&path);
            for (name, value) in
                [("fullName", field.as_str()), ("externalId", "true"), ("unique", "true"), ("type", "Text")]
            {
                assert!(says(&described, name, value), "{}: {name} is not {value}", path.display());
            }
            for object in named {
                assert!(
                    says(&permissions, "field", &format!("{object}.{field}")),
                    "{object}.{field} may not be written"
                );
            }
        }
    }
    for object in ["Lead", "Contact", "Account", "Opportunity", "Case"] {
        assert!(says(&permissions, "object", object), "{object} may not be read");
    }
}

#[tokio::test]
async fn the_notification_type_is_the_one_that_the_guide_names() {
    let path = source().join("notificationtypes/Baton_Call.notiftype-meta.xml");
    assert!(says(&read(&path), "customNotifTypeName", "Baton_Call"));
    let guide = std::fs::read_to_string(root().join("docs/setup/salesforce.md")).expect("the guide");
    assert!(guide.contains("notification_type = \"Baton_Call\""));
    let bench = bench_showing(jwt(), Some("Baton_Call")).await;
    let priya = bench.state.add_user("Priya");
    bench.state.add_notification_type("Baton_Call");
    let record = bench.write(&lead(&priya)).await.unwrap().id;
    let pop = ScreenPop { record, user: priya.as_str().into(), title: "Dana".to_owned(), body: "It rings".to_owned() };
    assert_eq!(bench.crm.show(&pop).await, Ok(()));
}
