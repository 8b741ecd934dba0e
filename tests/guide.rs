//! The guide as a reader uses it: the built binary, chapter after chapter, with a reader's mistakes and without.
//!
//! Generic over the chapters that there are: as shipped a chapter fails, each check with words of its own; with the
//! reference solution, and cards that follow the data, it passes.
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::guide::{answer, own_run, rustc};
use crate::common::{Answer, World, code, root, skip};
use isolab::guide::chapters::Data;
use isolab::guide::content::Content;
use isolab::guide::outcome::{Kind, Status};
use isolab::guide::{checks, predictions, reference, state, work};
use isolab::lang::Lang;
use isolab::results::read;
use isolab::results::schema::Run;

/// A reader with a home, a folder and a compiler.
struct Reader {
    world: World,
}

impl Reader {
    fn new() -> Reader {
        Reader { world: World::new() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.isolab(std::iter::once(&"guide").chain(args));
        command.env("RUSTC", rustc()).env_remove("LANG").env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command
    }

    fn guide(&self, args: &[&str]) -> Answer {
        crate::common::run(&mut self.command(args))
    }

    fn predict(&self, chapter: u32) -> Answer {
        let answers: Vec<String> =
            data(chapter).questions.iter().map(|q| format!("{}={}", q.id, answer(q.kind, &q.options))).collect();
        let number = chapter.to_string();
        let mut args = vec!["predict", &number];
        answers.iter().for_each(|answer| args.extend(["--answer", answer]));
        self.guide(&args)
    }

    fn work_dir(&self, chapter: u32) -> PathBuf {
        self.world.join("lab-guides/work").join(work::name(chapter))
    }

    /// The work file as this solution has it.
    fn works(&self, chapter: u32, solution: &str) {
        self.guide(&["reset", &chapter.to_string()]).ends_with(code::OK);
        let from = Path::new("lab-guides/solutions").join(work::name(chapter)).join(solution);
        std::fs::copy(from, self.work_dir(chapter).join(work::WORK)).unwrap();
    }

    /// Cards that follow from these runs, as a careful reader writes them.
    fn fill_cards(&self, chapter: u32, runs: &[(String, &Run)]) {
        let text = crate::common::cards::filled(&data(chapter), runs, &floor(runs));
        std::fs::write(self.work_dir(chapter).join(work::CARD), text).unwrap();
    }

    /// A reference run as one of this reader's own, under this name and from this time: younger than the prediction.
    fn owns(&self, reference: &str, name: &str, started: &str) -> Run {
        let run = own_run(&self.world, reference, name, started);
        self.world.file(name, serde_json::to_vec(&run).unwrap());
        run
    }

    /// Ends in time, whatever it is given to read.
    fn ends(&self, args: &[&str]) -> Answer {
        let mut command = Command::new("timeout");
        command.args(["20", crate::common::ISOLAB, "guide"]).args(args);
        self.world.settle_in(&mut command);
        command.env("RUSTC", rustc());
        crate::common::run(&mut command)
    }

    /// Status and reason of each check.
    fn checked(&self, args: &[&str]) -> (Answer, BTreeMap<String, (Status, String)>) {
        let answer = self.guide(&[&["check"], args, &["--json"]].concat());
        let grades: serde_json::Value = serde_json::from_str(&answer.out).unwrap_or_else(|e| panic!("{e}: {answer}"));
        let status = |c: &serde_json::Value| serde_json::from_value::<Status>(c["status"].clone()).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let checks = grades["checks"].as_array().unwrap().iter();
        (answer, checks.map(|c| (text(&c["id"]), (status(c), text(&c["why"])))).collect())
    }
}

fn chapters() -> Vec<u32> {
    let all: Vec<u32> = Content::embedded().chapters().into_iter().map(|(number, _)| number).collect();
    assert!(all.len() >= 5, "{all:?}");
    all
}

fn data(chapter: u32) -> Data {
    Content::embedded().data(chapter).unwrap()
}

/// The noise floor of the first start times, as the chart prints it.
fn floor(runs: &[(String, &Run)]) -> String {
    let of = |run: &Run| {
        let mut mine = run.noise.iter().filter(|f| f.experiment == "boot" && f.metric == "create_to_ready");
        mine.next().map(|f| f.relative)
    };
    let blocks = runs.iter().filter(|(_, run)| run.header.plan.order == "blocks");
    let floor = blocks.clone().chain(runs).find_map(|(_, run)| of(run)).unwrap_or(0.0);
    format!("{:.1} %", floor * 100.0)
}

fn as_shipped_prediction_card_and_work_fail_each_with_its_own_words() {
    let reader = Reader::new();
    reader.guide(&["reset", "--all"]).ends_with(code::OK).says("as it was shipped").says("Predictions stay locked");
    for chapter in chapters() {
        let (answer, checks) = reader.checked(&[&chapter.to_string()]);
        answer.ends_with(code::FAILED);
        let mut words = BTreeMap::new();
        for check in data(chapter).checks.iter().filter(|c| c.later.is_none()) {
            let (status, why) = &checks[&check.id];
            assert_eq!(*status, Status::Fail, "{}: {why}", check.id);
            words.insert(format!("{:?}", check.kind), why.clone());
        }
        assert!(words["Prediction"].contains("no prediction is stored"), "{words:?}");
        assert!(words["Work"].contains("as it was shipped: its TODO stands in line"), "{words:?}");
        assert!(words["Run"].contains("no run"), "{words:?}");
    }
    reader.world.is_clean();
}

/// A chapter on data of one's own, from the first page to full marks; and a prediction that came too late.
fn a_chapter_is_done_from_prediction_to_full_marks() {
    let reader = Reader::new();
    reader.guide(&["show", "2"]).ends_with(code::OK).says("Predict before you read on").says("guide predict 2");
    let locked = reader.guide(&["show", "2", "--section", "7"]);
    locked.refuses(code::USAGE, "show section 7", "after your prediction", "guide predict 2");
    reader.predict(2).ends_with(code::OK).says("Locked.");
    reader.guide(&["show", "2"]).ends_with(code::OK).says("Next:");
    let bench = ["-e", "process,container", "-x", "boot", "--blocks", "8", "-o", "boot.json"];
    reader.world.bench(&bench).ends_with(code::OK);
    let run = read::load(&reader.world.join("boot.json")).unwrap();
    let log = predictions::Log::load(&reader.world.join("home/.local/state/isolab")).unwrap();
    assert_eq!(run.header.prediction_sha256.as_deref(), log.head(), "the run names the prediction");

    reader.works(2, "work.rs");
    let (_, checks) = reader.checked(&["2"]);
    for check in ["prediction", "run", "relation-stages", "work"] {
        let (status, why) = &checks[&format!("ch02-{check}")];
        assert_eq!(*status, Status::Pass, "{check}: {why}");
    }
    reader.guide(&["reset", "2"]).ends_with(code::OK).says("work.rs.before-reset");
    reader.works(2, "work.rs");
    reader.fill_cards(2, &[("boot.json".into(), &run)]);
    let (answer, checks) = reader.checked(&["2", "boot.json"]);
    answer.ends_with(code::OK);
    assert!(checks.values().all(|(status, _)| *status != Status::Fail), "{checks:?}");
    reader.guide(&["check", "2"]).ends_with(code::OK).says("Your own data: boot.json").says("4/4 ch02-work");
    reader.guide(&["progress"]).ends_with(code::OK).says("Start time");

    reader.predict(6).ends_with(code::OK);
    let (_, later) = reader.checked(&["6", "boot.json"]);
    let (status, why) = &later["ch06-prediction"];
    assert!(*status == Status::Fail && why.contains("began before the prediction was stored"), "{why}");
    reader.world.is_clean();
}

/// Before any check has been passed: what is newer and satisfies less takes nothing away, and why it is not read is said.
fn a_newer_bench_with_few_blocks_is_passed_over_with_its_reason() {
    let reader = Reader::new();
    reader.predict(0).ends_with(code::OK);
    let sequential = reader.owns("sequential.json", "seq.json", "2026-01-01T10:00:00Z");
    let blocks = reader.owns("run.json", "blk.json", "2026-01-01T10:01:00Z");
    reader.works(0, "work.rs");
    reader.fill_cards(0, &[("seq.json".into(), &sequential), ("blk.json".into(), &blocks)]);
    let few = ["-e", "process,process", "-x", "boot", "--blocks", "8", "-o", "few.json"];
    reader.world.bench(&few).ends_with(code::OK);
    let answer = reader.guide(&["check", "0"]);
    answer.ends_with(code::OK).says("10 of 10 points").says("Your own data: seq.json, blk.json, the newest that hold");
    answer.says("Passed over:").says("few.json: 8 blocks, and this chapter needs 24");
    reader.guide(&["check", "0"]).ends_with(code::OK).says("10 of 10 points"); // with its full marks remembered
    let korean = reader.guide(&["check", "0", "--lang", "ko"]);
    korean.ends_with(code::OK).says("고르지 않은 파일:").says("few.json: 블록이 8개인데, 이 장에는 24개가 필요합니다");
    for line in answer.out.lines().chain(korean.out.lines()) {
        assert!(isolab::guide::terminal::wide(line) <= 80, "{line}");
    }
    let json: serde_json::Value = serde_json::from_str(&reader.guide(&["check", "0", "--json"]).out).unwrap();
    assert_eq!((json["chosen"].as_str(), json["passed_over"][0]["file"].as_str()), (Some("newest"), Some("few.json")));
}

fn a_pipe_or_a_device_among_what_the_guide_reads_is_told_at_once() {
    let reader = Reader::new();
    reader.predict(2).ends_with(code::OK);
    reader.works(2, "work.rs");
    let pipe = |path: PathBuf| nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let endless = |path: PathBuf| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    for folder in ["results/pipe", "results/zero"] {
        std::fs::create_dir_all(reader.world.join(folder)).unwrap();
    }
    pipe(reader.world.join("pipe.json"));
    pipe(reader.world.join("results/pipe/run.json"));
    endless(reader.world.join("zero.json"));
    endless(reader.world.join("results/zero/run.json"));
    let answer = reader.ends(&["check", "2"]);
    answer.ends_with(code::FAILED).says("Your own data: none found");
    for (name, why) in [("pipe.json", "a pipe"), ("results/pipe/run.json", "a pipe")] {
        answer.says(&format!("{name}: it is {why}"));
    }
    for name in ["zero.json", "results/zero/run.json"] {
        answer.says(&format!("{name}: it is a device"));
        reader.ends(&["check", "2", name]).refuses(code::USAGE, name, "it is a device", "save it as a file");
    }
    reader.ends(&["check", "2", "pipe.json"]).refuses(code::USAGE, "pipe.json", "it is a pipe", "save it as a file");
    reader.owns("run.json", "boot.json", "2026-01-01T10:00:00Z");
    for (file, make) in
        [("card.toml", &pipe as &dyn Fn(PathBuf)), ("card.toml", &endless), ("work.rs", &pipe), ("work.rs", &endless)]
    {
        let path = reader.work_dir(2).join(file);
        std::fs::remove_file(&path).unwrap();
        make(path.clone());
        let answer = reader.ends(&["check", "2"]);
        answer.ends_with(code::FAILED).says(&format!("{file} cannot be read: it is a"));
        std::fs::remove_file(&path).unwrap();
        reader.works(2, "work.rs");
    }
}

/// On every reference machine, in both languages: the reference solution and cards that follow the data.
fn every_chapter_passes_on_reference_data() {
    let hosts = reference::hosts(Path::new("."));
    if hosts.is_empty() {
        return skip("every_chapter_passes_on_reference_data", "there are no reference runs in results/reference");
    }
    for chapter in chapters() {
        let reader = Reader::new();
        reader.predict(chapter).ends_with(code::OK);
        reader.works(chapter, "work.rs");
        for host in &hosts {
            let (_, files) = reference::load(Path::new("."), Some(host), &data(chapter).needs).unwrap();
            let runs: Vec<(String, &Run)> = files.iter().map(|f| (f.name.clone(), &f.run)).collect();
            reader.fill_cards(chapter, &runs);
            for lang in ["en", "ko"] {
                let on = format!("reference={host}");
                let (answer, checks) = reader.checked(&[&chapter.to_string(), "--on", &on, "--lang", lang]);
                assert_eq!(answer.code, code::OK, "chapter {chapter} on {host} in {lang}: {checks:#?}");
                assert!(answer.out.contains("\"data\": \"reference\""));
            }
        }
    }
}

fn bad_words_are_answered_with_what_there_is() {
    let reader = Reader::new();
    let refused = [
        (&["show", "99"][..], "chapter 99", "none of that number", "chapters: 0 1 2"),
        (&["check", "14"], "chapter 14", "planned, but not in this version", "chapters: 0 1 2"),
        (&["show", "2", "--lang", "fr"], "language \"fr\"", "English and Korean", "--lang en or --lang ko"),
        (&["check", "2", "--on", "mars"], "\"mars\"", "names no data", "--on reference"),
        (&["hint", "2", "ch02-nothing"], "ch02-nothing", "no such check", "ch02-work"),
        (&["check", "2", "none.json"], "none.json", "No such file", "isolab bench"),
        (&["predict", "2", "--answer", "order=1"], "order", "not what is asked for", "nothing was stored"),
        (&["predict", "2", "--answer", "vm-factor=fast"], "vm-factor", "a number", "nothing was stored"),
        (&["predict", "2", "--answer", "vm-factor=7"], "store the prediction", "is not answered", "--answer"),
        (&["predict", "2", "--answer", "nothing=7"], "nothing=7", "no question", "questions: order"),
        (&["predict", "2", "--answer", "vm-factor"], "vm-factor", "ID=VALUE", "questions: order"),
    ];
    for (args, doing, cause, advice) in refused {
        reader.guide(args).refuses(code::USAGE, doing, cause, advice);
    }
    for args in [&["show", "two"][..], &["show", "2", "--section", "16"], &["reset"], &["check"]] {
        reader.guide(args).ends_with(code::USAGE);
    }
    assert!(!reader.world.join("home/.local/state/isolab/predictions.jsonl").exists(), "nothing was stored");
}

fn answers_come_from_a_pipe_too_and_half_of_them_store_nothing() {
    let reader = Reader::new();
    let predict = |lines: &str| -> Answer {
        let mut child = reader.command(&["predict", "2"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.as_bytes());
        child.wait_with_output().unwrap().into()
    };
    let order = "process, container, vm-bare, docker-run, vm-linux\n";
    predict(order).refuses(code::USAGE, "store the prediction", "is not answered", "nothing was stored");
    predict(&format!("{order}many\n3\n")).refuses(code::USAGE, "take the answer", "a number", "nothing was stored");
    predict(&format!("{order}×3\n20\n")).ends_with(code::OK).says("Locked.");
    let again = predict(&format!("{order}4\n20\n"));
    again.refuses(code::USAGE, "prediction for chapter 2", "locked once it is stored", "guide show 2").says("3 ×");
}

fn a_language_without_a_page_is_said_in_that_language() {
    let reader = Reader::new();
    let english = std::fs::read_to_string("lab-guides/02-start-time.md").unwrap().replace("chapter: 2", "chapter: 3");
    let questions =
        std::fs::read_to_string("lab-guides/02-start-time.toml").unwrap().replace("chapter = 2", "chapter = 3");
    std::fs::create_dir_all(reader.world.join("lab-guides/ko")).unwrap();
    reader.world.file("lab-guides/03-new.md", &english);
    reader.world.file("lab-guides/03-new.toml", questions);
    reader
        .guide(&["show", "3", "--lang", "ko"])
        .ends_with(code::OK)
        .says("아직 한국어로 없어서")
        .says("What takes the time");
    let korean = std::fs::read_to_string("lab-guides/ko/02-start-time.md").unwrap();
    reader.world.file("lab-guides/ko/03-new.md", korean.replace("chapter: 2", "chapter: 3"));
    reader.guide(&["show", "3", "--lang", "ko"]).ends_with(code::OK).says("이전 영어판").says("예측하기");
    let mut by_lang = reader.command(&["show", "2"]);
    let fresh = crate::common::run(by_lang.env("LANG", "ko_KR.UTF-8"));
    fresh.ends_with(code::OK).says("예측하기");
    assert!(fresh.err.is_empty(), "{fresh}");
}

fn work_that_does_not_compile_or_whose_tests_were_changed_is_found_out() {
    let reader = Reader::new();
    reader.works(2, "work.rs");
    for (file, text) in [("tests.rs", "// none"), ("task.rs", "compile_error!(\"mine\");")] {
        std::fs::write(reader.work_dir(2).join(file), text).unwrap();
    }
    let work = |reader: &Reader| reader.checked(&["2"]).1["ch02-work"].clone();
    assert_eq!(work(&reader).0, Status::Pass, "the reader's own tests and task do not count");
    std::fs::copy("lab-guides/solutions/ch02/wrong-1.rs", reader.work_dir(2).join(work::WORK)).unwrap();
    let (status, why) = work(&reader);
    assert!(status == Status::Fail && why.contains("fails its tests"), "{why}");
    std::fs::write(reader.work_dir(2).join(work::WORK), "pub fn start( {").unwrap();
    let (status, why) = work(&reader);
    assert!(status == Status::Fail && why.contains("does not compile") && why.contains("work.rs:1"), "{why}");
    std::fs::write(reader.work_dir(2).join(work::WORK), "pub fn start() {}").unwrap(); // what is known needs no compiler
    let mut without = reader.command(&["check", "2"]);
    let answer = crate::common::run(without.env_remove("RUSTC").env("PATH", "/nonexistent"));
    answer.says("there is no rustc here");
    let changed = reader.guide(&["reset", "2"]);
    changed.ends_with(code::OK).says("kept as lab-guides/work/ch02/tests.rs.before-reset");
    reader.world.is_clean();
}

/// With a limit of its own, so that the test is short; the binary waits longer.
fn work_that_loops_for_ever_is_ended() {
    let reader = Reader::new();
    reader.works(2, "work.rs");
    let endless = std::fs::read_to_string("lab-guides/solutions/ch02/work.rs").unwrap();
    let endless = endless.replacen("it.make_namespaces()?;", "loop { std::hint::black_box(0); }", 1);
    std::fs::write(reader.work_dir(2).join(work::WORK), endless).unwrap();
    let data = data(2);
    let case = checks::Case {
        chapter: 2,
        data: &data,
        log: &predictions::Log::default(),
        results: &[],
        quotable: &std::cell::LazyCell::new(Box::new(Vec::new)),
        source: &checks::Source::Own,
        work_dir: Some(reader.work_dir(2)),
        lang: Lang::En,
        called: "isolab",
        bench: "isolab bench",
        limits: work::Limits { run: Duration::from_secs(2), ..work::LIMITS },
    };
    let grades = checks::check(&case, &mut state::Progress::default());
    let work = grades.outcomes.iter().find(|o| o.kind == Kind::Work).unwrap();
    assert!(work.status == Status::Fail && work.why.contains("did not end within 2 s"), "{}", work.why);
}

fn a_home_that_takes_nothing_is_told_with_the_way_out() {
    let reader = Reader::new();
    let answers = [
        "predict",
        "2",
        "--answer",
        "order=process,container,vm-bare,docker-run,vm-linux",
        "--answer",
        "container-factor=3",
        "--answer",
        "vm-factor=9",
    ];
    let mut unwritable = reader.command(&answers);
    let answer = crate::common::run(unwritable.env("XDG_STATE_HOME", "/proc/isolab")); // a folder where nobody may make one
    answer.refuses(code::FAILED, "make the folder /proc/isolab", "No such file", "XDG_STATE_HOME");
    let mut reading = reader.command(&["show", "2"]);
    let answer = crate::common::run(reading.env("XDG_STATE_HOME", "/proc/isolab"));
    answer.ends_with(code::OK).says("your progress is not kept");
    if !crate::common::needs_own_mounts("a_home_that_takes_nothing_is_told_with_the_way_out") {
        return;
    }
    let full = "mkdir -p $D/home/.local/state/isolab; mount -t tmpfs -o size=4k none $D/home/.local/state/isolab; \
                head -c 9000 /dev/zero > $D/home/.local/state/isolab/full || true";
    let args = std::iter::once(&"guide").chain(&answers);
    let answer = crate::common::run(&mut crate::common::with_own_mounts(&reader.world, full, args));
    answer.refuses(code::FAILED, "save", "No space left", "XDG_STATE_HOME");
    assert_eq!(
        crate::common::world::entries(&reader.world.join("home/.local/state/isolab")).len(),
        0,
        "nothing is left"
    );
}

fn results_edited_by_hand_do_not_pass() {
    let reader = Reader::new();
    reader.predict(2).ends_with(code::OK);
    let bench = ["-e", "process", "-x", "boot", "--blocks", "6", "-o", "boot.json"];
    reader.world.bench(&bench).ends_with(code::OK);
    let text = std::fs::read_to_string(reader.world.join("boot.json")).unwrap();
    let mut run: Run = serde_json::from_str(&text).unwrap();
    run.summaries[0].interval.median *= 2.0;
    reader.world.file("edited.json", serde_json::to_vec(&run).unwrap());
    reader.world.file("cut.json", &text[..text.len() / 2]);
    let (_, checks) = reader.checked(&["2", "edited.json"]);
    let (status, why) = &checks["ch02-run"];
    assert!(*status == Status::Fail && why.contains("edited.json: it was changed by hand"), "{why}");
    reader.guide(&["check", "2", "cut.json"]).refuses(code::USAGE, "cut.json", "cut off", "isolab recover");
}

fn a_log_that_was_changed_by_hand_is_not_built_upon() {
    let reader = Reader::new();
    reader.predict(2).ends_with(code::OK);
    let log = reader.world.join("home/.local/state/isolab/predictions.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    std::fs::write(&log, text.replace("7.5", "9.5")).unwrap();
    reader.predict(6).refuses(code::USAGE, "add a prediction", "was changed by hand", "mv ");
    let (_, checks) = reader.checked(&["2"]);
    assert!(checks["ch02-prediction"].1.contains("changed by hand: line 1"), "{checks:?}");
}

fn under_sudo_predictions_and_work_belong_to_the_caller() {
    use std::os::unix::fs::MetadataExt;
    if !root() {
        return skip("under_sudo_predictions_and_work_belong_to_the_caller", "only root can give files away");
    }
    let reader = Reader::new();
    std::os::unix::fs::chown(reader.world.join("home"), Some(12345), Some(12346)).unwrap();
    for args in [&["predict", "0"][..], &["reset", "2"]] {
        let answers: Vec<String> =
            data(0).questions.iter().map(|q| format!("--answer={}={}", q.id, answer(q.kind, &q.options))).collect();
        let mut command = reader.command(args);
        if args[0] == "predict" {
            command.args(&answers);
        }
        crate::common::run(command.env("SUDO_UID", "12345").env("SUDO_GID", "12346")).ends_with(code::OK);
    }
    for path in ["home/.local", "home/.local/state/isolab/predictions.jsonl", "lab-guides/work/ch02/work.rs"] {
        assert_eq!(std::fs::metadata(reader.world.join(path)).unwrap().uid(), 12345, "{path}");
    }
}

fn lists_are_for_programs_too() {
    let reader = Reader::new();
    for args in [&["list", "--json"][..], &["progress", "--json"]] {
        let answer = reader.guide(args);
        answer.ends_with(code::OK);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&answer.out).unwrap();
        assert_eq!(rows.len(), chapters().len());
        assert!(rows.iter().all(|r| r["minutes"].as_u64().unwrap() <= 45));
    }
    let sheets: Vec<serde_json::Value> =
        serde_json::from_str(&reader.guide(&["check", "--all", "--json"]).out).unwrap();
    for grades in sheets {
        for key in [
            "schema",
            "commit",
            "binary_sha256",
            "probe_sha256",
            "host_id",
            "data",
            "points",
            "possible",
            "flags",
            "checks",
        ] {
            assert!(grades.get(key).is_some(), "{key}");
        }
        let later = data(grades["chapter"].as_u64().unwrap() as u32)
            .checks
            .iter()
            .filter(|c| c.later.is_none())
            .map(|c| c.points)
            .sum::<u32>();
        assert_eq!((later, grades["possible"].as_u64()), (10, Some(10)), "a chapter has ten points");
    }
}

fn eighty_columns_are_enough() {
    let reader = Reader::new();
    for lang in ["en", "ko"] {
        for chapter in chapters() {
            reader.predict(chapter);
            let shown = reader.guide(&["show", &chapter.to_string(), "--all", "--lang", lang]);
            let one_word = |l: &str| l.split_whitespace().any(|word| word.len() > 70); // a list of arms cannot be broken
            let wide = |l: &&str| isolab::guide::terminal::wide(l) > 80 && !one_word(l);
            assert_eq!(shown.ends_with(code::OK).out.lines().find(wide), None, "chapter {chapter} in {lang}");
        }
    }
}

fn the_commands_of_check_begin_as_isolab_was_called_and_can_be_pasted() {
    let (reader, called) = (Reader::new(), "/usr/local/bin/isolab");
    reader.owns("sequential.json", "seq.json", "2026-01-01T10:00:00Z");
    for lang in ["en", "ko"] {
        let mut check = reader.command(&["check", "0", "--lang", lang]);
        let answer = crate::common::run(check.arg0(called).env_remove("CARGO"));
        let command = "bench -e process,process -x boot --order blocks --blocks 100 -o blk100.json";
        let whole = answer.out.replace(" \\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(whole.contains(&format!("→ {called} {command}")), "{answer}");
        assert!(!answer.out.contains(" isolab bench"), "{answer}");
        assert_eq!(answer.out.lines().find(|line| isolab::guide::terminal::wide(line) > 80), None, "{answer}");
    }
}

crate::runner::tests!(
    as_shipped_prediction_card_and_work_fail_each_with_its_own_words,
    a_chapter_is_done_from_prediction_to_full_marks,
    a_newer_bench_with_few_blocks_is_passed_over_with_its_reason,
    a_pipe_or_a_device_among_what_the_guide_reads_is_told_at_once,
    every_chapter_passes_on_reference_data,
    bad_words_are_answered_with_what_there_is,
    answers_come_from_a_pipe_too_and_half_of_them_store_nothing,
    a_language_without_a_page_is_said_in_that_language,
    work_that_does_not_compile_or_whose_tests_were_changed_is_found_out,
    work_that_loops_for_ever_is_ended,
    a_home_that_takes_nothing_is_told_with_the_way_out,
    results_edited_by_hand_do_not_pass,
    a_log_that_was_changed_by_hand_is_not_built_upon,
    under_sudo_predictions_and_work_belong_to_the_caller,
    lists_are_for_programs_too,
    eighty_columns_are_enough,
    the_commands_of_check_begin_as_isolab_was_called_and_can_be_pasted
);
