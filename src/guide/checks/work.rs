//! K4: the Make task passes its own tests.

use super::super::chapters::Check;
use super::super::outcome::{Evidence, Outcome};
use super::super::state::Progress;
use super::super::work::{Verdict, WORK, judge};
use super::{Case, failed, passed, shown, undecided};
use crate::error::Error;
use crate::id::CellId;
use crate::lang::Lang;
use crate::lang::particles::settled;
use crate::results::hash::sha256;
use crate::results::read::text_if_there;

pub(super) fn check(case: &Case, check: &Check, progress: &mut Progress) -> Outcome {
    let (lang, called, chapter) = (case.lang, case.called, case.chapter);
    let file = case.work_dir.as_ref().map(|work_dir| work_dir.join(WORK));
    let text = file.as_deref().map(text_if_there);
    if let (Some(path), Some(Err(Error { cause, .. }))) = (&file, &text) {
        let name = shown(path);
        let why = lang.choose(
            format!("{name} cannot be read: {}", cause.of(Lang::En)),
            format!("{name} 파일을 읽을 수 없습니다: {}", cause.of(lang)),
        );
        return failed(check, why, format!("{called} guide reset {chapter}"));
    }
    let (Some(path), Some(Ok(Some(work)))) = (file, text) else {
        let why = lang.choose("there is no work.rs of this chapter here", "여기에는 이 장의 work.rs가 없습니다");
        return failed(check, why, format!("{called} guide reset {chapter}"));
    };
    let name = shown(&path);
    let verdict = match judge(chapter, &work, progress, case.limits) {
        Ok(verdict) => verdict,
        Err(error) => return undecided(check, error.cause, error.try_this),
    };
    let found = verdict.name().to_owned();
    let evidence = Evidence { file: name.clone(), cell: CellId::default(), sha256: sha256(&[work.as_bytes()]), found };
    Outcome { evidence: vec![evidence], ..tell(case, check, &name, verdict) }
}

fn tell(case: &Case, check: &Check, name: &str, verdict: Verdict) -> Outcome {
    let (lang, chapter) = (case.lang, case.chapter);
    let hint = format!("{} guide hint {chapter} {}", case.called, check.id);
    match verdict {
        Verdict::Passed => {
            passed(check, lang.choose("all tests of the task pass", "과제의 모든 시험을 통과합니다"), lang)
        }
        Verdict::Untouched(line) => {
            let why = lang.choose(
                format!("{name} is as it was shipped: its TODO stands in line {line}"),
                settled(&format!("{name}은(는) 받은 그대로입니다. TODO는 {line}번째 줄에 있습니다")),
            );
            failed(
                check,
                why,
                lang.choose(format!("edit {name}\n{hint}"), settled(&format!("{name}을(를) 고치십시오\n{hint}"))),
            )
        }
        Verdict::DoesNotCompile(said) => failed(
            check,
            lang.choose(
                format!("{name} does not compile:\n{said}"),
                settled(&format!("{name}이(가) 컴파일되지 않습니다:\n{said}")),
            ),
            hint,
        ),
        Verdict::Failed(said) => failed(
            check,
            lang.choose(
                format!("{name} fails its tests:\n{said}"),
                settled(&format!("{name}이(가) 시험을 통과하지 못합니다:\n{said}")),
            ),
            hint,
        ),
        Verdict::Endless(seconds) => {
            let why = lang.choose(
                format!("{name} did not end within {seconds} s and was stopped: it may loop for ever"),
                settled(&format!(
                    "{name}이(가) {seconds}초 안에 끝나지 않아 멈추었습니다. 끝없이 돌고 있을 수 있습니다"
                )),
            );
            failed(check, why, hint)
        }
        Verdict::Silent(said) => {
            let why = lang.choose(
                format!("{name} ended before its tests did: nothing in it may end the program\n{said}"),
                settled(&format!(
                    "{name}이(가) 시험보다 먼저 끝났습니다. 프로그램을 끝내는 코드가 있으면 안 됩니다\n{said}"
                )),
            );
            failed(check, why.trim_end(), hint)
        }
        Verdict::NoCompiler => {
            let why = lang.choose(
                "there is no rustc here, so the work cannot be tested",
                "rustc가 없어 과제를 시험할 수 없습니다",
            );
            undecided(check, why, "https://rustup.rs, or: export RUSTC=/path/to/rustc")
        }
    }
}
