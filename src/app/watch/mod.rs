//! What watches the worker itself and tells of it, beside its work and never in its way.

pub(super) mod drift;
mod figures;
pub mod keep;
mod read_back;
mod shadow;
mod workers;

pub(super) use figures::Watched;
pub(super) use read_back::ReadBack;
pub(super) use shadow::Look;
pub(super) use workers::Presence;
