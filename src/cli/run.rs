//! `isolab run --as ENV -- CMD`: one command in one environment, with its own exit status, as docker does it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use super::args::{Probe, Run};
use super::out::Out;
use super::signal_proxy::Proxy;
use super::{disk, exit, hardware, run_output};
use crate::bench::descendants::Descendants;
use crate::bench::inherited_mark;
use crate::bench::plan::for_this_user;
use crate::bench::scratch::Scratch;
use crate::environments::container_rootless::become_ordinary_user;
use crate::environments::life::{Ended, Life, with_last_words};
use crate::environments::{Arm, Event, Setting, caution, out_of_memory, process};
use crate::error::{Error, Result};
use crate::id::RunId;
use crate::lang::Said;
use crate::lang::counted;
use crate::model::{Attach, Io, Kind, Limits, Rootfs, Task};
use crate::said;
use crate::sys::clock::measure_tsc_khz;
use crate::sys::fds::standard;
use crate::sys::terminal::is_terminal;

pub(super) fn run(args: Run, out: &mut Out) -> u8 {
    let descendants = Descendants::adopt();
    let result = one(&args, out);
    let left_running = descendants.end(); // whichever way it ended
    if left_running > 0 {
        out.note(out.say(
            format!("{} that the program had left running ended with it", counted(left_running, "process")),
            format!("프로그램이 남겨 둔 프로세스 {left_running}개도 함께 끝냈습니다"),
        ));
    }
    result.unwrap_or_else(|error| {
        exit::complain(&error);
        exit::number_in_run(&error)
    })
}

/// `isolab probe …`: the same, as a plain process.
pub(super) fn probe(args: Probe, out: &mut Out) -> u8 {
    let command = [vec![crate::probe::NAME.into()], args.args].concat();
    let run = Run {
        arm: process::ID.into(),
        rootfs: None,
        kernel: None,
        ram: None,
        disks: Vec::new(),
        init: false,
        interactive: false,
        tty: false,
        env: Vec::new(),
        memory: None,
        pids: None,
        cpus: None,
        timeline: false,
        inventory: false,
        json: false,
        timeout: None,
        command,
    };
    self::run(run, out)
}

fn one(args: &Run, out: &mut Out) -> Result<u8> {
    let arm = arm(args)?;
    let task = task(args, &arm)?;
    caution::of_run(&arm, args.rootfs.as_deref()).into_iter().for_each(|text| out.note(text.of(out.lang())));
    if arm.env.is_rootless() {
        become_ordinary_user()?;
    }
    let id = RunId::from(std::process::id().to_string()); // the run id of everything that it makes, as for a worker without one
    let scratch = Scratch::create_in_memory(&id)?;
    inherited_mark::carry(&id);
    let setting = Setting {
        run: id,
        // A container's child stamps its stages in ticks.
        tsc_khz: args.timeline.then(|| measure_tsc_khz(20_000_000)),
        inspectable: args.inventory,
        ..Setting::at(&scratch.arm(&arm)?)
    };
    arm.env.check_machine()?;
    let prepared = arm.env.prepare(&arm.knobs, &task, &setting)?;
    let mut proxy = Proxy::listen(arm.env.about().kind == Kind::Process)?;
    let mut life = Life::begin(&*prepared)?;
    let parts = if args.inventory { life.footprint() } else { Ok(Vec::new()) };
    let timed_out = !until_exit(&mut life, &mut proxy, args.timeout)?;
    let last_words = if timed_out { life.last_words() } else { Vec::new() };
    let Ended { outcome, clock, .. } = life.end()?;
    drop(scratch);
    if args.json {
        run_output::as_json(&arm, args.inventory.then_some(parts), args.timeline.then_some(&clock), &outcome, out)?;
    } else {
        if args.inventory {
            run_output::inventory(&arm, parts, out)?;
        }
        if args.timeline {
            run_output::timeline(&arm, &clock, &outcome, out)?;
        }
    }
    if let Some(error) = out_of_memory::of(&outcome, &task.limits) {
        exit::complain(&error); // its exit status is passed on all the same, as docker does
    }
    if timed_out {
        return Err(Error::new(
            said!("wait for {program}", "{program}을(를) 기다릴 수 없습니다", program = task.argv[0].display()),
            with_last_words(
                said!("it ran longer than --timeout and was ended", "--timeout보다 오래 돌아 끝냈음"),
                &last_words,
            ),
        )
        .try_this(said!("--timeout 5m, or leave --timeout out", "--timeout 5m, 또는 --timeout을 빼십시오")));
    }
    Ok(outcome.exit.code() as u8)
}

fn arm(args: &Run) -> Result<Arm> {
    let root = nix::unistd::Uid::effective().is_root();
    let mut id = for_this_user(&args.arm, root);
    if id.contains(',') {
        return Err(Error::usage(
            said!("run in {id}", "{id}에서 실행할 수 없습니다"),
            said!("one environment at a time", "한 번에 환경 하나만 됨"),
        )
        .try_this(said!("isolab bench compares several", "여럿은 isolab bench로 비교하십시오")));
    }
    if args.init {
        if Arm::parse(&id)?.env.about().kind != Kind::Container {
            return Err(Error::usage(
                said!("put an init into {id}", "{id}에 init을 넣을 수 없습니다"),
                said!("only a container has a PID 1 of its own", "컨테이너에만 자신의 PID 1이 있음"),
            )
            .try_this(Said::english("--as container --init")));
        }
        id.push_str(":+init");
    }
    hardware::arm(args, &id)
}

