//! Capability sets of the calling thread (capabilities(7)); nix has no calls for them.

use nix::errno::Errno;

/// A set of capabilities, bit n = capability n.
pub type Set = u64;

/// Takes everything that is not in `kept` out of the bounding set: no program executed later can get it back.
pub fn limit_bounding_set(kept: Set) -> Result<(), Errno> {
    for number in 0..64u32 {
        if kept & (1 << number) != 0 {
            continue;
        }
        // SAFETY: plain numbers.
        match Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) }) {
            Err(Errno::EINVAL) => return Ok(()), // past the last one that this kernel knows
            other => other.map(drop)?,
        }
    }
    Ok(())
}

/// All that a thread has (capabilities(7), "Thread capability sets").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sets {
    pub bounding: Set,
    pub effective: Set,
    pub permitted: Set,
    pub inheritable: Set,
    pub ambient: Set,
}

const VERSION_3: u32 = 0x2008_0522;

/// What the kernel grants this thread now.
pub fn effective() -> Result<Set, Errno> {
    let header = [VERSION_3, 0]; // pid 0: the calling thread
    let mut data = [[0u32; 3]; 2];
    // SAFETY: version 3 means a header of two and data of two times three 32-bit numbers; both outlive the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), data.as_mut_ptr()) })?;
    Ok(Set::from(data[0][0]) | Set::from(data[1][0]) << 32)
}

/// Sets the effective, permitted and inheritable sets. What is not in the last two leaves the ambient set too.
pub fn set(sets: &Sets) -> Result<(), Errno> {
    let header = [VERSION_3, 0]; // as above
    let of_three = |half: fn(Set) -> u32| [sets.effective, sets.permitted, sets.inheritable].map(half);
    let data = [of_three(|set| set as u32), of_three(|set| (set >> 32) as u32)];
    // SAFETY: version 3 means a header of two and data of two times three 32-bit numbers; both outlive the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()) }).map(drop)
}

/// What a program without root keeps at exec. Each must be permitted and inheritable.
pub fn raise_ambient(ambient: Set) -> Result<(), Errno> {
    for number in (0..64u64).filter(|number| ambient & (1 << number) != 0) {
        // SAFETY: plain numbers.
        Errno::result(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, number, 0, 0) })?;
    }
    Ok(())
}

/// The permitted set outlives the change of the user from 0 to another; until the next exec.
pub fn keep_over_change_of_user() -> Result<(), Errno> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_set_is_the_one_in_proc() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let shown = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
        assert_eq!(effective(), Ok(Set::from_str_radix(shown.trim(), 16).unwrap()));
    }
}
