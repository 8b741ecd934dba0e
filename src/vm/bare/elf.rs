//! Reads a static ELF executable and puts it into guest RAM. Every number in the file is checked before it is used.
//!
//! Format: System V ABI, "Object Files"; AMD64 supplement, chapter 4. A guest without an operating system has no loader
//! for shared libraries and nobody to choose another address: the program must be static, at the addresses it was
//! linked for.

use std::ops::Range;

use super::layout::PAGE;
use super::ram::Piece;
use crate::error::{Error, Kind, Result};
use crate::lang::Said;
use crate::said;

const HEADER_BYTES: usize = 64;
const SEGMENT_HEADER_BYTES: usize = 56;
pub(super) const MOST_SEGMENTS: u16 = 64;
/// p_flags.
const EXECUTE: u32 = 1;
const WRITE: u32 = 2;
const HOW_TO_LINK: Said = Said::fixed(
    "a static program that makes system calls itself, as our probe does: \
     gcc -static -no-pie -nostdlib -ffreestanding, or rustc with -nostartfiles -static -no-pie",
    "우리 프로브처럼 시스템 콜을 직접 부르는 정적 프로그램을 쓰십시오: \
     gcc -static -no-pie -nostdlib -ffreestanding, 또는 rustc -nostartfiles -static -no-pie",
);

/// A checked program: what goes where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub entry: u64,
    /// Where the program finds its own segment headers (AT_PHDR), when a segment contains them.
    pub headers_at: Option<u64>,
    pub headers: u64,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    address: u64,
    file: Range<usize>,
    /// The rest, beyond what the file holds, is zero; guest RAM is zero already.
    memory_bytes: u64,
    access: Access,
}

/// What a program may do with memory, beyond reading it: never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    Execute,
}

impl Access {
    /// For a page that two segments share; None: it would be writable and executable.
    pub fn with(self, other: Access) -> Option<Access> {
        match (self, other) {
            (Access::Read, one) | (one, Access::Read) => Some(one),
            (one, same) => (one == same).then_some(one),
        }
    }
}

impl Program {
    /// Checks everything that does not depend on the size of RAM.
    pub fn parse(file: &[u8]) -> Result<Program> {
        check_kind(file)?;
        let table_at = u64_at(file, 32);
        let count = u16_at(file, 56);
        let headers = segment_headers(file, table_at, count)?;
        let mut segments = Vec::with_capacity(headers.len());
        for header in &headers {
            match u32_at(header, 0) {
                1 => segments.extend(segment(file, header)?),
                2 | 3 => {
                    return Err(wrong(said!(
                        "it is linked dynamically; this guest has no dynamic loader",
                        "동적으로 링크됨. 이 게스트에는 동적 로더가 없음"
                    )));
                }
                _ => {}
            }
        }
        let entry = u64_at(file, 24);
        let holds = |s: &Segment, address| (s.address..s.address + s.memory_bytes).contains(&address);
        if !segments.iter().any(|s| holds(s, entry)) {
            return Err(wrong(said!(
                "its entry {entry:#x} lies in none of its segments",
                "시작 주소 {entry:#x}이(가) 어느 세그먼트에도 없음"
            )));
        }
        check_pages(&segments)?;
        let headers_at = segments.iter().find(|s| s.file.contains(&(table_at as usize)));
        let headers_at = headers_at.map(|s| s.address + (table_at - s.file.start as u64));
        Ok(Program { entry, headers_at, headers: u64::from(count), segments })
    }

    /// From the lowest to the highest address.
    pub fn image(&self) -> Range<u64> {
        let start = self.segments.iter().map(|s| s.address).min().unwrap_or(0);
        let end = self.segments.iter().map(|s| s.address + s.memory_bytes).max().unwrap_or(0);
        start..end
    }

    /// Each segment's addresses, and what it may do there.
    pub fn accesses(&self) -> impl Iterator<Item = (Range<u64>, Access)> + Clone {
        self.segments.iter().map(|s| (s.address..s.address + s.memory_bytes, s.access))
    }

