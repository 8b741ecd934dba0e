//! `isolab run` at a terminal: the program has one of its own, job control works in it, and the caller's is afterwards as it
//! was, whatever happens.
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{ISOLAB, World, needs, skip, wait_for};
use isolab::sys::terminal::{Window, set_window};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use nix::unistd::Pid;
use std::os::fd::AsFd;

const ARMS: [&str; 4] = ["container", "container:+init", "container-rootless", "container-rootless:+init"];

/// A terminal as somebody sits at it, and the command that runs in it.
struct Seat {
    keyboard: File,
    terminal: OwnedFd,
    seen: Arc<Mutex<String>>,
    child: Child,
}

impl Seat {
    fn new(world: &World, command: &[&str]) -> Seat {
        let pair = openpty(None, None).unwrap();
        set_window(pair.slave.as_fd(), Window { rows: 33, columns: 101 }).unwrap();
        let stream = || pair.slave.try_clone().unwrap();
        let mut setsid = Command::new("setsid"); // a session with this terminal
        setsid.args(["--ctty", "--wait"]).args(command);
        world.settle_in(&mut setsid);
        setsid.env("TERM", "dumb").stdin(stream()).stdout(stream()).stderr(stream());
        let child = setsid.spawn().unwrap();
        let seen = Arc::new(Mutex::new(String::new()));
        let (mut screen, keyboard) = (File::from(pair.master.try_clone().unwrap()), File::from(pair.master));
        let shown = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Seat { keyboard, terminal: pair.slave, seen, child }
    }

    fn isolab(world: &World, args: &[&str]) -> Seat {
        Seat::new(world, &[&[ISOLAB, "run"], args].concat())
    }

