//! Several CPUs of one machine, each on its thread, and how they all stop.
//!
//! One CPU needs no thread: [`Vcpu::run`] runs it on the caller's.

use std::os::unix::thread::JoinHandleExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use nix::sys::pthread::pthread_kill;

use super::bus::Bus;
use super::kvm::Cpu;
use super::vcpu::{Stop, Vcpu};
use super::watchdog;
use super::watchdog::Watchdog;
use crate::error::{Context, Error, Result};
use crate::lang::Said;
use crate::said;

/// How long a CPU runs before it looks whether it shall stop: a bound for one that sleeps, which no signal wakes.
const LOOK: Duration = Duration::from_millis(50);
/// A signal that arrives just before KVM_RUN is lost; so it is sent again until the thread is gone.
const AGAIN_AFTER: Duration = Duration::from_millis(1);

/// CPUs that run. Dropping it stops them.
pub struct Cpus {
    threads: Vec<JoinHandle<Vec<(String, u64)>>>,
    stops: Receiver<(usize, Result<Stop>)>,
    ending: Arc<AtomicBool>,
}

impl Cpus {
    /// Starts them; each has its registers, and their VM its memory.
    ///
    /// # Errors
    /// When a thread can't be made; those that run are stopped then.
    pub fn start(cpus: Vec<Cpu>, bus: &Arc<Bus>) -> Result<Cpus> {
        watchdog::handle_signal()?; // before the first that could be sent
        let (sender, stops) = channel();
        let mut all = Cpus { threads: Vec::with_capacity(cpus.len()), stops, ending: Arc::default() };
        for (number, cpu) in cpus.into_iter().enumerate() {
            let (bus, sender, ending) = (Arc::clone(bus), sender.clone(), Arc::clone(&all.ending));
            let name = format!("vcpu{number}");
            let thread = Builder::new().name(name).spawn(move || run(number, cpu, bus, &sender, &ending));
            all.threads.push(
                thread.doing(|| {
                    said!("start the thread of vCPU {number}", "vCPU {number}의 스레드를 시작할 수 없습니다")
                })?,
            );
        }
        Ok(all)
    }

    /// What a CPU has to say next: its number, and why it stopped. After a record it runs on; after all else it does
    /// not, and the others do until [`Cpus::stop`]. None: `deadline` came first.
    ///
    /// # Errors
    /// What a CPU met, with its number.
    pub fn wait(&mut self, deadline: Instant) -> Result<Option<(usize, Stop)>> {
        match self.stops.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((number, Ok(stop))) => Ok(Some((number, stop))),
            Ok((number, Err(error))) => {
                let doing = Said::compose(&[&error.doing], |lang| format!("{} (vCPU {number})", error.doing.of(lang)));
                Err(Error { doing, ..error })
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Error::new(
                said!("wait for the guest", "게스트를 기다릴 수 없습니다"),
                said!("all of its CPUs have stopped", "CPU가 모두 멈춤"),
            )),
        }
    }

    /// Takes all CPUs out of the guest, wherever they are, and ends their threads. Gives exits by cause.
    pub fn stop(mut self) -> Vec<(String, u64)> {
        self.end()
    }

    fn end(&mut self) -> Vec<(String, u64)> {
        self.ending.store(true, Ordering::Release);
        let mut exits: Vec<(String, u64)> = Vec::new();
        for thread in self.threads.drain(..) {
            while !thread.is_finished() {
                let _ = pthread_kill(thread.as_pthread_t(), watchdog::SIGNAL); // ESRCH: it has just ended
                sleep(AGAIN_AFTER);
            }
            for (cause, count) in thread.join().unwrap_or_default() {
                match exits.iter_mut().find(|(known, _)| *known == cause) {
                    // All CPUs count the exits of the bus together; only signals are each one's own.
                    Some((_, all)) if cause == SIGNAL_EXITS => *all += count,
                    Some((_, all)) => *all = (*all).max(count),
                    None => exits.push((cause, count)),
                }
            }
        }
        exits
    }
}

