//! What is behind /dev/kvm: the label that every number of a virtual machine carries.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// How KVM runs a guest here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    pub kind: Kind,
    /// The host is a virtual machine itself.
    pub nested: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Intel VT-x.
    Vmx,
    /// AMD-V.
    Svm,
    /// No hardware virtualization: ring 3 runs natively, ring 0 is emulated.
    Software,
}

impl Backend {
    /// As found on this machine now; None: KVM is not loaded, or built in a way that does not tell.
    pub fn here() -> Option<Backend> {
        Backend::of(Path::new("/"))
    }

    /// The same of the machine below `root`: a folder of recorded files, in a test.
    pub fn of(root: &Path) -> Option<Backend> {
        let cpuinfo = std::fs::read_to_string(root.join("proc/cpuinfo")).unwrap_or_default();
        let modules = std::fs::read_dir(root.join("sys/module")).into_iter().flatten().flatten();
        let modules: Vec<String> = modules.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        Backend::from(cpu_flags(&cpuinfo), modules.iter().map(String::as_str))
    }

    /// `flags`: of one CPU in /proc/cpuinfo. `modules`: names in /sys/module, where built-in ones are too.
    ///
    /// The loaded module decides, not the CPU's flag: a flag says what could be, and a software backend needs none.
    pub fn from<'a>(flags: &str, modules: impl Iterator<Item = &'a str>) -> Option<Backend> {
        let has = |flag: &str| flags.split_whitespace().any(|f| f == flag);
        let kind = modules
            .filter_map(|module| match module {
                "kvm_intel" if has("vmx") => Some(Kind::Vmx),
                "kvm_amd" if has("svm") => Some(Kind::Svm),
                "kvm_pvm" => Some(Kind::Software),
                _ => None,
            })
            .min_by_key(|kind| *kind as u8)?; // only one of them can be active; hardware refuses to load without its flag
        Some(Backend { kind, nested: has("hypervisor") })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Vmx => "vmx",
            Kind::Svm => "svm",
            Kind::Software => "software",
        })?;
        f.write_str(if self.nested { ", nested" } else { "" })
    }
}

/// The flags of the first CPU.
fn cpu_flags(cpuinfo: &str) -> &str {
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")?.split_once(':'));
    flags.map_or("", |(_, flags)| flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(flags: &str, modules: &[&str]) -> Option<String> {
        Backend::from(flags, modules.iter().copied()).map(|backend| backend.to_string())
    }

    #[test]
    fn recorded_machines_get_their_labels() {
        let laptop = "fpu vme de pse tsc msr pae mce cx8 sse sse2 ht tm pbe syscall nx vmx est tm2 ssse3";
        assert_eq!(label(laptop, &["kvm", "kvm_intel", "i915"]).as_deref(), Some("vmx"));
        let cloud_with_nesting = "fpu vme de sse2 syscall nx svm hypervisor lahf_lm";
        assert_eq!(label(cloud_with_nesting, &["kvm", "kvm_amd"]).as_deref(), Some("svm, nested"));
        let development = "fpu vme de pse tsc msr nx pdpe1gb rdtscp hypervisor lahf_lm abm"; // no vmx, no svm
        assert_eq!(label(development, &["kvm", "kvm_pvm"]).as_deref(), Some("software, nested"));
    }

    #[test]
    fn without_a_backend_there_is_no_label() {
        assert_eq!(label("fpu vmx", &["kvm"]), None, "switched off in the firmware");
        assert_eq!(label("fpu hypervisor", &["kvm", "kvm_intel"]), None, "the module is there, built in, but inactive");
        assert_eq!(label("", &[]), None);
    }

    #[test]
    fn the_flags_line_is_found() {
        assert_eq!(cpu_flags("processor\t: 0\nflags\t\t: fpu vmx\nbugs\t: x\nflags\t: y\n"), " fpu vmx");
        assert_eq!(cpu_flags("model name: x\n"), "");
    }
}
