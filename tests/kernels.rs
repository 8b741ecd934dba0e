//! `isolab kernel`: what is kept, what is chosen, what is refused.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::Value;

use isolab::kernels::modules;
use isolab::kernels::store::Store;
use isolab::vm::kernel_image::Format;

use crate::common::{Answer, World, run, skip};

/// A bzImage by its header: 2.15, 64-bit entry, one paragraph of code after two sectors of setup.
fn bz_image(version: &str) -> Vec<u8> {
    let mut file = vec![0; 0x610];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1f1, &[2]);
    put(0x1f4, &[1]);
    put(0x1fe, &[0x55, 0xaa]);
    put(0x202, b"HdrS\x0f\x02");
    put(0x20e, &[0, 1]);
    put(0x211, &[1]);
    put(0x230, &[0, 0, 0x20, 0]);
    put(0x236, &[1]);
    put(0x258, &[0, 0, 0, 1]);
    put(0x260, &[0, 0, 0, 2]);
    put(0x300, version.as_bytes());
    file
}

fn world() -> World {
    World::new()
}

fn kernels_are_added_listed_and_chosen() {
    let world = world();
    world.run(["kernel", "list"]).ends_with(0);
    let file = world.file("k", bz_image("6.1.0-x (builder) #1"));
    world.run(["kernel", "add", &file]).ends_with(0).says("* 6.1.0-x").says("48.0 MiB of RAM");
    world.file("k", bz_image("6.2.0-x (builder) #1"));
    world.run(["kernel", "add", &file]).ends_with(0).says("kernel use 6.2.0-x");
    let default = || -> Vec<(String, bool)> {
        let all: Value = serde_json::from_str(&world.run(["kernel", "list", "--json"]).out).unwrap();
        let ours = all.as_array().unwrap().iter().filter(|k| k["of_host"] == false);
        ours.map(|k| (k["name"].as_str().unwrap().to_owned(), k["default"] == true)).collect()
    };
    assert_eq!(default(), [("6.1.0-x".into(), true), ("6.2.0-x".into(), false)]);
    world.run(["kernel", "use", "6.2.0-x"]).ends_with(0);
    assert_eq!(default(), [("6.1.0-x".into(), false), ("6.2.0-x".into(), true)]);
    world.run(["kernel", "list", "--lang", "ko"]).ends_with(0).says("추가한 커널").says("48.0 MiB");
    assert!(world.join("home/.local/share/isolab/kernels/6.2.0-x/kernel").is_file());
}

fn what_cannot_be_booted_is_refused_with_its_reason() {
    let world = world();
    let whole = bz_image("6.1.0-x");
    let changed = |at: usize, byte: u8| {
        let mut file = whole.clone();
        file[at] = byte;
        file
    };
    let table = [
        ("text", b"#!/bin/sh\n".to_vec(), "no Linux kernel"),
        ("32-bit", changed(0x236, 0), "32-bit kernel"),
        ("old", changed(0x206, 0x0a), "boot protocol is 2.10"),
        ("cut", whole[..0x605].to_vec(), "cut off: 1541 bytes are there of at least 1552"),
        ("header-cut", whole[..0x250].to_vec(), "cut off"),
        ("gz", b"\x1f\x8b\x08\0".to_vec(), "compressed as a whole (gzip)"),
        ("arm", [vec![0; 0x38], b"ARM\x64".to_vec(), vec![0; 600]].concat(), "another kind of CPU: arm64"),
        ("empty", Vec::new(), "no Linux kernel"),
    ];
    for (name, bytes, cause) in table {
        let file = world.file(name, bytes);
        world.run(["kernel", "add", &file]).refuses(2, "use", cause, "");
    }
    world.run(["kernel", "add", "none"]).refuses(2, "read the kernel none", "No such file", "");
    world.run(["kernel", "add", "."]).refuses(2, "read the kernel .", "no file", "");
    let good = world.file("good", &whole);
    world.run(["kernel", "add", &good, "--name", "../x"]).refuses(2, "call a kernel", "letters", "--name");
    world.run(["kernel", "add", &good, "--modules", "none"]).refuses(2, "take modules", "No such file", "/lib/modules");
    world.run(["kernel", "use", "none"]).refuses(2, "find the kernel \"none\"", "", "kernel list");
    assert!(!world.join("home/.local").exists(), "nothing was kept");
    world.run(["kernel", "add", &good]).ends_with(0);
    world.run(["kernel", "use", "none"]).refuses(2, "find the kernel \"none\"", "there are: 6.1.0-x", "");
}

