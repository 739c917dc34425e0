//! Whether the people whom reps are said to be are there.

use super::{Cursor, Slack, is_user, read};
use crate::connectors::http::ApiCall;
use crate::connectors::{LookedUp, VendorError};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Members on a page, and pages at most: the method may be called twenty times a minute.
const MEMBERS_PER_PAGE: &str = "500";
const PAGES: usize = 20;

#[derive(Deserialize)]
struct Members {
    members: Vec<Member>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Deserialize)]
struct Member {
    id: String,
    #[serde(default)]
    deleted: bool,
}

impl Slack {
    /// Of a channel it is not said whether it is there.
    pub(super) async fn members(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        let mut open: BTreeSet<&str> = ids.iter().map(String::as_str).filter(|id| is_user(id)).collect();
        let (mut found, mut cursor) = (LookedUp::new(), String::new());
        for _ in 0..PAGES {
            if open.is_empty() {
                break;
            }
            let page: Members = read(&self.call(members_after(&cursor)).await?)?;
            for Member { id, deleted } in page.members {
                if open.remove(id.as_str()) {
                    let gone = || "the member is deactivated, and reads nothing".to_owned();
                    found.insert(id, if deleted { Err(gone()) } else { Ok(()) });
                }
            }
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                let nobody = || "the workspace has no such member".to_owned();
                found.extend(open.iter().map(|id| ((*id).to_owned(), Err(nobody()))));
                break;
            }
        }
        Ok(found)
    }
}

fn members_after(cursor: &str) -> ApiCall {
    let call = ApiCall::get("users.list", &["api", "users.list"]).query("limit", MEMBERS_PER_PAGE);
    if cursor.is_empty() { call } else { call.query("cursor", cursor) }
}
