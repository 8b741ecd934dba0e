//! Wrong: the mark is stamped even when the step has failed.

use crate::task::{Failed, Marks, Part, Start};

pub fn start(it: &mut dyn Start, clock: &mut dyn Marks) -> Result<(), Failed> {
    let made = it.make_namespaces();
    clock.mark(Part::Namespaces);
    made?;
    if it.has_user_namespace() {
        let written = it.write_id_map();
        clock.mark(Part::IdMap);
        written?;
    }
    let changed = it.change_root();
    clock.mark(Part::Root);
    changed?;
    let ran = it.exec();
    clock.mark(Part::Exec);
    ran
}
