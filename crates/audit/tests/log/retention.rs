//! Deleting.
