//! One container's life as an instance: create, start, wait, control, destroy. What it is made of was decided before.

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;

use crate::container::handshake::Handshake;
use crate::container::{self, Container, create};
use crate::environments::ordinary_user::become_user;
use crate::environments::payload::{Files, Watch, not_detachable};
use crate::environments::started::{Slot, Started};
use crate::environments::streams::Streams;
use crate::environments::{
    Event, Handle, Instance, Outcome, Prepared, Reply, Verb, footprint, lookup, out_of_memory, unsupported,
};
use crate::error::{Context, Error, Result};
use crate::model::{Exit, Part, Task};
use crate::said;
use crate::sys::clock::{Clock, TscAnchor};
use crate::sys::clone::Process;
use crate::sys::signals::{self, TO_END};
use crate::timeline::{Stage, Timeline};

/// Everything before t0 that is the same for every instance.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) container: container::Plan,
    /// Where we see the program's file.
    pub(super) outside: PathBuf,
    pub(super) started: Started,
    pub(super) task: Task,
    pub(super) tsc_khz: Option<u64>,
    pub(super) become_user: Option<(u32, u32)>,
    pub(super) inspectable: bool,
}

impl Plan {
    fn explain(&self, error: Error) -> Error {
        let name = self.task.argv.first().map(OsString::as_os_str).unwrap_or_default();
        let error = out_of_memory::explain(error, &self.task.limits);
        let told = lookup::explain(error.clone(), &self.outside, name);
        let nothing_wrong_with_it = told.cause == error.cause;
        if self.container.hosts_root && nothing_wrong_with_it { lookup::hidden(told, &self.task) } else { told }
    }
}

/// A child needs milliseconds to its door; one that hangs on the way is found by the run's own deadline.
const TO_THE_DOOR: Duration = Duration::from_secs(5);

/// A plan, of which any number of instances can be made.
pub(super) struct Ready(pub(super) Rc<Plan>);

impl Prepared for Ready {
    fn create(&self, clock: &mut Timeline) -> Result<Box<dyn Instance>> {
        let plan = Rc::clone(&self.0);
        become_user(plan.become_user)?;
        let files = Files::apart(&plan.task, plan.container.has_own_dev())?;
        let handshake = Handshake::new()?;
        let watch = Watch::new(plan.tsc_khz.map(TscAnchor::now));
        let slot = plan.started.slot()?;
        clock.begin();
        let container = create(&plan.container, &files.for_container(), handshake, slot.pid(), clock)?;
        let seen = if plan.inspectable { Some(at_the_door(&plan.container, &container)) } else { None };
        let files = Some(files);
        Ok(Box::new(Running { plan, container, files, streams: None, watch, ended_by: None, seen, slot }))
    }
}

/// What is there when all is made and the program has not begun: one that ends at once cannot be looked at later.
fn at_the_door(plan: &container::Plan, container: &Container) -> Result<Vec<Part>> {
    container.handshake().wait_for_child(TO_THE_DOOR);
    let mut parts = parts_of(container)?;
    let gate = parts.iter_mut().find(|part| part.what == "fds" && !plan.init); // a small PID 1 has no gate
    gate.into_iter().for_each(|fds| fds.amount = fds.amount.saturating_sub(1)); // it closes when the program is executed
    Ok(parts)
}

fn parts_of(container: &Container) -> Result<Vec<Part>> {
    let pid = container.process()?.pid();
    let cgroups = footprint::cgroups(container.cgroups())?;
    Ok([footprint::memory_of(pid)?, footprint::objects_of(pid)?, cgroups, footprint::no_machine()].concat())
}

struct Running {
    plan: Rc<Plan>,
    container: Container,
    /// Until it is started.
    files: Option<Files>,
    /// From then on.
    streams: Option<Streams>,
    watch: Watch,
    /// The signal that a PID 1 without a handler for it was ended in place of.
    ended_by: Option<i32>,
    /// By [`at_the_door`].
    seen: Option<Result<Vec<Part>>>,
    /// Dropped last: until then it may run.
    slot: Slot,
}

impl Running {
    /// PID 1 of a pid namespace gets from outside only what it has a handler for, and SIGKILL and SIGSTOP. A signal whose
    /// default action would end any other program then does nothing at all.
    fn is_deaf_to(&self, signal: Signal) -> bool {
        let plan = &self.plan.container;
        let pid = self.container.process().map_or(0, Process::pid);
        !plan.init && plan.namespaces.contains(CloneFlags::CLONE_NEWPID) && signals::has_default_action(pid, signal)
    }

    /// What its default action would do.
    fn end_by(&mut self, signal: Signal) -> Result<()> {
        self.ended_by.get_or_insert(signal as i32);
        self.container
            .process()?
            .signal(libc::SIGKILL)
            .doing(|| said!("end the program", "프로그램을 끝낼 수 없습니다"))
    }