    /// All segments must lie in `room`.
    pub fn check_fits(&self, room: &Range<u64>) -> Result<()> {
        let image = self.image();
        if image.start < room.start {
            let cause = said!(
                "it wants address {wanted:#x}; programs begin at {start:#x}",
                "주소 {wanted:#x}을(를) 요구함. 프로그램은 {start:#x}에서 시작함",
                wanted = image.start,
                start = room.start
            );
            return Err(Error::new(said!("load the program", "프로그램을 메모리에 올릴 수 없습니다"), cause).try_this(
                said!(
                    "link it higher: -Wl,-Ttext-segment=0x400000",
                    "더 높은 주소로 링크하십시오: -Wl,-Ttext-segment=0x400000"
                ),
            ));
        }
        if image.end > room.end {
            let cause = said!(
                "it reaches to address {reached:#x}; this guest's RAM ends for it at {end:#x}",
                "주소 {reached:#x}까지 차지함. 이 게스트의 RAM은 {end:#x}에서 끝남",
                reached = image.end,
                end = room.end
            );
            return Err(Error::new(said!("load the program", "프로그램을 메모리에 올릴 수 없습니다"), cause)
                .try_this(said!("more guest RAM: ram=SIZE", "게스트의 RAM을 늘리십시오: ram=SIZE")));
        }
        Ok(())
    }

    /// What its segments have in the file, which is what was parsed, and where each stands in RAM.
    pub fn pieces<'a>(&self, file: &'a [u8]) -> impl Iterator<Item = Piece<'a>> {
        self.segments.iter().map(|s| (s.address, file[s.file.clone()].into()))
    }
}

/// Is it an executable of the kind that can work at all?
fn check_kind(file: &[u8]) -> Result<()> {
    if file.starts_with(b"#!") {
        return Err(wrong(said!(
            "it is a script; this guest has no shell to run it",
            "스크립트임. 이 게스트에는 실행할 셸이 없음"
        )));
    }
    if !file.starts_with(b"\x7fELF") {
        return Err(wrong(said!("it is not an ELF executable", "ELF 실행 파일이 아님")));
    }
    if file.len() < HEADER_BYTES {
        return Err(wrong(said!("the file ends inside its header", "파일이 헤더 안에서 끝남")));
    }
    if file[4] != 2 || file[5] != 1 || u16_at(file, 18) != 62 {
        return Err(wrong(said!(
            "it is built for another CPU; here runs 64-bit x86 code only",
            "다른 CPU용으로 빌드됨. 여기서는 64비트 x86 코드만 돎"
        )));
    }
    match u16_at(file, 16) {
        2 => Ok(()),
        3 => Err(wrong(said!(
            "it is position-independent (PIE) or a shared library; nobody here can relocate it",
            "위치 독립 실행 파일(PIE)이거나 공유 라이브러리임. 여기에는 재배치할 것이 없음"
        ))),
        _ => Err(wrong(said!("it is an ELF file, but no executable", "ELF 파일이지만 실행 파일이 아님"))),
    }
}

fn segment_headers(file: &[u8], table_at: u64, count: u16) -> Result<Vec<&[u8]>> {
    if usize::from(u16_at(file, 54)) != SEGMENT_HEADER_BYTES || count == 0 || count > MOST_SEGMENTS {
        return Err(wrong(said!(
            "it claims {count} segments of {size} bytes each",
            "세그먼트가 {size}바이트씩 {count}개라고 적혀 있음",
            size = u16_at(file, 54)
        )));
    }
    let bytes = SEGMENT_HEADER_BYTES * usize::from(count);
    usize::try_from(table_at)
        .ok()
        .and_then(|start| file.get(start..start.checked_add(bytes)?))
        .map(|table| table.chunks_exact(SEGMENT_HEADER_BYTES).collect())
        .ok_or_else(|| wrong(said!("the file ends inside its table of segments", "파일이 세그먼트 표 안에서 끝남")))
}

