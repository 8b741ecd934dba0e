//! One Linux machine, from `open("/dev/kvm")` to the instruction before the kernel's first.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use vmm_sys_util::eventfd::EventFd;

use super::devices::absent::Absent;
use super::devices::asked::Asked;
use super::devices::console::Console;
use super::devices::end::End;
use super::devices::power::Power;
use super::devices::release::Release;
use super::devices::serial::{self, Line, Serial, Wire};
use super::layout::{
    COM_PORTS, COM1, COM1_INTERRUPT, COM2, COM2_INTERRUPT, COM3, COM3_INTERRUPT, KVM_IDENTITY_MAP, KVM_TSS, VIRTIO,
    VIRTIO_BYTES, VIRTIO_INTERRUPT, ram,
};
use super::marks::{self, Marks};
use super::{acpi, cpu_state, cpuid, kernel, zero_page};
use crate::error::{Context, Result};
use crate::model::Io;
use crate::probe::abi::{PORT_INPUT, PORT_WAIT};
use crate::said;
use crate::sys::clock::Clock;
use crate::timeline::{Stage, Timeline};
use crate::vm::bare::devices::{noop::Noop, record::Records};
use crate::vm::bare::hypercall::{Hypercall, Port};
use crate::vm::bare::machine::open_kvm;
use crate::vm::bus::Bus;
use crate::vm::device::{Device, Space};
use crate::vm::guest_memory::GuestMemory;
use crate::vm::kvm::{Cpu, Vm};
use crate::vm::virtio::{Virtio, mmio::Mmio};
use crate::vm::watchdog::Watchdog;

/// The hardware: what a guest gets, whatever it runs.
#[derive(Debug, Clone, Copy)]
pub struct Hardware {
    pub ram_bytes: u64,
    pub cpus: u8,
    /// Let the host use 2 MiB pages.
    pub huge: bool,
    /// Touch all of RAM at once.
    pub populate: bool,
}

/// The software: a kernel's file, its command line, its first files.
#[derive(Debug, Clone)]
pub struct Software {
    pub kernel: PathBuf,
    pub command_line: String,
    pub initramfs: Vec<u8>,
}

/// The machine's way to its caller.
pub struct Outside {
    pub io: Io,
    /// The console is for the caller too, on his standard error.
    pub verbose: bool,
    /// The program has serial ports of its own, beside the console.
    pub streams: bool,
    pub release: Option<OwnedFd>,
    /// In the order in which the guest sees them.
    pub devices: Vec<Box<dyn Virtio>>,
}

/// A machine that has not run yet.
pub struct Machine {
    pub cpus: Vec<Cpu>,
    pub bus: Arc<Bus>,
    /// For the thread that made it, if that runs the only CPU.
    pub watchdog: Watchdog,
    pub console: Console,
    /// How far its kernel has come.
    pub marks: Marks,
    /// Where the program's input goes in, once the event has come.
    pub input: Option<(serial::Shared, EventFd)>,
}

/// Makes one virtual machine. The order is the lesson; t0 is just before the first system call.
///
/// # Errors
/// When the host refuses something, or the kernel can't be loaded.
pub fn create(hard: Hardware, soft: &Software, outside: Outside, clock: &mut Timeline) -> Result<Machine> {
    let watchdog = Watchdog::new()?;
    clock.begin();
    let kvm = open_kvm()?;
    clock.mark(Stage::Create, "open /dev/kvm");
    let supported = cpuid::supported(&kvm)?;
    let vm = Arc::new(Vm::create(kvm)?);
    clock.mark(Stage::Create, "create VM");
    vm.set_helper_pages(KVM_IDENTITY_MAP, KVM_TSS)?; // before the first vCPU
    vm.create_irqchip()?; // and this too: each vCPU gets its local APIC
    clock.mark(Stage::Create, "interrupt controllers");
    vm.watch_registers(&marks::REGISTERS)?;
    clock.mark(Stage::Create, "watched registers");
    vm.set_memory(memory(hard)?)?;
    clock.mark(Stage::Isolate, "guest memory");
    let cpus = (0..u64::from(hard.cpus)).map(|id| Cpu::create(&vm, id)).collect::<Result<Vec<_>>>()?;
    clock.mark(Stage::Isolate, "create vCPUs");
    for (number, cpu) in (0..).zip(&cpus) {
        cpu.set_cpuid(&cpuid::of_cpu(&supported, number, u32::from(hard.cpus)))?;
    }
    clock.mark(Stage::Isolate, "CPUID");
    let loaded = kernel::load(&soft.kernel, vm.memory())?;
    clock.mark(Stage::Load, "kernel");
    zero_page::write(loaded.header, loaded.end, &soft.command_line, &soft.initramfs, vm.memory())?;
    clock.mark(Stage::Load, "files, command line");
    let mut wiring = Wiring { vm: &vm, bus: Bus::default(), serial: Vec::new(), virtio: 0, marks: Marks::default() };
    let (console, input) = wiring.attach(outside)?;
    let Wiring { bus, serial, virtio, marks, .. } = wiring;
    acpi::write(&acpi::Board { cpus: hard.cpus, serial, virtio }, vm.memory())?;
    cpu_state::write_tables(vm.memory())?;
    clock.mark(Stage::Load, "devices, ACPI tables");
    if let Some(first) = cpus.first() {
        first.set_msrs(&cpu_state::msrs())?;
        first.set_sregs(&cpu_state::system_registers(first.sregs()?))?;
        first.set_regs(&cpu_state::registers(loaded.entry))?;
    }
    clock.mark(Stage::Enter, "registers");
    Ok(Machine { cpus, bus: Arc::new(bus), watchdog, console, marks, input })
}

