//! Waiting for what must happen, and not for ever.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// Longest wait, in our time; only a run that fails takes so long.
pub const SOON: Duration = Duration::from_secs(90);

/// Asks until it is so.
pub async fn eventually<F: Future<Output = bool>>(what: impl Display, mut holds: impl FnMut() -> F) {
    let asked = || {
        let held = holds();
        async move { held.await.then_some(()) }
    };
    found(what, asked).await;
}

/// Asks until there is an answer.
pub async fn found<T, F: Future<Output = Option<T>>>(what: impl Display, mut ask: impl FnMut() -> F) -> T {
    let answer = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, answer).await.unwrap_or_else(|_| panic!("gave up waiting: {what}"))
}

/// Asks until there is an answer, for so long at most, where nothing else goes on meanwhile.
pub fn within<T>(span: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || began.elapsed() >= span {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
