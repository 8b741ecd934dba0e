//! Lines of code that are too wide for the terminal, folded so that what is copied still works: a command goes on after a
//! backslash, a comment stays a comment.

use super::wide;

/// The line in pieces of at most `width` columns; whole where nothing may be broken.
pub(super) fn folded(line: &str, info: &str, width: usize) -> Vec<String> {
    let shell = info.starts_with("sh");
    if wide(line) <= width || !(shell || info.starts_with("rust")) {
        return vec![line.to_owned()];
    }
    let begin = &line[..line.len() - line.trim_start().len()];
    let (end, mut goes_on) = if shell { (" \\", "    ".to_owned()) } else { ("", format!("{begin}        ")) };
    let (mut pieces, mut rest) = (Vec::new(), line.to_owned());
    while wide(&rest) > width {
        let Some(at) = last_space(&rest, width - end.len()) else { break };
        let (piece, more) = (rest[..at].to_owned(), rest[at..].trim_start().to_owned());
        if !shell && piece.contains("// ") && !goes_on.ends_with("// ") {
            goes_on += "// ";
        }
        pieces.push(piece + end);
        rest = format!("{goes_on}{more}");
    }
    pieces.push(rest);
    pieces
}

/// The last place where the line may be broken: a space with words before it.
fn last_space(line: &str, width: usize) -> Option<usize> {
    let begin = line.len() - line.trim_start().trim_start_matches("// ").len();
    let fits = |at: &usize| *at > begin && wide(&line[..*at]) <= width;
    line.match_indices(' ').map(|(at, _)| at).rfind(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_goes_on_after_a_backslash_and_can_be_pasted() {
        let line = "isolab bench -e process,container -x boot --blocks 30 -o boot.json";
        let pieces = folded(line, "sh", 40);
        assert!(pieces.len() > 1 && pieces.iter().all(|p| wide(p) <= 40), "{pieces:?}");
        let pasted = pieces.join("\n").replace(" \\\n", " ");
        assert_eq!(pasted.split_whitespace().collect::<Vec<_>>(), line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(folded(line, "sh", 80), [line]);
    }

    #[test]
    fn folded_code_says_the_same_and_a_comment_stays_one() {
        let pieces = folded("    chdir(c\"/\") // nothing of the old tree is reachable by \"..\"", "rust a.rs#b", 40);
        assert_eq!(pieces[0], "    chdir(c\"/\") // nothing of the old");
        assert!(pieces[1].starts_with("            // tree is"), "{pieces:?}");
        let output = "a line of output that is too wide for this width";
        assert_eq!(folded(output, "text", 20), [output], "what a program printed is shown as it was");
    }
}
