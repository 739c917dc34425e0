//! One look at the store for everybody who watches *Now*, and what has changed sent on to each.
//!
//! Guarantees: the store is looked at once a second at most, however many pages and streams there are, and not at all while there
//! are none. A stream says all at first and then what has changed; after a minute it ends, and the browser asks for the next one:
//! so a session that has ended is noticed, and one that watches is not idle.

use super::board::{Board, Section};
use crate::store::StoreError;
use crate::web::Door;
use crate::web::console::visit::Visit;
use crate::web::console::words::Language;
use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use baton_clock::SharedClock;
use futures_util::stream;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::time::{Instant, sleep, timeout};

const EVERY: Duration = Duration::from_secs(1);
const STREAM_FOR: Duration = Duration::from_secs(60);
/// How long nothing is sent at most: proxies take a silent connection for a dead one.
const SILENT_FOR: Duration = Duration::from_secs(15);

type Seen = watch::Receiver<Option<Arc<Board>>>;

pub(in crate::web::console) struct Live {
    door: Door,
    kept: AsyncMutex<Option<(Instant, Arc<Board>)>>,
    /// `None`: nobody has looked yet, since the first one began to watch.
    seen: watch::Sender<Option<Arc<Board>>>,
    is_looked: Mutex<bool>,
}

impl Live {
    pub(in crate::web::console) fn new(door: Door) -> Self {
        Self { door, kept: AsyncMutex::default(), seen: watch::Sender::new(None), is_looked: Mutex::new(false) }
    }

    pub(super) fn clock(&self) -> &SharedClock {
        &self.door.clock
    }

    /// Of this second.
    pub(super) async fn board(&self) -> Result<Arc<Board>, StoreError> {
        let mut kept = self.kept.lock().await;
        if let Some((read_at, board)) = &*kept
            && read_at.elapsed() < EVERY
        {
            return Ok(Arc::clone(board));
        }
        let board = Arc::new(Board::read(&self.door).await?);
        *kept = Some((Instant::now(), Arc::clone(&board)));
        Ok(board)
    }

    /// Whoever watches first has the looking begin.
    fn watched(self: &Arc<Self>) -> Seen {
        let mut is_looked = self.is_looked.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_looked {
            let mut seen = self.seen.subscribe();
            seen.mark_changed();
            return seen;
        }
        *is_looked = true;
        self.seen.send_replace(None);
        tokio::spawn(Arc::clone(self).look());
        self.seen.subscribe()
    }

    /// As long as somebody watches, and the worker is not about to stop.
    async fn look(self: Arc<Self>) {
        while self.goes_on() {
            match self.board().await {
                Ok(board) => {
                    self.seen.send_if_modified(|known| {
                        let is_new = known.as_ref().is_none_or(|known| **known != *board);
                        if is_new {
                            *known = Some(board);
                        }
                        is_new
                    });
                }
                Err(error) => tracing::warn!(%error, "the console shows what was so before: the store was not read"),
            }
            sleep(EVERY).await;
        }
    }

    fn goes_on(&self) -> bool {
        let mut is_looked = self.is_looked.lock().unwrap_or_else(PoisonError::into_inner);
        *is_looked = self.seen.receiver_count() > 0 && *self.door.ready.borrow();
        *is_looked
    }
}

/// Server-sent events: one for each section that has changed, named after it.
pub(in crate::web::console) async fn events(
    Extension(visit): Extension<Visit>,
    Extension(live): Extension<Arc<Live>>,
) -> Response {
    let (seen, until) = (live.watched(), Instant::now() + STREAM_FOR);
    let watcher = Watcher { live, seen, shown: None, language: visit.language, until };
    let body = Body::from_stream(stream::unfold(watcher, Watcher::next));
    let unheld = HeaderName::from_static("x-accel-buffering");
    ([(header::CONTENT_TYPE, "text/event-stream"), (unheld, "no")], body).into_response()
}

struct Watcher {
    live: Arc<Live>,
    seen: Seen,
    shown: Option<Arc<Board>>,
    language: Language,
    until: Instant,
}

impl Watcher {
    async fn next(mut self) -> Option<(Result<String, Infallible>, Self)> {
        let left = self.until.checked_duration_since(Instant::now())?;
        let changed = timeout(left.min(SILENT_FOR), self.seen.changed()).await;
        let told = match changed {
            Ok(Ok(())) => self.changed(),
            Ok(Err(_)) => return None,
            Err(_) => STILL_HERE.to_owned(),
        };
        Some((Ok(told), self))
    }

    fn changed(&mut self) -> String {
        let board = self.seen.borrow_and_update().clone();
        let Some(board) = board else { return STILL_HERE.to_owned() };
        let mut told = String::from(STILL_HERE);
        for section in Section::ALL {
            match &self.shown {
                Some(shown) if !shown.differs(&board, section) => {}
                Some(_) => told.push_str(&event(section, &board.fresh(section, self.language, self.live.clock()))),
                // What was made when it came may be of a while ago, and a clock runs down in it.
                None => told.push_str(&event(section, &board.html(section, self.language, self.live.clock()))),
            }
        }
        self.shown = Some(board);
        told
    }
}

/// A comment, which browsers pass over.
const STILL_HERE: &str = ":\n\n";

fn event(section: Section, html: &str) -> String {
    let mut told = format!("event: {}\n", section.name());
    for line in html.lines() {
        told.push_str("data: ");
        told.push_str(line);
        told.push('\n');
    }
    told.push('\n');
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_where_its_html_does() {
        assert_eq!(
            event(Section::Calls, "<p>\na</p>\n\n<b>"),
            "event: calls\ndata: <p>\ndata: a</p>\ndata: \ndata: <b>\n\n"
        );
    }
}
