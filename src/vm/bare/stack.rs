//! The stack that a program finds when it starts: argc, argv, environment, auxiliary vector, and the strings.
//!
//! ```text
//! rsp → argc │ argv… │ NULL │ env… │ NULL │ (key, value)… │ 0, 0 │ padding │ strings │ end of RAM
//! ```
//!
//! Format: System V ABI, AMD64 supplement, section 3.4.1; rsp is a multiple of 16.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use super::elf::Program;
use super::layout::{PAGE, STACK_BYTES};
use crate::error::{Error, Result};
use crate::said;

const AT_PHDR: u64 = 3;
const AT_PHENT: u64 = 4;
const AT_PHNUM: u64 = 5;
const AT_PAGESZ: u64 = 6;
const AT_ENTRY: u64 = 9;

/// Its bytes, which end at `end`, the end of RAM; and where they begin, which is rsp.
pub fn build(end: u64, argv: &[OsString], env: &[(OsString, OsString)], program: &Program) -> Result<(Vec<u8>, u64)> {
    let mut strings = Vec::with_capacity(512);
    let mut offsets = Vec::with_capacity(argv.len() + env.len());
    let both = env.iter().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    for text in argv.iter().map(|a| a.as_bytes().to_vec()).chain(both) {
        if text.contains(&0) {
            return Err(Error::usage(
                said!("pass the arguments to the guest", "게스트에 인자를 넘겨줄 수 없습니다"),
                said!("one of them contains a NUL byte", "그 가운데 하나에 NUL 바이트가 들어 있음"),
            ));
        }
        offsets.push(strings.len() as u64);
        strings.extend(text);
        strings.push(0);
    }
    let strings_at = end.saturating_sub(strings.len() as u64);
    let words = words(argv.len(), &offsets, strings_at, program);
    let start = strings_at.saturating_sub(words.len() as u64 * 8) & !15;
    if end - start > STACK_BYTES / 2 {
        let cause = said!(
            "arguments and environment take {taken} of {all} bytes of stack",
            "인자와 환경 변수가 스택 {all}바이트 가운데 {taken}바이트를 차지함",
            taken = end - start,
            all = STACK_BYTES
        );
        return Err(Error::usage(
            said!("pass the arguments to the guest", "게스트에 인자를 넘겨줄 수 없습니다"),
            cause,
        )
        .try_this(said!("fewer or shorter arguments", "인자를 줄이거나 짧게 하십시오")));
    }
    let mut bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
    bytes.resize((strings_at - start) as usize, 0);
    bytes.extend(strings);
    Ok((bytes, start))
}

fn words(argc: usize, offsets: &[u64], strings_at: u64, program: &Program) -> Vec<u64> {
    let (arguments, environment) = offsets.split_at(argc);
    let mut words = vec![argc as u64];
    words.extend(arguments.iter().map(|offset| strings_at + offset));
    words.push(0);
    words.extend(environment.iter().map(|offset| strings_at + offset));
    words.push(0);
    if let Some(headers_at) = program.headers_at {
        words.extend([AT_PHDR, headers_at, AT_PHENT, 56, AT_PHNUM, program.headers]);
    }
    words.extend([AT_PAGESZ, PAGE, AT_ENTRY, program.entry, 0, 0]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe() -> Program {
        Program::parse(crate::probe::ELF).unwrap()
    }

    #[test]
    fn a_program_finds_its_arguments_and_environment() {
        let end = 8 << 20;
        let env = [("A".into(), "b=c".into())];
        let (bytes, start) = build(end, &["probe".into(), "noop".into()], &env, &probe()).unwrap();
        assert_eq!((start % 16, start + bytes.len() as u64), (0, end));
        let word = |i: usize| u64::from_le_bytes(bytes[i * 8..i * 8 + 8].try_into().unwrap());
        let text = |address: u64| {
            let rest = &bytes[(address - start) as usize..];
            String::from_utf8(rest[..rest.iter().position(|b| *b == 0).unwrap()].to_vec()).unwrap()
        };
        assert_eq!(word(0), 2);
        assert_eq!([text(word(1)), text(word(2))], ["probe", "noop"]);
        assert_eq!((word(3), text(word(4)), word(5)), (0, "A=b=c".into(), 0));
        let auxiliary: Vec<u64> = (6..18).map(word).collect();
        assert_eq!(auxiliary, [3, 0x40_0040, 4, 56, 5, 2, 6, 4096, 9, probe().entry, 0, 0]);
    }

    #[test]
    fn arguments_that_do_not_fit_or_end_early_are_refused() {
        let long = OsString::from("x".repeat(STACK_BYTES as usize));
        assert!(build(8 << 20, &[long], &[], &probe()).unwrap_err().cause.contains("bytes of stack"));
        assert!(build(8 << 20, &["a\0b".into()], &[], &probe()).unwrap_err().cause.contains("NUL"));
    }
}
