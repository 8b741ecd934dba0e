//! Does Linux boot here? Only a guest that has run is an answer; it is found out once.

use std::sync::OnceLock;

use crate::error::Result;
use crate::vm::linux::trial;

pub(super) fn linux_boots() -> &'static Result<()> {
    static ANSWER: OnceLock<Result<()>> = OnceLock::new();
    ANSWER.get_or_init(trial::run)
}
