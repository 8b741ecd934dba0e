//! Statistics: pure functions on samples.
