//! Environment and configuration, filled from the fingerprint and the plan, never typed by hand: the machine, what each
//! arm may use, and whether that was equal.

use super::page::{Block, Section, Table, code, text, verbatim};
use super::reach::{self, ReachInWords};
use super::words::{self, Words};
use super::{names, sections};
use crate::host::NOT_OFFERED;
use crate::lang::Lang;
use crate::results::schema::{ArmInfo, Run, Status};
use crate::units::show_bytes;

pub(super) fn section(run: &Run, lang: Lang) -> Section {
    let mut blocks = vec![Block::Table(machine(run, lang)), Block::Text(where_it_ran(run, lang))];
    blocks.push(Block::Heading(words::ARMS.of(lang).into()));
    blocks.push(Block::Table(arms(run, lang)));
    blocks.push(Block::List(equal_or_not(run, lang)));
    Section { id: "environment", title: words::ENVIRONMENT.of(lang).into(), blocks }
}

fn machine(run: &Run, lang: Lang) -> Table {
    let (h, host) = (&run.header, &run.header.host);
    let say = |words: &Words| words.of(lang).to_owned();
    let number = |n: Option<usize>| n.map_or_else(|| say(&words::NOT_TOLD), |n| n.to_string());
    let bytes = |b: Option<u64>| b.map_or_else(|| say(&words::NOT_TOLD), |b| show_bytes(b as f64));
    let caches: Vec<String> =
        host.caches.iter().map(|c| format!("L{} {} {}", c.level, c.kind, show_bytes(c.bytes as f64))).collect();
    let load = host.load.map_or_else(|| say(&words::NOT_TOLD), |l| format!("{:.2} {:.2} {:.2}", l[0], l[1], l[2]));
    let mut table = Table::new(words::MACHINE.of(lang), &[words::FACT.of(lang), words::VALUE.of(lang)]);
    let mut fact = |name: &Words, value: String| table.row(vec![text(name.of(lang)), text(or_not_told(value, lang))]);
    fact(&words::CPU_MODEL, host.cpu_model.clone());
    fact(
        &words::CORES,
        words::CORES_VALUE
            .with(lang, &[&number(host.physical_cores), &host.logical_cores.to_string(), &number(host.usable_cores)]),
    );
    fact(&words::CACHES, caches.join(", "));
    fact(&words::RAM, bytes(host.ram_bytes));
    fact(&words::SWAP, bytes(host.swap_bytes));
    fact(&words::DISTRIBUTION, host.distribution.clone());
    fact(&words::KERNEL, format!("Linux {}", host.kernel));
    fact(&words::KVM_BACKEND, if host.kvm_backend.is_empty() { say(&words::NONE) } else { host.kvm_backend.clone() });
    fact(&words::VIRTUALISED_BY, host.virtualised_by.clone().unwrap_or_else(|| say(&words::NONE_SEEN)));
    fact(&words::IN_CONTAINER, host.container.clone().unwrap_or_else(|| say(&words::NONE_SEEN)));
    fact(&words::WSL2, say(if host.wsl2 { &words::YES } else { &words::NO }));
    fact(&words::CGROUP_VERSION, format!("{}: {}", host.cgroups.mode.name(), host.cgroups.controllers.join(" ")));
    fact(&words::GOVERNOR, host.governor.clone());
    fact(&words::THP, host.thp.clone());
    fact(&words::MITIGATIONS, mitigations(run));
    for (name, value) in tuning(run, lang) {
        fact(name, value);
    }
    fact(&words::LOAD, load);
    fact(&words::USER, say(if h.root { &words::AS_ROOT } else { &words::NOT_ROOT }));
    fact(&words::TOOL, format!("isolab {} ({}, {})", h.version, h.commit, h.profile));
    fact(
        &words::TOOLS,
        host.tools.iter().map(|(tool, version)| format!("{tool}: {version}")).collect::<Vec<_>>().join("; "),
    );
    fact(&words::PROGRAM, program(run, lang));
    table
}

fn or_not_told(value: String, lang: Lang) -> String {
    match value.as_str() {
        "" => words::NOT_TOLD.of(lang).to_owned(),
        NOT_OFFERED => words::NOT_OFFERED.of(lang).to_owned(),
        _ => value,
    }
}

/// What the kernel says it does against the CPU's faults; "not affected" needs no room.
fn mitigations(run: &Run) -> String {
    let told = run.header.host.mitigations.iter().filter(|(_, state)| !state.starts_with("Not affected"));
    told.map(|(name, state)| format!("{name}: {}", state.trim_start_matches("Mitigation: ")))
        .collect::<Vec<_>>()
        .join("; ")
}

/// Files of older versions do not have these.
fn tuning(run: &Run, lang: Lang) -> Vec<(&'static Words, String)> {
    let Some(t) = &run.header.host.tuning else { return Vec::new() };
    let or_not = |value: Option<String>| value.unwrap_or_else(|| words::NOT_TOLD.of(lang).to_owned());
    vec![
        (&words::ASLR, setting(&t.aslr, lang)),
        (&words::RCU, setting(&t.rcu, lang)),
        (&words::TICK, or_not(t.tick_hz.map(|hz| format!("{hz} Hz")))),
        (&words::TURBO, setting(&t.turbo, lang)),
        (&words::ISOLATED_CPUS, {
            format!("isolcpus {}; nohz_full {}", setting(&t.isolated_cpus, lang), setting(&t.nohz_full, lang))
        }),
        (&words::KSM, setting(&t.ksm, lang)),
        (&words::HEAT, or_not(t.cpu_celsius.map(|c| format!("{c:.0} °C")))),
        (&words::COPIED_MOUNTS, or_not(t.mounts.map(|n| n.to_string()))),
    ]
}

