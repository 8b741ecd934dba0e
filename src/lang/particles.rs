//! Korean particles after words that are only known when the program runs.
//!
//! A text has both forms, as a form to fill in has: "{name}을(를)", "{name}(으)로". [`settled`] leaves the one that fits: by
//! the final consonant of the last syllable, by how a numeral or a Latin letter is read aloud; behind a bracket the word
//! before it decides, behind a quotation mark the word inside (Hangul Orthography, and how the National Institute of Korean
//! Language answers questions about particles behind brackets). What nobody knows how to read keeps both.

/// As written, after a final consonant, after none; the longer are looked for first.
const FORMS: &[(&str, &str, &str)] = &[
    ("은(는)", "은", "는"),
    ("는(은)", "은", "는"),
    ("이(가)", "이", "가"),
    ("가(이)", "이", "가"),
    ("을(를)", "을", "를"),
    ("를(을)", "을", "를"),
    ("과(와)", "과", "와"),
    ("와(과)", "과", "와"),
    ("(으)로", "으로", "로"),
];

/// How a word ends when it is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Vowel,
    /// ㄹ counts as a vowel for "(으)로".
    Rieul,
    Consonant,
}

/// The text with every particle in the form that fits the word before it.
pub fn settled(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, form)) = next(rest) {
        done += &rest[..at];
        let (both, consonant, vowel) = *form;
        done += match ending(&done) {
            None => both,
            Some(Ending::Rieul) if both == "(으)로" => vowel,
            Some(Ending::Consonant | Ending::Rieul) => consonant,
            Some(Ending::Vowel) => vowel,
        };
        rest = &rest[at + both.len()..];
    }
    done + rest
}

fn next(text: &str) -> Option<(usize, &'static (&'static str, &'static str, &'static str))> {
    FORMS.iter().filter_map(|form| Some((text.find(form.0)?, form))).min_by_key(|(at, _)| *at)
}

fn ending(before: &str) -> Option<Ending> {
    let word = spoken(before)?;
    let last = word.chars().last()?;
    match last {
        '가'..='힣' => Some(match (last as u32 - '가' as u32) % 28 {
            0 => Ending::Vowel,
            8 => Ending::Rieul,
            _ => Ending::Consonant,
        }),
        '0'..='9' => Some(digit(last)),
        '%' | '×' | '°' => Some(Ending::Vowel), // 퍼센트, 배(곱), 도
        'a'..='z' | 'A'..='Z' => Some(latin(word)),
        _ => None,
    }
}

const QUOTES: &[char] = &['"', '\'', '`', '’', '”', '」', '』', '»', '*', '…', '.', ',', '/', ' ', '\u{a0}'];

/// The text up to the word that is heard last: without quotation marks, and without what stands in brackets, unless there
/// is nothing else.
fn spoken(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(QUOTES);
    let pairs = [(')', '('), (']', '['), ('}', '{'), ('>', '<')];
    let Some((close, open)) = pairs.into_iter().find(|(close, _)| text.ends_with(*close)) else {
        return (!text.is_empty()).then_some(text);
    };
    let mut depth = 0;
    let begins = text.char_indices().rev().find(|(_, c)| {
        depth += i32::from(*c == close) - i32::from(*c == open);
        depth == 0
    });
    let outside = begins.map_or("", |(at, _)| &text[..at]).trim_end();
    let inside = &text[..text.len() - close.len_utf8()];
    let has_word = outside
        .lines()
        .last()
        .is_some_and(|line| line.ends_with(|c: char| c.is_alphanumeric() || QUOTES.contains(&c) || c == '%'));
    spoken(if has_word { outside } else { inside })
}

/// 영 일 이 삼 사 오 육 칠 팔 구; and 십 백 천 만, which end as 영 does.
fn digit(digit: char) -> Ending {
    match digit {
        '2' | '4' | '5' | '9' => Ending::Vowel,
        '1' | '7' | '8' => Ending::Rieul,
        _ => Ending::Consonant,
    }
}

/// Units are read as their names: 밀리초, 바이트.
const UNITS: &[&str] = &["ns", "µs", "μs", "ms", "s", "B", "KiB", "MiB", "GiB", "kB", "MB", "GB", "Hz", "GHz", "MHz"];

