//! What is held through others: never added to what those hold, and never forgotten.

use super::*;

#[test]
fn a_claim_whose_chain_is_stated_adds_nothing() {
    let chain = "A!; A 100 B; B 60 C; D 40 C";
    check(Cascade, more_than_half(), chain, "True: 60");
    check(Cascade, more_than_half(), &format!("{chain}; A >60 C"), "True: 60");
    check(LookThrough, more_than_half(), &format!("{chain}; A >60 C"), "True: 60");
    // The state has all of a company through its ministry: not 200 %.
    let state = "A!; A 100 B; B 23.5 C; B 100 D; D 76.5 C; A >100 C";
    check(Cascade, more_than_half(), state, "True: 100");
    check(LookThrough, more_than_half(), state, "True: 100");
    check(Direct, more_than_half(), state, "False: 0");
}

#[test]
fn a_claim_without_its_chain_keeps_the_answer_open() {
    check(Cascade, more_than_half(), "A!; A >60 C; B 100 C; B+", "Unknown: 0 to 100");
    check_gaps("A!; A >60 C; B 100 C; D 100 B", &[Gap::Between(0)]);
    check(LookThrough, more_than_half(), "A!; A >60 C; B 100 C; B+", "True: 60 to 100");
    check(LookThrough, more_than_half(), "A!; A >40 C; B 100 C; D 100 B", "False: 40");
    check(Direct, more_than_half(), "A!; A >60 C; B 100 C", "False: 0");
}

#[test]
fn who_claims_all_of_a_party_behind_a_nominee_catches_it() {
    check(Cascade, more_than_half(), "A!; A >100 C; C+", "True: 100");
    check_evidence("A!; A >100 C; C+", &[0]);
    // The nominee is stated to be owned by nobody else; both cannot be, so the answer is open.
    check(Cascade, more_than_half(), "A!; A >100 C; B 100 C; B+", "True: 100");
    check(Cascade, more_than_half(), "A!; A >100 C; B 100 C; D 100 B", "True: 100");
    check(Cascade, more_than_half(), "A!; A >100 C; B 100 C", "Unknown: 0");
    check_gaps("A!; A >100 C; B 100 C", &[Gap::Inconsistent(2), Gap::Between(0)]);
}

#[test]
fn a_claim_of_more_than_persons_leave_contradicts_them() {
    // B is owned by nobody: a person, who holds all of it for themselves.
    for method in [Cascade, LookThrough] {
        let unknown = |facts: &str| {
            let (graph, base) = read(facts);
            let holdings = graph.holdings(method, &base, more_than_half());
            assert_eq!((holdings.passes(2), holdings.inconsistent(2)), (Truth::Unknown, true), "{facts}");
        };
        unknown("A!; B 100 C; A >60 C");
        unknown("A!; B 60 C; D 40 C; A >60 C");
        unknown("A!; B 60 C; A ~60 C");
        unknown("B 100 C; ? >100 C");
    }
    // One step further up it is the company between that is contradicted.
    check(Cascade, more_than_half(), "A!; B 100 C; D 100 B; A >70 B", "Unknown: 0 to 100");
}

#[test]
fn a_small_stake_upstream_does_not_account_for_a_large_claim() {
    check(Cascade, more_than_half(), "A!; B 100 C; D 99 B; A 1 B; A >99 C; D+", "Unknown: 0 to 100");
    check(
        Cascade,
        more_than_half(),
        "A!; B 60 C; D 40 C; A 1 B; E 99 B; A >40 C; E+; D+",
        "Unknown: 0 to 100",
    );
    check(Cascade, more_than_half(), "A!; B 60 C; D 40 C; A 70 B; E 30 B; A >40 C; D+", "True: 60 to 100");
}

#[test]
fn stakes_that_cannot_fill_a_party_leave_a_rest_to_be_named() {
    let (mut graph, mut base) = (Graph::new(2), vec![Truth::False; 2]);
    graph.all_owners_stated(0);
    graph.all_owners_stated(1);
    assert_eq!(graph.holdings(Cascade, &base, more_than_half()).held(1), Interval::ZERO);
    graph.add(Stake { owner: Some(0), owned: 1, share: share("40"), direct: Truth::True, key: 0 });
    base[0] = Truth::True;
    let holdings = graph.holdings(Cascade, &base, more_than_half());
    assert_eq!(
        (holdings.held(1).to_string().as_str(), holdings.gaps(1)),
        ("40 to 100", vec![Gap::Owners(1)])
    );
}

