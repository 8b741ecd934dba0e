//! Every word of every chart, English and Korean side by side. Nothing literal stands in a chart's own file.
//!
//! Names of arms, definitions and reasons come from the results file, which has them in both languages.

use crate::lang::Lang;
use crate::timeline::Stage;

/// A text in both languages. `{name}` in it is filled in by [`Word::with`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    en: &'static str,
    ko: &'static str,
}

impl Word {
    pub(super) fn of(self, lang: Lang) -> &'static str {
        lang.choose(self.en, self.ko)
    }

    /// With what stands in braces filled in.
    pub(super) fn with(self, lang: Lang, values: &[(&str, &str)]) -> String {
        let fill = |text: String, (name, value): &(&str, &str)| text.replace(&format!("{{{name}}}"), value);
        values.iter().fold(self.of(lang).to_owned(), fill)
    }
}

/// Words of some charts; a file of them has its own list.
macro_rules! words {
    ($($name:ident: $en:literal, $ko:literal;)*) => {
        $(pub(in crate::charts) const $name: Word = Word { en: $en, ko: $ko };)*
        /// For the tests: every word is in both languages, and the font has its characters.
        #[cfg(test)]
        pub(in crate::charts) const ALL: &[Word] = &[$($name),*];
    };
}

mod calls;
mod starts;
pub mod versus;
pub(super) use calls::*;
pub(super) use starts::*;

