//! Memory: the host pays for what is touched, not for what is configured; and the parts sum to what the cgroup was charged.

use super::{Case, Found, evidence};
use crate::guide::claims::missing::{measure_kernel_memory, no_kernel_memory};
use crate::guide::claims::terms::values;
use crate::guide::claims::value::Value;
use crate::guide::claims::{find, shown};
use crate::guide::tolerances::SUM_OF_PARTS;
use crate::model::Kind;
use crate::results::derive::{is_whole, shares};
use crate::results::schema::{Cell, Run};

const RUN: &str = "isolab bench -e vm-bare -x memory --set configured=64M,256M,1G --set touch=0,16M -o mem.json";
const RUN_MANY: &str = "isolab bench -e process,container,vm-bare -x memory --n 1,2,4,8 -o marg.json";

/// Both slopes are host bytes per byte: one guest byte that was configured, one that was touched.
pub(super) fn slopes(case: &Case) -> Found {
    let claim = find("C05").expect("a test reads claims.toml");
    let slope = |name: &str| values(name, &claim.terms[name], case.runs).into_iter().next();
    let (Some(configured), Some(touched)) = (slope("configured"), slope("touched")) else {
        return case.not_measured("memory host_bytes of vm-bare (configured, touch)", RUN);
    };
    let (Some(high), Some(low)) = (configured.found.high, touched.found.low) else {
        return case.open(
            case.say("too few blocks for an interval.".into(), "블록이 너무 적어 신뢰구간이 없습니다.".into()),
            RUN.into(),
        );
    };
    let (a, b) = (shown(&configured), shown(&touched));
    let why = (
        format!("host bytes per configured byte {a}, per touched byte {b}."),
        format!("호스트 바이트는 설정한 1바이트당 {a}, 사용한 1바이트당 {b}입니다."),
    );
    let fix = (
        "The two slopes do not lie apart: without prealloc, and with more blocks, measure again.".to_owned()
            + " "
            + RUN,
        format!("두 기울기가 떨어져 있지 않습니다. prealloc 없이 블록을 늘려 다시 측정하십시오. {RUN}"),
    );
    let seen = [&configured, &touched].into_iter().flat_map(|v| cells_of(case, v, &shown(v))).collect();
    case.decide(high < low, why, fix, seen)
}

fn cells_of(case: &Case, value: &Value, found: &str) -> Vec<crate::guide::outcome::Evidence> {
    let (file, run) = &case.runs[value.run];
    let cells = run.cells.iter().filter(|c| value.cells.contains(&c.id));
    cells.map(|cell| evidence(file, cell, format!("slope {found}"))).collect()
}

/// Private + kernel memory of one more instance, against the growth that the cgroup around all of them counted.
pub(super) fn parts(case: &Case) -> Found {
    let many = case.cells("memory").filter(|(_, _, c)| c.case.contains_key("n") && !c.arm.is_repeated());
    let cells: Vec<(&str, &Run, &Cell)> = many.collect();
    if cells.is_empty() {
        return case.not_measured("memory per_instance", RUN_MANY);
    }
    if cells.iter().all(|(_, _, cell)| !is_whole(cell, "private")) {
        return case.open(no_kernel_memory(case.lang).into(), measure_kernel_memory("memory", case.lang));
    }
    let split: Vec<_> = cells.iter().filter(|(_, _, cell)| is_split(cell)).collect();
    if split.is_empty() {
        let why = case.say(
            "cgroup v1 has one number for kernel memory: it cannot be split.",
            "cgroup v1은 커널 메모리를 하나의 수로만 알려 주므로 나눌 수 없습니다.",
        );
        let fix = case.say("a host with cgroup v2, or --on reference", "cgroup v2 호스트, 또는 --on reference");
        return case.open(why.into(), fix.into());
    }
    let mut seen = Vec::new();
    let (mut holds, mut any_judged) = (true, false);
    for (file, run, cell) in split {
        let Some(share) = shares(cell, "per_instance", CHARGED) else { continue };
        let (low, high) = share.ends().unwrap_or((share.median, share.median));
        // A virtual machine's monitor was at work before it joined the cgroup: some of its pages are charged elsewhere.
        let judged = run.header.arms.iter().any(|a| a.id == cell.arm && a.kind() != Kind::Machine);
        any_judged |= judged;
        holds &= !judged || (high >= 1.0 - SUM_OF_PARTS && low <= 1.0 + SUM_OF_PARTS);
        let value = Value { found: share, ..Value::default() };
        seen.push(evidence(file, cell, format!("(private + kernel) ÷ charged: {}", shown(&value))));
    }
    if !any_judged {
        return case.not_measured("memory charged (process, container)", RUN_MANY);
    }
    let told: Vec<String> = seen.iter().map(|e| format!("{}: {}", e.cell, e.found)).collect();
    let told = told.join("; ");
    let fix = (
        format!("Something is charged that no part names: settle the machine and measure again. {RUN_MANY}"),
        format!("어느 부분에도 없는 것이 매겨졌습니다. 기계를 안정시키고 다시 측정하십시오. {RUN_MANY}"),
    );
    case.decide(holds, (format!("{told}."), format!("{told}.")), fix, seen)
}

/// cgroup v2 says what the kernel's memory is for; v1 has one number.
fn is_split(cell: &Cell) -> bool {
    cell.columns.parts.iter().flatten().any(|p| p.what == "kernel" && p.source.contains("cgroup v2"))
}

/// What the cgroup itself counted for one more instance.
const CHARGED: &str = "charged";
