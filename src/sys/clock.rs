//! Two clocks: CLOCK_MONOTONIC, which stamps everything, and the TSC, for places where the first is not readable.
//!
//! Unsafe because the TSC is read by an instruction; `clock_gettime` itself is nix's and safe.

use nix::time::{ClockId, clock_gettime};

use crate::timeline::{Stage, Timeline};

/// Nanoseconds of CLOCK_MONOTONIC.
pub fn monotonic_ns() -> u64 {
    let t = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("CLOCK_MONOTONIC exists since Linux 2.6");
    t.tv_sec() as u64 * 1_000_000_000 + t.tv_nsec() as u64
}

/// What is stamped now. A timeline itself is data, and has no clock.
pub trait Clock {
    /// Stamps t0: just before the first system call that creates the environment.
    fn begin(&mut self);

    /// Ends a stage now.
    fn mark(&mut self, stage: Stage, label: &'static str);
}

impl Clock for Timeline {
    fn begin(&mut self) {
        self.t0_ns = monotonic_ns();
    }

    fn mark(&mut self, stage: Stage, label: &'static str) {
        self.mark_at(stage, label, monotonic_ns());
    }
}

/// Nanoseconds of CLOCK_BOOTTIME, the clock of a process's start time in /proc/PID/stat.
pub fn boottime_ns() -> u64 {
    let t = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("CLOCK_BOOTTIME exists since Linux 2.6.39");
    t.tv_sec() as u64 * 1_000_000_000 + t.tv_nsec() as u64
}

/// CPU time that this process has used, in nanoseconds.
pub fn cpu_time_ns() -> u64 {
    let t = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("CLOCK_PROCESS_CPUTIME_ID exists since Linux 2.6");
    t.tv_sec() as u64 * 1_000_000_000 + t.tv_nsec() as u64
}

/// The time stamp counter. `lfence` on both sides: a stamp must not move past the work around it
/// (Intel SDM vol. 2, RDTSC).
pub fn tsc() -> u64 {
    // SAFETY: no memory is touched; SSE2 and the TSC are part of every x86-64 CPU.
    unsafe {
        core::arch::x86_64::_mm_lfence();
        let t = core::arch::x86_64::_rdtsc();
        core::arch::x86_64::_mm_lfence();
        t
    }
}

/// Ties the two clocks together at one moment, so that a TSC stamp can be told in monotonic nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct TscAnchor {
    tsc: u64,
    ns: u64,
    khz: u64,
}

impl TscAnchor {
    /// The tightest of five readings: monotonic, TSC, monotonic. `khz`: see [`measure_tsc_khz`].
    pub fn now(khz: u64) -> TscAnchor {
        let one = || {
            let before = monotonic_ns();
            let tsc = tsc();
            let after = monotonic_ns();
            (after - before, TscAnchor { tsc, ns: before + (after - before) / 2, khz })
        };
        (0..5).map(|_| one()).min_by_key(|(width, _)| *width).expect("five readings").1
    }

    pub fn to_ns(self, tsc: u64) -> u64 {
        let ticks = i128::from(tsc) - i128::from(self.tsc);
        (i128::from(self.ns) + ticks * 1_000_000 / i128::from(self.khz.max(1))).max(0) as u64
    }
}

/// TSC ticks per millisecond, measured against CLOCK_MONOTONIC over `window_ns`.
pub fn measure_tsc_khz(window_ns: u64) -> u64 {
    let a = TscAnchor::now(1);
    while monotonic_ns() < a.ns + window_ns {
        std::hint::spin_loop();
    }
    let b = TscAnchor::now(1);
    ((u128::from(b.tsc - a.tsc) * 1_000_000) / u128::from((b.ns - a.ns).max(1))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tsc_stamp_converts_to_the_monotonic_time_of_that_moment() {
        let anchor = TscAnchor::now(measure_tsc_khz(5_000_000));
        let before = monotonic_ns();
        let stamp = anchor.to_ns(tsc());
        let after = monotonic_ns();
        let slack = 20_000;
        assert!(before - slack < stamp && stamp < after + slack, "{before} {stamp} {after}");
    }

    #[test]
    fn conversion_goes_both_ways_in_time() {
        let anchor = TscAnchor { tsc: 1_000_000, ns: 5_000_000, khz: 2_000_000 };
        assert_eq!(anchor.to_ns(1_000_200), 5_000_100);
        assert_eq!(anchor.to_ns(999_800), 4_999_900);
    }
}
