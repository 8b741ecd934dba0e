//! The README's first screen is made from a run that lies in the repository; this test makes it again.
//!
//! `ISOLAB_WRITE_README=1 cargo test --test all readme::` writes what it finds in place of what stands there.

use std::path::Path;

use isolab::charts::{self, Look};
use isolab::lang::Lang;
use isolab::model::Unit;
use isolab::report::sentences::with_interval;
use isolab::results::read;
use isolab::results::schema::{Run, Status};

const FOLDER: &str = "results/reference/software-kvm";
const BEGIN: &str = "<!-- begin: made by tests/readme.rs from results/reference/software-kvm/run.json -->\n";
const END: &str = "<!-- end -->";
const COLUMNS: [(&str, &str, &str, Unit); 3] = [
    ("start, create→ready", "boot", "create_to_ready", Unit::Nanoseconds),
    ("memory of one more", "memory", "per_instance", Unit::Bytes),
    ("one system call, getppid", "syscall", "getppid", Unit::Nanoseconds),
];

fn reference() -> Run {
    read::load(&Path::new(FOLDER).join("run.json")).unwrap()
}

fn table(run: &Run) -> String {
    let mut text = format!("| | {} |\n|---|--:|--:|--:|\n", COLUMNS.map(|c| c.0).join(" | "));
    for arm in run.header.arms.iter().filter(|arm| !arm.id.contains('#')) {
        let values = COLUMNS.map(|(_, experiment, metric, unit)| {
            let cells = run.cells.iter().filter(|c| c.experiment == experiment && c.arm == arm.id);
            let cell = cells.filter(|c| c.status == Status::Measured).find(|c| !c.case.contains_key("configured"));
            let found = cell.and_then(|c| run.summaries.iter().find(|s| s.cell == c.id && s.metric == metric));
            found.map_or("–".into(), |s| with_interval(&s.interval, unit, Lang::En))
        });
        text += &format!("| {} (`{}`) | {} |\n", arm.name, arm.id, values.join(" | "));
    }
    let h = &run.header;
    let blocks = run.summaries.iter().find(|s| s.metric == "create_to_ready").unwrap().n;
    text + &format!(
        "\n{}; KVM backend: {}; {blocks} blocks of starts; isolab {}, {}. In the bare VM our guest kernel answers, not Linux.\n",
        h.host.line(),
        h.host.kvm_backend,
        h.commit,
        &h.started[..10],
    )
}

fn same_or_written(path: &Path, made: &str) {
    if std::env::var_os("ISOLAB_WRITE_README").is_some() {
        std::fs::write(path, made).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    let command = "ISOLAB_WRITE_README=1 cargo test --test all readme::";
    assert!(there == made, "{} is not what the run gives; make it again: {command}", path.display());
}

fn the_table_is_the_runs() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    same_or_written(Path::new("README.md"), &format!("{before}{BEGIN}{}{END}{after}", table(&reference())));
}

fn the_picture_is_the_runs() {
    let chart = charts::ALL.iter().find(|chart| chart.id == "boot-stages").unwrap();
    let drawing = (chart.draw)(&[&reference()], Look::default()).unwrap();
    same_or_written(&Path::new(FOLDER).join("boot-stages.svg"), &drawing.svg);
    assert!(std::fs::read_to_string("README.md").unwrap().contains(&format!("({FOLDER}/boot-stages.svg)")));
}

/// Charts, report and checks of a reader without root or KVM stand on these files: they are whole, and thorough.
fn the_reference_runs_follow_from_their_samples() {
    for host in ["software-kvm", "svm"] {
        for name in ["run.json", "sequential.json"] {
            let run = read::load(&Path::new("results/reference").join(host).join(name)).unwrap();
            let wrong = isolab::results::verify::verify(&run);
            assert!(wrong.is_empty(), "{host}/{name}: {wrong:?}");
            assert!(!run.header.commit.contains("changes"), "{host}/{name} was made by a commit that exists");
            if name == "run.json" {
                assert_eq!(run.header.plan.mode, "thorough", "{host}");
            }
        }
    }
}

crate::runner::tests!(the_table_is_the_runs, the_picture_is_the_runs, the_reference_runs_follow_from_their_samples);