#[rustfmt::skip]
words! {
    // ---- what all charts share
    MEDIAN_AND_INTERVAL: "median, 95 % interval", "중앙값, 95 % 신뢰구간";
    NOT_MEASURED: "not measured: {reason}", "측정하지 않음: {reason}";
    NO_SAMPLE: "no sample reached ready", "준비 상태에 이른 표본이 없습니다";
    NO_VALUES: "no sample gave a value", "값을 준 표본이 없습니다";
    NO_INTERVAL: "too few blocks for an interval", "블록이 적어 신뢰구간 없음";
    N_BLOCKS: "n = {n} blocks", "n = {n}블록";
    N_ONE: "n = 1 block", "n = 1블록";
    N_FROM_TO: "n = {from} to {to} blocks", "n = {from}~{to}블록";
    NOTHING_MEASURED: "nothing was measured", "측정한 것이 없습니다";
    SEED_AND_ORDER: "Seed {seed}, {order}.", "시드 {seed}, {order}.";
    ORDER_BLOCKS: "every block runs each arm once in random order", "블록마다 모든 대상을 무작위 순서로 한 번씩 실행";
    ORDER_SEQUENTIAL: "one arm after the other: drift is not shared", "대상을 하나씩 차례로 실행: 드리프트를 나누어 갖지 않음";
    BACKEND: "KVM backend: {backends}.", "KVM 백엔드: {backends}.";
    LIMITED: "{arm} is limited here: {lacks}.", "{arm}: 이 기계에서는 일부만 됩니다({lacks}).";
    HOST: "Host: {host}.", "호스트: {host}.";
    RUN: "isolab {version} ({commit}, {profile}), run {id}, {started}.", "isolab {version}({commit}, {profile}), 실행 {id}, {started}.";
    UNFIT: "not for publication: {reasons}.", "공개용 수치가 아닙니다: {reasons}.";
    TWO_BACKENDS: "These runs were made on different KVM backends: their numbers must not be compared.", "이 실행들은 KVM 백엔드가 서로 다릅니다. 수치를 비교하면 안 됩니다.";
    TWO_HOSTS: "These runs were made on different hosts: compare what happens within each, not across them.", "이 실행들은 서로 다른 호스트에서 했습니다. 각 실행 안에서만 비교하고, 실행 사이에서는 비교하지 마십시오.";

    // ---- aa
    AA_TITLE: "The same program twice: how small a difference can this machine see?", "같은 프로그램을 두 번: 이 기계는 얼마나 작은 차이까지 볼 수 있습니까?";
    AA_SUBTITLE: "Both arms of each run are identical, so every difference between them is noise. An interval that does not hold 0 is a false alarm.", "각 실행의 두 대상은 똑같으므로 둘 사이의 차이는 모두 잡음입니다. 0을 품지 않는 구간은 거짓 경보입니다.";
    AA_RUN: "Run {id}, {order}", "실행 {id}, {order}";
    AA_ORDER_BLOCKS: "interleaved in random order", "무작위 순서로 섞어서";
    AA_ORDER_SEQUENTIAL: "one after the other", "하나씩 차례로";
    AA_DIFFERENCE: "difference of the twin within blocks", "블록 안에서 본 쌍둥이의 차이";
    AA_INTERVAL: "({low} to {high})", "({low} ~ {high})";
    AA_BLOCK: "median of one block", "한 블록의 중앙값";
    AA_FLOOR: "noise floor: the farther end of the interval", "잡음 한계(noise floor): 신뢰구간의 먼 쪽 끝";
    AA_SAYS: "{difference} {interval}, noise floor {floor}, n = {n}", "{difference} {interval}, 잡음 한계 {floor}, n = {n}";
    AA_SAYS_FEW: "{difference}, too few blocks for an interval, n = {n}", "{difference}, 블록이 적어 신뢰구간 없음, n = {n}";
    AA_ALT: "{heading}: {name} against itself: {says}. {drift}", "{heading}: {name}, 자기 자신과 비교: {says}. {drift}";
    AA_NO_TWIN: "no arm stands twice in this run (-e process,process)", "이 실행에는 두 번 들어간 대상이 없습니다(-e process,process)";
    AA_PAIRED: "The difference is the median over blocks of (twin − first) / first; both of a pair are of one block.", "차이는 블록마다 구한 (쌍둥이 − 첫째) / 첫째의 중앙값입니다. 한 쌍은 같은 블록에서 나옵니다.";

    // ---- memory-slope, memory-parts, memory-configured
    KERNEL_SOURCE: "Kernel memory is read from {source}.", "커널 메모리는 {source}에서 읽었습니다.";
    NO_KERNEL: "{arm}: private memory alone. Kernel memory was not measured, as no memory cgroup could be written to.", "{arm}: 전용 메모리(private)뿐입니다. 쓸 수 있는 메모리 컨트롤 그룹이 없어 커널 메모리는 측정하지 못했습니다.";
    SLOPE_TITLE: "Memory: what does one more instance cost?", "메모리: 인스턴스 하나가 더해지면 얼마나 듭니까?";
    SLOPE_SUBTITLE: "Host memory of N idle instances together; at each N the median of the blocks with its 95 % interval. The slope of the line is the cost of one more. It is laid through the last three points, the filled ones: what comes first is charged in batches.", "쉬고 있는 인스턴스 N개가 함께 쓰는 호스트 메모리입니다. N마다 블록의 중앙값과 95 % 신뢰구간을 보입니다. 선의 기울기가 하나 더의 비용입니다. 선은 마지막 세 점(채운 표시)을 지납니다. 처음 것은 묶음으로 계산되기 때문입니다.";
    SLOPE_X: "instances at the same time, N", "동시에 있는 인스턴스 수, N";
    SLOPE_Y: "host memory of all N instances", "인스턴스 N개의 호스트 메모리";
    SLOPE_SAYS: "{value} {interval} for one more, lack of fit {rest}, {n}", "하나 더할 때마다 {value} {interval}, 선에서 벗어난 정도 {rest}, {n}";
    SLOPE_SAYS_ALONE: "{value} {interval} for one more, lack of fit {rest}, {n}; this file keeps no weighed points to draw", "하나 더할 때마다 {value} {interval}, 선에서 벗어난 정도 {rest}, {n}. 이 파일에는 그릴 측정점이 없습니다";
    SLOPE_LACK: "Lack of fit is the distance of the farthest fitted point from the line of its block, median over blocks.", "선에서 벗어난 정도는 그 블록의 선에서 가장 먼 점까지의 거리로, 블록에 대한 중앙값입니다.";
    INTERVAL_HIDDEN: "An interval that is not seen is smaller than its mark.", "보이지 않는 신뢰구간은 표시보다 작은 것입니다.";
    PARTS_TITLE: "Memory: what does one more instance consist of?", "메모리: 더해진 인스턴스 하나는 무엇으로 이루어집니까?";
    PARTS_SUBTITLE: "Host memory that one more idle instance takes: the slope over N instances. The parts are those of the samples around the median (the middle fifth), so they add up to the median of the whole.", "쉬고 있는 인스턴스 하나가 더해질 때 늘어나는 호스트 메모리, 곧 인스턴스 N개에 대한 기울기입니다. 각 부분은 중앙값 둘레의 표본(가운데 5분의 1)에서 구했으므로, 모두 더하면 전체의 중앙값과 같습니다.";
    PARTS_AXIS: "host memory of one more instance", "더해진 인스턴스 하나의 호스트 메모리";
    PARTS_ALT: "{name} ({arm}): {value} {interval}, {n}: {parts}.", "{name}({arm}): {value} {interval}, {n}: {parts}.";
    PARTS_SHARED: "Shared by all instances, and so no part of one more: {list}.", "모든 인스턴스가 함께 쓰므로 하나 더의 비용이 아닌 것: {list}.";
    DAEMONS: "Serves all instances of an engine and stays when they have gone, and so no part of one more: {list}.", "모든 인스턴스가 함께 쓰고 인스턴스가 사라져도 남으므로 하나 더의 비용이 아닌 엔진의 데몬: {list}.";
    PART_GUEST_RAM: "guest RAM, touched", "게스트 RAM(손댄 만큼)";
    PART_MONITOR: "the monitor's own", "모니터(VMM) 자신";
    PART_PRIVATE: "the program's own", "프로그램 자신";
    PART_KERNEL: "kernel", "커널";
    CONFIGURED_TITLE: "Memory: does the host pay for configured or for touched guest RAM?", "메모리: 호스트 메모리는 설정한 게스트 RAM과 손댄 게스트 RAM 중 어느 쪽을 따라갑니까?";
    CONFIGURED_SUBTITLE: "Host memory of one virtual machine, with its 95 % interval. A flat line: what is configured costs next to nothing until it is touched. On the dotted diagonal stands a machine that pays for all that is configured. Both axes are logarithmic.", "가상머신 한 대의 호스트 메모리와 95 % 신뢰구간입니다. 평평한 선은 설정만 하고 손대지 않은 RAM에 비용이 거의 없다는 뜻입니다. 설정한 RAM만큼 모두 쓰는 가상머신이라면 점선 대각선 위에 놓입니다. 두 축은 모두 로그입니다.";
    CONFIGURED_X: "configured guest RAM", "설정한 게스트 RAM";
    CONFIGURED_Y: "host memory, private + kernel", "호스트 메모리, 전용(private) + 커널";
    CONFIGURED_Y_PRIVATE: "host memory, private alone", "호스트 메모리, 전용(private)만";
    CONFIGURED_DIAGONAL: "if all configured RAM were paid for", "설정한 RAM을 모두 쓴다면";
    TOUCHED: "{touched} touched", "{touched} 손댐";
    UNTOUCHED: "nothing touched", "손대지 않음";
    PREALLOCATED: "all RAM backed at the start", "시작할 때 모든 RAM을 확보";
    CONFIGURED_SLOPE: "{slope} {interval} bytes of host memory per configured byte, {n}", "설정한 1바이트마다 호스트 메모리 {slope} {interval}바이트, {n}";
    CONFIGURED_NO_SLOPE: "fewer than two sizes: no slope", "크기가 둘보다 적어 기울기 없음";
    CONFIGURED: "{configured} configured", "{configured} 설정";
    TOUCHED_SLOPE: "{what}: {slope} {interval} bytes of host memory per touched byte, {n}.", "{what}: 손댄 1바이트마다 호스트 메모리 {slope} {interval}바이트, {n}.";

    // ---- inventory
    INVENTORY_TITLE: "Inventory: which objects come into being with one instance?", "목록: 인스턴스 하나와 함께 무엇이 생깁니까?";
    INVENTORY_SUBTITLE: "Number of objects per instance, seen from the host while it runs: the median over blocks, and its 95 % interval in brackets where that is more than one number. Shaded: more than 0.", "도는 동안 호스트에서 본 인스턴스 하나의 객체 수로, 블록에 대한 중앙값입니다. 95 % 신뢰구간이 한 값이 아니면 괄호에 적었습니다. 색칠한 칸은 0보다 큽니다.";
    INVENTORY_NAMESPACES: "Namespaces of {arm}: {names}.", "{arm}의 네임스페이스: {names}.";
    INVENTORY_KVM: "KVM objects of {arm}: {names}.", "{arm}의 KVM 객체: {names}.";
    KIND_PROCESSES: "processes", "프로세스";
    KIND_NAMESPACES: "namespaces", "네임스페이스";
    KIND_MOUNTS: "mounts", "마운트";
    KIND_CGROUPS: "cgroups", "컨트롤 그룹";
    KIND_FDS: "open files", "열린 파일";
    KIND_KVM_OBJECTS: "KVM objects", "KVM 객체";
    KIND_KERNELS: "kernels", "커널";
}

