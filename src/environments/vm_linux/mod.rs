//! `vm-linux`: our hypervisor boots a Linux kernel as distributions ship it, and the program runs on that.
//!
//! The process that creates it is its monitor: the guest runs inside [`Instance::wait`], and ends with us.

mod devices;
mod files;
mod footprint;
mod instance;
mod knobs;
mod plan;
mod support;
mod typed;

use super::{About, Clocks, Environment, Instance, KnobAbout, Knobs, Prepared, Setting, Support};
use crate::error::{Context, Kind, Result};
use crate::kernels;
use crate::lang::Said;
use crate::model::{AnsweredBy, Channel, FileTree, GuestKernel, Network, Reach, Task};
use crate::said;
use crate::sys::fds::out_of_the_way_raw;
use crate::timeline::Timeline;
use crate::vm::linux::machine::{self, Outside};
use plan::Plan;

pub struct VmLinux;

static ABOUT: About = About {
    id: "vm-linux",
    name: Said::fixed("Linux VM, our hypervisor, no firmware", "리눅스 가상머신(자체 하이퍼바이저, 펌웨어 없음)"),
    sentence: Said::fixed(
        "Our KVM hypervisor boots an unmodified Linux kernel of a distribution, with a serial port, interrupt controllers and nothing else; the program is its first process.",
        "우리의 KVM 하이퍼바이저가 배포판의 리눅스 커널을 고치지 않고 부팅합니다. 시리얼 포트와 인터럽트 컨트롤러만 있으며, 프로그램이 그 첫 프로세스입니다.",
    ),
    kind: crate::model::Kind::Machine,
    answered_by: AnsweredBy::GuestLinux,
    clocks: Clocks::Both,
    knobs: &[
        KnobAbout {
            form: "kernel=NAME",
            sentence: Said::fixed(
                "The kernel of that name, as isolab kernel list shows it; without it the chosen one.",
                "isolab kernel list가 보여 주는 이름의 커널입니다. 없으면 고른 커널입니다.",
            ),
        },
        KnobAbout {
            form: "ram=SIZE",
            sentence: Said::fixed(
                "Guest RAM, 32M to 64G in steps of 2M; 128M without it. A start with too little says how much the kernel needs.",
                "게스트 RAM으로, 32M부터 64G까지 2M 단위입니다. 없으면 128M입니다. 모자라면 커널에 필요한 크기를 알려 줍니다.",
            ),
        },
        KnobAbout {
            form: "cpus=N",
            sentence: Said::fixed(
                "Virtual CPUs, 2 to 8, each on a thread; one without it.",
                "가상 CPU 수로, 2부터 8까지이며 각각 스레드 하나에서 돕니다. 없으면 하나입니다.",
            ),
        },
        KnobAbout {
            form: "unpacked",
            sentence: Said::fixed(
                "The host has unpacked the kernel, once, so that the guest need not at each start.",
                "호스트가 커널의 압축을 한 번 풀어 두어 게스트가 시작할 때마다 풀지 않아도 됩니다.",
            ),
        },
        KnobAbout {
            form: "verbose",
            sentence: Said::fixed(
                "The kernel shows its messages on the serial port while it starts: each byte leaves the guest.",
                "커널이 시작하면서 메시지를 시리얼 포트에 보여 줍니다. 바이트마다 게스트를 떠납니다.",
            ),
        },
        KnobAbout {
            form: "selftests",
            sentence: Said::fixed(
                "The kernel tests its own cryptography at its start, as distributions build it.",
                "배포판이 빌드한 대로 커널이 시작할 때 자신의 암호 코드를 시험합니다.",
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

impl Environment for VmLinux {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, knobs: &Knobs) -> Result<()> {
        knobs::hardware(knobs).map(drop)
    }

    fn reach(&self, knobs: &Knobs) -> Reach {
        let ram = knobs.value("ram").map_or_else(|| "128M".to_owned(), str::to_owned);
        Reach { guest_ram: Some(ram), files: FileTree::Own, network: Network::Down }
    }

    fn supports(&self, knobs: &Knobs, task: &Task) -> Support {
        match support::linux_boots().clone().and_then(|()| Plan::new(knobs, task)) {
            Ok(_) => Support::Yes,
            // A mistake of the reader's is not this machine's: `prepare` says it with its own exit code.
            Err(error) if matches!(error.kind, Kind::Usage | Kind::NotFound | Kind::NotExecutable) => Support::Yes,
            Err(error) => Support::No { reason: error.reason(), fix: error.try_this },
        }
    }

    fn guest_kernel(&self, knobs: &Knobs) -> Option<GuestKernel> {
        let kernel = kernels::chosen(knobs.value("kernel")).ok()?;
        Some(GuestKernel { version: kernel.version, sha256: kernel.sha256, format: kernel.format.name().to_owned() })
    }

    fn check_machine(&self) -> Result<()> {
        support::linux_boots().clone()
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
        let devices = devices::open(&self.disks)?;
        let outside = Outside { io: self.io, verbose: self.verbose, streams: self.streams.is_some(), release, devices };
        let machine = machine::create(self.hard, &self.soft, outside, clock)?;
        Ok(Box::new(instance::LinuxVm::new(machine, self.streams)))
    }
}
