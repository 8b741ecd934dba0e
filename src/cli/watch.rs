//! What the terminal shows while a run goes on: a line per cell on stdout, progress on stderr.

use std::time::Duration;

use super::called::called_as;
use super::out::Out;
use super::progress::Progress;
use crate::error::Result;
use crate::harness::runner::Watcher;
use crate::lang::Lang;
use crate::report::sentences::with_interval;
use crate::results::schema::{Cell, Header, Interval, Status};
use crate::results::summarize::{Skips, values_of};
use crate::stats::median_interval;

pub(super) struct Terminal<'a> {
    out: &'a mut Out,
    progress: Progress,
    /// stdout is for a machine: cells are told on stderr.
    quiet: bool,
}

impl<'a> Terminal<'a> {
    pub(super) fn new(out: &'a mut Out, quiet: bool) -> Terminal<'a> {
        Terminal { out, progress: Progress::new(), quiet }
    }

    pub(super) fn end(&self) {
        self.progress.end();
    }

    fn cells(&mut self, cells: &[Cell], header: &Header, so_far: &str) -> Result<()> {
        let lines: Vec<String> = cells.iter().map(|c| format!("{}{so_far}", line(c, header))).collect();
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
    fn planned(&mut self, header: &Header, skipped: &Skips, stale: &[(String, bool)]) {
        let runs = |wanted: bool| {
            stale.iter().filter(|(_, gone)| *gone == wanted).map(|(run, _)| run.as_str()).collect::<Vec<_>>()
        };
        if !runs(true).is_empty() {
            self.out.note(format!("removed what killed runs had left behind: {}", runs(true).join(", ")));
        }
        if !runs(false).is_empty() {
            let (list, called) = (runs(false).join(", "), called_as());
            self.out.note(format!("what killed runs left cannot be removed: {list}; try: sudo {called} clean"));
        }
        if let Some(load) = header.host.load.map(|[minute, ..]| minute).filter(|l| *l > 1.0) {
            self.out.note(format!("other programs are running (load {load:.1}): numbers will be noisy"));
        }
        if !skipped.is_empty() {
            let cells = if skipped.len() == 1 { "1 cell".into() } else { format!("{} cells", skipped.len()) };
            self.out.note(format!("{cells} cannot be measured here; why is told at the end"));
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
        self.cells(&begun, header, "  so far")
    }
}

/// "boot/process   create_to_ready 0.21 ms [0.20, 0.22] n=100": the first headline metric that has values.
fn line(cell: &Cell, header: &Header) -> String {
    let id = &cell.id;
    match cell.status {
        Status::Skipped => return format!("{id:<33} skipped: {}", cell.reason),
        Status::Failed => return format!("{id:<33} failed: {}", cell.reason),
        Status::Measured => {}
    }
    let headlines = header.metrics.iter().filter(|m| m.experiment == cell.experiment && m.headline);
    for metric in headlines {
        let values: Vec<f64> = values_of(cell, &metric.id).into_iter().map(|(_, v)| v).collect();
        let Some(found) = median_interval(&values) else { continue };
        let interval = Interval { median: found.median, low: found.ends.map(|e| e.0), high: found.ends.map(|e| e.1) };
        return format!("{id:<33} {} {} n={}", metric.id, with_interval(&interval, metric.unit, Lang::En), found.n);
    }
    format!("{id:<33} no value")
}
