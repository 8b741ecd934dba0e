//! What was measured at each N, and the numbers that are made of it: of one size, or the slopes over N.

use std::collections::BTreeMap;

use crate::experiments::values;
use crate::model::{Owner, Part, Unit};
use crate::results::derive::lines::one_more;
use crate::stats::slope::Line;

#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) n: f64,
    pub(super) user: UserMemory,
    pub(super) kernel: Option<u64>,
    pub(super) charged: Option<u64>,
    /// Of what serves them all; None: nothing does.
    pub(super) daemon: Option<u64>,
}

/// User memory in bytes, summed over instances.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct UserMemory {
    pub(super) private: u64,
    pub(super) shared: u64,
    /// Contained in `private`; 0 where there is no guest.
    pub(super) guest_ram: u64,
}

impl UserMemory {
    pub(super) fn add(&mut self, parts: &[Part]) {
        let of_it = |p: &&Part| p.owner == Owner::Instance;
        let bytes = |what: &str| parts.iter().filter(of_it).find(|p| p.what == what).map_or(0, |p| p.amount);
        self.private += bytes("private");
        self.shared += bytes("shared");
        self.guest_ram += bytes("guest RAM");
    }
}

/// None: there is none.
pub(super) fn bytes_of_daemons(parts: &[Part]) -> Option<u64> {
    let of_daemons = parts.iter().filter(|p| p.owner == Owner::Daemon && p.unit == Unit::Bytes).map(|p| p.amount);
    of_daemons.reduce(|sum, bytes| sum + bytes)
}

pub(super) fn one_size(points: &[Point], guest: bool) -> BTreeMap<String, f64> {
    let last = points.last();
    let private = last.map(|p| p.user.private as f64);
    let kernel = last.and_then(|p| p.kernel).map(|k| k as f64);
    let ram = last.filter(|_| guest).map(|p| p.user.guest_ram as f64);
    values([
        ("host_bytes", private.zip(kernel).map(|(p, k)| p + k)),
        ("private", private),
        ("kernel", kernel),
        ("guest_ram", ram),
    ])
}

/// What all N instances took together at each N, in order: the points behind the slopes.
pub(super) fn at_each_count(points: &[Point]) -> BTreeMap<String, Vec<f64>> {
    let private = points.iter().map(|p| p.user.private as f64).collect();
    let kernel: Option<Vec<f64>> = points.iter().map(|p| p.kernel.map(|k| k as f64)).collect();
    let daemon: Option<Vec<f64>> = points.iter().map(|p| p.daemon.map(|d| d as f64)).collect();
    let columns = [("private", Some(private)), ("kernel", kernel), ("daemon", daemon)];
    columns.into_iter().filter_map(|(name, column)| Some((name.to_owned(), column?))).collect()
}

/// Lines through the last three points (all, when there are fewer).
pub(super) fn slopes(points: &[Point], guest: bool) -> BTreeMap<String, f64> {
    let line = |y: &dyn Fn(&Point) -> Option<f64>| -> Option<Line> {
        let xy: Option<Vec<(f64, f64)>> = points.iter().map(|p| Some((p.n, y(p)?))).collect();
        one_more(&xy?)
    };
    let private = line(&|p| Some(p.user.private as f64));
    let kernel = line(&|p| p.kernel.map(|k| k as f64));
    let whole = line(&|p| Some((p.user.private + p.kernel?) as f64)); // half of a sum would look like the whole
    let charged = line(&|p| p.charged.map(|c| c as f64));
    let guest_ram = line(&|p| guest.then_some(p.user.guest_ram as f64));
    let shared = line(&|p| Some(p.user.shared as f64));
    let daemon_growth = line(&|p| p.daemon.map(|d| d as f64)); // how it grows is its own: it stays when they have gone
    values([
        ("per_instance", whole.map(|l| l.slope)),
        ("private", private.map(|l| l.slope)),
        ("kernel", kernel.map(|l| l.slope)),
        ("charged", charged.map(|l| l.slope)),
        ("guest_ram", guest_ram.map(|l| l.slope)),
        ("shared", shared.map(|l| l.intercept)),
        ("daemon", points.last().and_then(|p| p.daemon).map(|d| d as f64)),
        ("daemon_growth", daemon_growth.map(|l| l.slope)),
        ("lack_of_fit", whole.or(private).map(|l| l.worst_residual)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_leaves_out_what_is_shared_and_the_first_step() {
        let point = |n: f64, extra: u64| Point {
            n,
            user: UserMemory { private: 1000 * n as u64 + extra, shared: 500, guest_ram: 300 * n as u64 },
            kernel: Some(200 * n as u64),
            charged: Some(1250 * n as u64),
            daemon: None,
        };
        let points = [point(1.0, 9999), point(4.0, 0), point(16.0, 0), point(32.0, 0)];
        let v = slopes(&points, true);
        assert!((v["per_instance"] - 1200.0).abs() < 1e-6 && (v["kernel"] - 200.0).abs() < 1e-6);
        assert!((v["shared"] - 500.0).abs() < 1e-6 && v["lack_of_fit"] < 1e-6);
        assert!((v["guest_ram"] - 300.0).abs() < 1e-6 && (v["charged"] - 1250.0).abs() < 1e-6);
        assert!(!slopes(&points, false).contains_key("guest_ram"), "a process has no guest");
    }

    #[test]
    fn the_points_behind_the_slope_are_kept() {
        let user = UserMemory { private: 1000, shared: 5, guest_ram: 0 };
        let mut points = [Point { n: 1.0, user, kernel: Some(200), charged: None, daemon: None }; 2];
        assert_eq!(at_each_count(&points)["private"], [1000.0, 1000.0]);
        assert_eq!(at_each_count(&points)["kernel"], [200.0, 200.0]);
        points[1].kernel = None;
        assert!(!at_each_count(&points).contains_key("kernel"), "a hole is not zero");
    }

    /// It serves them all and stays: its size is none of one more's, nor is what it grows by.
    #[test]
    fn a_daemon_is_never_counted_as_one_more() {
        let engine = [Part::bytes("private", 1000, "its payload"), Part::of_daemon("private", 1 << 30, "dockerd")];
        let daemons =
            |n: u64| [Part::of_daemon("dockerd", 5000 + 10 * n, "a"), Part::of_daemon("containerd", 700, "b")];
        let point = |n: u64| {
            let mut user = UserMemory::default();
            (0..n).for_each(|_| user.add(&engine));
            let daemon = bytes_of_daemons(&daemons(n));
            Point { n: n as f64, user, kernel: Some(200 * n), charged: None, daemon }
        };
        let with = [1, 4, 16, 32].map(point);
        let v = slopes(&with, false);
        let bytes = |metric: &str| v[metric].round() as u64;
        assert_eq!(["private", "per_instance", "daemon", "daemon_growth"].map(bytes), [1000, 1200, 6020, 10]);
        let mut alone = slopes(&with.map(|p| Point { daemon: None, ..p }), false);
        assert_eq!(alone.get("daemon"), None, "no daemon is not one of no bytes");
        alone.extend(["daemon", "daemon_growth"].map(|metric| (metric.to_owned(), v[metric])));
        assert_eq!(alone, v, "with a daemon or without, one more is the same");
        assert_eq!(bytes_of_daemons(&engine[..1]), None);
        assert_eq!(at_each_count(&with)["daemon"], [5710.0, 5740.0, 5860.0, 6020.0]);
    }
}
