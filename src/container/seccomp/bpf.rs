//! The filter's machine: classic BPF over `struct seccomp_data` (linux/seccomp.h, linux/bpf_common.h).
//!
//! It has one register and jumps only forwards, with a test at most 255 instructions far. Every answer stands once, at the end.

use std::ops::Range;

use super::{Clause, Comparison, Condition, EPERM, LOW_HALF, Treatment, Verdict, X32_OWN};

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
pub(crate) const JUMP: u16 = 0x05;
pub(crate) const JUMP_IF_EQUAL: u16 = 0x15;
pub(crate) const JUMP_IF_AT_LEAST: u16 = 0x35;
pub(crate) const JUMP_IF_ABOVE: u16 = 0x25;
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
pub(super) struct Program<'a> {
    treatments: &'a [Treatment],
    code: Vec<Instruction>,
    /// Jumps that go to an answer: which, whether it is the side where the test holds, and the answer.
    open: Vec<(Jump, bool, Verdict)>,
    /// Tests jump to a jump: that goes as far as it must.
    far: bool,
    /// A test would have to jump farther than it can.
    too_far: bool,
}

/// A jump by its place.
pub(super) type Jump = usize;

impl<'a> Program<'a> {
    pub(super) fn new(treatments: &'a [Treatment], far: bool) -> Program<'a> {
        Program { treatments, code: Vec::new(), open: Vec::new(), far, too_far: false }
    }

    pub(super) fn load(&mut self, offset: u32) {
        self.push(LOAD_WORD, offset);
    }

    /// A jump for when the test holds; where it goes [`Program::land`] says.
    pub(super) fn jump(&mut self, code: u16, k: u32) -> Jump {
        self.push(code, k);
        let jump = self.code.len() - 1;
        if !self.far {
            return jump;
        }
        self.code[jump].jf = 1;
        self.push(JUMP, 0);
        jump + 1
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
        let distance = self.code.len() - jump - 1;
        let instruction = &mut self.code[jump];
        if instruction.code == JUMP {
            instruction.k = distance as u32;
            return;
        }
        self.too_far |= distance > usize::from(u8::MAX);
        *(if holds { &mut instruction.jt } else { &mut instruction.jf }) = distance as u8;
    }

    /// x32 marks its numbers by a bit: without it they are x86-64's, except for those to which the jump leads. None where nobody
    /// may use them.
    pub(super) fn x32_calls(&mut self, allowed: bool) -> Option<Jump> {
        self.push(JUMP_IF_AT_LEAST, X32_BIT);
        let is_x32 = self.code.len() - 1;
        let own = if allowed {
            self.push(AND, !X32_BIT);
            Some(self.jump(JUMP_IF_AT_LEAST, X32_OWN.start))
        } else {
            self.answer(KILL_PROCESS);
            None
        };
        self.lead(is_x32, false);
        own
    }

    /// Finds the range of the number in the register, in as little as there is: see [`Search`].
    pub(super) fn search(&mut self, ranges: &[(u32, Verdict)]) {
        if self.far {
            return self.halve(ranges, 0..ranges.len());
        }
        if ranges.len() > MOST_RANGES {
            self.too_far = true;
            return;
        }
        let search = Search::cheapest(ranges);
        self.search_in(ranges, &search, 0..ranges.len());
    }

    /// By plain binary search.
    fn halve(&mut self, ranges: &[(u32, Verdict)], these: Range<usize>) {
        if these.len() == 1 {
            self.push(JUMP, 0);
            return self.open.push((self.code.len() - 1, true, ranges[these.start].1));
        }
        let middle = these.start + these.len() / 2;
        let jump = self.jump(JUMP_IF_AT_LEAST, ranges[middle].0);
        self.halve(ranges, these.start..middle);
        self.land(jump);
        self.halve(ranges, middle..these.end);
    }

    fn search_in(&mut self, ranges: &[(u32, Verdict)], search: &Search, these: Range<usize>) {
        if these.len() == 1 {
            self.push(JUMP, 0); // one answer for all numbers
            return self.open.push((self.code.len() - 1, true, ranges[these.start].1));
        }
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

    /// Each verdict once, behind all searches. None: a test would jump too far.
    pub(super) fn finish(mut self) -> Option<Vec<Instruction>> {
        while let Some((_, _, verdict)) = self.open.first().copied() {
            let (these, others) =
                std::mem::take(&mut self.open).into_iter().partition(|(_, _, other)| *other == verdict);
            let these: Vec<_> = these;
            these.iter().for_each(|(jump, holds, _)| self.lead(*jump, *holds));
            self.open = others;
            let treatments = self.treatments;
            self.decide(&treatments[verdict.0]);
        }
        (!self.too_far).then_some(self.code)
    }

    fn decide(&mut self, Treatment { clauses, otherwise }: &Treatment) {
        match (clauses.as_slice(), low_half_of_one(clauses)) {
            ([], _) => self.answer(*otherwise),
            ([Clause { conditions, answer }], _) if no_bit(conditions).is_some() => {
                let (argument, bits) = no_bit(conditions).unwrap_or_default();
                self.load(ARGUMENTS + 8 * argument);
                self.push(JUMP_IF_ANY_BIT, bits);
                self.answer(*answer);
                self.lead(self.code.len() - 2, true);
                self.answer(*otherwise);
            }
            (_, Some((argument, values, answer))) => {
                self.load(ARGUMENTS + 8 * argument);
                let first = self.code.len();
                values.iter().for_each(|value| self.push(JUMP_IF_EQUAL, *value));
                self.answer(*otherwise);
                (first..first + values.len()).for_each(|jump| self.lead(jump, true));
                self.answer(answer);
            }
            _ => {
                clauses.iter().for_each(|clause| self.clause(clause));
                self.answer(*otherwise);
            }
        }
    }

    fn clause(&mut self, clause: &Clause) {
        let mut fails = Vec::new();
        for condition in &clause.conditions {
            let mut passes = Vec::new();
            self.condition(condition, &mut passes, &mut fails);
            passes.into_iter().for_each(|(jump, holds)| self.lead(jump, holds));
        }
        self.answer(clause.answer);
        fails.into_iter().for_each(|(jump, holds)| self.lead(jump, holds));
    }

    /// Half by half: the register has 32 bits. Jumps that are added to neither list go to the next instruction.
    fn condition(&mut self, of: &Condition, passes: &mut Vec<(Jump, bool)>, fails: &mut Vec<(Jump, bool)>) {
        let (met, unmet) = match of.comparison {
            Comparison::NotEqual | Comparison::Less | Comparison::LessOrEqual => (fails, passes),
            _ => (passes, fails),
        };
        let [high, low] = [of.value >> 32, of.value & LOW_HALF].map(|half| half as u32);
        let test = |this: &mut Self, code, k| {
            this.push(code, k);
            this.code.len() - 1
        };
        let whole = match of.comparison {
            Comparison::Equal | Comparison::NotEqual => JUMP_IF_EQUAL,
            Comparison::Less | Comparison::GreaterOrEqual => JUMP_IF_AT_LEAST,
            Comparison::LessOrEqual | Comparison::Greater => JUMP_IF_ABOVE,
        };
        self.load_masked(ARGUMENTS + 8 * of.argument + 4, (of.mask >> 32) as u32);
        if whole != JUMP_IF_EQUAL {
            let above = test(self, JUMP_IF_ABOVE, high);
            met.push((above, true));
        }
        let same = test(self, JUMP_IF_EQUAL, high);
        unmet.push((same, false));
        self.load_masked(ARGUMENTS + 8 * of.argument, of.mask as u32);
        let last = test(self, whole, low);
        met.push((last, true));
        unmet.push((last, false));
    }

    fn load_masked(&mut self, offset: u32, mask: u32) {
        self.load(offset);
        if mask != u32::MAX {
            self.push(AND, mask);
        }
    }
}

/// Argument and values, where the low half of one is all that is asked for, and all have one answer.
fn low_half_of_one(clauses: &[Clause]) -> Option<(u32, Vec<u32>, u32)> {
    const FEW: usize = 200; // a test jumps over all of them
    let first = clauses.first().filter(|_| clauses.len() <= FEW)?;
    let argument = first.conditions.first()?.argument;
    let value = |clause: &Clause| match clause.conditions.as_slice() {
        [Condition { argument: other, comparison: Comparison::Equal, mask: LOW_HALF, value }]
            if *other == argument && clause.answer == first.answer =>
        {
            u32::try_from(*value).ok()
        }
        _ => None,
    };
    Some((argument, clauses.iter().map(value).collect::<Option<_>>()?, first.answer))
}

/// Argument and bits, where none of these bits of its low half may be set.
fn no_bit(conditions: &[Condition]) -> Option<(u32, u32)> {
    match conditions {
        [Condition { argument, comparison: Comparison::Equal, mask, value: 0 }] => {
            u32::try_from(*mask).ok().map(|bits| (*argument, bits))
        }
        _ => None,
    }
}

/// More do not fit the reach of a test; and the search costs the cube of them.
const MOST_RANGES: usize = 200;

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
