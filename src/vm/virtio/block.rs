//! A disk (virtio 1.2, section 5.2): a file of the host, sector by sector. What was flushed is on the host's disk.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};

use super::queue::Request;
use super::{Broken, Virtio};
use crate::error::{Context, Error, Kind, Result};
use crate::said;

/// Of the protocol, whatever the disk's own are.
pub const SECTOR: u64 = 512;

mod feature {
    pub(super) const SIZE_MAX: u64 = 1 << 1;
    pub(super) const SEG_MAX: u64 = 1 << 2;
    pub(super) const READ_ONLY: u64 = 1 << 5;
    pub(super) const FLUSH: u64 = 1 << 9;
}

/// What a request asks for.
mod kind {
    pub(super) const IN: u32 = 0;
    pub(super) const OUT: u32 = 1;
    pub(super) const FLUSH: u32 = 4;
    pub(super) const GET_ID: u32 = 8;
}

mod status {
    pub(super) const OK: u8 = 0;
    pub(super) const IO_ERROR: u8 = 1;
    pub(super) const UNSUPPORTED: u8 = 2;
}

/// A request has so many pieces of data at most, and each so many bytes: with that the work of one is bounded.
const PIECES: u32 = 126;
const PIECE_BYTES: u32 = 64 << 10;
const MOST: u64 = PIECES as u64 * PIECE_BYTES as u64;
/// At once between file and guest.
const BUFFER: usize = 64 << 10;
const ID_BYTES: usize = 20;

/// May the guest write?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadOnly,
    ReadWrite,
}

pub struct Block {
    /// Locked: of one that is written to, nobody else may have a copy in memory.
    file: Flock<File>,
    access: Access,
    sectors: u64,
    config: [u8; 16],
    id: [u8; ID_BYTES],
    /// The driver knows of flushing; one that does not has every write on the disk before it goes on.
    flushes: bool,
    buffer: Vec<u8>,
}

impl Block {
    /// A raw image, or a block device.
    ///
    /// # Errors
    /// When it can't be opened so, is shorter than a sector, or somebody else uses it.
    pub fn open(path: &Path, access: Access) -> Result<Block> {
        let doing = || said!("use {path} as a disk", "{path}을(를) 디스크로 쓸 수 없습니다", path = path.display());
        let usage = |e: Error| e.kind(Kind::Usage);
        let writes = access == Access::ReadWrite;
        let mut file = OpenOptions::new().read(true).write(writes).open(path).doing(doing).map_err(|e| {
            let read_only = said!("only read it: --disk FILE:ro", "읽기만 하십시오: --disk FILE:ro");
            usage(if writes && path.exists() { e.try_this(read_only) } else { e })
        })?;
        let kind = file.metadata().doing(doing)?.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            return Err(Error::usage(doing(), said!("it is neither a file nor a disk", "파일도 디스크도 아님")));
        }
        let bytes = file.seek(SeekFrom::End(0)).doing(doing)?;
        if bytes < SECTOR {
            return Err(Error::usage(
                doing(),
                said!(
                    "it has {bytes} bytes; a disk has at least one sector of {SECTOR}",
                    "{bytes}바이트뿐임. 디스크는 적어도 한 섹터({SECTOR}바이트)여야 함"
                ),
            )
            .try_this(said!(
                "truncate -s 64M FILE makes an empty one",
                "truncate -s 64M FILE로 빈 디스크를 만드십시오"
            )));
        }
        let how = if writes { FlockArg::LockExclusiveNonblock } else { FlockArg::LockSharedNonblock };
        let file = Flock::lock(file, how).map_err(|_| {
            Error::usage(doing(), said!("another virtual machine uses it", "다른 가상 머신이 쓰고 있음")).try_this(
                said!(
                    "end that one, give this one a copy, or only read it in both: --disk FILE:ro",
                    "그것을 끝내거나 복사본을 주거나, 둘 다 읽기만 하십시오: --disk FILE:ro"
                ),
            )
        })?;
        let sectors = bytes / SECTOR;
        Ok(Block { file, access, sectors, config: config(sectors), id: id(path), flushes: false, buffer: Vec::new() })
    }

    fn carry_out(&mut self, kind: u32, sector: u64, request: &mut Request<'_>) -> Result<Done, Broken> {
        match kind {
            kind::IN => self.read(sector, request),
            kind::OUT => self.write(sector, request),
            kind::FLUSH => Ok(Done::of(self.file.sync_data(), 0)),
            kind::GET_ID if request.writable() >= ID_BYTES as u64 => {
                request.write(&self.id)?;
                Ok(Done { status: status::OK, written: ID_BYTES as u32 })
            }
            _ => Ok(Done { status: status::UNSUPPORTED, written: 0 }),
        }
    }

    /// The first byte, where all of it lies on the disk; None: it does not.
    fn place(&self, sector: u64, bytes: u64) -> Option<u64> {
        let whole = bytes.is_multiple_of(SECTOR) && bytes <= MOST;
        let end = sector.checked_add(bytes / SECTOR)?;
        (whole && end <= self.sectors).then(|| sector * SECTOR)
    }

    fn read(&mut self, sector: u64, request: &mut Request<'_>) -> Result<Done, Broken> {
        let bytes = request.writable();
        let Some(start) = self.place(sector, bytes) else { return Ok(Done::FAILED) };
        self.buffer.resize(BUFFER, 0);
        for at in (0..bytes).step_by(BUFFER) {
            let piece = &mut self.buffer[..(bytes - at).min(BUFFER as u64) as usize];
            if self.file.read_exact_at(piece, start + at).is_err() {
                return Ok(Done { written: at as u32, ..Done::FAILED }); // it has shrunk, or its disk is broken
            }
            request.write(piece)?;
        }
        Ok(Done { status: status::OK, written: bytes as u32 })
    }

    fn write(&mut self, sector: u64, request: &mut Request<'_>) -> Result<Done, Broken> {
        let bytes = request.readable();
        let start = self.place(sector, bytes).filter(|_| self.access == Access::ReadWrite);
        let Some(start) = start else { return Ok(Done::FAILED) };
        if self.end().is_none_or(|end| end < start + bytes) {
            return Ok(Done::FAILED); // it has shrunk: a write would make it longer again, with a hole
        }
        self.buffer.resize(BUFFER, 0);
        for at in (0..bytes).step_by(BUFFER) {
            let piece = &mut self.buffer[..(bytes - at).min(BUFFER as u64) as usize];
            request.read(piece)?;
            if self.file.write_all_at(piece, start + at).is_err() {
                return Ok(Done::FAILED);
            }
        }
        Ok(Done::of(if self.flushes { Ok(()) } else { self.file.sync_data() }, 0))
    }

    fn end(&mut self) -> Option<u64> {
        self.file.seek(SeekFrom::End(0)).ok()
    }
}

