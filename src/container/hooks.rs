//! Hooks: programs of others that run at six moments of a container's life (OCI runtime specification, `config.md`, "Hooks").
//!
//! ```text
//! prestart, createRuntime   before the change of root        by us, in our namespaces
//! createContainer           after them                       by the child: the container's namespaces, our files
//! startContainer            right before the program         by the child: the container's files, the program's rights
//! poststart                 once the program is executed     by us
//! poststop                  when the container is gone       by us
//! ```
//!
//! One that fails ends the container, and is told; after that only poststop hooks run, whose failures are warnings. All is
//! made ready before t0. Each gets the state as a file at its standard input: nobody waits for a reader, and none that closes it
//! disturbs us. It has what its row says as environment, and our standard error for what it prints (a startContainer hook:
//! the program's streams).

use std::cell::Cell;
use std::ffi::OsString;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Whence, lseek, setsid, write};

use super::folder::Folder;
use super::program;
use super::rootfs::folder_of;
use super::spec::{Hook, Hooks};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::Exit;
use crate::said;
use crate::sys::clone::{CloneArgs, Process};
use crate::sys::exec::Image;
use crate::sys::fds::{hand_over, moved_out_of_the_way, out_of_the_way, standard};
use crate::sys::signals::{self, Ignored};

/// What hooks are told of a container beside its pid; see [`State::new`].
#[derive(Debug)]
pub struct State {
    before: String,
    after: String,
}

/// `status` of the state.
#[derive(Debug, Clone, Copy)]
pub enum Status {
    Creating,
    Created,
    Running,
    Stopped,
}

/// All of a container's, compiled.
#[derive(Debug)]
pub struct Ready {
    state: State,
    /// prestart and createRuntime.
    at_create: Vec<One>,
    /// createContainer and startContainer: those of the child.
    in_container: Vec<One>,
    /// How many of these are createContainer hooks.
    create_container: usize,
    poststart: Vec<One>,
    poststop: Vec<One>,
}

#[derive(Debug)]
struct One {
    image: Image,
    kind: &'static str,
    path: String,
    timeout: Option<Duration>,
    /// Only a file that runs by itself, and no link: what lies in the container may be a trap (CVE-2019-5736).
    inside: bool,
}

/// Why a hook failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Errno(Errno),
    Ended(Exit),
    TimedOut,
}

impl State {
    /// `id` and `bundle` are what a front end knows it by.
    pub fn new(id: &str, bundle: &Path, annotations: &std::collections::BTreeMap<String, String>) -> State {
        let text = |value: &str| serde_json::Value::from(value).to_string();
        let annotations: Vec<String> =
            annotations.iter().map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
        State {
            before: format!("{{\"ociVersion\":\"1.2.0\",\"id\":{},\"status\":\"", text(id)),
            after: format!(
                ",\"bundle\":{},\"annotations\":{{{}}}}}",
                text(&bundle.to_string_lossy()),
                annotations.join(",")
            ),
        }
    }

    /// As a file that is read from its beginning. Nothing here allocates.
    fn file(&self, status: Status, pid: i32) -> Result<OwnedFd, Errno> {
        let file = memfd_create(c"state.json", MFdFlags::MFD_CLOEXEC)?;
        let status = match status {
            Status::Creating => "creating",
            Status::Created => "created",
            Status::Running => "running",
            Status::Stopped => "stopped",
        };
        let mut number = [0_u8; 32];
        let room = number.len();
        let mut rest = &mut number[..];
        write!(rest, "\",\"pid\":{pid}").map_err(|_| Errno::ENAMETOOLONG)?;
        let left = rest.len();
        for mut part in [self.before.as_bytes(), status.as_bytes(), &number[..room - left], self.after.as_bytes()] {
            while !part.is_empty() {
                part = &part[write(&file, part)?..];
            }
        }
        lseek(&file, 0, Whence::SeekSet)?;
        moved_out_of_the_way(file)
    }
}

