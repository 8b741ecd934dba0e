use super::*;
use crate::guide::claims::example::{host, host_of, objects, sizes};
use crate::results::schema::StageColumn;
use crate::timeline::Stage;

fn on(id: &str, card: &str, runs: &[(&str, &Run)]) -> Outcome {
    let text =
        format!("chapter = 2\n[[check]]\nid = \"{id}\"\nkind = \"relation\"\npoints = 1\nexplanation = \"so it is\"");
    let check = crate::guide::chapters::parse(&text, "test.toml").unwrap().checks.remove(0);
    let runs: Vec<Named> = runs.iter().map(|(file, run)| ((*file).to_owned(), *run)).collect();
    super::check(&check, card, &runs, Lang::En)
}

fn status(id: &str, runs: &[&Run]) -> Status {
    let runs: Vec<(&str, &Run)> = runs.iter().map(|run| ("run.json", *run)).collect();
    on(id, "", &runs).status
}

fn cell<'a>(run: &'a mut Run, id: &str) -> &'a mut Cell {
    run.cells.iter_mut().find(|c| c.id == id).unwrap()
}

#[test]
fn nothing_measured_is_never_a_pass_or_a_fail() {
    let empty = host(&[]);
    for id in ids() {
        for runs in [vec![], vec![("run.json", &empty)]] {
            let outcome = on(id, "", &runs);
            assert_eq!((outcome.status, outcome.points), (Status::NotDecided, 0), "{id}");
            assert!(!outcome.why.is_empty() && !outcome.fix.is_empty(), "{id}");
        }
    }
}

#[test]
fn every_relation_that_a_chapter_names_is_here() {
    let mut seen = 0;
    for entry in std::fs::read_dir(crate::testing::repository().join("lab-guides"))
        .unwrap()
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "toml"))
    {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let data = crate::guide::chapters::parse(&text, "chapter").unwrap();
        for check in data.checks.iter().filter(|c| c.kind == Kind::Relation && c.later.is_none()) {
            assert!(ids().any(|id| id == check.id), "{}: {}", entry.path().display(), check.id);
            seen += 1;
        }
    }
    assert!(seen > 0, "the tests run in the package's folder");
}

#[test]
fn more_blocks_narrow_the_interval() {
    let mut run = host_of(100, &[("process", "create_to_ready", 200e3)]);
    let noisy = |run: &mut Run, at: &dyn Fn(usize) -> f64| {
        let column = cell(run, "boot/process#2").columns.values.get_mut("create_to_ready").unwrap();
        column.iter_mut().enumerate().for_each(|(i, v)| *v = Some(200e3 * at(i)));
    };
    noisy(&mut run, &|i| 1.0 + (i * 37 % 11) as f64 / 100.0);
    let found = on("ch00-relation-width", "", &[("blk.json", &run)]);
    assert_eq!(found.status, Status::Pass, "{}", found.why);
    assert!(found.why.contains("over 100 blocks") && found.evidence[0].found.contains("100 blocks"), "{}", found.why);
    noisy(&mut run, &|i| if i < 50 { 1.0 } else { 2.0 }); // it jumped: every six blocks agree, the whole does not
    assert_eq!(status("ch00-relation-width", &[&run]), Status::Fail);
    let short = host_of(12, &[("process", "create_to_ready", 200e3)]);
    assert_eq!(status("ch00-relation-width", &[&short]), Status::NotDecided);
}

#[test]
fn blocks_interleave_what_sequential_keeps_apart() {
    let mut mixed = host(&[("process", "create_to_ready", 200e3)]);
    let mut apart = mixed.clone();
    apart.header.plan.order = "sequential".into();
    let at = |run: &mut Run, id: &str, ns: &dyn Fn(u64) -> u64| {
        let column = &mut cell(run, id).columns.at_ns;
        column.iter_mut().enumerate().for_each(|(i, at)| *at = ns(i as u64));
    };
    at(&mut mixed, "boot/process", &|i| i * 100 + 10 * (i % 2));
    at(&mut mixed, "boot/process#2", &|i| i * 100 + 10 * ((i + 1) % 2));
    at(&mut apart, "boot/process", &|i| i * 100);
    at(&mut apart, "boot/process#2", &|i| 1_000_000 + i * 100);
    assert_eq!(status("ch00-relation-order", &[&apart, &mixed]), Status::Pass);
    assert_eq!(status("ch00-relation-order", &[&mixed]), Status::NotDecided);
    at(&mut mixed, "boot/process#2", &|i| i * 100 + 50);
    assert_eq!(status("ch00-relation-order", &[&apart, &mixed]), Status::Fail, "always the same one first");
}

