//! Everything that is known before the clock starts: the hardware from the knobs, kernel, files and command line from
//! the task.

use std::ffi::OsStr;

use super::{devices, files, knobs, typed};
use crate::environments::{Knobs, host_ram};
use crate::error::{Error, Result};
use crate::kernels::{self, Kernel};
use crate::model::{Disk, Io, Limits, Rootfs, Task};
use crate::probe::abi;
use crate::said;
use crate::vm::linux::command_line::{CommandLine, can_stand};
use crate::vm::linux::initramfs::Initramfs;
use crate::vm::linux::kernel::{check_ram, needs_of_file, room_for_files};
use crate::vm::linux::machine::{Hardware, Software};
use crate::vm::linux::orders::{self, Input};

/// One Linux VM, described and checked.
pub(super) struct Plan {
    pub(super) hard: Hardware,
    pub(super) soft: Software,
    pub(super) io: Io,
    /// The program has serial ports of its own, and our init starts it; with what is its input. None: it is the first program.
    pub(super) streams: Option<Input>,
    pub(super) verbose: bool,
    pub(super) release: Option<i32>,
    pub(super) disks: Vec<Disk>,
}

impl Plan {
    pub(super) fn new(knobs: &Knobs, task: &Task) -> Result<Plan> {
        if task.limits != Limits::default() {
            return Err(Error::unavailable(
                said!("limit the Linux VM", "리눅스 가상머신을 제한할 수 없습니다"),
                said!("it is in no control group of its own", "자기 컨트롤 그룹이 없음"),
            )
            .try_this(said!("ram=SIZE limits its memory", "ram=SIZE가 메모리를 제한합니다")));
        }
        let hard = knobs::hardware(knobs)?;
        if hard.populate {
            host_ram::check(hard.ram_bytes)?;
        }
        let kernel = kernel(knobs)?;
        let mut line =
            CommandLine { verbose: knobs.has("verbose"), self_tests: knobs.has("selftests"), ..CommandLine::default() };
        let streams = (!is_measured(task)).then(|| match task.io {
            Io::Inherit(attach) => typed::input_of(attach),
            Io::Null => Input::None,
        });
        let files = files(task, streams, &hard, &kernel, &mut line)?;
        check_ram(hard.ram_bytes, kernel.needs_ram_bytes, files.bytes() as u64)?;
        let soft = Software { kernel: kernel.path, command_line: line.text()?, initramfs: files.finish() };
        Ok(Plan {
            hard,
            soft,
            io: task.io,
            streams,
            verbose: knobs.has("verbose"),
            release: task.release,
            disks: task.disks.clone(),
        })
    }
}

/// The chosen kernel, or what it holds when it has been unpacked.
fn kernel(knobs: &Knobs) -> Result<Kernel> {
    let kernel = kernels::chosen(knobs.value("kernel"))?;
    if !knobs.has("unpacked") {
        return Ok(kernel);
    }
    let path = kernels::unpacked(&kernel)?;
    Ok(Kernel { needs_ram_bytes: needs_of_file(&path)?, path, ..kernel })
}

fn files(
    task: &Task,
    streams: Option<Input>,
    hard: &Hardware,
    kernel: &Kernel,
    line: &mut CommandLine,
) -> Result<Initramfs> {
    let Some(input) = streams else {
        first_program(task, line);
        return Ok(files::first_program());
    };
    line.kernel.push(format!("rdinit=/{}", orders::INIT));
    let drivers = devices::drivers(&task.disks, kernel)?;
    files::command(task, input, &drivers, room_for_files(hard.ram_bytes, kernel.needs_ram_bytes))
}

/// The probe as the first program, without anything before it: what is measured everywhere. Its output is the console's, so
/// that it is for workloads that print nothing.
fn is_measured(task: &Task) -> bool {
    const SILENT: [&str; 5] = ["noop", "hold", "syscalls", "touch", "spin"];
    let plain = |word: &OsStr| word.to_str().is_some_and(can_stand);
    let silent = task.argv.get(1).is_some_and(|workload| SILENT.iter().any(|silent| workload == silent));
    task.ready
        && silent
        && task.disks.is_empty()
        && task.rootfs == Rootfs::Probe
        && files::is_probe(task)
        && task.argv.iter().all(|word| plain(word))
}

/// Its arguments and what it is told go by the kernel's command line.
fn first_program(task: &Task, line: &mut CommandLine) {
    let text = |word: &OsStr| word.to_string_lossy().into_owned();
    let told = task.env.iter().filter(|(name, _)| name == abi::ENV_NONCE);
    line.env = told.map(|(name, value)| (text(name), text(value))).collect();
    line.env.push((abi::ENV_READY.to_owned(), "pid1".to_owned()));
    line.arguments = task.argv.iter().skip(1).map(|word| text(word)).collect();
}
