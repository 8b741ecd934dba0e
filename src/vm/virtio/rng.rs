//! A source of random bytes (virtio 1.2, section 5.4): the guest asks for some, the host's kernel gives them. Without it a
//! guest that has just started has little that nobody can guess.

use std::fs::File;
use std::io::Read;

use super::queue::Request;
use super::{Broken, Virtio};
use crate::error::{Context, Result};
use crate::said;

pub struct Rng {
    source: File,
}

/// More at once is not given: a driver asks again.
const MOST: usize = 4096;

impl Rng {
    /// # Errors
    /// When the host's source can't be opened.
    pub fn new() -> Result<Rng> {
        let source =
            File::open("/dev/urandom").doing(|| said!("open /dev/urandom", "/dev/urandom을 열 수 없습니다"))?;
        Ok(Rng { source })
    }
}

impl Virtio for Rng {
    fn name(&self) -> &'static str {
        "virtio-rng"
    }

    fn id(&self) -> u32 {
        4
    }

    fn queues(&self) -> &'static [u16] {
        &[64]
    }

    fn answer(&mut self, _: usize, request: &mut Request<'_>) -> Result<u32, Broken> {
        let mut bytes = [0; MOST];
        let wanted = request.writable().min(MOST as u64) as usize;
        if wanted == 0 {
            return Err(Broken); // there must be room, and nothing to read
        }
        self.source.read_exact(&mut bytes[..wanted]).map_err(|_| Broken)?;
        request.write(&bytes[..wanted])?;
        Ok(wanted as u32)
    }
}
