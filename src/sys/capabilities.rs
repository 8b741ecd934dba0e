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

/// Sets the effective and permitted sets to `kept`, the inheritable one to nothing; that empties the ambient set too.
pub fn set(kept: Set) -> Result<(), Errno> {
    const VERSION_3: u32 = 0x2008_0522;
    let header = [VERSION_3, 0]; // pid 0: the calling thread
    let (low, high) = (kept as u32, (kept >> 32) as u32);
    let data = [low, low, 0, high, high, 0]; // effective, permitted, inheritable: low halves, then high halves
    // SAFETY: version 3 means a header of two and data of two times three 32-bit numbers; both outlive the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()) }).map(drop)
}
