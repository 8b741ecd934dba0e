//! The guide: chapters that ask for a prediction, let the reader run the experiment, and check the conclusion against the
//! reader's own data. From results files alone: nothing here measures.

pub mod answers;
pub mod chapters;
pub mod checks;
pub mod choice;
pub mod claims;
pub mod content;
pub mod files;
pub mod grades;
pub mod outcome;
pub mod pages;
pub mod predictions;
pub mod reference;
pub mod relations;
pub mod state;
pub mod terminal;
pub mod tolerances;
pub mod work;
