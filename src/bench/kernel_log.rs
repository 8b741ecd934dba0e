//! What the kernel logs while a run goes on: a throttled CPU, a failing disk, a killed process all show there, and all of
//! them spoil numbers. Source: Documentation/ABI/testing/dev-kmsg.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::OFlag;

/// Reads from the moment at which it was opened.
pub struct KernelLog(File);

impl KernelLog {
    /// None: we may not read it (kernel.dmesg_restrict, a container) or there is none.
    pub fn open() -> Option<KernelLog> {
        let mut file = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open("/dev/kmsg").ok()?;
        file.seek(SeekFrom::End(0)).ok()?;
        Some(KernelLog(file))
    }

    /// The lines since then, without what our own programs are known to cause.
    pub fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut record = [0; 8192]; // one read gives one record
        loop {
            match self.0.read(&mut record) {
                Ok(0) => return lines,
                Ok(count) => lines.extend(text_of(&record[..count]).filter(|line| !is_ours(line))),
                Err(cause) if cause.kind() == ErrorKind::BrokenPipe => {} // records were lost; the next one can be read
                Err(_) => return lines,                                   // EAGAIN: that was all
            }
        }
    }
}

/// "6,339,5140900,-;text of the line\n KEY=value\n"
fn text_of(record: &[u8]) -> Option<String> {
    let record = String::from_utf8_lossy(record);
    let (_, text) = record.lines().next()?.split_once(';')?;
    Some(text.to_owned())
}

/// Cgroups of ours in which somebody's own limit was reached: the sample tells that itself.
fn is_ours(line: &str) -> bool {
    line.contains("/isolab.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_first_line_without_the_numbers() {
        let record = b"4,1024,5140900,-;CPU0: Core temperature above threshold; throttled\n SUBSYSTEM=cpu\n";
        assert_eq!(text_of(record).as_deref(), Some("CPU0: Core temperature above threshold; throttled"));
        assert_eq!(text_of(b"no record"), None);
    }

    #[test]
    fn a_limit_of_a_cgroup_of_ours_is_no_news() {
        assert!(is_ours("cgroup: fork rejected by pids controller in /isolab.21681.21681-50"));
        assert!(!is_ours("EXT4-fs error (device vda)"));
    }
}
