//! What a contained program does to its standard streams reaches none of the caller's files but by what it writes; and
//! all that it writes, and all that it leaves unread, is there afterwards.
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use crate::common::{World, needs, root};

const ARMS: [&str; 5] =
    ["container", "container:fork", "container:+init", "container-rootless", "container-rootless:+init"];

fn each_arm(test: &str, body: impl Fn(&World, &str)) {
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        let world = World::new();
        body(&world, arm);
        world.is_clean();
    }
}

/// A shell with the host's files.
fn shell(world: &World, arm: &str, script: &str) -> Command {
    world.isolab(["run", "--as", arm, "--rootfs", "/", "--", "sh", "-c", script])
}

/// A file as the program is given one; only root's programs could harm another's.
fn opened(world: &World, name: &str, text: &str) -> File {
    world.file(name, text);
    fs::set_permissions(world.join(name), fs::Permissions::from_mode(0o666)).unwrap();
    File::options().read(true).write(true).open(world.join(name)).unwrap()
}

fn the_files_given_as_streams_keep_their_mode_owner_and_flags() {
    each_arm("attacks on the mode of a stream", |world, arm| {
        let attack = "for n in 0 1 2; do chmod 4777 /proc/self/fd/$n /dev/fd/$n; chown 1:1 /proc/self/fd/$n; \
                      touch -d 2001-01-01 /proc/self/fd/$n; done 2>/dev/null; echo done";
        let files = ["in", "out", "err"].map(|name| opened(world, name, ""));
        let before = files.each_ref().map(|file| file.metadata().unwrap());
        let [input, output, errors] = files;
        shell(world, arm, attack).stdin(input).stdout(output).stderr(errors).status().unwrap();
        for (name, before) in ["in", "out", "err"].iter().zip(before) {
            let after = fs::metadata(world.join(name)).unwrap();
            let facts = |m: &fs::Metadata| (m.mode(), m.uid(), m.gid());
            assert_eq!(facts(&after), facts(&before), "{arm}: {name}");
            assert!(after.mtime() > 1_000_000_000, "{arm}: {name}");
        }
        assert_eq!(fs::read_to_string(world.join("out")).unwrap(), "done\n", "{arm}");
    });
}

fn what_was_opened_for_reading_cannot_be_written_nor_the_other_way_round() {
    each_arm("attacks by opening a stream again", |world, arm| {
        let attack = "timeout 1 sh -c 'echo forged >/proc/self/fd/0; echo forged >>/dev/stdin'; : >/proc/self/fd/0; \
                      timeout 1 cat /proc/self/fd/1 >&2";
        opened(world, "in", "mine");
        opened(world, "out", "secret");
        let input = File::open(world.join("in")).unwrap();
        let output = File::options().append(true).open(world.join("out")).unwrap();
        let answer = shell(world, arm, attack).stdin(input).stdout(output).output().unwrap();
        assert_eq!(fs::read_to_string(world.join("in")).unwrap(), "mine", "{arm}");
        assert_eq!(fs::read_to_string(world.join("out")).unwrap(), "secret", "{arm}");
        assert!(!String::from_utf8_lossy(&answer.stderr).contains("secret"), "{arm}: {answer:?}");
    });
}

/// Both ends of a pipe can be had from one of them, unless it is another pipe.
fn a_pipe_is_not_the_callers() {
    each_arm("attacks by opening a pipe again", |world, arm| {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"first\nsecond\n").unwrap();
        let attack = "read line; echo \"$line\"; timeout 1 sh -c 'echo forged >/proc/self/fd/0'";
        let output = shell(world, arm, attack).stdin(reader.try_clone().unwrap()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "first\n", "{arm}");
        drop(writer);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "second\n", "{arm}: what it did not read is still there, and nothing else");

        let (mut reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"for another reader\n").unwrap();
        shell(world, arm, "timeout 1 cat /proc/self/fd/1 >/dev/null").stdout(writer).status().unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "for another reader\n", "{arm}");
    });
}

/// Whatever the caller has: the program has another inode. (The terminal has tests of its own.)
fn no_inode_of_the_caller_is_open_inside() {
    each_arm("inodes of the caller's streams", |world, arm| {
        let inodes = |file: &File| {
            let m = file.metadata().unwrap();
            format!("{}:{}", m.dev(), m.ino())
        };
        let (socket, far) = UnixStream::pair().unwrap();
        let (reader, _writer) = std::io::pipe().unwrap();
        let null = File::open("/dev/null").unwrap();
        let file = opened(world, "file", "");
        let of: [(&str, File); 4] = [
            ("file", file),
            ("socket", File::from(std::os::fd::OwnedFd::from(socket))),
            ("pipe", File::from(std::os::fd::OwnedFd::from(reader))),
            ("null", null),
        ];
        far.shutdown(std::net::Shutdown::Write).unwrap();
        // A user namespace may make no device: its null is the host's, mounted so that nothing about it can be changed.
        let rootless = !root() || arm.starts_with("container-rootless");
        let of = of.into_iter().filter(|(name, _)| *name != "null" || !rootless);
        for (name, given) in of {
            let theirs = inodes(&given);
            let script = "for n in 0 1 2; do stat -L -c %d:%i /proc/self/fd/$n; done >&2";
            let answer = shell(world, arm, script).stdin(given).stdout(Stdio::null()).output().unwrap();
            let inside = String::from_utf8_lossy(&answer.stderr).into_owned();
            assert_eq!(inside.lines().count(), 3, "{arm}: {name}: {inside}");
            assert!(inside.lines().all(|line| line != theirs), "{arm}: {name}: {theirs} is in {inside}");
        }
    });
}

