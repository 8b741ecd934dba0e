//! What is mounted where: /proc/self/mountinfo (proc_pid_mountinfo(5)).

/// One line: `ID PARENT DEV ROOT AT OPTIONS [TAGS…] - KIND SOURCE SUPEROPTIONS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The folder that it covers.
    pub at: String,
    /// Of this mount: "ro", "nosuid" …
    pub options: Vec<String>,
    /// The file system's type: "ext4", "cgroup2", "9p".
    pub kind: String,
    pub source: String,
    /// Of the file system: for cgroup v1 the controllers stand here.
    pub super_options: Vec<String>,
}

impl Mount {
    /// Is it, or its file system, read-only?
    pub fn is_read_only(&self) -> bool {
        self.options.iter().chain(&self.super_options).any(|o| o == "ro")
    }
}

/// Every mount, in the kernel's order: of two at one place the later one is seen.
pub fn mounts(mountinfo: &str) -> Vec<Mount> {
    mountinfo.lines().filter_map(mount).collect()
}

fn mount(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut left = left.split(' ').skip(4);
    let mut right = right.splitn(3, ' ');
    let list = |text: &str| text.split(',').map(unescape).collect();
    Some(Mount {
        at: unescape(left.next()?),
        options: list(left.next()?),
        kind: right.next()?.to_owned(),
        source: unescape(right.next()?),
        super_options: list(right.next().unwrap_or_default()),
    })
}

/// Spaces, tabs, line ends and backslashes are written as `\` and three octal digits.
fn unescape(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_tags_and_escapes() {
        let line =
            "118 86 0:60 / /mnt/my\\040disk rw,noatime shared:5 - 9p C:\\134 rw,aname=drvfs;path=C:\\,trans=fd\n";
        let [mount] = mounts(line).try_into().unwrap();
        assert_eq!((mount.at.as_str(), mount.kind.as_str(), mount.source.as_str()), ("/mnt/my disk", "9p", "C:\\"));
        assert_eq!(mount.options, ["rw", "noatime"]);
        assert!(mount.super_options.contains(&"aname=drvfs;path=C:\\".to_owned()) && !mount.is_read_only());
    }

    #[test]
    fn what_is_no_mount_is_left_out() {
        assert!(mounts("").is_empty() && mounts("1 2 0:1 / /x rw shared:1\n").is_empty());
        assert!(mounts("1 2 0:1 / /x ro - tmpfs tmpfs rw\n")[0].is_read_only());
    }
}
