//! The filter's machine: classic BPF over `struct seccomp_data` (linux/seccomp.h, linux/bpf_common.h).
//!
//! It has one register and jumps only forwards, at most 255 instructions far. Every answer stands once, at the end.

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

    /// Finds the range of the number in the register: a chain of comparisons that halve the numbers, then of the few that are
    /// exceptions.
    pub(super) fn search(&mut self, ranges: &[(u32, Verdict)]) {
        let no_exception = 2; // the last range never ends
        self.search_until(ranges, ranges.last().map_or(0, |(first, _)| first + no_exception));
    }

    fn search_until(&mut self, ranges: &[(u32, Verdict)], end: u32) {
        if let Some((exceptions, usual)) = exceptions(ranges, end) {
            let mut last = None;
            for (number, verdict) in exceptions {
                let jump = self.jump(JUMP_IF_EQUAL, number);
                self.open.push((jump, true, verdict));
                last = Some(jump);
            }
            return self.open.extend(last.map(|jump| (jump, false, usual)));
        }
        let middle = ranges[0].0.midpoint(end);
        let half = ranges.partition_point(|(first, _)| *first <= middle).clamp(1, ranges.len() - 1);
        let (lower, upper) = ranges.split_at(half);
        let jump = self.jump(JUMP_IF_AT_LEAST, upper[0].0);
        for (holds, half, end) in [(false, lower, upper[0].0), (true, upper, end)] {
            if let [(_, verdict)] = half {
                self.open.push((jump, holds, *verdict));
            } else {
                self.lead(jump, holds);
                self.search_until(half, end);
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

/// Ranges that all have one verdict, but for at most three numbers: those, and the verdict.
fn exceptions(ranges: &[(u32, Verdict)], end: u32) -> Option<(Vec<(u32, Verdict)>, Verdict)> {
    const MOST: usize = 3;
    if ranges.len() > 2 * MOST + 1 {
        return None;
    }
    let ends = ranges.iter().skip(1).map(|(first, _)| *first).chain([end]);
    let lengths: Vec<u32> = ranges.iter().zip(ends).map(|((first, _), end)| end - first).collect();
    let longest = (0..ranges.len()).max_by_key(|place| lengths[*place])?;
    let usual = ranges[longest].1;
    let others: Vec<usize> = (0..ranges.len()).filter(|place| ranges[*place].1 != usual).collect();
    let few = others.len() <= MOST && others.iter().all(|place| lengths[*place] == 1);
    few.then(|| (others.into_iter().map(|place| ranges[place]).collect(), usual))
}
