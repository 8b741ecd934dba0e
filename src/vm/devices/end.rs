//! The end: exit(status) and exit_group(status).

use crate::error::Result;
use crate::model::Exit;
use crate::probe::abi::PORT_EXIT;
use crate::vm::bus::{Device, Guest, Reply};

#[derive(Debug)]
pub struct End;

impl Device for End {
    fn name(&self) -> &'static str {
        "exit"
    }

    fn port(&self) -> u16 {
        PORT_EXIT
    }

    fn answers(&self) -> bool {
        false
    }

    /// As everywhere on Linux, the low 8 bits count.
    fn access(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        Ok(Reply::End(Exit::Code((guest.regs()?.rdi & 0xff) as i32)))
    }
}
