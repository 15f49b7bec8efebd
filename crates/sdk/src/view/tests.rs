use super::*;
use crate::contract::{Element, Value};
use crate::testing::{company, fact, interest, request};
use lexgate_model::Truth;

#[track_caller]
fn check<T: Copy + core::fmt::Debug + PartialEq>(fact: Fact<'_, T>, expected: Result<T, &str>, field: &str) {
    assert_eq!(fact.value().ok_or(fact.reason().unwrap_or_default()), expected);
    assert_eq!(fact.place().to_contract().field, field);
    assert_eq!(fact.evidence().is_some(), expected.is_ok(), "only what is known is evidence");
    assert_eq!(fact.missing("it").is_none(), expected.is_ok(), "only what is not known is missing");
}

#[test]
fn facts_are_known_with_their_type_or_missing_with_a_reason() {
    let number = |coefficient| {
        Value::Number(contract::Quantity {
            value: contract::Decimal { coefficient, exponent: 0 },
            unit: "GB/s".to_owned(),
        })
    };
    let facts = vec![
        fact("flag", Value::Flag(false)),
        fact("text", Value::Text("military".to_owned())),
        fact("texts", Value::Texts(vec!["CN".to_owned()])),
        fact("number", number(6500)),
        fact("day", Value::Day(contract::Date { year: 2025, month: 9, day: 5 })),
        fact("no/day", Value::Day(contract::Date { year: 2025, month: 9, day: 31 })),
        fact("unknown", Value::Unknown("subjectUnableToConfirm".to_owned())),
    ];
    let raw = request("2025-09-05").party(contract::Party { facts, ..company("a", "SG") }).build();
    let request = Request::new(&raw).unwrap();
    let party = request.party(0).unwrap();
    check(party.flag("flag"), Ok(false), "facts/flag");
    check(party.flag("absent"), Err("notSupplied"), "facts/absent");
    check(party.flag("unknown"), Err("subjectUnableToConfirm"), "facts/unknown");
    check(party.flag("text"), Err("inconsistent"), "facts/text");
    check(party.text("text"), Ok("military"), "facts/text");
    check(party.texts("texts"), Ok(&["CN".to_owned()][..]), "facts/texts");
    check(party.number("number"), Ok(Quantity { value: 6500.into(), unit: "GB/s" }), "facts/number");
    check(party.day("day"), Ok(request.date()), "facts/day");
    check(party.day("no/day"), Err("inconsistent"), "facts/no~1day");
    check(party.headquarters(), Ok("SG"), "headquarters");
    assert_eq!(party.flag("flag").truth(), Truth::False);
    assert_eq!(party.flag("absent").truth(), Truth::Unknown);
}

#[test]
fn absence_is_not_emptiness() {
    let raw = request("2025-09-05").party(company("a", "")).build();
    let request = Request::new(&raw).unwrap();
    assert!(request.relationships().value().unwrap().is_empty());
    assert_eq!(request.certificates().reason(), Some("notSupplied"));
    assert_eq!(request.party(0).unwrap().headquarters().reason(), Some("notSupplied"));
    assert_eq!(request.party(0).unwrap().listings().reason(), Some("notSupplied"));
    assert!(request.party(1).is_none());
}

#[test]
fn a_fact_of_a_deployment_that_was_not_supplied_is_missing_there() {
    let raw = request("2025-09-05").build();
    let request = Request::new(&raw).unwrap();
    let separation = request.deployment().then_fact("networkSeparation", |d, name| d.text(name));
    let place = separation.missing("`physical` or `logical`").unwrap().at;
    assert_eq!((place.at, place.field.as_str()), (Element::Deployment, "facts/networkSeparation"));
    let region = request.deployment().then("region", |deployment| deployment.region());
    check(region, Err("notSupplied"), "region");
}

#[test]
fn records_of_lists_know_where_they_stand() {
    let listing = contract::Listing {
        list_id: "entity-list".to_owned(),
        program: None,
        start: None,
        end: Some(contract::Date { year: 2025, month: 9, day: 5 }),
        source_version: None,
    };
    let listed = contract::Party { listings: Some(vec![listing]), ..company("a", "SG") };
    let raw = request("2025-09-05")
        .parties(vec![company("b", "SG"), listed])
        .owns("b", "a", "10")
        .holds("b", "a", interest("votingRights", "5"))
        .build();
    let request = Request::new(&raw).unwrap();
    let listing = request.party(1).unwrap().listings().value().unwrap().get(0).unwrap();
    let place = listing.evidence().place().to_contract();
    assert_eq!((place.at, place.field.as_str()), (Element::Party(1), "listings/0"));
    assert!(listing.holds_on(request.date()), "the last day of a listing belongs to it");
    let second = request.relationships().value().unwrap().get(1).unwrap();
    let votes = second.interests().value().unwrap().get(0).unwrap();
    assert_eq!(votes.evidence().place().to_contract().at, Element::Interest((1, 0)));
    assert_eq!(votes.kind().value(), Some("votingRights"));
    assert_eq!(second.subject().map(|party| party.index()), Some(1));
}
