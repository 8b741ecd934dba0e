//! What makes numbers of this machine good or bad: clock, CPUs, governor, power, memory, swap, load.

use super::machine::Machine;
use super::row::Row;
use crate::host::{NOT_OFFERED, kib_field};
use crate::units::show_bytes;

pub(super) fn cpus(m: &Machine) -> Row {
    const WHAT: &str = "CPUs";
    let (all, usable) = (m.host.logical_cores, m.host.usable_cores.unwrap_or(m.host.logical_cores));
    let cores = m.host.physical_cores.filter(|cores| *cores < all).map(|cores| format!(" on {cores} cores"));
    let seen = format!(
        "{all}{}, {}",
        cores.unwrap_or_default(),
        if usable == all { "all usable".into() } else { format!("{usable} usable") }
    );
    if usable == 1 {
        return Row::limited("cpus", WHAT, format!("{seen}: the harness and what it measures share one"))
            .try_this(["look whether taskset or a cpuset took the others:", "$ taskset -pc $$"]);
    }
    Row::ok("cpus", WHAT, seen)
}

/// A container's child stamps its stages in ticks, so ticks must have one length and never stop (Intel SDM vol. 3,
/// "Invariant TSC"; Linux: constant_tsc, nonstop_tsc).
pub(super) fn clock(m: &Machine) -> Row {
    const WHAT: &str = "clock";
    let source = m.text("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let invariant = m.cpu_has("constant_tsc") && m.cpu_has("nonstop_tsc");
    // These are read without a system call too (vDSO): arch/x86/include/asm/vdso/gettimeofday.h.
    let quick = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page"].contains(&source.as_str());
    match (invariant, quick) {
        (true, true) => Row::ok("clock", WHAT, format!("{source}; the TSC is invariant and never stops")),
        (false, true) => Row::limited(
            "clock",
            WHAT,
            format!("{source}; the TSC is not known to be invariant: stages inside a container are less certain"),
        ),
        (_, false) => {
            let source = if source.is_empty() { NOT_OFFERED } else { &source };
            Row::limited("clock", WHAT, format!("{source}: a reading is a system call, and costs up to microseconds"))
                .try_this([
                    "see why the kernel does not trust the TSC:",
                    "$ sudo dmesg | grep -i -e tsc -e clocksource",
                ])
        }
    }
}

pub(super) fn governor(m: &Machine) -> Row {
    const WHAT: &str = "CPU frequency";
    match m.host.governor.as_str() {
        "performance" => Row::ok("governor", WHAT, "governor performance"),
        NOT_OFFERED if m.host.virtualised_by.is_some() => {
            Row::limited("governor", WHAT, "set by the host around us, not to be seen here")
        }
        NOT_OFFERED => Row::limited("governor", WHAT, "no governor is offered: the firmware decides"),
        other => {
            Row::limited("governor", WHAT, format!("governor {other}: the first samples after a pause run slower"))
                .try_this(["$ echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"])
        }
    }
}

pub(super) fn power(m: &Machine) -> Row {
    const WHAT: &str = "power";
    let supplies = std::fs::read_dir(m.path("/sys/class/power_supply")).into_iter().flatten().flatten();
    let of =
        |file: &std::path::Path, name| std::fs::read_to_string(file.join(name)).unwrap_or_default().trim().to_owned();
    let mains: Vec<bool> =
        supplies.map(|e| e.path()).filter(|s| of(s, "type") == "Mains").map(|s| of(&s, "online") == "1").collect();
    match (mains.is_empty(), mains.contains(&true)) {
        (true, _) => Row::ok("power", WHAT, "no battery that could save power"),
        (_, true) => Row::ok("power", WHAT, "plugged in"),
        _ => Row::limited("power", WHAT, "on battery: the CPU saves power while you measure").try_this(["plug it in"]),
    }
}

/// 32 instances of about a MiB each, guests that touch 64 MiB, and room so that nothing is reclaimed meanwhile.
const ENOUGH_BYTES: u64 = 1 << 30;

pub(super) fn memory(m: &Machine) -> Row {
    const WHAT: &str = "free memory";
    let Some(free) = kib_field(&m.text("/proc/meminfo"), "MemAvailable") else {
        return Row::limited("memory", WHAT, "the kernel does not tell");
    };
    let of = m.host.ram_bytes.map_or(String::new(), |all| format!(" of {}", show_bytes(all as f64)));
    let seen = format!("{}{of}", show_bytes(free as f64));
    if free < ENOUGH_BYTES {
        return Row::limited("memory", WHAT, format!("{seen}: weigh fewer at once"))
            .try_this(["$ isolab bench -x memory --n 1,2,4,8"]);
    }
    Row::ok("memory", WHAT, seen)
}

pub(super) fn swap(m: &Machine) -> Row {
    const WHAT: &str = "swap";
    let meminfo = m.text("/proc/meminfo");
    let (total, free) = (kib_field(&meminfo, "SwapTotal").unwrap_or(0), kib_field(&meminfo, "SwapFree").unwrap_or(0));
    let used = total.saturating_sub(free);
    if total == 0 {
        return Row::ok("swap", WHAT, "none: what we weigh stays in memory");
    }
    let (total, used_text) = (show_bytes(total as f64), show_bytes(used as f64));
    if used == 0 {
        return Row::ok("swap", WHAT, format!("{total}, none of it in use"));
    }
    Row::limited("swap", WHAT, format!("{used_text} of {total} in use: memory that was swapped is not weighed"))
        .try_this(["$ sudo swapoff -a"])
}

pub(super) fn load(m: &Machine) -> Row {
    const WHAT: &str = "load";
    match m.host.load {
        None => Row::limited("load", WHAT, "the kernel does not tell"),
        Some([minute, ..]) if minute > 1.0 => {
            Row::limited("load", WHAT, format!("{minute:.1}: other programs are running, numbers will be noisy"))
                .try_this(["close them, or wait:", "$ top -o %CPU"])
        }
        Some([minute, ..]) => Row::ok("load", WHAT, format!("{minute:.1}")),
    }
}
