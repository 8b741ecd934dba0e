//! What a file is that shall be booted as a kernel, told from its headers alone: a Linux bzImage (the x86 boot protocol,
//! Documentation/arch/x86/boot.rst) or a vmlinux (ELF, 64-bit, x86-64).

use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::lang::Said;
use crate::said;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Compressed, and unpacks itself in the guest.
    BzImage,
    /// What a bzImage holds.
    Vmlinux,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Format::BzImage => "bzImage",
            Format::Vmlinux => "vmlinux",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub format: Format,
    /// As a bzImage's header has it, "6.1.0-57-cloud-amd64 (…) #1 SMP …".
    pub banner: Option<String>,
    /// The guest-physical address behind the last byte that it takes before it allocates memory itself. An initramfs comes on
    /// top of that.
    pub needs_ram_bytes: u64,
    /// Where in a bzImage the compressed vmlinux lies.
    pub payload: Option<Range<u64>>,
}

/// Why a file is none that can be booted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    NotAKernel,
    /// A compressed file: "gzip".
    Packed(&'static str),
    /// For another kind of CPU: "arm64".
    OtherMachine(&'static str),
    Is32Bit,
    /// Of that many bytes, so many are there.
    Truncated {
        has: u64,
        needs: u64,
    },
    /// Its boot protocol is older than 2.12 (Linux 3.8): version × 256.
    TooOld(u16),
    /// A field of its header can't be.
    Odd(&'static str),
    Unreadable(ErrorKind),
}

/// Both headers lie in it: a bzImage's setup code has at most 64 sectors.
pub const HEAD: usize = 64 << 9;
const PAGE: u64 = 4096;

impl Image {
    /// # Errors
    /// See [`Fault`].
    pub fn of(file: &File) -> Result<Image, Fault> {
        let length = file.metadata().map_err(|e| Fault::Unreadable(e.kind()))?.len();
        let mut head = vec![0; HEAD.min(length as usize)];
        file.read_exact_at(&mut head, 0).map_err(|e| Fault::Unreadable(e.kind()))?;
        Image::from_head(&head, length)
    }

    /// `head`: the first 32 KiB of a file of `length` bytes, or all of it.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn from_head(head: &[u8], length: u64) -> Result<Image, Fault> {
        let head = Head { bytes: head, length };
        if head.bytes.starts_with(b"\x7fELF") {
            return vmlinux(&head);
        }
        if head.at(setup::MAGIC) == Ok(*b"HdrS") {
            return bz_image(&head);
        }
        Err(other_than_linux(&head))
    }
}

/// The start of a file, read field by field: what is not there is told as that.
struct Head<'a> {
    bytes: &'a [u8],
    length: u64,
}

