//! `vm-bare`: a virtual machine whose only software is our guest kernel and one program.
//!
//! The process that creates it is its monitor: the guest runs inside [`Instance::wait`], and ends with us.

mod footprint;
mod plan;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{
    About, Clocks, Environment, Event, Handle, Instance, KnobAbout, Knobs, Outcome, Prepared, Reply, Setting, Support,
    Verb, unsupported,
};
use crate::error::{Context, Error, Kind, Result};
use crate::lang::Said;
use crate::model::{AnsweredBy, Channel, Exit, FileTree, Io, Limits, Network, Part, Reach, Record, Rootfs, Task};
use crate::probe::{self, abi};
use crate::said;
use crate::sys::clock::Clock;
use crate::sys::fds::out_of_the_way_raw;
use crate::sys::signals;
use crate::timeline::{Stage, Timeline};
use crate::vm::bare::layout::RAM_DEFAULT;
use crate::vm::bare::{machine, ram};
use crate::vm::kvm::Cpu;
use crate::vm::vcpu::{Stamps, Stop, Vcpu};
use plan::Plan;

pub struct VmBare;

static ABOUT: About = About {
    id: "vm-bare",
    name: Said::fixed("bare VM, no operating system", "운영체제 없는 가상머신"),
    sentence: Said::fixed(
        "Our KVM hypervisor with one vCPU; our guest kernel of two pages runs the program in ring 3 and answers its system calls inside the guest.",
        "vCPU 하나인 우리의 KVM 하이퍼바이저입니다. 두 페이지짜리 우리 게스트 커널이 프로그램을 링 3에서 돌리고 그 시스템 콜에 게스트 안에서 답합니다.",
    ),
    kind: crate::model::Kind::Machine,
    answered_by: AnsweredBy::OwnGuestKernel,
    clocks: Clocks::Both,
    knobs: &[
        KnobAbout {
            form: "ram=SIZE",
            sentence: Said::fixed(
                "Guest RAM, 16M to 64G in steps of 2M; 8M without it.",
                "게스트 RAM으로, 16M부터 64G까지 2M 단위입니다. 없으면 8M입니다.",
            ),
        },
        KnobAbout {
            form: "populate",
            sentence: Said::fixed(
                "The host backs all of guest RAM before the guest starts.",
                "게스트가 시작하기 전에 호스트가 게스트 RAM 전부를 확보합니다.",
            ),
        },
        KnobAbout {
            form: "thp",
            sentence: Said::fixed(
                "The host may back guest RAM with 2 MiB pages, not only with 4 KiB ones.",
                "호스트가 게스트 RAM을 4 KiB뿐 아니라 2 MiB 페이지로도 채울 수 있습니다.",
            ),
        },
    ],
    channel: Channel::Port,
    t0: Said::fixed("just before open(\"/dev/kvm\")", "open(\"/dev/kvm\") 직전"),
};

impl Environment for VmBare {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, knobs: &Knobs) -> Result<()> {
        knobs.value("ram").map_or(Ok(()), |text| plan::ram(text).map(drop))
    }

    fn reach(&self, knobs: &Knobs) -> Reach {
        let ram = knobs.value("ram").map_or_else(|| format!("{}M", RAM_DEFAULT >> 20), str::to_owned);
        Reach { guest_ram: Some(ram), files: FileTree::None, network: Network::None }
    }

    fn supports(&self, knobs: &Knobs, task: &Task) -> Support {
        let answer = Plan::new(knobs, task).and_then(|_| guests_run().clone());
        match answer {
            Ok(()) => Support::Yes,
            // A mistake of the reader's is not this machine's: `prepare` says it with its own exit code.
            Err(error) if matches!(error.kind, Kind::Usage | Kind::NotFound | Kind::NotExecutable) => Support::Yes,
            Err(error) => Support::No { reason: error.reason(), fix: error.try_this },
        }
    }

    fn prepare(&self, knobs: &Knobs, task: &Task, _: &Setting) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(Plan::new(knobs, task)?))
    }
}

impl Prepared for Plan {
    fn create(&self, clock: &mut Timeline) -> Result<Box<dyn Instance>> {
        let release = self
            .release
            .map(out_of_the_way_raw)
            .transpose()
            .doing(|| said!("take over the release channel", "해제 채널을 넘겨받을 수 없습니다"))?;
        let vcpu = machine::create(&self.hard, &self.soft, self.io, release, clock)?;
        let slots = ram::regions(self.hard.ram_bytes).len() as u64;
        Ok(Box::new(BareVm { vcpu, slots, started: false, ready: None, ended: None }))
    }
}

/// Dropping it closes vCPU, VM and memory, in this order.
struct BareVm {
    vcpu: Vcpu,
    slots: u64,
    started: bool,
    ready: Option<(Record, Stamps)>,
    ended: Option<Exit>,
}

impl Instance for BareVm {
    /// The guest is entered by [`Instance::wait`]: the thread that waits for it is the thread that runs it.
    fn start(&mut self, _: &mut Timeline) -> Result<()> {
        self.started = true;
        Ok(())
    }