fn inventory() -> Run {
    let mut run = host(&[("process", "kernels", 0.0), ("container", "kernels", 0.0), ("vm-bare", "kernels", 1.0)]);
    objects(&mut run, "process", &[("processes", 1), ("kernels", 0)]);
    let six = ["cgroup", "ipc", "mnt", "net", "pid", "uts"].map(|kind| format!("namespace:{kind}"));
    let mut parts: Vec<(&str, u64)> = six.iter().map(|what| (what.as_str(), 1)).collect();
    parts.push(("kernels", 0));
    objects(&mut run, "container", &parts);
    objects(&mut run, "vm-bare", &[("kvm:vm", 1), ("kernels", 1)]);
    run
}

#[test]
fn new_namespaces_are_those_that_the_arm_names() {
    let run = inventory();
    let found = on("ch01-relation-namespaces", "", &[("inv.json", &run)]);
    assert_eq!(found.status, Status::Pass, "{}", found.why);
    let mut less = run.clone();
    objects(&mut less, "container", &[("namespace:net", 1)]);
    assert_eq!(status("ch01-relation-namespaces", &[&less]), Status::Fail);
    let mut more = run.clone();
    objects(&mut more, "process", &[("namespace:net", 1)]);
    let found = on("ch01-relation-namespaces", "", &[("inv.json", &more)]);
    assert!(found.status == Status::Fail && found.why.contains("process: net ≠ –"), "{}", found.why);
}

#[test]
fn a_kernel_comes_only_with_a_virtual_machine() {
    let run = inventory();
    assert_eq!(status("ch01-relation-kernels", &[&run]), Status::Pass);
    let mut wrong = run.clone();
    objects(&mut wrong, "process", &[("kernels", 1)]);
    assert_eq!(status("ch01-relation-kernels", &[&wrong]), Status::Fail);
    let without = host(&[("process", "kernels", 0.0), ("container", "kernels", 0.0)]);
    let found = on("ch01-relation-kernels", "", &[("inv.json", &without)]);
    assert_eq!((found.status, found.fix.as_str()), (Status::NotDecided, "isolab doctor"), "the reason of the file");
}

#[test]
fn without_net_there_is_exactly_one_namespace_less() {
    let mut run = inventory();
    let mut arm = run.header.arms.iter().find(|a| a.id == "container").unwrap().clone();
    arm.id = "container:-net".into();
    run.header.arms.push(arm);
    let mut less = cell(&mut run, "inventory/container").clone();
    (less.id, less.arm) = ("inventory/container:-net".into(), "container:-net".into());
    less.columns.parts.iter_mut().for_each(|parts| parts.retain(|p| p.what != "namespace:net"));
    run.cells.push(less);
    assert_eq!(status("ch01-relation-net", &[&run]), Status::Pass);
    cell(&mut run, "inventory/container:-net")
        .columns
        .parts
        .iter_mut()
        .for_each(|p| p.retain(|p| p.what != "namespace:pid"));
    assert_eq!(status("ch01-relation-net", &[&run]), Status::Fail);
}

