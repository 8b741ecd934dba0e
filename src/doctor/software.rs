//! Hypervisors and container software that this machine has, each explained in a sentence.
//!
//! Found by name: programs, kernel modules, sockets. Nothing of it is run, so its version is not told.

use crate::lang::Said;
use crate::said;
use serde::Serialize;

use super::hypervisor::{self, PRODUCTS};
use super::machine::Machine;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    pub id: &'static str,
    pub name: &'static str,
    /// What gave it away: a path, a module, a sign of the hypervisor around us.
    pub seen: Said,
    pub sentence: Said,
}

struct Software {
    id: &'static str,
    name: &'static str,
    programs: &'static [&'static str],
    /// In /sys/module.
    modules: &'static [&'static str],
    /// Sockets and folders; absolute.
    paths: &'static [&'static str],
    /// Empty: the sentence of the same id in [`PRODUCTS`].
    sentence: Said,
}

/// All that is here, in the order of the table; first what we run under.
pub(super) fn find(m: &Machine) -> Vec<Found> {
    let around = hypervisor::around(m);
    let product = around.as_ref().and_then(|a| a.product().map(|p| (a, p)));
    let under = product.map(|(a, p)| Found {
        id: p.id,
        name: p.name,
        seen: said!("this machine runs under it: {signs}", "이 기계가 그 위에서 돌고 있음: {signs}", signs = a.signs()),
        sentence: p.sentence.clone(),
    });
    let here = SOFTWARE.iter().filter_map(|software| find_one(m, software));
    let first = under.as_ref().map(|u| u.id);
    under.clone().into_iter().chain(here.filter(|f| Some(f.id) != first)).collect()
}

fn find_one(m: &Machine, software: &Software) -> Option<Found> {
    let program = software.programs.iter().find_map(|name| which(m, name));
    let module = software.modules.iter().find(|module| m.has(&format!("/sys/module/{module}")));
    let path = software.paths.iter().find(|path| m.has(path));
    let module = module.map(|module| said!("module {module}", "모듈 {module}"));
    let signs = [program.map(Said::verbatim), module, path.map(|path| Said::english(path))];
    let signs: Vec<Said> = signs.into_iter().flatten().collect();
    let product = || PRODUCTS.iter().find(|p| p.id == software.id).map(|p| p.sentence.clone()).unwrap_or_default();
    let sentence = if software.sentence.is_empty() { product() } else { software.sentence.clone() };
    (!signs.is_empty()).then(|| Found {
        id: software.id,
        name: software.name,
        seen: Said::joined(&signs, ", "),
        sentence,
    })
}

/// The first folder of PATH that has it, or one of those where administrators' programs are.
fn which(m: &Machine, name: &str) -> Option<String> {
    let path = m.variable("PATH").unwrap_or_default();
    let folders = path.split(':').filter(|f| f.starts_with('/')).chain([
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/libexec",
    ]);
    folders.map(|folder| format!("{folder}/{name}")).find(|path| m.path(path).is_file())
}

