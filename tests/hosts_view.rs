//! `--rootfs /`: a /tmp to write to, and no way to act on the host through its FIFOs, its sockets or its /sys.
#![allow(clippy::unwrap_used)]

mod common;

use std::os::unix::net::UnixListener;

use common::{Answer, World, needs};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const ARMS: [&str; 5] = ["container", "container:fork", "container:+init", "container:+user", "container-rootless"];

fn shell(world: &World, arm: &str, text: &str) -> Answer {
    world.run(["run", "--as", arm, "--rootfs", "/", "--timeout", "20s", "--", "sh", "-c", text])
}

#[test]
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

#[test]
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
