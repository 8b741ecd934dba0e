//! Everything that the rows are made from: recorded inputs, so that a row can be tested without its machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::{AccessFlags, Uid, access};

use crate::bench::interrupt::Interrupt;
use crate::bench::probe_support;
use crate::container::userns;
use crate::environments::container_rootless::whom_to_become;
use crate::environments::{ALL, Arm, Environment, Support};
use crate::error::{Error, Result};
use crate::host::{Host, Mount, mounts};
use crate::lang::Said;
use crate::model::AnsweredBy;
use crate::vm::kvm::host_cpuid;

/// A machine as one user sees it: the files below a folder, and what was found out by trying.
pub struct Machine<'a> {
    /// "/", or the folder of a recording.
    pub root: &'a Path,
    pub host: Host,
    pub mounts: Vec<Mount>,
    /// Effective user id.
    pub uid: u32,
    /// The folder in which isolab was called.
    pub here: PathBuf,
    /// The environment variables that say where we are; see `VARIABLES`.
    pub variables: BTreeMap<String, String>,
    /// The twelve letters by which a hypervisor introduces itself; None: there is none.
    pub cpuid: Option<String>,
    /// May this user write to the file or folder? access(2), or a recorded list.
    pub may_write: Box<dyn Fn(&Path) -> bool + 'a>,
    pub tried: Tried,
}

/// What only trying tells.
#[derive(Clone, Default)]
pub struct Tried {
    /// Opening /dev/kvm and running guest code in it, in a worker; Err: why not.
    pub kvm: Option<Refusal>,
    /// Making a user namespace and writing its `uid_map`, in a child; as root, as the user who called sudo, or nobody.
    pub user_namespace: Option<Refusal>,
    /// What each environment says about this machine and user.
    pub environments: Vec<(&'static dyn Environment, Support)>,
}

/// It did not work: what could not be done and why, and what the one who tried advises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Said,
    pub fix: Said,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal { reason: error.reason(), fix: error.try_this }
    }
}

/// Which variables are looked at. Nothing of their values is printed but the name of a CI service.
pub(super) const VARIABLES: &[&str] = &[
    "PATH",
    "TMPDIR",
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "BUILDKITE",
    "CIRCLECI",
    "TF_BUILD",
    "KUBERNETES_SERVICE_HOST",
    "WSL_DISTRO_NAME",
];

impl Machine<'static> {
    /// This machine and this user. Guest code runs in a worker that ends at once; nothing is made on disk.
    pub fn here() -> Result<Machine<'static>> {
        let variable = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok()?));
        Ok(Machine {
            here: std::env::current_dir().unwrap_or_default(),
            variables: VARIABLES.iter().filter_map(variable).collect(),
            cpuid: introduction(host_cpuid),
            may_write: Box::new(|path| access(path, AccessFlags::W_OK).is_ok()),
            tried: try_all()?,
            uid: Uid::effective().as_raw(),
            ..Machine::below(Path::new("/"))
        })
    }
}

