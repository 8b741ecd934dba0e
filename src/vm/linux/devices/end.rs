//! The end of the program, told by the guest's first one before it restarts the machine.

use crate::error::Result;
use crate::model::Exit;
use crate::probe::abi::PORT_EXIT;
use crate::vm::bare::hypercall::{Hypercall, Reply};
use crate::vm::device::{Guest, Next};

/// rdi is a status as wait(2) gives it: the signal in the low 7 bits, else the exit status in the next 8.
#[derive(Debug)]
pub struct End;

impl Hypercall for End {
    fn name(&self) -> &'static str {
        "exit"
    }

    fn port(&self) -> u16 {
        PORT_EXIT
    }

    fn is_read(&self) -> bool {
        false
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        Ok(Reply::Next(Next::End(of_wait_status(guest.registers.regs()?.rdi))))
    }
}

fn of_wait_status(status: u64) -> Exit {
    match (status & 0x7f) as i32 {
        0 => Exit::Code((status >> 8 & 0xff) as i32),
        signal => Exit::Signal(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_wait_gives_it() {
        for (status, exit) in
            [(0, Exit::Code(0)), (3 << 8, Exit::Code(3)), (9, Exit::Signal(9)), (0x8b, Exit::Signal(11))]
        {
            assert_eq!(of_wait_status(status), exit);
        }
        assert_eq!(of_wait_status(u64::MAX << 16), Exit::Code(0));
    }
}
