//! Korean for the English texts that results files hold and no chart shows: definitions, clock starts. What charts show too
//! is in their table ([`crate::charts::translated`]), so that both say the same.
//!
//! Looked up by the whole English text, so that a file of another version is never told in words that it does not mean:
//! what is not found stays English. A test holds the tables to the registries.

use crate::charts;
use crate::lang::Lang;

/// The text in the reader's language; the same text where no translation is known.
pub fn translated(english: &str, lang: Lang) -> String {
    let own = TEXTS.iter().chain(LIVES).find(|(en, _)| *en == english).filter(|_| lang == Lang::Ko);
    own.map_or_else(|| charts::translated(english, lang), |(_, ko)| (*ko).to_owned())
}

#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    ("just before clone3; the pipe for its records exists already",
     "clone3 직전. 기록용 파이프는 이미 있습니다"),
    ("just before its cgroup is made, or clone3 without one; the pipe for its records exists already",
     "컨트롤 그룹을 만들기 직전, 컨트롤 그룹이 없으면 clone3 직전. 기록용 파이프는 이미 있습니다"),
    ("just before open(\"/dev/kvm\")",
     "open(\"/dev/kvm\") 직전"),
    ("a moment that the script begins with, as if its own command were started then",
     "각본이 시작하는 순간. 그때 자기 명령이 시작된 것으로 봅니다"),
    ("a moment that the script begins with",
     "각본이 시작하는 순간"),
    ("From the program's end, as its host sees it, until it is waited for and everything made for it is closed and removed.",
     "호스트가 프로그램의 종료를 본 때부터 종료 상태를 거두고 그것을 위해 만든 모든 것을 닫고 지울 때까지입니다."),
    ("From just before the first system call until nothing that carries the run's name is left: worker reaped, cgroups gone. What the kernel tears down later, unseen, is not in it.",
     "첫 시스템 콜 직전부터 이 실행의 이름을 가진 것이 남지 않을 때까지입니다(작업 프로세스 회수, 컨트롤 그룹 삭제). 커널이 나중에 보이지 않게 정리하는 것은 들어 있지 않습니다."),
    ("From the time stamp inside the ready record until its host has read it.",
     "준비 기록 안의 시각부터 호스트가 그 기록을 읽을 때까지입니다."),
    ("Of a worker's life, what is not the instance's: from its spawn to t0, and from the last mark until the harness has reaped it.",
     "작업 프로세스의 일생에서 인스턴스의 몫이 아닌 시간입니다. 띄운 때부터 t0까지, 그리고 마지막 표시부터 측정기가 회수할 때까지입니다."),
    ("Anonymous memory of the worker just before create, which a fork must copy the page tables of.",
     "만들기 직전 작업 프로세스의 익명 메모리입니다. fork는 이 메모리의 페이지 테이블을 복사해야 합니다."),
    ("Slope over N of the kernel memory charged to a cgroup around all N.",
     "N개 모두를 둘러싼 컨트롤 그룹에 매겨진 커널 메모리의 N에 대한 기울기입니다."),
    ("Slope over N of all that is charged to that cgroup, of any kind: what private and kernel should sum to.",
     "그 컨트롤 그룹에 매겨진 모든 종류의 메모리의 N에 대한 기울기입니다. private과 kernel의 합과 같아야 합니다."),
    ("Intercept over N of proportional memory (PSS) that is not private: file pages that all instances share.",
     "전용이 아닌 비례 메모리(PSS)의 N에 대한 절편입니다. 모든 인스턴스가 나누어 쓰는 파일 페이지입니다."),
    ("Farthest that one of the weighed points lies from the line of per_instance (of private, where the kernel part is not measured).",
     "잰 점 가운데 per_instance의 직선(커널 몫을 재지 못하면 private의 직선)에서 가장 먼 거리입니다."),
    ("The part of private that is guest RAM: pages of its mapping that the guest or its monitor has touched. Virtual machines only.",
     "전용 메모리 가운데 게스트 RAM인 몫입니다. 그 매핑에서 게스트나 모니터가 건드린 페이지입니다. 가상머신에만 있습니다."),
];

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
                literals(Path::new(room), begin, &mut moments);
            }
            literals(Path::new(room), "Part::count(", &mut counts);
        }
        assert!(moments.len() > 20 && counts.len() > 5, "{moments:?} {counts:?}");
        let is_prose = |text: &&String| text.contains(' ') || text.chars().all(|c| c.is_ascii_lowercase());
        let known = |text: &String| LIVES.iter().any(|(en, _)| en == text);
        let missing: Vec<_> =
            moments.iter().chain(counts.iter().filter(is_prose)).filter(|text| !known(text)).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn every_text_of_the_registries_has_korean() {
        let mut missing = Vec::new();
        let mut needs = |text: &'static str| {
            if translated(text, Lang::Ko) == text {
                missing.push(text);
            }
        };
        for environment in crate::environments::ALL {
            needs(&environment.about().name);
            needs(environment.about().t0);
        }
        crate::experiments::ALL.iter().flat_map(|e| e.about().metrics).for_each(|m| needs(m.definition));
        assert!(missing.is_empty(), "translate: {missing:#?}");
    }

    #[test]
    fn each_text_stands_in_one_table() {
        let twice: Vec<_> = TEXTS.iter().filter(|(en, _)| charts::translated(en, Lang::Ko) != *en).collect();
        assert!(twice.is_empty(), "charts have it: {twice:?}");
    }

    #[test]
    fn a_text_of_another_version_stays_english() {
        assert_eq!(translated("From dusk till dawn.", Lang::Ko), "From dusk till dawn.");
        assert_eq!(translated("process", Lang::En), "process");
        assert_eq!(translated("process", Lang::Ko), "프로세스");
    }
}
