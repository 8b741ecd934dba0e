//! How our guest kernel reaches the host: one port for each call, the arguments in registers, the result in eax.
//!
//! No port of a real PC works so: it is the shortest way, one exit whatever the call takes.

use std::time::Instant;

use crate::error::Result;
use crate::said;
use crate::vm::device::{Access, Device, Guest, Next, Space};

/// One call. The work it does is bounded, whatever the guest asks for.
pub trait Hypercall: Send {
    /// Names the exits that it causes.
    fn name(&self) -> &'static str;
    fn port(&self) -> u16;
    /// Is it an `in` of four bytes, or an `out` of one that says no more than that it happens?
    fn is_read(&self) -> bool;
    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply>;
}

/// What a call leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The guest goes on with this result.
    Return(u32),
    /// The guest goes on with this result, not before that moment.
    ReturnAt(u32, Instant),
    /// It has no result.
    Next(Next),
}

/// A system call's error as our guest kernel expects it.
pub fn errno(errno: nix::errno::Errno) -> Reply {
    Reply::Return(-(errno as i32) as u32)
}

/// A call as a device of the bus.
pub struct Port<H>(pub H);

impl<H: Hypercall> Port<H> {
    fn call(&mut self, write: bool, data: &mut [u8], guest: &Guest<'_>) -> Result<Next> {
        let (is_write, bytes) = if self.0.is_read() { (false, 4) } else { (true, 1) };
        if write != is_write || data.len() != bytes {
            let name = self.0.name();
            let cause = if is_write {
                said!("the device {name:?} is used by `out` of one byte", "장치 {name:?}은(는) 1바이트 `out`으로 씀")
            } else {
                said!("the device {name:?} is used by `in` of four bytes", "장치 {name:?}은(는) 4바이트 `in`으로 씀")
            };
            let access = Access::new(Space::Port, u64::from(self.0.port()), write, data, 1);
            return Err(access.refused(cause));
        }
        let mut give = |value: u32| data.copy_from_slice(&value.to_le_bytes()[..bytes]);
        Ok(match self.0.call(guest)? {
            Reply::Return(value) => {
                give(value);
                Next::Resume
            }
            Reply::ReturnAt(value, moment) => {
                give(value);
                Next::ResumeAt(moment)
            }
            Reply::Next(next) => next,
        })
    }
}

impl<H: Hypercall> Device for Port<H> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn read(&mut self, _: u64, data: &mut [u8], guest: &Guest<'_>) -> Result<Next> {
        self.call(false, data, guest)
    }

    fn write(&mut self, _: u64, data: &[u8], guest: &Guest<'_>) -> Result<Next> {
        let mut copy = [0; 8];
        let copy = &mut copy[..data.len().min(8)];
        copy.copy_from_slice(&data[..copy.len()]);
        self.call(true, copy, guest)
    }
}
