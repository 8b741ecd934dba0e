//! A root folder that the program may write to: what it leaves there is on the host when it has ended.
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::common::{Answer, World, needs, root_with, skip};

const ARMS: [&str; 5] = ["container", "container:fork", "container:+init", "container:+user", "container-rootless"];
const CAUTION: &str = "caution: a setuid file";

fn shell(world: &World, arm: &str, root: &Path, text: &str) -> Answer {
    world.run(["run", "--as", arm, "--rootfs", root.to_str().unwrap(), "--", "/bin/sh", "-c", text])
}

fn root(world: &World, test: &str) -> Option<PathBuf> {
    let root = world.join("rootfs");
    root_with(&root, &["/bin/sh", "/bin/mknod", "/bin/chmod", "/bin/cp"])
        .map_err(|why| skip(test, &why))
        .ok()
        .map(|()| root)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn no_device_file_is_left_there() {
    let test = "no_device_file_is_left_there";
    let top = fs::File::open("/").unwrap();
    if isolab::sys::landlock::confine_to(top.as_fd()).unwrap().is_none() {
        return skip(test, "this kernel has no Landlock of its second version or newer");
    }
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        let world = World::new();
        let Some(root) = root(&world, test) else { return };
        set_mode(&root, 0o777);
        let text = "mknod c c 1 3; mknod b b 7 0; mknod dev/shm/c c 1 3; mknod fifo p && echo the FIFO is there";
        let answer = shell(&world, arm, &root, text);
        assert_eq!(answer.ends_with(0).out, "the FIFO is there\n", "{arm}");
        for name in crate::common::world::entries(&root) {
            let kind = fs::symlink_metadata(root.join(&name)).unwrap().file_type();
            assert!(!kind.is_char_device() && !kind.is_block_device(), "{arm}: {name}");
        }
        assert!(fs::symlink_metadata(root.join("fifo")).unwrap().file_type().is_fifo(), "{arm}");
        world.is_clean();
    }
}

fn who_may_leave_setuid_files_where_others_get_at_them_is_told_so() {
    let test = "who_may_leave_setuid_files_where_others_get_at_them_is_told_so";
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        let world = World::new();
        let Some(root) = root(&world, test) else { return };
        let mine = arm != "container:+user"; // whose root is user 100000 for the host
        set_mode(&root, 0o777);
        let answer = shell(&world, arm, &root, "cp /bin/sh suid && chmod 4755 suid");
        answer.ends_with(0);
        assert_eq!(answer.err.matches(CAUTION).count(), usize::from(mine), "{arm}: once: {answer}");
        let left = fs::metadata(root.join("suid")).unwrap().permissions().mode();
        assert_eq!(left & 0o7777, 0o4755, "{arm}: what it is told about is so");
        if mine && (arm != "container-rootless" || !crate::common::root()) {
            for mode in [0o700, 0o710] {
                set_mode(&root, mode); // as root, a rootless container's is another user's, and he must get there
                let answer = shell(&world, arm, &root, ":");
                assert_eq!(answer.ends_with(0).err, "", "{arm}: nobody else gets there");
            }
        }
        assert_eq!(
            world.run(["run", "--as", arm, "--rootfs", "/", "--", "true"]).ends_with(0).err,
            "",
            "{arm}: read-only"
        );
        world.is_clean();
    }
}

fn who_takes_the_pid_namespace_away_is_told_what_that_means() {
    let test = "who_takes_the_pid_namespace_away_is_told_what_that_means";
    if !needs(test, "container:-pid") {
        return;
    }
    let world = World::new();
    let answer = world.run(["run", "--as", "container:-pid", "--", "probe", "noop"]);
    let told = "can signal every process of this machine, process 1 too";
    assert_eq!(answer.ends_with(0).err.matches(told).count(), 1, "{answer}");
    assert_eq!(world.run(["run", "--as", "container", "--", "probe", "noop"]).ends_with(0).err, "");
    let answer = world.bench(&["-e", "container:-pid", "-x", "boot", "--blocks", "2", "--", "true"]);
    assert_eq!(answer.ends_with(0).err.matches(told).count(), 1, "{answer}");
    world.is_clean();
}

/// Its own stays where the program may write to it; else there is one for as long as it runs.
fn a_folder_without_a_tmp_to_write_to_gets_one() {
    let test = "a_folder_without_a_tmp_to_write_to_gets_one";
    let write = "echo new > /tmp/file && cat /tmp/file && { cat /tmp/kept 2> /dev/null || :; }";
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        let world = World::new();
        let Some(root) = root(&world, test) else { return };
        set_mode(&root, 0o777);
        root_with(&root, &["/bin/cat", "/usr/bin/head"]).unwrap();
        let (tmp, fill) = (root.join("tmp"), "head -c 300000000 /dev/zero > /tmp/big 2> /dev/null");
        let (answer, mode) = (shell(&world, arm, &root, write), fs::metadata(&tmp).unwrap().permissions().mode());
        assert_eq!(answer.ends_with(0).out, "new\n", "{arm}: none was there");
        assert_eq!(
            (crate::common::world::entries(&tmp).len(), mode & 0o022),
            (0, 0),
            "{arm}: a place for it is left, and empty"
        );
        fs::remove_dir(&tmp).unwrap();
        fs::create_dir(&tmp).unwrap();
        fs::write(tmp.join("kept"), "kept").unwrap();
        set_mode(&tmp, 0o755);
        let own = arm == "container" || arm == "container:fork" || arm == "container:+init" || !crate::common::root();
        let answer = shell(&world, arm, &root, write);
        assert_eq!(
            answer.out,
            if own { "new\nkept" } else { "new\n" },
            "{arm}: the user of this test owns it: {answer}"
        );
        assert_eq!(tmp.join("file").exists(), own, "{arm}: a /tmp that may be written to stays the folder's own");
        if !own {
            assert_ne!(shell(&world, arm, &root, fill).code, 0, "{arm}: it is bounded");
            set_mode(&tmp, 0o1777);
            let answer = shell(&world, arm, &root, write);
            assert_eq!(answer.ends_with(0).out, "new\nkept", "{arm}: everybody may write to it");
        }
        let _ = fs::remove_file(tmp.join("file"));
        world.is_clean();
    }
}

/// A static program alone has a folder that nobody may write to.
fn a_static_program_alone_gets_a_tmp() {
    let test = "a_static_program_alone_gets_a_tmp";
    if !std::process::Command::new("gcc").arg("--version").output().is_ok_and(|out| out.status.success()) {
        return skip(test, "gcc(1) is needed to build one");
    }
    let world = World::new();
    let source = world.file(
        "a.c",
        "#include <stdio.h>\nint main(void) { FILE *f = fopen(\"/tmp/a\", \"w\"); return !f || fputs(\"a\", f) < 0 || fclose(f); }",
    );
    let program = world.join("a").display().to_string();
    let built = std::process::Command::new("gcc").args(["-static", "-o", &program, &source]).output().unwrap();
    if !built.status.success() {
        return skip(test, "gcc -static does not work here");
    }
    for arm in ARMS.into_iter().filter(|arm| needs(test, arm)) {
        world.run(["run", "--as", arm, "--", &program]).ends_with(0);
        world.is_clean();
    }
}

crate::runner::tests!(
    no_device_file_is_left_there,
    who_may_leave_setuid_files_where_others_get_at_them_is_told_so,
    who_takes_the_pid_namespace_away_is_told_what_that_means,
    a_folder_without_a_tmp_to_write_to_gets_one,
    a_static_program_alone_gets_a_tmp
);