fn nothing_is_lost_and_the_order_stays() {
    each_arm("streams to their end", |world, arm| {
        let text: String = (0..200_000).map(|n| format!("{n}\n")).collect();
        world.file("in", &text);
        for through_pipe in [false, true] {
            let mut cat = shell(world, arm, "cat; echo last");
            cat.stdin(if through_pipe { Stdio::piped() } else { File::open(world.join("in")).unwrap().into() });
            let mut child = cat.stdout(Stdio::piped()).spawn().unwrap();
            let feeder = child.stdin.take().map(|mut input| {
                let text = text.clone();
                std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap())
            });
            let output = child.wait_with_output().unwrap();
            feeder.into_iter().for_each(|thread| thread.join().unwrap());
            assert!(output.stdout == format!("{text}last\n").as_bytes(), "{arm}: {} bytes", output.stdout.len());
        }
        let (mut reader, writer) = std::io::pipe().unwrap();
        let script = "for n in 1 2 3 4 5 6 7 8 9; do echo out $n; echo err $n >&2; done";
        let mut both = shell(world, arm, script);
        both.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
        both.status().unwrap();
        drop(both);
        let mut lines = String::new();
        reader.read_to_string(&mut lines).unwrap();
        let expected: String = (1..10).map(|n| format!("out {n}\nerr {n}\n")).collect();
        assert_eq!(lines, expected, "{arm}: 2>&1 is one pipe");
    });
}

/// `while read line; do isolab run …; done < file`
fn what_is_not_read_is_left_for_the_next_reader() {
    each_arm("input that is left", |world, arm| {
        for (script, rest) in [("true", "1\n2\n3\n"), ("read a", "2\n3\n"), ("cat >/dev/null", "")] {
            world.file("in", "0\n1\n2\n3\n");
            let mut input = File::open(world.join("in")).unwrap();
            input.seek(std::io::SeekFrom::Start(2)).unwrap();
            shell(world, arm, script).stdin(input.try_clone().unwrap()).status().unwrap();
            let mut left = String::new();
            input.read_to_string(&mut left).unwrap();
            assert_eq!(left, rest, "{arm}: file, {script}");

            let (mut reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(b"1\n2\n3\n").unwrap();
            drop(writer);
            shell(world, arm, script).stdin(reader.try_clone().unwrap()).status().unwrap();
            let mut left = String::new();
            reader.read_to_string(&mut left).unwrap();
            assert_eq!(left, rest, "{arm}: pipe, {script}");
        }
    });
}

fn an_output_that_cannot_be_passed_on_is_an_error_and_a_closed_one_ends_the_program() {
    each_arm("outputs that fail", |world, arm| {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let answer = shell(world, arm, "echo lost").stdout(full).stderr(Stdio::piped()).output().unwrap();
        crate::common::Answer::from(answer).refuses(125, "pass on what the program wrote", "No space left", "df");

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let script = "(yes; true) 2>/dev/null; echo $? >&2";
        let answer = shell(world, arm, script).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(answer.status.code(), Some(0), "{arm}: {answer:?}");

        let mut closed = Command::new("sh");
        closed.args([
            "-c",
            "exec \"$@\" <&- >&- 2>&-",
            "sh",
            crate::common::ISOLAB,
            "run",
            "--as",
            arm,
            "--rootfs",
            "/",
        ]);
        closed.args(["--", "sh", "-c", "read x; echo a; echo b >&2; exit 7"]);
        world.settle_in(&mut closed);
        assert_eq!(closed.status().unwrap().code(), Some(7), "{arm}: no streams at all");
    });
}

fn terminals_are_only_promised_where_they_can_be_given() {
    let world = World::new();
    let run = |args: &[&str]| world.run([&["run"], args, &["--", "probe", "noop"]].concat());
    run(&["--as", "process", "-t"]).refuses(125, "give process a terminal", "no terminal", "--as container -t");
    run(&["--as", "process", "-i"]).ends_with(0);
    if needs("-t of a bare VM", "vm-bare") {
        run(&["--as", "vm-bare", "-t"]).refuses(125, "give vm-bare a terminal", "only prints", "leave -t");
        run(&["--as", "vm-bare", "-i"]).refuses(125, "give vm-bare an input", "only prints", "leave -i");
    }
    each_arm("-t without a terminal of the caller's", |world, arm| {
        let run = |flags: &[&str], script: &str| {
            world.run([&["run", "--as", arm, "--rootfs", "/"], flags, &["--", "sh", "-c", script]].concat())
        };
        run(&["-it"], "true").refuses(125, "a terminal", "input device is not a TTY", "leave -t out");
        let answer = run(&["-t"], "tty; test -t 0 && test -t 1 && test -t 2 && echo all three; stty size");
        answer.ends_with(0);
        assert_eq!(answer.out, "/dev/pts/0\r\nall three\r\n24 80\r\n", "{arm}");
        let answer = run(&["-i"], "test -t 0 || test -t 1 || echo none");
        assert_eq!(answer.out, "none\n", "{arm}");
        let bare = world.run(["run", "--as", &format!("{arm}:-dev"), "--rootfs", "/", "-t", "--", "true"]);
        bare.refuses(125, "give the program a terminal", "", "leave the knob -dev out");
    });
}

crate::runner::tests!(
    the_files_given_as_streams_keep_their_mode_owner_and_flags,
    what_was_opened_for_reading_cannot_be_written_nor_the_other_way_round,
    a_pipe_is_not_the_callers,
    no_inode_of_the_caller_is_open_inside,
    nothing_is_lost_and_the_order_stays,
    what_is_not_read_is_left_for_the_next_reader,
    an_output_that_cannot_be_passed_on_is_an_error_and_a_closed_one_ends_the_program,
    terminals_are_only_promised_where_they_can_be_given
);
