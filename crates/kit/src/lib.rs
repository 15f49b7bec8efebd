//! What authors and request makers use at their desk.

pub mod ask;
pub mod bench;
pub mod build;
pub mod cases;
pub mod catalogue;
pub mod escape;
pub mod import;
pub mod matrix;
pub mod profile;
pub mod vocabulary;

/// Returns an error with everything that caused it, in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
