//! Our guest kernel: two pages of assembly. See `kernel.s`.
#![no_std]
#![no_main]
#![allow(dead_code)]

#[path = "../../../probe/abi.rs"]
mod abi;
#[path = "../layout.rs"]
mod layout;

core::arch::global_asm!(
    include_str!("kernel.s"),
    CONSOLE = const abi::PORT_CONSOLE,
    WAIT = const abi::PORT_WAIT,
    SLEEP = const abi::PORT_SLEEP,
    MMAP = const abi::PORT_MMAP,
    UNKNOWN = const abi::PORT_UNKNOWN,
    EXIT = const abi::PORT_EXIT,
    FAULT = const abi::PORT_FAULT,
    FLAGS = const layout::PROGRAM_FLAGS,
    RELEASE_FD = const abi::RELEASE_FD,
    VECTORS = const layout::FAULT_VECTORS,
    HANDLERS = const layout::FAULT_HANDLERS - layout::KERNEL,
    options(att_syntax)
);

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
