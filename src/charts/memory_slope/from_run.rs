//! From a results file to the chart.

use super::{Line, MemorySlope};
use crate::charts::caption::notes;
use crate::charts::page::Note;
use crate::charts::values::{arm, cells, daemons, hidden_interval, memory_notes, one_more, one_more_against_machines};
use crate::charts::words;
use crate::lang::Lang;
use crate::results::derive::lines::OneMore;
use crate::results::schema::{Cell, Run};

impl MemorySlope {
    /// None: the run has no cell of `memory` that counts instances.
    pub(super) fn from_run(run: &Run, lang: Lang) -> Option<MemorySlope> {
        let cells = cells(run, "memory", &["n"]);
        if cells.is_empty() {
            return None;
        }
        let line =
            |cell: &&Cell| Line::of(arm(run, &cell.arm, lang), cell, OneMore::of(run, cell), words::NO_VALUES, lang);
        let lines: Vec<Line> = cells.iter().map(line).collect();
        let mut all = vec![Note::plain(words::SLOPE_LACK.of(lang))];
        all.extend(hidden_interval(lines.iter().flat_map(Line::points).map(|p| &p.bytes), lang));
        all.extend(daemons(run, &cells, lang));
        all.extend(one_more_against_machines(run, &cells, lang));
        all.extend(memory_notes(&cells, lang));
        all.extend(notes(run, &cells, one_more(&cells), lang));
        Some(MemorySlope { lines, notes: all })
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "expected values are worked by hand and exact")]
mod tests {
    use super::*;
    use crate::charts::example::{cell, run, sample, skipped};

    const ARMS: [(&str, &str, &str); 2] =
        [("process", "plain process", "fd"), ("vm-bare", "bare VM, no operating system", "port")];

    /// Eight blocks on y = 500 + 1000 N, each block a byte heavier; the first point lies far off.
    fn process(with_kernel: bool) -> Vec<crate::results::schema::Sample> {
        (0..8)
            .map(|block| {
                let b = f64::from(block);
                let private = [9000.0 + b, 3500.0 + b, 12_500.0 + b, 24_500.0 + b];
                let kernel = [200.0, 1000.0, 4000.0, 8000.0];
                let inner: &[(&str, &[f64])] = &[("private", &private), ("kernel", &kernel)];
                let values: &[(&str, f64)] = if with_kernel {
                    &[("per_instance", 1000.0), ("private", 750.0), ("kernel", 250.0), ("lack_of_fit", 3.0)]
                } else {
                    &[("private", 750.0), ("lack_of_fit", 3.0)]
                };
                sample(values, if with_kernel { inner } else { &inner[..1] }, Vec::new())
            })
            .collect()
    }

    #[test]
    fn points_are_sums_with_intervals_and_the_first_is_not_fitted() {
        let cells =
            vec![cell("memory/process{n=1,4,16,32}", process(true)), skipped("memory/vm-bare{n=1,4,16,32}", "no KVM")];
        let chart = MemorySlope::from_run(&run(&ARMS, cells), Lang::En).unwrap();
        let Ok(OneMore { points, slope: one_more, intercept, lack_of_fit }) = &chart.lines[0].value else {
            panic!("{chart:?}")
        };
        assert_eq!(points.iter().map(|p| p.instances).collect::<Vec<_>>(), [1.0, 4.0, 16.0, 32.0]);
        assert_eq!(points.iter().map(|p| p.fitted).collect::<Vec<_>>(), [false, true, true, true]);
        assert_eq!(points[1].bytes.median, 4503.5, "private + kernel of the middle block");
        assert!(points[1].bytes.ends().is_some_and(|(low, high)| 4500.0 <= low && high <= 4507.0));
        assert_eq!((one_more.median, *lack_of_fit), (1000.0, Some(3.0)));
        assert!((intercept.unwrap() - 503.5).abs() < 1e-6, "{intercept:?}");
        assert_eq!(chart.lines[1].value, Err("no KVM".into()));
    }

    #[test]
    fn without_kernel_memory_it_is_private_alone_and_says_so() {
        let chart =
            MemorySlope::from_run(&run(&ARMS, vec![cell("memory/process{n=1,4,16,32}", process(false))]), Lang::En)
                .unwrap();
        let Ok(OneMore { points, slope: one_more, .. }) = &chart.lines[0].value else { panic!() };
        assert_eq!((points[1].bytes.median, one_more.median), (3503.5, 750.0));
    }

    #[test]
    fn a_file_without_points_keeps_its_slope() {
        let only = vec![sample(&[("per_instance", 1000.0), ("private", 1.0)], &[], Vec::new()); 6];
        let chart = MemorySlope::from_run(&run(&ARMS, vec![cell("memory/process{n=1,4}", only)]), Lang::En).unwrap();
        let Ok(OneMore { points, intercept, slope: one_more, .. }) = &chart.lines[0].value else { panic!() };
        assert_eq!((points.len(), *intercept, one_more.median), (0, None, 1000.0));
    }

    #[test]
    fn sizes_alone_are_another_chart() {
        let size =
            cell("memory/vm-bare{configured=16M;touch=0}", vec![sample(&[("host_bytes", 1.0)], &[], Vec::new())]);
        assert_eq!(MemorySlope::from_run(&run(&ARMS, vec![size]), Lang::En), None);
    }

    /// As an ordinary user: there is no whole, and the number of blocks and the definition are those of what is drawn.
    #[test]
    fn without_kernel_memory_the_notes_are_of_private_memory() {
        let cells = vec![cell("memory/process{n=1,4,16,32}", process(false))];
        let chart = MemorySlope::from_run(&run(&ARMS, cells), Lang::En).expect("it was measured");
        let notes: Vec<&str> = chart.notes.iter().map(|n| n.text.as_str()).collect();
        assert!(
            notes.contains(&"n = 8 blocks.") && !notes.iter().any(|n| n.contains("nothing was measured")),
            "{notes:?}"
        );
        assert!(notes.iter().any(|n| n.starts_with("Slope over N of Private_Clean")), "{notes:?}");
    }
}