#[test]
fn claims_of_owners_that_do_not_count_change_nothing() {
    check(Cascade, more_than_half(), "A!; B >60 C; A 40 C; D 60 C; E 100 D", "False: 40");
    check(LookThrough, more_than_half(), "A!; B >60 C; A 40 C; D 60 C; E 100 D", "False: 40");
}

#[test]
fn a_claim_cannot_hide_in_what_nobody_owns() {
    // B is owned by nobody, a person: what it holds, it holds itself.
    check(Cascade, more_than_half(), "A!; A >40 C; B 60 C; D 40 C; D+", "False: 0 to 40");
    check(LookThrough, more_than_half(), "A!; A >40 C; B 60 C; D 40 C; D+", "False: 40");
}

#[test]
fn claims_alone_do_not_name_the_direct_owners() {
    check(Cascade, more_than_half(), "A!; B >100 C", "Unknown: 0 to 100");
    check_gaps("A!; B >100 C", &[Gap::Owners(2)]);
    check(Direct, more_than_half(), "A!; B >100 C", "Unknown: 0 to 100");
}

#[test]
fn claims_of_persons_add_up_and_those_of_others_may_be_one_another() {
    check(LookThrough, more_than_half(), "A!; B!; A >30 C; B >30 C; C+", "True: 60 to 100");
    check(LookThrough, more_than_half(), "A!; B!; D 100 B; A >30 C; B >30 C; C+", "Unknown: 30 to 100");
    check(LookThrough, more_than_half(), "A!; A 30 C; A >30 C; C+", "True: 60 to 100");
}

#[test]
fn a_chain_that_cannot_carry_so_much_does_not_account_for_a_claim() {
    check(Cascade, more_than_half(), "A!; A 100 B; B 10 C; D 90 C; A >60 C; D+", "Unknown: 10 to 100");
    check_gaps("A!; A 100 B; B 10 C; D 90 C; A >60 C; E 100 D", &[Gap::Between(3)]);
    check(Cascade, more_than_half(), "A!; A 100 B; B [10,60] C; D 40 C; A >50 C", "Unknown: 10 to 60");
}

#[test]
fn what_may_be_direct_or_not_is_both_until_it_is_known() {
    check(Cascade, more_than_half(), "A!; A ~60 C; B 40 C; B+", "Unknown: 0 to 100");
    // That it holds nothing of itself is no way round.
    check(Cascade, more_than_half(), "A!; A ~[0,5] C; B ? C; C 0 C", "Unknown: 0 to 100");
    check_gaps("A!; A ~60 C; B 40 C", &[Gap::Directness(0)]);
    check(Cascade, more_than_half(), "A!; A ~100 C", "True: 100");
    // A nominee has all of it directly: then the 60 % are held through it.
    check(Cascade, more_than_half(), "A!; B 100 C; A ~60 C; B+", "Unknown: 0 to 100");
    check(LookThrough, more_than_half(), "A!; A ~60 C; B 40 C; B+", "True: 60 to 100");
}

#[test]
fn unspecified_owners_may_claim() {
    check(Cascade, more_than_half(), "? >60 C; B 100 C; B+", "Unknown: 0 to 100");
    check_gaps("? >60 C; B 100 C; D 100 B", &[Gap::Owner(0), Gap::Between(0)]);
    check(LookThrough, more_than_half(), "? >40 C; B 100 C; D 100 B", "False: 0 to 40");
}

#[test]
fn a_thousand_claims_on_one_company_are_accounted_for() {
    // Everybody holds through a company of their own: two thousand stakes and a thousand claims.
    let share = |text| share(text);
    let mut graph = Graph::new(2_001);
    for person in 0..1_000u32 {
        let company = 1_000 + person;
        let stake = |owner: u32, owned, text, direct, key| Stake {
            owner: Some(owner),
            owned,
            share: share(text),
            direct,
            key,
        };
        graph.add(stake(person, company, "100", Truth::True, 3 * person));
        graph.add(stake(company, 2_000, "0.1", Truth::True, 3 * person + 1));
        graph.add(stake(person, 2_000, "0.1", Truth::False, 3 * person + 2));
        graph.all_owners_stated(person);
        graph.all_owners_stated(company);
    }
    graph.all_owners_stated(2_000);
    let base: Vec<Truth> = (0..2_001).map(|party| Truth::from(party < 600)).collect();
    for method in [Cascade, LookThrough] {
        let holdings = graph.holdings(method, &base, more_than_half());
        assert_eq!(holdings.held(2_000), Interval::exact(at("60")), "{method:?}");
    }
}
