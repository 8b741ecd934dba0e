//! `--disk FILE[:ro]` of `isolab run`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::environments::Arm;
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::{AnsweredBy, Disk};
use crate::said;

/// More have no name in the guest that people know: /dev/vda to /dev/vdh.
const MOST: usize = 8;

/// The disks of a guest, in the order in which it sees them. A file whose name ends in `:ro` is `NAME:rw`.
pub(super) fn all(words: &[OsString], arm: &Arm) -> Result<Vec<Disk>> {
    if !words.is_empty() && arm.env.about().answered_by != AnsweredBy::GuestLinux {
        let cause =
            said!("only a guest that boots Linux has drivers for it", "리눅스를 부팅하는 게스트에만 드라이버가 있음");
        let doing = said!("give {arm} a disk", "{arm}에 디스크를 줄 수 없습니다");
        return Err(Error::usage(doing, cause).try_this(Said::english("--as vm-linux")));
    }
    if words.len() > MOST {
        let doing =
            said!("give the guest {count} disks", "게스트에 디스크 {count}개를 줄 수 없습니다", count = words.len());
        return Err(Error::usage(doing, said!("there is room for {MOST}", "{MOST}개까지 됨"))
            .try_this(said!("fewer --disk", "--disk를 줄이십시오")));
    }
    Ok(words.iter().map(|word| one(word)).collect())
}

fn one(word: &OsStr) -> Disk {
    let bytes = word.as_bytes();
    let path = bytes.strip_suffix(b":ro").or_else(|| bytes.strip_suffix(b":rw")).unwrap_or(bytes);
    Disk { path: OsStr::from_bytes(path).into(), read_only: bytes.ends_with(b":ro") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_says_whether_it_is_written_to() {
        let read = |word: &str| {
            let disk = one(OsStr::new(word));
            (disk.path.to_str().unwrap().to_owned(), disk.read_only)
        };
        assert_eq!(read("a.img"), ("a.img".into(), false));
        assert_eq!(read("dir/a:b.img:ro"), ("dir/a:b.img".into(), true));
        assert_eq!(read("a:ro:rw"), ("a:ro".into(), false));
    }

    #[test]
    fn only_a_guest_with_linux_has_disks() {
        let words = ["a".into()];
        for arm in ["process", "vm-bare"] {
            let error = all(&words, &Arm::parse(arm).unwrap()).unwrap_err();
            assert!(error.try_this.contains("vm-linux"), "{error}");
        }
        let linux = Arm::parse("vm-linux").unwrap();
        assert_eq!(all(&words, &linux).unwrap().len(), 1);
        assert!(all(&vec!["a".into(); 9], &linux).is_err());
    }
}
