//! What environments were and what experiments asked, and Korean for the names, definitions, clock starts and warnings of results files from before they kept both languages. Nothing is
//! added here: what is new says both where it is defined.
//!
//! Looked up by the whole English text, so that a file is never told in words that it does not mean.

use crate::id::ArmId;
use crate::model::{AnsweredBy, FileTree, Kind, Network, Reach};

/// None: no isolab of before said so.
pub(super) fn korean(english: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(en, _)| *en == english).map(|(_, ko)| *ko)
}

pub(super) fn kind(environment: &str) -> Kind {
    match environment {
        "process" => Kind::Process,
        "qemu-tcg" | "qemu-kvm" | "firecracker" => Kind::Machine,
        "docker" | "podman" | "containerd" | "runc" | "crun" | "lxc" | "bwrap" => Kind::Engine,
        id if id.starts_with("vm-") => Kind::Machine,
        id if id.starts_with("container") => Kind::Container,
        _ => Kind::Other,
    }
}

pub(super) fn answered_by(environment: &str) -> Option<AnsweredBy> {
    match environment {
        "process" | "container" | "container-rootless" => Some(AnsweredBy::HostKernel),
        "vm-bare" => Some(AnsweredBy::OwnGuestKernel),
        _ => None,
    }
}

pub(super) fn reach(arm: &ArmId) -> Option<Reach> {
    let has = |name: &str| arm.knobs().any(|knob| knob == name);
    let (guest_ram, files, network) = match arm.environment() {
        "process" => (None, FileTree::Hosts, Network::Hosts),
        "container" | "container-rootless" if has("-net") => (None, FileTree::Own, Network::Hosts),
        "container" | "container-rootless" if has("-lo") => (None, FileTree::Own, Network::Down),
        "container" | "container-rootless" => (None, FileTree::Own, Network::Loopback),
        "vm-bare" => {
            let ram = arm.knobs().find_map(|knob| knob.strip_prefix("ram=")).unwrap_or("8M");
            (Some(ram.to_owned()), FileTree::None, Network::None)
        }
        _ => return None,
    };
    Some(Reach { guest_ram, files, network })
}

/// How a metric is called, in both languages.
pub(super) fn title(experiment: &str, metric: &str) -> Option<(&'static str, &'static str)> {
    TITLES.iter().find(|(x, m, ..)| (*x, *m) == (experiment, metric)).map(|(_, _, en, ko)| (*en, *ko))
}

/// What a warning says, by its code: the English text of each has its own numbers and names.
pub(super) fn warning(code: &str) -> Option<&'static str> {
    WARNINGS.iter().find(|(known, _)| *known == code).map(|(_, ko)| *ko)
}

/// What stands behind the name of an arm that is there once more.
const ONCE_MORE: (&str, &str) = (", once more", ", 한 번 더");

/// An arm's name, which had its knobs in brackets and the mark of a twin behind it.
pub(super) fn name(english: &str) -> String {
    let (name, again) = english.strip_suffix(ONCE_MORE.0).map_or((english, ""), |name| (name, ONCE_MORE.1));
    let knobs = name.rfind(" (").filter(|_| name.ends_with(')')).unwrap_or(name.len());
    let (name, knobs) = name.split_at(knobs);
    format!("{}{knobs}{again}", korean(name).unwrap_or(name))
}

#[rustfmt::skip]
const TITLES: &[(&str, &str, &str, &str)] = &[
    ("boot", "create_to_ready", "create→ready", "생성→준비"),
    ("boot", "command_to_ready", "command→ready", "명령→준비"),
    ("boot", "create_to_exit", "create→exit", "생성→종료"),
    ("boot", "exit_to_reaped", "exit→reaped", "종료→회수"),
    ("boot", "create_to_settled", "create→settled", "생성→정리 끝"),
    ("boot", "signal_delay", "delay of the ready record", "준비 기록의 지연"),
    ("boot", "worker_overhead", "the worker's own time", "작업 프로세스 자체의 시간"),
    ("boot", "worker_rss_anon", "the worker's anonymous memory", "작업 프로세스의 익명 메모리"),
    ("boot", "starts_per_second", "starts per second", "초당 시작 횟수"),
    ("syscall", "getppid", "one getppid", "getppid 한 번"),
    ("syscall", "read", "one read", "read 한 번"),
    ("syscall", "write", "one write", "write 한 번"),
    ("syscall", "exit", "one VM exit", "가상머신 나가기(VM exit) 한 번"),
    ("cpu", "spin_unit", "one unit of computation", "계산 단위 하나"),
    ("memory", "per_instance", "one more instance", "인스턴스 하나 더"),
    ("memory", "host_bytes", "host memory of one VM", "가상머신 하나의 호스트 메모리"),
    ("memory", "private", "private memory of one more", "하나 더의 전용 메모리"),
    ("memory", "guest_ram", "guest RAM of one more", "하나 더의 게스트 RAM"),
    ("memory", "kernel", "kernel memory of one more", "하나 더의 커널 메모리"),
    ("memory", "charged", "all that is charged for one more", "하나 더에 매겨진 모든 메모리"),
    ("memory", "shared", "shared file pages", "나누어 쓰는 파일 페이지"),
    ("memory", "lack_of_fit", "distance from the line", "직선에서 벗어난 거리"),
    ("inventory", "processes", "processes", "프로세스"),
    ("inventory", "namespaces", "namespaces", "네임스페이스"),
    ("inventory", "mounts", "mounts", "마운트"),
    ("inventory", "cgroups", "cgroups", "컨트롤 그룹"),
    ("inventory", "fds", "file descriptors", "파일 디스크립터"),
    ("inventory", "kvm_objects", "KVM objects", "KVM 객체"),
    ("inventory", "kernels", "kernels", "커널"),
];

