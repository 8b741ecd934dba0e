//! The things that are compared, one file each. Adding one is a new file and a line in [`ALL`].
//!
//! ```text
//! prepare (once per arm, untimed) → create → start → wait … wait → destroy
//! ```

pub mod caution;
mod contained;
pub mod container;
pub mod container_rootless;
#[cfg(test)]
mod container_tests;
#[cfg(test)]
mod control_tests;
pub mod fake;
pub mod footprint;
mod host_ram;
pub mod knobs;
pub mod life;
mod lookup;
#[cfg(feature = "one-more-environment")]
mod one_more;
mod ordinary_user;
pub mod out_of_memory;
pub mod payload;
pub mod process;
pub mod setting;
mod small_init;
pub mod started;
mod streams;
#[cfg(test)]
mod testing;
pub mod vm_bare;
pub mod vm_linux;

use std::ffi::OsString;
use std::time::Instant;

use serde::{Deserialize, Serialize};

pub use crate::container::handle::Handle;
use crate::error::Result;
use crate::lang::Said;
use crate::lang::said::both;
use crate::model::{AnsweredBy, Channel, Exit, GuestKernel, Kind, Part, Reach, Record, Task};
use crate::timeline::Timeline;
pub use knobs::{Arm, KnobAbout, Knobs};
pub use setting::Setting;

/// Every environment of this version, in the order of lists and charts.
pub const ALL: &[&dyn Environment] = &[
    &process::PlainProcess,
    &container::OwnContainer,
    &container_rootless::RootlessContainer,
    &vm_bare::VmBare,
    &vm_linux::VmLinux,
    &fake::Fake::PLAIN,
    &fake::Fake::ENGINE,
    #[cfg(feature = "one-more-environment")]
    &one_more::ONE_MORE,
];

/// What an environment is, in words that the results file and the charts repeat.
#[derive(Debug)]
pub struct About {
    pub id: &'static str,
    /// The fair name, with what it is not: "our container, no image, no engine".
    pub name: Said,
    /// One sentence that ends with a full stop.
    pub sentence: Said,
    pub kind: Kind,
    pub answered_by: AnsweredBy,
    pub clocks: Clocks,
    pub knobs: &'static [KnobAbout],
    pub channel: Channel,
    /// What t0 of create→ready is, in words.
    pub t0: Said,
}

impl About {
    /// Has it a knob that is written "KEY=…", or "KEY"?
    pub fn has_knob(&self, key: &str) -> bool {
        self.knobs.iter().any(|knob| knob.key() == key)
    }

    /// Nothing runs in it: it is for tests.
    pub fn is_scripted(&self) -> bool {
        self.answered_by == AnsweredBy::Nobody
    }
}

/// Which starts of it can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clocks {
    /// create→ready, from the system call that makes it, and command→ready, from the start of a process of ours.
    Both,
    /// command→ready alone: somebody else's command makes it, and nobody sees how far it has come.
    CommandOnly,
}

/// Can this machine and user run it?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    Yes,
    /// It runs, with less than asked for: why, and the remedy.
    Limited {
        #[serde(with = "both")]
        reason: Said,
        #[serde(with = "both")]
        fix: Said,
    },
    No {
        #[serde(with = "both")]
        reason: Said,
        #[serde(with = "both")]
        fix: Said,
    },
}

