//! Does the sentence of a card say what was compared, and with which number?

use super::quoted::{Quoted, plain};
use crate::results::schema::ArmInfo;

/// The digits stand in it, and are not part of a longer number.
pub(super) fn holds_number(sentence: &str, number: &Quoted) -> bool {
    let text = plain(sentence);
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    text.match_indices(&number.core).any(|(at, core)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + core.len()..].chars();
        let next = after.next();
        let goes_on = is_digit(next) || (next == Some('.') && is_digit(after.next()));
        !is_digit(before) && before != Some('.') && !goes_on
    })
}

/// By its id, its fair name, or the Korean word for its kind.
pub(super) fn names(sentence: &str, arm: &ArmInfo) -> bool {
    let text = sentence.to_lowercase();
    if [&arm.id, &arm.environment, &arm.name].into_iter().any(|name| text.contains(&name.to_lowercase())) {
        return true;
    }
    match arm.environment.as_str() {
        "process" => text.contains("프로세스"),
        "container" | "container-rootless" => text.contains("container") || text.contains("컨테이너"),
        environment if environment.starts_with("vm-") => names_machine(&text, environment),
        _ => false,
    }
}

/// "VM" alone is not enough: bare or with Linux is the whole difference.
fn names_machine(text: &str, environment: &str) -> bool {
    let machine = ["vm", "virtual machine", "가상머신", "가상 머신"].iter().any(|word| text.contains(word));
    let kind: &[&str] = match environment {
        "vm-bare" => {
            &["bare", "베어", "no operating system", "without an operating system", "운영체제 없", "운영체제가 없"]
        }
        _ => &["linux", "리눅스"],
    };
    machine && kind.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(environment: &str, name: &str) -> ArmInfo {
        ArmInfo {
            id: environment.into(),
            environment: environment.into(),
            name: name.into(),
            channel: String::new(),
            t0: String::new(),
            backend: None,
            limited: None,
            limited_fix: None,
        }
    }

    #[test]
    fn a_number_is_not_found_inside_another() {
        let number = Quoted::parse("1.5 ms").unwrap();
        assert!(holds_number("It took 1.5 ms.", &number) && holds_number("container: 1.5\u{a0}ms", &number));
        assert!(!holds_number("It took 1.52 ms.", &number) && !holds_number("It took 11.5 ms.", &number));
        assert!(holds_number("컨테이너는 6.6배 느렸습니다.", &Quoted::parse("×6.6").unwrap()));
    }

    #[test]
    fn arms_are_named_in_both_languages_and_a_bare_vm_is_never_just_a_vm() {
        let vm = arm("vm-bare", "bare VM, no operating system");
        for sentence in ["vm-bare took", "the bare VM took", "운영체제 없는 가상머신은", "베어 VM은"] {
            assert!(names(sentence, &vm), "{sentence}");
        }
        assert!(!names("the VM took", &vm) && !names("the Linux VM took", &vm));
        assert!(names("컨테이너는", &arm("container-rootless", "our rootless container")));
        assert!(names("프로세스보다", &arm("process", "process")) && !names("컨테이너는", &arm("process", "process")));
    }
}
