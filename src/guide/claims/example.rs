//! Made-up hosts for tests: what a bench on them would have left, by arm and metric.

use crate::model::Part;
use crate::results::example::{ExampleArm, ExampleMetric, noise, run};
use crate::results::schema::{Cell, Run};

pub(in crate::guide) const ARMS: &[ExampleArm] = &[
    ("process", "process", None),
    ("process#2", "process, once more", None),
    ("container", "our container, no image, no engine", None),
    ("vm-bare", "bare VM, no operating system", Some("vmx")),
    ("vm-linux", "Linux VM", Some("vmx")),
];

pub(in crate::guide) const METRICS: &[ExampleMetric] = &[
    ("boot", "create_to_ready", "ns", "lower"),
    ("boot", "exit_to_reaped", "ns", "lower"),
    ("cpu", "spin_unit", "ns", "lower"),
    ("inventory", "kernels", "count", "none"),
    ("memory", "per_instance", "bytes", "lower"),
    ("memory", "private", "bytes", "lower"),
    ("memory", "host_bytes", "bytes", "lower"),
    ("syscall", "getppid", "ns", "lower"),
    ("syscall", "exit", "ns", "lower"),
];

const BLOCKS: u32 = 30;

/// `medians`: (arm, metric, value). What is not named was skipped. The twin of `process` is as `process`.
pub(in crate::guide) fn host(medians: &[(&str, &str, f64)]) -> Run {
    host_of(BLOCKS, medians)
}

pub(in crate::guide) fn host_of(blocks: u32, medians: &[(&str, &str, f64)]) -> Run {
    run(ARMS, METRICS, blocks, |arm, metric, block| {
        let wanted = arm.trim_end_matches("#2");
        let value = medians.iter().find(|(a, m, _)| *a == wanted && *m == metric)?.2;
        Some(value * noise(arm, block))
    })
}

/// What `inventory` lists of one arm, in every sample.
pub(in crate::guide) fn objects(run: &mut Run, arm: &str, objects: &[(&str, u64)]) {
    let parts: Vec<Part> = objects.iter().map(|(what, n)| Part::count(what, *n, "made up")).collect();
    let cell = run.cells.iter_mut().find(|c| c.id == format!("inventory/{arm}")).expect("it is one of METRICS");
    cell.columns.parts = vec![parts; cell.columns.block.len()];
}

/// A bare VM of each of three sizes that touches nothing or 8 MiB: `bytes(configured, touched)` of the host.
pub(in crate::guide) fn sizes(run: &mut Run, case: &[(&str, &str)], bytes: impl Fn(f64, f64) -> f64) {
    const MIB: f64 = 1_048_576.0;
    let model = run.cells.iter().find(|c| c.id == "memory/vm-bare").expect("it is one of METRICS").clone();
    for (configured, touched) in [(16, 0), (16, 8), (128, 0), (128, 8), (1024, 0), (1024, 8)] {
        let mut cell = Cell { status: crate::results::schema::Status::Measured, ..model.clone() };
        cell.case = [("configured".to_owned(), format!("{configured}M")), ("touch".into(), format!("{touched}M"))]
            .into_iter()
            .collect();
        cell.case.extend(case.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        cell.id = format!("memory/vm-bare{{{configured},{touched},{}}}", case.len()).into();
        let value = bytes(f64::from(configured) * MIB, f64::from(touched) * MIB);
        cell.columns.block = (0..BLOCKS).collect();
        cell.columns.failed = vec![None; BLOCKS as usize];
        cell.columns.values = [("host_bytes".to_owned(), vec![Some(value); BLOCKS as usize])].into();
        run.cells.push(cell);
    }
}
