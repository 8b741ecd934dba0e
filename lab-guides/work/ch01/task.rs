//! What a listing of namespaces is. Read it; your part is in `work.rs`.
#![allow(dead_code, reason = "which of these names a solution uses is its own affair")]

/// One line of `ls -l /proc/PID/ns`: `net -> net:[4026531833]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name of the link: "net", "pid", "pid_for_children" …
    pub name: String,
    /// Where it points, "net:[4026531833]": the kind of namespace and the inode number that stands for it. None: the
    /// link could not be read (permission denied, the process was gone).
    pub target: Option<String>,
}

/// All namespaces of one process, in the order of the listing.
pub type Listing = Vec<Entry>;

/// What the second listing has that the first has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Names of namespaces that are the process's own, in the order of its listing.
    pub new: Vec<String>,
    /// Names of namespaces of which the two listings don't tell: missing in the first, or not readable in one of them.
    pub unknown: Vec<String>,
}

/// These two say in which namespace *children* will be born. They are no namespace of the process itself.
pub const FOR_CHILDREN: [&str; 2] = ["pid_for_children", "time_for_children"];

/// Reads a listing, a line an entry: "net -> net:[4026531833]", or "net -> ?" for one that could not be read.
pub fn parse(text: &str) -> Listing {
    let entry = |line: &str| {
        let (name, target) = line.trim().split_once(" -> ")?;
        let target = (target != "?").then(|| target.to_owned());
        Some(Entry { name: name.to_owned(), target })
    };
    text.lines().filter_map(entry).collect()
}
