//! What one bare VM takes: its monitor's memory, the guest's RAM as configured and as touched, KVM's objects.

use std::fs::{read_dir, read_to_string};

use crate::error::{Context, Error, Result};
use crate::model::Part;
use crate::sys::guest_memory::GuestMemory;

/// Of the calling process, which is the monitor. "private" contains the touched guest RAM.
pub(super) fn of(ram: &GuestMemory, slots: u64) -> Result<Vec<Part>> {
    let read = |path: &str| read_to_string(path).doing(|| format!("read {path}"));
    let rollup = read("/proc/self/smaps_rollup")?;
    let smaps = read("/proc/self/smaps")?;
    let touched = touched_kib(&smaps, ram.host_address(), ram.bytes())
        .ok_or_else(|| Error::new("weigh the guest's RAM", "its mapping is not in /proc/self/smaps"))?;
    let private = kib(&rollup, "Private_Clean:") + kib(&rollup, "Private_Dirty:");
    let fds = read_dir("/proc/self/fd").doing(|| "list /proc/self/fd")?.count() as u64;
    Ok(vec![
        Part::bytes("private", private * 1024, "/proc/PID/smaps_rollup Private_*, touched guest RAM included"),
        Part::bytes("guest RAM configured", ram.bytes(), "mmap"),
        Part::bytes("guest RAM touched", touched * 1024, "/proc/PID/smaps Rss of the guest's mapping"),
        Part::count("processes", 1, "the monitor; there is none inside"),
        Part::count("fds", fds, "/proc/PID/fd"),
        Part::count("kvm:vm", 1, "KVM_CREATE_VM"),
        Part::count("kvm:vcpu", 1, "KVM_CREATE_VCPU"),
        Part::count("kvm:memory slot", slots, "KVM_SET_USER_MEMORY_REGION"),
        Part::count("kernels", 1, "our guest kernel"),
    ])
}

/// The sum of all lines "NAME   123 kB".
fn kib(text: &str, name: &str) -> u64 {
    text.lines().filter_map(|l| l.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse::<u64>().ok()).sum()
}

/// Resident KiB of all mappings inside `start .. start + bytes`; None when there is none.
fn touched_kib(smaps: &str, start: u64, bytes: u64) -> Option<u64> {
    let mut found = None;
    let mut inside = false;
    for line in smaps.lines() {
        if let Some((from, to)) = range(line) {
            inside = from >= start && to <= start + bytes;
            found = found.or(inside.then_some(0));
        } else if inside && line.starts_with("Rss:") {
            found = found.map(|sum| sum + kib(line, "Rss:"));
        }
    }
    found
}

/// "7f00-7fff rw-p …" is the first line of a mapping.
fn range(line: &str) -> Option<(u64, u64)> {
    let (from, to) = line.split(' ').next()?.split_once('-')?;
    Some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guests_mapping_is_found_among_others() {
        let smaps = "1000-2000 rw-p 0 00:00 0\nRss:  4 kB\n10000-20000 rw-p 0 00:00 0\nSize: 64 kB\nRss:   12 kB\n\
                     20000-30000 rw-p 0 00:00 0\nRss: 8 kB\n";
        assert_eq!(touched_kib(smaps, 0x10000, 0x10000), Some(12));
        assert_eq!(touched_kib(smaps, 0x10000, 0x20000), Some(20), "split by the kernel");
        assert_eq!(touched_kib(smaps, 0x40000, 0x10000), None);
        assert_eq!(kib("Private_Clean: 8 kB\nPrivate_Dirty:  100 kB\n", "Private_Dirty:"), 100);
    }
}