impl Ready {
    /// `root`: where startContainer hooks lie, if that is known before.
    ///
    /// # Errors
    /// A field that cannot be honoured.
    pub fn compile(hooks: &Hooks, state: State, root: Option<&Folder>) -> Result<Ready> {
        let all = |kind, list: &[Hook], root: Option<&Folder>| {
            list.iter().map(|hook| one(kind, hook, root)).collect::<Result<Vec<_>>>()
        };
        let mut at_create = all("prestart", &hooks.prestart, None)?;
        at_create.extend(all("createRuntime", &hooks.create_runtime, None)?);
        let mut in_container = all("createContainer", &hooks.create_container, None)?;
        let create_container = in_container.len();
        in_container.extend(all(START_CONTAINER, &hooks.start_container, root)?);
        let (poststart, poststop) =
            (all("poststart", &hooks.poststart, None)?, all("poststop", &hooks.poststop, None)?);
        Ok(Ready { state, at_create, in_container, create_container, poststart, poststop })
    }

    /// The child waits for us before it changes its root.
    pub fn are_at_create(&self) -> bool {
        !self.at_create.is_empty() || self.create_container != 0
    }

    /// The child runs some itself.
    pub fn need_fork(&self) -> bool {
        !self.at_create.is_empty() || !self.in_container.is_empty()
    }

    pub fn are_after_start(&self) -> bool {
        !self.poststart.is_empty()
    }

    /// prestart and createRuntime.
    pub fn run_at_create(&self, pid: i32) -> Result<()> {
        self.run_all(&self.at_create, Status::Creating, pid)
    }

    /// By whoever starts the container.
    pub fn run_poststart(&self, pid: i32) -> Result<()> {
        self.run_all(&self.poststart, Status::Running, pid)
    }

    /// By whoever has deleted the container: each, whatever the others do. Their failures.
    pub fn run_poststop(&self) -> Vec<Error> {
        let failed = |hook: &One| hook.run(&self.state, Status::Stopped, 0).err().map(|trouble| hook.explain(trouble));
        self.poststop.iter().filter_map(failed).collect()
    }

    fn run_all(&self, hooks: &[One], status: Status, pid: i32) -> Result<()> {
        hooks.iter().try_for_each(|hook| hook.run(&self.state, status, pid).map_err(|trouble| hook.explain(trouble)))
    }

    /// For the message about one of the child's.
    pub fn part_of(&self, place: usize) -> Option<Said> {
        self.in_container.get(place).map(One::doing)
    }

    // --- the child's side: nothing here allocates ---

    pub fn run_create_container(&self, pid: i32) -> Result<(), (Trouble, usize)> {
        self.run_in_child(0..self.create_container, Status::Creating, pid)
    }

    pub fn run_start_container(&self, pid: i32) -> Result<(), (Trouble, usize)> {
        self.run_in_child(self.create_container..self.in_container.len(), Status::Created, pid)
    }

    fn run_in_child(&self, places: std::ops::Range<usize>, status: Status, pid: i32) -> Result<(), (Trouble, usize)> {
        for place in places {
            self.in_container[place].run(&self.state, status, pid).map_err(|trouble| (trouble, place))?;
        }
        Ok(())
    }
}

const START_CONTAINER: &str = "startContainer";

fn one(kind: &'static str, hook: &Hook, root: Option<&Folder>) -> Result<One> {
    let path = hook.path.display().to_string();
    let refused = |field: &str, value: &str, cause| {
        Err(Error::usage(
            said!(
                "make a container with hooks.{kind}[].{field} = {value:?}",
                "hooks.{kind}[].{field} = {value:?}(으)로 컨테이너를 만들 수 없습니다"
            ),
            cause,
        ))
    };
    if !hook.path.is_absolute() {
        return refused("path", &path, said!("it is no absolute path", "절대 경로가 아님"));
    }
    if hook.timeout_s == Some(0) {
        return refused("timeout_s", "0", said!("it must be longer than nothing", "0보다 길어야 함"));
    }
    let mut argv: Vec<OsString> = hook.args.clone();
    if argv.is_empty() {
        argv.push(hook.path.clone().into());
    }
    let found = root.and_then(|root| program::find(root, hook.path.as_os_str(), "".as_ref()).ok());
    let (file, argv) = found.map_or((hook.path.clone(), argv.clone()), |found| {
        let argv = found.argv(&argv);
        (found.path, argv)
    });
    let image = Image::new(file.as_os_str(), &argv, &hook.env)?;
    Ok(One { image, kind, path, timeout: hook.timeout_s.map(Duration::from_secs), inside: kind == START_CONTAINER })
}

impl One {
    fn doing(&self) -> Said {
        let (kind, path) = (self.kind, &self.path);
        said!("run the {kind} hook {path}", "{kind} 훅 {path}을(를) 실행할 수 없습니다")
    }

