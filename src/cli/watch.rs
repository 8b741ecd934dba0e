//! What the terminal shows while a run goes on: a line per cell on stdout, progress on stderr.

use std::time::Duration;

use super::out::Out;
use super::progress::Progress;
use crate::error::Result;
use crate::harness::runner::Watcher;
use crate::lang::{Lang, counted};
use crate::report::sentences::with_interval;
use crate::results::schema::{Cell, Header, Interval, Status};
use crate::results::summarize::{Skips, values_of};
use crate::shell::called_as;
use crate::stats::median_interval;

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
        let lines: Vec<String> = cells.iter().map(|c| format!("{}{so_far}", line(c, header, lang))).collect();
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

impl Watcher for Terminal<'_> {
    fn waiting(&mut self, holder: Option<u32>) {
        let [who, of_whom] =
            [" (process ", "(프로세스 "].map(|begin| holder.map_or(String::new(), |pid| format!("{begin}{pid})")));
        self.out.note(self.out.say(
            format!("waiting until another isolab bench on this machine{who} has ended; Ctrl-C gives up"),
            format!("이 컴퓨터의 다른 isolab bench{of_whom}가 끝나기를 기다립니다. Ctrl-C로 그만둡니다"),
        ));
    }

    fn planned(&mut self, header: &Header, skipped: &Skips, stale: &[(String, bool)]) {
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
fn line(cell: &Cell, header: &Header, lang: Lang) -> String {
    let id = &cell.id;
    match cell.status {
        Status::Skipped => {
            return format!("{id:<33} {}: {}", lang.choose("skipped", "건너뜀"), cell.reason_in(lang));
        }
        Status::Failed => return format!("{id:<33} {}: {}", lang.choose("failed", "실패"), cell.reason_in(lang)),
        Status::Measured => {}
    }
    let headlines = header.metrics.iter().filter(|m| m.experiment == cell.experiment && m.headline);
    for metric in headlines {
        let values: Vec<f64> = values_of(cell, &metric.id).into_iter().map(|(_, v)| v).collect();
        let Some(found) = median_interval(&values) else { continue };
        let interval = Interval { median: found.median, low: found.ends.map(|e| e.0), high: found.ends.map(|e| e.1) };
        return format!("{id:<33} {} {} n={}", metric.id, with_interval(&interval, metric.unit, lang), found.n);
    }
    format!("{id:<33} {}", lang.choose("no value", "값 없음"))
}
