//! The questions that all peers are asked, and how their answers are timed.

pub mod clock;
pub mod measure;
pub mod row;
pub mod workload;

pub use row::{Answer, Group, Row};
pub use workload::{Outcome, QUESTIONS, Question};
