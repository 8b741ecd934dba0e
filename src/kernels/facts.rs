//! What is known of a kernel's file: from its headers, its text, its bytes.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{Kernel, Source, unpack};
use crate::error::{Context, Error, Result};
use crate::results::hash::sha256_of_file;
use crate::said;
use crate::vm::kernel_image::{Fault, Format, HEAD, Image};

/// The kernel in this file. `name`: what it is called; its version, else its file's name.
///
/// # Errors
/// When it can't be read, or is no kernel that can be booted.
pub fn of_file(path: &Path, name: Option<&str>) -> Result<Kernel> {
    let open = || said!("read the kernel {path}", "커널 {path}을(를) 읽을 수 없습니다", path = path.display());
    let file = File::open(path).map_err(|cause| {
        let remedy = Fault::Unreadable(cause.kind()).remedy();
        Error::usage(open(), cause).try_this(remedy)
    })?;
    let meta = file.metadata().doing(open)?;
    if !meta.is_file() {
        return Err(Error::usage(open(), said!("it is no file", "파일이 아님")).try_this(Fault::NotAKernel.remedy()));
    }
    let fault = |fault: Fault| {
        let doing = said!("use {path} as a kernel", "{path}을(를) 커널로 쓸 수 없습니다", path = path.display());
        Error::usage(doing, fault.said()).try_this(fault.remedy())
    };
    let image = Image::of(&file).map_err(fault)?;
    let banner = match image.banner {
        Some(banner) => Some(banner),
        None => Some(banner_in(&file).doing(open)?.ok_or_else(|| fault(Fault::NotAKernel))?),
    };
    let version = banner.as_deref().and_then(version);
    let file_name = || path.file_name().map(|n| n.to_string_lossy().into_owned());
    Ok(Kernel {
        name: name.map(str::to_owned).or_else(|| version.clone()).or_else(file_name).unwrap_or_default(),
        path: path.to_owned(),
        sha256: sha256_of_file(path).doing(open)?,
        format: image.format,
        bytes: meta.len(),
        needs_ram_bytes: image.needs_ram_bytes,
        modules: None,
        version,
        source: Source::File,
    })
}

/// What a bzImage holds.
///
/// # Errors
/// When it is packed in a way that isolab does not unpack, or damaged.
pub fn vmlinux_of(path: &Path) -> Result<Vec<u8>> {
    let doing = || said!("unpack the kernel {path}", "커널 {path}의 압축을 풀 수 없습니다", path = path.display());
    let file = File::open(path).doing(doing)?;
    let image = Image::of(&file).map_err(|fault| Error::usage(doing(), fault.said()).try_this(fault.remedy()))?;
    let payload = image.payload.unwrap_or(0..0);
    let mut packed = vec![0; (payload.end - payload.start) as usize];
    file.read_exact_at(&mut packed, payload.start).doing(doing)?;
    let vmlinux = unpack::payload(&packed).map_err(|fault| Error::new(doing(), fault.said()))?;
    let head = &vmlinux[..vmlinux.len().min(HEAD)];
    match Image::from_head(head, vmlinux.len() as u64) {
        Ok(Image { format: Format::Vmlinux, .. }) => Ok(vmlinux),
        _ => Err(Error::new(doing(), said!("what is packed in it is no vmlinux", "압축된 내용이 vmlinux가 아님"))),
    }
}

/// "6.1.0-57-cloud-amd64 (…) …" begins with it.
fn version(banner: &str) -> Option<String> {
    banner.split_whitespace().next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

/// What follows "Linux version " in a vmlinux (`linux_banner`, init/version.c).
fn banner_in(mut file: &File) -> std::io::Result<Option<String>> {
    const MARK: &[u8] = b"Linux version ";
    const KEPT: usize = 128;
    let mut piece = vec![0; 1 << 20];
    let mut kept = 0; // of the piece before, so that a mark across two is found with its text
    loop {
        let read = file.read(&mut piece[kept..])?;
        let whole = &piece[..kept + read];
        let search = if read == 0 { whole } else { &whole[..whole.len().saturating_sub(KEPT)] };
        let starts = search.iter().enumerate().filter(|(_, byte)| **byte == b'L').map(|(at, _)| at);
        let is_text = |rest: &&[u8]| rest.first().is_some_and(u8::is_ascii_digit);
        if let Some(rest) = starts.filter_map(|at| whole[at..].strip_prefix(MARK)).find(is_text) {
            let end = rest.iter().take(KEPT - MARK.len()).take_while(|byte| (b' '..=b'~').contains(byte)).count();
            return Ok(Some(String::from_utf8_lossy(&rest[..end]).into_owned()));
        }
        if read == 0 {
            return Ok(None);
        }
        let all = kept + read;
        kept = all.min(KEPT);
        piece.copy_within(all - kept..all, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::vm::kernel_image::made;

    #[test]
    fn a_vmlinux_has_its_version_in_its_text_wherever_that_lies() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vmlinux");
        for before in [0, 10, (1 << 20) - 125, (1 << 20) - 121, 1 << 20, (2 << 20) - 200] {
            let text = [vec![b'L'; before], b"Linux version %s\0Linux version 6.8.0-1 (x)\n\0".to_vec()].concat();
            std::fs::write(&path, made::vmlinux(&text)).unwrap();
            let kernel = of_file(&path, None).unwrap();
            assert_eq!((kernel.version.as_deref(), kernel.format), (Some("6.8.0-1"), Format::Vmlinux), "{before}");
            assert_eq!(kernel.name, "6.8.0-1");
        }
        std::fs::write(&path, made::vmlinux(b"another program")).unwrap();
        assert!(of_file(&path, None).unwrap_err().cause.contains("no Linux kernel"));
    }

    #[test]
    fn what_is_no_kernel_is_refused_with_its_reason_and_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        for (name, path) in [("missing", dir.path().join("none")), ("no file", dir.path().to_owned())] {
            let error = of_file(&path, None).unwrap_err();
            assert!(error.kind == Kind::Usage && !error.try_this.is_empty(), "{name}: {error}");
        }
        let program = of_file(Path::new("/bin/sh"), None).unwrap_err();
        assert!(program.cause.contains("no Linux kernel") && program.try_this.contains("kernel fetch"), "{program}");
    }
}
