//! Rules that change under a running worker.
