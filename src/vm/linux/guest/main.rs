//! The first program of a Linux guest that runs a command: our small init, `/init` of its initramfs.
//!
//! It mounts what every program expects, starts the command on serial ports of its own, waits for it, and tells the
//! host how it ended. What to run is in a file beside it (`orders.rs` on the host's side writes it).
#![no_std]
#![no_main]
#![no_builtins]
#![allow(dead_code)] // of what it shares with the probe it uses a part

#[path = "../../../probe/abi.rs"]
mod abi;
mod calls;
#[path = "../../../probe/start.rs"]
mod start;
mod streams;
#[path = "../../../probe/syscall.rs"]
mod syscall;
#[path = "../../../probe/text.rs"]
mod text;

use calls::Orders;
use streams::Mode;

const ORDERS: &core::ffi::CStr = c"/.isolab/orders";
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

fn main(_: &start::Stack) -> i32 {
    for (what, place, kind) in [
        (c"proc", c"/proc", c"proc"),
        (c"sysfs", c"/sys", c"sysfs"),
        (c"dev", c"/dev", c"devtmpfs"),
        (c"devpts", c"/dev/pts", c"devpts"),
        (c"tmp", c"/tmp", c"tmpfs"),
        (c"run", c"/run", c"tmpfs"),
    ] {
        if place == c"/dev/pts" {
            calls::mkdir(place);
        }
        calls::mount(what, place, kind);
    }
    let loaded = load_modules();
    let status = match Orders::read(ORDERS) {
        Some(orders) => run(&orders, loaded),
        None => NOT_EXECUTABLE << 8,
    };
    streams::drain();
    calls::sync();
    syscall::allow_ports(); // not before: a child would have them too
    syscall::end_machine(status);
    status
}

/// The drivers of the guest's devices: files a, b, c … in the order in which they can be loaded.
fn load_modules() -> bool {
    let mut path = *b"/.isolab/modules/a\0";
    loop {
        let fd = calls::open(&path);
        if fd < 0 {
            return true;
        }
        let fd = fd as usize;
        let answer = calls::load_module(fd);
        calls::close(fd);
        if answer < 0 && answer != -calls::EEXIST {
            return false;
        }
        let [.., letter, _] = &mut path;
        *letter = letter.wrapping_add(1);
    }
}

/// Starts the command, and gives its status as wait(2) does.
fn run(orders: &Orders, loaded: bool) -> i32 {
    let mode = Mode::of(orders.mode);
    let input = streams::open(mode, orders.rows, orders.columns);
    if mode != Mode::None {
        syscall::allow_ports();
        syscall::ask_for_input();
        syscall::forbid_ports();
    }
    let child = calls::fork();
    if child == 0 {
        streams::take(mode, input);
        if !loaded {
            syscall::write(2, b"isolab: the guest's kernel does not take a module of its devices\n");
            syscall::exit(NOT_EXECUTABLE);
        }
        let errno = calls::execute(orders);
        syscall::write(2, b"isolab: the guest's kernel does not execute this program\n");
        syscall::exit(if errno == calls::ENOENT { NOT_FOUND } else { NOT_EXECUTABLE });
    }
    streams::feed(mode, input);
    calls::wait_for(child)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    syscall::exit(101)
}
