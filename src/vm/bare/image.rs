//! All that stands in RAM when the guest starts. It is known before there is a guest, so that a start only copies it.

use std::borrow::Cow;
use std::ffi::OsString;

use super::elf::Program;
use super::layout::{CPU_TABLES, KERNEL, KERNEL_END};
use super::ram::{Piece, Ram};
use super::{KERNEL_ELF, descriptors, paging, stack};
use crate::error::Result;

/// The software: a checked program with what it finds at its start.
#[derive(Debug, Clone)]
pub struct Software {
    pub file: Cow<'static, [u8]>,
    pub program: Program,
    pub argv: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
}

pub struct Image<'a> {
    pieces: Vec<Piece<'a>>,
    /// The program's rsp.
    pub stack: u64,
}

impl<'a> Image<'a> {
    /// For a guest with so much RAM.
    pub fn of(ram_bytes: u64, soft: &'a Software) -> Result<Image<'a>> {
        let kernel = Program::parse(KERNEL_ELF)?;
        kernel.check_fits(&(KERNEL..KERNEL_END))?;
        let mut pieces = kernel.pieces(KERNEL_ELF).collect::<Vec<_>>();
        pieces.push((CPU_TABLES, descriptors::page().to_vec().into()));
        pieces.extend(soft.program.pieces(&soft.file));
        pieces.extend(paging::tables(ram_bytes, &soft.program));
        let (bytes, stack) = stack::build(ram_bytes, &soft.argv, &soft.env, &soft.program)?;
        pieces.push((stack, bytes.into()));
        Ok(Image { pieces, stack })
    }

    /// # Errors
    /// When a piece does not lie in RAM.
    pub fn write(&self, memory: Ram<'_>) -> Result<()> {
        self.pieces.iter().try_for_each(|piece| memory.put(piece))
    }
}
