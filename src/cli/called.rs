//! Printed commands repeat the way isolab was called.

/// How isolab was called, so that printed commands can be typed again.
pub(super) fn called_as() -> String {
    let sudo = if std::env::var_os("SUDO_UID").is_some() { "sudo " } else { "" };
    let program = std::env::args().next().unwrap_or_else(|| "isolab".into());
    let by_cargo = std::env::var_os("CARGO").is_some() && program.contains("target/");
    match (by_cargo, program.contains("/release/")) {
        (true, true) => "cargo run --release --".into(),
        (true, false) => "cargo run --".into(),
        _ => format!("{sudo}{program}"),
    }
}
