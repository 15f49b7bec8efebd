use super::*;
use crate::import::frame::About;
use crate::import::source::of_text;
use lexgate_model::{Request, RequestLimits, date};
use proptest::prelude::*;
use serde_json::{Value, json};

fn frame(at: &str) -> Frame {
    let about = About::New { action: "supply".to_owned(), channel: None, category: None };
    let when = match date::parse(at) {
        Some(date) => When::Date(date),
        None => When::Instant(at.parse().unwrap()),
    };
    Frame { when, role: "endUser".to_owned(), about }
}

fn statement(id: &str, date: &str, record: &str, kind: &str, details: Value) -> Value {
    json!({
        "statementId": id, "statementDate": date, "declarationSubject": "company",
        "publicationDetails": { "publicationDate": "2020-01-01", "bodsVersion": "0.4", "publisher": { "name": "X" } },
        "recordId": record, "recordType": kind, "recordStatus": "new", "recordDetails": details,
    })
}

fn entity(record: &str) -> Value {
    let details =
        json!({ "isComponent": false, "entityType": { "type": "registeredEntity" }, "name": record });
    statement(&format!("e-{record}"), "2020-01-01", record, "entity", details)
}

fn person(record: &str) -> Value {
    let details = json!({ "isComponent": false, "personType": "knownPerson", "names": [{ "fullName": record, "type": "legal" }] });
    statement(&format!("p-{record}"), "2020-01-01", record, "person", details)
}

fn held(record: &str, subject: &str, owner: Value, interests: Value) -> Value {
    let details =
        json!({ "isComponent": false, "subject": subject, "interestedParty": owner, "interests": interests });
    statement(&format!("r-{record}"), "2020-01-01", record, "relationship", details)
}

fn shares(exact: &str, start: &str) -> Value {
    let exact: Value = serde_json::from_str(exact).unwrap();
    json!([{ "type": "shareholding", "directOrIndirect": "direct", "share": { "exact": exact }, "startDate": start }])
}

fn import_text(text: &str, parties: &[&str], depth: u32, at: &str) -> Result<Imported, ImportError> {
    let parties = parties.iter().map(|&party| party.to_owned()).collect();
    bods(&[of_text("bods", text)], &Wanted { parties, depth }, &frame(at), &mut |_| {})
}

fn import(statements: &[Value], at: &str) -> Imported {
    import_text(&json!(statements).to_string(), &[], 3, at).unwrap()
}

fn told(report: &Report) -> Vec<(Reason, &str)> {
    report.entries.iter().map(|entry| (entry.reason, entry.pointer.as_str())).collect()
}

fn interest(imported: &Imported) -> Value {
    imported.request.to_value()["relationships"][0]["interests"][0].clone()
}

/// A company and its owner with a relationship in three versions: 50 %, then 60 %, then closed.
fn versions() -> Vec<Value> {
    let mut second = held("r", "company", json!("owner"), shares("60", "2019-01-01"));
    second["statementId"] = json!("r-2");
    second["statementDate"] = json!("2021-01-01T12:00:00+09:00");
    let mut third = second.clone();
    third["statementId"] = json!("r-3");
    third["statementDate"] = json!("2022-01-01");
    third["recordStatus"] = json!("closed");
    vec![
        entity("company"),
        person("owner"),
        held("r", "company", json!("owner"), shares("50", "2019-01-01")),
        second,
        third,
    ]
}

#[track_caller]
fn check_version(statements: &[Value], at: &str, share: &str, end: Value, reasons: &[Reason]) {
    let imported = import(statements, at);
    let interest = interest(&imported);
    assert_eq!((&interest["share"]["exact"], &interest["end"]), (&json!(share), &end), "{at}");
    let found: Vec<_> = imported.report.entries.iter().map(|entry| entry.reason).collect();
    assert_eq!(found, reasons, "{at}");
}

#[test]
fn the_statement_in_effect_gives_the_share_and_the_latest_one_the_end() {
    let mut statements = versions();
    let closed = || json!("2022-01-01");
    for _ in 0..2 {
        use Reason::{EndOfRecord, StatedLater};
        check_version(
            &statements,
            "2019-06-01",
            "50",
            closed(),
            &[EndOfRecord, StatedLater, StatedLater, StatedLater],
        );
        check_version(&statements, "2020-01-01", "50", closed(), &[EndOfRecord]);
        check_version(&statements, "2021-01-01", "60", closed(), &[EndOfRecord]);
        check_version(&statements, "2021-01-01T02:59:59Z", "50", closed(), &[EndOfRecord]);
        check_version(&statements, "2021-01-01T03:00:00Z", "60", closed(), &[EndOfRecord]);
        check_version(&statements, "2025-01-01", "60", closed(), &[EndOfRecord]);
        // Their order in the file does not matter.
        statements.reverse();
    }
}

