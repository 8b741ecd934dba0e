//! What makes numbers of this machine good or bad: clock, CPUs, governor, power, memory, swap, load.

use super::machine::Machine;
use super::row::Row;
use crate::host::{NOT_OFFERED, kib_field};
use crate::lang::Said;
use crate::lang::counted;
use crate::said;
use crate::units::show_bytes;

pub(super) fn cpus(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("CPUs", "CPU 수");
    let (all, usable) = (m.host.logical_cores, m.host.usable_cores.unwrap_or(m.host.logical_cores));
    let cores = m.host.physical_cores.filter(|cores| *cores < all);
    let on_cores = cores.map_or(String::new(), |cores| format!(" on {}", counted(cores, "core")));
    let on_cores_ko = cores.map_or(String::new(), |cores| format!("(코어 {cores}개)"));
    let seen = if usable == all {
        said!("{all}{on_cores}, all usable", "{all}개{on_cores_ko}, 모두 쓸 수 있음")
    } else {
        said!("{all}{on_cores}, {usable} usable", "{all}개{on_cores_ko}, {usable}개를 쓸 수 있음")
    };
    if usable == 1 {
        let shared = Said::compose(&[&seen], |lang| {
            let why = ": the harness and what it measures share one";
            format!("{}{}", seen.of(lang), lang.choose(why, ": 측정 도구와 측정 대상이 하나를 나누어 씀"))
        });
        return Row::limited("cpus", WHAT, shared)
            .try_this([said!(
                "look whether taskset or a cpuset took the others:",
                "taskset이나 cpuset이 나머지를 가져갔는지 보십시오:"
            )])
            .try_this([Said::english("$ taskset -pc $$")]);
    }
    Row::ok("cpus", WHAT, seen)
}

