//! The hardware of a virtual machine, by options of `run`.

use super::args::Run;
use crate::environments::Arm;
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::model::AnsweredBy;
use crate::said;
use crate::units::parse_bytes;

pub(super) fn boots_linux(arm: &Arm) -> bool {
    arm.env.about().answered_by == AnsweredBy::GuestLinux
}

/// `--kernel`, `--ram` and, of a guest with its own Linux, `--cpus` are knobs of it.
pub(super) fn arm(args: &Run, id: &str) -> Result<Arm> {
    let arm = Arm::parse(id)?;
    let boots = boots_linux(&arm);
    let cpus = args.cpus.filter(|_| boots).map(|cpus| cpus.to_string()).filter(|cpus| cpus != "1");
    let kernel = args.kernel.as_ref().map(|name| name.to_string_lossy().into_owned());
    let asked = [("--kernel", "kernel", kernel), ("--ram", "ram", args.ram.clone()), ("--cpus", "cpus", cpus)];
    let mut id = id.to_owned();
    for (option, knob, value) in asked {
        let Some(value) = value else { continue };
        let refuse = |cause, advice| {
            Err(Error::usage(said!("take {option} {value}", "{option} {value}을(를) 쓸 수 없습니다"), cause)
                .try_this(advice))
        };
        match knob {
            _ if arm.env.about().has_knob(knob) => {}
            "ram" => {
                return refuse(
                    said!("only a virtual machine has RAM of its own", "가상머신에만 자기 RAM이 있음"),
                    said!("--memory SIZE limits a container", "컨테이너의 메모리는 --memory SIZE로 제한합니다"),
                );
            }
            _ => {
                return refuse(
                    said!("only a guest that boots Linux has it", "리눅스를 부팅하는 게스트에만 있음"),
                    Said::english("--as vm-linux"),
                );
            }
        }
        if knob == "ram" && has_already(&arm, &value) {
            continue;
        }
        if value.contains([':', ',']) {
            return refuse(
                said!("a name with : or , cannot be told in an arm", "이름에 :나 ,가 있으면 대상 이름에 쓸 수 없음"),
                Said::english("isolab kernel add FILE"),
            );
        }
        id += &format!(":{knob}={value}");
    }
    Arm::parse(&id)
}

/// What it has without the knob is refused as a knob, which would give one arm two names; as an option it may be said.
fn has_already(arm: &Arm, ram: &str) -> bool {
    let bytes = |text: &str| parse_bytes(text).ok();
    arm.env.reach(&arm.knobs).guest_ram.is_some_and(|own| bytes(&own).is_some() && bytes(&own) == bytes(ram))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::RunAlone;
    use clap::Parser;

    fn asked(line: &str) -> Result<String> {
        let args = RunAlone::try_parse_from(["isolab"].into_iter().chain(line.split(' '))).unwrap().run;
        arm(&args, &args.arm).map(|arm| arm.id().to_string())
    }

    #[test]
    fn each_virtual_machine_has_ram_and_what_it_has_already_may_be_said() {
        for (line, id) in [
            ("--as vm-bare --ram 64M", "vm-bare:ram=64M"),
            ("--as vm-bare --ram 8M", "vm-bare"),
            ("--as vm-linux --ram 128M", "vm-linux"),
            ("--as vm-linux --ram 131072K --cpus 1", "vm-linux"),
            ("--as vm-linux:ram=64M --ram 64M --cpus 2", "vm-linux:cpus=2:ram=64M"),
        ] {
            assert_eq!(asked(line).unwrap(), id, "{line}");
        }
    }

    #[test]
    fn hardware_that_it_does_not_have_is_told_with_what_it_has() {
        let told = |line| asked(line).unwrap_err().to_string();
        assert!(told("--as container --ram 64M").contains("--memory SIZE"), "{}", told("--as container --ram 64M"));
        assert!(told("--as vm-bare --kernel x").contains("--as vm-linux"), "{}", told("--as vm-bare --kernel x"));
        assert!(told("--as vm-linux --ram 31M").contains("ram=32M"), "{}", told("--as vm-linux --ram 31M"));
    }
}
