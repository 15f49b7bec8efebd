//! Lists that are refused, with their line.

use crate::lists::{Deadlines, Words};

#[test]
fn a_list_of_words_needs_its_column() {
    assert_eq!(Words::parse(b"names\nVisio\n", "name").unwrap_err(), "line 2: there is no column `name`");
}

#[test]
fn a_deadline_needs_a_date_and_a_name() {
    let refuse = |text: &str, why: &str| assert_eq!(Deadlines::parse(text.as_bytes()).unwrap_err(), why);
    refuse("name,of,last-day\nCNRS,cnrs,2026-02-30\n", "line 2: `2026-02-30` is not a date");
    refuse("name,of\nCNRS,cnrs\n", "line 2: there is no column `last-day`");
    refuse("name,of,last-day\n-,cnrs,2026-03-31\n", "line 2: `-` has no letter or digit");
}

#[test]
fn the_earliest_deadline_is_the_last() {
    let days = |text: &str| {
        let Deadlines(deadlines) = Deadlines::parse(text.as_bytes()).unwrap();
        deadlines.into_iter().map(|(_, day)| day.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(days("name,of,last-day\nA,a,2026-03-31\nB,b,2026-06-30\n"), ["2026-06-30", "2026-03-31"]);
    assert_eq!(days("name,of,last-day\nB,b,2026-06-30\nA,a,2026-03-31\n"), ["2026-06-30", "2026-03-31"]);
}
