//! The house keeps its shape: who uses whom, how long a file and a function may be, what may not be said.

pub(crate) mod languages;
pub(crate) mod paths;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rooms, or floors of one, and those that each may use. Leaves may be used by all.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "bench/header",
            "bench/plan",
            "bench/runner",
            "environments",
            "experiments",
            "bench",
            "results",
            "charts",
            "report",
            "guide",
            "doctor",
            "host",
            "kernels",
            "vm",
            "sys",
        ],
    ),
    ("doctor", &["host", "bench", "environments", "container", "vm", "sys"]),
    ("report", &["charts", "results", "host"]),
    ("guide", &["report", "charts", "results", "host"]),
    // The upper floor of `bench` decides which cells are measured, the lower one how an instance is had; experiments are between.
    ("bench/runner", &["bench/header", "bench/plan", "experiments", "bench", "environments", "results", "host", "sys"]),
    ("bench/header", &["bench/plan", "experiments", "environments", "results", "host", "sys"]),
    ("bench/plan", &["experiments", "environments", "results"]),
    ("experiments", &["environments", "bench", "results", "stats", "sys"]),
    ("bench", &["environments", "sys"]),
    ("environments", &["container", "kernels", "vm", "sys"]),
    ("kernels", &["vm", "results", "host"]),
    ("container", &["sys"]),
    ("vm", &["sys"]),
    ("results", &["stats", "host"]),
    ("charts", &["results"]),
    ("host", &[]),
    ("stats", &[]),
    ("sys", &[]),
    ("probe", &[]),
    ("error", &[]),
    ("model", &[]),
    ("timeline", &[]),
    ("units", &[]),
    ("testing", &[]),
    ("lang", &[]),
    ("escape", &[]),
    ("shell", &[]),
    ("any_path", &[]),
    ("id", &[]),
    ("gzip", &[]),
    ("proc_stat", &[]),
    ("planned", &[]),
];
const LEAVES: &[&str] = &[
    "error",
    "timeline",
    "model",
    "units",
    "probe",
    "testing",
    "lang",
    "shell",
    "any_path",
    "escape",
    "planned",
    "gzip",
    "id",
    "proc_stat",
];

/// Lists of rooms: what may use what beyond a crate, the compiler sees.
const CRATES: [&str; 5] = ["main", "lib", "base", "lab", "views"];

/// A file longer than this many lines of code (without tests, comments and blank lines) speaks up, unless it stands here with its reason.
const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 80;
/// Where unsafe code may be: system calls, the name of C's `main`, the hypervisor's three, and the programs that run inside.
const UNSAFE_HOMES: &[&str] = &[
    "src/main.rs",
    "src/sys",
    "src/vm/kvm.rs",
    "src/vm/guest_memory.rs",
    "src/vm/watchdog.rs",
    "src/probe",
    "src/vm/bare/kernel",
    "src/vm/linux/guest",
];
/// Programs of their own.
const GUEST_PROGRAMS: [&str; 3] = ["src/probe", "src/vm/bare/kernel", "src/vm/linux/guest"];
const LONG_FILES: &[(&str, &str)] = &[];
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    assert!(found.len() > 40, "the tests run in the package's folder");
    found
}

/// The room that a path of modules leads into: the floor, where a room has floors.
fn room(path: &[String]) -> String {
    let floor = path.iter().take(2).cloned().collect::<Vec<_>>().join("/");
    let is_floor = ARROWS.iter().any(|(room, _)| *room == floor);
    if is_floor { floor } else { path.first().cloned().unwrap_or_default() }
}

/// Files that only tests compile: `#[cfg(test)] mod NAME;` somewhere beside or above them.
fn test_only(sources: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (path, text) in sources {
        let name = path.file_name().unwrap().to_str().unwrap();
        let folder = if name == "mod.rs" { path.with_file_name("") } else { path.with_extension("") };
        for after in text.split("#[cfg(test)]\nmod ").skip(1) {
            let module = after.split_once(';').map_or("", |(module, _)| module);
            if module.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !module.is_empty() {
                found.extend([folder.join(format!("{module}.rs")), folder.join(module)]);
            }
        }
    }
    found
}

