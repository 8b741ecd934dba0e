//! Nothing stays in the folder for temporary files, also when something goes wrong. Drives the built binary.
use std::process::{Command, Output};

fn isolab(shell: &str) -> (Output, Vec<String>) {
    let tmp = tempfile::tempdir().unwrap();
    std::fs::set_permissions(tmp.path(), std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap(); // as /tmp is
    let shell = shell.replace("isolab", env!("CARGO_BIN_EXE_isolab"));
    let out = Command::new("sh").args(["-c", &shell]).env("LC_ALL", "C").env("TMPDIR", tmp.path()).output().unwrap();
    let left = std::fs::read_dir(tmp.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    (out, left.collect())
}

fn with_too_few_file_descriptors() {
    let codes: Vec<Option<i32>> = (6..32)
        .map(|limit| {
            // fewer do not suffice to look into the folders; `isolab clean` removes those
            let (out, left) = isolab(&format!("ulimit -n {limit}; exec isolab run --as process"));
            assert!(left.is_empty(), "{limit}: {left:?} {out:?}");
            out.status.code()
        })
        .collect();
    let begins = codes.iter().position(|code| *code == Some(0)).expect("32 are enough");
    assert!(begins > 0, "some of these are too few: {codes:?}");
    assert!(
        codes[..begins].iter().all(|code| *code == Some(125)) && codes[begins..].iter().all(|code| *code == Some(0))
    );
}

fn after_becoming_an_ordinary_user() {
    let (out, left) = isolab("isolab run --as container-rootless");
    if out.status.code() == Some(125) {
        isolab::testing::skip(format_args!(
            "after_becoming_an_ordinary_user: {}",
            String::from_utf8_lossy(&out.stderr)
        ));
        return;
    }
    assert!(out.status.success() && left.is_empty(), "{left:?} {out:?}");
}

crate::runner::tests!(with_too_few_file_descriptors, after_becoming_an_ordinary_user);