impl Head<'_> {
    fn at<const N: usize>(&self, at: usize) -> Result<[u8; N], Fault> {
        let field = at.checked_add(N).and_then(|end| self.bytes.get(at..end));
        let missing = Fault::Truncated { has: self.length, needs: (at as u64).saturating_add(N as u64) };
        let far = (self.bytes.len() as u64) < self.length;
        field.and_then(|b| b.try_into().ok()).ok_or(if far { Fault::Odd("a place of a table") } else { missing })
    }

    fn u16(&self, at: usize) -> Result<u16, Fault> {
        self.at(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Result<u32, Fault> {
        self.at(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Result<u64, Fault> {
        self.at(at).map(u64::from_le_bytes)
    }

    fn has(&self, needs: u64) -> Result<(), Fault> {
        if self.length < needs { Err(Fault::Truncated { has: self.length, needs }) } else { Ok(()) }
    }
}

/// Where the fields of the setup header are, from the start of the file.
mod setup {
    pub(super) const SECTORS: usize = 0x1f1;
    pub(super) const PARAGRAPHS: usize = 0x1f4;
    pub(super) const BOOT_FLAG: usize = 0x1fe;
    pub(super) const MAGIC: usize = 0x202;
    pub(super) const VERSION: usize = 0x206;
    /// Counted from 0x200.
    pub(super) const BANNER: usize = 0x20e;
    pub(super) const LOAD_FLAGS: usize = 0x211;
    pub(super) const ALIGNMENT: usize = 0x230;
    pub(super) const EXTENDED_LOAD_FLAGS: usize = 0x236;
    pub(super) const PAYLOAD: usize = 0x248;
    pub(super) const PAYLOAD_BYTES: usize = 0x24c;
    pub(super) const PREFERRED_ADDRESS: usize = 0x258;
    pub(super) const INIT_SIZE: usize = 0x260;
    /// It has extended load flags: 2.12.
    pub(super) const OLDEST: u16 = 0x20c;
    pub(super) const LOADED_HIGH: u8 = 1;
    pub(super) const ENTRY_64: u16 = 1;
}

fn bz_image(head: &Head) -> Result<Image, Fault> {
    if head.u16(setup::BOOT_FLAG)? != 0xaa55 {
        return Err(Fault::NotAKernel);
    }
    let version = head.u16(setup::VERSION)?;
    if version < setup::OLDEST {
        return Err(Fault::TooOld(version));
    }
    let [flags] = head.at(setup::LOAD_FLAGS)?;
    if flags & setup::LOADED_HIGH == 0 {
        return Err(Fault::Odd("loadflags"));
    }
    let end = head.u64(setup::PREFERRED_ADDRESS)?.checked_add(head.u32(setup::INIT_SIZE)?.into());
    let needs_ram_bytes = end.filter(|end| *end < 1 << 40).ok_or(Fault::Odd("pref_address"))?;
    if head.u16(setup::EXTENDED_LOAD_FLAGS)? & setup::ENTRY_64 == 0 {
        return Err(Fault::Is32Bit);
    }
    if !head.u32(setup::ALIGNMENT)?.is_power_of_two() {
        return Err(Fault::Odd("kernel_alignment"));
    }
    let [sectors] = head.at(setup::SECTORS)?;
    let code = (u64::from(if sectors == 0 { 4 } else { sectors }) + 1) << 9;
    let code_bytes = u64::from(head.u32(setup::PARAGRAPHS)?) << 4;
    head.has(code + code_bytes)?;
    let payload = u64::from(head.u32(setup::PAYLOAD)?)..0;
    let payload = payload.start..payload.start + u64::from(head.u32(setup::PAYLOAD_BYTES)?);
    if payload.end > code_bytes {
        return Err(Fault::Odd("payload_length"));
    }
    let payload = (!payload.is_empty()).then(|| payload.start + code..payload.end + code);
    Ok(Image { format: Format::BzImage, banner: banner(head), needs_ram_bytes, payload })
}

fn banner(head: &Head) -> Option<String> {
    let at = head.u16(setup::BANNER).ok().filter(|at| *at != 0)?;
    let text = head.bytes.get(0x200 + usize::from(at)..)?;
    let text = text.get(..256).unwrap_or(text).split(|byte| *byte == 0).next()?;
    let text = String::from_utf8_lossy(text).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Where the fields of an ELF file are (System V ABI, 64-bit), and of its program headers.
mod elf {
    pub(super) const CLASS: usize = 4;
    pub(super) const MACHINE: usize = 18;
    pub(super) const ENTRY: usize = 24;
    pub(super) const HEADERS: usize = 32;
    pub(super) const HEADER_BYTES: usize = 54;
    pub(super) const HEADER_COUNT: usize = 56;
    pub(super) const CLASS_64: u8 = 2;
    pub(super) const X86_64: u16 = 62;
    pub(super) const I386: u16 = 3;
    pub(super) const LOAD: u32 = 1;
    pub(super) const INTERPRETER: u32 = 3;
    pub(super) const HEADER: usize = 56;
}

fn vmlinux(head: &Head) -> Result<Image, Fault> {
    let [class] = head.at(elf::CLASS)?;
    match head.u16(elf::MACHINE)? {
        elf::X86_64 => {}
        elf::I386 => return Err(Fault::Is32Bit),
        other => return Err(Fault::OtherMachine(machine(other))),
    }
    if class != elf::CLASS_64 {
        return Err(Fault::Is32Bit);
    }
    let (entry, first) = (head.u64(elf::ENTRY)?, head.u64(elf::HEADERS)? as usize);
    let (size, count) = (head.u16(elf::HEADER_BYTES)?, head.u16(elf::HEADER_COUNT)?);
    if usize::from(size) != elf::HEADER {
        return Err(Fault::Odd("e_phentsize"));
    }
    let mut loaded: Vec<Range<u64>> = Vec::new();
    for header in 0..usize::from(count) {
        let field = |offset| first.saturating_add(header * elf::HEADER).saturating_add(offset);
        match head.u32(field(0))? {
            elf::INTERPRETER => return Err(Fault::NotAKernel), // an ordinary program
            elf::LOAD => {
                let (start, in_file) = (head.u64(field(8))?, head.u64(field(32))?);
                head.has(start.checked_add(in_file).ok_or(Fault::Odd("p_filesz"))?)?;
                let (physical, bytes) = (head.u64(field(24))?, head.u64(field(40))?);
                let end = physical.checked_add(bytes).filter(|end| *end < 1 << 40 && bytes >= in_file);
                loaded.push(physical..end.ok_or(Fault::Odd("p_memsz"))?);
            }
            _ => {}
        }
    }
    let needs_ram_bytes = loaded.iter().map(|segment| segment.end).max().ok_or(Fault::NotAKernel)?;
    if !loaded.iter().any(|segment| segment.contains(&entry)) {
        return Err(Fault::NotAKernel); // a kernel is entered at a physical address
    }
    Ok(Image {
        format: Format::Vmlinux,
        banner: None,
        needs_ram_bytes: needs_ram_bytes.next_multiple_of(PAGE),
        payload: None,
    })
}

/// Numbers of the ELF specification's machines that Linux runs on.
fn machine(number: u16) -> &'static str {
    match number {
        8 => "mips",
        20 | 21 => "powerpc",
        22 => "s390x",
        40 => "arm",
        183 => "arm64",
        243 => "riscv",
        258 => "loongarch",
        _ => "?",
    }
}

/// Names what people try by mistake.
fn other_than_linux(head: &Head) -> Fault {
    const PACKED: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", "gzip"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\x02\x21\x4c\x18", "lz4"),
        (b"BZh", "bzip2"),
        (b"\x5d\0\0", "lzma"),
    ];
    if let Some((_, name)) = PACKED.iter().find(|(magic, _)| head.bytes.starts_with(magic)) {
        return Fault::Packed(name);
    }
    if head.at(0x38) == Ok(*b"ARM\x64") {
        return Fault::OtherMachine("arm64");
    }
    if head.at(0x30) == Ok(*b"RISCV\0\0\0") || head.at(0x38) == Ok(*b"RSC\x05") {
        return Fault::OtherMachine("riscv");
    }
    // A boot sector, and no more: it was cut off before its header said that it is Linux.
    let cut = (0x1f1..setup::INIT_SIZE as u64 + 4).contains(&head.length) && head.bytes.starts_with(b"MZ");
    if cut { Fault::Truncated { has: head.length, needs: setup::INIT_SIZE as u64 + 4 } } else { Fault::NotAKernel }
}

impl Fault {
    /// The cause, in an error about the file.
    pub fn said(&self) -> Said {
        match self {
            Fault::NotAKernel => said!(
                "it is no Linux kernel: neither a bzImage nor a vmlinux",
                "리눅스 커널이 아님: bzImage도 vmlinux도 아님"
            ),
            Fault::Packed(how) => {
                said!("it is compressed as a whole ({how})", "파일 전체가 압축되어 있음({how})")
            }
            Fault::OtherMachine(name) => {
                said!("it is for another kind of CPU: {name}", "다른 종류의 CPU를 위한 커널임: {name}")
            }
            Fault::Is32Bit => said!("it is a 32-bit kernel", "32비트 커널임"),
            Fault::Truncated { has, needs } => said!(
                "it is cut off: {has} bytes are there of at least {needs}",
                "파일이 잘려 있음: 적어도 {needs}바이트여야 하는데 {has}바이트뿐임"
            ),
            Fault::TooOld(version) => {
                let (major, minor) = (version >> 8, version & 0xff);
                said!(
                    "its boot protocol is {major}.{minor:02}; 2.12 (Linux 3.8) has the 64-bit entry",
                    "부트 프로토콜이 {major}.{minor:02}임. 64비트 진입점은 2.12(리눅스 3.8)부터 있음"
                )
            }
            Fault::Odd(field) => {
                said!("its header is damaged: {field}", "헤더가 손상됨: {field}")
            }
            Fault::Unreadable(kind) => Said::verbatim(kind.to_string()),
        }
    }

    /// What to try.
    pub fn remedy(&self) -> Said {
        match self {
            Fault::Packed(how) => {
                let unpack = if *how == "gzip" { "gunzip" } else { how };
                said!("unpack it first ({unpack})", "먼저 압축을 푸십시오({unpack})")
            }
            Fault::Unreadable(ErrorKind::PermissionDenied) => {
                said!("read it as root: sudo", "root로 읽으십시오: sudo")
            }
            Fault::Truncated { .. } | Fault::Odd(_) => {
                said!("copy the file once more", "파일을 다시 복사하십시오")
            }
            _ => said!(
                "a 64-bit x86 Linux kernel: /boot/vmlinuz-…, or isolab kernel fetch",
                "64비트 x86 리눅스 커널이 필요합니다: /boot/vmlinuz-… 또는 isolab kernel fetch"
            ),
        }
    }
}

/// Kernels without code in them, for tests.
#[cfg(test)]
pub(crate) mod made {
    use super::{elf, setup};

    pub(crate) const BANNER: &str = "6.1.0-57-cloud-amd64 (a@b) #1 SMP";

    /// A bzImage with this payload.
    pub(crate) fn bz_image(payload: &[u8]) -> Vec<u8> {
        let mut file = vec![0; 0x600]; // a boot sector and two of setup code
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"MZ");
        put(setup::SECTORS, &[2]);
        put(setup::BOOT_FLAG, &[0x55, 0xaa]);
        put(setup::MAGIC, b"HdrS");
        put(setup::VERSION, &0x20f_u16.to_le_bytes());
        put(setup::BANNER, &0x100_u16.to_le_bytes());
        put(0x300, BANNER.as_bytes());
        put(setup::LOAD_FLAGS, &[1]);
        put(setup::ALIGNMENT, &(2_u32 << 20).to_le_bytes());
        put(setup::EXTENDED_LOAD_FLAGS, &[0x7f, 0]);
        put(setup::PREFERRED_ADDRESS, &(16_u64 << 20).to_le_bytes());
        put(setup::INIT_SIZE, &0x337_8000_u32.to_le_bytes());
        put(setup::PAYLOAD, &32_u32.to_le_bytes());
        put(setup::PAYLOAD_BYTES, &(payload.len() as u32).to_le_bytes());
        let paragraphs = (32 + payload.len()).div_ceil(16);
        put(setup::PARAGRAPHS, &(paragraphs as u32).to_le_bytes());
        file.extend([0x90; 32]);
        file.extend(payload);
        file.resize(0x600 + paragraphs * 16, 0);
        file
    }

    /// A vmlinux with one segment at 16 MiB that holds `text`, and 64 KiB more in memory.
    pub(crate) fn vmlinux(text: &[u8]) -> Vec<u8> {
        let mut file = vec![0; 64 + elf::HEADER];
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"\x7fELF\x02\x01\x01");
        put(16, &2_u16.to_le_bytes());
        put(elf::MACHINE, &elf::X86_64.to_le_bytes());
        put(elf::ENTRY, &(16_u64 << 20).to_le_bytes());
        put(elf::HEADERS, &64_u64.to_le_bytes());
        put(elf::HEADER_BYTES, &(elf::HEADER as u16).to_le_bytes());
        put(elf::HEADER_COUNT, &1_u16.to_le_bytes());
        put(64, &elf::LOAD.to_le_bytes());
        put(64 + 8, &120_u64.to_le_bytes());
        put(64 + 24, &(16_u64 << 20).to_le_bytes());
        put(64 + 32, &(text.len() as u64).to_le_bytes());
        put(64 + 40, &(text.len() as u64 + (64 << 10)).to_le_bytes());
        file.extend(text);
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &[u8]) -> Result<Image, Fault> {
        Image::from_head(&file[..file.len().min(HEAD)], file.len() as u64)
    }

    fn changed(mut file: Vec<u8>, at: usize, bytes: &[u8]) -> Result<Image, Fault> {
        file[at..at + bytes.len()].copy_from_slice(bytes);
        read(&file)
    }

    #[test]
    fn a_bz_image_tells_its_version_its_need_of_ram_and_where_its_payload_is() {
        let image = read(&made::bz_image(b"payload")).unwrap();
        assert_eq!((image.format, image.banner.as_deref()), (Format::BzImage, Some(made::BANNER)));
        assert_eq!(image.needs_ram_bytes, (16 << 20) + 0x337_8000);
        let payload = image.payload.unwrap();
        assert_eq!(&made::bz_image(b"payload")[payload.start as usize..payload.end as usize], b"payload");
    }

    #[test]
    fn a_vmlinux_tells_its_need_of_ram() {
        let image = read(&made::vmlinux(b"text")).unwrap();
        assert_eq!((image.format, image.needs_ram_bytes), (Format::Vmlinux, (16 << 20) + (17 << 12)));
    }

    #[test]
    fn a_kernel_that_is_cut_off_anywhere_is_refused() {
        for whole in [made::bz_image(&[7; 100]), made::vmlinux(&[7; 100])] {
            for end in 0..whole.len() {
                let fault = read(&whole[..end]).unwrap_err();
                let told = matches!(fault, Fault::Truncated { has, needs } if has == end as u64 && needs > has);
                assert!(told || end < 0x1f1 && fault == Fault::NotAKernel, "{end}: {fault:?}");
            }
        }
    }

    #[test]
    fn other_files_are_told_what_they_are() {
        let bz = || made::bz_image(b"x");
        let elf = || made::vmlinux(b"x");
        assert_eq!(changed(bz(), setup::EXTENDED_LOAD_FLAGS, &[0x7e]), Err(Fault::Is32Bit));
        assert_eq!(changed(bz(), setup::VERSION, &[0x0a, 2]), Err(Fault::TooOld(0x20a)));
        assert_eq!(changed(bz(), setup::BOOT_FLAG, &[0]), Err(Fault::NotAKernel));
        assert_eq!(changed(bz(), setup::LOAD_FLAGS, &[0]), Err(Fault::Odd("loadflags")));
        assert_eq!(changed(bz(), setup::PREFERRED_ADDRESS, &[0xff; 8]), Err(Fault::Odd("pref_address")));
        assert_eq!(changed(bz(), setup::PAYLOAD_BYTES, &[0xff; 4]), Err(Fault::Odd("payload_length")));
        assert!(matches!(changed(bz(), setup::PARAGRAPHS, &[0xff; 4]), Err(Fault::Truncated { .. })));
        assert_eq!(changed(elf(), elf::CLASS, &[1]), Err(Fault::Is32Bit));
        assert_eq!(changed(elf(), elf::MACHINE, &[3, 0]), Err(Fault::Is32Bit));
        assert_eq!(changed(elf(), elf::MACHINE, &[183, 0]), Err(Fault::OtherMachine("arm64")));
        assert_eq!(changed(elf(), elf::ENTRY, &[0; 8]), Err(Fault::NotAKernel));
        assert_eq!(changed(elf(), 64, &[3]), Err(Fault::NotAKernel));
        assert_eq!(
            changed(elf(), elf::HEADERS, &[0xff; 8]).unwrap_err(),
            Fault::Truncated { has: 121, needs: u64::MAX }
        );
        assert_eq!(changed(elf(), 64 + 40, &[0xff; 8]), Err(Fault::Odd("p_memsz")));
        assert_eq!(read(b"#!/bin/sh\n"), Err(Fault::NotAKernel));
        assert_eq!(read(b"\x1f\x8b\x08"), Err(Fault::Packed("gzip")));
        assert_eq!(read(b""), Err(Fault::NotAKernel));
    }

    #[test]
    fn a_hostile_header_ends_in_an_answer() {
        let mut random = oorandom::Rand32::new(1);
        for round in 0..crate::testing::hostile_inputs(200_000) {
            let mut file = if round % 2 == 0 { made::bz_image(&[1; 64]) } else { made::vmlinux(&[1; 64]) };
            for _ in 0..=random.rand_range(0..6) {
                let at = random.rand_range(0..file.len() as u32) as usize;
                file[at] = random.rand_u32() as u8;
            }
            file.truncate(random.rand_range(1..file.len() as u32 * 2) as usize);
            if let Ok(image) = read(&file) {
                assert!(image.needs_ram_bytes < 1 << 40);
                assert!(image.payload.is_none_or(|p| p.start < p.end && p.end <= file.len() as u64));
            }
        }
    }
}
