//! What a worker looks at by itself, while it works, for whoever watches it.

pub(super) mod drift;