    fn wait(&mut self, deadline: Instant, clock: &mut Timeline) -> Result<Event> {
        if !self.started {
            return Err(Error::new(
                said!("wait for the bare VM", "베어 가상머신을 기다릴 수 없습니다"),
                said!("it was not started", "시작하지 않았음"),
            ));
        }
        if let Some(exit) = self.ended {
            return Ok(Event::Exited(exit));
        }
        Ok(match self.vcpu.run(deadline)? {
            Stop::TimedOut => Event::TimedOut,
            Stop::Record(record, stamps) => {
                if record.kind == abi::READY && self.ready.is_none() {
                    clock.mark_at(Stage::Ready, "record", stamps.at_ns);
                    self.ready = Some((record, stamps));
                }
                Event::Record(record)
            }
            Stop::Ended { exit, at_ns } => {
                clock.mark_at(Stage::Exit, "exit port", at_ns);
                self.ended = Some(exit);
                Event::Exited(exit)
            }
        })
    }

    /// There is no process inside that could handle a signal: one whose default action is to end switches the machine off.
    fn control(&mut self, verb: Verb) -> Result<Reply> {
        let signal = match verb {
            Verb::Signal(signal) => signal,
            Verb::Suspend | Verb::Continue | Verb::Pause | Verb::Resume => return Ok(Reply::Done), // it runs only while we wait
            Verb::Stats => return self.footprint().map(Reply::Stats),
            Verb::Exec(_) => return Ok(unsupported("our guest kernel runs one program")),
            Verb::Snapshot => return Ok(unsupported("its registers and devices cannot be kept yet")),
        };
        if !signals::ends_by_default(signal) {
            return Err(Error::unavailable(
                said!("send signal {signal}", "시그널 {signal}을(를) 보낼 수 없습니다"),
                said!("a bare VM has nothing that handles signals", "베어 가상머신에는 시그널을 처리하는 것이 없음"),
            )
            .try_this(said!("signal 15 or 9 switch it off", "시그널 15나 9로 끌 수 있습니다")));
        }
        self.ended.get_or_insert(Exit::Signal(signal));
        Ok(Reply::Done)
    }

    fn footprint(&self) -> Result<Vec<Part>> {
        footprint::of(self.vcpu.cpu().vm().memory(), self.slots)
    }

    fn destroy(self: Box<Self>, clock: &mut Timeline) -> Result<Outcome> {
        let signal_delay_ns = self.ready.and_then(|(record, stamps)| signal_delay_ns(self.vcpu.cpu(), record, stamps));
        let outcome = Outcome {
            exit: self.ended.unwrap_or(Exit::Signal(nix::libc::SIGKILL)),
            counters: self.vcpu.exits(),
            signal_delay_ns,
        };
        drop(self);
        clock.mark(Stage::Reap, "vCPU, VM and memory closed");
        Ok(outcome)
    }

    fn detach(self: Box<Self>) -> Result<Handle> {
        Err(Error::unavailable(
            said!("leave the bare VM running", "베어 가상머신을 돌게 둘 수 없습니다"),
            said!("a VM ends with the process that runs it", "가상머신은 그것을 돌리는 프로세스와 함께 끝남"),
        ))
    }
}

/// From the guest's own TSC stamp to ours. The guest's TSC is the host's plus an offset that KVM tells, or on some
/// backends the host's itself; nobody scales it, as we never ask for another frequency. A stamp that does not lie
/// between our own two around the run is not believed.
fn signal_delay_ns(cpu: &Cpu, record: Record, stamps: Stamps) -> Option<u64> {
    let offset = cpu.tsc_offset().unwrap_or(0);
    ticks_since_stamp(record.tsc, offset, stamps)
        .or_else(|| ticks_since_stamp(record.tsc, 0, stamps))
        .and_then(|ticks| Some((u128::from(ticks) * 1_000_000 / u128::from(cpu.tsc_khz()?)) as u64))
}

fn ticks_since_stamp(guest_tsc: u64, offset: u64, stamps: Stamps) -> Option<u64> {
    let host_tsc = guest_tsc.wrapping_sub(offset);
    (stamps.tsc_before..=stamps.tsc_after).contains(&host_tsc).then(|| stamps.tsc_after - host_tsc)
}