/// The code of a file without its tests and comments.
fn code(text: &str) -> String {
    let begins = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\n#[allow(clippy::float_cmp"].map(|begin| text.find(begin));
    let without_tests = &text[..begins.into_iter().flatten().min().unwrap_or(text.len())];
    without_tests.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn a_module_with_parts_is_a_folder_with_mod_rs() {
    let beside: Vec<PathBuf> =
        sources().into_iter().map(|(path, _)| path).filter(|path| path.with_extension("").is_dir()).collect();
    assert!(beside.is_empty(), "{beside:?}");
}

fn rooms_use_only_what_the_tour_says() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    let sources = sources();
    let test_only = test_only(&sources);
    assert!(test_only.contains(&PathBuf::from("src/charts/fixture")), "files of tests are found: {test_only:?}");
    for (path, text) in sources {
        if test_only.iter().any(|test| path.starts_with(test)) {
            continue;
        }
        let room = room(&paths::module_of(&path));
        if CRATES.contains(&room.as_str())
            || path.starts_with("src/crates")
            || GUEST_PROGRAMS.iter().any(|program| path.starts_with(program))
        {
            continue; // programs of their own, build scripts, or lists of rooms
        }
        let allowed = allowed.get(room.as_str()).unwrap_or_else(|| panic!("{room} is a new room: draw its arrows"));
        for used in paths::used(&code(&text), &paths::module_of(&path)) {
            let used = self::room(&used);
            if used != room
                && allowed_rooms().contains(&used)
                && !allowed.contains(&used.as_str())
                && !LEAVES.contains(&used.as_str())
            {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the tour does not have:\n{}", wrong.join("\n"));
}

/// No arrow turns round by way of other rooms.
fn the_arrows_make_no_circle() {
    let edges = ARROWS.iter().map(|(room, uses)| (PathBuf::from(room), uses.iter().map(PathBuf::from).collect()));
    assert!(paths::circles(&edges.collect()).is_empty());
}

fn allowed_rooms() -> Vec<String> {
    ARROWS.iter().map(|(room, _)| (*room).to_owned()).collect()
}

/// stats and charts are used without KVM and without root: they must not reach the harness through a third room.
fn everything_right_of_the_results_file_works_from_it_alone() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for start in ["charts", "report", "guide", "results", "stats"] {
        let (mut todo, mut seen) = (vec![start], Vec::new());
        while let Some(room) = todo.pop() {
            if !seen.contains(&room) {
                seen.push(room);
                todo.extend(arrows[room]);
            }
        }
        for forbidden in ["bench", "bench/runner", "environments", "container", "vm", "sys"] {
            assert!(!seen.contains(&forbidden), "{start} reaches {forbidden}");
        }
    }
}

/// So that a chart, the report and a grade cannot disagree: whatever is made of samples is made in one place.
fn every_number_of_a_results_file_is_derived_in_one_room() {
    const TYPES: &[&[&str]] = &[&["stats", "Interval"], &["stats", "Estimate"]];
    let sources = sources();
    let test_only = test_only(&sources);
    let mut derived = 0;
    for (path, text) in sources.iter().filter(|(path, _)| !test_only.iter().any(|test| path.starts_with(test))) {
        let uses = paths::used(&code(text), &paths::module_of(path));
        let mut of_stats = uses.iter().filter(|used| used.first().is_some_and(|room| room == "stats"));
        if path.starts_with("src/results/derive") {
            derived += of_stats.count();
        } else if path.starts_with("src/results") {
            let other = of_stats.find(|used| !TYPES.contains(&&*used.iter().map(String::as_str).collect::<Vec<_>>()));
            assert!(other.is_none(), "{} computes: {other:?} belongs in results/derive", path.display());
        }
    }
    assert!(derived > 10, "what derives uses stats: {derived}");
}

/// What an arm or a cell is, its id answers: only `src/id.rs` takes the text apart. An environment's kind is data too.
fn no_id_is_taken_apart_outside_of_its_type() {
    // Files from before kinds were kept; made-up runs of tests.
    const MAY: &[&str] = &["src/id.rs", "src/results/older.rs", "src/results/example.rs"];
    let sources = sources();
    let test_only = test_only(&sources);
    let is_test = |path: &Path| path.ends_with("tests.rs") || test_only.iter().any(|test| path.starts_with(test));
    let sources = sources.iter().filter(|(path, _)| !is_test(path) && !MAY.iter().any(|may| path == Path::new(may)));
    let wrong: Vec<String> = sources
        .flat_map(|(path, text)| {
            let code = code(text);
            let lines: Vec<String> = code.lines().filter(|line| takes_an_id_apart(line)).map(str::to_owned).collect();
            lines.into_iter().map(move |line| format!("{}: {}", path.display(), line.trim()))
        })
        .collect();
    assert!(wrong.is_empty(), "ask the ArmId, CellId, Case or Kind:\n{}", wrong.join("\n"));
    for line in ["c.arm.contains('#')", "s.cell.split('/')", "id.split(['/', '{'])", "environment.starts_with(\"vm-\")"]
    {
        assert!(takes_an_id_apart(line), "{line}");
    }
    assert!(!takes_an_id_apart("text.split('/')") && !takes_an_id_apart("arm.contains(name)"));
}

fn takes_an_id_apart(line: &str) -> bool {
    const OWNERS: [&str; 7] = ["arm", "id", "cell", "base", "environment", "first", "twin"];
    const CALLS: [&str; 9] = [
        "split",
        "split_once",
        "rsplit",
        "starts_with",
        "ends_with",
        "strip_prefix",
        "strip_suffix",
        "contains",
        "find",
    ];
    const MARKS: [&str; 8] = ["'#'", "':'", "'/'", "'{'", "\"#", "\"vm-", "\"container", "\"process"];
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices('(').any(|(place, _)| {
        let mut words = line[..place].rsplit(|c: char| !in_word(c));
        let (call, owner) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let argument = line[place + 1..].trim_start_matches('[');
        OWNERS.contains(&owner) && CALLS.contains(&call) && MARKS.iter().any(|mark| argument.starts_with(mark))
    })
}

/// Where an environment's id stands beside the file that defines it, and why it has to.
const NAMES_ENVIRONMENTS: &[(&str, &str)] = &[
    ("src/results/older.rs", "files from before an environment said what it is"),
    ("src/guide/", "pages and checks are of arms that the page names; a results file is all that they have"),
    ("src/results/example.rs", "made-up runs of tests"),
    ("src/doctor/platform.rs", "a row of this name: is this machine a container?"),
    ("src/report/words/", "the word of a column, and a plural"),
    ("src/environments/container.rs", "advice: what who is not root takes in its place"),
    ("src/cli/final_table.rs", "the word of a column"),
    ("src/cli/run.rs", "a plural: so many processes"),
];

/// Whoever wants to know what an environment is asks its `About`, its `Kind` or the environment: one more is one file and one
/// line.
fn an_environment_is_named_in_its_own_file_alone() {
    let ids: Vec<&str> = isolab::environments::ALL.iter().map(|env| env.about().id).collect();
    let defines = |code: &str, id: &str| {
        code.contains(&format!(" id: \"{id}\"")) || code.contains(&format!("ID: &str = \"{id}\""))
    };
    let sources = sources();
    let (test_only, mut wrong, mut used) = (test_only(&sources), Vec::new(), Vec::new());
    for (path, text) in &sources {
        if path.ends_with("tests.rs") || test_only.iter().any(|test| path.starts_with(test)) {
            continue;
        }
        let code = code(text);
        for id in ids.iter().filter(|id| !defines(&code, id)) {
            let mut named = code.lines().filter(|line| names_environment(line, id)).peekable();
            let excepted = NAMES_ENVIRONMENTS.iter().find(|(place, _)| path.to_str().unwrap().starts_with(place));
            match excepted {
                Some(excepted) if named.peek().is_some() => used.push(excepted.0),
                Some(_) => {}
                None => wrong.extend(named.map(|line| format!("{}: {}", path.display(), line.trim()))),
            }
        }
    }
    assert!(wrong.is_empty(), "ask the environment, its About or its Kind:\n{}", wrong.join("\n"));
    let idle: Vec<_> = NAMES_ENVIRONMENTS.iter().filter(|(place, _)| !used.contains(place)).collect();
    assert!(idle.is_empty(), "exceptions that nothing needs: {idle:?}");
    assert!(names_environment("if about.id == \"container\" {", "container"));
    assert!(names_environment("Arm::parse(\"container:-net\")", "container"));
    assert!(
        !names_environment("\"container-rootless\"", "container") && !names_environment("\"a container\"", "container")
    );
}

/// As a whole literal, or with knobs or a number behind it.
fn names_environment(line: &str, id: &str) -> bool {
    ["\"", ":", "#"].iter().any(|end| line.contains(&format!("\"{id}{end}")))
}

fn unsafe_code_is_in_its_homes_only() {
    for (path, text) in sources() {
        let home = UNSAFE_HOMES.iter().any(|home| path.starts_with(home));
        let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'); // 'unsafe-inline' is a word of CSP
        let found = code(&text).split(|c: char| !in_word(c)).any(|word| word == "unsafe");
        assert!(home || !found, "{} has unsafe code", path.display());
    }
}

/// Two files that use each other can only be read together.
fn no_files_use_each_other_in_a_circle() {
    let sources = sources();
    let test_only = test_only(&sources);
    let files = paths::files(&sources);
    let mut edges: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for (path, text) in sources.iter().filter(|(path, _)| !test_only.iter().any(|test| path.starts_with(test))) {
        let here = paths::module_of(path);
        let used =
            paths::used(&code(text), &here).into_iter().filter_map(|used| paths::file_of(&used, &files).cloned());
        let lists = |other: &PathBuf| {
            let there = paths::module_of(other);
            there.starts_with(&here) || here.starts_with(&there)
        };
        edges.insert(path.clone(), used.filter(|other| other != path && !lists(other)).collect());
    }
    let circles = paths::circles(&edges);
    assert!(circles.is_empty(), "what both need belongs in a third file: {circles:#?}");
}

fn files_and_functions_stay_short() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let name = path.display().to_string();
        let lines = code(&text).lines().filter(|l| !l.trim().is_empty()).count();
        if lines > LONGEST_FILE && !LONG_FILES.iter().any(|(f, _)| *f == name) {
            long.push(format!("{name}: {lines} lines of code"));
        }
        for (function, lines) in functions(&text) {
            let id = format!("{name} {function}");
            if lines > LONGEST_FUNCTION && !LONG_FUNCTIONS.iter().any(|(f, _)| *f == id) {
                long.push(format!("{id}: {lines} lines"));
            }
        }
    }
    assert!(long.is_empty(), "split by meaning, or list it with its reason:\n{}", long.join("\n"));
}

