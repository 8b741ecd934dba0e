//! The zero page: what a boot loader tells Linux (the x86 boot protocol, `boot_params`): where RAM is, where the command
//! line, the initramfs and the ACPI tables are.

use std::ops::Range;

use linux_loader::bootparam::{boot_e820_entry, boot_params, setup_header};
use vm_memory::ByteValued;

use super::layout::{ACPI, COMMAND_LINE, MIB, PAGE, ZERO_PAGE, low_ram_end, usable_and_reserved};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::said;
use crate::vm::guest_memory::GuestMemory;

const RAM: u32 = 1;
const RESERVED: u32 = 2;
/// A boot loader that has no number of its own.
const UNKNOWN_LOADER: u8 = 0xff;
/// What a vmlinux says of itself when it is a bzImage; nobody reads more of it on the 64-bit entry.
const BOOT_FLAG: u16 = 0xaa55;
const MAGIC: u32 = u32::from_le_bytes(*b"HdrS");
const ALIGNMENT: u32 = 16 << 20;
/// Where an initramfs may end when the kernel does not say.
const INITRAMFS_END: u64 = 0x7fff_ffff;

/// Writes the command line, the initramfs at the end of low RAM, and the zero page. `kernel_end`: RAM below is taken.
///
/// # Errors
/// When the initramfs does not fit.
pub fn write(
    header: Option<setup_header>,
    kernel_end: u64,
    command_line: &str,
    initramfs: &[u8],
    memory: &GuestMemory,
) -> Result<()> {
    let header = header.unwrap_or(setup_header {
        boot_flag: BOOT_FLAG,
        header: MAGIC,
        kernel_alignment: ALIGNMENT,
        ..Default::default()
    });
    let place = place_of(initramfs.len() as u64, header.initrd_addr_max, kernel_end, memory.bytes())?;
    memory.write(place.start, initramfs).ok_or_else(|| outside(memory))?;
    memory.write(COMMAND_LINE, &[command_line.as_bytes(), b"\0"].concat()).ok_or_else(|| outside(memory))?;
    let mut page = boot_params {
        hdr: setup_header {
            type_of_loader: UNKNOWN_LOADER,
            cmd_line_ptr: COMMAND_LINE as u32,
            cmdline_size: command_line.len() as u32 + 1,
            ramdisk_image: place.start as u32,
            ramdisk_size: initramfs.len() as u32,
            ..header
        },
        acpi_rsdp_addr: ACPI,
        ..Default::default()
    };
    let map = memory_map(memory.bytes());
    page.e820_entries = map.len() as u8;
    page.e820_table[..map.len()].copy_from_slice(&map);
    memory.write(ZERO_PAGE, page.as_slice()).ok_or_else(|| outside(memory))
}

/// The map of RAM as a PC's firmware gives it (its call was int 0x15, eax 0xe820).
fn memory_map(ram_bytes: u64) -> Vec<boot_e820_entry> {
    let entry =
        |range: Range<u64>, r#type| boot_e820_entry { addr: range.start, size: range.end - range.start, r#type };
    let (usable, reserved) = usable_and_reserved(ram_bytes);
    let mut map: Vec<boot_e820_entry> = usable.into_iter().map(|range| entry(range, RAM)).collect();
    map.insert(1, entry(reserved, RESERVED));
    map
}

/// The last whole pages of low RAM that the kernel accepts.
fn place_of(bytes: u64, highest: u32, kernel_end: u64, ram_bytes: u64) -> Result<Range<u64>> {
    let highest = if highest == 0 { INITRAMFS_END } else { u64::from(highest) };
    let end = low_ram_end(ram_bytes).min(highest + 1) & !(PAGE - 1);
    if let Some(start) = end.checked_sub(bytes.next_multiple_of(PAGE)).filter(|start| *start >= kernel_end) {
        return Ok(start..start + bytes);
    }
    let (has, files) = (ram_bytes / MIB, bytes.div_ceil(MIB));
    Err(Error::usage(
        said!("put the guest's files into its RAM", "게스트의 파일을 RAM에 넣을 수 없습니다"),
        said!(
            "they are {files} MiB, which do not fit behind the kernel in {has} MiB",
            "파일이 {files} MiB여서 RAM {has} MiB의 커널 뒤에 들어가지 않음"
        ),
    )
    .try_this(said!("more RAM: ram=SIZE, or fewer files", "ram=SIZE로 RAM을 늘리거나 파일을 줄이십시오")))
}

fn outside(memory: &GuestMemory) -> Error {
    let has = memory.bytes() / MIB;
    Error::new(
        Said::fixed("tell the kernel what there is", "커널에 기계의 구성을 알릴 수 없습니다"),
        said!("{has} MiB of RAM are too few", "RAM {has} MiB로는 모자람"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::linux::layout::{GIB, MMIO_GAP, MMIO_GAP_END};

    #[test]
    fn the_page_tells_where_everything_is() {
        let memory = GuestMemory::map(&[(0, 64 * MIB)], false).unwrap();
        write(None, 32 * MIB, "quiet reboot=k", b"archive", &memory).unwrap();
        let mut page = boot_params::default();
        memory.read(ZERO_PAGE, page.as_mut_slice()).unwrap();
        let header = page.hdr;
        assert_eq!({ header.ramdisk_size }, 7);
        assert_eq!({ header.ramdisk_image }, (64 * MIB - PAGE) as u32);
        let mut found = [0; 7];
        memory.read(u64::from(header.ramdisk_image), &mut found).unwrap();
        assert_eq!(&found, b"archive");
        let mut line = [1; 15];
        memory.read(u64::from(header.cmd_line_ptr), &mut line).unwrap();
        assert_eq!(&line, b"quiet reboot=k\0");
        assert_eq!({ page.acpi_rsdp_addr }, ACPI);
        assert_eq!((page.e820_entries, { header.type_of_loader }), (3, 0xff));
    }

    #[test]
    fn ram_above_the_gap_is_told() {
        let map = memory_map(5 * GIB);
        let told: Vec<(u64, u64, u32)> = map.iter().map(|e| (e.addr, e.size, e.r#type)).collect();
        assert_eq!(told[2], (MIB, MMIO_GAP - MIB, RAM));
        assert_eq!(told[3], (MMIO_GAP_END, 2 * GIB, RAM));
        assert_eq!(told[1].2, RESERVED);
    }

    #[test]
    fn files_lie_behind_the_kernel_or_nowhere() {
        let place = |bytes, highest, ram| place_of(bytes, highest, 64 * MIB, ram);
        assert_eq!(place(10, 0, 128 * MIB).unwrap(), 128 * MIB - PAGE..128 * MIB - PAGE + 10);
        assert_eq!(place(MIB, 0, 8 * GIB).unwrap().end, 2 * GIB);
        assert_eq!(place(MIB, 0x37ff_ffff, 8 * GIB).unwrap().end, 0x3800_0000);
        let error = place(65 * MIB, 0, 128 * MIB).unwrap_err();
        assert!(error.cause.contains("65 MiB") && error.try_this.contains("ram="), "{error}");
    }
}
