//! Our own container, made by root: no image, no engine.

use std::fs;
use std::path::Path;

use nix::unistd::Uid;

use super::contained::{Privileges, check, prepare};
use super::{About, Clocks, Environment, KnobAbout, Knobs, Prepared, Setting, Support, Task};
use crate::container::cgroup::{TOP, Tree};
use crate::container::idmap::IdMap;
use crate::error::{Error, Result, shortage};
use crate::model::{AnsweredBy, Channel};

pub struct OwnContainer;

static ABOUT: About = About {
    id: "container",
    name: "our container, no image, no engine",
    sentence: "A process with namespaces, a root folder, a cgroup, fourteen capabilities and a system call filter, as docker's \
               default, made by a small runtime of our own as root.",
    kind: crate::model::Kind::Container,
    answered_by: AnsweredBy::HostKernel,
    clocks: Clocks::Both,
    knobs: KNOBS,
    channel: Channel::Fd,
    t0: "just before its cgroup is made, or clone3 without one; the pipe for its records exists already",
};

#[rustfmt::skip]
pub(super) const KNOBS: &[KnobAbout] = &[
    knob("-net", "It stays in the host's network."),
    knob("-lo", "Its loopback device stays down."),
    knob("-pid", "It sees and numbers processes as the host does: its root can kill any of them, PID 1 too."),
    knob("-ipc", "It shares message queues, semaphores and shared memory with the host."),
    knob("-uts", "It has the host's name."),
    knob("-cgroup", "It has no cgroup of its own, so no limits; the namespace that hides the tree of cgroups stays."),
    knob("-dev", "It has the root folder's /dev, where no device is alive."),
    knob("-mask", "Nothing in /proc and /sys is hidden or made read-only: its root can harm the host."),
    knob("-caps", "It keeps all capabilities: its root can harm the host."),
    knob("-seccomp", "No system call is filtered."),
    knob("fork", "The child is a copy of its parent, as `process` is; without it the child borrows its parent's memory until exec."),
    knob("+user", "A user namespace: its root is user 100000 outside."),
    knob("+init", "A small PID 1 stands before the program."),
    knob("-init", "In a bench of an own command that command is PID 1 itself: a signal that it sends itself is lost."),
];

const fn knob(form: &'static str, sentence: &'static str) -> KnobAbout {
    KnobAbout { form, sentence }
}

impl Environment for OwnContainer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, knobs: &Knobs) -> Result<()> {
        check(knobs)
    }

    fn supports(&self, knobs: &Knobs, _: &Task) -> Support {
        let no = |reason: &str, fix: &str| Support::No { reason: reason.into(), fix: fix.into() };
        if !Uid::effective().is_root() {
            return no("it is made by root", "sudo, or -e container-rootless");
        }
        if !Path::new("/proc/self").exists() {
            return no(shortage::NO_PROC, shortage::PROC);
        }
        if !may_administer(&fs::read_to_string("/proc/self/status").unwrap_or_default()) {
            return no(
                "this root has no CAP_SYS_ADMIN (inside a container?)",
                "run it on the host, or -e container-rootless",
            );
        }
        if !knobs.has("-dev") && !sees_every_user(&fs::read_to_string("/proc/self/uid_map").unwrap_or_default()) {
            return no(
                "this root is one of a user namespace alone, who may make no device files",
                "container-rootless",
            );
        }
        if !kernel_is_new_enough() {
            return no("mount_setattr(2) came with Linux 5.12", "a newer kernel: uname -r");
        }
        match tree(knobs) {
            Ok(Some(tree)) if !tree.is_writable() => {
                no("the tree of cgroups is not writable", "container:-cgroup, which needs none")
            }
            Err(error) => Support::No { reason: error.cause, fix: error.try_this },
            Ok(_) => Support::Yes,
        }
    }

    fn prepare(&self, knobs: &Knobs, task: &Task, setting: &Setting) -> Result<Box<dyn Prepared>> {
        check(knobs)?;
        if knobs.has("-cgroup") && task.limits != crate::model::Limits::default() {
            return Err(Error::usage("limit the container", "the knob -cgroup takes away what would limit it"));
        }
        if let Support::No { reason, fix } = self.supports(knobs, task) {
            return Err(Error::unavailable("make a container", reason).try_this(fix));
        }
        let ids = knobs.has("+user").then_some(IdMap::MANY);
        let cgroup = match &setting.cgroup_root {
            Some(folder) => tree(knobs)?.map(|tree| tree.inside(folder)),
            None => tree(knobs)?,
        };
        prepare(knobs, task, setting, Privileges { ids, cgroup, become_user: None })
    }
}

fn tree(knobs: &Knobs) -> Result<Option<Tree>> {
    if knobs.has("-cgroup") {
        return Ok(None);
    }
    Tree::find(Path::new(TOP)).map(Some)
}

/// CAP_SYS_ADMIN in "CapEff: …" of /proc/PID/status.
fn may_administer(status: &str) -> bool {
    const CAP_SYS_ADMIN: u64 = 1 << 21;
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).is_some_and(|set| set & CAP_SYS_ADMIN != 0)
}

/// "0 0 4294967295": the map of the first user namespace (user_namespaces(7)). A kernel without them has no map.
fn sees_every_user(uid_map: &str) -> bool {
    let numbers: Vec<&str> = uid_map.split_whitespace().collect();
    numbers.is_empty() || numbers == ["0", "0", "4294967295"]
}

pub(super) fn kernel_is_new_enough() -> bool {
    let release = nix::sys::utsname::uname().map(|u| u.release().to_string_lossy().into_owned()).unwrap_or_default();
    version(&release) >= (5, 12)
}

/// (6, 18) of "6.18.44-generic".
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::testing::run_noop;

    #[test]
    fn the_probe_proves_itself_with_every_part_and_without_each() {
        let without = KNOBS.iter().map(|k| vec![k.form]).filter(|knobs| knobs != &["-init"]); // for own commands
        let combined = [vec![], vec!["+user", "+init"], vec!["-seccomp", "-dev", "-mask", "-lo", "-cgroup", "-caps"]];
        for knobs in without.chain(combined) {
            if !run_noop(&OwnContainer, &knobs) {
                return;
            }
        }
    }

    #[test]
    fn facts_are_read_from_their_texts() {
        assert!(may_administer("Name: x\nCapEff:\t000001ffffffffff\n"));
        assert!(!may_administer("CapEff:\t00000000a80425fb\n") && !may_administer(""));
        assert!(sees_every_user("         0          0 4294967295\n") && sees_every_user(""));
        assert!(!sees_every_user("         0      12345          1\n") && !sees_every_user("0 100000 65536\n"));
        assert_eq!(version("6.18.44-fc"), (6, 18));
        assert!(version("5.4.0-150-generic") < (5, 12) && version("5.12") >= (5, 12) && version("odd") < (5, 12));
    }
}
