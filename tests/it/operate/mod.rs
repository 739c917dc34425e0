//! Workers as whoever runs them sees them.

mod alarms;
mod attention;
mod drift;
