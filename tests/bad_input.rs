//! Bad input on the command line: each mistake gets a message with a remedy and the right exit code, and nothing runs.
use crate::common::{World, code};

/// What is typed, what could not be done, the cause, the remedy.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn refused(expected: i32, mistakes: &[Mistake]) {
    let world = World::new();
    for (typed, doing, cause, advice) in mistakes {
        let answer = world.run(typed.split(' '));
        answer.refuses(expected, doing, cause, advice);
        assert!(answer.out.is_empty(), "isolab {typed}: {answer}");
    }
    world.is_clean();
    assert!(crate::common::world::entries(&world.join("results")).is_empty(), "nothing was measured, nothing is saved");
}

fn an_unknown_name_is_answered_with_the_nearest_one() {
    refused(
        code::USAGE,
        &[
            ("bench -e proces", "proces", "none of that name", "did you mean process?"),
            ("bench -e process,contaner", "contaner", "none of that name", "did you mean container?"),
            ("bench -e qqqqqqqq", "qqqqqqqq", "none of that name", "environments: process"),
            ("bench -e process:vfrok", "process:vfrok", "no knob", "did you mean vfork?"),
            ("bench -e container:-sekcomp", "container", "no knob", "did you mean -seccomp?"),
            ("bench -e vm-bare:rma=64M", "vm-bare", "no knob", "did you mean ram?"),
            ("bench -e fake:fault=hnag", "hnag", "none of that name", "did you mean hang?"),
            ("bench -x bot", "bot", "none of that name", "did you mean boot?"),
            ("bench -x memory --set confgured=1G", "confgured", "has that key", "did you mean configured?"),
            ("chart boot-stagse", "boot-stagse", "none of that name", "did you mean boot-stages?"),
        ],
    );
}

fn a_planned_name_is_not_unknown() {
    refused(
        code::USAGE,
        &[
            ("bench -e docker", "docker", "planned, but not in this version", "isolab list"),
            ("bench -x exits", "exits", "planned, but not in this version", "isolab list"),
            ("chart ladder", "ladder", "planned, but not in this version", "charts: boot-stages"),
            ("bench -x teardown", "teardown", "a metric of boot", "-x boot"),
        ],
    );
}

fn a_linux_guest_of_absurd_size_is_told_what_would_work() {
    refused(
        code::USAGE,
        &[
            ("bench -e vm-linux:ram=16M", "ram=16M", "no Linux starts in so little", "ram=32M"),
            ("bench -e vm-linux:cpus=0", "cpus=0", "at least one", "cpus=8"),
            ("bench -e vm-linux:cpus=10000", "cpus=10000", "so many", "cpus=8"),
        ],
    );
}

fn a_name_said_twice_or_badly_is_told() {
    refused(
        code::USAGE,
        &[
            ("bench -e vm-bare:ram=64M:ram=1G", "vm-bare", "stands twice", "leave one of them out"),
            ("bench -e container:-net:-lo", "-net and -lo", "changes nothing", "leave the second one out"),
            ("bench -e ,", "environments", "it is empty", "isolab list"),
            ("bench -x ,", "experiments", "it is empty", "isolab list"),
            ("bench -x memory --set configured", "configured", "KEY=LIST", "--set"),
            ("bench -x boot --set configured=1G", "configured", "none of the chosen experiments", "keys:"),
            ("bench -x memory -- true", "memory", "needs isolab's probe", "-x boot"),
        ],
    );
}

