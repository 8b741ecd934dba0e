//! `isolab compare A B`: what two runs say about the same cells.
//!
//! Two hosts are compared by their own ratios, side by side: nanoseconds of two machines say nothing about isolation.

use super::args::Compare;
use super::list::{labelled, padded, wrap};
use super::out::Out;
use super::{exit, latest};
use crate::error::{Error, Result};
use crate::id::{ArmId, CellId};
use crate::lang::Said;
use crate::results::derive::between::{self, Both};
use crate::results::derive::with_base;
use crate::results::read;
use crate::results::schema::Run;
use crate::said;
use crate::units::show;

pub(super) fn run(args: Compare, out: &mut Out) -> Result<u8> {
    [&args.a, &args.b].iter().try_for_each(|file| latest::check(file, out))?;
    let (mut a, mut b) = (read::load(&args.a)?, read::load(&args.b)?);
    if let Some(base) = &args.base {
        (a, b) = (with_base(a, base)?, with_base(b, base)?);
    }
    let reasons = differences(&a, &b);
    let absolute = args.base.is_none() && (reasons.is_empty() || args.force);
    let rows = if absolute { absolute_rows(&a, &b) } else { ratio_rows(&a, &b) };
    if rows.is_empty() {
        return Err(Error::usage(
            said!("compare the two files", "두 파일을 비교할 수 없습니다"),
            said!("they have no cell and metric in common", "공통된 셀과 지표가 없음"),
        )
        .try_this(said!("run both with the same -e and -x", "둘을 같은 -e와 -x로 실행하십시오")));
    }
    if args.json {
        let rows: Vec<_> = rows.iter().map(|r| serde_json::json!({ "cell": r.cell, "base": r.base, "metric": r.metric, "a": r.a, "b": r.b, "change": r.change, "intervals_overlap": r.overlap })).collect();
        out.line(serde_json::json!({ "kind": if absolute { "absolute" } else { "ratio" }, "warnings": reasons, "rows": rows }))?;
        return Ok(exit::OK);
    }
    for reason in &reasons {
        out.line(wrap(
            &format!("{}: {}", out.say("NOT THE SAME", "서로 다름"), reason.of(out.lang())),
            out.width(),
            "",
        ))?;
    }
    if !absolute {
        let absolute = out.say(" (--force: absolute values)", " (--force: 절댓값)");
        let force = if reasons.is_empty() { "" } else { absolute };
        let text = out.say(
            format!("each run's own paired ratios, arm ÷ base, stand side by side{force}"),
            format!("각 실행의 짝지은 비(대상 ÷ 기준)를 나란히 놓았습니다{force}"),
        );
        out.line(wrap(&text, out.width(), ""))?;
    }
    table(&rows, out).iter().try_for_each(|line| out.line(line))?;
    if rows.iter().any(|r| r.overlap) {
        let text = out.say(
            "~ the intervals overlap: no difference to be seen between the two runs",
            "~ 신뢰구간이 겹침: 두 실행 사이에 차이가 보이지 않습니다",
        );
        out.line(wrap(text, out.width(), ""))?;
    }
    if absolute && rows.iter().any(|r| !r.overlap) {
        let text = out.say(
            "without ~ they differ, but so does one machine from hour to hour: arms of one run tell more",
            "~가 없으면 서로 다르지만, 같은 기계도 시간마다 다릅니다. 한 실행 안의 대상끼리 비교하는 편이 낫습니다",
        );
        out.line(wrap(text, out.width(), ""))?;
    }
    Ok(exit::OK)
}

/// Columns of metric, A, B and change.
const REST: usize = 18 + 2 * 11 + 12;

fn table(rows: &[Row], out: &Out) -> Vec<String> {
    let room = out.width().saturating_sub(REST).max(2);
    let head = format!("{} {:>10} {:>10}", padded(out.say("metric", "지표"), 17), "A", "B");
    let mut lines = vec![out.bold(&labelled(out.say("cell", "셀"), room, &head, out.width()).join("\n"))];
    for r in rows {
        let change = r.change.map_or(String::new(), |c| format!("{:+.1} %", c * 100.0));
        let sure = if r.overlap { " ~" } else { "" };
        let cell = r.base.as_ref().map_or_else(|| r.cell.to_string(), |base| format!("{} ÷ {base}", r.cell));
        let rest = format!("{:<17} {:>10} {:>10} {change}{sure}", r.metric, r.a_text, r.b_text);
        lines.extend(labelled(&cell, room, &rest, out.width()));
    }
    lines
}

/// What makes the two incomparable in absolute numbers, in words.
fn differences(a: &Run, b: &Run) -> Vec<Said> {
    let mut found = Vec::new();
    let mut differ = |what: Said, a: &str, b: &str| {
        if a != b {
            found.push(Said::compose(&[&what], |lang| format!("{}: {a} / {b}", what.of(lang))));
        }
    };
    differ(said!("host", "호스트"), &a.header.host.id, &b.header.host.id);
    differ(Said::english("CPU"), &a.header.host.cpu_model, &b.header.host.cpu_model);
    differ(said!("kernel", "커널"), &a.header.host.kernel, &b.header.host.kernel);
    differ(said!("KVM backend", "KVM 백엔드"), &a.header.host.kvm_backend, &b.header.host.kvm_backend);
    let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
    differ(said!("probe", "프로브"), &short(&a.header.probe_sha256), &short(&b.header.probe_sha256));
    found
}

/// One line of the table.
struct Row {
    cell: CellId,
    /// Of a ratio.
    base: Option<ArmId>,
    metric: String,
    a: f64,
    b: f64,
    a_text: String,
    b_text: String,
    change: Option<f64>,
    overlap: bool,
}

fn row(both: &Both, text: impl Fn(f64) -> String) -> Row {
    Row {
        cell: both.cell.id.clone(),
        base: both.base.clone(),
        metric: both.metric.to_owned(),
        a: both.a.median,
        b: both.b.median,
        a_text: text(both.a.median),
        b_text: text(both.b.median),
        change: both.change,
        overlap: both.overlap,
    }
}

fn absolute_rows(a: &Run, b: &Run) -> Vec<Row> {
    let of = |both: &Both| {
        let unit = a.header.metrics.iter().find(|m| m.experiment == both.cell.experiment && m.id == both.metric)?.unit;
        Some(row(both, |value| show(value, unit)))
    };
    between::absolute(a, b).iter().filter_map(of).collect()
}

fn ratio_rows(a: &Run, b: &Run) -> Vec<Row> {
    between::ratios(a, b).iter().map(|both| row(both, |ratio| format!("×{ratio:.2}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn the_longest_cells_are_whole_at_80_and_60_columns() {
        let row = |cell: &str, change| Row {
            cell: cell.into(),
            base: Some("vm-bare:populate:ram=1G".into()),
            metric: "worker_overhead".into(),
            a: 1.0,
            b: 2.0,
            a_text: "×1234.56".into(),
            b_text: "123.45 KiB".into(),
            change,
            overlap: true,
        };
        let names = ["boot/p", "boot/container-rootless:+init:-caps:-cgroup:-dev:-ipc:-lo:-mask:-seccomp:-uts#2"];
        let rows = names.map(|name| row(name, Some(-0.999)));
        for width in [79, 59] {
            let lines = table(&rows, &Out::with_width(width, Lang::En));
            let text = lines.join("\n");
            assert!(text.lines().all(|l| l.width() <= width), "{text}");
            let letters: String = text.split_whitespace().collect();
            assert!(names.iter().all(|name| letters.contains(&format!("{name}÷vm-bare:populate:ram=1G"))), "{text}");
        }
    }
}
