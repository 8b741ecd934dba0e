//! Names that isolab makes: of a run, of an arm, of what was varied, of a cell. Whoever has one asks it; only here is their
//! text put together and taken apart. In files they are text.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use crate::units::parse_bytes;

/// A type that is a text, in memory and in files.
macro_rules! text {
    ($($name:ident: $about:literal;)*) => { $(
        #[doc = $about]
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> $name {
                $name(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.to_owned())
            }
        }

        impl From<&String> for $name {
            fn from(text: &String) -> $name {
                $name(text.clone())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> $name {
                id.clone()
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<$name> for &str {
            fn eq(&self, other: &$name) -> bool {
                *self == other.0
            }
        }
    )* };
}

text! {
    RunId: "Of a run: random; in the names of its folder and of every cgroup.";
    ArmId: "Of an arm: an environment, its knobs, and the number of a repeated one: `vm-bare:ram=1G:populate`, `process#2`.";
    CellId: "Of a cell: experiment, arm and case: `memory/vm-bare{configured=64M,touch=16M}`.";
}

const OURS: &str = "isolab.";

impl RunId {
    /// The name of its scratch folder, and the beginning of its cgroups'.
    pub fn folder(&self) -> String {
        format!("{OURS}{self}")
    }

    pub fn of_folder(name: &str) -> Option<RunId> {
        Some(RunId::from(name.strip_prefix(OURS)?))
    }

    pub fn cgroup(&self, rest: &str) -> String {
        format!("{OURS}{self}.{rest}")
    }

    /// Of a cgroup's name. Other names that begin like this are not ours: a user's own, or the folder into which a delegated
    /// cgroup's processes were moved.
    pub fn of_cgroup(name: &str) -> Option<RunId> {
        let (run, rest) = name.strip_prefix(OURS)?.split_once('.')?;
        (!run.is_empty() && !rest.is_empty()).then(|| RunId::from(run))
    }
}

impl ArmId {
    pub fn of<'a>(environment: &str, knobs: impl Iterator<Item = &'a str>, copy: u32) -> ArmId {
        let mut text = environment.to_owned();
        knobs.for_each(|knob| text += &format!(":{knob}"));
        if copy > 1 {
            text += &format!("#{copy}");
        }
        ArmId(text)
    }

    /// Without its number.
    pub fn plain(&self) -> &str {
        self.0.split('#').next().unwrap_or_default()
    }

    pub fn environment(&self) -> &str {
        self.plain().split(':').next().unwrap_or_default()
    }

    pub fn knobs(&self) -> impl Iterator<Item = &str> {
        self.plain().split(':').skip(1)
    }

    /// The same knobs and number in another environment.
    #[must_use]
    pub fn in_environment(&self, other: &str) -> ArmId {
        ArmId(format!("{other}{}", &self.0[self.environment().len()..]))
    }

    pub fn has_knobs(&self) -> bool {
        self.knobs().next().is_some()
    }

    /// Does it stand in the run a second or third time?
    pub fn is_repeated(&self) -> bool {
        self.0.contains('#')
    }

    /// The A/A twin of this arm?
    pub fn is_twin_of(&self, first: &ArmId) -> bool {
        self.0.strip_suffix("#2") == Some(first.as_str())
    }
}

impl CellId {
    pub fn of(experiment: &str, arm: &ArmId, case: &Case) -> CellId {
        CellId(format!("{experiment}/{arm}{}", case.braced()))
    }

    fn parts(&self) -> (&str, &str, &str) {
        let (name, case) = self.0.split_once('{').map_or((&*self.0, ""), |(name, case)| (name, case));
        let (experiment, arm) = name.split_once('/').unwrap_or((name, ""));
        (experiment, arm, case.trim_end_matches('}'))
    }

    pub fn experiment(&self) -> &str {
        self.parts().0
    }

    pub fn arm(&self) -> ArmId {
        self.parts().1.into()
    }

    pub fn case(&self) -> Case {
        Case::parse(self.parts().2)
    }

    /// Arm and case, as they are typed: "process", "process{cache=cold}".
    pub fn within_experiment(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(_, rest)| rest)
    }
}

/// What was varied: keys of `--set` and one value of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Case(BTreeMap<String, String>);

