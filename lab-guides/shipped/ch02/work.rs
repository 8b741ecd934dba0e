//! Chapter 2, Make: split one stage of a start into its parts.

use crate::task::{Failed, Marks, Part, Start};

/// Starts it step by step, with a mark at the end of each part.
///
/// When a step fails the start ends there: no later step, and no mark for a part that did not end.
pub fn start(it: &mut dyn Start, clock: &mut dyn Marks) -> Result<(), Failed> {
    // TODO: one of these marks is stamped too late, and one part is marked even when it did not happen.
    it.make_namespaces()?;
    if it.has_user_namespace() {
        it.write_id_map()?;
    }
    clock.mark(Part::Namespaces);
    clock.mark(Part::IdMap);
    it.change_root()?;
    clock.mark(Part::Root);
    it.exec()?;
    clock.mark(Part::Exec);
    Ok(())
}
