//! The container's system call filter, asked by real programs: one call each, whose error is the exit status.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::common::{needs, skip};

/// An ELF file of one loadable segment that begins with `code` (elf(5)).
fn elf(wide: bool, code: &[u8]) -> Vec<u8> {
    let (class, machine, head, header) = if wide { (2, 62_u16, 64_u16, 56_u16) } else { (1, 3, 52, 32) };
    let (base, start) = (0x40_0000_u64, u64::from(head + header));
    let word = |value: u64| if wide { value.to_le_bytes().to_vec() } else { (value as u32).to_le_bytes().to_vec() };
    let flags = 5_u32.to_le_bytes().to_vec();
    let length = start + code.len() as u64;
    let mut file = vec![0x7f, b'E', b'L', b'F', class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([2_u16.to_le_bytes(), machine.to_le_bytes()].concat());
    file.extend(1_u32.to_le_bytes());
    file.extend([word(base + start), word(head.into()), word(0)].concat());
    file.extend([0; 4]);
    file.extend([head, header, 1, 0, 0, 0].map(u16::to_le_bytes).concat());
    file.extend(1_u32.to_le_bytes());
    file.extend(if wide { flags.clone() } else { Vec::new() });
    file.extend([word(0), word(base), word(base), word(length), word(length)].concat());
    file.extend(if wide { Vec::new() } else { flags });
    file.extend(word(0x1000));
    file.extend_from_slice(code);
    file
}

/// exit(-call(first, 5, 0)): by `syscall`, or by `int 0x80` with i386's number.
fn one_call(i386: bool, number: u32, first: u32) -> Vec<u8> {
    let set = |opcode: u8, value: u32| [&[opcode][..], &value.to_le_bytes()].concat();
    if i386 {
        let call = [set(0xb8, number), set(0xbb, first), set(0xb9, 5), vec![0x31, 0xd2, 0xcd, 0x80]].concat();
        [call, vec![0xf7, 0xd8, 0x89, 0xc3], set(0xb8, 1), vec![0xcd, 0x80]].concat()
    } else {
        let call = [set(0xb8, number), set(0xbf, first), set(0xbe, 5), vec![0x31, 0xd2, 0x0f, 0x05]].concat();
        [call, vec![0xf7, 0xd8, 0x89, 0xc7], set(0xb8, 60), vec![0x0f, 0x05]].concat()
    }
}

fn write(path: &Path, program: &[u8]) {
    fs::write(path, program).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// In a root folder of its own.
fn status(root: &Path, arm: &str, program: &[u8]) -> i32 {
    write(&root.join("it"), program);
    let mut isolab = Command::new(env!("CARGO_BIN_EXE_isolab"));
    let out = isolab.args(["run", "--as", arm, "--rootfs"]).arg(root).args(["--", "/it"]).output().unwrap();
    out.status.code().unwrap_or_else(|| panic!("{out:?}"))
}

fn root_folder() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["proc", "dev", "sys"] {
        fs::create_dir(root.path().join(name)).unwrap();
    }
    root
}

const EPERM: i32 = 1;
const ENOSYS: i32 = 38;

fn programs_meet_dockers_list() {
    let root = root_folder();
    for arm in ["container", "container-rootless"] {
        if !needs("programs_meet_dockers_list", arm) {
            continue;
        }
        let status = |number, first| status(root.path(), arm, &elf(true, &one_call(false, number, first)));
        for (name, number, first) in [("AF_ALG", 41, 38), ("AF_VSOCK", 41, 40), ("lsm_list_modules", 461, 0)] {
            assert_eq!(status(number, first), EPERM, "{arm}: {name}");
        }
        for (name, number) in [("file_getattr", 468), ("file_setattr", 469), ("clone3", 435)] {
            assert_eq!(status(number, 0), ENOSYS, "{arm}: {name}");
        }
        for (name, number) in [("statmount", 457), ("listmount", 458)] {
            let error = status(number, 0);
            assert!(error != EPERM && error != 128 + 31, "{arm}: {name}: {error}"); // EFAULT, EINVAL; ENOSYS of an old kernel
        }
    }
}

/// They have a table of their own, with other numbers: killed until now, and denied what x86-64 programs are denied.
fn programs_for_i386_run_and_are_filtered_as_well() {
    const TEST: &str = "programs_for_i386_run_and_are_filtered_as_well";
    let root = root_folder();
    let getpid = one_call(true, 20, 0);
    write(&root.path().join("it"), &elf(false, &getpid));
    if let Err(cause) = Command::new(root.path().join("it")).status() {
        return skip(TEST, &format!("no i386 programs here: {cause}"));
    }
    for arm in ["container", "container-rootless"] {
        if !needs(TEST, arm) {
            continue;
        }
        for wide in [false, true] {
            let status = |number, first| status(root.path(), arm, &elf(wide, &one_call(true, number, first)));
            assert_eq!(status(20, 0), 255, "{arm}: getpid is 1");
            assert_eq!(status(359, 38), EPERM, "{arm}: AF_ALG");
            assert_eq!(status(21, 0), EPERM, "{arm}: mount");
            assert_eq!(status(310, 0x1000_0000), EPERM, "{arm}: unshare(CLONE_NEWUSER)");
            assert_eq!(status(120, 0x1000_0011), EPERM, "{arm}: clone(CLONE_NEWUSER)");
            assert_eq!(status(435, 0), ENOSYS, "{arm}: clone3");
        }
    }
}

crate::runner::tests!(programs_meet_dockers_list, programs_for_i386_run_and_are_filtered_as_well);
