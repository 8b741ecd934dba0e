//! Capabilities: the pieces that root's power was cut into (capabilities(7)). What a container keeps is in its spec
//! (docker's fourteen in [`super::presets`]), and no program in it can get another one back.

use nix::errno::Errno;

use super::spec::User;
pub use crate::sys::capabilities::{Set, Sets};
use crate::sys::capabilities::{keep_over_change_of_user, limit_bounding_set, raise_ambient, set};
use crate::sys::ids;

/// In the order of their numbers (linux/capability.h), without "CAP_".
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// Of "CAP_KILL".
pub fn number(name: &str) -> Option<usize> {
    let name = name.strip_prefix("CAP_").unwrap_or(name);
    NAMES.iter().position(|known| *known == name)
}

/// Of names that are known.
pub fn set_of(names: &[&str]) -> Set {
    names.iter().filter_map(|name| number(name)).fold(0, |set, number| set | 1 << number)
}

/// Becomes the user of the program with exactly these capabilities. Nothing here allocates.
///
/// The bounding set first: changing it needs SETPCAP, and it is what root gets at every exec. Who ceases to be root loses
/// all capabilities, unless they are told to stay over the change.
pub fn become_user(user: &User, sets: Option<&Sets>) -> Result<(), Errno> {
    if let Some(sets) = sets {
        limit_bounding_set(sets.bounding)?;
    }
    if !user.is_root() {
        if sets.is_some() {
            keep_over_change_of_user()?;
        }
        ids::set_groups(&user.additional_gids)?;
        ids::become_user(user.uid, user.gid)?;
    }
    if let Some(sets) = sets {
        set(sets)?;
        raise_ambient(sets.ambient)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::presets;

    #[test]
    fn the_set_is_dockers() {
        assert_eq!(presets::CAPABILITIES.len(), 14);
        assert!(presets::CAPABILITIES.iter().all(|name| number(name).is_some()));
        assert_eq!(set_of(presets::CAPABILITIES), 0xa804_25fb, "as docker shows it in CapEff");
    }

    #[test]
    fn numbers_are_the_kernels() {
        let last = NAMES.len() - 1;
        let some = [("CAP_CHOWN", 0), ("CAP_SYS_ADMIN", 21), ("SETFCAP", 31), ("CAP_CHECKPOINT_RESTORE", last)];
        for (name, expected) in some {
            assert_eq!(number(name), Some(expected), "{name}");
        }
        assert_eq!(number("CAP_EVERYTHING"), None);
    }
}
