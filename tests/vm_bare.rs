//! The bare guest, driven directly: what it does for the probe, and what it does with programs that mean harm.
use std::time::{Duration, Instant};

use isolab::error::{Error, Kind};
use isolab::lang::Lang;
use isolab::model::{Exit, Io};
use isolab::probe::{self, abi};
use isolab::timeline::Timeline;
use isolab::vm::bare::elf::Program;
use isolab::vm::bare::image::Software;
use isolab::vm::bare::layout;
use isolab::vm::bare::machine::{self, Hardware};
use isolab::vm::vcpu::{Stop, Vcpu};

const NONCE: u64 = 12345;
const CODE: u64 = 0x40_0078;

fn software(file: Vec<u8>, argv: &[&str]) -> Software {
    let program = Program::parse(&file).unwrap();
    let env = vec![(abi::ENV_READY.into(), "port".into()), (abi::ENV_NONCE.into(), NONCE.to_string().into())];
    Software { file: file.into(), program, argv: argv.iter().map(Into::into).collect(), env }
}

/// None, and a line that says why, where guests can't run.
fn create(soft: &Software, release: Option<std::os::fd::OwnedFd>) -> Option<Vcpu> {
    create_with(&Hardware::default(), soft, release)
}

fn create_with(hard: &Hardware, soft: &Software, release: Option<std::os::fd::OwnedFd>) -> Option<Vcpu> {
    soft.program.check_fits(&hard.room()).unwrap();
    match machine::create(hard, soft, Io::Null, release, &mut Timeline::new()) {
        Ok(vcpu) => Some(vcpu),
        Err(e) if e.kind == Kind::Unavailable => {
            isolab::testing::skip(format_args!("bare guest: {e}"));
            None
        }
        Err(e) => panic!("{e}"),
    }
}

fn probe(argv: &[&str]) -> Option<Vcpu> {
    create(&software(probe::ELF.to_vec(), argv), None)
}

fn code(bytes: &[u8]) -> Option<Vcpu> {
    create(&software(executable(bytes), &["code"]), None)
}