/// The word of a stage.
pub fn stage(stage: Stage, lang: Lang) -> &'static str {
    let word = match stage {
        Stage::Create => STAGE_CREATE,
        Stage::Isolate => STAGE_ISOLATE,
        Stage::Load => STAGE_LOAD,
        Stage::Enter => STAGE_ENTER,
        Stage::Boot => STAGE_BOOT,
        Stage::Ready => STAGE_READY,
        Stage::Exit => STAGE_EXIT,
        Stage::Reap => STAGE_REAP,
    };
    word.of(lang)
}

/// "n = 60 blocks".
pub(super) fn blocks(n: usize, lang: Lang) -> String {
    if n == 1 { N_ONE.of(lang).to_owned() } else { N_BLOCKS.with(lang, &[("n", &n.to_string())]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::font;

    fn every_word() -> impl Iterator<Item = &'static Word> {
        [ALL, calls::ALL, starts::ALL, versus::ALL].into_iter().flatten()
    }

    fn all_texts() -> impl Iterator<Item = &'static str> {
        every_word().flat_map(|w| [w.en, w.ko])
    }

    #[test]
    fn every_character_of_every_word_has_a_glyph() {
        for text in all_texts() {
            let missing: String = text.chars().filter(|c| !font::has(*c)).collect();
            assert!(missing.is_empty(), "{missing:?} of {text:?}");
        }
    }

    #[test]
    fn twins_fill_in_the_same_and_are_korean() {
        let filled = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|p| p.split_once('}')).map(|(n, _)| n.to_owned()).collect();
            names.sort();
            names
        };
        for word in every_word() {
            assert_eq!(filled(word.en), filled(word.ko), "{word:?}");
            assert!(!word.en.is_empty() && !word.ko.is_empty());
        }
    }

    /// A caption says why a run is not for publication; the values in those texts are ids and numbers.
    #[test]
    fn every_character_of_a_warning_has_a_glyph() {
        let kept = include_str!("../../results/warnings.rs");
        let before = include_str!("../../results/older.rs");
        let missing: String = [kept, before].concat().chars().filter(|c| !c.is_control() && !font::has(*c)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_name_and_definition_is_in_both_languages_and_every_character_of_it_has_a_glyph() {
        let names = crate::environments::ALL.iter().map(|e| e.about()).flat_map(|about| [&about.name, &about.t0]);
        let metrics = crate::experiments::ALL.iter().flat_map(|e| e.about().metrics);
        let definitions = metrics.flat_map(|m| [&m.title, &m.definition]);
        for said in names.chain(definitions) {
            let korean = said.korean().unwrap_or_else(|| panic!("no Korean of {said}"));
            assert!(said.chars().chain(korean.chars()).all(font::has), "{said}: {korean}");
        }
    }
}
