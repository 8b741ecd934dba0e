//! A page of numbers that a parent and its forked child both see.
//!
//! Unsafe because a mapping is raw memory; nix's `mmap` returns the same raw pointer. Numbers are atomics, so that both
//! processes may use them at any time.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;

pub const BYTES: usize = 4096;
pub const WORDS: usize = BYTES / size_of::<AtomicU64>();

/// 512 numbers, all 0 at first, in memory that stays common after a fork.
#[derive(Debug)]
pub struct SharedPage(NonNull<[AtomicU64; WORDS]>);

impl SharedPage {
    pub fn new() -> Result<SharedPage, Errno> {
        let page = SharedPage::map(libc::MAP_ANONYMOUS, -1, 0)?;
        page.set(0, 0); // the page comes into being now, not while we measure
        Ok(page)
    }

    /// A page of a file, for numbers that outlive us. The file must be that long, and stay so: else the first access ends us
    /// (SIGBUS).
    pub fn of_file(file: &File, page: usize) -> Result<SharedPage, Errno> {
        SharedPage::map(0, file.as_raw_fd(), (page * BYTES) as libc::off_t)
    }

    fn map(kind: libc::c_int, fd: libc::c_int, offset: libc::off_t) -> Result<SharedPage, Errno> {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | kind);
        // SAFETY: a new mapping where the kernel likes; no existing memory is touched.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), BYTES, access, kind, fd, offset) };
        if page == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        Ok(SharedPage(NonNull::new(page.cast()).ok_or(Errno::ENOMEM)?))
    }

    /// One of the numbers.
    pub fn word(&self, word: usize) -> &AtomicU64 {
        &self.words()[word]
    }

    fn words(&self) -> &[AtomicU64; WORDS] {
        // SAFETY: one whole mapped page, filled by the kernel, unmapped only by `drop`; atomics allow all processes in.
        unsafe { self.0.as_ref() }
    }

    pub fn get(&self, word: usize) -> u64 {
        self.words()[word].load(Ordering::Acquire)
    }

    pub fn set(&self, word: usize, value: u64) {
        self.words()[word].store(value, Ordering::Release);
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `new` made; `self` is the only name for it in this process.
        unsafe { libc::munmap(self.0.as_ptr().cast(), BYTES) };
    }
}