impl<'a> Machine<'a> {
    /// What the files below `root` say, and nothing more: root, nothing tried, nothing writable.
    pub fn below(root: &'a Path) -> Machine<'a> {
        let mountinfo = std::fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
        Machine {
            root,
            host: Host::read(root, String::new()),
            mounts: mounts(&mountinfo),
            uid: 0,
            here: PathBuf::from("/"),
            variables: BTreeMap::new(),
            cpuid: None,
            may_write: Box::new(|_| false),
            tried: Tried::default(),
        }
    }

    /// A file's text without the white space around it; empty when there is none or we may not read it.
    pub fn text(&self, path: &str) -> String {
        let text = std::fs::read(self.path(path)).unwrap_or_default();
        String::from_utf8_lossy(&text).trim().to_owned() // a program's name may be any bytes
    }

    /// An absolute path of the machine, below its root.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Root of the host, or of a container that was given the host's powers: CAP_SYS_ADMIN, capability 21.
    pub fn may_administer(&self) -> bool {
        let status = self.text("/proc/self/status");
        let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let set = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
        self.is_root() && set.is_some_and(|set| set & 1 << 21 != 0)
    }

    pub fn cpu_has(&self, flag: &str) -> bool {
        let cpuinfo = self.text("/proc/cpuinfo");
        let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")?.split_once(':'));
        flags.is_some_and(|(_, flags)| flags.split_whitespace().any(|f| f == flag))
    }

    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What is mounted at, or above, this folder.
    pub fn mount_of(&self, folder: &Path) -> Option<&Mount> {
        let over = self.mounts.iter().filter(|m| folder.starts_with(&m.at));
        over.max_by_key(|m| m.at.len()) // of two equal ones the last, which covers the first
    }
}

/// Leaf 0x4000_0000, where a hypervisor writes its name; only when leaf 1 says that there is one.
/// (Intel leaves the range to software; <https://lwn.net/Articles/301888/>.)
fn introduction(cpuid: impl Fn(u32) -> [u32; 4]) -> Option<String> {
    let present = cpuid(1)[2] & 1 << 31 != 0;
    let letters: Vec<u8> = cpuid(0x4000_0000)[1..].iter().flat_map(|register| register.to_le_bytes()).collect();
    let name = String::from_utf8_lossy(&letters).trim_matches(['\0', ' ']).to_owned();
    present.then_some(name)
}

/// For everything that is asked in a worker; doctor as a whole should take less than a second.
const PATIENCE: Duration = Duration::from_millis(800);

fn try_all() -> Result<Tried> {
    let user_namespace = userns::check(whom_to_become()).err().map(Refusal::from);
    let real = ALL.iter().filter(|env| !env.about().is_scripted());
    let arms: Vec<Arm> = real.map(|env| Arm::parse(env.about().id)).collect::<Result<_>>()?;
    let interrupt = Interrupt::listen()?;
    let answers = probe_support(Path::new("/proc/self/exe"), &arms, PATIENCE, &interrupt)?;
    let refused = |error: Error| {
        let Refusal { reason, fix } = error.into();
        Support::No { reason, fix }
    };
    let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(refused));
    let environments: Vec<_> = arms.iter().map(|arm| arm.env).zip(answers).collect();
    // A machine with a kernel of ours needs nothing but KVM.
    let needs_kvm_alone = |env: &dyn Environment| env.about().answered_by == AnsweredBy::OwnGuestKernel;
    let kvm = environments.iter().find_map(|(env, answer)| match answer {
        Support::No { reason, fix } if needs_kvm_alone(*env) => {
            Some(Refusal { reason: reason.clone(), fix: fix.clone() })
        }
        _ => None,
    });
    Ok(Tried { kvm, user_namespace, environments })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hypervisor_introduces_itself_in_twelve_letters() {
        let kvm = |leaf: u32| match leaf {
            1 => [0, 0, 1 << 31, 0],
            _ => [0x4000_0001, 0x4b4d_564b, 0x564b_4d56, 0x4d],
        };
        assert_eq!(introduction(kvm).as_deref(), Some("KVMKVMKVM"));
        let metal = |leaf| if leaf == 1 { [0; 4] } else { kvm(leaf) };
        assert_eq!(introduction(metal), None, "without the bit the leaf means something else");
        let parallels = |leaf: u32| if leaf == 1 { kvm(1) } else { [0, 0x7072_6c20, 0x6879_7065, 0x7276_2020] };
        assert_eq!(introduction(parallels).as_deref(), Some("lrpepyh  vr"));
    }

    #[test]
    fn the_mount_of_a_folder_is_the_nearest_one_above() {
        let mount = |at: &str| Mount {
            at: at.into(),
            options: Vec::new(),
            kind: "ext4".into(),
            source: "x".into(),
            super_options: Vec::new(),
        };
        let machine = Machine {
            mounts: vec![mount("/"), mount("/mnt/c"), mount("/mnt")],
            ..Machine::below(Path::new("/nowhere"))
        };
        let at = |folder: &str| machine.mount_of(Path::new(folder)).map(|m| m.at.as_str());
        assert_eq!((at("/mnt/c/work"), at("/mnt/cd"), at("/home")), (Some("/mnt/c"), Some("/mnt"), Some("/")));
    }
}
