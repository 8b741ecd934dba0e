//! One arm against another in words: "38 % faster, paired ×0.62 [0.60, 0.64]".

use super::Word;
use crate::lang::Lang;
use crate::model::Unit;
use crate::results::derive::Pair;
use crate::results::derive::Verdict;
use crate::results::schema::{MetricInfo, Run};
use crate::units::three_digits;

#[rustfmt::skip]
words! {
    FASTER: "{percent}\u{a0}% faster", "{percent}\u{a0}% 빠름";
    SLOWER: "{percent}\u{a0}% slower", "{percent}\u{a0}% 느림";
    LESS_MEMORY: "{percent}\u{a0}% less memory", "메모리 {percent}\u{a0}% 적음";
    MORE_MEMORY: "{percent}\u{a0}% more memory", "메모리 {percent}\u{a0}% 많음";
    MORE: "{percent}\u{a0}% more", "{percent}\u{a0}% 많음";
    LESS: "{percent}\u{a0}% less", "{percent}\u{a0}% 적음";
    PAIRED: "paired ×{ratio}", "짝지은 비 ×{ratio}";
    NO_DIFFERENCE: "no difference detectable", "차이를 검출하지 못함";
    BELOW_FLOOR: "no difference detectable, floor {floor}\u{a0}%", "차이를 검출하지 못함, 잡음 한계 {floor}\u{a0}%";
    TOO_FEW: "too few blocks to compare", "비교하기에는 블록이 너무 적음";
    NOT_COMPARABLE: "not comparable: kernel memory was not counted", "비교할 수 없음: 커널 메모리를 세지 못함";
    APART: "but ×{quotient} by the two medians: a noisy machine", "두 중앙값으로는 ×{quotient}: 잡음이 많은 기계";
    AGAINST: "{arm} against {base}: {says}.", "{base} 대비 {arm}: {says}.";
}

/// "no difference detectable, floor 1.2 %", or why nothing may be said; None where there is a difference.
pub fn nothing_found(pair: &Pair, lang: Lang) -> Option<String> {
    Some(match (pair.verdict, pair.floor) {
        (Verdict::Larger | Verdict::Smaller, _) => return None,
        (Verdict::TooFewPairs, _) => TOO_FEW.of(lang).to_owned(),
        (Verdict::NotComparable, _) => NOT_COMPARABLE.of(lang).to_owned(),
        (Verdict::NoDifferenceDetectable, Some(floor)) => {
            BELOW_FLOOR.with(lang, &[("floor", &format!("{:.1}", floor * 100.0))])
        }
        (Verdict::NoDifferenceDetectable, None) => NO_DIFFERENCE.of(lang).to_owned(),
    })
}

/// `(base − arm) / base` with its sign in a word. Less time is faster, so 38 % faster is 0.62 of the time.
pub fn difference(pair: &Pair, m: &MetricInfo, lang: Lang) -> String {
    if let Some(nothing) = nothing_found(pair, lang) {
        return nothing;
    }
    let smaller = pair.verdict == Verdict::Smaller;
    let word = match (m.unit, smaller) {
        (Unit::Nanoseconds, true) => FASTER,
        (Unit::Nanoseconds, false) => SLOWER,
        (Unit::Bytes, true) => LESS_MEMORY,
        (Unit::Bytes, false) => MORE_MEMORY,
        (_, true) => LESS,
        (_, false) => MORE,
    };
    word.with(lang, &[("percent", &three_digits(pair.below().abs() * 100.0))])
}

/// "paired ×0.62 [0.60, 0.64]"; with a word where the quotient of the medians is another.
pub fn paired(pair: &Pair, lang: Lang) -> String {
    let mut text = PAIRED.with(lang, &[("ratio", &three_digits(pair.ratio.median))]);
    if let Some((low, high)) = pair.ratio.low.zip(pair.ratio.high) {
        text += &format!(" [{}, {}]", three_digits(low), three_digits(high));
    }
    let apart = apart(pair, lang).map_or(String::new(), |apart| format!("; {apart}"));
    text + &apart
}

/// Where the two medians give another ratio than the pairs.
pub fn apart(pair: &Pair, lang: Lang) -> Option<String> {
    let quotient = pair.quotient_apart().filter(|_| pair.verdict != Verdict::NotComparable)?;
    Some(APART.with(lang, &[("quotient", &three_digits(quotient))]))
}

/// "38 % faster, paired ×0.62 [0.60, 0.64]".
pub fn versus(pair: &Pair, m: &MetricInfo, lang: Lang) -> String {
    let difference = difference(pair, m, lang);
    match pair.verdict {
        Verdict::Larger | Verdict::Smaller => format!("{difference}, {}", paired(pair, lang)),
        _ => difference,
    }
}

/// A sentence for under a chart: "our container, … against bare VM, …: 38 % faster, paired ×0.62 [0.60, 0.64]."
pub(in crate::charts) fn note(run: &Run, pair: &Pair, m: &MetricInfo, lang: Lang) -> String {
    let name = |id: &str| {
        let info = run.header.arms.iter().find(|a| a.id == id);
        info.map_or_else(|| id.to_owned(), |arm| arm.name_in(lang))
    };
    let says = versus(pair, m, lang);
    AGAINST.with(lang, &[("arm", &name(&pair.arm)), ("base", &name(&pair.base)), ("says", &says)])
}
