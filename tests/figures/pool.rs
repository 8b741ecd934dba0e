//! Every figure that `results::derive` makes of a file, with the arms and the metric that it belongs to.

use std::collections::BTreeSet;

use super::Shown;
use isolab::lang::Lang;
use isolab::model::Unit;
use isolab::results::derive::drift::Course;
use isolab::results::derive::lines::{OneMore, host_bytes, per_byte};
use isolab::results::derive::spread::{Extent, each_at_once, harmonic_mean};
use isolab::results::derive::{Interval, compared, less_one, pairs, parts, percentile, twins};
use isolab::results::schema::{Cell, Run, Summary};
use isolab::timeline::Stage;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Time,
    Bytes,
    PerSecond,
    Percent,
    /// ×, and whatever else has no unit: counts, ratios, bytes per byte.
    Bare,
}

pub(crate) struct Figure {
    pub(crate) value: f64,
    pub(crate) kind: Kind,
    arms: Vec<String>,
    metric: String,
    /// Mean, spread and extremes: a table names them in its head, nothing else shows them.
    of_tables: bool,
}

pub(crate) struct Pool {
    figures: Vec<Figure>,
    /// Every name by which an arm may be called, with its id.
    names: Vec<(String, String)>,
    metrics: BTreeSet<String>,
}

impl Pool {
    pub(crate) fn of(run: &Run) -> Pool {
        let mut pool = Pool { figures: Vec::new(), names: Vec::new(), metrics: BTreeSet::new() };
        for arm in &run.header.arms {
            let names = [Lang::En, Lang::Ko].map(|lang| arm.name_in(lang));
            let plain = names.clone().map(|name| name.split(" (").next().unwrap().to_owned());
            let all = names.into_iter().chain(plain).chain([arm.id.to_string(), arm.name.clone()]);
            pool.names.extend(all.map(|name| (name, arm.id.to_string())));
        }
        pool.names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for m in &run.header.metrics {
            pool.metrics.insert(format!("{} {}", m.experiment, m.id));
        }
        run.cells.iter().for_each(|cell| pool.of_cell(run, cell));
        for floor in &run.noise {
            pool.add(&[], &floor.experiment, &floor.metric, Kind::Percent, [floor.relative * 100.0]);
        }
        for both in twins(&run.cells) {
            for metric in both.first.columns.values.keys() {
                let found = both.difference(metric).into_iter().flat_map(ends);
                let apart = both.apart(metric).into_iter().chain(both.floor(metric));
                let arms = [&*both.first.arm]; // "against itself"
                let all = found.chain(apart).map(|v| v * 100.0);
                pool.add(&arms, &both.first.experiment, metric, Kind::Percent, all);
                let blocks = both.blocks(metric) as f64;
                pool.add(&arms, &both.first.experiment, metric, Kind::Bare, [blocks]);
            }
        }
        pool.of_sizes(run);
        pool
    }

    fn add(
        &mut self,
        arms: &[&str],
        experiment: &str,
        metric: &str,
        kind: Kind,
        values: impl IntoIterator<Item = f64>,
    ) {
        let arms: Vec<String> = arms.iter().map(|arm| (*arm).to_owned()).collect();
        let metric = format!("{experiment} {metric}");
        let one = |value| Figure { value, kind, arms: arms.clone(), metric: metric.clone(), of_tables: false };
        self.figures.extend(values.into_iter().map(one));
    }

    fn of_cell(&mut self, run: &Run, cell: &Cell) {
        let (arm, x) = (&*cell.arm, &*cell.experiment);
        for s in run.summaries.iter().filter(|s| s.cell == cell.id) {
            let unit = run.header.metrics.iter().find(|m| m.experiment == x && m.id == s.metric).map(|m| m.unit);
            let kind = kind_of(unit);
            self.add(&[arm], x, &s.metric, kind, of_summary(s));
            let before = self.figures.len();
            let of_tables = [s.mean, s.std, s.min, s.max].into_iter().chain(harmonic_mean(cell, &s.metric));
            self.add(&[arm], x, &s.metric, kind, of_tables);
            self.figures[before..].iter_mut().for_each(|f| f.of_tables = true);
            self.add(&[arm], x, &s.metric, Kind::Bare, counts(s));
            self.add(&[arm], x, &s.metric, Kind::Percent, s.drift.map(|d| d * 100.0));
            for p in pairs(run, cell, &s.metric) {
                let arms = [arm, &*p.base];
                let shares = ends(less_one(&p.ratio)).chain([p.below()]).chain(p.relative());
                let shares = shares.chain(p.smallest).chain(p.floor).map(|v| v * 100.0);
                self.add(&arms, x, &s.metric, Kind::Percent, shares);
                self.add(&arms, x, &s.metric, Kind::Bare, ends(p.ratio).chain(p.quotient).chain([p.pairs as f64]));
            }
            for base in run.cells.iter().filter(|b| b.experiment == x && b.case == cell.case && b.arm != cell.arm) {
                let ratio = compared(base, cell, &s.metric).and_then(|c| c.ratio);
                self.add(&[arm, &*base.arm], x, &s.metric, Kind::Bare, ratio.into_iter().flat_map(ends));
            }
            self.of_course(cell, s, kind);
        }
        for (metric, last) in [("create_to_ready", Stage::Ready), ("create_to_exit", Stage::Exit)] {
            let stages = parts::stages(cell, metric, last).into_iter().map(|(_, ns)| ns);
            self.add(&[arm], x, metric, Kind::Time, stages);
        }
        let metrics = [("guest_ram", None), ("private", Some("guest_ram")), ("kernel", None)];
        for whole in ["per_instance", "private"] {
            let found = parts::values(cell, whole, &metrics).into_iter().map(|(_, bytes)| bytes);
            self.add(&[arm], x, whole, Kind::Bytes, found);
        }
        if let Some(line) = OneMore::of(run, cell).filter(|_| cell.case.contains_key("n")) {
            let points = line.points.iter().flat_map(|p| ends(p.bytes.interval));
            let bytes: Vec<f64> = points.chain(line.intercept).chain(line.lack_of_fit).collect();
            self.add(&[arm], x, "per_instance", Kind::Bytes, bytes);
        }
        for prefix in ["namespace:", "kvm:", "mounts", "cgroups", "kernels"] {
            let found = Extent::of_objects(cell, prefix).into_iter().flat_map(|e| ends(e.found.interval));
            self.add(&[arm], x, prefix, Kind::Bare, found);
        }
        self.add(&[arm], x, "", Kind::Time, each_at_once(run, cell).map(|(_, each)| each));
        let asked = ["configured", "touch", "ram"].into_iter().filter_map(|key| cell.case.bytes(key));
        self.add(&[arm], x, "", Kind::Bytes, asked.map(|bytes| bytes as f64));
    }