/// A word of Latin letters: an abbreviation by its letters, everything else roughly as it is written in Hangul.
fn latin(text: &str) -> Ending {
    let begins = text.rfind(|c: char| !c.is_ascii_alphabetic() && !matches!(c, 'µ' | 'μ'));
    let word = &text[begins.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..];
    if UNITS.contains(&word) {
        return Ending::Vowel;
    }
    let is_vowel = |c: char| "aeiouy".contains(c.to_ascii_lowercase());
    let by_letters = !word.chars().any(is_vowel) || (word.len() <= 4 && word.chars().all(|c| c.is_ascii_uppercase()));
    let word = word.to_ascii_lowercase();
    if by_letters {
        return match word.as_bytes().last() {
            Some(b'l' | b'r') => Ending::Rieul,     // 엘, 알
            Some(b'm' | b'n') => Ending::Consonant, // 엠, 엔
            _ => Ending::Vowel,
        };
    }
    let silent_e = word.len() > 3 && word.ends_with('e'); // 파일, 타임, 머신
    let heard = if silent_e { &word[..word.len() - 1] } else { &word };
    let letters: Vec<char> = heard.chars().collect();
    match letters[..] {
        [.., 'l'] => Ending::Rieul,
        [.., 'm' | 'n'] | [.., 'n', 'g'] | [.., 'o', 'u', 'p'] | [.., 'e', 'e', 'p'] => Ending::Consonant, // 그룹, 슬립
        [.., 'c', 'k'] if !silent_e => Ending::Consonant,                                                  // 블록
        // One short vowel between consonants: 넷, 맵, 이그젝. 부트, 루프 and 포트 are not.
        [.., before, vowel, 'c' | 'k' | 'p' | 't'] if !silent_e && is_vowel(vowel) && !is_vowel(before) => {
            Ending::Consonant
        }
        _ => Ending::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_particle_fits_the_word_before_it() {
        #[rustfmt::skip]
        let table = [
            // by the last syllable
            ("컨테이너은(는)", "컨테이너는"), ("블록은(는)", "블록은"), ("파일이(가)", "파일이"), ("셀을(를)", "셀을"),
            ("이유와(과)", "이유와"), ("판정과(와)", "판정과"), ("파일(으)로", "파일로"), ("표본(으)로", "표본으로"), ("수(으)로", "수로"),
            // numbers as they are read: 영 일 이 삼 사 오 육 칠 팔 구, 십 백 천
            ("0은(는)", "0은"), ("1을(를)", "1을"), ("2이(가)", "2가"), ("3(으)로", "3으로"), ("4은(는)", "4는"), ("5와(과)", "5와"),
            ("6은(는)", "6은"), ("7(으)로", "7로"), ("8을(를)", "8을"), ("9이(가)", "9가"), ("10(으)로", "10으로"), ("1000은(는)", "1000은"),
            ("3.1 %은(는)", "3.1 %는"), ("1.52 ms은(는)", "1.52 ms는"), ("64 MiB을(를)", "64 MiB를"), ("×4.4이(가)", "×4.4가"),
            // abbreviations by their letters
            ("KVM은(는)", "KVM은"), ("CPU을(를)", "CPU를"), ("/dev/kvm이(가)", "/dev/kvm이"), ("URL(으)로", "URL로"), ("C10와(과)", "C10과"),
            ("run.svg을(를)", "run.svg를"), ("map.rs이(가)", "map.rs가"),
            // words as they are said
            ("process은(는)", "process는"), ("container와(과)", "container와"), ("vm-bare(으)로", "vm-bare로"), ("run.json을(를)", "run.json을"),
            ("boot을(를)", "boot를"), ("block이(가)", "block이"), ("cgroup은(는)", "cgroup은"), ("runtime(으)로", "runtime으로"),
            ("file(으)로", "file로"), ("syscall(으)로", "syscall로"), ("isolab bench(으)로", "isolab bench로"), ("net을(를)", "net을"), ("sleep을(를)", "sleep을"),
            // brackets: the word before; quotation marks: the word inside
            ("블록(block)은(는)", "블록(block)은"), ("컨테이너(가상머신과 달리)을(를)", "컨테이너(가상머신과 달리)를"),
            ("\"컨테이너\"이(가)", "\"컨테이너\"가"), ("‘없음’이(가)", "‘없음’이"), ("`KVM`을(를)", "`KVM`을"), ("「표본」와(과)", "「표본」과"),
            ("memory/vm-bare{ram=64M}은(는)", "memory/vm-bare{ram=64M}는"), ("(표본)은(는)", "(표본)은"), ("수 (3)을(를)", "수 (3)를"),
            ("\"process (보통)\"이(가)", "\"process (보통)\"가"), ("../results/은(는)", "../results/는"),
            // nobody knows
            ("漢은(는)", "漢은(는)"), ("은(는)", "은(는)"), ("→이(가)", "→이(가)"),
            // more than one, and none
            ("문장은 A을(를) 뜻하지만 판정은 M이(가) 됩니다", "문장은 A를 뜻하지만 판정은 M이 됩니다"), ("그대로 둡니다", "그대로 둡니다"),
        ];
        for (written, shown) in table {
            assert_eq!(settled(written), shown);
        }
    }
}