fn absurd_numbers_are_refused_before_anything_runs() {
    refused(
        code::USAGE,
        &[
            ("bench --blocks 0", "0 blocks", "from 1 to", "--blocks 30"),
            ("bench --blocks -3", "-3 blocks", "no whole number", "--blocks 30"),
            ("bench --blocks 1.5", "1.5 blocks", "no whole number", "--blocks 30"),
            ("bench --blocks 4294967295", "4294967295 blocks", "from 1 to", "--blocks 30"),
            ("bench --time -5", "-5", "more than 0", "30s"),
            ("bench --time -5s", "-5s", "more than 0", "30s"),
            ("bench --time 0", "the time \"0\"", "more than 0", "30s"),
            ("bench --time 99999h", "99999h", "at most a week", "30s"),
            ("bench --time soon", "soon", "no number", "30s"),
            ("bench --timeout 0s", "0s", "more than 0", "30s"),
            ("bench --settle -1ms", "-1ms", "more than 0", "ms"),
            ("bench --pin 999", "CPU 999", "may not use that CPU", "--pin none"),
            ("bench --pin 99999999999999999999", "999", "no CPU number", "--pin none"),
            ("bench --pin -1", "-1", "no CPU number", "--pin none"),
            ("bench -x memory --n 0", "n=0", "from 1 to 512", "--n 1,4,16,32"),
            ("bench -x memory --n 4,1", "n=4,1", "rising", "--n 1,4,16,32"),
            ("bench -x memory --n 99999", "n=99999", "from 1 to 512", "--n 1,4,16,32"),
            ("bench -x memory --n 1,x", "n=1,x", "rising numbers", "--n 1,4,16,32"),
            ("bench --concurrency 0", "\"0\" at once", "from 1 to 256", "--concurrency 1,2,4"),
            ("bench --concurrency 1,9999", "\"9999\" at once", "from 1 to 256", "--concurrency 1,2,4"),
            ("bench -e vm-bare:ram=1X", "ram=1X", "no such unit", "ram=16M to ram=64G"),
            ("bench -e vm-bare:ram=999T", "ram=999T", "more than", "ram=16M to ram=64G"),
            ("bench -e vm-bare:ram=1K", "ram=1K", "too little", "ram=16M to ram=64G"),
            ("bench -e vm-bare:ram=-1G", "ram=-1G", "no whole number", "ram=16M to ram=64G"),
            ("bench -e fake:ready=abc", "ready=abc", "no whole number", "ready=100"),
        ],
    );
}

fn a_bad_place_for_the_results_is_told_before_measuring() {
    let world = World::new();
    for (out, cause) in [("/nonexistent/x.json", "No such file"), ("/", "a folder")] {
        let began = std::time::Instant::now();
        world.run(["bench", "-e", "fake", "-o", out]).refuses_any("save", cause);
        assert!(began.elapsed().as_secs() < 2, "before it has measured anything");
    }
    world.is_clean();
}

trait RefusesAny {
    fn refuses_any(&self, doing: &str, cause: &str);
}

impl RefusesAny for crate::common::Answer {
    /// A file that cannot be written is 1 or 2, by whether it is the machine's fault or the reader's.
    #[track_caller]
    fn refuses_any(&self, doing: &str, cause: &str) {
        assert!(self.code == code::FAILED || self.code == code::USAGE, "{self}");
        self.refuses(self.code, doing, cause, "-o FILE");
    }
}

fn mistakes_of_run_leave_the_programs_own_codes_alone() {
    refused(
        code::OURS_IN_RUN,
        &[
            ("run --as proces", "proces", "none of that name", "did you mean process?"),
            ("run --as docker", "docker", "planned, but not in this version", "isolab list"),
            ("run --as process,container", "process,container", "one environment at a time", "isolab bench"),
            ("run --as vm-bare:ram=999T", "ram=999T", "more than", "ram=16M to ram=64G"),
            ("run --as process --init", "init", "only a container", "--as container"),
            ("run -e =x", "=x", "NAME=VALUE", "--as"),
            ("run --memory 12Q", "12Q", "no such unit", "64M"),
            ("run --memory -5M", "-5M", "no whole number", "64M"),
            ("run --cpus -1", "-1 CPUs", "from 0.01", "--cpus 0.5"),
            ("run --timeout 0", "\"0\"", "more than 0", "30s"),
            ("run --as process --memory 64M -- probe", "process", "limited by nothing", "choose a container"),
            ("run --as process --rootfs /tmp -- probe", "process", "no root of its own", "choose a container"),
        ],
    );
}