/// A container's child stamps its stages in ticks, so ticks must have one length and never stop (Intel SDM vol. 3,
/// "Invariant TSC"; Linux: constant_tsc, nonstop_tsc).
pub(super) fn clock(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("clock", "시계");
    let source = m.text("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let invariant = m.cpu_has("constant_tsc") && m.cpu_has("nonstop_tsc");
    // These are read without a system call too (vDSO): arch/x86/include/asm/vdso/gettimeofday.h.
    let quick = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page"].contains(&source.as_str());
    match (invariant, quick) {
        (true, true) => Row::ok(
            "clock",
            WHAT,
            said!("{source}; the TSC is invariant and never stops", "{source}. TSC의 속도가 일정하고 멈추지 않음"),
        ),
        (false, true) => Row::limited(
            "clock",
            WHAT,
            said!(
                "{source}; the TSC is not known to be invariant: stages inside a container are less certain",
                "{source}. TSC의 속도가 일정한지 알 수 없음: 컨테이너 안의 단계는 덜 확실함"
            ),
        ),
        (_, false) => {
            let source = if source.is_empty() { NOT_OFFERED } else { &source };
            Row::limited(
                "clock",
                WHAT,
                said!(
                    "{source}: a reading is a system call, and costs up to microseconds",
                    "{source}: 읽을 때마다 시스템 콜이라서 마이크로초까지 걸림"
                ),
            )
            .try_this([said!("see why the kernel does not trust the TSC:", "커널이 왜 TSC를 믿지 않는지 보십시오:")])
            .try_this([Said::english("$ sudo dmesg | grep -i -e tsc -e clocksource")])
        }
    }
}

pub(super) fn governor(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("CPU frequency", "CPU 주파수");
    match m.host.governor.as_str() {
        "performance" => Row::ok("governor", WHAT, said!("governor performance", "거버너 performance")),
        NOT_OFFERED if m.host.virtualised_by.is_some() => Row::limited(
            "governor",
            WHAT,
            said!("set by the host around us, not to be seen here", "바깥 호스트가 정하며 여기서는 보이지 않음"),
        ),
        NOT_OFFERED => Row::limited(
            "governor",
            WHAT,
            said!("no governor is offered: the firmware decides", "거버너가 없음: 펌웨어가 정함"),
        ),
        other => Row::limited(
            "governor",
            WHAT,
            said!(
                "governor {other}: the first samples after a pause run slower",
                "거버너 {other}: 쉰 뒤의 첫 표본이 느림"
            ),
        )
        .try_this([Said::english(
            "$ echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
        )]),
    }
}

pub(super) fn power(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("power", "전원");
    let supplies = std::fs::read_dir(m.path("/sys/class/power_supply")).into_iter().flatten().flatten();
    let of =
        |file: &std::path::Path, name| std::fs::read_to_string(file.join(name)).unwrap_or_default().trim().to_owned();
    let mains: Vec<bool> =
        supplies.map(|e| e.path()).filter(|s| of(s, "type") == "Mains").map(|s| of(&s, "online") == "1").collect();
    match (mains.is_empty(), mains.contains(&true)) {
        (true, _) => Row::ok("power", WHAT, said!("no battery that could save power", "절전에 들어갈 배터리가 없음")),
        (_, true) => Row::ok("power", WHAT, said!("plugged in", "전원에 꽂혀 있음")),
        _ => Row::limited(
            "power",
            WHAT,
            said!(
                "on battery: the CPU saves power while you measure",
                "배터리로 동작 중: 측정하는 동안 CPU가 전력을 아낌"
            ),
        )
        .try_this([said!("plug it in", "전원에 꽂으십시오")]),
    }
}

/// 32 instances of about a MiB each, guests that touch 64 MiB, and room so that nothing is reclaimed meanwhile.
const ENOUGH_BYTES: u64 = 1 << 30;

pub(super) fn memory(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("free memory", "여유 메모리");
    let Some(free) = kib_field(&m.text("/proc/meminfo"), "MemAvailable") else {
        return Row::limited("memory", WHAT, said!("the kernel does not tell", "커널이 알려 주지 않음"));
    };
    let free_text = show_bytes(free as f64);
    let seen = match m.host.ram_bytes.map(|all| show_bytes(all as f64)) {
        Some(all) => said!("{free_text} of {all}", "{all} 가운데 {free_text}"),
        None => Said::verbatim(free_text),
    };
    if free < ENOUGH_BYTES {
        let seen = Said::compose(&[&seen], |lang| {
            format!("{}{}", seen.of(lang), lang.choose(": measure fewer at once", ": 한 번에 더 적게 재십시오"))
        });
        return Row::limited("memory", WHAT, seen).try_this([Said::english("$ isolab bench -x memory --n 1,2,4,8")]);
    }
    Row::ok("memory", WHAT, seen)
}

pub(super) fn swap(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("swap", "스왑");
    let meminfo = m.text("/proc/meminfo");
    let (total, free) = (kib_field(&meminfo, "SwapTotal").unwrap_or(0), kib_field(&meminfo, "SwapFree").unwrap_or(0));
    let used = total.saturating_sub(free);
    if total == 0 {
        return Row::ok(
            "swap",
            WHAT,
            said!("none: what we measure stays in memory", "없음: 재는 것이 메모리에 머무름"),
        );
    }
    let (total, used_text) = (show_bytes(total as f64), show_bytes(used as f64));
    if used == 0 {
        return Row::ok("swap", WHAT, said!("{total}, none of it in use", "{total}, 쓰이는 것 없음"));
    }
    Row::limited(
        "swap",
        WHAT,
        said!(
            "{used_text} of {total} in use: memory that was swapped is not measured",
            "{total} 가운데 {used_text} 사용 중: 스왑으로 나간 메모리는 재지 못함"
        ),
    )
    .try_this([Said::english("$ sudo swapoff -a")])
}

pub(super) fn load(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("load", "부하");
    match m.host.load {
        None => Row::limited("load", WHAT, said!("the kernel does not tell", "커널이 알려 주지 않음")),
        Some([minute, ..]) if minute > 1.0 => Row::limited(
            "load",
            WHAT,
            said!(
                "{minute:.1}: other programs are running, numbers will be noisy",
                "{minute:.1}: 다른 프로그램이 돌고 있어 수치에 잡음이 많음"
            ),
        )
        .try_this([said!("close them, or wait:", "다른 프로그램을 닫거나 기다리십시오:")])
        .try_this([Said::english("$ top -o %CPU")]),
        Some([minute, ..]) => Row::ok("load", WHAT, Said::verbatim(format!("{minute:.1}"))),
    }
}
