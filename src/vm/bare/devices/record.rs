//! Records of the probe: three registers, one exit, no memory. The run loop stamps the clock before we are called.

use crate::error::Result;
use crate::model::Record;
use crate::probe::abi::PORT_RECORD;
use crate::vm::bare::hypercall::{Hypercall, Reply};
use crate::vm::device::{Guest, Next};

#[derive(Debug)]
pub struct Records;

impl Hypercall for Records {
    fn name(&self) -> &'static str {
        "record"
    }

    fn port(&self) -> u16 {
        PORT_RECORD
    }

    fn is_read(&self) -> bool {
        false
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        let regs = guest.registers.regs()?;
        Ok(Reply::Next(Next::Record(Record { kind: regs.rdi, tsc: regs.rsi, value: regs.r8 })))
    }
}