/// One PT_LOAD header; None when it takes no memory.
fn segment(file: &[u8], header: &[u8]) -> Result<Option<Segment>> {
    let [offset, address, file_bytes, memory_bytes] = [8, 16, 32, 40].map(|at| u64_at(header, at));
    if file_bytes > memory_bytes || address.checked_add(memory_bytes).is_none() {
        return Err(wrong(said!(
            "its segment at {address:#x} has impossible sizes",
            "{address:#x}의 세그먼트 크기가 있을 수 없는 값임"
        )));
    }
    let end = offset.checked_add(file_bytes).filter(|end| *end <= file.len() as u64);
    let Some(end) = end else {
        return Err(wrong(said!(
            "the file ends inside its segment at {address:#x}",
            "파일이 {address:#x}의 세그먼트 안에서 끝남"
        )));
    };
    let access = match u32_at(header, 4) & (WRITE | EXECUTE) {
        0 => Access::Read,
        WRITE => Access::Write,
        EXECUTE => Access::Execute,
        _ => return Err(writable_code(address)),
    };
    let segment = Segment { address, file: offset as usize..end as usize, memory_bytes, access };
    Ok(Some(segment).filter(|s| s.memory_bytes > 0))
}

/// Access is given to whole pages.
fn check_pages(segments: &[Segment]) -> Result<()> {
    let pages = |s: &Segment| s.address / PAGE..(s.address + s.memory_bytes).div_ceil(PAGE);
    for (place, one) in segments.iter().enumerate() {
        for other in &segments[..place] {
            let (mine, theirs) = (pages(one), pages(other));
            let first = mine.start.max(theirs.start);
            if first < mine.end.min(theirs.end) && one.access.with(other.access).is_none() {
                return Err(writable_code(first * PAGE));
            }
        }
    }
    Ok(())
}

fn writable_code(address: u64) -> Error {
    wrong(said!(
        "its memory at {address:#x} would be writable and executable at once, which this guest has not",
        "{address:#x}의 메모리가 쓰기와 실행을 동시에 허용하게 되는데, 이 게스트에는 그런 메모리가 없음"
    ))
    .try_this(said!(
        "link it without -N (--omagic) and -z execstack; see its flags: readelf -lW",
        "-N(--omagic)과 -z execstack 없이 링크하십시오. 플래그는 readelf -lW로 봅니다"
    ))
}

fn wrong(cause: Said) -> Error {
    Error::new(said!("load the program into the bare guest", "프로그램을 베어 게스트에 올릴 수 없습니다"), cause)
        .try_this(HOW_TO_LINK)
        .kind(Kind::NotExecutable)
}

