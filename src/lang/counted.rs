//! "1 pair", "2 pairs".

/// The number, and the noun in the form that goes with it; English makes most plurals with "s".
pub fn counted(n: usize, one: &str) -> String {
    match (n, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) if !stem.ends_with(|c: char| "aeiou".contains(c)) => format!("{n} {stem}ies"),
        _ if one.ends_with(|c: char| "sx".contains(c)) || one.ends_with("ch") => format!("{n} {one}es"),
        _ => format!("{n} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_goes_with_its_number() {
        let said = [(0, "pair"), (1, "pair"), (2, "pair"), (2, "process"), (3, "way"), (3, "copy"), (2, "batch")];
        assert_eq!(
            said.map(|(n, noun)| counted(n, noun)),
            ["0 pairs", "1 pair", "2 pairs", "2 processes", "3 ways", "3 copies", "2 batches"]
        );
    }
}
