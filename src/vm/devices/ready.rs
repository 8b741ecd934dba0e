//! Records of the probe: three registers, one exit, no memory. The run loop stamps the clock before we are called.

use crate::error::Result;
use crate::model::Record;
use crate::probe::abi::PORT_RECORD;
use crate::vm::bus::{Device, Guest, Reply};

#[derive(Debug)]
pub struct Ready;

impl Device for Ready {
    fn name(&self) -> &'static str {
        "record"
    }

    fn port(&self) -> u16 {
        PORT_RECORD
    }

    fn answers(&self) -> bool {
        false
    }

    fn access(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        let regs = guest.regs()?;
        Ok(Reply::Record(Record { kind: regs.rdi, tsc: regs.rsi, value: regs.r8 }))
    }
}