/// Ubuntu's /boot: only root may read it. With sudo the copy is the caller's.
fn under_sudo_the_copy_is_the_callers() {
    if !crate::common::root() {
        return skip("kernels::under_sudo_the_copy_is_the_callers", "only root can give files away");
    }
    let world = world();
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let home = world.join("home");
    nix::unistd::chown(&home, Some(12_345.into()), Some(12_345.into())).unwrap();
    let file = world.file("k", bz_image("6.1.0-x"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let data = home.join("data");
    let mut sudo = world.isolab(["kernel", "add", &file]);
    sudo.env("XDG_DATA_HOME", &data).env("SUDO_UID", "12345").env("SUDO_GID", "12345");
    run(&mut sudo).ends_with(0);
    for name in ["", "isolab/kernels", "isolab/kernels/6.1.0-x/kernel", "isolab/kernels/default"] {
        assert_eq!(fs::metadata(data.join(name)).unwrap().uid(), 12_345, "{name}");
    }
}

/// What the module itself says (`depends=` in .modinfo).
fn depends(module: &[u8]) -> Vec<String> {
    let key = b"depends=";
    let Some(at) = module.windows(key.len()).position(|window| window == key) else { return Vec::new() };
    let text = module[at + key.len()..].split(|byte| *byte == 0).next().unwrap();
    let names = std::str::from_utf8(text).unwrap().split(',').filter(|name| !name.is_empty());
    names.map(|name| name.replace('-', "_")).collect()
}

/// The kernel that this machine would boot, where there is one.
fn a_real_kernel_is_unpacked_and_its_modules_are_in_order() {
    const NAME: &str = "kernels::a_real_kernel_is_unpacked_and_its_modules_are_in_order";
    let kernel = match isolab::kernels::chosen(None) {
        Ok(kernel) => kernel,
        Err(error) => return skip(NAME, &error.cause),
    };
    let world = world();
    let store = Store::at(world.join("store"), world.join("none"));
    let vmlinux = store.unpacked(&kernel).unwrap();
    let of_it = isolab::kernels::facts::of_file(&vmlinux, None).unwrap();
    assert_eq!((of_it.version, of_it.format), (kernel.version.clone(), Format::Vmlinux));
    assert!(of_it.needs_ram_bytes > 16 << 20 && of_it.needs_ram_bytes <= kernel.needs_ram_bytes, "{kernel:?}");
    let Some(dir) = kernel.modules else { return skip(NAME, "its modules are not here") };
    let modules = modules::load(&dir, &["virtio_mmio", "virtio_blk", "virtio-rng"]).unwrap();
    assert!(modules.iter().any(|module| module.name == "virtio_blk"));
    for (at, module) in modules.iter().enumerate() {
        for needed in depends(&module.bytes) {
            let before = modules[..at].iter().any(|other| other.name == needed);
            assert!(before, "{} comes before {needed}, which it needs", module.name);
        }
    }
    assert!(modules.iter().all(|module| module.bytes.starts_with(b"\x7fELF") && module.bytes.len() > 1000));
    assert!(modules::load(&dir, &["no_such"]).unwrap_err().try_this.contains("kernel fetch"));
}

/// An apt of the test's own: it "downloads" a file, and what "unpacks" it makes the tree of a package.
fn with_apt(world: &World, args: &[&str]) -> Answer {
    world.file("bz", bz_image("6.1.0-57-cloud-amd64 (x)"));
    let bin = world.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let program = |name: &str, script: &str| {
        world.program(&format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
    };
    program(
        "apt-cache",
        r#"case "$1 $2" in
        "depends linux-image-cloud-amd64") echo "  Depends: linux-image-6.1.0-57-cloud-amd64" ;;
        "depends linux-image-6"*) echo "  Depends: kmod" ;;
        "show linux-image-6"*) echo "Size: 26705532" ;;
        *) echo "E: No packages found" >&2; exit 100 ;; esac"#,
    );
    program("apt-get", r#"[ "$APT_FAILS" ] && { echo "E: no network" >&2; exit 100; }; echo > "$3".deb"#);
    program(
        "dpkg-deb",
        r#"v=6.1.0-57-cloud-amd64; mkdir -p "$3/boot" "$3/usr/lib/modules/$v/kernel"
        cp "$BZ" "$3/boot/vmlinuz-$v"; echo code > "$3/usr/lib/modules/$v/kernel/x.ko""#,
    );
    program("depmod", r#"echo "kernel/x.ko:" > "$2/lib/modules/$3/modules.dep""#);
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let mut isolab = world.isolab(args);
    isolab.env("PATH", path).env("BZ", world.join("bz"));
    if args.contains(&"fails") {
        isolab.env("APT_FAILS", "1");
    }
    run(&mut isolab)
}

fn a_distributions_kernel_is_fetched_with_its_modules() {
    let world = world();
    let answer = with_apt(&world, &["kernel", "fetch"]);
    answer.ends_with(0).says("downloading linux-image-6.1.0-57-cloud-amd64: 25.5 MiB").says("with modules");
    let dir = world.join("home/.local/share/isolab/kernels/6.1.0-57-cloud-amd64");
    assert_eq!(fs::read_to_string(dir.join("modules/modules.dep")).unwrap(), "kernel/x.ko:\n");
    assert!(dir.join("modules/kernel/x.ko").is_file());
    assert_eq!(fs::read_dir(world.join("tmp")).unwrap().count(), 0, "what was downloaded is gone");
    with_apt(&world, &["kernel", "fetch", "none"]).refuses(3, "find a kernel", "no package none", "apt-get update");
    with_apt(&world, &["kernel", "fetch", "--name", "fails"]).refuses(1, "fetch linux-image-6", "no network", "");
    let mut without = world.isolab(["kernel", "fetch"]);
    run(without.env("PATH", "/nowhere")).refuses(3, "find a kernel", "apt", "kernel add FILE");
}

crate::runner::tests!(
    kernels_are_added_listed_and_chosen,
    what_cannot_be_booted_is_refused_with_its_reason,
    under_sudo_the_copy_is_the_callers,
    a_real_kernel_is_unpacked_and_its_modules_are_in_order,
    a_distributions_kernel_is_fetched_with_its_modules
);
