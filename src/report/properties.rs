//! What each environment may use, and by which way: the half of an environment table that is not in the fingerprint.
//!
//! Limits that differ and paths that differ are what makes a comparison unfair without anybody noticing, so they stand
//! side by side for every arm, and the report says whether they are equal.

use super::words::{self, Words};
use crate::lang::Lang;
use crate::results::schema::{ArmInfo, Plan};

/// In words of the reader's language; equal words mean equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Properties {
    pub cpu: String,
    pub memory: String,
    pub files: String,
    pub network: String,
    pub kernel: String,
}

/// Guest RAM of a bare VM without the knob `ram=`.
const BARE_RAM: &str = "8M";

pub(super) fn of(arm: &ArmInfo, plan: &Plan, lang: Lang) -> Properties {
    let knobs: Vec<&str> = arm.id.knobs().collect();
    let knob = |name: &str| knobs.contains(&name);
    let say = |words: &Words| words.of(lang).to_owned();
    let one_cpu =
        plan.cpu.map_or_else(|| say(&words::NO_CPU_LIMIT), |cpu| words::ONE_CPU.with(lang, &[&cpu.to_string()]));
    match arm.environment.as_str() {
        "process" => Properties {
            cpu: one_cpu,
            memory: say(&words::NO_MEMORY_LIMIT),
            files: say(&words::HOST_FILES),
            network: say(&words::HOST_NETWORK),
            kernel: say(&words::HOST_KERNEL),
        },
        "container" | "container-rootless" => Properties {
            cpu: one_cpu,
            memory: say(&words::NO_MEMORY_LIMIT),
            files: say(&words::OWN_ROOT),
            network: match (knob("-net"), knob("-lo")) {
                (true, _) => say(&words::HOST_NETWORK),
                (_, true) => say(&words::OWN_NETWORK_DOWN),
                _ => say(&words::OWN_NETWORK),
            },
            kernel: say(&words::HOST_KERNEL),
        },
        "vm-bare" => {
            let ram = knobs.iter().find_map(|k| k.strip_prefix("ram=")).unwrap_or(BARE_RAM);
            Properties {
                cpu: if plan.cpu.is_some() { one_cpu } else { say(&words::ONE_VCPU) },
                memory: words::GUEST_RAM.with(lang, &[ram]),
                files: say(&words::NO_FILES),
                network: say(&words::NO_NETWORK),
                kernel: say(&words::OWN_KERNEL),
            }
        }
        _ => {
            let unknown = || say(&words::NOT_KNOWN_HERE);
            Properties { cpu: unknown(), memory: unknown(), files: unknown(), network: unknown(), kernel: unknown() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The environment says of itself what is said about it here.
    #[test]
    fn the_bare_machine_is_described_as_it_is() {
        let about = crate::environments::knobs::find("vm-bare").unwrap().about();
        assert!(about.sentence.contains("with one vCPU"));
        let ram = about.knobs.iter().find(|k| k.form.starts_with("ram=")).unwrap();
        assert!(ram.sentence.contains(&format!("{BARE_RAM} without it")), "{}", ram.sentence);
    }

    #[test]
    fn every_environment_of_this_version_has_its_properties() {
        let run = crate::results::example::boot(6);
        for environment in crate::environments::ALL.iter().filter(|e| !e.about().is_scripted()).map(|e| e.about().id) {
            let arm = ArmInfo { environment: environment.into(), id: environment.into(), ..run.header.arms[0].clone() };
            let found = of(&arm, &run.header.plan, Lang::En);
            assert_ne!(found.cpu, words::NOT_KNOWN_HERE.of(Lang::En), "{environment}");
        }
    }
}