/// An ELF executable of one segment; `bytes` land at [`CODE`].
fn executable(bytes: &[u8]) -> Vec<u8> {
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    for word in [CODE, 64, 0] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
    let length = bytes.len() as u64 + 0x78;
    for word in [0, 0x40_0000, 0x40_0000, length, length, 0x1000] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend(bytes);
    elf
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

fn next(vcpu: &mut Vcpu) -> Stop {
    vcpu.run(soon()).unwrap_or_else(|e| panic!("{e}"))
}

fn error(mut vcpu: Vcpu) -> Error {
    vcpu.run(soon()).expect_err("this program must not get through")
}

/// The status that the guest ends with.
fn end(vcpu: &mut Vcpu) -> i32 {
    match next(vcpu) {
        Stop::Ended { exit: Exit::Code(status), .. } => status,
        other => panic!("{other:?}"),
    }
}

fn exits(vcpu: &Vcpu) -> Vec<(String, u64)> {
    vcpu.exits().into_iter().filter(|(_, n)| *n > 0).collect()
}

fn expect_record(vcpu: &mut Vcpu, kind: u64, result: u64) {
    let Stop::Record(record, stamps) = next(vcpu) else { panic!("no record") };
    assert_eq!((record.kind, record.value), (kind, abi::proof(NONCE, kind, result)));
    assert!(stamps.tsc_before < stamps.tsc_after);
}

fn expect_end(vcpu: &mut Vcpu) {
    assert_eq!(end(vcpu), abi::exit_status(NONCE));
    assert_eq!(end(vcpu), abi::exit_status(NONCE), "an end stays an end");
}

fn noop_has_exactly_three_exits() {
    let Some(mut vcpu) = probe(&["probe", "noop"]) else { return };
    expect_record(&mut vcpu, abi::READY, 0);
    expect_record(&mut vcpu, abi::DONE, 0);
    expect_end(&mut vcpu);
    assert_eq!(exits(&vcpu), [("exit:record".into(), 2), ("exit:exit".into(), 1)]);
}

fn system_calls_of_the_guest_cost_no_exit() {
    let Some(mut vcpu) = probe(&["probe", "syscalls", "getppid,read,exit", "2", "1000"]) else { return };
    expect_record(&mut vcpu, abi::READY, 0);
    for _ in 0..2 {
        let Stop::Record(batch, _) = next(&mut vcpu) else { panic!("no record") };
        assert_eq!(batch.value, abi::proof(NONCE, abi::BATCH | abi::CALL_GETPPID as u64, 1000));
        assert!(batch.tsc > 1000, "a call takes more than a tick");
    }
    let Stop::Record(no_read, _) = next(&mut vcpu) else { panic!("no record") };
    assert_eq!((no_read.kind, no_read.value), (abi::UNSUPPORTED | abi::CALL_READ as u64, 2), "ENOENT");
    for _ in 0..2 {
        expect_record(&mut vcpu, abi::BATCH | abi::CALL_EXIT as u64, 1000);
    }
    expect_record(&mut vcpu, abi::DONE, 0);
    expect_end(&mut vcpu);
    let expected = [("exit:record", 7), ("exit:noop", 3000), ("exit:exit", 1)]; // the first batch of each warms up
    assert_eq!(exits(&vcpu), expected.map(|(cause, n)| (cause.to_owned(), n)));
}

fn touched_pages_are_guest_ram_and_hold_waits_for_its_release() {
    let (reader, writer) = std::io::pipe().unwrap();
    let soft = software(probe::ELF.to_vec(), &["probe", "touch", "100"]);
    let Some(mut vcpu) = create(&soft, Some(reader.into())) else { return };
    let sum = (0..100).fold(0u64, |sum, i| sum.wrapping_add(abi::page_value(NONCE, i)));
    expect_record(&mut vcpu, abi::READY, sum);
    for _ in 0..3 {
        assert_eq!(vcpu.run(Instant::now() + Duration::from_millis(20)).unwrap(), Stop::TimedOut);
    }
    nix::unistd::write(&writer, b"x").unwrap();
    expect_record(&mut vcpu, abi::DONE, sum);
    expect_end(&mut vcpu);
    let expected = [("exit:record", 2), ("exit:wait", 1), ("exit:mmap", 1), ("exit:exit", 1)];
    assert_eq!(exits(&vcpu), expected.map(|(cause, n)| (cause.to_owned(), n)), "one wait, however often it was left");
}

fn more_memory_than_there_is_ends_without_touching_any() {
    let Some(mut vcpu) = probe(&["probe", "touch", "100000"]) else { return };
    expect_record(&mut vcpu, abi::READY, 0);
    expect_record(&mut vcpu, abi::DONE, 0); // nobody holds it
    expect_end(&mut vcpu);
    let expected = [("exit:record", 2), ("exit:wait", 1), ("exit:mmap", 1), ("exit:exit", 1)];
    assert_eq!(exits(&vcpu), expected.map(|(cause, n)| (cause.to_owned(), n)), "no page fault, and no end of its own");
}

fn a_sleeping_guest_can_be_left_and_comes_back() {
    let Some(mut vcpu) = probe(&["probe", "count", "2"]) else { return };
    let start = Instant::now();
    expect_record(&mut vcpu, abi::READY, 0);
    assert_eq!(vcpu.run(start + Duration::from_millis(100)).unwrap(), Stop::TimedOut);
    expect_record(&mut vcpu, abi::DONE, 2);
    assert!(start.elapsed() >= Duration::from_secs(1));
    expect_end(&mut vcpu);
}

fn a_guest_that_spins_is_left_at_the_deadline() {
    let Some(mut vcpu) = code(&[0xeb, 0xfe]) else { return }; // jmp .
    for _ in 0..3 {
        let start = Instant::now();
        assert_eq!(vcpu.run(start + Duration::from_millis(30)).unwrap(), Stop::TimedOut);
        assert!((30..2000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }
}

fn a_guest_that_spins_on_a_port_is_left_at_the_deadline() {
    let Some(mut vcpu) = code(&[0xe6, abi::PORT_NOOP as u8, 0xeb, 0xfc]) else { return }; // 1: out; jmp 1b
    assert_eq!(vcpu.run(Instant::now() + Duration::from_millis(30)).unwrap(), Stop::TimedOut);
}

fn a_wild_write_is_a_page_fault_with_its_address() {
    // mov %eax, 0x12345678
    let Some(vcpu) = code(&[0x89, 0x04, 0x25, 0x78, 0x56, 0x34, 0x12]) else { return };
    let text = error(vcpu).to_string();
    assert!(text.contains("page fault (vector 14) in ring 3 at rip 0x400078: writing to address 0x12345678"), "{text}");
    assert!(text.contains("rip 0000000000400078") && text.contains("cr2 0000000012345678"), "{text}");
}

fn the_kernels_pages_are_out_of_reach() {
    for page in ["000000", "001000", "004000", "005000", "100000"] {
        let address = u32::from_str_radix(page, 16).unwrap().to_le_bytes();
        let [a, b, c, d] = address;
        let Some(vcpu) = code(&[0x8b, 0x04, 0x25, a, b, c, d]) else { return }; // mov address, %eax
        let text = error(vcpu).cause.of(Lang::En).to_owned();
        assert!(text.contains("page fault (vector 14) in ring 3"), "{page}: {text}");
    }
    // mov %eax, 0x6000: the page of system calls may be read and executed, not written
    let Some(vcpu) = code(&[0x89, 0x04, 0x25, 0x00, 0x60, 0, 0]) else { return };
    assert!(error(vcpu).cause.contains("writing to address 0x6000, it may not do that there"));
}

fn the_stack_cannot_be_executed() {
    let Some(vcpu) = code(&[0xff, 0xe4]) else { return }; // jmp *%rsp
    let text = error(vcpu).cause.of(Lang::En).to_owned();
    assert!(text.contains("page fault") && text.contains("executing address 0x7"), "{text}");
}

/// What a program writes never becomes its code: not on the heap, and its code cannot be written.
fn no_memory_is_writable_and_executable() {
    let Some(vcpu) = code(&[0x89, 0x05, 0, 0, 0, 0]) else { return }; // mov %eax, 0(%rip): the next instruction
    let text = error(vcpu).cause.of(Lang::En).to_owned();
    assert!(text.contains("writing to address 0x400") && text.contains("may not do that there"), "{text}");
    let heap = [0x48, 0xc7, 0xc0, 0, 0x10, 0x40, 0]; // mov $0x401000, %rax: the page behind the image
    let Some(vcpu) = code(&[&heap[..], &[0xc6, 0x00, 0xc3, 0xff, 0xe0]].concat()) else { return }; // movb $ret, (%rax); jmp *%rax
    let text = error(vcpu).cause.of(Lang::En).to_owned();
    assert!(text.contains("executing address 0x401000"), "{text}");
    let mut file = executable(&[0x0f, 0x0b]);
    file[64 + 4] = 7; // p_flags of its one segment: read, write, execute
    let refused = isolab::vm::bare::elf::Program::parse(&file).unwrap_err();
    assert!(refused.cause.contains("writable and executable"), "{refused}");
}

fn forbidden_instructions_are_faults() {
    for (bytes, cause) in [
        (&[0xf4][..], "general protection fault (vector 13) in ring 3"), // hlt
        (&[0x0f, 0x0b], "invalid instruction (vector 6) in ring 3"),     // ud2
        (&[0x31, 0xc9, 0xf7, 0xf1], "division error (vector 0) in ring 3"), // xor %ecx, %ecx; div %ecx
        (&[0x31, 0xe4, 0x0f, 0x0b], "invalid instruction (vector 6) in ring 3"), // without a stack
    ] {
        let Some(vcpu) = code(bytes) else { return };
        let text = error(vcpu).cause.of(Lang::En).to_owned();
        assert!(text.contains(cause), "{bytes:x?}: {text}");
    }
}

fn a_fault_that_cannot_be_delivered_is_a_triple_fault() {
    let Some(vcpu) = code(&[0x0f, 0x0b]) else { return }; // ud2
    vcpu.cpu().vm().memory().write(layout::IDT, &[0; 512]).unwrap();
    let text = error(vcpu).cause.of(Lang::En).to_owned();
    assert!(text.contains("triple fault") && text.contains("cr3"), "{text}");
}

fn memory_that_is_not_there_is_no_hang() {
    // mov 0x200000, %eax, after its page was moved behind the end of RAM
    let Some(mut vcpu) = code(&[0x8b, 0x04, 0x25, 0, 0, 0x20, 0]) else { return };
    let entry = layout::PAGE_DIRECTORIES + layout::PROGRAM / layout::BIG_PAGE * 8;
    vcpu.cpu().vm().memory().write_u64(entry, 0x4000_0000 | 0x87).unwrap();
    let text = vcpu.run(soon()).unwrap_err().cause.of(Lang::En).to_owned();
    assert!(text.contains("read from physical address 0x40000000"), "{text}");
    let again = vcpu.run(soon()).unwrap_err().cause.of(Lang::En).to_owned();
    assert!(again.contains("stopped with an error before"), "{again}");
}

fn a_guest_larger_than_the_hole_in_its_physical_memory_uses_all_of_it() {
    let mut hard = Hardware::default();
    hard.ram_bytes = 5 << 30;
    let mut bytes = vec![];
    for address in [0xbfff_fff0u64, 0xc000_0000, 0x1_0000_0000, (5 << 30) - (1 << 20)] {
        bytes.extend([0x48, 0xb8]); // movabs address, %rax; mov %eax, (%rax); cmp %eax, (%rax); je over; ud2
        bytes.extend(address.to_le_bytes());
        bytes.extend([0x89, 0x00, 0x39, 0x00, 0x74, 0x02, 0x0f, 0x0b]);
    }
    bytes.extend([0xbf, 7, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]); // exit(7)
    let Some(mut vcpu) = create_with(&hard, &software(executable(&bytes), &["code"]), None) else { return };
    assert_eq!(end(&mut vcpu), 7);
    assert_eq!(vcpu.cpu().vm().memory().read_u64(0x1_0000_0000), Some(0xc000_0000));
}

fn a_port_that_nobody_owns_ends_the_guest() {
    for bytes in [&[0xe6, 0x80][..], &[0xe5, 0x60], &[0xe6, abi::PORT_FAULT as u8]] {
        let Some(vcpu) = code(bytes) else { return };
        let text = error(vcpu).cause.of(Lang::En).to_owned();
        assert!(text.contains("port"), "{bytes:x?}: {text}");
    }
}

fn a_port_used_the_wrong_way_ends_the_guest() {
    // in $PORT_RECORD, %al; out %eax, $PORT_NOOP; mov $9, %ecx; mov $0xec, %edx; mov %rsp, %rsi; rep outsb
    let string = [0xb9, 9, 0, 0, 0, 0xba, 0xec, 0, 0, 0, 0x48, 0x89, 0xe6, 0xf3, 0x6e, 0x0f, 0x0b];
    for bytes in [&[0xe4, abi::PORT_RECORD as u8][..], &[0xe7, abi::PORT_NOOP as u8]] {
        let Some(vcpu) = code(bytes) else { return };
        let text = error(vcpu).cause.of(Lang::En).to_owned();
        assert!(text.contains("is used by `out` of one byte"), "{text}");
    }
    let Some(vcpu) = code(&string) else { return };
    let text = error(vcpu).cause.of(Lang::En).to_owned(); // hardware hands over all bytes at once, a software backend each by itself
    assert!(text.contains("9 times at once") || text.contains("invalid instruction"), "{text}");
}

fn an_unknown_system_call_is_named() {
    let Some(vcpu) = code(&[0xb8, 158, 0, 0, 0, 0x0f, 0x05]) else { return }; // mov $158, %eax; syscall
    let error = error(vcpu);
    assert!(error.cause.contains("arch_prctl (158)"), "{error}");
    assert!(error.try_this.contains("10 calls"), "{error}");
}

/// Makes one system call with these arguments and exits with the low byte of its result.
fn call(number: u32, rdi: u64, rsi: u64, rdx: u64) -> Option<i32> {
    let mut bytes = vec![0xb8];
    bytes.extend(number.to_le_bytes());
    for (opcode, value) in [([0x48, 0xbf], rdi), ([0x48, 0xbe], rsi), ([0x48, 0xba], rdx)] {
        bytes.extend(opcode); // movabs
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0x0f, 0x05, 0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]); // syscall; mov %eax, %edi; exit
    Some(end(&mut code(&bytes)?))
}

fn pointers_out_of_ram_are_refused_and_long_writes_are_short() {
    let efault = 256 - 14;
    let ram = Hardware::default().ram_bytes;
    for (number, rdi, rsi, rdx, expected) in [
        (1, 1, ram - 4, 4, 4),
        (1, 1, ram - 4, 5, efault),
        (1, 1, 0x40_0000, u64::MAX, efault),
        (1, 1, u64::MAX - 1, 4, efault),
        (1, 2, 0x1000, 8, efault),     // the kernel's
        (1, 1, 0x40_0000, 1 << 20, 0), // 16384, and a status has 8 bits
        (1, 3, 0x40_0000, 1, 256 - 9),
        (1, 0, 0x40_0000, 1, 256 - 9),
        (0, 5, 0x40_0000, 1, 256 - 9),
        (0, 4, 0x40_0000, 1, 0), // nobody will release it
        (35, ram - 8, 0, 0, efault),
        (35, u64::MAX - 3, 0, 0, efault),
        (35, 0x1000, 0, 0, efault),
        (110, 0, 0, 0, 0),
        (39, 0, 0, 0, 1),
        (257, 0, 0, 0, 256 - 2),
    ] {
        let Some(got) = call(number, rdi, rsi, rdx) else { return };
        assert_eq!(got, expected, "call {number}({rdi:#x}, {rsi:#x}, {rdx:#x})");
    }
}

fn a_call_changes_rax_rcx_r11_and_nothing_else() {
    // fill registers; getppid, write(7 …), getpid; compare; exit 0, or the number of the register that changed
    let mut bytes = vec![];
    let registers = [3u8, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 2];
    for r in registers {
        bytes.extend([0x48 | r >> 3, 0xb8 | r & 7]); // movabs
        bytes.extend((0x1111_1111_1111 * u64::from(r)).to_le_bytes());
    }
    for number in [110u32, 39, 28, 1, 0, 257, 9] {
        bytes.push(0xb8);
        bytes.extend(number.to_le_bytes());
        bytes.extend([0x0f, 0x05]);
    }
    for r in registers {
        bytes.extend([0x48, 0xb8]); // movabs expected, %rax
        bytes.extend((0x1111_1111_1111 * u64::from(r)).to_le_bytes());
        bytes.extend([0x48 | r >> 3, 0x39, 0xc0 | r & 7]); // cmp %rax, register
        bytes.extend([0x74, 12, 0xbf, r, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]); // je over; exit(register)
    }
    bytes.extend([0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]); // exit(0)
    let Some(mut vcpu) = code(&bytes) else { return };
    assert_eq!(end(&mut vcpu), 0, "the status is the register that changed");
}

fn random_code_is_survived() {
    let mut random = oorandom::Rand32::new(1);
    for _ in 0..60 {
        let mut bytes: Vec<u8> = (0..64).map(|_| random.rand_u32() as u8).collect();
        bytes[random.rand_range(0..62) as usize..][..2].copy_from_slice(&[0x0f, 0x05]); // a system call somewhere
        let Some(mut vcpu) = code(&bytes) else { return };
        let start = Instant::now();
        let _ = vcpu.run(start + Duration::from_millis(20)); // whatever it is, it comes back
        assert!(start.elapsed() < Duration::from_secs(2), "{bytes:x?}");
    }
}

fn isolab(args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_isolab"));
    command.env("LC_ALL", "C").args(["run", "--as", "vm-bare", "--"]).args(args);
    command
}

fn what_the_guest_writes_comes_out_and_a_reader_may_leave() {
    if probe(&["probe", "noop"]).is_none() {
        return;
    }
    let output = isolab(&["probe", "count", "2"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("\n1\n2\n"), "{text}");
    let mut child = isolab(&["probe", "count", "1000"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(128 + 13), "ended by SIGPIPE, as a process would be");
}

fn a_fault_is_told_to_who_ran_the_program() {
    if probe(&["probe", "noop"]).is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wild");
    std::fs::write(&path, executable(&[0x89, 0x04, 0x25, 0x78, 0x56, 0x34, 0x12])).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = isolab(&[path.to_str().unwrap()]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(125), "{text}");
    assert!(text.contains("page fault") && text.contains("0x12345678"), "{text}");
}

crate::runner::tests!(
    noop_has_exactly_three_exits,
    system_calls_of_the_guest_cost_no_exit,
    touched_pages_are_guest_ram_and_hold_waits_for_its_release,
    more_memory_than_there_is_ends_without_touching_any,
    a_sleeping_guest_can_be_left_and_comes_back,
    a_guest_that_spins_is_left_at_the_deadline,
    a_guest_that_spins_on_a_port_is_left_at_the_deadline,
    a_wild_write_is_a_page_fault_with_its_address,
    the_kernels_pages_are_out_of_reach,
    the_stack_cannot_be_executed,
    no_memory_is_writable_and_executable,
    forbidden_instructions_are_faults,
    a_fault_that_cannot_be_delivered_is_a_triple_fault,
    memory_that_is_not_there_is_no_hang,
    a_guest_larger_than_the_hole_in_its_physical_memory_uses_all_of_it,
    a_port_that_nobody_owns_ends_the_guest,
    a_port_used_the_wrong_way_ends_the_guest,
    an_unknown_system_call_is_named,
    pointers_out_of_ram_are_refused_and_long_writes_are_short,
    a_call_changes_rax_rcx_r11_and_nothing_else,
    random_code_is_survived,
    what_the_guest_writes_comes_out_and_a_reader_may_leave,
    a_fault_is_told_to_who_ran_the_program
);