#[test]
fn stages_are_in_order_and_sum_to_the_total() {
    let mut run = host(&[("process", "create_to_ready", 200e3), ("process", "exit_to_reaped", 50e3)]);
    run.cells.retain(|c| c.id == "boot/process");
    let c = cell(&mut run, "boot/process");
    let n = c.columns.block.len();
    let column = |stage, ns: u64| StageColumn { stage, label: "made up".into(), at_ns: vec![Some(ns); n] };
    c.columns.stages = vec![
        column(Stage::Create, 90_000),
        column(Stage::Ready, 200_000),
        column(Stage::Exit, 250_000),
        column(Stage::Reap, 300_000),
    ];
    c.columns.values =
        [("create_to_ready", 200e3), ("exit_to_reaped", 50e3)].map(|(m, v)| (m.to_owned(), vec![Some(v); n])).into();
    let found = on("ch02-relation-stages", "", &[("boot.json", &run)]);
    assert_eq!(found.status, Status::Pass, "{}", found.why);
    let mut longer = run.clone();
    cell(&mut longer, "boot/process").columns.values.get_mut("create_to_ready").unwrap()[7] = Some(150e3);
    let found = on("ch02-relation-stages", "", &[("boot.json", &longer)]);
    assert!(found.status == Status::Fail && found.why.contains("boot/process #7"), "{}", found.why);
    let mut late = run.clone();
    cell(&mut late, "boot/process").columns.stages[0].at_ns[3] = Some(220_000);
    assert!(on("ch02-relation-stages", "", &[("boot.json", &late)]).why.contains("ends after ready"));
}

#[test]
fn the_null_call_costs_the_same_or_the_card_says_by_how_much_it_does_not() {
    let mut equal = host(&[("process", "getppid", 100.0), ("container", "getppid", 100.0)]);
    let same = cell(&mut equal, "syscall/process").columns.values.clone();
    cell(&mut equal, "syscall/container").columns.values = same;
    assert_eq!(status("ch06-relation-null-call", &[&equal]), Status::Pass);
    let dearer = host(&[("process", "getppid", 100.0), ("container", "getppid", 140.0)]);
    let with = |card: &str| on("ch06-relation-null-call", card, &[("sys.json", &dearer)]);
    let shipped = with("[C11]\nverdict = \"\"\nnumber = \"\"\n");
    assert!(shipped.status == Status::Fail && shipped.fix.contains("[C11]"), "{}", shipped.why);
    assert_eq!(with("[C11]\nnumber = \"×1.4\"\n").status, Status::Pass, "{}", shipped.why);
    assert_eq!(with("[C11]\nnumber = \"×1.1\"\n").status, Status::Fail);
}

#[test]
fn the_host_pays_for_what_is_touched() {
    let mut run = host(&[]);
    sizes(&mut run, &[], |configured, touched| 800e3 + 0.002 * configured + touched);
    assert_eq!(status("ch07-relation-slopes", &[&run]), Status::Pass);
    let mut all = host(&[]);
    sizes(&mut all, &[], |configured, _| 800e3 + configured);
    assert_eq!(status("ch07-relation-slopes", &[&all]), Status::Fail);
}

#[test]
fn parts_sum_to_what_was_charged_where_they_can_be_split() {
    let weighed = |source: &str, charged: f64| {
        let mut run = host(&[("container", "per_instance", 200e3)]);
        let c = cell(&mut run, "memory/container");
        c.case.insert("n".into(), "1,4,16".into());
        let n = c.columns.block.len();
        c.columns.parts = vec![vec![crate::model::Part::bytes("kernel", 1, source)]; n];
        c.columns.values.insert("charged".into(), vec![Some(charged); n]);
        run
    };
    let v2 = "memory.stat kernel (cgroup v2)";
    assert_eq!(status("ch07-relation-parts", &[&weighed(v2, 208e3)]), Status::Pass);
    assert_eq!(status("ch07-relation-parts", &[&weighed(v2, 300e3)]), Status::Fail);
    let mut monitor = weighed(v2, 170e3); // some of its pages are charged elsewhere: shown, not judged
    monitor.header.arms.iter_mut().for_each(|arm| arm.kind = Some(crate::model::Kind::Machine));
    assert_eq!(status("ch07-relation-parts", &[&monitor]), Status::NotDecided);
    let mut user = host(&[("container", "private", 6.4e3)]);
    cell(&mut user, "memory/container").case.insert("n".into(), "1,4,16".into());
    let found = on("ch07-relation-parts", "", &[("marg.json", &user)]);
    assert!(found.status == Status::NotDecided && found.why.contains("kernel memory was not counted"), "{}", found.why);
    let v1 = weighed("memory.kmem.usage_in_bytes (cgroup v1, not split)", 200e3);
    let found = on("ch07-relation-parts", "", &[("marg.json", &v1)]);
    assert!(found.status == Status::NotDecided && found.why.contains("cgroup v1"), "{}", found.why);
}
