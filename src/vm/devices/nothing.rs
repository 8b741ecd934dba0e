//! A port that does nothing: what is left is the cost of one exit to the hypervisor and back.

use crate::error::Result;
use crate::probe::abi::PORT_NOTHING;
use crate::vm::bus::{Device, Guest, Reply};

#[derive(Debug)]
pub struct Nothing;

impl Device for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn port(&self) -> u16 {
        PORT_NOTHING
    }

    fn answers(&self) -> bool {
        false
    }

    fn access(&mut self, _: &Guest<'_>) -> Result<Reply> {
        Ok(Reply::Done)
    }
}
