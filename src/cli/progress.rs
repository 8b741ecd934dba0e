//! Progress on stderr: a bar on a terminal, else a plain line now and then.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::streams::to_stderr;
use crate::lang::Lang;

pub(super) struct Progress {
    bar: Option<ProgressBar>,
    told: Instant,
    lang: Lang,
}

/// Between two plain lines, when stderr is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

impl Progress {
    pub(super) fn new(lang: Lang) -> Progress {
        let plain = std::env::var_os("TERM").is_none_or(|t| t == "dumb");
        let bar = (std::io::stderr().is_terminal() && !plain).then(|| {
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template(lang.choose(
                "{prefix:<10} block {pos:>4} of {len:<4} {bar:24} {msg}",
                "{prefix:<10} 블록 {pos:>4}/{len:<4} {bar:24} {msg}",
            ));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Progress { bar, told: Instant::now(), lang }
    }

    pub(super) fn show(&mut self, experiment: &str, done: usize, of: usize, left: Option<Duration>) {
        let left = told(left, self.lang);
        if let Some(bar) = &self.bar {
            bar.set_prefix(experiment.to_owned());
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            bar.set_message(left);
        } else if self.told.elapsed() > PLAIN_EVERY {
            self.told = Instant::now();
            to_stderr(&self.lang.choose(
                format!("{experiment}: block {done} of {of}, {left}\n"),
                format!("{experiment}: 블록 {done}/{of}, {left}\n"),
            ));
        }
    }

    /// Lets something else be printed without tearing the bar.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Before the first block has ended nobody knows, and less than a second is no number.
fn told(left: Option<Duration>, lang: Lang) -> String {
    match left.map(|time| time.as_secs()) {
        None => lang.choose("time left not known yet", "남은 시간은 아직 모름").into(),
        Some(0) => lang.choose("nearly done", "거의 끝남").into(),
        Some(seconds) => lang.choose(format!("about {seconds} s left"), format!("약 {seconds}초 남음")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_estimate_is_not_an_estimate_of_nothing() {
        let said = [None, Some(200), Some(90_300)].map(|ms| told(ms.map(Duration::from_millis), Lang::En));
        assert_eq!(said, ["time left not known yet", "nearly done", "about 90 s left"]);
    }
}
