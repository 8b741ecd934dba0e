//! `fake`: a scripted environment with known times and faults, for the tests of everything above it.
//!
//! It takes no time: its marks are computed from the script, so a whole run has an answer that is known to the digit.

mod abouts;

use std::time::{Duration, Instant};

use super::knobs::one_of;
use super::{
    About, Environment, Event, Handle, Instance, Knobs, Outcome, Prepared, Reply, Setting, Support, Verb, unsupported,
};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::{Exit, FileTree, Kind, Network, Part, Reach, Record, Task};
use crate::probe::abi;
use crate::said;
use crate::sys::clock::Clock;
use crate::timeline::{Stage, Timeline};
use crate::units::parse_bytes;

/// By what it says of itself: [`Fake::PLAIN`] or [`Fake::ENGINE`].
pub struct Fake(&'static About);

impl Fake {
    /// One that says this of itself.
    #[cfg(feature = "one-more-environment")]
    pub const fn of(about: &'static About) -> Fake {
        Fake(about)
    }

    pub const PLAIN: Fake = Fake(&abouts::PLAIN);
    /// As somebody else's engine is: started by its own command, seen by nobody before it is ready.
    pub const ENGINE: Fake = Fake(&abouts::ENGINE);
}

const DAEMON_BYTES: u64 = 64 << 20;

const FAULTS: &[&str] = &["hang", "crash", "fail", "liar", "unavailable", "slow", "leak"];

impl Environment for Fake {
    fn about(&self) -> &'static About {
        self.0
    }

    fn check(&self, knobs: &Knobs) -> Result<()> {
        check(knobs)
    }

    fn reach(&self, _: &Knobs) -> Reach {
        Reach { guest_ram: None, files: FileTree::None, network: Network::None }
    }

    fn supports(&self, knobs: &Knobs, _: &Task) -> Support {
        supports(knobs)
    }

    fn memory(&self, knobs: &Knobs, _: &Handle) -> Result<Vec<Part>> {
        Ok(vec![Part::bytes("private", size(knobs, "memory", 0)?, "script")])
    }

    fn daemons(&self, knobs: &Knobs) -> Result<Vec<Part>> {
        let engine = self.0.kind == Kind::Engine;
        let part = || Ok(Part::of_daemon("fake-daemon", size(knobs, "daemon", DAEMON_BYTES)?, "script"));
        engine.then(part).into_iter().collect()
    }

    fn prepare(&self, knobs: &Knobs, task: &Task, _: &Setting) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(Script::new(knobs, task)?))
    }
}

fn check(knobs: &Knobs) -> Result<()> {
    number(knobs, "spread", 0)?;
    number(knobs, "ready", 0)?;
    size(knobs, "memory", 0)?;
    size(knobs, "daemon", 0)?;
    match knobs.value("fault") {
        Some(kind) if !FAULTS.contains(&kind) => Err(Error::usage(
            said!("play the fault {kind:?}", "결함 {kind:?}을(를) 낼 수 없습니다"),
            said!("there is none of that name", "그런 이름이 없음"),
        )
        .try_this(one_of(kind, FAULTS, said!("faults", "결함"), FAULTS))),
        _ => Ok(()),
    }
}

fn supports(knobs: &Knobs) -> Support {
    match knobs.value("fault") {
        Some("unavailable") => Support::No {
            reason: Said::fixed("the script says so", "각본이 그렇게 정함"),
            fix: Said::fixed("take the fault away", "결함 노브를 빼십시오"),
        },
        _ => Support::Yes,
    }
}

fn number(knobs: &Knobs, key: &str, default: u64) -> Result<u64> {
    let Some(text) = knobs.value(key) else { return Ok(default) };
    text.parse().map_err(|_| {
        Error::usage(
            said!("read the knob {key}={text}", "노브 {key}={text}을(를) 읽을 수 없습니다"),
            said!("it is no whole number", "정수가 아님"),
        )
        .try_this(Said::verbatim(format!("{key}=100")))
    })
}

fn size(knobs: &Knobs, key: &str, default: u64) -> Result<u64> {
    knobs.value(key).map_or(Ok(default), parse_bytes)
}

