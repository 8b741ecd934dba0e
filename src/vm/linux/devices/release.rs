//! The release channel: a byte is read from the port when somebody writes to the host's descriptor. The CPU waits meanwhile.

use std::os::fd::OwnedFd;

use crate::error::Result;
use crate::vm::bare::devices::wait::released;
use crate::vm::device::{Device, Guest, Next};

/// Without a descriptor nobody will ever release the program.
#[derive(Debug)]
pub struct Release(pub Option<OwnedFd>);

impl Device for Release {
    fn name(&self) -> &'static str {
        "wait"
    }

    fn read(&mut self, _: u64, data: &mut [u8], guest: &Guest<'_>) -> Result<Next> {
        let Some(answer) = released(self.0.as_ref(), guest.deadline)? else { return Ok(Next::Retry) };
        data.fill(0);
        if let Some(first) = data.first_mut() {
            *first = u8::from(answer);
        }
        Ok(Next::Resume)
    }

    fn write(&mut self, _: u64, _: &[u8], _: &Guest<'_>) -> Result<Next> {
        Ok(Next::Resume)
    }
}