#[rustfmt::skip] // a table
const SOFTWARE: &[Software] = &[
    Software { id: "kvm-here", name: "KVM, here", programs: &[], modules: &["kvm_intel", "kvm_amd", "kvm_pvm"], paths: &["/dev/kvm"],
        sentence: Said::fixed("The hypervisor inside this kernel: an ordinary system (hosted, type 2) that runs guests itself (bare metal, type 1); it blurs the two classes.", "이 커널 안의 하이퍼바이저입니다. 일반 운영체제이면서(호스트형, 타입 2) 게스트를 직접 돌리므로(베어메탈, 타입 1) 두 분류의 경계를 흐립니다.") },
    Software { id: "qemu", name: "QEMU", programs: &["qemu-system-x86_64", "qemu-kvm"], modules: &[], paths: &[],
        sentence: Said::fixed("An emulator of whole machines: with KVM the monitor of most Linux VMs, without it a translator of every instruction (TCG).", "기계 전체를 흉내 내는 에뮬레이터입니다. KVM과 함께라면 대부분의 리눅스 가상머신의 모니터이고, 없으면 모든 명령을 번역합니다(TCG).") },
    Software { id: "virtualbox", name: "VirtualBox", programs: &["VBoxManage"], modules: &["vboxdrv"], paths: &[],
        sentence: Said::fixed("A hosted (type 2) hypervisor; only one of it and KVM can own VT-x or AMD-V at a time, so close its machines before you measure.", "호스트형(타입 2) 하이퍼바이저입니다. VT-x나 AMD-V는 이것과 KVM 가운데 하나만 쓸 수 있으므로, 재기 전에 그 기계들을 끄십시오.") },
    Software { id: "vmware", name: "VMware Workstation", programs: &["vmware", "vmrun"], modules: &["vmmon"], paths: &[],
        sentence: Said::fixed("A hosted (type 2) hypervisor with kernel modules of its own; close its machines before you measure.", "자체 커널 모듈이 있는 호스트형(타입 2) 하이퍼바이저입니다. 재기 전에 그 기계들을 끄십시오.") },
    Software { id: "parallels", name: "Parallels", programs: &["prltoolsd"], modules: &["prl_tg"], paths: &[], sentence: Said::english("") },
    Software { id: "xen", name: "Xen", programs: &["xl"], modules: &[], paths: &["/proc/xen/capabilities"], sentence: Said::english("") },
    Software { id: "hyper-v", name: "Hyper-V", programs: &[], modules: &["hv_vmbus"], paths: &[], sentence: Said::english("") },
    Software { id: "libvirt", name: "libvirt", programs: &["virsh"], modules: &[], paths: &["/run/libvirt/libvirt-sock"],
        sentence: Said::fixed("A daemon that keeps virtual machines of QEMU and others by one interface.", "QEMU 등의 가상머신을 하나의 인터페이스로 관리하는 데몬입니다.") },
    Software { id: "firecracker", name: "Firecracker", programs: &["firecracker"], modules: &[], paths: &[],
        sentence: Said::fixed("A small monitor for KVM: a Linux guest with five devices and no firmware.", "KVM용의 작은 모니터로, 장치 다섯 개에 펌웨어 없는 리눅스 게스트를 돌립니다.") },
    Software { id: "docker", name: "Docker", programs: &["docker", "dockerd"], modules: &[], paths: &["/run/docker.sock"],
        sentence: Said::fixed("An engine: a client asks the daemon dockerd by its socket, which asks containerd, which lets runc make the container.", "컨테이너 엔진입니다. 클라이언트가 소켓으로 데몬 dockerd에 요청하고, dockerd는 containerd에, containerd는 runc에 맡겨 컨테이너를 만듭니다.") },
    Software { id: "docker-desktop", name: "Docker Desktop", programs: &[], modules: &[], paths: &["/mnt/wsl/docker-desktop", "/opt/docker-desktop"],
        sentence: Said::fixed("Docker for Windows and macOS: its containers run in a Linux VM of their own, so they do not share the kernel that you are in.", "윈도와 macOS용 도커입니다. 컨테이너가 별도의 리눅스 가상머신에서 돌므로 지금 이 커널을 함께 쓰지 않습니다.") },
    Software { id: "podman", name: "Podman", programs: &["podman"], modules: &[], paths: &["/run/podman/podman.sock"],
        sentence: Said::fixed("An engine without a daemon, with docker's commands; crun or runc makes the container.", "데몬 없이 docker와 같은 명령을 쓰는 엔진입니다. crun이나 runc가 컨테이너를 만듭니다.") },
    Software { id: "containerd", name: "containerd", programs: &["containerd", "ctr"], modules: &[], paths: &["/run/containerd/containerd.sock"],
        sentence: Said::fixed("A daemon that keeps images and containers for Docker and Kubernetes; a shim process stays beside each container.", "도커와 쿠버네티스를 위해 이미지와 컨테이너를 관리하는 데몬입니다. 컨테이너마다 곁에 shim 프로세스가 남습니다.") },
    Software { id: "cri-o", name: "CRI-O", programs: &["crio", "crictl"], modules: &[], paths: &["/run/crio/crio.sock"],
        sentence: Said::fixed("A daemon that serves only Kubernetes' kubelet, by the Container Runtime Interface (CRI).", "컨테이너 런타임 인터페이스(CRI)로 쿠버네티스의 kubelet만을 위해 일하는 데몬입니다.") },
    Software { id: "runc", name: "runc", programs: &["runc"], modules: &[], paths: &[],
        sentence: Said::fixed("The runtime that makes the namespaces and cgroups of one container and then leaves; the reference for OCI.", "컨테이너 하나의 네임스페이스와 컨트롤 그룹을 만들고 물러나는 런타임으로, OCI의 기준 구현입니다.") },
    Software { id: "crun", name: "crun", programs: &["crun"], modules: &[], paths: &[],
        sentence: Said::fixed("The same as runc, in C: smaller and quicker to start.", "runc와 같은 것을 C로 만들었습니다. 더 작고 더 빨리 시작합니다.") },
    Software { id: "youki", name: "youki", programs: &["youki"], modules: &[], paths: &[],
        sentence: Said::fixed("The same as runc, in Rust.", "runc와 같은 것을 러스트로 만들었습니다.") },
    Software { id: "lxc", name: "LXC", programs: &["lxc-execute", "lxc-start"], modules: &[], paths: &[],
        sentence: Said::fixed("Containers that boot a whole system; Docker used it until version 0.9, when its own library came.", "시스템 전체를 부팅하는 컨테이너입니다. 도커는 자체 라이브러리가 나온 0.9 이전까지 이것을 썼습니다.") },
    Software { id: "bwrap", name: "bubblewrap", programs: &["bwrap"], modules: &[], paths: &[],
        sentence: Said::fixed("A sandbox for one program without root, used by Flatpak.", "루트 없이 프로그램 하나를 가두는 샌드박스로, Flatpak이 씁니다.") },
    Software { id: "nspawn", name: "systemd-nspawn", programs: &["systemd-nspawn"], modules: &[], paths: &[],
        sentence: Said::fixed("systemd's container for a whole system tree.", "시스템 트리 전체를 담는 systemd의 컨테이너입니다.") },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_sentence() {
        for software in SOFTWARE {
            let sentence = if software.sentence.is_empty() {
                PRODUCTS.iter().find(|p| p.id == software.id).map(|p| p.sentence.clone()).unwrap_or_default()
            } else {
                software.sentence.clone()
            };
            assert!(sentence.ends_with('.'), "{}", software.id);
        }
        assert!(PRODUCTS.iter().all(|p| p.sentence.ends_with('.')));
    }

    /// A report tells the version of whatever is found here and can be asked.
    #[test]
    fn every_program_that_is_found_is_asked_for_its_version() {
        const NO_VERSION: [&str; 3] = ["vmware", "parallels", "xen"]; // they ask for a daemon, or for root
        for software in SOFTWARE.iter().filter(|s| !s.programs.is_empty() && !NO_VERSION.contains(&s.id)) {
            let asked = crate::host::TOOLS_ASKED.iter().find(|(id, _)| *id == software.id);
            assert_eq!(asked.map(|(_, programs)| *programs), Some(software.programs), "{}", software.id);
        }
    }

    #[test]
    fn ids_stand_once() {
        for (i, software) in SOFTWARE.iter().enumerate() {
            assert!(SOFTWARE[..i].iter().all(|s| s.id != software.id), "{}", software.id);
        }
    }
}
