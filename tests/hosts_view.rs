//! `--rootfs /`: a /tmp to write to, and no way to act on the host through its FIFOs, its sockets or its /sys.
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use crate::common::{Answer, World, needs, needs_own_mounts, skip, with_own_mounts};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const ARMS: [&str; 5] = ["container", "container:fork", "container:+init", "container:+user", "container-rootless"];

fn shell(world: &World, arm: &str, text: &str) -> Answer {
    world.run(["run", "--as", arm, "--rootfs", "/", "--timeout", "20s", "--", "sh", "-c", text])
}

fn tmp_shows_the_hosts_files_and_what_is_written_there_is_gone_with_the_container() {
    for arm in ARMS.into_iter().filter(|arm| needs("a /tmp of its own", arm)) {
        let world = World::new();
        let file = world.file("seen", "by the container");
        let text = format!(
            "cat {file}; (echo changed > {file}) 2> /dev/null; echo new > /tmp/isolab-new && cat /tmp/isolab-new"
        );
        assert_eq!(shell(&world, arm, &text).ends_with(0).out, "by the containernew\n", "{arm}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "by the container", "{arm}");
        assert!(!std::path::Path::new("/tmp/isolab-new").exists(), "{arm}");
        assert_ne!(shell(&world, arm, "head -c 300m /dev/zero > /tmp/big 2>/dev/null").code, 0, "{arm}: it is bounded");
        world.is_clean();
    }
}

fn a_fifo_or_a_socket_of_the_host_leads_nowhere() {
    for arm in ARMS.into_iter().filter(|arm| needs("the host's FIFOs and sockets", arm)) {
        let world = World::new();
        mkfifo(&world.join("fifo"), Mode::from_bits_truncate(0o666)).unwrap();
        let reader = std::fs::File::options().read(true).write(true).open(world.join("fifo")).unwrap(); // an open end to write to
        let _listener = UnixListener::bind(world.join("socket")).unwrap();
        let fifo = world.join("fifo").display().to_string();
        let text = format!("timeout 1 sh -c 'echo to the host > {fifo}'");
        assert_ne!(shell(&world, arm, &text).code, 0, "{arm}: nobody reads at the other end");
        drop(reader);
        for (text, expected) in [
            ("ls -A /run | wc -l", "0"),
            ("ls /sys/class/net", "lo"),
            ("ls -A /sys/fs/cgroup | wc -l", "0"),
            ("(echo > /sys/kernel/uevent_seqnum) 2> /dev/null || echo refused", "refused"),
        ] {
            assert_eq!(shell(&world, arm, text).ends_with(0).out.trim(), expected, "{arm}: {text}");
        }
        world.is_clean();
    }
}

/// exit(errno of connect(2) to this socket; 0: connected), as an ELF program of one loadable segment (elf(5)).
fn connecting_to(path: &[u8]) -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const START: u64 = 64 + 56;
    const CODE: &[u8] = &[
        0xb8, 41, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0xbe, 1, 0, 0, 0, 0x31, 0xd2, 0x0f,
        0x05, // socket(AF_UNIX, SOCK_STREAM, 0)
        0x89, 0xc7, 0xb8, 42, 0, 0, 0, 0x48, 0x8d, 0x35, 18, 0, 0, 0, 0xba, 0, 0, 0, 0, 0x0f,
        0x05, // connect(it, name, …)
        0xf7, 0xd8, 0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05, // exit
    ];
    const NAMES_LENGTH: usize = 34; // in CODE
    let mut code = CODE.to_vec();
    let name = [&1_u16.to_le_bytes()[..], path].concat();
    code[NAMES_LENGTH..][..4].copy_from_slice(&(name.len() as u32).to_le_bytes());
    code.resize(33 + 18, 0x90); // where the address of the name is counted from, and how far it is
    code.extend(name);
    let length = START + code.len() as u64;
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    elf.extend([BASE + START, 64, 0].iter().flat_map(|n| n.to_le_bytes()));
    elf.extend([0, 0, 64, 56, 1, 0, 0, 0].iter().flat_map(|n: &u16| n.to_le_bytes()));
    elf.extend([1, 5].iter().flat_map(|n: &u32| n.to_le_bytes()));
    elf.extend([0, BASE, BASE, length, length, 0x1000].iter().flat_map(|n| n.to_le_bytes()));
    elf.extend(code);
    elf
}