/// KVM can be there and yet run nothing (a wrong nesting, a firmware lock): only a guest that ran is an answer. Found
/// out once.
fn guests_run() -> &'static Result<()> {
    static ANSWER: OnceLock<Result<()>> = OnceLock::new();
    ANSWER.get_or_init(|| {
        let nonce = 7;
        let task = Task {
            rootfs: Rootfs::Probe,
            argv: vec![probe::NAME.into(), "noop".into()],
            env: vec![(abi::ENV_NONCE.into(), nonce.to_string().into())],
            io: Io::Null,
            limits: Limits::default(),
            ready: true,
            init: false,
            disks: Vec::new(),
            release: None,
        };
        let plan = Plan::new(&Knobs::default(), &task)?;
        let made = machine::create(&plan.hard, &plan.soft, plan.io, None, &mut Timeline::new());
        let mut vcpu = made.map_err(with_advice)?;
        match vcpu.run(Instant::now() + Duration::from_secs(2)) {
            Ok(Stop::Record(record, _)) if record.value == abi::proof(nonce, abi::READY, 0) => Ok(()),
            Ok(other) => Err(does_not_run(&format!("{other:?} instead of a sign of life"))),
            Err(error) => Err(does_not_run(&error.cause)),
        }
    })
}

/// What /dev/kvm refused without a reason of its own, as when it is no KVM at all.
fn with_advice(error: Error) -> Error {
    if error.try_this.is_empty() { does_not_run(&error.reason()) } else { error }
}

fn does_not_run(cause: &str) -> Error {
    Error::new(
        Said::fixed("run a guest", "게스트를 돌릴 수 없습니다"),
        said!(
            "/dev/kvm is there, but a guest does not run in it: {cause}",
            "/dev/kvm이 있으나 게스트가 그 안에서 돌지 않음: {cause}"
        ),
    )
    .try_this(Said::fixed(
        "inside a VM: turn nested virtualization on in the VM around it; see what dmesg says about kvm",
        "가상머신 안이라면 바깥에서 중첩 가상화를 켜십시오. dmesg가 kvm에 대해 무엇이라 하는지 보십시오",
    ))
    .kind(Kind::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environments::testing::{probe_task, run_noop};
    use std::path::Path;

    #[test]
    fn a_stamp_is_believed_only_between_ours() {
        let stamps = Stamps { tsc_before: 1000, at_ns: 0, tsc_after: 2000 };
        assert_eq!(ticks_since_stamp(1400, 0, stamps), Some(600));
        assert_eq!(ticks_since_stamp(1400u64.wrapping_sub(5000), 5000u64.wrapping_neg(), stamps), Some(600));
        assert_eq!(ticks_since_stamp(400, 0, stamps), None);
        assert_eq!(ticks_since_stamp(2001, 0, stamps), None);
    }

    #[test]
    fn the_probe_is_ready_and_ends_with_its_proof() {
        for knobs in [&[][..], &["ram=1G"], &["populate"], &["ram=64M", "thp"]] {
            run_noop(&VmBare, knobs);
        }
    }

    #[test]
    fn one_life_from_create_to_destroy() {
        let knobs = Knobs::parse(&VmBare, &["ram=16M"]).unwrap();
        if let Support::No { reason, .. } = VmBare.supports(&knobs, &probe_task(&["touch", "50"], 99)) {
            crate::testing::skip(format_args!("one_life_from_create_to_destroy: {reason}"));
            return;
        }
        let prepared = VmBare.prepare(&knobs, &probe_task(&["touch", "50"], 99), &Setting::at(Path::new("/"))).unwrap();
        let mut clock = Timeline::new();
        let mut vm = prepared.create(&mut clock).unwrap();
        assert!(vm.wait(Instant::now(), &mut clock).is_err(), "not before it was started");
        vm.start(&mut clock).unwrap();
        let soon = Instant::now() + Duration::from_secs(5);
        let sum = (0..50).fold(0u64, |sum, i| sum.wrapping_add(abi::page_value(99, i)));
        let Event::Record(ready) = vm.wait(soon, &mut clock).unwrap() else { panic!("no record") };
        assert_eq!(ready.value, abi::proof(99, abi::READY, sum));
        let parts = vm.footprint().unwrap();
        let amount = |what: &str| parts.iter().find(|p| p.what == what).unwrap_or_else(|| panic!("{what}")).amount;
        assert_eq!(amount("guest RAM configured"), 16 << 20);
        let touched_pages = amount("guest RAM touched") / 4096;
        assert!((50..80).contains(&touched_pages), "{touched_pages}");
        assert_eq!([amount("kvm:vm"), amount("kvm:vcpu"), amount("kvm:memory slot"), amount("kernels")], [1; 4]);
        vm.control(Verb::Signal(9)).unwrap();
        assert_eq!(vm.wait(soon, &mut clock).unwrap(), Event::Exited(Exit::Signal(9)));
        let outcome = vm.destroy(&mut clock).unwrap();
        assert_eq!(outcome.exit, Exit::Signal(9));
        assert!(outcome.counters.contains(&("exit:mmap".into(), 1)), "{:?}", outcome.counters);
        let order: Vec<Stage> = clock.stages().iter().map(|(stage, _)| *stage).collect();
        assert_eq!(order, [Stage::Create, Stage::Isolate, Stage::Load, Stage::Enter, Stage::Ready, Stage::Reap]);
        if let Some(delay) = outcome.signal_delay_ns {
            assert!(delay < clock.between_ns(Stage::Enter, Stage::Ready).unwrap(), "{delay}");
        }
    }
}
