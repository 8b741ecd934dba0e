//! The bare guest runs the probe: exactly the exits we list, proofs that only the work can give.

use std::time::{Duration, Instant};

use isolab::model::{Io, Record};
use isolab::probe::{self, abi};
use isolab::timeline::Timeline;
use isolab::vm::elf::Program;
use isolab::vm::machine::{self, Hardware, Software};
use isolab::vm::vcpu::{Stop, Vcpu};

const NONCE: u64 = 12345;

fn boot(argv: &[&str]) -> Option<Vcpu> {
    let soft = Software {
        file: probe::ELF.into(),
        program: Program::parse(probe::ELF).unwrap(),
        argv: argv.iter().map(Into::into).collect(),
        env: vec![(abi::ENV_READY.into(), "port".into()), (abi::ENV_NONCE.into(), NONCE.to_string().into())],
    };
    let hard = Hardware::default();
    soft.program.check_fits(&hard.room()).unwrap();
    match machine::create(&hard, &soft, Io::Null, None, &mut Timeline::new()) {
        Ok(vcpu) => Some(vcpu),
        Err(e) => {
            eprintln!("skipped: bare guest: {e}");
            None
        }
    }
}

fn next(vcpu: &mut Vcpu) -> Stop {
    vcpu.run(Instant::now() + Duration::from_secs(5)).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn noop_has_three_exits_and_its_proofs() {
    let Some(mut vcpu) = boot(&["probe", "noop"]) else { return };
    for kind in [abi::READY, abi::DONE] {
        let Stop::Record(Record { kind: got, value, .. }, stamps) = next(&mut vcpu) else { panic!("no record") };
        assert_eq!((got, value), (kind, abi::proof(NONCE, kind, 0)));
        assert!(stamps.tsc_before < stamps.tsc_after);
    }
    assert_eq!(next(&mut vcpu), Stop::Exited(abi::exit_status(NONCE)));
    let exits: Vec<_> = vcpu.exits().into_iter().filter(|(_, n)| *n > 0).collect();
    assert_eq!(exits, [("exit:record".to_owned(), 2), ("exit:exit".to_owned(), 1)]);
}
