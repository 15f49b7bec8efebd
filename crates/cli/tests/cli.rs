//! The program as its users meet it.
#[test]
fn x() {}
