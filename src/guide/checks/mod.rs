//! The checks of a chapter that look at more than one thing at once.

pub mod card;
pub(in crate::guide) mod quoted;
mod sentence;
