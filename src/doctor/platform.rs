//! Where we are: in a container or pod, in WSL2, on a drive of Windows, in a CI service.

use super::machine::Machine;
use super::row::Row;
use crate::lang::Said;
use crate::said;

pub(super) fn container(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("container", "컨테이너");
    let pod = m.variable("KUBERNETES_SERVICE_HOST").is_some() || m.has("/run/secrets/kubernetes.io/serviceaccount");
    match &m.host.container {
        None if !pod => Row::ok("container", WHAT, said!("not inside one", "안에 있지 않음")),
        None => Row::limited("container", WHAT, said!("in a pod of Kubernetes", "쿠버네티스 파드 안")),
        Some(name) => Row::limited("container", WHAT, inside(name, pod)).try_this([said!(
            "measure on its host; inside it only what the rows above allow",
            "그 호스트에서 측정하십시오. 안에서는 위의 줄이 허락하는 것만 됩니다"
        )]),
    }
}

fn inside(name: &str, pod: bool) -> Said {
    if pod {
        said!(
            "inside one, in a pod of Kubernetes: {name}; what we make is nested in it",
            "쿠버네티스 파드의 컨테이너 안: {name}. 우리가 만드는 것은 그 안에 중첩됨"
        )
    } else {
        said!(
            "inside one: {name}; what we make is nested in it",
            "컨테이너 안: {name}. 우리가 만드는 것은 그 안에 중첩됨"
        )
    }
}

pub(super) fn wsl2(m: &Machine) -> Row {
    const WHAT: Said = Said::english("WSL2");
    if !m.host.wsl2 {
        return Row::ok("wsl2", WHAT, said!("no", "아님"));
    }
    let row = Row::limited(
        "wsl2",
        WHAT,
        said!(
            "yes: this Linux is a guest of Windows, which may take CPU and memory at any time",
            "맞음: 이 리눅스는 윈도의 게스트이며, 윈도가 언제든 CPU와 메모리를 가져갈 수 있음"
        ),
    );
    if m.tried.kvm.is_none() {
        return row;
    }
    row.try_this([said!(
        "KVM inside of WSL2 needs Windows 11, and in %UserProfile%\\.wslconfig:",
        "WSL2 안의 KVM에는 윈도 11과 %UserProfile%\\.wslconfig 의 다음 설정이 필요합니다:"
    )])
    .try_this([Said::english("[wsl2]"), Said::english("nestedVirtualization=true")])
    .try_this([said!("then, in Windows:", "그런 다음 윈도에서:")])
    .try_this([Said::english("$ wsl --shutdown")])
}

/// Drives of Windows in WSL2 (9p or virtiofs), and folders that a desktop hypervisor shares with its guest.
pub(super) fn drive(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("this folder", "이 폴더");
    const SHARED: &[(&str, &str)] = &[
        ("vboxsf", "VirtualBox"),
        ("fuse.vmhgfs-fuse", "VMware"),
        ("prl_fs", "Parallels"),
        ("virtiofs", "the host around us"),
    ];
    let Some(mount) = m.mount_of(&m.here) else {
        return Row::ok("drive", WHAT, said!("on a file system of its own", "독립된 파일 시스템에 있음"));
    };
    let of_windows = match mount.kind.as_str() {
        "drvfs" => true,
        "9p" | "virtiofs" => {
            m.host.wsl2 && (mount.source.contains(":\\") || mount.super_options.iter().any(|o| o.contains("drvfs")))
        }
        _ => false,
    };
    let shared = SHARED.iter().find(|(kind, _)| mount.kind == *kind).map(|(_, of)| of);
    let whose = match (of_windows, shared) {
        (true, _) => said!(
            "on a drive of Windows ({at}, by {kind})",
            "윈도 드라이브 위({at}, {kind})",
            at = &mount.at,
            kind = &mount.kind
        ),
        (_, Some(of)) => said!(
            "shared by {of} ({at}, by {kind})",
            "{of}의 공유 폴더({at}, {kind})",
            at = &mount.at,
            kind = &mount.kind
        ),
        _ => {
            let kind = &mount.kind;
            return Row::ok("drive", WHAT, said!("on {kind}", "파일 시스템 {kind}"));
        }
    };
    let slow = Said::compose(&[&whose], |lang| {
        let why = ": slow, and without the owners and modes of Linux";
        format!("{}{}", whose.of(lang), lang.choose(why, ": 느리고, 리눅스의 소유자와 권한이 없음"))
    });
    Row::limited("drive", WHAT, slow)
        .try_this([said!(
            "copy the checkout into Linux's own files:",
            "소스를 리눅스 자신의 파일 시스템으로 복사하십시오:"
        )])
        .try_this([Said::english("$ cp -r . ~/isolab && cd ~/isolab")])
}

/// Shared machines, of another kind from one run to the next.
pub(super) fn ci(m: &Machine) -> Row {
    const WHAT: Said = Said::english("CI");
    const SERVICES: &[(&str, &str)] = &[
        ("GITHUB_ACTIONS", "GitHub Actions"),
        ("GITLAB_CI", "GitLab CI"),
        ("JENKINS_URL", "Jenkins"),
        ("BUILDKITE", "Buildkite"),
        ("CIRCLECI", "CircleCI"),
        ("TF_BUILD", "Azure Pipelines"),
        ("CI", "a CI service"),
    ];
    match SERVICES.iter().find(|(name, _)| m.variable(name).is_some_and(|v| v != "false")) {
        None => Row::ok("ci", WHAT, said!("no", "아님")),
        Some((_, service)) => Row::limited(
            "ci",
            WHAT,
            said!(
                "in {service}: compare arms of one run, never times of two",
                "{service} 안: 한 실행의 대상끼리만 비교하고, 두 실행의 시간은 비교하지 마십시오"
            ),
        )
        .try_this([said!("as a step that fails when a check does:", "검사가 실패하면 함께 실패하는 단계로:")])
        .try_this([Said::english("$ isolab guide check --all --json")]),
    }
}
