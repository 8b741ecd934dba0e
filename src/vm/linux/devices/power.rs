//! The ways to restart the machine or to switch it off. A restart ends it too: whoever wants another makes another.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::said;
use crate::vm::device::{Device, Guest, Next};
use crate::vm::linux::acpi::{RESET_VALUE, SLEEP_CONTROL_OFF};
use crate::vm::linux::layout::{KEYBOARD_COMMAND, RESET, SLEEP_CONTROL, SLEEP_STATUS};

/// What the keyboard controller of a PC is told to pull the CPU's reset line.
const PULSE_RESET: u8 = 0xfe;

/// What one of them is: its ports, the value that counts, and at which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// `reboot=k`.
    Keyboard,
    /// The reset register of the ACPI tables, `reboot=a`, and sleep control, of `poweroff`.
    Acpi,
}

impl Power {
    pub fn ports(self) -> Range<u64> {
        match self {
            Power::Keyboard => u64::from(KEYBOARD_COMMAND)..u64::from(KEYBOARD_COMMAND) + 1,
            Power::Acpi => u64::from(RESET)..u64::from(SLEEP_STATUS) + 1,
        }
    }

    fn ends(self, at: u64, value: u8) -> bool {
        match (self, at) {
            (Power::Keyboard, _) => value == PULSE_RESET,
            (Power::Acpi, 0) => value == RESET_VALUE,
            (Power::Acpi, at) if at == u64::from(SLEEP_CONTROL - RESET) => value == SLEEP_CONTROL_OFF,
            (Power::Acpi, _) => false,
        }
    }
}

/// A program that has ended was told before; whatever else restarts the machine is no end that was meant.
fn ended() -> Error {
    Error::new(
        said!("go on with the guest", "게스트를 계속 실행할 수 없습니다"),
        said!(
            "it switched its machine off before its program had ended",
            "프로그램이 끝나기 전에 게스트가 기계를 껐음"
        ),
    )
}

impl Device for Power {
    fn name(&self) -> &'static str {
        match self {
            Power::Keyboard => "keyboard reset",
            Power::Acpi => "ACPI power",
        }
    }

    fn read(&mut self, _: u64, data: &mut [u8], _: &Guest<'_>) -> Result<Next> {
        data.fill(0);
        Ok(Next::Resume)
    }

    fn write(&mut self, at: u64, data: &[u8], _: &Guest<'_>) -> Result<Next> {
        let ends = data.first().is_some_and(|value| self.ends(at, *value));
        if ends { Err(ended()) } else { Ok(Next::Resume) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_values_that_linux_writes_end_the_machine() {
        assert!(Power::Keyboard.ends(0, 0xfe) && !Power::Keyboard.ends(0, 0xaa));
        assert!(Power::Acpi.ends(0, 1) && !Power::Acpi.ends(0, 0));
        assert!(Power::Acpi.ends(1, 0x34) && !Power::Acpi.ends(1, 0x24) && !Power::Acpi.ends(2, 0x34));
        assert_eq!(Power::Acpi.ports(), 0x600..0x603);
    }
}
