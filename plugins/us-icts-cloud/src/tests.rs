//! What cases are clumsy for: lists that are refused.

use crate::mitigations::Mitigations;

#[track_caller]
fn refuse(text: &str, why: &str) {
    assert_eq!(Mitigations::parse(text.as_bytes()).unwrap_err(), why);
}

#[test]
fn a_list_of_agreements_without_what_must_be_done_is_refused() {
    refuse("name,of,agreement,obligation,terms\nA,a,MA-1,,x\n", "line 2: there is no `obligation`");
    refuse("name,of,agreement,terms\nA,a,MA-1,x\n", "line 2: there is no column `obligation`");
    refuse("name,of,agreement,obligation\nA,a,MA-1,x\n", "line 2: there is no column `terms`");
    refuse("name,agreement,obligation,terms\nA,MA-1,notify-authority,x\n", "line 2: there is no column `of`");
    assert!(Mitigations::parse(b"name,of,agreement,obligation,terms\n").is_ok());
}