#[test]
fn an_end_that_is_stated_later_is_known() {
    let mut statements = versions();
    statements[4]["recordDetails"]["interests"][0]["endDate"] = json!("2021-10-15");
    check_version(&statements, "2020-06-01", "50", json!("2021-10-15"), &[]);
    statements[4]["recordStatus"] = json!("updated");
    check_version(&statements, "2020-06-01", "50", json!("2021-10-15"), &[]);
    // The latest one takes back an end that was stated before.
    statements[2]["recordDetails"]["interests"][0]["endDate"] = json!("2020-05-01");
    statements[4]["recordDetails"]["interests"][0].as_object_mut().unwrap().remove("endDate");
    check_version(&statements, "2020-06-01", "50", Value::Null, &[]);
    statements[2]["recordDetails"]["interests"][0].as_object_mut().unwrap().remove("endDate");
    statements[4]["recordDetails"]["interests"][0]["endDate"] = json!("2021-10-15");
    // Another interest: another day of beginning.
    statements[4]["recordDetails"]["interests"][0]["startDate"] = json!("2021-10-01");
    check_version(&statements, "2020-06-01", "50", Value::Null, &[]);
}

#[test]
fn a_closed_party_stays_and_says_so() {
    let mut gone = person("owner");
    gone["statementId"] = json!("p-2");
    gone["statementDate"] = json!("2023-01-01");
    gone["recordStatus"] = json!("closed");
    let mut statements = versions();
    statements.push(gone);
    let status =
        |at| import(&statements, at).request.to_value()["parties"][1]["facts"]["recordStatus"].clone();
    assert_eq!((status("2022-12-31"), status("2023-01-01")), (Value::Null, json!("closed")));
}

#[test]
fn persons_and_entities_come_with_what_bods_has_and_no_more() {
    let mut owner = person("owner");
    owner["source"] = json!({ "type": ["officialRegister", "verified"], "assertedBy": [{ "name": "A" }, {}], "retrievedAt": "2020-02-02" });
    owner["recordDetails"]["nationalities"] = json!([{ "name": "Ireland", "code": "IE" }, { "name": "Atlantis" }, { "name": "Kosovo", "code": "XK" }]);
    owner["recordDetails"]["addresses"] = json!([{ "type": "service", "country": { "code": "FR", "name": "France" } },
        { "type": "residence", "country": { "code": "SG", "name": "Singapore" } }]);
    owner["recordDetails"]["identifiers"] =
        json!([{ "id": "1", "scheme": "IRL-TAXID" }, { "id": "2", "schemeName": "Library card" }]);
    let mut company = entity("company");
    company["recordDetails"]["entityType"]["subtype"] = json!("other");
    company["recordDetails"]["jurisdiction"] = json!({ "name": "Delaware", "code": "US-DE" });
    company["recordDetails"]["alternateNames"] = json!(["Co"]);
    let mut link = held(
        "r",
        "company",
        json!("owner"),
        json!([{ "directOrIndirect": "indirect", "details": "by trust" }]),
    );
    link["recordDetails"]["componentRecords"] = json!(["x", "y"]);
    let imported = import(&[company, owner, link], "2025-09-05");
    assert_eq!(
        imported.request.to_value()["parties"],
        json!([
            { "recordId": "company", "kind": "registeredEntity", "jurisdiction": "US-DE",
              "names": [{ "fullName": "company" }, { "fullName": "Co", "kind": "alternative" }],
              "facts": { "entitySubtype": "other", "statementId": "e-company" } },
            { "recordId": "owner", "kind": "knownPerson", "names": [{ "fullName": "owner", "kind": "legal" }],
              "identifiers": [{ "scheme": "IRL-TAXID", "id": "1" }],
              "facts": { "nationalities": ["IE", "Atlantis", "XK"], "residence": ["SG"], "statementId": "p-owner",
                "source.type": ["officialRegister", "verified"], "source.assertedBy": ["A"],
                "source.retrievedAt": { "date": "2020-02-02" } } },
        ])
    );
    assert_eq!(
        imported.request.to_value()["relationships"],
        json!([{ "recordId": "r", "subject": "company", "interestedParty": "owner",
            "interests": [{ "kind": "unknownInterest", "directness": "indirect", "facts": { "details": "by trust" } }],
            "facts": { "componentRecords": ["x", "y"], "statementId": "r-r" } }])
    );
    assert_eq!(
        told(&imported.report),
        [
            (Reason::Missing, "/recordDetails/identifiers/1"),
            (Reason::UnknownCode, "/recordDetails/nationalities/1"),
        ]
    );
}