// The callers have checked that the bytes are there.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
impl Program {
    pub(super) fn of(segments: &[(Range<u64>, Access)]) -> Program {
        let segment = |(addresses, access): &(Range<u64>, Access)| {
            let memory_bytes = addresses.end - addresses.start;
            Segment { address: addresses.start, file: 0..0, memory_bytes, access: *access }
        };
        Program { entry: 0, headers_at: None, headers: 0, segments: segments.iter().map(segment).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::bare::KERNEL_ELF;
    use crate::vm::bare::layout::{FAULT_HANDLERS, KERNEL, KERNEL_END, PROGRAM, SYSTEM_CALLS};
    use crate::vm::bare::ram::Ram;
    use crate::vm::guest_memory::GuestMemory;
    use proptest::prelude::*;

    #[test]
    fn the_kernel_is_where_the_map_says() {
        let kernel = Program::parse(KERNEL_ELF).unwrap();
        assert_eq!(kernel.entry, KERNEL);
        assert_eq!(kernel.segments.iter().map(|s| s.address).collect::<Vec<_>>(), [KERNEL, SYSTEM_CALLS]);
        kernel.check_fits(&(KERNEL..KERNEL_END)).unwrap();
        let handler = kernel.segments[0].file.start + (FAULT_HANDLERS - KERNEL) as usize;
        assert_eq!(KERNEL_ELF[handler..handler + 4], [0xe6, 0xf8, 0xeb, 0xfe], "out %al, $PORT_FAULT; jmp .");
    }

    #[test]
    fn the_probe_fits_and_knows_its_headers() {
        let probe = Program::parse(crate::probe::ELF).unwrap();
        probe.check_fits(&(PROGRAM..8 << 20)).unwrap();
        assert_eq!(probe.headers_at, Some(0x40_0040));
    }

    fn changed(at: usize, bytes: &[u8]) -> String {
        let mut file = crate::probe::ELF.to_vec();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        Program::parse(&file).unwrap_err().cause.into()
    }

    #[test]
    fn what_cannot_run_is_told_why() {
        let first = 64;
        assert!(changed(4, &[1]).contains("another CPU"));
        assert!(changed(18, &[183, 0]).contains("another CPU"));
        assert!(changed(16, &[3, 0]).contains("position-independent"));
        assert!(changed(16, &[1, 0]).contains("no executable"));
        assert!(changed(24, &[0; 8]).contains("entry"));
        assert!(changed(54, &[1, 0]).contains("segments"));
        assert!(changed(32, &[0xff; 8]).contains("table of segments"));
        assert!(changed(first, &[3, 0, 0, 0]).contains("dynamic"));
        assert!(changed(first + 8, &[0xff; 8]).contains("ends inside its segment"));
        assert!(changed(first + 16, &[0xff; 8]).contains("impossible sizes"));
        assert!(Program::parse(b"#!/bin/sh").unwrap_err().cause.contains("script"));
        assert!(Program::parse(b"\x7fELF").unwrap_err().cause.contains("header"));
        assert_eq!(Program::parse(b"hello").unwrap_err().kind, Kind::NotExecutable);
    }

    #[test]
    fn memory_that_is_writable_and_executable_is_refused() {
        let (first, second) = (64, 64 + 56);
        let flags = |segment: usize, flags: u8| changed(segment + 4, &[flags, 0, 0, 0]);
        assert!(flags(first, 7).contains("0x400000 would be writable and executable"));
        let probe = Program::parse(crate::probe::ELF).unwrap();
        assert!(probe.accesses().any(|(_, access)| access == Access::Execute));
        let code = probe.segments.iter().find(|s| s.access == Access::Execute).unwrap().address;
        let mut file = crate::probe::ELF.to_vec();
        file[second..second + 56].copy_from_slice(&[0; 56]);
        for (at, value) in [(0, 1), (4, 6), (16, code + 0x10), (32, 0), (40, 8)] {
            file[second + at..second + at + 4].copy_from_slice(&(value as u32).to_le_bytes());
        }
        let error = Program::parse(&file).unwrap_err();
        assert!(error.cause.contains("writable and executable"), "one page, two segments: {error}");
        assert!(error.try_this.contains("omagic"), "{error}");
    }

    #[test]
    fn addresses_outside_the_room_are_refused() {
        let probe = Program::parse(crate::probe::ELF).unwrap();
        assert!(probe.check_fits(&(0x50_0000..8 << 20)).unwrap_err().cause.contains("programs begin"));
        assert!(probe.check_fits(&(PROGRAM..0x40_0001)).unwrap_err().try_this.contains("ram="));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(at in 0usize..200, byte in any::<u8>(), length in 0usize..400) {
            let mut file = crate::probe::ELF[..length.max(at + 1)].to_vec();
            file[at] = byte;
            if let Ok(program) = Program::parse(&file) {
                let memory = GuestMemory::map(&[(0, 2 << 20)], false).unwrap();
                for piece in program.pieces(&file) {
                    let _ = Ram::of(&memory).put(&piece);
                }
            }
        }
    }
}
