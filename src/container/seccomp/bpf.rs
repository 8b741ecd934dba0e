//! The filter's machine: classic BPF over `struct seccomp_data` (linux/seccomp.h, linux/bpf_common.h).
//!
//! It has one register and jumps only forwards, at most 255 instructions far. Every answer stands once, at the end.

use std::ops::Range;

use super::{Check, EPERM, Test, Verdict, X32_OWN};

// Offsets into struct seccomp_data.
pub(crate) const NUMBER: u32 = 0;
pub(crate) const ARCH: u32 = 4;
pub(crate) const ARGUMENTS: u32 = 16;

// linux/audit.h; asm/unistd.h
pub(crate) const X86_64: u32 = 0xc000_003e;
pub(crate) const I386: u32 = 0x4000_0003;
pub(crate) const X32_BIT: u32 = 0x4000_0000;

pub(crate) const LOAD_WORD: u16 = 0x20;
pub(crate) const AND: u16 = 0x54;
pub(crate) const JUMP_IF_EQUAL: u16 = 0x15;
pub(crate) const JUMP_IF_AT_LEAST: u16 = 0x35;
pub(crate) const JUMP_IF_ANY_BIT: u16 = 0x45;
pub(crate) const RETURN: u16 = 0x06;

pub(crate) const ALLOW: u32 = 0x7fff_0000;
pub(crate) const FAIL: u32 = 0x0005_0000;
pub(crate) const DENY: u32 = FAIL | EPERM;
pub(crate) const KILL_PROCESS: u32 = 0x8000_0000;

/// `struct sock_filter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) code: u16,
    pub(crate) jt: u8,
    pub(crate) jf: u8,
    pub(crate) k: u32,
}

/// A filter in the making.
#[derive(Default)]
pub(super) struct Program {
    code: Vec<Instruction>,
    /// Jumps that go to an answer: which, whether it is the side where the test holds, and the answer.
    open: Vec<(Jump, bool, Verdict)>,
}

/// A jump by its place.
pub(super) type Jump = usize;

impl Program {
    pub(super) fn load(&mut self, offset: u32) {
        self.push(LOAD_WORD, offset);
    }

    /// A jump for when the test holds; where it goes [`Program::land`] says.
    pub(super) fn jump(&mut self, code: u16, k: u32) -> Jump {
        self.push(code, k);
        self.code.len() - 1
    }

    pub(super) fn answer(&mut self, k: u32) {
        self.push(RETURN, k);
    }

    fn push(&mut self, code: u16, k: u32) {
        self.code.push(Instruction { code, jt: 0, jf: 0, k });
    }

    /// The jump goes to what comes next.
    pub(super) fn land(&mut self, jump: Jump) {
        self.lead(jump, true);
    }

    fn lead(&mut self, jump: Jump, holds: bool) {
        let distance = u8::try_from(self.code.len() - jump - 1).expect("a filter is shorter than 256 instructions");
        let jump = &mut self.code[jump];
        *(if holds { &mut jump.jt } else { &mut jump.jf }) = distance;
    }

    /// x32 marks its numbers by a bit: without it they are x86-64's, except for those to which the jump leads.
    pub(super) fn x32_calls(&mut self) -> Jump {
        let is_x32 = self.jump(JUMP_IF_AT_LEAST, X32_BIT);
        self.push(AND, !X32_BIT);
        let own = self.jump(JUMP_IF_AT_LEAST, X32_OWN.start);
        self.lead(is_x32, false);
        own
    }

    /// Finds the range of the number in the register, in as little as there is: see [`Search`].
    pub(super) fn search(&mut self, ranges: &[(u32, Verdict)]) {
        let search = Search::cheapest(ranges);
        self.search_in(ranges, &search, 0..ranges.len());
    }

    fn search_in(&mut self, ranges: &[(u32, Verdict)], search: &Search, these: Range<usize>) {
        let middle = match search.best(&these) {
            Step::Exceptions { usual } => {
                let mut last = None;
                for (number, verdict) in ranges[these].iter().filter(|(_, verdict)| *verdict != usual) {
                    let jump = self.jump(JUMP_IF_EQUAL, *number);
                    self.open.push((jump, true, *verdict));
                    last = Some(jump);
                }
                return self.open.extend(last.map(|jump| (jump, false, usual)));
            }
            Step::Split { middle } => middle,
        };
        let jump = self.jump(JUMP_IF_AT_LEAST, ranges[middle].0);
        for (holds, half) in [(false, these.start..middle), (true, middle..these.end)] {
            if half.len() == 1 {
                self.open.push((jump, holds, ranges[half.start].1));
            } else {
                self.lead(jump, holds);
                self.search_in(ranges, search, half);
            }
        }
    }