/// One of the words that the results file has for a setting; a list of CPUs stays as it is.
fn setting(value: &str, lang: Lang) -> String {
    let word = words::SETTINGS.iter().find(|word| word.of(Lang::En) == value);
    word.map_or(value, |word| word.of(lang)).to_owned()
}

fn program(run: &Run, lang: Lang) -> String {
    match &run.header.plan.command {
        Some(command) => code(&command.join(" ")),
        None => words::THE_PROBE.with(lang, &[&sections::short(&run.header.probe_sha256)]),
    }
}

/// "VM against container" inside a VM is something else than on bare metal, and a reader must not have to guess.
fn where_it_ran(run: &Run, lang: Lang) -> String {
    let host = &run.header.host;
    match (&host.virtualised_by, &host.container) {
        (Some(by), Some(container)) => words::RAN_IN_CONTAINER_IN_VM.with(lang, &[container, by]),
        (Some(by), None) => words::RAN_IN_VM.with(lang, &[by]),
        (None, Some(container)) => words::RAN_IN_CONTAINER.with(lang, &[container]),
        (None, None) => words::RAN_ON_METAL.of(lang).to_owned(),
    }
}

fn arms(run: &Run, lang: Lang) -> Table {
    let titles = [
        &words::ARM,
        &words::CPU,
        &words::MEMORY,
        &words::FILES,
        &words::NETWORK,
        &words::WHOSE_KERNEL,
        &words::BACKEND,
        &words::T0,
        &words::LESS_THAN_ASKED,
    ];
    let titles: Vec<&str> = titles.iter().map(|t| t.of(lang)).collect();
    let mut table = Table::new(words::ARMS_CAPTION.of(lang), &titles);
    for arm in run.header.arms.iter().filter(|a| !a.id.is_repeated()) {
        let p = reach::of(arm, &run.header.plan, lang);
        let backend = arm.backend.clone().unwrap_or_else(|| words::NO_KVM.of(lang).to_owned());
        let limited = arm.limited_in(lang).map_or_else(|| text(words::NO.of(lang)), |(why, _)| verbatim(why));
        let name = format!("{} ({})", names::plain(run, &arm.id, lang), code(&arm.id));
        let t0 = arm.t0_in(lang).to_owned();
        table.row(vec![
            text(name),
            text(p.cpu),
            text(p.memory),
            text(p.files),
            text(p.network),
            text(p.kernel),
            text(backend),
            text(or_not_told(t0, lang)),
            limited,
        ]);
    }
    table
}

/// The arms of which something was measured, each once.
fn measured(run: &Run) -> Vec<&ArmInfo> {
    let measured = |id: &str| run.cells.iter().any(|c| c.arm == id && c.status == Status::Measured);
    run.header.arms.iter().filter(|a| !a.id.is_repeated() && measured(&a.id)).collect()
}

/// One sentence for each thing that may differ: equal for all, or what differs.
pub(super) fn equal_or_not(run: &Run, lang: Lang) -> Vec<String> {
    let arms = measured(run);
    let of: Vec<(&str, ReachInWords)> =
        arms.iter().map(|a| (a.id.as_str(), reach::of(a, &run.header.plan, lang))).collect();
    if of.len() < 2 {
        return vec![words::ONE_ARM_NOTHING_TO_COMPARE.of(lang).into()];
    }
    let about = |what: &Words, property: fn(&ReachInWords) -> &String| {
        let mut groups: Vec<(&String, Vec<String>)> = Vec::new();
        for (id, properties) in &of {
            let value = property(properties);
            match groups.iter_mut().find(|(v, _)| *v == value) {
                Some((_, ids)) => ids.push(code(id)),
                None => groups.push((value, vec![code(id)])),
            }
        }
        if let [(value, _)] = groups.as_slice() {
            return words::EQUAL_FOR_ALL.with(lang, &[what.of(lang), value]);
        }
        let told: Vec<String> = groups.iter().map(|(value, ids)| format!("{}: {value}", ids.join(", "))).collect();
        words::NOT_EQUAL.with(lang, &[what.of(lang), &told.join("; ")])
    };
    vec![
        about(&words::CPU_LIMITS, |p| &p.cpu),
        about(&words::MEMORY_LIMITS, |p| &p.memory),
        about(&words::FILE_PATHS, |p| &p.files),
        about(&words::NETWORK_PATHS, |p| &p.network),
        about(&words::KERNELS_USED, |p| &p.kernel),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_told_in_the_language_of_the_report() {
        let told = |value| (setting(value, Lang::En), setting(value, Lang::Ko));
        assert_eq!(told("none"), ("none".into(), "없음".into()));
        assert_eq!(told("not offered"), ("not offered".into(), "제공되지 않음".into()));
        assert_eq!(told("2-3"), ("2-3".into(), "2-3".into()));
        for value in ["off", "on", "partial", "full", "default", "expedited", "normal", "unmerged"] {
            assert_ne!(setting(value, Lang::Ko), value);
        }
    }
}
