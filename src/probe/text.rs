//! Numbers and texts without a library: parsing and printing decimal.

/// The decimal number that `s` is, or None. Overflow is None too.
pub(crate) fn parse(s: &[u8]) -> Option<u64> {
    if s.is_empty() {
        return None;
    }
    let mut n: u64 = 0;
    for c in s {
        let digit = c.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(n)
}

/// Writes `n` in decimal at the end of `room` and returns the digits. 20 bytes hold every u64.
pub(crate) fn decimal(mut n: u64, room: &mut [u8; 20]) -> &[u8] {
    let mut start = room.len();
    for (i, place) in room.iter_mut().enumerate().rev() {
        *place = b'0' + (n % 10) as u8;
        n /= 10;
        start = i;
        if n == 0 {
            break;
        }
    }
    room.get(start..).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_there_and_back() {
        for n in [0, 7, 10, 4096, u64::MAX] {
            assert_eq!(parse(decimal(n, &mut [0; 20])), Some(n));
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for s in ["", "-1", "12a", " 1", "18446744073709551616"] {
            assert_eq!(parse(s.as_bytes()), None, "{s}");
        }
    }
}