    /// Each verdict once, behind all searches.
    pub(super) fn finish(mut self) -> Vec<Instruction> {
        while let Some((_, _, verdict)) = self.open.first().copied() {
            let (these, others) =
                std::mem::take(&mut self.open).into_iter().partition(|(_, _, other)| *other == verdict);
            let these: Vec<_> = these;
            these.iter().for_each(|(jump, holds, _)| self.lead(*jump, *holds));
            self.open = others;
            self.decide(verdict);
        }
        self.code
    }

    fn decide(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Allow => self.answer(ALLOW),
            Verdict::Fail(errno) => self.answer(FAIL | errno),
            Verdict::Look(check) => self.look(check),
        }
    }

    fn look(&mut self, check: Check) {
        let (code, values, met): (u16, &[u32], bool) = match &check.test {
            Test::Among(values) => (JUMP_IF_EQUAL, values, true),
            Test::NotAmong(values) => (JUMP_IF_EQUAL, values, false),
            Test::NoBit(bits) => (JUMP_IF_ANY_BIT, std::slice::from_ref(bits), false),
        };
        self.load(ARGUMENTS + 8 * check.argument);
        let jumps: Vec<Jump> = values.iter().map(|value| self.jump(code, *value)).collect();
        let (if_met, otherwise) = if met { (ALLOW, DENY) } else { (DENY, ALLOW) };
        self.answer(otherwise);
        jumps.into_iter().for_each(|jump| self.land(jump));
        self.answer(if_met);
    }
}

/// How a range is found.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// All have one verdict but for a few numbers: those are asked for one by one.
    Exceptions { usual: Verdict },
    /// Is the number at least the first of this range?
    Split { middle: usize },
}

/// The cheapest search over ranges, by dynamic programming over all their intervals (Knuth, "Optimum binary search trees",
/// 1971): installing a filter costs [`TRANSLATED`] for each of its instructions and one for each that each number runs.
struct Search {
    count: usize,
    /// By first range and end.
    best: Vec<(u32, Step)>,
}

/// What an instruction costs that is translated to machine code, in instructions run: 0.1 µs and 1.2 ns (Linux 6.18).
const TRANSLATED: u32 = 80;

impl Search {
    fn cheapest(ranges: &[(u32, Verdict)]) -> Search {
        const NEWER: u32 = 2; // numbers of the last range, which never ends
        let count = ranges.len();
        let start = |place: usize| ranges.get(place).map_or_else(|| ranges[count - 1].0 + NEWER, |(first, _)| *first);
        let mut search = Search { count, best: vec![(0, Step::Split { middle: 0 }); count * (count + 1)] };
        for length in 2..=count {
            for first in 0..=count - length {
                let these = first..first + length;
                let once = TRANSLATED + start(these.end) - start(first); // one more instruction, which all of these run
                let split = |middle| {
                    (once + search.cost(first, middle) + search.cost(middle, these.end), Step::Split { middle })
                };
                let best = (first + 1..these.end).map(split).min_by_key(|(cost, _)| *cost);
                let few = exceptions(&ranges[these.clone()], |place| start(first + place + 1) - start(first + place))
                    .map(|(number, usual)| (number * once, Step::Exceptions { usual }));
                let place = search.place(first, these.end);
                search.best[place] = few.into_iter().chain(best).min_by_key(|(cost, _)| *cost).expect("there are two");
            }
        }
        search
    }

    fn place(&self, first: usize, end: usize) -> usize {
        first * (self.count + 1) + end
    }

    fn cost(&self, first: usize, end: usize) -> u32 {
        self.best[self.place(first, end)].0
    }

    fn best(&self, these: &Range<usize>) -> Step {
        self.best[self.place(these.start, these.end)].1
    }
}

/// Ranges that all have one verdict but for single numbers: how many those are, and the verdict.
fn exceptions(ranges: &[(u32, Verdict)], length: impl Fn(usize) -> u32) -> Option<(u32, Verdict)> {
    let longest = (0..ranges.len()).max_by_key(|place| length(*place))?;
    let usual = ranges[longest].1;
    let mut others = (0..ranges.len()).filter(|place| ranges[*place].1 != usual);
    let count = others.clone().count() as u32;
    others.all(|place| length(place) == 1).then_some((count, usual))
}