pub trait Environment: Sync {
    fn about(&self) -> &'static About;
    /// Combinations of knobs that change nothing or cannot be, beyond what [`Knobs::parse`] sees.
    fn check(&self, _: &Knobs) -> Result<()> {
        Ok(())
    }
    /// What the program may use; the report tells where arms differ.
    fn reach(&self, knobs: &Knobs) -> Reach;
    /// The same as only root can make it, in whose place whoever is not root gets this one.
    fn as_root(&self) -> Option<&'static dyn Environment> {
        None
    }
    /// Is it made by an ordinary user, also where root asks for it?
    fn is_rootless(&self) -> bool {
        self.as_root().is_some()
    }
    /// A cheap look; `isolab doctor` prints it.
    fn supports(&self, knobs: &Knobs, task: &Task) -> Support;
    /// Memory of one instance that is ready, by kind, seen from outside: a monitor that measured itself would count its own
    /// measuring. What would be freed if this one ended, and nothing of a daemon's.
    fn memory(&self, _: &Knobs, instance: &Handle) -> Result<Vec<Part>> {
        let mut parts = footprint::memory_of(instance.pid)?;
        if self.about().kind == Kind::Machine {
            parts.push(footprint::guest_ram_of(instance.pid)?);
        }
        Ok(parts)
    }
    /// Private memory of what serves all its instances and stays when they have gone, an engine's daemons, one part each; seen
    /// by the harness. Empty: nothing does.
    fn daemons(&self, _: &Knobs) -> Result<Vec<Part>> {
        Ok(Vec::new())
    }
    /// The kernel that its guest boots, if that is somebody else's; the results file keeps it.
    fn guest_kernel(&self, _: &Knobs) -> Option<GuestKernel> {
        None
    }
    /// Can this machine run it at all? Asked before one life by hand; a bench asks [`Environment::supports`].
    fn check_machine(&self) -> Result<()> {
        Ok(())
    }
    /// Untimed, and again in every worker.
    fn prepare(&self, knobs: &Knobs, task: &Task, setting: &Setting) -> Result<Box<dyn Prepared>>;
}

pub trait Prepared {
    /// Makes the environment; nothing of the payload runs yet. Begins the clock just before the first system call.
    fn create(&self, clock: &mut Timeline) -> Result<Box<dyn Instance>>;
}

/// A guard: dropping it destroys what was created, on every path; [`Instance::detach`] gives the guard up.
pub trait Instance {
    fn start(&mut self, clock: &mut Timeline) -> Result<()>;
    /// The next thing that happens. Marks Ready, Exit.
    fn wait(&mut self, deadline: Instant, clock: &mut Timeline) -> Result<Event>;
    /// Asks it to do something while it runs.
    fn control(&mut self, verb: Verb) -> Result<Reply>;
    /// The end of what it said where nobody looks, such as a console; for whoever waited for it in vain.
    fn last_words(&self) -> Vec<String> {
        Vec::new()
    }
    /// What it takes and which objects came into being, as seen now.
    fn footprint(&self) -> Result<Vec<Part>>;
    /// Ends what still runs, removes everything, marks Reap.
    fn destroy(self: Box<Self>, clock: &mut Timeline) -> Result<Outcome>;
    /// Leaves it running without us: what somebody must know to end it later. A VM cannot be left by its VMM: Err.
    fn detach(self: Box<Self>) -> Result<Handle>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The payload said something; a READY record has been marked.
    Record(Record),
    Exited(Exit),
    /// The deadline passed; the payload goes on.
    TimedOut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// A new size of the caller's terminal is SIGWINCH.
    Signal(i32),
    /// We are about to be stopped, as by Ctrl-Z: the program stops with us.
    Suspend,
    /// We go on.
    Continue,
    /// Everything in it stands still, as by `docker pause`; nothing inside can see or refuse it.
    Pause,
    /// It goes on after a pause.
    Resume,
    /// What it uses now: memory, CPU time, processes.
    Stats,
    /// One more program inside.
    Exec(Vec<OsString>),
    /// Its whole state, to be forked from.
    Snapshot,
}

/// What an instance answers to a verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Done,
    Stats(Vec<Part>),
    /// It cannot do this, and why: no instance can do everything.
    Unsupported(String),
}

fn unsupported(why: &str) -> Reply {
    Reply::Unsupported(why.into())
}

/// How it ended, and what was counted meanwhile (exits by cause), in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub exit: Exit,
    pub counters: Vec<(String, u64)>,
    /// Nanoseconds from the record's own TSC stamp to our Ready mark; None: this environment cannot tell.
    pub signal_delay_ns: Option<u64>,
}