    fn keys(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    #[track_caller]
    fn shows(&self, text: &str) {
        let began = std::time::Instant::now();
        while !self.text().contains(text) {
            assert!(began.elapsed() < Duration::from_secs(20), "no {text:?} on the terminal: {:?}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn text(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.terminal).unwrap()
    }

    fn is_raw(&self) -> bool {
        !self.modes().local_flags.contains(LocalFlags::ICANON)
    }

    #[track_caller]
    fn ends(&mut self) -> i32 {
        wait_for("the end at the terminal", || self.child.try_wait().unwrap()).code().unwrap_or(-1)
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }
}

fn each_arm(test: &str, body: impl Fn(&World, &str)) {
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        let world = World::new();
        body(&world, arm);
        world.is_clean();
    }
}

fn words<'a>(arm: &'a str, flags: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
    [&["--as", arm, "--rootfs", "/"], flags, &["--"], command].concat()
}

fn a_shell_with_job_control() {
    each_arm("a shell at a terminal", |world, arm| {
        for flags in [&["-it"][..], &[]] {
            let mut seat = Seat::isolab(world, &words(arm, flags, &["sh", "-i"]));
            seat.keys("PS1=; set -m; tty; stty size\n");
            seat.shows("/dev/pts/0\r\n33 101\r\n");
            seat.keys("sleep 300\n");
            std::thread::sleep(Duration::from_millis(400));
            seat.keys("\x03");
            std::thread::sleep(Duration::from_millis(200));
            seat.keys("echo after $?\n");
            seat.shows("after 130");
            seat.keys("sleep 300\n");
            std::thread::sleep(Duration::from_millis(400));
            seat.keys("\x1a");
            seat.shows("Stopped");
            seat.keys("kill -9 %1; wait; trap 'stty size' WINCH; echo ready\n");
            seat.shows("ready\r\n");
            set_window(seat.terminal.as_fd(), Window { rows: 44, columns: 111 }).unwrap();
            seat.send(Signal::SIGWINCH); // the kernel sends it to who has it open; here too if it was too early
            std::thread::sleep(Duration::from_millis(300));
            seat.keys("\nstty size\n");
            seat.shows("44 111\r\n");
            seat.keys("exit 7\n");
            assert_eq!(seat.ends(), 7, "{arm}: {}", seat.text());
            assert!(!seat.is_raw(), "{arm}: the caller's terminal is as before");
        }
    });
}

/// The whole tree of descriptors and devices inside has no way to the terminal outside.
fn the_hosts_terminal_is_nowhere_inside() {
    each_arm("the host's terminal", |world, arm| {
        for (flags, more) in [(&["-it"][..], ""), (&[], ""), (&["-i"], " >file; cat file"), (&[], " | cat")] {
            let script = "for n in 0 1 2; do stat -L -c %d:%i:%t:%T /proc/self/fd/$n; done; stat -c %d:%i /dev/pts/* \
                          ; (: </dev/tty) && stat -L -c %d:%i /proc/self/fd/0 </dev/tty; echo end";
            let run = [&[ISOLAB, "run"], &words(arm, flags, &["sh", "-c", script])[..]].concat();
            let quoted: Vec<String> = run.iter().map(|word| format!("'{word}'")).collect();
            let line = format!("{}{more}", quoted.join(" "));
            let mut seat = Seat::new(world, &["sh", "-c", &line]);
            seat.ends();
            seat.shows("end");
            let host = File::from(seat.terminal.try_clone().unwrap()).metadata().unwrap();
            let theirs = format!("{}:{}", host.dev(), host.ino());
            let text = seat.text();
            assert!(
                text.lines().all(|line| !line.trim_end().starts_with(&theirs)),
                "{arm} {flags:?}: {theirs} in {text}"
            );
            assert!(text.lines().filter(|line| line.contains(':')).count() >= 3, "{arm} {flags:?}: {text}");
        }
    });
}

/// TIOCSTI types for whoever sits at a terminal, TIOCLINUX pastes: neither reaches the caller's, whose input stays empty.
fn nothing_can_be_typed_for_the_caller() {
    if Command::new("perl").arg("-v").output().is_err() {
        return skip("nothing_can_be_typed_for_the_caller", "there is no perl to call ioctl with");
    }
    each_arm("TIOCSTI", |world, arm| {
        for (arm, filtered) in [(arm.to_owned(), true), (format!("{arm}:-seccomp"), false)] {
            let script = "for my $fd (0, 1, 2) { open(my $f, '+<&=', $fd); for my $c (split //, \"touch owned\\n\") { \
                          my $b = $c; print 'typed' if defined ioctl($f, 0x5412, $b) } \
                          my $p = \"\\3\"; print 'pasted' if defined ioctl($f, 0x541c, $p) } print \"tried\\n\"";
            let run = [ISOLAB, "run", "--as", &arm, "--rootfs", "/", "-it", "--", "perl", "-e", script];
            let quoted: Vec<String> = run.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
            let line = format!("{}; read -r line <&0; echo \"<$line>\"", quoted.join(" "));
            let mut seat = Seat::new(world, &["sh", "-c", &line]);
            seat.shows("tried");
            std::thread::sleep(Duration::from_millis(200));
            seat.keys("mine\n");
            seat.shows("<mine>");
            assert!(!filtered || !seat.text().contains("typed"), "{arm}: {}", seat.text());
            assert!(!seat.text().contains("pasted"), "{arm}: {}", seat.text());
            seat.ends();
            assert!(!world.join("owned").exists());
        }
    });
}

fn ctrl_c_ends_a_program_that_is_deaf_to_it_as_pid_1() {
    each_arm("Ctrl-C", |world, arm| {
        let mut seat = Seat::isolab(world, &words(arm, &[], &["sleep", "300"]));
        wait_for("the terminal to be raw", || seat.is_raw().then_some(()));
        std::thread::sleep(Duration::from_millis(300));
        seat.keys("\x03");
        assert_eq!(seat.ends(), 130, "{arm}: {}", seat.text());
        assert!(!seat.is_raw(), "{arm}");

        let script = "trap 'echo got it' INT; echo ready; while :; do sleep 0.05; done";
        let mut seat = Seat::isolab(world, &words(arm, &[], &["sh", "-c", script]));
        seat.shows("ready");
        for n in 1..=4 {
            seat.keys("\x03");
            wait_for("the handler", || (seat.text().matches("got it").count() == n).then_some(()));
        }
        seat.send(Signal::SIGTERM);
        assert_eq!(seat.ends(), 143, "{arm}");
    });
}

fn the_callers_terminal_is_restored_on_every_path() {
    each_arm("restoring the terminal", |world, arm| {
        let endings: [(&str, &[&str], Option<Signal>); 5] = [
            ("exit", &["sh", "-c", "sleep 0.3; exit 3"], None),
            ("SIGTERM", &["sleep", "300"], Some(Signal::SIGTERM)),
            ("SIGHUP", &["sleep", "300"], Some(Signal::SIGHUP)),
            ("SIGQUIT", &["sh", "-c", "trap 'exit 5' QUIT; while :; do sleep 0.05; done"], Some(Signal::SIGQUIT)),
            ("no program", &["/no/such/program"], None),
        ];
        for (name, command, signal) in endings {
            let mut seat = Seat::isolab(world, &words(arm, &["-it"], command));
            let before = seat.modes();
            if let Some(signal) = signal {
                wait_for("the terminal to be raw", || seat.is_raw().then_some(()));
                std::thread::sleep(Duration::from_millis(300));
                seat.send(signal);
            }
            seat.ends();
            let after = seat.modes();
            assert_eq!(before.local_flags, after.local_flags, "{arm}: {name}");
            assert_eq!(before.output_flags, after.output_flags, "{arm}: {name}");
            assert_eq!(before.input_flags, after.input_flags, "{arm}: {name}");
        }
        let flags = ["-it", "--timeout", "500ms"];
        let mut seat = Seat::isolab(world, &words(arm, &flags, &["sleep", "300"]));
        assert_eq!(seat.ends(), 125, "{arm}");
        assert!(!seat.is_raw(), "{arm}: --timeout");
    });
}

/// As a shell does it: Ctrl-Z cannot reach isolab while its terminal is raw, but `kill -TSTP` can.
fn stopping_isolab_stops_its_program_and_gives_the_terminal_back() {
    if Command::new("bash").arg("--version").output().is_err() {
        return skip("stopping isolab", "there is no bash");
    }
    each_arm("stopping isolab", |world, arm| {
        let mut seat = Seat::new(world, &["bash", "--norc", "--noediting", "-i"]);
        let script = "n=0; while :; do n=$((n+1)); echo tick $n; sleep 0.1; done";
        let run = [&[ISOLAB, "run"], &words(arm, &["-it"], &["sh", "-c", script])[..]].concat();
        let quoted: Vec<String> = run.iter().map(|word| format!("'{word}'")).collect();
        seat.keys(&format!("PS1=; (sleep 1; pkill -TSTP -P $$ -x isolab) & {}\n", quoted.join(" ")));
        seat.shows("Stopped");
        assert!(!seat.is_raw(), "{arm}: the shell has its terminal back");
        std::thread::sleep(Duration::from_millis(200));
        let ticks = |seat: &Seat| seat.text().matches("tick ").count();
        let then = ticks(&seat);
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(ticks(&seat), then, "{arm}: the program stands still: {}", seat.text());
        seat.keys("fg\n");
        wait_for("the program to go on", || (ticks(&seat) > then + 2).then_some(()));
        wait_for("the terminal to be raw", || seat.is_raw().then_some(()));
        seat.keys("\x03");
        wait_for("the shell", || (!seat.is_raw()).then_some(()));
        seat.keys("echo rc $?; exit\n");
        seat.shows("rc 130");
        seat.ends();
    });
}

fn in_the_background_the_terminal_is_left_alone() {
    if Command::new("bash").arg("--version").output().is_err() {
        return skip("isolab in the background", "there is no bash");
    }
    each_arm("isolab in the background", |world, arm| {
        let mut seat = Seat::new(world, &["bash", "--norc", "--noediting", "-i"]);
        let script = "echo begun; read line; echo \"<$line>\"";
        let run = [&[ISOLAB, "run"], &words(arm, &[], &["sh", "-c", script])[..]].concat();
        let quoted: Vec<String> = run.iter().map(|word| format!("'{word}'")).collect();
        seat.keys(&format!("PS1=; {} &\n", quoted.join(" ")));
        seat.shows("begun");
        assert!(!seat.is_raw(), "{arm}");
        seat.keys("echo for the shell\n");
        seat.shows("\nfor the shell");
        seat.keys("fg\n");
        wait_for("the terminal to be raw", || seat.is_raw().then_some(()));
        seat.keys("for the program\r");
        seat.shows("<for the program>");
        wait_for("the shell", || (!seat.is_raw()).then_some(()));
        seat.keys("exit\n");
        seat.ends();
    });
}

/// Both are in one group, and the terminal sends to a group: passed on, it would arrive twice.
fn a_process_gets_ctrl_c_once() {
    let world = World::new();
    let script = "trap 'echo got it' INT; echo ready; while :; do sleep 0.05; done";
    let mut seat = Seat::isolab(&world, &["-it", "--", "sh", "-c", script]);
    seat.shows("ready");
    for n in 1..=4 {
        seat.keys("\x03");
        wait_for("the handler", || (seat.text().matches("got it").count() >= n).then_some(()));
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(seat.text().matches("got it").count(), n);
    }
    seat.keys("\x1c");
    assert_eq!(seat.ends(), 131);
    world.is_clean();
}

crate::runner::tests!(
    a_shell_with_job_control,
    the_hosts_terminal_is_nowhere_inside,
    nothing_can_be_typed_for_the_caller,
    ctrl_c_ends_a_program_that_is_deaf_to_it_as_pid_1,
    the_callers_terminal_is_restored_on_every_path,
    stopping_isolab_stops_its_program_and_gives_the_terminal_back,
    in_the_background_the_terminal_is_left_alone,
    a_process_gets_ctrl_c_once
);