fn a_mistyped_option_is_no_command() {
    let world = World::new();
    for (typed, expected, hint) in [
        ("run --tmeline -- probe", code::OURS_IN_RUN, "--timeline"),
        ("bench --blcks 3", code::USAGE, "--blocks"),
        ("bnech", code::USAGE, "'bench'"),
        ("report --into here --md", code::USAGE, "--into"),
        ("report --lang fr", code::USAGE, "--lang en or --lang ko"),
        ("report --json --md", code::USAGE, "--md"),
        ("compare only-one", code::USAGE, "<B>"),
        ("", code::USAGE, "Usage: isolab [OPTIONS] <COMMAND>"),
    ] {
        let answer = world.run(typed.split(' ').filter(|a| !a.is_empty()));
        answer.ends_with(expected).says(hint);
        assert!(answer.out.is_empty(), "{answer}");
    }
}

fn help_and_version_are_results() {
    let world = World::new();
    for (typed, text) in [("--version", env!("CARGO_PKG_VERSION")), ("--help", "bench"), ("run --help", "--as <ENV>")] {
        let answer = world.run(typed.split(' '));
        answer.ends_with(code::OK);
        assert!(answer.out.contains(text) && answer.err.is_empty(), "{answer}");
    }
    for command in [
        "",
        "bench",
        "run",
        "report",
        "compare",
        "chart",
        "recover",
        "clean",
        "list",
        "probe",
        "doctor",
        "kernel",
        "kernel add",
        "completions",
        "man",
    ] {
        let answer = world.run(command.split(' ').filter(|a| !a.is_empty()).chain(["-h"]));
        let longest = answer.out.lines().map(|l| l.chars().count()).max().unwrap_or(0);
        assert!((20..=98).contains(&longest), "isolab {command} -h is {longest} columns wide");
    }
}

/// A name that would clear the screen, rename the window, or write backwards.
fn control_characters_are_told_and_not_obeyed() {
    const EVIL: &str = "a\x1b[2J\x1b]0;owned\x07\u{9b}1m\u{202e}b";
    let world = World::new();
    std::fs::write(world.join(EVIL), "no results").unwrap();
    let path = world.join(EVIL).display().to_string();
    for args in [
        vec!["bench", "-e", EVIL],
        vec!["bench", "-x", EVIL],
        vec![EVIL],
        vec!["bench", "--no-such", EVIL],
        vec!["run", "--as", "process", "--", EVIL],
        vec!["run", "-e", EVIL, "--", "true"],
        vec!["report", "--md", &path],
        vec!["compare", &path, &path],
    ] {
        let answer = world.run(&args);
        assert_ne!(answer.code, 0, "{args:?}");
        let raw = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(!answer.err.contains(raw) && !answer.out.contains(raw), "{args:?}: {:?}", answer.err);
    }
    let answer = world.run(["run", "--as", "process", "--", EVIL]);
    assert!(answer.err.contains(r"a\u001b[2J"), "and it is told which one: {answer}");
}

fn a_plan_of_more_cells_than_a_file_may_hold_is_refused_at_once() {
    let world = World::new();
    let start = std::time::Instant::now();
    let arms = (1..=2001).map(|n| format!("fake:ready={n}")).collect::<Vec<_>>().join(",");
    let answer = world.run(["bench", "-e", &arms, "-x", "boot"]);
    assert_eq!(answer.code, code::USAGE, "{answer}");
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "it took {:?}", start.elapsed());
    assert!(answer.err.contains("a run has up to 2000") && answer.err.contains("fewer arms"), "{answer}");
    assert!(crate::common::world::entries(&world.join("results")).is_empty());
}

crate::runner::tests!(
    a_linux_guest_of_absurd_size_is_told_what_would_work,
    an_unknown_name_is_answered_with_the_nearest_one,
    a_planned_name_is_not_unknown,
    a_name_said_twice_or_badly_is_told,
    absurd_numbers_are_refused_before_anything_runs,
    a_bad_place_for_the_results_is_told_before_measuring,
    mistakes_of_run_leave_the_programs_own_codes_alone,
    a_mistyped_option_is_no_command,
    help_and_version_are_results,
    control_characters_are_told_and_not_obeyed,
    a_plan_of_more_cells_than_a_file_may_hold_is_refused_at_once
);