    fn explain(&self, trouble: Trouble) -> Error {
        Error::new(self.doing(), trouble.cause())
    }

    /// Nothing here allocates.
    fn run(&self, state: &State, status: Status, pid: i32) -> Result<(), Trouble> {
        let stdin = state.file(status, pid)?;
        let failed = Cell::new(None);
        let hook = Process::vfork(CloneArgs::PLAIN, || {
            failed.set(Some(self.become_hook(&stdin)));
            1
        })?;
        let in_time = self.wait_for(&hook);
        if in_time != Ok(true) {
            let _ = signals::send(-hook.pid(), Signal::SIGKILL as i32); // what it has started, in its session; not waited for yet: the number is its own
            let _ = hook.signal(Signal::SIGKILL as i32);
        }
        let exit = hook.reap()?;
        match (failed.get(), in_time?, exit) {
            (Some(errno), ..) => Err(Trouble::Errno(errno)),
            (_, false, _) => Err(Trouble::TimedOut),
            (_, _, Exit::Code(0)) => Ok(()),
            (_, _, exit) => Err(Trouble::Ended(exit)),
        }
    }

    /// Has it ended in its time?
    fn wait_for(&self, hook: &Process) -> Result<bool, Errno> {
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let patience = left.map_or(PollTimeout::NONE, |left| {
                PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
            });
            match poll(&mut [PollFd::new(hook.as_fd(), PollFlags::POLLIN)], patience) {
                Ok(0) if left == Some(Duration::ZERO) => return Ok(false),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(errno) => return Err(errno),
            }
        }
    }

    /// In a child that borrows our memory. It dies with us: nobody else would end it.
    fn become_hook(&self, stdin: &OwnedFd) -> Errno {
        let prepared = setsid()
            .map(drop)
            .and_then(|()| set_pdeathsig(Signal::SIGKILL))
            .and_then(|()| signals::reset(Ignored::default()))
            .and_then(|()| self.take_files(stdin));
        match prepared {
            Err(errno) => errno,
            Ok(()) if !self.inside => self.image.exec(),
            Ok(()) => match folder_of(&self.image) {
                Ok(folder) => self.image.exec_file(folder.as_fd()),
                Err(errno) => errno,
            },
        }
    }

    /// What we own here is closed by number.
    fn take_files(&self, stdin: &OwnedFd) -> Result<(), Errno> {
        let copy = |number| ManuallyDrop::new(out_of_the_way(standard(number)).ok());
        let (out, err) = (copy(if self.inside { 1 } else { 2 }), copy(2));
        let files = [Some(stdin), out.as_ref(), err.as_ref(), None, None].map(|file| file.map(AsFd::as_fd));
        hand_over(&files, stdin.as_fd(), None).map(drop)
    }
}

impl From<Errno> for Trouble {
    fn from(errno: Errno) -> Trouble {
        Trouble::Errno(errno)
    }
}

impl Trouble {
    pub fn cause(self) -> Said {
        match self {
            Trouble::Errno(errno) => Said::english(errno.desc()),
            Trouble::Ended(Exit::Code(code)) => {
                said!("it ended with exit status {code}", "종료 상태 {code}(으)로 끝났음")
            }
            Trouble::Ended(Exit::Signal(number)) => said!("signal {number} ended it", "시그널 {number}에 끝났음"),
            Trouble::TimedOut => {
                said!("it did not end in its time, and was killed", "제한 시간 안에 끝나지 않아 강제로 끝냈음")
            }
        }
    }

    /// As a number for the shared page; 0 is none.
    pub fn to_word(self) -> u64 {
        let (kind, number) = match self {
            Trouble::Errno(errno) => (1, errno as i32),
            Trouble::Ended(Exit::Code(code)) => (2, code),
            Trouble::Ended(Exit::Signal(number)) => (3, number),
            Trouble::TimedOut => (4, 0),
        };
        kind << 32 | u64::from(number as u32)
    }

    pub fn from_word(word: u64) -> Option<Trouble> {
        let number = word as u32 as i32;
        match word >> 32 {
            1 => Some(Trouble::Errno(Errno::from_raw(number))),
            2 => Some(Trouble::Ended(Exit::Code(number))),
            3 => Some(Trouble::Ended(Exit::Signal(number))),
            4 => Some(Trouble::TimedOut),
            _ => None,
        }
    }
}
