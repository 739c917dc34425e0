//! Work that takes a processor for a while, such as compiling what was sent: one piece at a time, and beside the threads that
//! decide.

use crate::web::Problem;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How long somebody waits for whoever was there before.
const WAITS: Duration = Duration::from_secs(10);

pub(in crate::web::console) struct Bench(Arc<Semaphore>);

impl Default for Bench {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Bench {
    /// To its end, even if whoever asked for it is gone.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(Ok(permit)) = timeout(WAITS, Arc::clone(&self.0).acquire_owned()).await else {
            let detail = "somebody else has rules tried out at this moment, and one set is tried at a time; ask again";
            return Err(Problem::busy(detail));
        };
        let working = spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        working.await.map_err(|error| Problem::ours(&error))
    }
}
