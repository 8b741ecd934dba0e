//! A port that does nothing: what is left is the cost of one exit to the hypervisor and back.

use crate::error::Result;
use crate::probe::abi::PORT_NOOP;
use crate::vm::bare::hypercall::{Hypercall, Reply};
use crate::vm::device::{Guest, Next};

#[derive(Debug)]
pub struct Noop;

impl Hypercall for Noop {
    fn name(&self) -> &'static str {
        "noop"
    }

    fn port(&self) -> u16 {
        PORT_NOOP
    }

    fn is_read(&self) -> bool {
        false
    }

    fn call(&mut self, _: &Guest<'_>) -> Result<Reply> {
        Ok(Reply::Next(Next::Resume))
    }
}