/// Every `fn` of a formatted file with its length: it ends at the closing brace of its own indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some((before, name)) = line.split_once("fn ") else { continue };
        if before.contains("//") || before.contains('"') || !line.trim_end().ends_with(['{', '(']) {
            continue;
        }
        let end = lines[i..].iter().position(|l| *l == format!("{}}}", " ".repeat(indent)));
        let name = name.split(['(', '<']).next().unwrap_or_default();
        found.extend(end.map(|n| (name.to_owned(), n)));
    }
    found
}

/// `tests/runner.rs` runs what stands in a file's list; the attribute of cargo's own runner would make a function vanish there.
fn every_test_is_in_its_files_list() {
    let mut files = 0;
    let mut look = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        files += 1;
        let own_runner = path.ends_with("one_more.rs");
        let attribute = concat!("#[", "test]");
        assert!(
            own_runner || !text.contains(attribute),
            "{}: no {attribute}, but tests!(…) at its end",
            path.display()
        );
    };
    for folder in ["tests", "tests/common", "tests/architecture", "tests/figures"] {
        let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        entries.filter(|path| path.extension().is_some_and(|end| end == "rs")).for_each(&mut look);
    }
    assert!(files > 40);
}

/// Registries and their planned names never overlap, and every sentence is one.
fn environments_are_told_in_full() {
    use isolab::environments::ALL;
    for (i, env) in ALL.iter().enumerate() {
        let about = env.about();
        assert!(about.sentence.ends_with('.'), "{}", about.id);
        assert!(about.knobs.iter().all(|k| k.sentence.ends_with('.')), "{}: a knob's sentence", about.id);
        assert!(!about.t0.is_empty() && !about.name.is_empty());
        assert!(ALL[..i].iter().all(|e| e.about().id != about.id), "{} stands twice", about.id);
        let bare = ["VM", "container"].contains(&&*about.name);
        assert!(!bare, "{}: a fair name says what it is not", about.id);
    }
}

crate::runner::tests!(
    every_test_is_in_its_files_list,
    a_module_with_parts_is_a_folder_with_mod_rs,
    rooms_use_only_what_the_tour_says,
    the_arrows_make_no_circle,
    everything_right_of_the_results_file_works_from_it_alone,
    every_number_of_a_results_file_is_derived_in_one_room,
    no_id_is_taken_apart_outside_of_its_type,
    an_environment_is_named_in_its_own_file_alone,
    unsafe_code_is_in_its_homes_only,
    no_files_use_each_other_in_a_circle,
    files_and_functions_stay_short,
    environments_are_told_in_full
);
