//! What a Korean reader sees on the terminal: `--lang ko` before the subcommand and behind it, and what LANG says.

use std::process::Command;

use crate::common::{ISOLAB, my_turn};
use unicode_width::UnicodeWidthStr;

/// stdout and stderr, with nothing of this machine's own language.
fn told(args: &[&str], env: &[(&str, &str)]) -> String {
    let mut command = Command::new(ISOLAB);
    for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"] {
        command.env_remove(name);
    }
    let out = command.args(args).envs(env.iter().copied()).output().unwrap();
    let text = [out.stdout, out.stderr].concat();
    String::from_utf8(text).unwrap()
}

fn hangul(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

fn the_option_stands_before_the_subcommand_or_behind_it_and_wins_over_the_environment() {
    let korean = told(&["--lang", "ko", "list"], &[]);
    assert!(korean.contains("환경(-e)") && korean.contains("호스트의 네트워크에 그대로 있습니다."), "{korean}");
    assert_eq!(told(&["list", "--lang", "ko"], &[("LANG", "en_US.UTF-8")]), korean);
    assert_eq!(told(&["list"], &[("LANG", "ko_KR.UTF-8")]), korean);
    assert_eq!(told(&["list"], &[("LANG", "C"), ("LC_MESSAGES", "ko_KR")]), korean);
    let english = told(&["list"], &[]);
    assert!(!hangul(&english), "{english}");
    assert_eq!(told(&["list"], &[("LANG", "ko_KR.UTF-8"), ("LC_ALL", "C")]), english);
    assert_eq!(told(&["--lang=en", "list"], &[("LANG", "ko_KR.UTF-8")]), english);
    assert_eq!(told(&["list", "--json", "--lang", "ko"], &[]), told(&["list", "--json"], &[]), "JSON is English");
    let wrong = told(&["--lang", "fr", "list"], &[]);
    assert!(wrong.contains("--lang en or --lang ko"), "{wrong}");
}

fn doctor_and_list_fit_80_columns_in_korean() {
    for args in [["doctor", "--lang", "ko"], ["list", "--lang", "ko"]] {
        let text = told(&args, &[]);
        assert!(hangul(&text), "{text}");
        let wide: Vec<&str> = text.lines().filter(|l| l.width() > 80 && !l.contains("$ ")).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
    let text = told(&["--lang", "ko", "doctor"], &[]);
    assert!(text.contains("가상머신") && text.contains("수준 L") && !text.contains("This machine"), "{text}");
}

fn an_error_has_its_three_answers_in_korean() {
    let text = told(&["run", "--lang", "ko", "--", "./no-such-program"], &[]);
    assert!(text.starts_with("오류: ") && text.contains("\n원인: ") && text.contains("\n해결: "), "{text}");
    let text = told(&["--lang", "ko", "bench", "-e", "dokcer"], &[]);
    assert!(text.starts_with("오류: ") && text.contains("\n원인: ") && hangul(text.lines().last().unwrap()), "{text}");
}

fn what_a_run_skips_is_said_in_korean_and_kept_in_both() {
    let _turn = my_turn();
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("r");
    let results = results.to_str().unwrap();
    let bench = ["bench", "--lang", "ko", "-x", "boot", "--blocks", "2", "-e", "fake,fake:fault=unavailable"];
    let text = told(&[&bench[..], &["--results", results]].concat(), &[]);
    assert!(text.contains("건너뜀: 각본이 그렇게 정함") && text.contains("해결: 결함 노브를"), "{text}");
    assert!(text.contains("파일: ") && !text.contains("skipped"), "{text}");
    let latest = format!("{results}/latest");
    let file = std::fs::read_to_string(format!("{latest}/run.json")).unwrap();
    assert!(file.contains(r#""reason":"the script says so""#) && file.contains(r#""reason_ko":"각본이 그렇게 정함""#));
    let json = told(&["report", &latest, "--json", "--lang", "ko"], &[]);
    assert!(!hangul(&json) && json.contains("the script says so"), "JSON is English: {json}");
    told(&["report", &latest, "--lang", "ko"], &[]);
    let report = std::fs::read_to_string(format!("{latest}/report.ko.md")).unwrap();
    assert!(report.contains("각본이 그렇게 정함") && !report.contains("the script says so"), "{report}");
    let compared = told(&["compare", &latest, &latest, "--lang", "ko"], &[]);
    assert!(compared.contains("신뢰구간이 겹침") && !compared.contains("overlap"), "{compared}");
    let recovered = told(&["recover", &latest, "--lang", "ko"], &[]);
    assert!(recovered.contains("표본") && recovered.contains("되살렸습니다"), "{recovered}");
}

/// The three answers of errors that few meet; what the kernel and libraries say stays as they say it.
fn rarer_errors_are_in_korean_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (broken, foreign) = (path("broken.json", "{\"schema\": 1, "), path("foreign.json", "{\"a\": 1}"));
    let newer = path("newer.json", "{\"schema\": 999}");
    let missing = dir.path().join("missing.json");
    let cases: &[&[&str]] = &[
        &["report", missing.to_str().unwrap()],
        &["report", &broken],
        &["report", &foreign],
        &["compare", &newer, &newer],
        &["chart", "--theme", "dork", &broken],
        &["chart", "--width", "3", &broken],
        &["chart", "no-such-chart", &broken],
        &["recover", &foreign],
        &["bench", "-x", "bott"],
        &["bench", "-e", "container:-pid:+user"],
        &["bench", "--set", "cache=hot", "-x", "boot"],
        &["bench", "--set", "kache=hot"],
        &["bench", "-x", "memory", "--n", "4,1"],
        &["bench", "--blocks", "0"],
        &["run", "--as", "process", "--init"],
        &["run", "--as", "vm-bare", "-t"],
        &["run", "-e", "NAME"],
        &["run", "--", ".."],
        &["run", "--rootfs", "/", "--", "/no/such/program"],
        &["run", "--rootfs", missing.to_str().unwrap()],
        &["guide", "show", "99"],
        &["guide", "claims", "C999"],
        &["guide", "check", "2", "--on", "moon"],
        &["guide", "check", "2", "--on", "reference=moon"],
    ];
    for args in cases {
        let text = told(&[&["--lang", "ko"], *args].concat(), &[]);
        let error = text.split("오류: ").nth(1).unwrap_or_else(|| panic!("{args:?}: no error in {text}"));
        let mut lines = error.lines();
        let doing = lines.next().unwrap();
        assert!(doing.ends_with("없습니다"), "{args:?}: {text}");
        let cause = lines.next().unwrap().strip_prefix("원인: ").unwrap();
        assert!(hangul(cause) || cause.contains("(os error"), "{args:?}: {text}");
        for english in ["could not", "it is ", "there is", "did you mean", "을(를)", "이(가)", "(으)로"] {
            assert!(!text.contains(english), "{args:?}: {english:?} in {text}");
        }
    }
}

/// clap's own errors: the same exit code and stream, and English as clap says it.
fn a_line_that_is_not_understood_is_told_in_korean() {
    let ask = |args: &[&str], lang: &str| {
        let mut command = Command::new(ISOLAB);
        let out = command.args(args).env("LC_ALL", lang).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    for (args, code, begins) in [
        (&["bench", "--blcks", "3"][..], 2, "오류: 여기에 쓸 수 없는 인자입니다: '--blcks'"),
        (&["bnch"], 2, "오류: 그런 하위 명령이 없습니다: 'bnch'"),
        (&["run", "--timeout"], 125, "오류: '--timeout <TIME>'에 값이 필요합니다"),
        (&["guide", "show"], 2, "오류: 필요한 인자가 빠졌습니다:"),
    ] {
        let (exit, stdout, stderr) = ask(args, "ko_KR.UTF-8");
        assert_eq!((exit, stdout.as_str()), (Some(code), ""), "{args:?}");
        assert!(stderr.starts_with(begins) && !stderr.contains("Usage") && !stderr.contains('\x1b'), "{stderr}");
        let (exit, _, english) = ask(args, "C");
        assert!(exit == Some(code) && english.starts_with("error: ") && !hangul(&english), "{english}");
        assert_eq!(told(&[&["--lang", "ko"], args].concat(), &[]), stderr, "{args:?}: by --lang too");
    }
    let (exit, help, _) = ask(&["bench", "--help"], "ko_KR.UTF-8");
    assert!(exit == Some(0) && help.contains("Usage: isolab bench") && !hangul(&help), "help is English");
}

fn a_life_is_shown_in_korean_and_as_json_in_english() {
    let shown = told(&["run", "--lang", "ko", "--as", "process", "--timeline", "--inventory"], &[]);
    for words in [
        "process의 객체:",
        "process(프로세스)의 단계, t0 = clone3 직전",
        "\n  생성     clone3에서 돌아옴",
        "종료 상태 0",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    for english in ["stages", "objects of", "returned", "waited", "the child", "in all", "host's"] {
        assert!(!shown.contains(english), "{english}: {shown}");
    }
    let rows: Vec<usize> = shown.lines().filter(|l| l.ends_with('█')).map(UnicodeWidthStr::width).collect();
    assert!(!rows.is_empty() && rows.iter().all(|width| *width <= 80), "{shown}");
    let json = told(&["run", "--lang", "ko", "--as", "process", "--timeline", "--inventory", "--json"], &[]);
    assert!(!hangul(&json) && json.contains("clone3 returned"), "{json}");
}

crate::runner::tests!(
    the_option_stands_before_the_subcommand_or_behind_it_and_wins_over_the_environment,
    doctor_and_list_fit_80_columns_in_korean,
    an_error_has_its_three_answers_in_korean,
    what_a_run_skips_is_said_in_korean_and_kept_in_both,
    rarer_errors_are_in_korean_too,
    a_line_that_is_not_understood_is_told_in_korean,
    a_life_is_shown_in_korean_and_as_json_in_english
);
