//! What the machine has at its ports.

pub mod absent;
pub mod asked;
pub mod console;
pub mod end;
pub mod power;
pub mod release;
pub mod serial;
