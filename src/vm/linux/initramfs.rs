//! The guest's first files: an archive in memory, which the kernel unpacks into its root.
//!
//! The format is cpio's "newc" (Linux's Documentation/driver-api/early-userspace/buffer-format.rst): for each file a
//! header of thirteen numbers in hexadecimal, its name, its contents; both padded to four bytes.

/// An archive that grows. Folders come before what is in them.
#[derive(Debug, Clone, Default)]
pub struct Initramfs {
    archive: Vec<u8>,
    next_inode: u32,
}

/// What a file is, in the upper bits of its mode (inode(7)).
const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

const TRAILER: &str = "TRAILER!!!";

impl Initramfs {
    pub fn new() -> Initramfs {
        Initramfs::default()
    }

    pub fn folder(&mut self, path: &str, mode: u32) {
        self.entry(path.as_bytes(), FOLDER | mode, (0, 0), &[]);
    }

    pub fn file(&mut self, path: &str, mode: u32, contents: &[u8]) {
        self.entry(path.as_bytes(), FILE | mode, (0, 0), contents);
    }

    pub fn link(&mut self, path: &str, target: &[u8]) {
        self.entry(path.as_bytes(), LINK | 0o777, (0, 0), target);
    }

    /// The kernel opens /dev/console for its first program before anything is mounted.
    pub fn character_device(&mut self, path: &str, mode: u32, major: u32, minor: u32) {
        self.entry(path.as_bytes(), CHARACTER_DEVICE | mode, (major, minor), &[]);
    }

    /// An entry as it is in a folder of the host: `mode` with its kind.
    pub fn entry(&mut self, path: &[u8], mode: u32, (major, minor): (u32, u32), contents: &[u8]) {
        self.next_inode += 1;
        let size = contents.len() as u32;
        let fields = [self.next_inode, mode, 0, 0, 1, 0, size, 0, 0, major, minor, path.len() as u32 + 1, 0];
        self.archive.extend_from_slice(b"070701");
        for field in fields {
            self.archive.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.archive.extend_from_slice(path);
        self.archive.push(0);
        self.pad();
        self.archive.extend_from_slice(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.archive.resize(self.archive.len().next_multiple_of(4), 0);
    }

    /// Bytes so far.
    pub fn bytes(&self) -> usize {
        self.archive.len()
    }

    /// The whole archive, with its end.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry(TRAILER.as_bytes(), 0, (0, 0), &[]);
        self.archive
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn each_entry_begins_and_ends_at_four_bytes() {
        let mut archive = Initramfs::new();
        archive.folder("dev", 0o755);
        archive.file("init", 0o755, b"12345");
        archive.character_device("dev/console", 0o600, 5, 1);
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("070701").count(), 4);
        let init = text.find("init\0").unwrap();
        assert_eq!(&bytes[init - 110..init - 104], b"070701");
        assert!(text.contains("12345\x00\x00\x00070701"));
        assert_eq!(&text[init - 110 + 14..init - 110 + 22], "000081ed");
    }

    #[test]
    fn the_tool_of_that_name_reads_it() {
        let mut archive = Initramfs::new();
        archive.folder("a", 0o755);
        archive.file("a/b", 0o644, &vec![7; 5000]);
        archive.link("a/c", b"b");
        let mut reader = Command::new("cpio");
        reader.arg("-itv").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut reader) = reader.spawn() else {
            crate::testing::skip(format_args!("the_tool_of_that_name_reads_it: cpio is not installed"));
            return;
        };
        reader.stdin.take().unwrap().write_all(&archive.finish()).unwrap();
        let list = String::from_utf8(reader.wait_with_output().unwrap().stdout).unwrap();
        assert!(list.contains("a/b") && list.contains("5000") && list.contains("a/c -> b"), "{list}");
    }
}
