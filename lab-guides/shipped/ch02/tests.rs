//! Tests of chapter 2's task: a start whose every step takes a known time.
#![allow(unreachable_pub, clippy::pedantic, reason = "a task is a small world of its own")]

#[path = "task.rs"]
mod task;
#[path = "../../work/ch02/work.rs"]
#[rustfmt::skip]
mod work;

use std::cell::Cell;
use task::{Failed, Marks, Part, Start};

/// Each step moves this clock by its own time.
#[derive(Default)]
struct Clock(Cell<u64>);

struct Scripted<'a> {
    clock: &'a Clock,
    took: [u64; 4],
    user_namespace: bool,
    fails_at: Option<Part>,
    done: Vec<Part>,
}

impl Scripted<'_> {
    fn step(&mut self, part: Part) -> Result<(), Failed> {
        self.clock.0.set(self.clock.0.get() + self.took[part as usize]);
        if self.fails_at == Some(part) {
            return Err(Failed("as scripted"));
        }
        self.done.push(part);
        Ok(())
    }
}

impl Start for Scripted<'_> {
    fn make_namespaces(&mut self) -> Result<(), Failed> {
        self.step(Part::Namespaces)
    }
    fn has_user_namespace(&self) -> bool {
        self.user_namespace
    }
    fn write_id_map(&mut self) -> Result<(), Failed> {
        assert!(self.user_namespace, "there is no user namespace: its id map cannot be written");
        self.step(Part::IdMap)
    }
    fn change_root(&mut self) -> Result<(), Failed> {
        self.step(Part::Root)
    }
    fn exec(&mut self) -> Result<(), Failed> {
        self.step(Part::Exec)
    }
}

struct Stamps<'a> {
    clock: &'a Clock,
    marks: Vec<(Part, u64)>,
}

impl Marks for Stamps<'_> {
    fn mark(&mut self, ends: Part) {
        self.marks.push((ends, self.clock.0.get()));
    }
}

struct Seen {
    result: Result<(), Failed>,
    done: Vec<Part>,
    /// Each part that has a mark, with the time charged to it.
    charged: Vec<(Part, u64)>,
    total: u64,
}

fn run(took: [u64; 4], user_namespace: bool, fails_at: Option<Part>) -> Seen {
    let clock = Clock::default();
    let mut it = Scripted { clock: &clock, took, user_namespace, fails_at, done: Vec::new() };
    let mut stamps = Stamps { clock: &clock, marks: Vec::new() };
    let result = work::start(&mut it, &mut stamps);
    let mut before = 0;
    let charged = stamps.marks.iter().map(|(part, at)| (*part, at - std::mem::replace(&mut before, *at))).collect();
    Seen { result, done: it.done, charged, total: clock.0.get() }
}

const TOOK: [u64; 4] = [613, 90, 431, 148];

#[test]
fn every_part_is_charged_with_its_own_time() {
    let seen = run(TOOK, true, None);
    let expected = [(Part::Namespaces, 613), (Part::IdMap, 90), (Part::Root, 431), (Part::Exec, 148)];
    assert_eq!(
        seen.charged, expected,
        "\nleft: what your marks charge to each part; right: what each step really took.\n\
         A mark ends the part before it. Where it comes too late, this part pays for its neighbour."
    );
    assert_eq!(seen.charged.iter().map(|(_, took)| took).sum::<u64>(), seen.total, "parts must sum to the total");
}

#[test]
fn a_part_that_did_not_happen_has_no_mark() {
    let seen = run(TOOK, false, None);
    let parts: Vec<Part> = seen.charged.iter().map(|(part, _)| *part).collect();
    assert_eq!(
        parts,
        [Part::Namespaces, Part::Root, Part::Exec],
        "\nWithout a user namespace nobody writes an id map. A mark would report it as measured, with 0 ns."
    );
}

#[test]
fn a_part_that_took_no_time_still_has_its_mark() {
    let seen = run([5, 0, 7, 0], true, None);
    let expected = [(Part::Namespaces, 5), (Part::IdMap, 0), (Part::Root, 7), (Part::Exec, 0)];
    assert_eq!(seen.charged, expected, "\n0 was measured here: that is not the same as absent.");
}

#[test]
fn the_steps_are_all_taken_and_in_their_order() {
    assert_eq!(run(TOOK, true, None).done, [Part::Namespaces, Part::IdMap, Part::Root, Part::Exec]);
    assert_eq!(run(TOOK, false, None).done, [Part::Namespaces, Part::Root, Part::Exec]);
}

#[test]
fn a_step_that_fails_ends_the_start_without_a_mark() {
    for (failing, done) in [(Part::Namespaces, 0), (Part::IdMap, 1), (Part::Root, 2), (Part::Exec, 3)] {
        let seen = run(TOOK, true, Some(failing));
        assert_eq!(seen.result, Err(Failed("as scripted")), "the failure of {failing:?} must reach the caller");
        assert_eq!(seen.done.len(), done, "no step may follow {failing:?}, which failed");
        assert_eq!(seen.charged.len(), done, "{failing:?} did not end, so it has no mark: {:?}", seen.charged);
    }
}
