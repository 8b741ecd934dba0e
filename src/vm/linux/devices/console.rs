//! What came over the serial console: its end is what a guest that failed has to say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// So much is kept: a panic with its trace.
const KEPT: usize = 16 << 10;

/// Shared by the device and whoever asks.
#[derive(Debug, Clone, Default)]
pub struct Console(Arc<Mutex<VecDeque<u8>>>);

impl Console {
    pub fn push(&self, byte: u8) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(byte);
    }

    /// The last lines that are not empty, as text.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let kept: Vec<u8> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = String::from_utf8_lossy(&kept);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
    }

    /// What the kernel said as it gave up, from that line on; None: it did not.
    pub fn panic(&self, most: usize) -> Option<Vec<String>> {
        let lines = self.last_lines(usize::MAX);
        let start = lines.iter().rposition(|line| line.contains("Kernel panic - not syncing"))?;
        Some(lines[start..].iter().take(most).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(text: &str) -> Console {
        let console = Console::default();
        text.bytes().for_each(|byte| console.push(byte));
        console
    }

    #[test]
    fn the_end_is_kept_whatever_comes() {
        let console = console(&"a line\r\n".repeat(10_000));
        console.push(0xff);
        let lines = console.last_lines(3);
        assert_eq!(lines, ["a line", "a line", "\u{fffd}"]);
        assert!(console.last_lines(usize::MAX).len() < 3000);
    }

    #[test]
    fn a_panic_is_found_by_its_first_line() {
        let text =
            "ok\r\n[ 1.0] Kernel panic - not syncing: No working init found.\r\n[ 1.0] CPU: 0\r\n\r\n[ 1.0] more\r\n";
        assert_eq!(
            console(text).panic(2).unwrap(),
            ["[ 1.0] Kernel panic - not syncing: No working init found.", "[ 1.0] CPU: 0"]
        );
        assert_eq!(console("fine\n").panic(9), None);
    }
}
