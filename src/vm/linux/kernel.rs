//! The kernel's file, straight into guest memory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use linux_loader::bootparam::setup_header;
use linux_loader::loader::{BzImage, Elf, KernelLoader, KernelLoaderResult};
use vm_memory::{Address, GuestAddress};

use super::layout::{HIGH, KERNEL, MIB, low_ram_end};
use crate::error::{Context, Error, Result};
use crate::said;
use crate::vm::guest_memory::GuestMemory;
use crate::vm::kernel_image::{Format, Image};

/// What a kernel needs beside itself and its initramfs to get to its first program: page structures, slabs, per-CPU areas.
/// Linux 6.1 and 6.12 of Debian die below 12 MiB.
const WORKING: u64 = 16 * MIB;

/// Where a bzImage's header says where it wants to be (the x86 boot protocol, `pref_address`).
const PREFERRED_ADDRESS: u64 = 0x258;
/// The 64-bit entry of a bzImage is behind its 32-bit one.
const ENTRY_64: u64 = 0x200;

/// A kernel that is in guest memory.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    pub entry: u64,
    /// Its end as it will be, unpacked: nothing may lie before it.
    pub end: u64,
    /// What a bzImage says of itself; it goes back to it in the zero page.
    pub header: Option<setup_header>,
}

/// How much RAM a guest needs with this kernel and an initramfs of so many bytes, which is there twice while it is unpacked.
pub fn needs_ram_bytes(kernel_bytes: u64, initramfs_bytes: u64) -> u64 {
    (kernel_bytes + 2 * initramfs_bytes + WORKING).next_multiple_of(4 * MIB)
}

/// What a kernel's file says that it needs, without an initramfs.
///
/// # Errors
/// When it is no kernel, or can't be read.
pub fn needs_of_file(path: &Path) -> Result<u64> {
    let doing = || said!("read the kernel {path}", "커널 {path}을(를) 읽을 수 없습니다", path = path.display());
    let file = File::open(path).doing(doing)?;
    let image = Image::of(&file).map_err(|fault| Error::usage(doing(), fault.said()).try_this(fault.remedy()))?;
    Ok(image.needs_ram_bytes)
}

/// How large an initramfs may be.
pub fn room_for_files(ram_bytes: u64, kernel_bytes: u64) -> u64 {
    ram_bytes.saturating_sub(kernel_bytes + WORKING) / 2
}

/// # Errors
/// When there is not enough RAM for it: how much is needed is then said.
pub fn check_ram(ram_bytes: u64, kernel_bytes: u64, initramfs_bytes: u64) -> Result<()> {
    let needs = needs_ram_bytes(kernel_bytes, initramfs_bytes);
    if needs > ram_bytes {
        let (has, needs) = (ram_bytes / MIB, needs / MIB);
        return Err(Error::usage(
            said!("start a guest with {has} MiB of RAM", "RAM {has} MiB로 게스트를 시작할 수 없습니다"),
            said!("its kernel and its files need at least {needs} MiB", "커널과 파일에 적어도 {needs} MiB가 필요함"),
        )
        .try_this(said!("ram={needs}M or more", "ram={needs}M 이상으로 하십시오")));
    }
    Ok(())
}

/// Reads the kernel into guest memory, once, without a copy of our own.
///
/// # Errors
/// When it is no kernel, it does not fit, or its file can't be read.
pub fn load(path: &Path, memory: &GuestMemory) -> Result<Loaded> {
    let doing =
        || said!("load the kernel {path}", "커널 {path}을(를) 메모리에 올릴 수 없습니다", path = path.display());
    let mut file = File::open(path).doing(doing)?;
    let image = Image::of(&file).map_err(|fault| Error::usage(doing(), fault.said()).try_this(fault.remedy()))?;
    check_ram(memory.bytes(), image.needs_ram_bytes, 0)?;
    if image.needs_ram_bytes > low_ram_end(memory.bytes()) {
        return Err(Error::usage(doing(), said!("it wants to be above 3 GiB", "3 GiB 위에 놓여야 하는 커널임")));
    }
    let loaded: KernelLoaderResult = match image.format {
        Format::BzImage => {
            let mut address = [0; 8];
            file.read_exact_at(&mut address, PREFERRED_ADDRESS).doing(doing)?;
            let address = Some(u64::from_le_bytes(address)).filter(|address| *address >= HIGH).unwrap_or(KERNEL);
            BzImage::load(memory.mmap(), Some(GuestAddress(address)), &mut file, None).doing(doing)?
        }
        Format::Vmlinux => Elf::load(memory.mmap(), None, &mut file, Some(GuestAddress(HIGH))).doing(doing)?,
    };
    let start = loaded.kernel_load.raw_value();
    let entry = if loaded.setup_header.is_some() { start + ENTRY_64 } else { start };
    Ok(Loaded { entry, end: image.needs_ram_bytes.max(loaded.kernel_end), header: loaded.setup_header })
}