/// What each experiment asks.
#[rustfmt::skip]
pub(super) const QUESTIONS: &[(&str, &str, &str)] = &[
    ("inventory", "Which objects come into being?", "어떤 객체들이 생기는가?"),
    ("boot", "How long until the program runs, and until all is gone?", "프로그램이 돌 때까지, 그리고 모두 사라질 때까지 얼마나 걸리는가?"),
    ("syscall", "What does one system call cost?", "시스템 콜 한 번의 비용은 얼마인가?"),
    ("cpu", "Does isolation slow plain computation?", "격리하면 단순 계산도 느려지는가?"),
    ("memory", "What does one more instance cost?", "인스턴스 하나가 더해지면 얼마나 드는가?"),
];

#[rustfmt::skip]
const WARNINGS: &[(&str, &str)] = &[
    ("quick", "빠른 실행(공개할 수치는 --thorough)"),
    ("sequential", "대상을 하나씩 차례로 실행하여 드리프트가 그때 돈 대상의 것이 됨"),
    ("profile", "isolab을 --release로 빌드하지 않음"),
    ("load", "다른 프로그램이 돌고 있었음"),
    ("software-kvm", "가상머신이 하드웨어 가상화가 아닌 소프트웨어 KVM 백엔드에서 실행됨"),
    ("few-blocks", "블록이 20개보다 적음"),
    ("drift", "측정하는 동안 드리프트가 있었음"),
    ("short-batch", "타이머를 100번 읽는 시간보다 짧은 묶음이 있음"),
    ("autocorrelation", "이웃 표본끼리 닮아 신뢰구간이 너무 좁음"),
    ("carry-over", "앞서 실행한 것의 영향이 남음"),
    ("failures", "실패한 표본이 있음"),
    ("no-values", "측정했지만 값이 없는 대상이 있음"),
    ("leak", "실행 뒤에 남은 것이 있음"),
    ("changed", "저장한 뒤에 표본이 바뀜: 해시가 맞지 않음"),
];

