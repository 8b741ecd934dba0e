//! mmap of fresh anonymous memory: the next free pages of guest RAM, never taken back.
//!
//! The host keeps the state, because our guest kernel has no memory of its own to keep it in.

use std::ops::Range;

use kvm_bindings::kvm_regs;
use nix::errno::Errno;
use nix::libc::{MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED};

use crate::error::Result;
use crate::probe::abi::PORT_MMAP;
use crate::vm::bare::hypercall::{Hypercall, Reply, errno};
use crate::vm::bare::layout::PAGE;
use crate::vm::device::Guest;

#[derive(Debug)]
pub struct Mmap {
    free: Range<u64>,
}

impl Mmap {
    pub fn new(free: Range<u64>) -> Mmap {
        Mmap { free: free.start.next_multiple_of(PAGE)..free.end }
    }

    /// rsi bytes, r10 flags. Protection and the hint in rdi are ignored.
    fn map(&mut self, regs: &kvm_regs) -> Result<u64, Errno> {
        let flag = |flag: i32| regs.r10 & flag as u64 != 0;
        if regs.rsi == 0 || flag(MAP_FIXED) || !flag(MAP_PRIVATE) || flag(MAP_SHARED) {
            return Err(Errno::EINVAL);
        }
        if !flag(MAP_ANONYMOUS) {
            return Err(Errno::EBADF); // there are no files
        }
        let bytes = regs.rsi.checked_next_multiple_of(PAGE).ok_or(Errno::ENOMEM)?;
        if bytes > self.free.end.saturating_sub(self.free.start) {
            return Err(Errno::ENOMEM);
        }
        let start = self.free.start;
        self.free.start += bytes;
        Ok(start)
    }
}

impl Hypercall for Mmap {
    fn name(&self) -> &'static str {
        "mmap"
    }

    fn port(&self) -> u16 {
        PORT_MMAP
    }

    fn is_read(&self) -> bool {
        true
    }

    fn call(&mut self, guest: &Guest<'_>) -> Result<Reply> {
        Ok(match self.map(&guest.registers.regs()?) {
            Ok(address) => Reply::Return((address / PAGE) as u32), // RAM_MOST has far fewer than 2^31 pages
            Err(cause) => errno(cause),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(mmap: &mut Mmap, rsi: u64, flags: i32) -> Result<u64, Errno> {
        mmap.map(&kvm_regs { rsi, r10: flags as u64, ..Default::default() })
    }

    #[test]
    fn pages_are_handed_out_once_until_they_are_gone() {
        let mut mmap = Mmap::new(0x40_0001..0x40_4000);
        let plain = MAP_PRIVATE | MAP_ANONYMOUS;
        assert_eq!(ask(&mut mmap, 1, plain), Ok(0x40_1000));
        assert_eq!(ask(&mut mmap, 0x1001, plain), Ok(0x40_2000));
        assert_eq!(ask(&mut mmap, 1, plain), Err(Errno::ENOMEM));
    }

    #[test]
    fn what_it_cannot_do_is_refused() {
        let mut mmap = Mmap::new(0x40_0000..0x80_0000);
        let plain = MAP_PRIVATE | MAP_ANONYMOUS;
        assert_eq!(ask(&mut mmap, u64::MAX, plain), Err(Errno::ENOMEM));
        assert_eq!(ask(&mut mmap, 0, plain), Err(Errno::EINVAL));
        assert_eq!(ask(&mut mmap, 4096, plain | MAP_FIXED), Err(Errno::EINVAL));
        assert_eq!(ask(&mut mmap, 4096, MAP_SHARED | MAP_ANONYMOUS), Err(Errno::EINVAL));
        assert_eq!(ask(&mut mmap, 4096, MAP_PRIVATE), Err(Errno::EBADF));
    }
}
