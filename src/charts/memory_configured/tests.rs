use super::*;
use crate::charts::tests::{has_line, place, texts};
use crate::results::derive::Interval;

const MIB: f64 = 1024.0 * 1024.0;

fn interval(median: f64, (low, high): (f64, f64)) -> Estimate {
    Estimate { n: 8, interval: Interval::new(median, Some((low, high))) }
}

fn line(touched: f64, host_mib: [f64; 2]) -> Line {
    let point = |configured: f64, host: f64| Point {
        configured: configured * MIB,
        host: interval(host * MIB, (host * 0.5 * MIB, host * 1.25 * MIB)),
    };
    Line {
        arm: Arm { name: "bare VM".into(), id: "vm-bare".into() },
        touched: touched * MIB,
        preallocated: false,
        points: vec![point(16.0, host_mib[0]), point(1024.0, host_mib[1])],
        per_configured: Some(interval(0.0025, (0.0024, 0.0026))),
        holes: vec![(2048.0 * MIB, "not so much RAM".into()), (4096.0 * MIB, "not so much RAM".into())],
    }
}

fn chart() -> MemoryConfigured {
    MemoryConfigured {
        private: false,
        lines: vec![line(0.0, [1.0, 4.0]), line(8.0, [9.0, 12.0])],
        against_touched: vec![TouchedSlope {
            arm: Arm { name: "bare VM".into(), id: "vm-bare".into() },
            configured: 1024.0 * MIB,
            preallocated: false,
            per_touched: interval(1.01, (1.0, 1.02)),
        }],
        notes: vec![Note::plain("n = 8 blocks.")],
    }
}

#[test]
fn lines_intervals_and_the_diagonal_stand_where_the_numbers_say() {
    let svg = drawing(&chart(), Look::default()).svg;
    let (x16, x1024) = (place(&svg, "16 MiB").0, place(&svg, "1 GiB").0);
    let (y10, y100) = (place(&svg, "10").1, place(&svg, "100").1);
    let at = |configured: f64, host: f64| {
        let x = x16 + (configured / 16.0).log2() * (x1024 - x16) / 6.0;
        (x, y10 + (host / 10.0).log10() * (y100 - y10))
    };
    assert!(has_line(&svg, [at(16.0, 1.0), at(1024.0, 4.0)]), "nothing touched");
    assert!(has_line(&svg, [at(16.0, 9.0), at(1024.0, 12.0)]), "8 MiB touched");
    assert!(has_line(&svg, [at(16.0, 16.0), at(1024.0, 1024.0)]), "the diagonal");
    assert!(has_line(&svg, [at(1024.0, 2.0), at(1024.0, 5.0)]), "an interval");
}

#[test]
fn slopes_and_holes_are_told() {
    let drawing = drawing(&chart(), Look::default());
    let said = [
        "bare VM, nothing touched (vm-bare): 16 MiB: 1.00 MiB (0.500–1.25), 1 GiB: 4.00 MiB (2.00–5.00); \
         0.00250 (0.00240–0.00260) bytes of host memory per configured byte, n = 8 blocks; \
         2 GiB, 4 GiB: not measured: not so much RAM.",
        "bare VM, 1 GiB configured: 1.01 (1.00–1.02) bytes of host memory per touched byte, n = 8 blocks.",
    ];
    for sentence in said {
        assert!(drawing.alt.contains(sentence), "{sentence}\nin {}", drawing.alt);
    }
    assert!(texts(&drawing.svg).iter().any(|(t, _)| t == said[1]));
}

#[test]
fn what_is_preallocated_says_so() {
    let mut chart = chart();
    chart.lines[1].preallocated = true;
    let svg = drawing(&chart, Look::default()).svg;
    assert!(texts(&svg).iter().any(|(t, _)| t == "bare VM, 8 MiB touched, all RAM backed at the start"));
}

#[test]
fn sizes_read_as_they_were_chosen() {
    let sizes = [0.0, 4096.0, 16.0 * MIB, 1536.0 * MIB, 2048.0 * MIB, 1000.0];
    assert_eq!(sizes.map(whole_size), ["0", "4 KiB", "16 MiB", "1536 MiB", "2 GiB", "1000"]);
}
