//! The card of chapter 0: the noise floor of one of the reader's own runs.

use super::quoted::{Candidate, Quoted};
use super::written::{FLOOR, how_to_fill, outcome};
use crate::guide::chapters::Check;
use crate::guide::claims::terms::{Floor, Named, floors};
use crate::guide::outcome::{Evidence, Outcome, Status};
use crate::lang::Lang;
use crate::lang::particles::settled;

/// Chapter 0: the floor on the card is that of a start time in one of the files.
pub(super) fn check(check: &Check, text: &str, runs: &[Named], lang: Lang) -> Outcome {
    let found: Vec<(usize, Floor)> = runs
        .iter()
        .enumerate()
        .flat_map(|(i, (_, run))| floors(run, "boot").into_iter().map(move |f| (i, f)))
        .collect();
    let evidence: Vec<Evidence> = found
        .iter()
        .map(|(i, f)| Evidence {
            file: runs[*i].0.clone(),
            cell: f.cell.clone(),
            sha256: f.sha256.clone(),
            found: format!("{}: {:.1} %", f.metric, f.relative * 100.0),
        })
        .collect();
    let give = |status, why: String, fix: String| outcome(check, status, why, fix, evidence.clone(), lang);
    if found.is_empty() {
        let why = lang.choose(
            "no file here has two equal arms in enough blocks.",
            "같은 대상이 두 번 들어 있고 블록이 충분한 파일이 없습니다.",
        );
        return give(
            Status::NotDecided,
            why.into(),
            "isolab bench -e process,process -x boot --blocks 30 -o blk.json".into(),
        );
    }
    if text.is_empty() {
        let why = lang.choose("the card [floor] is not filled in", "[floor] 카드가 비어 있습니다");
        return give(Status::Fail, why.into(), how_to_fill(FLOOR, lang));
    }
    let is_it = |quoted: &Quoted| found.iter().any(|(_, f)| quoted.is(&Candidate::percent(String::new(), f.relative)));
    match Quoted::parse(text) {
        Some(quoted) if is_it(&quoted) => give(
            Status::Pass,
            lang.choose(
                format!("{text} is the noise floor of the file."),
                settled(&format!("{text}은(는) 그 파일의 잡음 한계입니다.")),
            ),
            String::new(),
        ),
        _ => give(
            Status::Fail,
            lang.choose(
                format!("{text} is not the noise floor of a file that was read."),
                settled(&format!("{text}은(는) 읽은 파일의 잡음 한계가 아닙니다.")),
            ),
            lang.choose(
                "Quote the noise floor as `isolab chart aa FILE` shows it, with its % sign.",
                "`isolab chart aa FILE`이 보여 주는 잡음 한계를 % 기호와 함께 쓰십시오.",
            )
            .into(),
        ),
    }
}
