//! What the terminal shows while a run goes on: a line per cell on stdout, progress on stderr.

use std::time::Duration;

use super::list::{labelled, wrap};
use super::out::Out;
use super::progress::Progress;
use crate::bench::runner::Observer;
use crate::error::Result;
use crate::id::RunId;
use crate::lang::{Lang, counted};
use crate::report::sentences::with_interval;
use crate::results::cells::Skips;
use crate::results::derive::estimate;
use crate::results::schema::{Cell, Header, Status};
use crate::shell::called_as;

pub(super) struct Terminal<'a> {
    out: &'a mut Out,
    progress: Progress,
    /// stdout is for a machine: cells are told on stderr.
    quiet: bool,
}

impl<'a> Terminal<'a> {
    pub(super) fn new(out: &'a mut Out, quiet: bool) -> Terminal<'a> {
        Terminal { progress: Progress::new(out.lang()), out, quiet }
    }

    pub(super) fn end(&self) {
        self.progress.end();
    }

    fn cells(&mut self, cells: &[Cell], header: &Header, so_far: &str) -> Result<()> {
        let lang = self.out.lang();
        let width = self.out.width();
        let lines: Vec<String> = cells.iter().flat_map(|c| lines(c, header, so_far, lang, width)).collect();
        let (out, quiet) = (&mut *self.out, self.quiet);
        self.progress.aside(|| {
            lines.iter().try_for_each(|l| {
                if quiet {
                    let _: () = out.note(l);
                    Ok(())
                } else {
                    out.line(l)
                }
            })
        })
    }
}

impl Observer for Terminal<'_> {
    fn waiting(&mut self, holder: Option<u32>) {
        let [who, of_whom] =
            [" (process ", "(프로세스 "].map(|begin| holder.map_or(String::new(), |pid| format!("{begin}{pid})")));
        self.out.note(self.out.say(
            format!("waiting until another isolab bench on this machine{who} has ended; Ctrl-C gives up"),
            format!("이 컴퓨터의 다른 isolab bench{of_whom}가 끝나기를 기다립니다. Ctrl-C로 그만둡니다"),
        ));
    }

    fn planned(&mut self, header: &Header, skipped: &Skips, stale: &[(RunId, bool)]) {
        let runs = |wanted: bool| {
            stale.iter().filter(|(_, gone)| *gone == wanted).map(|(run, _)| run.as_str()).collect::<Vec<_>>()
        };
        if !runs(true).is_empty() {
            let list = runs(true).join(", ");
            self.out.note(self.out.say(
                format!("removed what killed runs had left behind: {list}"),
                format!("강제로 끝난 실행이 남긴 것을 지웠습니다: {list}"),
            ));
        }
        if !runs(false).is_empty() {
            let (list, called) = (runs(false).join(", "), called_as());
            self.out.note(self.out.say(
                format!("what killed runs left cannot be removed: {list}; try: sudo {called} clean"),
                format!("강제로 끝난 실행이 남긴 것을 지울 수 없습니다: {list}. 해결: sudo {called} clean"),
            ));
        }
        if let Some(load) = header.host.load.map(|[minute, ..]| minute).filter(|l| *l > 1.0) {
            self.out.note(self.out.say(
                format!("other programs are running (load {load:.1}): numbers will be noisy"),
                format!("다른 프로그램이 돌고 있습니다(부하 {load:.1}). 수치에 잡음이 많을 것입니다"),
            ));
        }
        if !skipped.is_empty() {
            let n = skipped.len();
            self.out.note(self.out.say(
                format!("{} cannot be measured here; why is told at the end", counted(n, "cell")),
                format!("셀 {n}개는 여기서 측정할 수 없습니다. 이유는 끝에 나옵니다"),
            ));
        }
    }

    fn progress(&mut self, experiment: &str, done: usize, of: usize, left: Option<Duration>) {
        self.progress.show(experiment, done, of, left);
    }

    fn measured(&mut self, cells: &[Cell], header: &Header) -> Result<()> {
        self.cells(cells, header, "")
    }

    fn so_far(&mut self, cells: &[Cell], header: &Header) -> Result<()> {
        let begun: Vec<Cell> = cells.iter().filter(|c| c.status == Status::Measured).cloned().collect();
        self.cells(&begun, header, self.out.say("  so far", "  (여기까지)"))
    }
}

/// "boot/process   create_to_ready 0.21 ms [0.20, 0.22] n=100": the first headline metric that has values.
fn lines(cell: &Cell, header: &Header, so_far: &str, lang: Lang, width: usize) -> Vec<String> {
    let room = if width < BESIDE_LABEL { 2 } else { 34 };
    let text = format!("{}{so_far}", what_of(cell, header, lang));
    let mut lines = labelled(&cell.id, room, "", width);
    let label = lines.pop().unwrap_or_default();
    let text = wrap(&text, width, &" ".repeat(room));
    lines.push(format!("{label}{}", text.trim_start()));
    lines
}

/// In a narrower terminal the cell's name stands above.
const BESIDE_LABEL: usize = 79;

fn what_of(cell: &Cell, header: &Header, lang: Lang) -> String {
    match cell.status {
        Status::Skipped => return format!("{}: {}", lang.choose("skipped", "건너뜀"), cell.reason_in(lang)),
        Status::Failed => return format!("{}: {}", lang.choose("failed", "실패"), cell.reason_in(lang)),
        Status::Measured => {}
    }
    let headlines = header.metrics.iter().filter(|m| m.experiment == cell.experiment && m.headline);
    for metric in headlines {
        let Some(found) = estimate(cell, &metric.id) else { continue };
        return format!("{} {} n={}", metric.id, with_interval(&found.interval, metric.unit, lang), found.n);
    }
    lang.choose("no value", "값 없음").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn the_longest_names_are_whole_and_fit_at_80_and_60_columns() {
        let mut run = crate::results::example::boot(6);
        let id = "boot/container-rootless:+init:-caps:-cgroup:-dev:-ipc:-lo:-mask:-seccomp:-uts#2";
        run.cells[0].id = id.into();
        for width in [79, 59] {
            for lang in [Lang::En, Lang::Ko] {
                for status in [Status::Measured, Status::Skipped] {
                    run.cells[0].status = status;
                    run.cells[0].reason = "a reason of many words ".repeat(9);
                    for cell in &run.cells {
                        let text = lines(cell, &run.header, "  so far", lang, width).join("\n");
                        assert!(text.lines().all(|l| l.width() <= width), "{text}");
                        let letters: String = text.split_whitespace().collect();
                        assert!(letters.starts_with(&*cell.id), "{text}");
                    }
                }
            }
        }
    }
}
