//! One running Linux VM.

use std::sync::Arc;
use std::time::Instant;

use vmm_sys_util::eventfd::EventFd;

use super::footprint;
use super::typed::Typed;
use crate::environments::{Event, Handle, Instance, Outcome, Reply, Verb, unsupported};
use crate::error::{Error, Result};
use crate::lang::{Lang, Said};
use crate::model::{Exit, Part, Record};
use crate::probe::abi;
use crate::said;
use crate::sys::clock::Clock;
use crate::sys::signals;
use crate::timeline::{Stage, Timeline};
use crate::vm::bus::Bus;
use crate::vm::cpus::Cpus;
use crate::vm::kvm::{Cpu, Vm};
use crate::vm::linux::devices::console::Console;
use crate::vm::linux::devices::serial::Shared;
use crate::vm::linux::machine::Machine;
use crate::vm::linux::marks::Marks;
use crate::vm::linux::orders::Input;
use crate::vm::vcpu::{Stamps, Stop, Vcpu};

/// Lines of a console that an error shows.
const MOST: usize = 12;

/// Dropping it stops and closes the vCPUs, then VM and memory.
pub(super) struct LinuxVm {
    cpus: State,
    vm: Arc<Vm>,
    count: u64,
    console: Console,
    marks: Marks,
    input: Option<(Input, (Shared, EventFd))>,
    typed: Option<Typed>,
    ready: Option<(Record, Stamps)>,
    ended: Option<Exit>,
}

enum State {
    Made(Vec<Cpu>, Arc<Bus>),
    /// On the thread that waits for it.
    One(Vcpu),
    Several(Cpus),
}

impl LinuxVm {
    pub(super) fn new(machine: Machine, streams: Option<Input>) -> LinuxVm {
        let Machine { mut cpus, bus, watchdog, console, marks, input } = machine;
        let count = cpus.len() as u64;
        let vm = Arc::clone(cpus[0].vm());
        let cpus =
            if count == 1 { State::One(Vcpu::new(cpus.remove(0), bus, watchdog)) } else { State::Made(cpus, bus) };
        LinuxVm { cpus, vm, count, console, marks, input: streams.zip(input), typed: None, ready: None, ended: None }
    }

    fn next(&mut self, deadline: Instant) -> Result<Stop> {
        match &mut self.cpus {
            State::One(cpu) => cpu.run(deadline),
            State::Several(cpus) => Ok(cpus.wait(deadline)?.map_or(Stop::TimedOut, |(_, stop)| stop)),
            State::Made(..) => Err(Error::new(
                said!("wait for the Linux VM", "리눅스 가상머신을 기다릴 수 없습니다"),
                said!("it was not started", "시작하지 않았음"),
            )),
        }
    }

    /// The stages of the kernel's start, as they were seen.
    fn mark_stages(&self, clock: &mut Timeline) {
        for (label, at_ns) in self.marks.ended() {
            clock.mark_at(Stage::Boot, label, at_ns);
        }
    }

    /// What the guest's console says is the best of causes.
    fn with_console(&self, error: Error) -> Error {
        let (head, lines) = match self.console.panic(MOST) {
            Some(lines) => (said!("the panic of its kernel:", "게스트 커널의 패닉:"), lines),
            None => {
                (said!("the last lines of its console:", "게스트 콘솔의 마지막 줄:"), self.console.last_lines(MOST))
            }
        };
        if lines.is_empty() {
            return error;
        }
        let (lines, plain) = (lines.join("\n  "), error.cause.clone());
        let told = |lang: Lang| format!("{}; {}\n  {lines}", plain.of(lang), head.of(lang));
        Error { cause: Said::compose(&[&error.cause, &head], told), ..error }
    }
}

impl Instance for LinuxVm {
    /// One vCPU is entered by [`Instance::wait`]; several run from here on.
    fn start(&mut self, _: &mut Timeline) -> Result<()> {
        if let Some((input, port)) = self.input.take() {
            self.typed = Some(Typed::begin(input, port)?);
        }
        if let State::Made(cpus, bus) = &mut self.cpus {
            self.cpus = State::Several(Cpus::start(std::mem::take(cpus), bus)?);
        }
        Ok(())
    }

    fn wait(&mut self, deadline: Instant, clock: &mut Timeline) -> Result<Event> {
        if let Some(exit) = self.ended {
            return Ok(Event::Exited(exit));
        }
        Ok(match self.next(deadline).map_err(|error| self.with_console(error))? {
            Stop::TimedOut => Event::TimedOut,
            Stop::Record(record, stamps) => {
                if record.kind == abi::READY && self.ready.is_none() {
                    self.mark_stages(clock);
                    clock.mark_at(Stage::Ready, "record", stamps.at_ns);
                    self.ready = Some((record, stamps));
                }
                Event::Record(record)
            }
            Stop::Ended { exit, at_ns } => {
                if self.ready.is_none() {
                    self.mark_stages(clock);
                }
                clock.mark_at(Stage::Exit, "exit port", at_ns);
                self.ended = Some(exit);
                Event::Exited(exit)
            }
        })
    }

    /// A signal of ours is none of the guest's processes': one whose default action is to end switches the machine off.
    fn control(&mut self, verb: Verb) -> Result<Reply> {
        let signal = match verb {
            Verb::Signal(signal) => signal,
            Verb::Suspend => {
                self.typed.iter().for_each(Typed::leave);
                return Ok(Reply::Done);
            }
            Verb::Continue => {
                self.typed.iter().for_each(Typed::come_back);
                return Ok(Reply::Done);
            }
            Verb::Pause | Verb::Resume => return Ok(Reply::Done), // it runs only while we wait
            Verb::Stats => return self.footprint().map(Reply::Stats),
            Verb::Exec(_) => return Ok(unsupported("its first process runs one command")),
            Verb::Snapshot => return Ok(unsupported("its state cannot be kept yet")),
        };
        if !signals::ends_by_default(signal) {
            return Err(Error::unavailable(
                said!("send signal {signal}", "시그널 {signal}을(를) 보낼 수 없습니다"),
                said!("the host sees no process of the guest's", "호스트에는 게스트의 프로세스가 보이지 않음"),
            )
            .try_this(said!("signal 15 or 9 switch it off", "시그널 15나 9로 끌 수 있습니다")));
        }
        self.ended.get_or_insert(Exit::Signal(signal));
        Ok(Reply::Done)
    }

    fn last_words(&self) -> Vec<String> {
        self.console.last_lines(MOST)
    }

    fn footprint(&self) -> Result<Vec<Part>> {
        footprint::of(self.vm.memory(), self.count)
    }

    fn destroy(self: Box<Self>, clock: &mut Timeline) -> Result<Outcome> {
        let LinuxVm { cpus, vm, ended, typed, .. } = *self;
        drop(typed);
        let counters = match cpus {
            State::One(cpu) => cpu.exits(),
            State::Several(cpus) => cpus.stop(),
            State::Made(..) => Vec::new(),
        };
        drop(vm);
        clock.mark(Stage::Reap, "vCPUs, VM and memory closed");
        Ok(Outcome { exit: ended.unwrap_or(Exit::Signal(libc::SIGKILL)), counters, signal_delay_ns: None })
    }

    fn detach(self: Box<Self>) -> Result<Handle> {
        Err(Error::unavailable(
            said!("leave the Linux VM running", "리눅스 가상머신을 돌게 둘 수 없습니다"),
            said!("a VM ends with the process that runs it", "가상머신은 그것을 돌리는 프로세스와 함께 끝남"),
        ))
    }
}
