//! Hypervisors and container software that this machine has, each explained in a sentence.
//!
//! Found by name: programs, kernel modules, sockets. Nothing of it is run, so its version is not told.

use serde::Serialize;

use super::machine::Machine;
use super::under::{self, PRODUCTS};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    pub id: &'static str,
    pub name: &'static str,
    /// What gave it away: a path, a module, a sign of the hypervisor around us.
    pub seen: String,
    pub sentence: String,
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
    sentence: &'static str,
}

/// All that is here, in the order of the table; first what we run under.
pub(super) fn find(m: &Machine) -> Vec<Found> {
    let around = under::around(m);
    let product = around.as_ref().and_then(|a| a.product().map(|p| (a, p)));
    let under = product.map(|(a, p)| Found {
        id: p.id,
        name: p.name,
        seen: format!("this machine runs under it: {}", a.signs()),
        sentence: p.sentence.to_owned(),
    });
    let here = SOFTWARE.iter().filter_map(|software| find_one(m, software));
    let first = under.as_ref().map(|u| u.id);
    under.clone().into_iter().chain(here.filter(|f| Some(f.id) != first)).collect()
}

fn find_one(m: &Machine, software: &Software) -> Option<Found> {
    let program = software.programs.iter().find_map(|name| which(m, name));
    let module = software.modules.iter().find(|module| m.has(&format!("/sys/module/{module}")));
    let path = software.paths.iter().find(|path| m.has(path));
    let signs = [program, module.map(|module| format!("module {module}")), path.map(|path| (*path).to_owned())];
    let signs: Vec<String> = signs.into_iter().flatten().collect();
    let product = || PRODUCTS.iter().find(|p| p.id == software.id).map_or("", |p| p.sentence);
    let sentence = if software.sentence.is_empty() { product() } else { software.sentence };
    (!signs.is_empty()).then(|| Found {
        id: software.id,
        name: software.name,
        seen: signs.join(", "),
        sentence: sentence.into(),
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
        sentence: "The hypervisor inside this kernel: an ordinary system (hosted, type 2) that runs guests itself (bare metal, type 1); it blurs the two classes." },
    Software { id: "qemu", name: "QEMU", programs: &["qemu-system-x86_64", "qemu-kvm"], modules: &[], paths: &[],
        sentence: "An emulator of whole machines: with KVM the monitor of most Linux VMs, without it a translator of every instruction (TCG)." },
    Software { id: "virtualbox", name: "VirtualBox", programs: &["VBoxManage"], modules: &["vboxdrv"], paths: &[],
        sentence: "A hosted (type 2) hypervisor; only one of it and KVM can own VT-x or AMD-V at a time, so close its machines before you measure." },
    Software { id: "vmware", name: "VMware Workstation", programs: &["vmware", "vmrun"], modules: &["vmmon"], paths: &[],
        sentence: "A hosted (type 2) hypervisor with kernel modules of its own; close its machines before you measure." },
    Software { id: "parallels", name: "Parallels", programs: &["prltoolsd"], modules: &["prl_tg"], paths: &[], sentence: "" },
    Software { id: "xen", name: "Xen", programs: &["xl"], modules: &[], paths: &["/proc/xen/capabilities"], sentence: "" },
    Software { id: "hyper-v", name: "Hyper-V", programs: &[], modules: &["hv_vmbus"], paths: &[], sentence: "" },
    Software { id: "libvirt", name: "libvirt", programs: &["virsh"], modules: &[], paths: &["/run/libvirt/libvirt-sock"],
        sentence: "A daemon that keeps virtual machines of QEMU and others by one interface." },
    Software { id: "firecracker", name: "Firecracker", programs: &["firecracker"], modules: &[], paths: &[],
        sentence: "A small monitor for KVM: a Linux guest with five devices and no firmware." },
    Software { id: "docker", name: "Docker", programs: &["docker", "dockerd"], modules: &[], paths: &["/run/docker.sock"],
        sentence: "An engine: a client asks the daemon dockerd by its socket, which asks containerd, which lets runc make the container." },
    Software { id: "docker-desktop", name: "Docker Desktop", programs: &[], modules: &[], paths: &["/mnt/wsl/docker-desktop", "/opt/docker-desktop"],
        sentence: "Docker for Windows and macOS: its containers run in a Linux VM of their own, so they do not share the kernel that you are in." },
    Software { id: "podman", name: "Podman", programs: &["podman"], modules: &[], paths: &["/run/podman/podman.sock"],
        sentence: "An engine without a daemon, with docker's commands; crun or runc makes the container." },
    Software { id: "containerd", name: "containerd", programs: &["containerd", "ctr"], modules: &[], paths: &["/run/containerd/containerd.sock"],
        sentence: "A daemon that keeps images and containers for Docker and Kubernetes; a shim process stays beside each container." },
    Software { id: "cri-o", name: "CRI-O", programs: &["crio", "crictl"], modules: &[], paths: &["/run/crio/crio.sock"],
        sentence: "A daemon that serves only Kubernetes' kubelet, by the Container Runtime Interface (CRI)." },
    Software { id: "runc", name: "runc", programs: &["runc"], modules: &[], paths: &[],
        sentence: "The runtime that makes the namespaces and cgroups of one container and then leaves; the reference for OCI." },
    Software { id: "crun", name: "crun", programs: &["crun"], modules: &[], paths: &[],
        sentence: "The same as runc, in C: smaller and quicker to start." },
    Software { id: "youki", name: "youki", programs: &["youki"], modules: &[], paths: &[],
        sentence: "The same as runc, in Rust." },
    Software { id: "lxc", name: "LXC", programs: &["lxc-execute", "lxc-start"], modules: &[], paths: &[],
        sentence: "Containers that boot a whole system; Docker used it until version 0.9, when its own library came." },
    Software { id: "bwrap", name: "bubblewrap", programs: &["bwrap"], modules: &[], paths: &[],
        sentence: "A sandbox for one program without root, used by Flatpak." },
    Software { id: "nspawn", name: "systemd-nspawn", programs: &["systemd-nspawn"], modules: &[], paths: &[],
        sentence: "systemd's container for a whole system tree." },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_sentence() {
        for software in SOFTWARE {
            let sentence = if software.sentence.is_empty() {
                PRODUCTS.iter().find(|p| p.id == software.id).map_or("", |p| p.sentence)
            } else {
                software.sentence
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
