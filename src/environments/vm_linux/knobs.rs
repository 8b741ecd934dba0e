//! The hardware that an arm's knobs ask for.

use crate::environments::Knobs;
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::said;
use crate::units::parse_bytes;
use crate::vm::linux::layout::{CPUS_MOST, MIB, RAM_DEFAULT, RAM_LEAST, RAM_MOST};
use crate::vm::linux::machine::Hardware;

/// # Errors
/// When a size or a number can't be.
pub(super) fn hardware(knobs: &Knobs) -> Result<Hardware> {
    Ok(Hardware {
        ram_bytes: knobs.value("ram").map_or(Ok(RAM_DEFAULT), ram)?,
        cpus: knobs.value("cpus").map_or(Ok(1), cpus)?,
        huge: knobs.has("thp"),
        populate: knobs.has("populate"),
    })
}

/// "64M", "4G": bytes.
fn ram(text: &str) -> Result<u64> {
    let wrong = |cause: Said| {
        Error::usage(said!("give the guest ram={text}", "게스트에 ram={text}을(를) 줄 수 없습니다"), cause).try_this(
            said!(
                "ram=32M to ram=64G, in steps of 2M; isolab kernel list tells what a kernel takes",
                "ram=32M부터 ram=64G까지, 2M 단위로. 커널이 얼마를 쓰는지는 isolab kernel list가 알려 줍니다"
            ),
        )
    };
    let bytes = parse_bytes(text).map_err(|error| wrong(error.cause))?;
    match bytes {
        RAM_DEFAULT => Err(wrong(said!("that is what it has without the knob", "노브 없이도 그만큼임"))),
        _ if bytes < RAM_LEAST => {
            Err(wrong(said!("no Linux starts in so little", "그만큼으로는 리눅스가 시작하지 못함")))
        }
        _ if bytes > RAM_MOST => Err(wrong(said!("that is too much", "너무 많음"))),
        _ if bytes % (2 * MIB) != 0 => Err(wrong(said!("it is no multiple of 2 MiB", "2 MiB의 배수가 아님"))),
        _ => Ok(bytes),
    }
}

fn cpus(text: &str) -> Result<u8> {
    let wrong = |cause: Said| {
        Error::usage(said!("give the guest cpus={text}", "게스트에 cpus={text}을(를) 줄 수 없습니다"), cause)
            .try_this(said!("cpus=2 to cpus={CPUS_MOST}", "cpus=2부터 cpus={CPUS_MOST}까지"))
    };
    match text.parse::<u64>() {
        Ok(1) => Err(wrong(said!("that is what it has without the knob", "노브 없이도 그만큼임"))),
        Ok(number) if (2..=CPUS_MOST).contains(&number) => Ok(number as u8),
        Ok(0) => Err(wrong(said!("a machine has at least one", "기계에는 적어도 하나가 있음"))),
        Ok(_) => Err(wrong(said!("so many are not offered", "그렇게 많이는 줄 수 없음"))),
        Err(_) => Err(wrong(said!("it is no whole number", "정수가 아님"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn absurd_sizes_and_numbers_are_told_what_would_work() {
        for text in ["0M", "16M", "33M", "128M", "65G", "-1G", "x", "", "99999999999999999999G"] {
            let error = ram(text).unwrap_err();
            assert_eq!(error.kind, Kind::Usage, "{text}");
            assert!(error.try_this.contains("ram=32M"), "{text}: {error}"); // as the knob says
        }
        for text in ["0", "1", "9", "10000", "-1", "1.5", "", "99999999999999999999"] {
            let error = cpus(text).unwrap_err();
            assert_eq!(error.kind, Kind::Usage, "{text}");
            assert!(error.try_this.contains("cpus=8"), "{text}: {error}");
        }
        assert_eq!((ram("32M").unwrap(), ram("5g").unwrap()), (32 << 20, 5 << 30));
        assert_eq!((cpus("2").unwrap(), cpus("8").unwrap()), (2, 8));
    }
}
