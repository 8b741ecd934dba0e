//! The end: exit(status) and exit_group(status).

use crate::error::Result;
use crate::model::Exit;
use crate::probe::abi::PORT_EXIT;
use crate::vm::bare::hypercall::{Hypercall, Reply};
use crate::vm::device::{Guest, Next};

#[derive(Debug)]
pub struct ExitCall;

impl Hypercall for ExitCall {
    fn name(&self) -> &'static str {
        "exit"
    }

    fn port(&self) -> u16 {
        PORT_EXIT
    }

    fn is_read(&self) -> bool {
        false
    }

    /// As everywhere on Linux, the low 8 bits count.
    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        Ok(Reply::Next(Next::End(Exit::Code((guest.registers.regs()?.rdi & 0xff) as i32))))
    }
}
