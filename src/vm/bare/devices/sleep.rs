//! nanosleep(address of a timespec): the guest has no clock of its own, the host waits for it.

use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::error::Result;
use crate::probe::abi::PORT_SLEEP;
use crate::vm::bare::hypercall::{Hypercall, Reply, errno};
use crate::vm::bare::layout::PROGRAM;
use crate::vm::bare::ram::Ram;
use crate::vm::device::Guest;

/// More than any experiment lasts; what a guest asks beyond it is cut.
const MOST_SECONDS: u64 = 1 << 31;

#[derive(Debug)]
pub struct Sleep;

impl Hypercall for Sleep {
    fn name(&self) -> &'static str {
        "sleep"
    }

    fn port(&self) -> u16 {
        PORT_SLEEP
    }

    fn is_read(&self) -> bool {
        true
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        let address = guest.registers.regs()?.rdi;
        let word = |offset| address.checked_add(offset).and_then(|at| Ram::of(guest.memory).read_u64(at));
        let (Some(seconds), Some(nanoseconds)) = (word(0), word(8)) else {
            return Ok(errno(Errno::EFAULT));
        };
        if address < PROGRAM {
            return Ok(errno(Errno::EFAULT));
        }
        if nanoseconds >= 1_000_000_000 || seconds as i64 <= -1 {
            return Ok(errno(Errno::EINVAL));
        }
        let pause = Duration::new(seconds.min(MOST_SECONDS), nanoseconds as u32);
        Ok(Reply::ReturnAt(0, Instant::now() + pause))
    }
}
