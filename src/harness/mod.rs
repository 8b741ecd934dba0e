// A line of its own until the harness arrives.
pub mod host;
