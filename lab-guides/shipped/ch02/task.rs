//! What a start does and how it is stamped. Read it; your part is in `work.rs`.

/// A part of a start. The chart draws one piece for each part that has a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The child exists, in its new namespaces.
    Namespaces,
    /// Its user numbers are mapped: root inside, somebody else outside. Only with a user namespace.
    IdMap,
    /// It has another root folder.
    Root,
    /// The program runs.
    Exec,
}

/// Why a step could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed(pub &'static str);

/// The steps of a start. They must be taken in this order; each takes its time.
pub trait Start {
    /// One clone3 with all flags.
    fn make_namespaces(&mut self) -> Result<(), Failed>;
    /// Has it a user namespace? Then somebody outside must write the id map.
    fn has_user_namespace(&self) -> bool;
    fn write_id_map(&mut self) -> Result<(), Failed>;
    fn change_root(&mut self) -> Result<(), Failed>;
    fn exec(&mut self) -> Result<(), Failed>;
}

/// The clock. A mark *ends* a part: what has passed since the mark before is charged to it.
pub trait Marks {
    fn mark(&mut self, ends: Part);
}
