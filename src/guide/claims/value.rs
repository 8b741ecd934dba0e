//! What a term of a claim was found to be in a results file.

use crate::id::{ArmId, CellId};
use crate::model::Unit;
use crate::results::schema::Interval;

/// One term for one pair of arms (or one arm).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Value {
    /// Name of the term: "start".
    pub term: String,
    pub metric: String,
    /// Which of the files, by index.
    pub run: usize,
    pub arm: ArmId,
    /// Empty where nothing is divided.
    pub base: ArmId,
    /// "boot/container", and the base's.
    pub cells: Vec<CellId>,
    pub found: Interval,
    /// None: the number is a ratio.
    pub unit: Option<Unit>,
    /// Relative noise floor of a ratio, where the run has one.
    pub floor: Option<f64>,
    /// Smallest and largest single sample; of counts.
    pub lowest: f64,
    pub highest: f64,
}

impl Value {
    /// "container ÷ process", or the one arm.
    pub fn pair(&self) -> String {
        if self.base.is_empty() { self.arm.to_string() } else { format!("{} ÷ {}", self.arm, self.base) }
    }
}
