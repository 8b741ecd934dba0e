//! The guest's devices, one port each. None of them exists in a real PC: they are the shortest way to the host.

pub mod console;
pub mod end;
pub mod fault;
pub mod heap;
pub mod nothing;
pub mod ready;
pub mod release;
pub mod sleep;
pub mod unknown;