fn nobody_connects_to_a_socket_of_the_host() {
    let test = "nobody_connects_to_a_socket_of_the_host";
    let id = std::process::id();
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        let world = World::new();
        let mut sockets = vec![(world.join("socket").display().to_string().into_bytes(), "in /tmp")];
        let run = format!("/run/isolab-test-{id}.socket");
        let _in_tmp = UnixListener::bind(world.join("socket")).unwrap();
        let in_run = UnixListener::bind(&run);
        let everybodys = std::fs::Permissions::from_mode(0o777); // so that it is not its mode that keeps them away
        std::fs::set_permissions(world.join("socket"), everybodys.clone()).unwrap();
        if in_run.is_ok() {
            std::fs::set_permissions(&run, everybodys).unwrap();
            sockets.push((run.clone().into_bytes(), "in /run"));
        }
        let name = format!("isolab-test-{id}-{}", arm.replace(':', "-"));
        let _without_a_file = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        sockets.push(([b"\0", name.as_bytes()].concat(), "without a file"));
        for (path, place) in &sockets {
            let program = world.program("connect", connecting_to(path));
            world.run(["run", "--as", "process", "--", &program]).ends_with(0); // there is somebody
            let answer = world.run(["run", "--as", arm, "--rootfs", "/", "--", &program]);
            assert!([libc::ENOENT, libc::ECONNREFUSED].contains(&answer.code), "{arm}, {place}: {answer}");
        }
        if in_run.is_ok() {
            std::fs::remove_file(run).unwrap();
        }
        world.is_clean();
    }
}

/// A mount below the host's /tmp: in a user namespace nothing around it can be shown.
fn a_tmp_that_cannot_be_shown_is_empty_and_told() {
    let test = "a_tmp_that_cannot_be_shown_is_empty_and_told";
    if !needs_own_mounts(test) {
        return;
    }
    let arms = if crate::common::root() { &ARMS[..] } else { &["container-rootless"] }; // root of unshare's user namespace makes no other
    for arm in arms.iter().copied().filter(|arm| needs(test, arm)) {
        let world = World::new();
        let file = world.file("seen", "by the container");
        std::fs::create_dir(world.join("mounted")).unwrap();
        let text = format!("cat {file} 2> /dev/null; echo new > /tmp/new && cat /tmp/new && rm /tmp/new");
        let args = ["run", "--as", arm, "--rootfs", "/", "--timeout", "20s", "--", "sh", "-c", &text];
        let answer = crate::common::run(&mut with_own_mounts(&world, "mount -t tmpfs none $D/mounted", args));
        let told = answer.err.contains("caution: /tmp is empty inside") && answer.err.contains("/mounted");
        let hidden = answer.ends_with(0).out == "new\n";
        assert!(hidden || answer.out == "by the containernew\n", "{arm}: {answer}");
        assert_eq!(hidden, told, "{arm}: {answer}");
        assert_eq!(hidden, ["container:+user", "container-rootless"].contains(&arm), "{arm}: {answer}");
        let answer = shell(&world, arm, &text);
        assert!(!answer.ends_with(0).err.contains("caution"), "{arm}: without that mount: {answer}");
        world.is_clean();
    }
}

fn what_programs_expect_of_tmp_and_shared_memory_is_there() {
    let test = "what_programs_expect_of_tmp_and_shared_memory_is_there";
    let compile =
        "printf 'int main(void) { return 7; }' > /tmp/a.c && gcc -o /tmp/a /tmp/a.c && { /tmp/a; test $? = 7; }";
    for (program, text) in [
        ("python3", "python3 -c 'import multiprocessing; multiprocessing.Lock(); print(\"done\")'"),
        ("gcc", &format!("{compile} && echo done")),
    ] {
        for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
            let world = World::new();
            if shell(&world, arm, &format!("command -v {program}")).code != 0 {
                skip(test, &format!("{program} is not there"));
                break;
            }
            assert_eq!(shell(&world, arm, text).ends_with(0).out, "done\n", "{arm}: {program}");
            world.is_clean();
        }
    }
}

fn a_program_that_is_hidden_inside_is_told_to_be_outside() {
    let test = "a_program_that_is_hidden_inside_is_told_to_be_outside";
    for place in ["/run", "/dev/shm"] {
        let program = format!("{place}/isolab-test-{}", std::process::id());
        if std::fs::write(&program, isolab::probe::ELF).is_err() {
            skip(test, &format!("this user may not write to {place}"));
            continue;
        }
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let world = World::new();
        for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
            let answer = world.run(["run", "--as", arm, "--rootfs", "/", "--", &program, "noop"]);
            answer.ends_with(crate::common::code::NOT_FOUND);
            let told =
                ["is not inside: a container has /tmp, /run, /dev and /proc of its own", "copy its folder to one"];
            assert!(told.iter().all(|text| answer.err.contains(text)), "{arm}: {answer}");
        }
        std::fs::remove_file(program).unwrap();
    }
}

crate::runner::tests!(
    tmp_shows_the_hosts_files_and_what_is_written_there_is_gone_with_the_container,
    a_fifo_or_a_socket_of_the_host_leads_nowhere,
    nobody_connects_to_a_socket_of_the_host,
    a_tmp_that_cannot_be_shown_is_empty_and_told,
    what_programs_expect_of_tmp_and_shared_memory_is_there,
    a_program_that_is_hidden_inside_is_told_to_be_outside
);