impl Case {
    /// "configured=64M,n=1,4,16". A list inside a value keeps its commas.
    fn parse(text: &str) -> Case {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for item in text.split(',').filter(|s| !s.is_empty()) {
            match (item.split_once('='), pairs.last_mut()) {
                (Some((key, value)), _) => pairs.push((key.into(), value.into())),
                (None, Some((_, value))) => *value = format!("{value},{item}"),
                (None, None) => {}
            }
        }
        Case(pairs.into_iter().collect())
    }

    pub fn joined(&self, between: &str) -> String {
        self.0.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(between)
    }

    /// " cache=cold", for behind a name; how many were measured together is the same for all and not told.
    pub fn behind_a_name(&self) -> String {
        self.0.iter().filter(|(key, _)| *key != "n").map(|(key, value)| format!(" {key}={value}")).collect()
    }

    /// "{configured=64M,touch=16M}", or nothing.
    pub fn braced(&self) -> String {
        if self.0.is_empty() { String::new() } else { format!("{{{self}}}") }
    }

    /// A size in bytes.
    pub fn bytes(&self, key: &str) -> Option<u64> {
        parse_bytes(self.0.get(key)?).ok()
    }

    pub fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.parse().ok()
    }

    /// "1,4,16,32".
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        self.0.get(key).map_or(Vec::new(), |list| list.split(',').filter_map(|n| n.parse().ok()).collect())
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.joined(","))
    }
}

impl Deref for Case {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl DerefMut for Case {
    fn deref_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.0
    }
}

impl FromIterator<(String, String)> for Case {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Case {
        Case(pairs.into_iter().collect())
    }
}

impl From<BTreeMap<String, String>> for Case {
    fn from(pairs: BTreeMap<String, String>) -> Case {
        Case(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_goes_there_and_back() {
        let id = CellId::from("memory/vm-bare:ram=1G{configured=64M,n=1,4,16}");
        assert_eq!((id.experiment(), &*id.arm()), ("memory", "vm-bare:ram=1G"));
        assert_eq!(id.case().numbers("n"), [1.0, 4.0, 16.0]);
        assert_eq!(id.case().bytes("configured"), Some(64 << 20));
        assert_eq!(CellId::of(id.experiment(), &id.arm(), &id.case()), id);
        assert_eq!(id.within_experiment(), "vm-bare:ram=1G{configured=64M,n=1,4,16}");
    }

    #[test]
    fn an_arm_knows_its_environment_knobs_and_number() {
        let arm = ArmId::of("vm-bare", ["populate", "ram=1G"].into_iter(), 2);
        assert_eq!((&*arm, arm.environment()), ("vm-bare:populate:ram=1G#2", "vm-bare"));
        assert_eq!(arm.knobs().collect::<Vec<_>>(), ["populate", "ram=1G"]);
        assert!(arm.is_repeated() && arm.has_knobs() && arm.is_twin_of(&"vm-bare:populate:ram=1G".into()));
        let plain = ArmId::from("process");
        assert!(!plain.is_repeated() && !plain.has_knobs() && !arm.is_twin_of(&plain));
    }

    #[test]
    fn in_a_file_they_are_text() {
        let ids = (RunId::from("ab12"), ArmId::from("process#2"), CellId::from("boot/process{cache=cold}").case());
        let text = serde_json::to_string(&ids).unwrap();
        assert_eq!(text, r#"["ab12","process#2",{"cache":"cold"}]"#);
        assert_eq!(serde_json::from_str::<(RunId, ArmId, Case)>(&text).unwrap(), ids);
        assert!(serde_json::from_str::<ArmId>("7").is_err());
    }

    /// A file may hold any text as an id.
    #[test]
    fn no_text_is_too_odd() {
        for odd in ["", "#", ":", "/", "{", "}", "a/b/c", "a{b{c}", "<script>", "x/y{=,,=}", "é#2/한{글"] {
            let (arm, cell) = (ArmId::from(odd), CellId::from(odd));
            let _ = (arm.environment(), arm.knobs().count(), cell.experiment(), cell.arm(), cell.case(), arm.plain());
            assert_eq!((arm.as_str(), cell.as_str()), (odd, odd));
        }
    }
}
