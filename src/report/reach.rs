//! What each environment may use, and by which way: the half of an environment table that is not in the fingerprint.
//!
//! Limits that differ and paths that differ are what makes a comparison unfair without anybody noticing, so they stand
//! side by side for every arm, and the report says whether they are equal.

use super::words::{self, Words};
use crate::lang::Lang;
use crate::model::{AnsweredBy, FileTree, Kind, Network};
use crate::results::schema::{ArmInfo, Plan};

/// In words of the reader's language; equal words mean equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReachInWords {
    pub cpu: String,
    pub memory: String,
    pub files: String,
    pub network: String,
    pub kernel: String,
}

pub(super) fn of(arm: &ArmInfo, plan: &Plan, lang: Lang) -> ReachInWords {
    let say = |words: &Words| words.of(lang).to_owned();
    let unknown = || say(&words::NOT_KNOWN_HERE);
    let reach = arm.reach();
    ReachInWords {
        cpu: match plan.cpu {
            _ if reach.is_none() => unknown(),
            Some(cpu) => words::ONE_CPU.with(lang, &[&cpu.to_string()]),
            None if arm.kind() == Kind::Machine => say(&words::ONE_VCPU),
            None => say(&words::NO_CPU_LIMIT),
        },
        memory: reach.as_ref().map_or_else(unknown, |reach| match &reach.guest_ram {
            Some(ram) => words::GUEST_RAM.with(lang, &[ram]),
            None => say(&words::NO_MEMORY_LIMIT),
        }),
        files: reach.as_ref().map_or_else(unknown, |reach| match reach.files {
            FileTree::Hosts => say(&words::HOST_FILES),
            FileTree::Own if arm.kind() == Kind::Machine => say(&words::ROOT_IN_GUEST_RAM),
            FileTree::Own => say(&words::OWN_ROOT),
            FileTree::None => say(&words::NO_FILES),
            FileTree::Other => unknown(),
        }),
        network: reach.as_ref().map_or_else(unknown, |reach| match reach.network {
            Network::Hosts => say(&words::HOST_NETWORK),
            Network::Loopback => say(&words::OWN_NETWORK),
            Network::Down if arm.kind() == Kind::Machine => say(&words::GUEST_NETWORK_DOWN),
            Network::Down => say(&words::OWN_NETWORK_DOWN),
            Network::None => say(&words::NO_NETWORK),
            Network::Other => unknown(),
        }),
        kernel: match arm.answered_by() {
            Some(AnsweredBy::HostKernel) => say(&words::HOST_KERNEL),
            Some(AnsweredBy::OwnGuestKernel) => say(&words::OWN_KERNEL),
            Some(AnsweredBy::GuestLinux) => {
                let version = arm.guest_kernel.as_ref().and_then(|kernel| kernel.version.as_ref());
                version.map_or_else(|| say(&words::GUEST_LINUX), |told| words::THIS_GUEST_LINUX.with(lang, &[told]))
            }
            Some(AnsweredBy::Nobody) | None => unknown(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::Arm;
    use crate::model::GuestKernel;

    #[test]
    fn a_linux_guest_has_its_root_in_its_ram_and_tells_its_kernel() {
        let run = crate::results::example::boot(6);
        let Arm { env, knobs, .. } = Arm::parse("vm-linux:ram=64M").unwrap();
        let version = Some("6.1.0-57-cloud-amd64".to_owned());
        let arm = ArmInfo {
            environment: env.about().id.into(),
            kind: Some(env.about().kind),
            answered_by: Some(env.about().answered_by),
            reach: Some(env.reach(&knobs)),
            guest_kernel: Some(GuestKernel { version, sha256: String::new(), format: "bzImage".into() }),
            ..run.header.arms[0].clone()
        };
        let told = of(&arm, &run.header.plan, Lang::En);
        assert_eq!(told.files, words::ROOT_IN_GUEST_RAM.of(Lang::En));
        assert_eq!(told.network, words::GUEST_NETWORK_DOWN.of(Lang::En));
        assert_eq!(told.kernel, "a Linux of its own, in the guest: 6.1.0-57-cloud-amd64");
        let unknown = ArmInfo { guest_kernel: None, ..arm };
        assert_eq!(of(&unknown, &run.header.plan, Lang::En).kernel, words::GUEST_LINUX.of(Lang::En));
    }

    /// As the environment says it now, and as it is told of a file from before it did.
    #[test]
    fn an_old_file_is_told_as_a_new_one() {
        let run = crate::results::example::boot(6);
        for id in ["process", "container", "container:-net", "container-rootless:-lo", "vm-bare", "vm-bare:ram=1G"] {
            let Arm { env, knobs, .. } = Arm::parse(id).unwrap();
            let environment = env.about().id.into();
            let old =
                ArmInfo { environment, id: id.into(), kind: None, answered_by: None, ..run.header.arms[0].clone() };
            let new = ArmInfo {
                kind: Some(env.about().kind),
                answered_by: Some(env.about().answered_by),
                reach: Some(env.reach(&knobs)),
                guest_kernel: None,
                ..old.clone()
            };
            let [old, new] = [old, new].map(|arm| (of(&arm, &run.header.plan, Lang::En), arm.kind()));
            assert_eq!(old, new, "{id}");
            assert!(!format!("{new:?}").contains(words::NOT_KNOWN_HERE.of(Lang::En)), "{new:?}");
        }
    }
}
