//! Capabilities: the pieces that root's power was cut into (capabilities(7)). Our container keeps the fourteen that docker
//! keeps, and no program in it can get another one back.

use nix::errno::Errno;

use crate::sys::capabilities::{Set, limit_bounding_set, set};

/// Docker's default list (moby, profiles `oci/caps/defaults.go`), with the numbers of linux/capability.h.
pub const KEPT: &[(&str, u32)] = &[
    ("CHOWN", 0),
    ("DAC_OVERRIDE", 1),
    ("FOWNER", 3),
    ("FSETID", 4),
    ("KILL", 5),
    ("SETGID", 6),
    ("SETUID", 7),
    ("SETPCAP", 8),
    ("NET_BIND_SERVICE", 10),
    ("NET_RAW", 13),
    ("SYS_CHROOT", 18),
    ("MKNOD", 27),
    ("AUDIT_WRITE", 29),
    ("SETFCAP", 31),
];

/// The list as a set.
pub const fn kept() -> Set {
    let mut set = 0;
    let mut place = 0;
    while place < KEPT.len() {
        set |= 1 << KEPT[place].1;
        place += 1;
    }
    set
}

/// The bounding set first: changing it needs SETPCAP, and it is what root gets at every exec. Inheritable and ambient stay
/// empty, as in docker since CVE-2022-24769.
pub fn keep_the_usual() -> Result<(), Errno> {
    limit_bounding_set(kept())?;
    set(kept())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_dockers() {
        assert_eq!(KEPT.len(), 14);
        assert_eq!(kept(), 0xa804_25fb, "as docker shows it in CapEff");
    }
}