const SIGNAL_EXITS: &str = "exit:signal";

impl Drop for Cpus {
    fn drop(&mut self) {
        self.end();
    }
}

/// One CPU's thread, until it ends or all shall end.
fn run(
    number: usize,
    cpu: Cpu,
    bus: Arc<Bus>,
    stops: &Sender<(usize, Result<Stop>)>,
    ending: &AtomicBool,
) -> Vec<(String, u64)> {
    let tell = |stop| stops.send((number, stop)).is_ok();
    let mut vcpu = match Watchdog::new() {
        Ok(watchdog) => Vcpu::new(cpu, bus, watchdog),
        Err(error) => {
            tell(Err(error));
            return Vec::new();
        }
    };
    while !ending.load(Ordering::Acquire) {
        let goes_on = match vcpu.run_until(Instant::now() + LOOK, ending) {
            Ok(Stop::TimedOut) => true,
            Ok(stop @ Stop::Record(..)) => tell(Ok(stop)),
            other => {
                tell(other);
                false
            }
        };
        if !goes_on {
            break;
        }
    }
    vcpu.exits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Exit, Io};
    use crate::probe::abi::{PORT_EXIT, PORT_NOOP};
    use crate::vm::bare::devices;
    use crate::vm::testing::cpus_with;

    const SPIN: &[u8] = &[0xeb, 0xfe]; // jmp .
    const EXITS: &[u8] = &[0xe6, PORT_NOOP as u8, 0xeb, 0xfc]; // out; jmp
    const END: &[u8] = &[0xe6, PORT_EXIT as u8, 0xeb, 0xfe];
    const HALT: &[u8] = &[0xf4];

    fn machine(code: &[&[u8]]) -> Option<(Vec<Cpu>, Arc<Bus>)> {
        Some((cpus_with(code)?, Arc::new(devices::bus(Io::Null, None, 0..0).unwrap())))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn the_end_of_one_is_told_and_the_others_stop_wherever_they_are() {
        for other in [SPIN, EXITS].repeat(50) {
            let Some((cpus, bus)) = machine(&[END, other]) else { return };
            let mut cpus = Cpus::start(cpus, &bus).unwrap();
            let (number, stop) = cpus.wait(soon()).unwrap().expect("an end");
            assert!(number == 0 && matches!(stop, Stop::Ended { exit: Exit::Code(_), .. }), "{number} {stop:?}");
            let start = Instant::now();
            let exits = cpus.stop();
            assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
            let of = |cause: &str| exits.iter().find(|(name, _)| name == cause).map_or(0, |(_, count)| *count);
            assert_eq!(of("exit:exit"), 1, "{exits:?}");
        }
    }

    #[test]
    fn two_that_exit_at_once_are_both_counted_and_nothing_is_lost_when_nobody_waits() {
        let Some((cpus, bus)) = machine(&[EXITS, EXITS]) else { return };
        let mut cpus = Cpus::start(cpus, &bus).unwrap();
        assert_eq!(cpus.wait(Instant::now() + Duration::from_millis(30)).unwrap(), None);
        let exits = cpus.stop();
        let counted = bus.exits().find(|(name, _)| *name == "noop").unwrap().1;
        assert!(counted > 10 && exits.contains(&("exit:noop".into(), counted)), "{exits:?}");
        let (cpus, bus) = machine(&[SPIN, SPIN]).expect("it ran before");
        let vm = Arc::downgrade(cpus[0].vm());
        drop(Cpus::start(cpus, &bus).unwrap());
        assert!(vm.upgrade().is_none(), "the machine is gone with its threads");
    }

    #[test]
    fn what_a_cpu_cannot_do_is_told_with_its_number() {
        let Some((cpus, bus)) = machine(&[SPIN, HALT]) else { return };
        let mut cpus = Cpus::start(cpus, &bus).unwrap();
        let error = cpus.wait(soon()).unwrap_err();
        assert!(error.doing.ends_with("(vCPU 1)") && error.cause.contains("halted"), "{error}");
    }
}
