//! Looks up what arms, cases and metrics are called, for a report; the names come from the file, and stand in `src/experiments` and
//! `src/environments`.

use super::page::code;
use crate::id::ArmId;
use crate::lang::Lang;
use crate::results::schema::{ArmInfo, Cell, MetricInfo, Run};

/// The arm as the file describes it.
pub(super) fn info<'a>(run: &'a Run, arm: &str) -> Option<&'a ArmInfo> {
    run.header.arms.iter().find(|a| a.id == arm)
}

/// The fair name: "our container, no image, no engine (-seccomp)", as charts say it. The id, where the file has no name.
pub(super) fn arm(run: &Run, arm: &str, lang: Lang) -> String {
    info(run, arm).map_or_else(|| arm.to_owned(), |info| info.name_in(lang))
}

/// The fair name without its knobs, for where the id stands beside it and has them.
pub(super) fn plain(run: &Run, id: &ArmId, lang: Lang) -> String {
    let name = arm(run, id, lang);
    let knobs: Vec<&str> = id.knobs().collect();
    if knobs.is_empty() { name } else { name.replace(&format!(" ({})", knobs.join(" ")), "") }
}

/// For the first column of a table: name, case, and the id as the file has it.
pub(super) fn label(run: &Run, cell: &Cell, lang: Lang) -> String {
    format!("{}{} ({})", plain(run, &cell.arm, lang), case(cell), code(&cell.arm))
}

/// " cache=cold"; how many were measured together is the same for all and not said.
pub fn case(cell: &Cell) -> String {
    cell.case.behind_a_name()
}

/// The fair name, and the case where there is one.
pub(super) fn of_cell(run: &Run, cell: &Cell, lang: Lang) -> String {
    format!("{}{}", arm(run, &cell.arm, lang), case(cell))
}

/// What the file says about a metric.
pub(super) fn metric<'a>(run: &'a Run, experiment: &str, metric: &str) -> Option<&'a MetricInfo> {
    run.header.metrics.iter().find(|m| m.experiment == experiment && m.id == metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knobs_and_twins_keep_their_marks_in_both_languages() {
        let mut run = crate::results::example::boot(6);
        run.header.arms[1].id = "container:-net#2".into();
        run.header.arms[1].name = "our container, no image, no engine (-net), once more".into();
        let name = |lang| (arm(&run, "container:-net#2", lang), plain(&run, &"container:-net#2".into(), lang));
        assert_eq!(name(Lang::En).1, "our container, no image, no engine, once more");
        let korean =
            ("직접 만든 컨테이너, 이미지·엔진 없음 (-net), 한 번 더", "직접 만든 컨테이너, 이미지·엔진 없음, 한 번 더");
        assert_eq!(name(Lang::Ko), (korean.0.to_owned(), korean.1.to_owned()));
        assert_eq!(arm(&run, "docker", Lang::Ko), "docker", "what is not in the file stays as it is");
    }
}