fn memory(hard: Hardware) -> Result<GuestMemory> {
    let memory = GuestMemory::map(&ram(hard.ram_bytes), hard.huge)?;
    if hard.populate {
        memory.populate()?;
    }
    Ok(memory)
}

/// Puts devices at their ports and connects their interrupts.
struct Wiring<'a> {
    vm: &'a Vm,
    bus: Bus,
    /// For the ACPI tables.
    serial: Vec<(u16, u32)>,
    /// So many devices.
    virtio: u8,
    marks: Marks,
}

impl Wiring<'_> {
    fn attach(&mut self, outside: Outside) -> Result<(Console, Option<(serial::Shared, EventFd)>)> {
        let console = Console::default();
        let inherits = matches!(outside.io, Io::Inherit(_));
        let copy = |fd: &dyn AsFd| {
            fd.as_fd()
                .try_clone_to_owned()
                .doing(|| said!("copy a standard stream", "표준 입출력을 복제할 수 없습니다"))
        };
        let shown = (inherits && outside.verbose).then(|| copy(&std::io::stderr())).transpose()?;
        self.serial("console", COM1, COM1_INTERRUPT, Wire::Console(console.clone(), shown))?;
        let mut input = None;
        if outside.streams {
            let wire =
                |fd: &dyn AsFd| -> Result<Wire> { Ok(if inherits { Wire::File(copy(fd)?) } else { Wire::Nowhere }) };
            let uart = self.serial("output", COM2, COM2_INTERRUPT, wire(&std::io::stdout())?)?;
            self.serial("errors", COM3, COM3_INTERRUPT, wire(&std::io::stderr())?)?;
            let doing =
                || said!("make an event for the program's input", "프로그램 입력을 알릴 이벤트를 만들 수 없습니다");
            let asked = EventFd::new(libc::EFD_CLOEXEC).doing(doing)?;
            self.at_port(PORT_INPUT, Asked(asked.try_clone().doing(doing)?))?;
            input = Some((uart, asked));
        }
        outside.devices.into_iter().try_for_each(|device| self.virtio(device))?;
        self.call(Records)?;
        self.call(Noop)?;
        self.call(End)?;
        self.at_port(PORT_WAIT, Release(outside.release))?;
        for power in [Power::Keyboard, Power::Acpi] {
            self.bus.attach(Space::Port, power.ports(), Box::new(power))?;
        }
        self.bus.attach_absent(Space::Msr, Box::new(marks::Watched(self.marks.clone())));
        self.bus.attach_absent(Space::Port, Box::new(Absent::Ports(self.marks.clone())));
        self.bus.attach_absent(Space::Mmio, Box::new(Absent::Addresses));
        Ok((console, input))
    }

    fn serial(&mut self, name: &'static str, port: u16, interrupt: u32, wire: Wire) -> Result<serial::Shared> {
        let line = self.line(interrupt)?;
        let uart = serial::shared(Line(line), wire);
        let device: Box<dyn Device> = Box::new(Serial::new(name, &uart, self.marks.clone()));
        self.bus.attach(Space::Port, u64::from(port)..u64::from(port + COM_PORTS), device)?;
        self.serial.push((port, interrupt));
        Ok(uart)
    }

    fn virtio(&mut self, device: Box<dyn Virtio>) -> Result<()> {
        let (at, interrupt) =
            (VIRTIO + u64::from(self.virtio) * VIRTIO_BYTES, VIRTIO_INTERRUPT + u32::from(self.virtio));
        let line = self.line(interrupt)?;
        self.virtio += 1;
        let registers = Box::new(Mmio::new(device, Box::new(line)));
        self.bus.attach(Space::Mmio, at..at + VIRTIO_BYTES, registers)
    }

    /// Of an interrupt: KVM raises it when something is written to the event.
    fn line(&self, interrupt: u32) -> Result<EventFd> {
        let line = EventFd::new(libc::EFD_NONBLOCK | libc::EFD_CLOEXEC)
            .doing(|| said!("make an interrupt line", "인터럽트 선을 만들 수 없습니다"))?;
        self.vm.connect(&line, interrupt)?;
        Ok(line)
    }

    fn call(&mut self, call: impl Hypercall + 'static) -> Result<()> {
        self.at_port(call.port(), Port(call))
    }

    fn at_port(&mut self, port: u16, device: impl Device + 'static) -> Result<()> {
        self.bus.attach(Space::Port, u64::from(port)..u64::from(port) + 1, Box::new(device))
    }
}