    /// A small PID 1 can only say it by its exit status; one that was killed in place of the program was asked to end.
    fn as_asked(&self, exit: Exit) -> Exit {
        let of_program = self.container.handshake().program_killed_by().filter(|n| exit == Exit::Code(128 + n));
        self.ended_by.filter(|_| exit == Exit::Signal(libc::SIGKILL)).or(of_program).map_or(exit, Exit::Signal)
    }

    /// To the program and the processes of its group. A small PID 1 passes it on to them.
    fn to_all(&self, signal: Signal) -> Result<()> {
        let process = self.container.process()?;
        let sent = if self.plan.container.init {
            process.signal(signal as i32)
        } else {
            signals::send(-process.pid(), signal as i32) // it leads the group, and is not reaped yet
        };
        sent.doing(|| said!("send {signal}", "{signal} 시그널을 보낼 수 없습니다"))
    }
}

impl Instance for Running {
    fn start(&mut self, clock: &mut Timeline) -> Result<()> {
        let mut files = self.files.take().ok_or_else(|| {
            Error::new(
                said!("start the container", "컨테이너를 시작할 수 없습니다"),
                said!("it was started before", "이미 시작했음"),
            )
        })?;
        self.container.start(&self.plan.container, &files.for_container(), self.slot.pid(), clock)?;
        self.slot.close();
        self.streams = files.begin_streams()?;
        self.watch.look_at(files);
        Ok(())
    }

    fn wait(&mut self, deadline: Instant, clock: &mut Timeline) -> Result<Event> {
        let event = self.watch.next(self.container.process()?, deadline, clock)?;
        if let Event::Exited(exit) = event {
            let part_of = |step, number| self.plan.container.part_of(step, number);
            self.container.handshake().failure(part_of).map_or(Ok(()), |error| Err(self.plan.explain(error)))?;
            return Ok(Event::Exited(self.as_asked(exit)));
        }
        let pid = self.container.process()?.pid();
        if self.streams.as_ref().is_some_and(|streams| streams.interrupted(pid)) && self.is_deaf_to(Signal::SIGINT) {
            self.end_by(Signal::SIGINT)?; // the terminal has sent it already
        }
        Ok(event)
    }

    fn control(&mut self, verb: Verb) -> Result<Reply> {
        let process = self.container.process()?;
        let done: Result<()> = match verb {
            Verb::Signal(libc::SIGWINCH) if self.streams.as_ref().is_some_and(Streams::resize) => Ok(()),
            Verb::Signal(number) => match TO_END.into_iter().find(|signal| *signal as i32 == number) {
                Some(signal) if self.is_deaf_to(signal) => self.end_by(signal),
                _ => process
                    .signal(number)
                    .doing(|| said!("send signal {number}", "시그널 {number}을(를) 보낼 수 없습니다")),
            },
            Verb::Suspend => {
                self.streams.iter().for_each(Streams::leave_terminal);
                self.to_all(if self.plan.container.init { Signal::SIGTSTP } else { Signal::SIGSTOP })
            }
            Verb::Continue => {
                self.streams.iter().for_each(Streams::return_to_terminal);
                self.to_all(Signal::SIGCONT)
            }
            Verb::Pause | Verb::Resume if self.container.cgroups().is_empty() => {
                return Ok(unsupported("it has no cgroup of its own that could be frozen"));
            }
            Verb::Pause => self.container.pause(),
            Verb::Resume => {
                self.container.resume();
                Ok(())
            }
            Verb::Stats => return footprint::stats_of(process.pid(), self.container.cgroups()).map(Reply::Stats),
            Verb::Exec(_) => return Ok(unsupported("a second program inside is not in this version")),
            Verb::Snapshot => return Ok(unsupported("its state is the host kernel's, and cannot be kept")),
        };
        done.map(|()| Reply::Done)
    }

    fn footprint(&self) -> Result<Vec<Part>> {
        self.seen.clone().unwrap_or_else(|| parts_of(&self.container))
    }

    fn destroy(mut self: Box<Self>, clock: &mut Timeline) -> Result<Outcome> {
        let exit = self.container.end().map(|exit| self.as_asked(exit))?;
        clock.mark(Stage::Reap, "waited for, cgroup removed");
        let counters = out_of_memory::counted(self.container.oom_kills());
        self.container.handshake().add_marks(self.watch.anchor(), clock);
        self.streams.take().map_or(Ok(()), |mut streams| streams.end())?; // now that nobody has them open
        Ok(Outcome { exit, counters, signal_delay_ns: self.watch.signal_delay_ns() })
    }

    fn detach(mut self: Box<Self>) -> Result<Handle> {
        if !self.plan.container.detachable {
            return Err(not_detachable());
        }
        let handle = self.container.leave(|_| Ok(()))?;
        self.slot.keep();
        Ok(handle)
    }
}
