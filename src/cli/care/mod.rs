//! For whoever looks after what is stored.

mod prune;

pub(super) use prune::Prune;
