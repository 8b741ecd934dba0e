//! What a card's sentence claims: is it a statement at all, which of two arms does it call the smaller, and which verdict does it
//! speak of? Words of two languages in tables; what no table knows is not held against the student.

use crate::guide::claims::Verdict;

/// Words without which a sentence states nothing about what was measured.
const STATEMENTS: &[&str] = &[
    "than",
    "against",
    "compared",
    "versus",
    "times",
    "ratio",
    "difference",
    "differ",
    "same",
    "equal",
    "took",
    "take",
    "cost",
    "need",
    "has",
    "have",
    "had",
    "is",
    "are",
    "was",
    "were",
    "grow",
    "pay",
    "paid",
    "보다",
    "비해",
    "비하",
    "배",
    "비율",
    "차이",
    "같",
    "걸",
    "들",
    "있",
    "없",
    "입니다",
    "이다",
    "늘",
    "였",
    "했",
    "됩니다",
    "된다",
    "하다",
    "합니다",
];

/// "Faster", "less": the smaller time or size; and their opposites.
const SMALLER: &[&str] =
    &["faster", "quicker", "sooner", "earlier", "shorter", "less", "fewer", "smaller", "lower", "lighter", "cheaper"];
const LARGER: &[&str] =
    &["slower", "later", "longer", "more", "larger", "bigger", "higher", "heavier", "dearer", "greater", "costlier"];
const SMALLER_KO: &[&str] = &["빠르", "빨랐", "빨리", "빠릅", "짧", "적", "작", "가볍", "가벼", "싸", "낮"];
const LARGER_KO: &[&str] =
    &["느리", "느렸", "느립", "늦", "길", "깁", "길었", "많", "크", "큽", "컸", "무겁", "무거", "비싸", "비쌌", "높"];

/// Where a word stands. Letters around it end it in English; Korean words are stems, and particles follow them.
fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    let whole = move |(at, found): &(usize, &str)| {
        let (before, after) = (text[..*at].chars().next_back(), text[at + found.len()..].chars().next());
        !word.is_ascii() || (!is_letter(before) && (!is_letter(after) || after == Some('s')))
    };
    text.match_indices(word).filter(whole).map(|(at, _)| at)
}

fn has_word(text: &str, word: &str) -> bool {
    places(text, word).next().is_some()
}

/// Does it say anything of two things: a comparison, or a verb?
pub(super) fn states(sentence: &str) -> bool {
    let text = sentence.to_lowercase();
    [STATEMENTS, SMALLER, LARGER, SMALLER_KO, LARGER_KO]
        .iter()
        .any(|list| list.iter().any(|word| has_word(&text, word)))
}

/// One comparison: the thing behind "than", or before "보다", and whether the other one is said to be smaller than it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compared {
    /// Byte range of the sentence in which the object's name stands.
    object: (usize, usize),
    pub(super) subject_is_smaller: bool,
}

impl Compared {
    pub(super) fn object<'a>(&self, lower: &'a str) -> &'a str {
        &lower[self.object.0..self.object.1]
    }
}

/// Every plain comparison. One that is denied ("not slower than") claims no direction, and is left out.
pub(super) fn comparisons(lower: &str) -> Vec<Compared> {
    let english = lower.match_indices(" than ").filter_map(|(at, than)| {
        let clause = lower[..at].rfind([',', ';', '.']).map_or(0, |p| p + 1);
        let before = &lower[clause..at];
        let last = |words: &[&str]| words.iter().filter_map(|word| places(before, word).max()).max();
        let smaller = nearer(last(SMALLER), last(LARGER))?;
        let denied = [" not ", "n't ", " no ", " never "].iter().any(|no| before.contains(no));
        let behind = at + than.len();
        let end = lower[behind..].find([',', ';']).map_or(lower.len(), |p| behind + p);
        (!denied).then_some(Compared { object: (behind, end), subject_is_smaller: smaller })
    });
    let korean = lower.match_indices("보다").filter_map(|(at, word)| {
        let behind = at + word.len();
        let end = lower[behind..].find([',', ';']).map_or(lower.len(), |p| behind + p);
        let after = &lower[behind..end];
        let first = |words: &[&str]| words.iter().filter_map(|w| after.find(w)).min();
        let smaller = match (first(SMALLER_KO), first(LARGER_KO)) {
            (Some(a), Some(b)) => a < b,
            (a, b) => nearer(a, b)?,
        };
        let denied = ["지 않", "지 못", "지는 않"].iter().any(|no| after.contains(no));
        (!denied).then_some(Compared { object: (object_begin(&lower[..at]), at), subject_is_smaller: smaller })
    });
    english.chain(korean).collect()
}