#[derive(Clone)]
struct Script {
    ready_ns: u64,
    nonce: u64,
    fault: String,
}

impl Script {
    fn new(knobs: &Knobs, task: &Task) -> Result<Script> {
        let nonce = task.env.iter().find(|(k, _)| k == abi::ENV_NONCE).and_then(|(_, v)| v.to_str()?.parse().ok());
        let nonce: u64 = nonce.unwrap_or(0);
        let spread = number(knobs, "spread", 0)?.min(1000);
        let base_ns = number(knobs, "ready", 1000)?.saturating_mul(1000);
        let extra_ns = if spread == 0 { 0 } else { base_ns * (abi::mix(nonce) % (spread * 10 + 1)) / 1000 };
        let fault = knobs.value("fault").unwrap_or_default().to_owned();
        Ok(Script { ready_ns: base_ns + extra_ns, nonce, fault })
    }
}

impl Prepared for Script {
    fn create(&self, clock: &mut Timeline) -> Result<Box<dyn Instance>> {
        if self.fault == "fail" {
            return Err(Error::new(
                said!("start the scripted environment", "각본 환경을 시작할 수 없습니다"),
                Said::fixed("the script says so", "각본이 그렇게 정함"),
            ));
        }
        clock.begin();
        let t0 = clock.t0_ns;
        clock.mark_at(Stage::Create, "half of the script", t0 + self.ready_ns / 2);
        Ok(Box::new(Playing { script: self.clone(), told: 0 }))
    }
}

struct Playing {
    script: Script,
    told: usize,
}

impl Instance for Playing {
    fn start(&mut self, _: &mut Timeline) -> Result<()> {
        match self.script.fault.as_str() {
            "hang" => std::thread::sleep(Duration::from_secs(3600)),
            "slow" => std::thread::sleep(Duration::from_millis(200)),
            "crash" => std::process::abort(),
            "leak" => leave_a_process_behind()?,
            _ => {}
        }
        Ok(())
    }

    fn wait(&mut self, _: Instant, clock: &mut Timeline) -> Result<Event> {
        let nonce = if self.script.fault == "liar" { self.script.nonce ^ 2 } else { self.script.nonce };
        let (t0, ready_ns) = (clock.t0_ns, self.script.ready_ns);
        let record = |kind| Event::Record(Record { kind, tsc: 0, value: abi::proof(nonce, kind, 0) });
        self.told += 1;
        Ok(match self.told {
            1 => {
                clock.mark_at(Stage::Ready, "record read", t0 + ready_ns);
                record(abi::READY)
            }
            2 => record(abi::DONE),
            _ => {
                clock.mark_at(Stage::Exit, "the script ends", t0 + ready_ns + 1000);
                Event::Exited(Exit::Code(abi::exit_status(nonce)))
            }
        })
    }

    fn control(&mut self, verb: Verb) -> Result<Reply> {
        Ok(match verb {
            Verb::Stats => Reply::Stats(self.footprint()?),
            _ => unsupported("nothing runs in the scripted environment"),
        })
    }

    fn footprint(&self) -> Result<Vec<Part>> {
        Ok(vec![Part::count("processes", 0, "script")])
    }

    fn destroy(self: Box<Self>, clock: &mut Timeline) -> Result<Outcome> {
        let t0 = clock.t0_ns;
        clock.mark_at(Stage::Reap, "the script is put away", t0 + self.script.ready_ns + 3000);
        let exit = Exit::Code(abi::exit_status(self.script.nonce));
        Ok(Outcome { exit, counters: Vec::new(), signal_delay_ns: None })
    }

    fn detach(self: Box<Self>) -> Result<Handle> {
        Err(Error::unavailable(
            said!("leave the scripted environment running", "각본 환경을 돌게 둘 수 없습니다"),
            said!("nothing runs in it", "그 안에서 도는 것이 없음"),
        ))
    }
}

/// For the test of what a worker does about it: a process that outlives its instance.
fn leave_a_process_behind() -> Result<()> {
    let child = std::process::Command::new("sleep")
        .arg("60")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    child
        .map(drop)
        .map_err(|cause| Error::new(said!("leave a process behind", "프로세스를 남겨 둘 수 없습니다"), cause))
}