/// How a request ended.
struct Done {
    status: u8,
    /// Bytes of data.
    written: u32,
}

impl Done {
    const FAILED: Done = Done { status: status::IO_ERROR, written: 0 };

    fn of(result: std::io::Result<()>, written: u32) -> Done {
        Done { status: if result.is_ok() { status::OK } else { status::IO_ERROR }, written }
    }
}

/// Capacity, longest piece, most pieces (section 5.2.4).
fn config(sectors: u64) -> [u8; 16] {
    let mut config = [0; 16];
    config[..8].copy_from_slice(&sectors.to_le_bytes());
    config[8..12].copy_from_slice(&PIECE_BYTES.to_le_bytes());
    config[12..].copy_from_slice(&PIECES.to_le_bytes());
    config
}

/// What the guest shows as the disk's serial number: the name of its file.
fn id(path: &Path) -> [u8; ID_BYTES] {
    let mut id = [0; ID_BYTES];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.bytes().filter(u8::is_ascii_graphic).zip(&mut id).for_each(|(byte, place)| *place = byte);
    id
}

impl Virtio for Block {
    fn name(&self) -> &'static str {
        "virtio-block"
    }

    fn id(&self) -> u32 {
        2
    }

    fn features(&self) -> u64 {
        let read_only = if self.access == Access::ReadOnly { feature::READ_ONLY } else { 0 };
        feature::SIZE_MAX | feature::SEG_MAX | feature::FLUSH | read_only
    }

    fn queues(&self) -> &'static [u16] {
        &[128]
    }

    fn config(&self) -> &[u8] {
        &self.config
    }

    fn start(&mut self, features: u64) {
        self.flushes = features & feature::FLUSH != 0;
    }

    /// Head, data, status: the head is 16 bytes to read, the status the last byte of room.
    fn answer(&mut self, _: usize, request: &mut Request<'_>) -> Result<u32, Broken> {
        let mut head = [0; 16];
        request.read(&mut head)?;
        let last = request.split_last()?;
        let [kind, _, low, high] = [0, 4, 8, 12].map(|at| {
            let field = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            u32::from_le_bytes(field)
        });
        let done = self.carry_out(kind, u64::from(high) << 32 | u64::from(low), request)?;
        request.write_last(last, done.status)?;
        Ok(done.written + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::virtio::testing::{DATA, Driver, RAM};
    use std::path::PathBuf;

    const STATUS_AT: u64 = DATA + 0x8000;

    fn image(sectors: u64) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.img");
        let bytes: Vec<u8> = (0..sectors * SECTOR).map(|at| (at / SECTOR + at % 7) as u8).collect();
        std::fs::write(&path, bytes).unwrap();
        (dir, path)
    }

    fn disk(path: &Path, access: Access) -> Driver {
        Driver::ready(Box::new(Block::open(path, access).unwrap()), 0)
    }

    /// A request of this kind, its data at these pieces; its status, and how many bytes were used.
    fn ask(driver: &mut Driver, kind: u32, sector: u64, data: &[(u64, u32, bool)]) -> (u8, u32) {
        let head = [&kind.to_le_bytes()[..], &[0; 4], &sector.to_le_bytes()].concat();
        driver.memory.write(DATA, &head).unwrap();
        driver.memory.write(STATUS_AT, &[0xee]).unwrap();
        let mut pieces = vec![(DATA, 16, false)];
        pieces.extend(data);
        pieces.push((STATUS_AT, 1, true));
        let (before, head) = (driver.used(), driver.chain(&pieces));
        driver.add(head);
        driver.kick();
        assert_eq!(driver.get(0x70), 15, "the driver did nothing wrong");
        assert_eq!(driver.used(), before.wrapping_add(1));
        let (used, length) = driver.last_used();
        assert_eq!(used, u32::from(head));
        (driver.bytes::<1>(STATUS_AT)[0], length)
    }

    #[test]
    fn sectors_are_read_and_written_in_any_pieces() {
        let (_dir, path) = image(20);
        let before = std::fs::read(&path).unwrap();
        let mut driver = disk(&path, Access::ReadWrite);
        let mut config = [0; 16];
        driver.read(0x100, &mut config);
        assert_eq!(config[..8], 20_u64.to_le_bytes());
        let at = DATA + 0x1000;
        assert_eq!(ask(&mut driver, kind::IN, 3, &[(at, 100, true), (at + 100, 412, true)]), (status::OK, 513));
        assert_eq!(driver.bytes::<512>(at), before[3 * 512..4 * 512]);
        driver.memory.write(at, &[0xab; 1024]).unwrap();
        assert_eq!(ask(&mut driver, kind::OUT, 18, &[(at, 1, false), (at + 1, 1023, false)]), (status::OK, 1));
        let after = std::fs::read(&path).unwrap();
        assert_eq!((&after[..18 * 512], &after[18 * 512..]), (&before[..18 * 512], &[0xab; 1024][..]));
        assert_eq!(ask(&mut driver, kind::FLUSH, 0, &[]), (status::OK, 1));
        assert_eq!(ask(&mut driver, kind::GET_ID, 0, &[(at, 20, true)]), (status::OK, 21));
        assert_eq!(&driver.bytes::<20>(at), b"disk.img\0\0\0\0\0\0\0\0\0\0\0\0");
        for kind in [kind::GET_ID, 11, 99, u32::MAX] {
            assert_eq!(ask(&mut driver, kind, 0, &[(at, 4, true)]).0, status::UNSUPPORTED, "{kind}");
        }
    }

    /// Head, data and status may stand in one descriptor or in many: section 2.7.4.2.
    #[test]
    fn how_a_request_is_framed_does_not_matter() {
        let (_dir, path) = image(4);
        let mut driver = disk(&path, Access::ReadOnly);
        driver.memory.write(DATA, &[&[0; 8][..], &1_u64.to_le_bytes()].concat()).unwrap();
        let at = DATA + 0x1000;
        let head = driver.chain(&[(DATA, 3, false), (DATA + 3, 13, false), (at, 512 + 1, true), (at, 0, true)]);
        driver.add(head);
        driver.kick();
        assert_eq!((driver.last_used().1, driver.bytes::<1>(at + 512)), (513, [status::OK]));
        assert_eq!(driver.bytes::<512>(at), std::fs::read(&path).unwrap()[512..1024]);
    }

    #[test]
    fn what_is_not_on_the_disk_is_an_io_error() {
        let (_dir, path) = image(20);
        let before = std::fs::read(&path).unwrap();
        let mut driver = disk(&path, Access::ReadWrite);
        let at = DATA + 0x1000;
        let wrong = [(20, 512), (19, 1024), (u64::MAX, 512), (u64::MAX / 512, 512), (1 << 55, 512), (0, 511), (0, 513)];
        for (sector, bytes) in wrong {
            assert_eq!(ask(&mut driver, kind::IN, sector, &[(at, bytes, true)]).0, status::IO_ERROR, "{sector}");
            assert_eq!(ask(&mut driver, kind::OUT, sector, &[(at, bytes, false)]).0, status::IO_ERROR, "{sector}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let (_dir, large) = image(64 << 11);
        let mut driver = disk(&large, Access::ReadWrite);
        let all: Vec<(u64, u32, bool)> = (0..5).map(|_| (0, RAM as u32, false)).collect();
        assert_eq!(ask(&mut driver, kind::OUT, 0, &all[..3]).0, status::OK, "3 MiB at once");
        driver.size = 64; // a longer chain needs a larger table
        driver.negotiate(0);
        driver.set_queue(0);
        driver.set(0x70, 15);
        (driver.added, _) = (0, driver.memory.write(super::super::testing::USED, &[0; 1024]));
        let all: Vec<(u64, u32, bool)> = (0..9).map(|_| (DATA, (RAM - DATA) as u32, false)).collect();
        assert_eq!(ask(&mut driver, kind::OUT, 0, &all).0, status::IO_ERROR, "more than a request may have");
    }

    #[test]
    fn a_read_only_disk_is_not_written_to() {
        let (_dir, path) = image(4);
        let before = std::fs::read(&path).unwrap();
        let mut driver = disk(&path, Access::ReadOnly);
        driver.set(0x14, 0);
        assert_eq!(u64::from(driver.get(0x10)) & feature::READ_ONLY, feature::READ_ONLY);
        assert_eq!(ask(&mut driver, kind::OUT, 0, &[(DATA + 0x1000, 512, false)]).0, status::IO_ERROR);
        assert_eq!(ask(&mut driver, kind::IN, 0, &[(DATA + 0x1000, 512, true)]).0, status::OK);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_file_that_shrinks_or_vanishes_ends_in_io_errors_or_in_nothing() {
        let (_dir, path) = image(20);
        let mut driver = disk(&path, Access::ReadWrite);
        let at = DATA + 0x1000;
        std::fs::remove_file(&path).unwrap();
        assert_eq!(ask(&mut driver, kind::IN, 3, &[(at, 512, true)]), (status::OK, 513), "it is open");
        let (_dir, path) = image(20);
        let mut driver = disk(&path, Access::ReadWrite);
        OpenOptions::new().write(true).open(&path).unwrap().set_len(5 * 512 + 100).unwrap();
        assert_eq!(ask(&mut driver, kind::IN, 4, &[(at, 512, true)]).0, status::OK);
        for sector in [5, 19] {
            assert_eq!(ask(&mut driver, kind::IN, sector, &[(at, 512, true)]).0, status::IO_ERROR);
            assert_eq!(ask(&mut driver, kind::OUT, sector, &[(at, 512, false)]).0, status::IO_ERROR);
        }
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 5 * 512 + 100, "no write makes it longer");
    }

    #[test]
    fn a_request_without_head_or_status_breaks_the_device() {
        let (_dir, path) = image(4);
        for pieces in [&[(DATA, 15, false), (DATA, 1, true)][..], &[(DATA, 16, false)], &[(DATA, 600, true)]] {
            let mut driver = disk(&path, Access::ReadWrite);
            let head = driver.chain(pieces);
            driver.add(head);
            driver.kick();
            assert_eq!((driver.get(0x70), driver.used()), (0x4f, 0), "{pieces:?}");
        }
    }

    #[test]
    fn what_is_no_disk_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = |path: &Path, access| Block::open(path, access).map(drop).unwrap_err();
        let short = dir.path().join("short");
        std::fs::write(&short, [0; 511]).unwrap();
        for (path, cause) in
            [(short.as_path(), "511 bytes"), (dir.path(), "folder"), (Path::new("/dev/null"), "neither")]
        {
            let error = open(path, Access::ReadOnly);
            assert!(error.kind == Kind::Usage, "{error}");
            assert!(error.cause.contains(cause) || cause == "folder", "{error}");
        }
        assert!(open(&dir.path().join("none"), Access::ReadWrite).cause.contains("No such file"));
    }

    #[test]
    fn one_machine_writes_or_many_read() {
        let (_dir, path) = image(4);
        let readers = [Block::open(&path, Access::ReadOnly).unwrap(), Block::open(&path, Access::ReadOnly).unwrap()];
        assert!(Block::open(&path, Access::ReadWrite).map(drop).unwrap_err().cause.contains("another"));
        drop(readers);
        let writer = Block::open(&path, Access::ReadWrite).unwrap();
        assert!(Block::open(&path, Access::ReadOnly).map(drop).unwrap_err().try_this.contains("copy"));
        drop(writer);
        Block::open(&path, Access::ReadOnly).unwrap();
    }
}
