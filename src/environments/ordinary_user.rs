//! Giving up root, for a container that is made without it.

use nix::sys::prctl::{get_pdeathsig, set_dumpable, set_pdeathsig};
use nix::unistd::{Gid, Uid, getppid, setgroups, setresgid, setresuid};

use crate::error::{Context, Error, Result};
use crate::said;

/// For good: the worker is then an ordinary user, as one who runs a rootless container is.
pub(super) fn become_user(user: Option<(u32, u32)>) -> Result<()> {
    let Some((uid, gid)) = user.filter(|(uid, _)| Uid::effective().as_raw() != *uid) else { return Ok(()) };
    let doing = || said!("become user {uid}", "사용자 {uid}이(가) 될 수 없습니다");
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    let (parent, dies_with_it) = (getppid(), get_pdeathsig().doing(doing)?);
    setgroups(&[]).doing(doing)?;
    setresgid(gid, gid, gid).doing(doing)?;
    setresuid(uid, uid, uid).doing(doing)?;
    if dies_with_it.is_some() {
        set_pdeathsig(dies_with_it).doing(doing)?; // changing ids has undone it
        if getppid() != parent {
            return Err(Error::new(
                doing(),
                said!("the parent of this process has ended", "이 프로세스의 부모가 끝났음"),
            ));
        }
    }
    set_dumpable(true).doing(doing) // else /proc/self belongs to root, and we could not write our child's id maps
}
