//! The ownership rules every buyer asks about, by their own examples: which method and which line each of them means.

use super::*;

/// The sanctions office's rule of 50 percent: half is enough, all blocked persons together, by the cascade.
const X1: (Method, fn() -> Threshold) = (Cascade, at_least_half);

/// Compares whether a party is caught. `expected` names those that are.
#[track_caller]
fn caught((method, line): (Method, fn() -> Threshold), facts: &str, expected: &str) {
    let (graph, base) = read(facts);
    let holdings = graph.holdings(method, &base, line());
    let names: String =
        ('A'..='I').filter(|name| holdings.caught(party(&name.to_string()).unwrap()).certain()).collect();
    assert_eq!(names, expected, "{facts}");
}

// In these, X and Y are blocked; A and B are companies. The letters here: X is A, Y is B, A is C, B is D.

#[test]
fn x1_1_half_of_a_half_owned_company() {
    caught(X1, "A!; A 50 C; C 50 D", "ACD");
}

#[test]
fn x1_3_a_half_owned_company_and_ten_percent_make_half() {
    caught(X1, "A!; A 50 C; A 10 D; C 40 D", "ACD");
}

#[test]
fn x1_6_two_blocked_persons_are_added_up() {
    caught(X1, "A!; B!; A 25 C; B 25 C", "ABC");
}

#[test]
fn less_than_half_of_an_intermediate_passes_nothing_on() {
    caught(X1, "A!; A 50 C; A 10 D; C 39.99 D", "AC");
    caught(X1, "A!; A 25 C; A 25 E; C 50 D; E 50 D", "A");
    caught(X1, "A!; A 50 C; A 50 E; C 25 D; E 25 D", "ACDE");
    caught(X1, "A!; A 50 C; A 25 E; C 25 D; E 25 D", "AC");
}

#[test]
fn control_is_no_ownership() {
    // The office's rule speaks of ownership only: what is not a share is not in the graph.
    caught(X1, "A!; A 49.99 C", "A");
}

/// One owner with exactly half, under the laws of 2025: the four answers.
#[test]
fn exactly_half_is_caught_by_three_laws_and_free_under_two() {
    let half = "A!; A 50 C; B 50 C";
    caught(X1, half, "AC");
    // The affiliates rule and the asset freeze since 2024-07-03: half or more. Before, and elsewhere: more than half.
    caught((Cascade, at_least_half), half, "AC");
    caught((Cascade, more_than_half), half, "A");
    caught((LookThrough, more_than_half), half, "A");
}

#[test]
fn the_two_arithmetics_of_indirectly_diverge() {
    // 60 % of 60 %: by the cascade the whole stake counts, looked through 36 %.
    check(Cascade, more_than_half(), "A!; A 60 B; D 40 B; B 60 C; D 40 C", "True: 60");
    check(LookThrough, more_than_half(), "A!; A 60 B; D 40 B; B 60 C; D 40 C", "False: 36");
    // Half of the holding, all of the customer: neither is more than half.
    check(Cascade, more_than_half(), "A!; A 50 B; D 50 B; B 100 C", "False: 0");
    check(LookThrough, more_than_half(), "A!; A 50 B; D 50 B; B 100 C", "False: 50");
    // 49 % in three companies that have all of the customer together: nothing by the cascade, 49 % looked through.
    let thirds = "A!; A 49 B; D 51 B; A 49 E; D 51 E; B 50 C; E 50 C";
    check(Cascade, more_than_half(), thirds, "False: 0");
    check(LookThrough, more_than_half(), thirds, "False: 49");
}
