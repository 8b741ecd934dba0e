//! The guide: chapters that ask for a prediction, let the reader run the experiment, and check the conclusion against the
//! reader's own data. From results files alone: nothing here measures.

pub mod chapters;
pub mod outcome;
pub mod pages;
pub mod predictions;
pub mod shelf;
pub mod state;
pub mod terminal;
