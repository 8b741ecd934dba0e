//! Has the host as much memory as a guest shall have from its start on?

use crate::error::{Context, Error, Result};
use crate::said;

/// For a guest whose RAM is backed at once; otherwise it pays for what it touches.
///
/// # Errors
/// When so much is not available now.
pub(super) fn check(ram_bytes: u64) -> Result<()> {
    let meminfo = std::fs::read_to_string("/proc/meminfo")
        .doing(|| said!("read /proc/meminfo", "/proc/meminfo를 읽을 수 없습니다"))?;
    check_available(ram_bytes, &meminfo)
}

fn check_available(ram_bytes: u64, meminfo: &str) -> Result<()> {
    let line = meminfo.lines().find_map(|l| l.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB"));
    let available = line.and_then(|kib| kib.parse::<u64>().ok()).map_or(u64::MAX, |kib| kib * 1024);
    if ram_bytes <= available {
        return Ok(());
    }
    let (asked, free) = (ram_bytes >> 20, available >> 20);
    let cause = said!(
        "{asked} MiB are asked for, {free} MiB are available",
        "{asked} MiB를 요청했으나 {free} MiB를 쓸 수 있음"
    );
    Err(Error::unavailable(said!("back all of guest RAM", "게스트 RAM 전부를 확보할 수 없습니다"), cause)
        .try_this(said!("a smaller ram=SIZE, or leave populate out", "더 작은 ram=SIZE를 쓰거나 populate를 빼십시오")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn only_what_the_host_has_can_be_backed() {
        let meminfo = "MemTotal: 3000000 kB\nMemAvailable:   1048576 kB\n";
        assert!(check_available(1 << 30, meminfo).is_ok());
        let error = check_available(2 << 30, meminfo).unwrap_err();
        assert_eq!((error.kind, &*error.cause), (Kind::Unavailable, "2048 MiB are asked for, 1024 MiB are available"));
    }
}