#[test]
fn an_owner_who_is_not_specified_has_a_reason() {
    let owner = json!({ "reason": "interestedPartyExemptFromDisclosure", "description": "a minor" });
    let imported = import(&[entity("company"), held("r", "company", owner, json!([]))], "2025-09-05");
    let relationship = imported.request.to_value()["relationships"][0].clone();
    assert_eq!(relationship["interestedParty"], json!({ "unknown": "interestedPartyExemptFromDisclosure" }));
    assert_eq!(relationship.get("interests"), None, "an empty list states nothing");
}

/// A change to a statement, and what is told of it.
type Case = (fn(&mut Value), Reason, &'static str);

#[test]
fn a_statement_that_cannot_be_used_is_told_with_its_place_and_the_rest_is_used() {
    let cases: [Case; 24] = [
        (|s| *s = json!(7), Reason::Malformed, ""),
        (|s| s["statementId"] = Value::Null, Reason::Missing, "/statementId"),
        (|s| s["statementId"] = json!(7), Reason::BadValue, "/statementId"),
        (|s| s["recordId"] = json!(""), Reason::BadValue, "/recordId"),
        (|s| s["recordType"] = json!("trust"), Reason::UnknownCode, "/recordType"),
        (|s| s["statementDate"] = json!("2020"), Reason::BadValue, "/statementDate"),
        (|s| s["recordDetails"] = json!([]), Reason::BadValue, "/recordDetails"),
        (|s| s["recordDetails"] = Value::Null, Reason::Missing, "/recordDetails"),
        (
            |s| s["publicationDetails"]["bodsVersion"] = json!("0.3"),
            Reason::OtherVersion,
            "/publicationDetails/bodsVersion",
        ),
        (|s| s["statementType"] = json!("ownershipOrControlStatement"), Reason::OtherVersion, ""),
        (
            |s| s["recordDetails"]["subject"] = json!({ "reason": "unknown" }),
            Reason::Unspecified,
            "/recordDetails/subject",
        ),
        (|s| s["recordDetails"]["subject"] = Value::Null, Reason::Unspecified, "/recordDetails/subject"),
        (|s| s["recordId"] = json!("r\u{7}"), Reason::BadValue, "/recordId"),
        (
            |s| s["recordDetails"]["interestedParty"] = Value::Null,
            Reason::Missing,
            "/recordDetails/interestedParty",
        ),
        (
            |s| s["recordDetails"]["interestedParty"] = json!({}),
            Reason::Missing,
            "/recordDetails/interestedParty/reason",
        ),
        (
            |s| s["recordDetails"]["interestedParty"] = json!(7),
            Reason::BadValue,
            "/recordDetails/interestedParty",
        ),
        (
            |s| s["recordDetails"]["interestedParty"] = json!("x".repeat(300)),
            Reason::BadValue,
            "/recordDetails/interestedParty",
        ),
        (|s| s["recordDetails"]["interests"] = json!({}), Reason::BadValue, "/recordDetails/interests"),
        (|s| s["recordDetails"]["interests"] = json!([7]), Reason::BadValue, "/recordDetails/interests/0"),
        (
            |s| s["recordDetails"]["interests"][0]["type"] = json!("ownership"),
            Reason::UnknownCode,
            "/recordDetails/interests/0/type",
        ),
        (
            |s| s["recordDetails"]["interests"][0]["directOrIndirect"] = json!("both"),
            Reason::UnknownCode,
            "/recordDetails/interests/0/directOrIndirect",
        ),
        (
            |s| s["recordDetails"]["interests"][0]["startDate"] = json!("2019-02-30"),
            Reason::BadValue,
            "/recordDetails/interests/0/startDate",
        ),
        (
            |s| s["recordDetails"]["interests"][0]["endDate"] = json!("2018-01-01"),
            Reason::Inconsistent,
            "/recordDetails/interests/0",
        ),
        (
            |s| s["recordDetails"]["componentRecords"] = json!([[]]),
            Reason::BadValue,
            "/recordDetails/componentRecords/0",
        ),
    ];
    for (index, (change, reason, pointer)) in cases.into_iter().enumerate() {
        let mut bad = held("bad", "company", json!("owner"), shares("40", "2019-01-01"));
        change(&mut bad);
        let good = held("good", "company", json!("owner"), shares("60", "2019-01-01"));
        let imported = import(&[entity("company"), person("owner"), bad, good], "2025-09-05");
        assert_eq!(told(&imported.report), [(reason, pointer)], "{index}");
        assert_eq!(imported.report.entries[0].record, Some(3), "{index}");
        let request = imported.request.to_value();
        let ids: Vec<_> =
            request["relationships"].as_array().unwrap().iter().map(|r| &r["recordId"]).collect();
        assert!(ids.contains(&&json!("good")), "{index}");
    }
}

#[test]
fn a_statement_that_stands_twice_is_used_once() {
    let mut other = held("other", "company", json!("owner"), shares("40", "2019-01-01"));
    other["statementId"] = json!("r-r");
    let one = held("r", "company", json!("owner"), shares("60", "2019-01-01"));
    let imported = import(&[entity("company"), person("owner"), one, other], "2025-09-05");
    assert_eq!(told(&imported.report), [(Reason::Duplicate, "/statementId")]);
    assert_eq!(imported.report.relationships, 1);
}

#[test]
fn a_party_without_a_statement_has_only_its_name() {
    let statements = [entity("company"), held("r", "company", json!("nobody"), shares("60", "2019-01-01"))];
    let imported = import(&statements, "2025-09-05");
    assert_eq!(
        imported.request.to_value()["parties"][1],
        json!({ "recordId": "nobody", "kind": "unknownEntity" })
    );
    assert_eq!(told(&imported.report), [(Reason::NoRecord, "")]);
}

#[test]
fn a_party_is_named_by_record_or_identifier() {
    let with = |record: &str, id: &str| {
        let mut entity = entity(record);
        entity["recordDetails"]["identifiers"] = json!([{ "scheme": "GB-COH", "id": id }]);
        entity
    };
    let text = json!([with("a", "1:2"), with("b", "3"), with("c", "3")]).to_string();
    let asked = |party: &str| import_text(&text, &[party], 1, "2025-09-05");
    let first = |imported: Imported| imported.request.to_value()["participants"].clone();
    assert_eq!(first(asked("a").unwrap()), json!([{ "role": "endUser", "party": "a" }]));
    assert_eq!(first(asked("GB-COH:1:2").unwrap()), json!([{ "role": "endUser", "party": "a" }]));
    let error = asked("GB-COH:3").unwrap_err().to_string();
    assert_eq!(
        error,
        "`GB-COH:3` identifies several records (`b`, `c`); ask for one of them by its record id"
    );
    assert_eq!(asked("d").unwrap_err().to_string(), "there is nothing about `d` in `bods`");
}

#[test]
fn without_a_party_there_must_be_one_subject() {
    let error = |statements: Value| {
        import_text(&statements.to_string(), &[], 1, "2025-09-05").unwrap_err().to_string()
    };
    let mut other = entity("b");
    other["declarationSubject"] = json!("b");
    assert_eq!(error(json!([entity("a"), other])), "say which party: the statements declare `company`, `b`");
    let mut old = entity("a");
    old["publicationDetails"]["bodsVersion"] = json!("0.2");
    assert_eq!(
        error(json!([old])),
        "say which party: the statements declare no subject; 1 statements are written in another version of BODS than 0.4"
    );
}

#[test]
fn lines_and_a_list_say_the_same() {
    let statements = versions();
    let lines: String = statements.iter().map(|statement| format!("{statement}\n")).collect();
    let imported = import_text(&lines, &[], 3, "2025-09-05").unwrap();
    assert_eq!(imported.request, import(&statements, "2025-09-05").request);
    let error = import_text(&format!("{lines}{{\"x\": }}\n"), &[], 3, "2025-09-05").unwrap_err().to_string();
    assert!(error.starts_with("`bods` line 6, column 7: not JSON"), "{error}");
    let error = import_text("<a/>", &[], 3, "2025-09-05").unwrap_err().to_string();
    assert!(error.starts_with("`bods` is not BODS statements"), "{error}");
}

#[test]
fn a_base_is_not_believed_to_be_complete_when_statements_are_left_out() {
    let base = json!({
        "evaluationDate": "2025-09-05", "action": "supply", "participants": [],
        "parties": [{ "recordId": "company", "kind": "registeredEntity", "ownership": "complete" }],
        "resource": { "recordId": "api" },
    });
    let ownership = |statements: &[Value]| {
        let base = Request::from_json(base.to_string().as_bytes(), &RequestLimits::default()).unwrap();
        let frame = Frame {
            when: base.when().unwrap(),
            role: "endUser".to_owned(),
            about: About::Base(Box::new(base)),
        };
        let text = json!(statements).to_string();
        let wanted = Wanted { parties: vec!["company".to_owned()], depth: 2 };
        let imported = bods(&[of_text("bods", text)], &wanted, &frame, &mut |_| {}).unwrap();
        imported.request.to_value()["parties"][0]["ownership"].clone()
    };
    let mut statements = versions();
    assert_eq!(ownership(&statements), json!("complete"));
    statements[2]["statementDate"] = json!("no date");
    assert_eq!(ownership(&statements), json!({ "unknown": "recordsNotUsed" }));
}

#[test]
fn the_statements_of_one_neighbourhood_are_bounded() {
    let mut lines = format!("{}\n", entity("company"));
    for number in 0..100_001 {
        lines.push_str(&format!(
            r#"{{"statementId":"{number}","statementDate":"2020-01-01","recordId":"company","recordType":"entity","recordDetails":{{}}}}"#
        ));
    }
    let error = import_text(&lines, &["company"], 1, "2025-09-05").unwrap_err().to_string();
    assert_eq!(
        error,
        "too much for one request: statements about these parties, at most 100000; lower the depth, or ask for fewer parties"
    );
}

/// Any JSON, often in places where statements have something.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u32..200, 0u32..100).prop_map(|(a, b)| serde_json::from_str(&format!("{a}.{b}")).unwrap()),
        "[a-z]{0,3}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(vec![
            "notSupplied",
            "company",
            "owner",
            "entity",
            "person",
            "relationship",
            "0.4",
            "2020-01-01",
            "direct",
            "shareholding",
            "closed",
            "IE",
            "registeredEntity",
            "knownPerson",
            "residence",
            "unknown",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = proptest::sample::select(vec![
            "recordDetails",
            "subject",
            "interestedParty",
            "interests",
            "share",
            "exact",
            "minimum",
            "maximum",
            "names",
            "nationalities",
            "identifiers",
            "reason",
            "name",
            "code",
            "type",
            "source",
            "assertedBy",
            "$",
            "x",
        ]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(name.prop_map(str::to_owned), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_statement_holds_the_rest_makes_a_request(
        wild in proptest::collection::vec(json_value(), 0..3),
        place in 0usize..12,
        value in json_value(),
        which in 0usize..3,
    ) {
        let mut statements = vec![
            entity("company"), person("owner"), held("r", "company", json!("owner"), shares("60", "2019-01-01")),
        ];
        let places = ["/recordDetails", "/recordDetails/interests", "/recordDetails/interests/0", "/statementDate",
            "/recordDetails/interests/0/share", "/recordDetails/interestedParty", "/recordDetails/names",
            "/recordDetails/entityType", "/publicationDetails", "/recordId", "/recordDetails/interests/0/startDate",
            "/recordDetails/name"];
        if let Some(there) = statements[which].pointer_mut(places[place]) {
            *there = value;
        }
        statements.extend(wild);
        let text = Value::from(statements).to_string();
        match import_text(&text, &["company"], 3, "2025-09-05") {
            Ok(_) | Err(ImportError::Nowhere { .. }) => {}
            Err(error) => prop_assert!(false, "{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string)),
        }
    }

    #[test]
    fn any_bytes_are_statements_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..64), first in "[\\[{ ]") {
        let text = [first.into_bytes(), bytes].concat();
        let wanted = Wanted { parties: vec!["x".to_owned()], depth: 1 };
        let imported = bods(&[of_text("bods", text)], &wanted, &frame("2025-09-05"), &mut |_| {});
        prop_assert!(imported.is_err());
    }
}