    fn of_course(&mut self, cell: &Cell, s: &Summary, kind: Kind) {
        let values = &cell.columns.values[&s.metric];
        let at = cell.columns.at_ns.iter().zip(values).filter_map(|(at, v)| Some((*at as f64, (*v)?)));
        let Some(change) = Course::of(at.collect()).change() else { return };
        let (arm, x) = ([&*cell.arm], &*cell.experiment);
        self.add(&arm, x, &s.metric, kind, [change.first.median, change.last.median]);
        self.add(&arm, x, &s.metric, Kind::Percent, [change.relative * 100.0]);
        self.add(&arm, x, &s.metric, Kind::Bare, change.alike);
    }

    /// Bytes per byte: of one line of a chart, and of all lines of an arm, as a claim has them.
    fn of_sizes(&mut self, run: &Run) {
        for (key, other) in [("configured", "touch"), ("touch", "configured")] {
            for arm in &run.header.arms {
                let sized = run.cells.iter().filter(|c| c.arm == arm.id && c.case.contains_key(key));
                for prealloc in [false, true] {
                    let all: Vec<&Cell> =
                        sized.clone().filter(|c| c.case.contains_key("prealloc") == prealloc).collect();
                    let mut groups = vec![all.clone()];
                    for cell in &all {
                        let alike = |c: &&&Cell| c.case.get(other) == cell.case.get(other);
                        groups.push(all.iter().filter(alike).copied().collect());
                    }
                    for group in groups {
                        let Some(metric) = group.first().map(|c| host_bytes(c)) else { continue };
                        let found = per_byte(&group, key, metric);
                        let found: Vec<f64> =
                            found.into_iter().flat_map(|e| ends(e.interval).chain([e.n as f64])).collect();
                        self.add(&[&*arm.id], "memory", metric, Kind::Bare, found);
                    }
                }
            }
        }
    }

    /// Ids of the arms that a text names; not those whose name is only a part of a longer one.
    pub(crate) fn arms_in(&self, text: &str) -> BTreeSet<&str> {
        let mut rest = text.to_owned();
        let mut found = BTreeSet::new();
        for (name, id) in &self.names {
            if rest.contains(name.as_str()) {
                found.extend(self.names.iter().filter(|(same, _)| same == name).map(|(_, id)| id.as_str()));
                found.insert(id.as_str());
                rest = rest.replace(name.as_str(), "\u{0}");
            }
        }
        found
    }

    /// Does a heading or a row name its metric, as "`boot create_to_ready`"?
    pub(crate) fn metric_in(&self, text: &str) -> Option<&str> {
        self.metrics.iter().map(String::as_str).find(|m| text.contains(&format!("`{m}`")))
    }

    /// Is there a figure of these arms (of all, when none is named) that is shown as this number?
    pub(crate) fn holds(&self, shown: &Shown, arms: &BTreeSet<&str>, metric: Option<&str>, in_table: bool) -> bool {
        let about = |f: &&Figure| {
            f.kind == shown.kind
                && (in_table || !f.of_tables)
                && (f.arms.is_empty() || arms.is_empty() || f.arms.iter().all(|arm| arms.contains(arm.as_str())))
                && metric.is_none_or(|metric| f.metric == metric)
        };
        self.figures.iter().filter(about).any(|f| shown.shows(f.value))
    }
}

fn kind_of(unit: Option<Unit>) -> Kind {
    match unit {
        Some(Unit::Nanoseconds) => Kind::Time,
        Some(Unit::Bytes) => Kind::Bytes,
        Some(Unit::PerSecond) => Kind::PerSecond,
        _ => Kind::Bare,
    }
}

fn ends(i: Interval) -> impl Iterator<Item = f64> {
    [Some(i.median), i.low, i.high].into_iter().flatten()
}

fn of_summary(s: &Summary) -> impl Iterator<Item = f64> {
    let tails = [0.05, 0.95, 0.99].map(|q| percentile(s, q)).into_iter().flatten();
    ends(s.interval).chain(s.interval.reach()).chain(tails)
}

/// How many samples, and how many of them are far from the rest.
fn counts(s: &Summary) -> [f64; 3] {
    let (mild, severe) = (s.outliers.low_mild + s.outliers.high_mild, s.outliers.low_severe + s.outliers.high_severe);
    [s.n as f64, (mild + severe) as f64, severe as f64]
}