/// Where the name before "보다" begins: its last word, with what belongs to it, and without a number in brackets behind it.
fn object_begin(before: &str) -> usize {
    let name = match before.strip_suffix(')').and_then(|inside| inside.rfind('(')) {
        Some(bracket) => &before[..bracket],
        None => before,
    };
    let mut begin = name.len();
    loop {
        let word = name[..begin].trim_end().rfind([' ', ',', ';']).map_or(0, |p| p + 1);
        let ends_a_phrase =
            |w: &str| w != "없는" && w.ends_with(['은', '는', '이', '가', '로', '려', '서', '고', ',', ';']);
        if word == begin || (begin < name.len() && ends_a_phrase(name[word..begin].trim())) {
            return begin;
        }
        begin = word;
    }
}

/// True: the word for "smaller" stands nearer to the end.
fn nearer(smaller: Option<usize>, larger: Option<usize>) -> Option<bool> {
    match (smaller, larger) {
        (None, None) => None,
        (smaller, larger) => Some(smaller > larger),
    }
}

/// Phrases that speak of a verdict, the more special ones first: the first that stands in the sentence counts.
const VERDICTS: &[(&[&str], &[Verdict])] = &[
    (
        &["cannot tell", "can't tell", "can not tell", "leaves it open", "판정할 수 없", "알 수 없", "단정할 수 없"],
        &[Verdict::CannotTell],
    ),
    (&["not testable", "시험할 수 없", "시험하지 못"], &[Verdict::NotTestable]),
    (
        &["holds only", "true only", "only if", "only when", "true with a condition", "조건부", "때만", "경우에만"],
        &[Verdict::Condition],
    ),
    (
        &[
            "is false",
            "is wrong",
            "not true",
            "does not hold",
            "doesn't hold",
            "is not right",
            "is refuted",
            "거짓",
            "틀리",
            "틀렸",
            "틀립",
            "성립하지 않",
            "맞지 않",
            "옳지 않",
            "사실이 아",
            "참이 아",
        ],
        &[Verdict::False, Verdict::Condition],
    ),
    (
        &[
            "is true",
            "claim holds",
            "it holds",
            "is right",
            "is correct",
            "is confirmed",
            "참입",
            "참이",
            "성립",
            "맞습",
            "맞다",
            "옳습",
            "옳다",
        ],
        &[Verdict::True, Verdict::Condition],
    ),
];

/// The verdicts that go with what it says of the claim; None: it speaks of none.
pub(super) fn verdicts(sentence: &str) -> Option<&'static [Verdict]> {
    let text = sentence.to_lowercase();
    VERDICTS.iter().find(|(phrases, _)| phrases.iter().any(|p| text.contains(p))).map(|(_, verdicts)| *verdicts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heap_of_names_and_numbers_states_nothing() {
        for text in ["container 1.5 ms vm-bare", "banana container ×4.36 process ratatouille", "컨테이너 프로세스 4.36"]
        {
            assert!(!states(text), "{text}");
        }
        for text in ["container took 1.5 ms, vm-bare 3 ms", "컨테이너는 프로세스보다 4.36배", "each VM has one kernel"]
        {
            assert!(states(text), "{text}");
        }
    }

    #[test]
    fn the_object_and_the_direction_of_a_comparison_are_found() {
        let found = |text: &str| -> Vec<(String, bool)> {
            comparisons(text).iter().map(|c| (c.object(text).to_owned(), c.subject_is_smaller)).collect()
        };
        assert_eq!(found("container was faster than vm-bare, by far"), [("vm-bare".to_owned(), true)]);
        assert_eq!(found("container was slower than vm-bare"), [("vm-bare".to_owned(), false)]);
        assert_eq!(found("vm-bare takes longer than the container"), [("the container".to_owned(), false)]);
        assert_eq!(found("컨테이너는 vm-bare보다 2배 느립니다"), [("vm-bare".to_owned(), false)]);
        assert_eq!(found("vm-bare는 컨테이너(205 µs)보다 느립니다"), [("컨테이너(205 µs)".to_owned(), false)]);
        assert_eq!(
            found("우리 컨테이너는 운영체제 없는 가상머신보다 빠릅니다"),
            [("운영체제 없는 가상머신".to_owned(), true)]
        );
        assert_eq!(found("프로세스보다 컨테이너가 빨랐습니다"), [("프로세스".to_owned(), true)]);
        for text in
            ["container is not slower than process", "컨테이너는 프로세스보다 빠르지 않습니다", "other than that"]
        {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn what_is_said_of_the_claim_is_understood() {
        use Verdict::{CannotTell, Condition, False, True};
        for (text, verdict) in [
            ("so the claim is false", &[False, Condition][..]),
            ("그러므로 이 주장은 성립하지 않습니다", &[False, Condition]),
            ("so the claim holds only for VMs that boot Linux", &[Condition]),
            ("measured only on this machine, the claim is true", &[True, Condition]),
            ("so the claim is true here", &[True, Condition]),
            ("그래서 참입니다", &[True, Condition]),
            ("신뢰구간으로는 판정할 수 없습니다", &[CannotTell]),
        ] {
            assert_eq!(verdicts(text), Some(verdict), "{text}");
        }
        assert_eq!(verdicts("container took 1.5 ms"), None);
    }
}
