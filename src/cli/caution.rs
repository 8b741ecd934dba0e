//! What a container does not hold back, told where it is asked for.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::sys::statvfs::{FsFlags, statvfs};

use super::args::Run;
use crate::environments::Arm;

/// One sentence for each thing that this run leaves open.
pub(super) fn of_run(args: &Run, arm: &Arm) -> Vec<String> {
    let folder =
        args.rootfs.as_deref().filter(|_| arm.env.about().id.starts_with("container") && !arm.knobs.has("+user"));
    let setuid = folder.filter(|folder| leaves_setuid_files(folder)).map(|folder| {
        let folder = folder.display();
        format!(
            "caution: a setuid file that the program leaves in {folder} runs with the rights of its owner, for every user who gets there: \
             chmod 700 keeps them out"
        )
    });
    setuid.into_iter().chain(of_knobs(arm)).collect()
}

/// The same for an arm of a bench that runs an own command.
pub(super) fn of_knobs(arm: &Arm) -> Option<String> {
    let told = "root inside can signal every process of this machine, process 1 too: run nothing hostile";
    arm.knobs.has("-pid").then(|| format!("caution: with the knob -pid {told}"))
}

/// Can the program write there, and others get at what it wrote?
fn leaves_setuid_files(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let inert = |flags: FsFlags| flags.intersects(FsFlags::ST_NOSUID | FsFlags::ST_RDONLY);
    let dead = folder == Path::new("/") || statvfs(&folder).is_ok_and(|found| inert(found.flags()));
    !dead && folder.ancestors().all(is_open_to_others)
}

fn is_open_to_others(folder: &Path) -> bool {
    const GROUP_OR_OTHERS_PASS: u32 = 0o011;
    folder.metadata().is_ok_and(|about| about.permissions().mode() & GROUP_OR_OTHERS_PASS != 0)
}