#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    ("process",
     "프로세스"),
    ("our container, no image, no engine",
     "직접 만든 컨테이너, 이미지·엔진 없음"),
    ("our container, made without root",
     "직접 만든 컨테이너, 루트 권한 없이"),
    ("bare VM, no operating system",
     "운영체제 없는 가상머신"),
    ("scripted environment, nothing runs",
     "각본대로 흉내 내는 환경, 실제 실행 없음"),
    ("scripted engine, nothing runs",
     "각본대로 흉내 내는 엔진, 실제 실행 없음"),
    ("From just before the first system call that creates the environment until its host has read the program's ready record.",
     "환경을 만드는 첫 시스템 콜 직전부터, 호스트가 프로그램의 준비 기록을 읽을 때까지입니다."),
    ("From just before a fresh isolab process is spawned until its environment's host has read the program's ready record.",
     "새 isolab 프로세스를 띄우기 직전부터, 그 환경의 호스트가 프로그램의 준비 기록을 읽을 때까지입니다."),
    ("From just before a fresh isolab process, or the own command of somebody else's engine, is spawned until its host has read the program's ready record.",
     "새 isolab 프로세스를, 남의 엔진이면 그 엔진의 명령을 띄우기 직전부터 호스트가 프로그램의 준비 기록을 읽을 때까지입니다."),
    ("From just before the first system call that creates the environment until its host sees the program's end.",
     "환경을 만드는 첫 시스템 콜 직전부터, 호스트가 프로그램의 끝을 볼 때까지입니다."),
    ("From just before the first system call that creates the environment until its host sees the program's end. In a container an own command has a small PID 1 before it (knob -init: none).",
     "환경을 만드는 첫 시스템 콜 직전부터, 호스트가 프로그램의 끝을 볼 때까지입니다. 직접 지정한 명령 앞에는 컨테이너 안에서 작은 PID 1이 섭니다(-init을 주면 서지 않습니다)."),
    ("1024 steps of an integer generator: TSC before and after a batch, divided by its units; the median batch of one worker.",
     "정수 난수 생성기 1024걸음입니다. 묶음 앞뒤의 TSC 차이를 단위 수로 나눕니다. 작업 프로세스 하나의 묶음 가운데 중앙값입니다."),
    ("Whole lives of fresh workers per second of wall time, with that many at once.",
     "그만큼을 동시에 돌릴 때, 실제 시간 1초에 끝나는 새 작업 프로세스의 일생 수입니다."),
    ("Slope over N of Private_Clean + Private_Dirty in /proc/PID/smaps_rollup.",
     "N에 대한 /proc/PID/smaps_rollup의 Private_Clean + Private_Dirty의 기울기입니다."),
    ("Private + kernel memory of one virtual machine of this configured size after its guest touched that much.",
     "이 크기로 설정한 가상머신에서 게스트가 그만큼 손댄 뒤의 전용 메모리 + 커널 메모리입니다."),
    ("Slope over N instances of private + kernel memory of what a detached instance leaves running: a container's payload, a virtual machine's monitor.",
     "떼어 놓은 인스턴스가 남기는 것(컨테이너는 그 안의 프로그램, 가상머신은 모니터)의 전용 메모리 + 커널 메모리를 인스턴스 수 N에 대해 구한 기울기입니다."),
    ("One call that does nothing: TSC before and after a batch, divided by its calls, the loop included; the median batch of one worker. In a bare VM our own guest kernel answers: a floor, not what Linux costs.",
     "아무 일도 하지 않는 시스템 콜 한 번입니다. 묶음의 앞뒤에서 TSC를 읽어 부른 횟수로 나눕니다(반복문 포함). 워커 하나에서 중앙값인 묶음을 씁니다. 운영체제 없는 가상머신에서는 우리 게스트 커널이 답하므로 리눅스의 비용이 아니라 최소한의 값입니다."),
    ("Read 1 byte of /dev/zero: the same way.",
     "/dev/zero에서 1바이트를 읽습니다. 재는 방법은 같습니다."),
    ("Write 1 byte to /dev/null: the same way.",
     "/dev/null에 1바이트를 씁니다. 재는 방법은 같습니다."),
    ("One port write that leaves the guest, does nothing in the hypervisor and comes back: the same way. Virtual machines only.",
     "게스트를 떠나 하이퍼바이저에서 아무 일도 하지 않고 돌아오는 포트 쓰기 한 번입니다. 재는 방법은 같고, 가상머신에만 있습니다."),
    ("Processes that run because of one instance: the payload, or the monitor of a virtual machine.",
     "인스턴스 하나 때문에 도는 프로세스: 그 안의 프로그램, 또는 가상머신의 모니터입니다."),
    ("Namespaces that the payload does not share with the harness, by inode.",
     "프로그램이 측정 도구와 함께 쓰지 않는 네임스페이스로, 아이노드로 셉니다."),
    ("Mounts in the payload's own mount namespace; 0 where it shares the harness's.",
     "프로그램 자신의 마운트 네임스페이스에 있는 마운트이며, 측정 도구의 것을 함께 쓰면 0입니다."),
    ("Control groups made for one instance, over all hierarchies.",
     "인스턴스 하나를 위해 만든 컨트롤 그룹으로, 모든 계층을 더합니다."),
    ("Open file descriptors of the payload, or of the monitor of a virtual machine.",
     "프로그램 또는 가상머신 모니터가 연 파일 디스크립터입니다."),
    ("Objects made by ioctl on /dev/kvm: machine, virtual CPUs, memory slots.",
     "/dev/kvm에 ioctl로 만든 객체: 가상머신, 가상 CPU, 메모리 슬롯입니다."),
    ("Kernels that run beside the host's.",
     "호스트 커널과 따로 도는 커널입니다."),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn a_name_keeps_its_knobs_and_its_copy() {
        assert_eq!(name("our container, no image, no engine"), "직접 만든 컨테이너, 이미지·엔진 없음");
        assert_eq!(name("process, once more"), "프로세스, 한 번 더");
        assert_eq!(
            name("bare VM, no operating system (ram=1G populate), once more"),
            "운영체제 없는 가상머신 (ram=1G populate), 한 번 더"
        );
        assert_eq!(name("an engine of tomorrow"), "an engine of tomorrow");
    }

    /// The files of the reference are older: every text of theirs has its Korean.
    #[test]
    fn the_reference_is_told_in_korean() {
        for file in ["software-kvm/run.json", "software-kvm/sequential.json", "svm/run.json", "svm/sequential.json"] {
            let run =
                crate::results::read::load(&crate::testing::repository().join("results/reference").join(file)).unwrap();
            let texts = run.header.metrics.iter().map(|m| &m.definition).chain(run.header.arms.iter().map(|a| &a.t0));
            let missing: Vec<&String> = texts.filter(|text| korean(text).is_none()).collect();
            assert!(missing.is_empty(), "{file}: {missing:?}");
            let untold = |w: &&crate::results::schema::Warning| w.text_in(Lang::Ko) == w.text_in(Lang::En);
            assert_eq!(run.warnings.iter().find(untold), None, "{file}");
            assert!(!run.warnings.is_empty(), "{file}");
        }
        assert_eq!(korean("From dusk till dawn."), None);
    }
}