fn task(args: &Run, arm: &Arm) -> Result<Task> {
    let argv: Vec<OsString> =
        if args.command.is_empty() { vec![crate::probe::NAME.into()] } else { args.command.clone() };
    let is_probe = argv[0] == crate::probe::NAME;
    let mut env: Vec<(OsString, OsString)> = if arm.env.about().kind == Kind::Process {
        std::env::vars_os().collect()
    } else {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let kept = std::env::var_os("TERM").map(|t| ("TERM".into(), t));
        [("PATH".into(), path.into()), ("HOME".into(), "/root".into())].into_iter().chain(kept).collect()
    };
    for pair in &args.env {
        let Some((name, value)) = named(pair) else {
            return Err(Error::usage(
                said!(
                    "set the variable {pair:?}",
                    "환경 변수 {pair:?}을(를) 정할 수 없습니다",
                    pair = pair.to_string_lossy()
                ),
                said!("it is written NAME=VALUE", "NAME=VALUE로 적어야 함"),
            )
            .try_this(said!(
                "-e NAME=VALUE; the environment is chosen by --as",
                "-e NAME=VALUE. 환경은 --as로 고릅니다"
            )));
        };
        env.retain(|(n, _)| *n != name);
        env.push((name, value));
    }
    if args.memory == Some(0) || args.pids == Some(0) {
        return Err(Error::usage(
            said!("limit it to nothing", "아무것도 못 쓰게 제한할 수는 없습니다"),
            said!("no program can run in that", "그 안에서는 어떤 프로그램도 돌 수 없음"),
        )
        .try_this(Said::english("--memory 64M --pids 10")));
    }
    let cpu_percent = match args.cpus.filter(|_| !hardware::boots_linux(arm)) {
        Some(cpus) if !(0.01..=4096.0).contains(&cpus) => {
            return Err(Error::usage(
                said!("limit it to {cpus} CPUs", "CPU {cpus}개로 제한할 수 없습니다"),
                said!("it must be from 0.01 to 4096", "0.01부터 4096까지여야 함"),
            )
            .try_this(said!("--cpus 0.5 for half of one", "--cpus 0.5는 CPU 반 개입니다")));
        }
        cpus => cpus.map(|c| (c * 100.0).round() as u64),
    };
    Ok(Task {
        rootfs: args.rootfs.clone().map_or(Rootfs::Probe, Rootfs::Dir),
        argv,
        env,
        io: Io::Inherit(attach(args, arm)?),
        limits: Limits { memory_bytes: args.memory, pids: args.pids, cpu_percent },
        ready: args.timeline && args.rootfs.is_none() && is_probe, // so that the timeline has its ready stage
        init: false,                                               // as docker's: --init asks for it
        disks: disk::all(&args.disks, arm)?,
        release: None,
    })
}

/// docker's `-i` and `-t`, where they mean something.
fn attach(args: &Run, arm: &Arm) -> Result<Attach> {
    let attach = Attach { interactive: args.interactive, tty: args.tty };
    let terminal = [0, 1].map(|number| is_terminal(standard(number)));
    let refuse = |cause: Said, advice: Said| {
        Err(Error::usage(said!("give {arm} a terminal", "{arm}에 터미널을 줄 수 없습니다"), cause).try_this(advice))
    };
    match arm.env.about().kind {
        Kind::Machine if !hardware::boots_linux(arm) && attach.tty => refuse(
            said!("its console only prints, and has no keyboard", "콘솔은 출력만 하고 키보드가 없음"),
            said!("leave -t and -i out", "-t와 -i를 빼십시오"),
        ),
        Kind::Machine if !hardware::boots_linux(arm) && attach.interactive => Err(Error::usage(
            said!("give {arm} an input", "{arm}에 입력을 줄 수 없습니다"),
            said!("its console only prints", "콘솔은 출력만 함"),
        )
        .try_this(said!("leave -i out, or --as container -i", "-i를 빼거나 --as container -i로 실행하십시오"))),
        Kind::Process if attach.tty && terminal != [true; 2] => refuse(
            said!(
                "a process has your own files, and they are no terminal",
                "프로세스는 지금의 표준 입출력을 그대로 쓰는데, 그것이 터미널이 아님"
            ),
            said!("leave -t out, or --as container -t", "-t를 빼거나 --as container -t로 실행하십시오"),
        ),
        _ if attach.tty && attach.interactive && !terminal[0] => refuse(
            said!(
                "what you give it as input is no terminal (docker says: the input device is not a TTY)",
                "입력으로 준 것이 터미널이 아님(docker의 말: the input device is not a TTY)"
            ),
            said!("leave -t out", "-t를 빼십시오"),
        ),
        _ => Ok(attach),
    }
}

/// True when it ended by itself or by a signal that we passed on; false when --timeout ended it.
fn until_exit(life: &mut Life, proxy: &mut Proxy, timeout: Option<Duration>) -> Result<bool> {
    const LOOK_FOR_SIGNALS_EVERY: Duration = Duration::from_millis(50);
    let end = timeout.map(|t| Instant::now() + t);
    loop {
        let slice = Instant::now() + LOOK_FOR_SIGNALS_EVERY;
        match life.next(end.map_or(slice, |e| e.min(slice)))? {
            Event::Exited(_) => return Ok(true),
            Event::TimedOut if end.is_some_and(|e| Instant::now() >= e) => return Ok(false),
            Event::Record(_) | Event::TimedOut => {}
        }
        if proxy.pass_on(life) {
            return Ok(true); // destroy ends it with SIGKILL
        }
    }
}

/// NAME=VALUE, of any bytes.
fn named(pair: &OsStr) -> Option<(OsString, OsString)> {
    let bytes = pair.as_bytes();
    let end = bytes.iter().position(|byte| *byte == b'=').filter(|end| *end > 0)?;
    let part = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    Some((part(&bytes[..end]), part(&bytes[end + 1..])))
}
