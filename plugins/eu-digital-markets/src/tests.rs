//! Lists that are refused, with their line.

use crate::designations::Designations;

#[test]
fn a_designation_needs_a_date_and_a_name() {
    let refuse = |text: &str, why: &str| assert_eq!(Designations::parse(text.as_bytes()).unwrap_err(), why);
    refuse("name,of,designated-on\nA,a,soon\n", "line 2: `soon` is not a date");
    refuse("name,of\nA,a\n", "line 2: there is no column `designated-on`");
    refuse("name,of,designated-on\n-,a,2023-09-05\n", "line 2: `-` has no letter or digit");
}
