//! Korean for the moments of one life and the sources of its counts, which marks and parts hold in English.
//!
//! Looked up by the whole English text: what is not found stays English. A test holds the table to the sources.

use crate::lang::Lang;

/// The text in the reader's language; the same text where no translation is known.
pub fn translated(english: &str, lang: Lang) -> String {
    let known = LIVES.iter().find(|(en, _)| *en == english).filter(|_| lang == Lang::Ko);
    known.map_or(english, |(_, ko)| ko).to_owned()
}

/// The moments of one life, and where its objects were counted, as `isolab run` shows them.
#[rustfmt::skip]
const LIVES: &[(&str, &str)] = &[
    ("cgroup", "컨트롤 그룹"),
    ("clone3 returned", "clone3에서 돌아옴"),
    ("clone3 returned: the program is executed", "clone3에서 돌아옴: 프로그램이 실행됨"),
    ("vfork returned: the program is executed", "vfork에서 돌아옴: 프로그램이 실행됨"),
    ("clone3: the child begins", "clone3: 자식이 시작됨"),
    ("the child: mounts, host name, lo", "자식: 마운트, 호스트 이름, lo"),
    ("the child: root, /proc, /dev, hidden paths", "자식: 루트, /proc, /dev, 가린 경로"),
    ("the child: files, capabilities, filter", "자식: 파일, 권한(capability), 필터"),
    ("its record was read", "준비 기록을 읽음"),
    ("its pidfd became readable", "pidfd를 읽을 수 있게 됨"),
    ("waited for", "종료 상태를 거둠"),
    ("waited for, cgroup removed", "종료 상태를 거두고 컨트롤 그룹을 지움"),
    ("open /dev/kvm", "/dev/kvm 열기"),
    ("create VM", "가상머신 만들기"),
    ("create vCPU", "vCPU 만들기"),
    ("guest memory", "게스트 메모리"),
    ("CPUID", "CPUID"),
    ("kernel, program, page tables", "커널, 프로그램, 페이지 테이블"),
    ("registers", "레지스터"),
    ("record", "준비 기록"),
    ("exit port", "종료 포트"),
    ("vCPU, VM and memory closed", "vCPU, 가상머신, 메모리를 닫음"),
    ("interrupt controllers", "인터럽트 컨트롤러"),
    ("watched registers", "지켜볼 레지스터"),
    ("create vCPUs", "vCPU 만들기"),
    ("kernel", "커널"),
    ("files, command line", "파일, 명령줄"),
    ("devices, ACPI tables", "장치, ACPI 표"),
    ("vCPUs, VM and memory closed", "vCPU, 가상머신, 메모리를 닫음"),
    ("Linux in the guest", "게스트 안의 리눅스"),
    ("unpack", "압축 풀기"),
    ("early setup", "초기 설정"),
    ("memory, traps", "메모리, 트랩"),
    ("timekeeping", "시간 관리"),
    ("buses, file systems, network", "버스, 파일 시스템, 네트워크"),
    ("half of the script", "각본의 절반"),
    ("record read", "기록을 읽음"),
    ("the script ends", "각본이 끝남"),
    ("the script is put away", "각본을 치움"),
    ("/proc/PID/ns, other than ours", "/proc/PID/ns, 우리 것과 다른 것"),
    ("/proc/PID/mountinfo, if the mount namespace is its own", "/proc/PID/mountinfo, 자신의 마운트 네임스페이스일 때"),
    ("folders made for it", "만들어 준 폴더"),
    ("runs on the host's", "호스트의 커널에서 돎"),
    ("none is made", "만들지 않음"),
    ("our guest kernel", "우리 게스트 커널"),
    ("script", "각본"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::repository;
    use std::path::Path;

    /// What stands in the sources behind `begin`, as a literal.
    fn literals(folder: &Path, begin: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                literals(&path, begin, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let statements = code.split(begin).skip(1).map(|rest| rest.split([';', '}']).next().unwrap_or_default());
            let last = |statement: &str| statement.split('"').skip(1).step_by(2).last().map(str::to_owned);
            found.extend(statements.filter_map(last));
        }
    }

    #[test]
    fn every_moment_and_every_source_of_a_count_has_korean() {
        let (mut moments, mut counts) = (Vec::new(), Vec::new());
        for room in ["src/container", "src/environments", "src/vm"] {
            for begin in [".mark(Stage::", ".mark_at(Stage::", "(Stamp::"] {
                literals(&repository().join(room), begin, &mut moments);
            }
            literals(&repository().join(room), "Part::count(", &mut counts);
        }
        assert!(moments.len() > 20 && counts.len() > 5, "{moments:?} {counts:?}");
        let is_prose = |text: &&String| text.contains(' ') || text.chars().all(|c| c.is_ascii_lowercase());
        let known = |text: &String| LIVES.iter().any(|(en, _)| en == text);
        let missing: Vec<_> =
            moments.iter().chain(counts.iter().filter(is_prose)).filter(|text| !known(text)).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
