use super::reader::escape;
use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<Request, BadRequest> {
    Request::from_json(text.as_bytes(), &RequestLimits::default())
}

/// Reads a small request with one member replaced or added.
fn with(member: &str, value: &str) -> Result<Request, BadRequest> {
    let mut request = json!({
        "evaluationDate": "2025-09-05", "action": "supply", "resource": { "recordId": "api" },
        "participants": [{ "role": "endUser", "party": "customer" }],
        "parties": [{ "recordId": "customer", "kind": "registeredEntity" }, { "recordId": "owner", "kind": "state" }],
    });
    request[member] = Value::Null;
    // The value goes in as text: what is tested may not be what serde_json would write.
    read(&request.to_string().replacen("null", value, 1))
}

#[track_caller]
fn refuse(member: &str, value: &str, message: &str) {
    assert_eq!(with(member, value).expect_err("is refused").to_string(), message);
}

#[track_caller]
fn refuse_text(text: &str, message: &str) {
    assert_eq!(read(text).expect_err("is refused").to_string(), message);
}

const EXAMPLE: &str = r#"{
  "evaluationTime": "2025-09-05T18:00:00+02:00", "action": "supply", "channel": "cloud-marketplace",
  "participants": [{ "role": "endUser", "party": "customer", "facts": {} }],
  "parties": [
    { "recordId": "customer", "kind": "registeredEntity", "jurisdiction": "SG", "headquarters": "SG", "ownership": "complete",
      "names": [{ "fullName": "Example Pte Ltd" }, { "fullName": "示例有限公司", "language": "zh" }], "listings": [],
      "ultimateParent": "holding",
      "facts": { "militaryEndUser": { "unknown": "unknown" }, "employees": 120, "turnover": { "number": "7.50e9", "unit": "EUR" },
                 "founded": { "date": "2001-02-03" }, "nationalities": ["SG", "CN"], "é/~": "x" } },
    { "recordId": "holding", "kind": "registeredEntity", "ownership": { "unknown": "notSupplied" }, "ultimateParent": { "hasNoParent": true } }
  ],
  "relationships": [
    { "recordId": "r1", "subject": "customer", "interestedParty": "holding",
      "interests": [{ "kind": "shareholding", "directness": "direct", "share": { "minimum": 50, "exclusiveMinimum": true, "maximum": 75.0 }, "start": "2022-01-01" }] },
    { "recordId": "r2", "subject": "customer", "interestedParty": { "unknown": "subjectUnableToConfirmOrIdentifyBeneficialOwner" },
      "interests": [{ "kind": "shareholding", "share": { "minimum": "25", "maximum": "25" } }] }
  ],
  "resource": { "recordId": "api", "category": "ai-model" },
  "certificates": [{ "recordId": "c", "scheme": "CSAP" }, { "scheme": "CSAP", "underlying": "c" }],
  "purposes": ["civil"]
}"#;

fn at(request: &Request, pointer: &str) -> Option<Value> {
    request.at(pointer).map(|quoted| quoted.to_value())
}

#[test]
fn the_canonical_form_is_one_and_is_read_back_as_the_same_request() {
    let request = read(EXAMPLE).unwrap();
    let canonical = request.canonical();
    assert_eq!(read(canonical.text()).unwrap(), request);
    assert_eq!(
        at(&request, "/relationships/0/interests/0/share"),
        Some(json!({ "minimum": "50", "exclusiveMinimum": true, "maximum": "75" }))
    );
    assert_eq!(at(&request, "/relationships/1/interests/0/share"), Some(json!({ "exact": "25" })));
    assert_eq!(
        at(&request, "/parties/0/facts/turnover"),
        Some(json!({ "number": "7500000000", "unit": "EUR" }))
    );
    assert_eq!(at(&request, "/parties/0/facts/employees"), Some(json!(120)));
    assert_eq!(at(&request, "/parties/0/facts/é~1~0"), Some(json!("x")));
    assert_eq!(at(&request, "/parties/1/ownership"), None, "what is not supplied is left out");
    assert_eq!(at(&request, "/evaluationTime"), Some(json!("2025-09-05T16:00:00Z")));
    assert_eq!(at(&request, "/certificates/1/underlying"), Some(json!("c")));
}

#[test]
fn absence_is_not_emptiness() {
    let request = read(EXAMPLE).unwrap();
    assert_eq!(request.parties[0].listings, Some(vec![]));
    assert_eq!(request.parties[1].listings, None);
    assert_eq!(at(&request, "/parties/0/listings"), Some(json!([])));
}

#[test]
fn the_size_counts_strings_and_list_elements() {
    let request = with("purposes", r#"["civil", "research"]"#).unwrap();
    let fewer = with("purposes", "[]").unwrap();
    assert_eq!(request.size(), fewer.size() + 4);
}

#[test]
fn what_is_not_json_is_located() {
    refuse_text("", "not JSON at line 1, column 0: EOF while parsing a value");
    refuse_text("{ \"action\":\n \"supply\" \"x\" }", "not JSON at line 2, column 11: expected `,` or `}`");
    refuse_text("[]", "expected an object, found an array (at the top of the request)");
    assert!(matches!(
        Request::from_json(b"{\n \"\xff\"", &RequestLimits::default()).unwrap_err().problem,
        Problem::Syntax(2, 3, _)
    ));
    let twice = format!("{EXAMPLE} {EXAMPLE}");
    assert!(matches!(read(&twice).unwrap_err().problem, Problem::Syntax(..)));
}

#[test]
fn fields_are_known_and_given_once() {
    refuse("purpose", "[]", "unknown field `purpose`; did you mean `purposes`? (at the top of the request)");
    refuse(
        "parties",
        r#"[{ "recordId": "customer", "kind": "state", "headquater": "SG" }]"#,
        "unknown field `headquater`; did you mean `headquarters`? (at /parties/0)",
    );
    refuse(
        "resource",
        r#"{ "recordId": "a", "recordId": "b" }"#,
        "`recordId` is given twice; keep one (at /resource)",
    );
    refuse("facts", r#"{ "a": 1, "b": 2, "a": 3 }"#, "`a` is given twice; keep one (at /facts)");
    refuse("resource", "{}", "field `recordId` is missing (at /resource)");
    refuse("channel", "null", "expected a string, found null (leave the field out instead) (at /channel)");
    refuse(
        "facts",
        r#"{ "a": { "number": "1", "date": "2025-01-01" } }"#,
        "`{…}` must have exactly one of `number` (with `unit`), `date` and `unknown` (at /facts/a)",
    );
}

#[test]
fn values_lie_in_their_domain() {
    refuse(
        "evaluationDate",
        "\"2025-02-29\"",
        "`2025-02-29` is not a calendar date; write it as `2025-09-05` (at /evaluationDate)",
    );
    refuse(
        "evaluationTime",
        "\"2025-09-05T16:00:00Z\"",
        "`evaluationDate` and `evaluationTime` are both given; keep one (at /evaluationDate)",
    );
    let party = |member: &str| format!(r#"[{{ "recordId": "customer", "kind": "state", {member} }}]"#);
    refuse(
        "parties",
        &party(r#""headquarters": "XZ""#),
        "`XZ` is not an ISO 3166-1 alpha-2 or ISO 3166-2 code, such as `SG` or `UA-43` (at /parties/0/headquarters)",
    );
    refuse(
        "parties",
        &party(r#""jurisdiction": "usa""#),
        "`usa` is not an ISO 3166-1 alpha-2 or ISO 3166-2 code, such as `SG` or `UA-43`; did you mean `US`? (at /parties/0/jurisdiction)",
    );
    refuse(
        "parties",
        &party(r#""jurisdiction": "UA-99""#),
        "`UA-99` is not an ISO 3166-1 alpha-2 or ISO 3166-2 code, such as `SG` or `UA-43`; did you mean `UA`? (at /parties/0/jurisdiction)",
    );
    refuse(
        "parties",
        r#"[{ "recordId": "customer", "kind": "registeredentity" }]"#,
        "`registeredentity` is not a BODS entity or person type; did you mean `registeredEntity`? (at /parties/0/kind)",
    );
    assert!(with("parties", &party(r#""jurisdiction": "UA-43", "headquarters": "US-DE""#)).is_ok());
}

#[test]
fn shares_are_bands_within_a_hundred_percent() {
    let share = |share: &str| {
        format!(
            r#"[{{ "recordId": "r", "subject": "customer", "interestedParty": "owner", "interests": [{{ "kind": "shareholding", "share": {share} }}] }}]"#
        )
    };
    let at = "(at /relationships/0/interests/0/share)";
    let check = |text: &str, message: &str| refuse("relationships", &share(text), &format!("{message} {at}"));
    check(r#"{ "exact": "130" }"#, "`130` is not a share: 0 to 100 percent");
    check(r#"{ "exact": -1 }"#, "`-1` is not a share: 0 to 100 percent");
    check(
        r#"{ "minimum": "75", "maximum": "50" }"#,
        "`75 to 50` is an empty band; the minimum must lie below the maximum",
    );
    check(
        r#"{ "minimum": "50", "maximum": "50", "exclusiveMaximum": true }"#,
        "`50 to 50` is an empty band; the minimum must lie below the maximum",
    );
    check(r#"{ "exact": "50", "minimum": "50" }"#, "`exact` stands alone; give either `exact` or a band");
    check("{}", "`{…}` says nothing; give `exact`, `minimum` or `maximum`, or leave `share` out");
    refuse(
        "relationships",
        &share(r#"{ "exact": "fifty" }"#),
        "`fifty` is not a decimal number, such as `50` or `-0.25` (at /relationships/0/interests/0/share/exact)",
    );
}

#[test]
fn references_resolve_and_ids_are_unique() {
    refuse(
        "participants",
        r#"[{ "role": "endUser", "party": "custmer" }]"#,
        "there is no party `custmer` in the request; did you mean `customer`? (at /participants/0/party)",
    );
    refuse(
        "certificates",
        r#"[{ "scheme": "CSAP", "underlying": "c" }]"#,
        "there is no certificate `c` in the request (at /certificates/0/underlying)",
    );
    refuse(
        "parties",
        r#"[{ "recordId": "customer", "kind": "state" }, { "recordId": "customer", "kind": "state" }]"#,
        "`customer` is given twice; keep one (at /parties/1/recordId)",
    );
    refuse(
        "relationships",
        r#"[{ "recordId": "r", "subject": "customer" }, { "recordId": "r", "subject": "owner" }]"#,
        "`r` is given twice; keep one (at /relationships/1/recordId)",
    );
    refuse(
        "certificates",
        r#"[{ "scheme": "CSAP", "validFrom": "2025-02-01", "validUntil": "2025-01-31" }]"#,
        "`2025-01-31` lies before the first day, 2025-02-01 (at /certificates/0/validUntil)",
    );
}

#[test]
fn every_cap_is_named() {
    let limits = RequestLimits::default();
    let text = vec![b' '; limits.bytes + 1];
    let too_large = Request::from_json(&text, &limits).unwrap_err();
    assert_eq!(too_large.problem, Problem::Limit("bytes of the request", 1 << 20));
    refuse(
        "purposes",
        &format!("[{}\"x\"]", "\"x\",".repeat(256)),
        "too much: elements of this list, at most 256 (at /purposes)",
    );
    refuse(
        "channel",
        &format!("\"{}\"", "x".repeat(8193)),
        "too much: bytes of one string, at most 8192 (at /channel)",
    );
    let parties: Vec<_> =
        (0..10_000).map(|n| format!(r#"{{ "recordId": "p{n}", "kind": "state" }}"#)).collect();
    refuse(
        "parties",
        &format!("[{}, {}]", parties.join(","), r#"{ "recordId": "x", "kind": "state" }"#),
        "too much: elements of this list, at most 10000 (at /parties)",
    );
    let shallow = RequestLimits { depth: 3, ..RequestLimits::default() };
    assert!(matches!(
        Request::from_json(EXAMPLE.as_bytes(), &shallow).unwrap_err().problem,
        Problem::Limit("levels of nesting", 3)
    ));
    let few = RequestLimits { elements: 5, ..RequestLimits::default() };
    assert!(matches!(
        Request::from_json(EXAMPLE.as_bytes(), &few).unwrap_err().problem,
        Problem::Limit("list elements in all", 5)
    ));
    let deep = format!("{{ \"facts\": {} }}", "[".repeat(100_000));
    assert!(read(&deep).is_err(), "deep nesting is refused before it is walked");
}

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    let validator = jsonschema::draft202012::new(&Request::json_schema()).unwrap();
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let canonical = read(EXAMPLE).unwrap().to_value();
    for value in [&example, &canonical] {
        let errors: Vec<_> = validator.iter_errors(value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let mut unknown = example;
    unknown["parties"][0]["headquater"] = json!("SG");
    assert!(!validator.is_valid(&unknown));
}

fn fact() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".{0,8}".prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_filter("has an opposite", |n| *n != i64::MIN).prop_map(Value::from),
        prop::collection::vec(".{0,4}", 0..4).prop_map(Value::from),
        (any::<i32>(), -18i32..=21, ".{0,4}")
            .prop_map(|(c, e, unit)| json!({ "number": format!("{c}e{e}"), "unit": unit })),
        (1i16..9999, 1i8..13, 1i8..29)
            .prop_map(|(y, m, d)| json!({ "date": format!("{y:04}-{m:02}-{d:02}") })),
        "[a-m]{1,8}".prop_map(|reason| json!({ "unknown": reason })),
    ]
}

fn facts() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[^\\p{Cc}]{1,6}", fact(), 0..4)
        .prop_map(|m| Value::Object(m.into_iter().collect()))
}

fn requests() -> impl Strategy<Value = Value> {
    let share = (0u32..=10_000, 0u32..=10_000, any::<bool>(), any::<bool>()).prop_map(|(a, b, x, y)| {
        let text = |n: u32| format!("{}.{:02}", n / 100, n % 100);
        match a.cmp(&b) {
            std::cmp::Ordering::Equal => json!({ "exact": text(a) }),
            _ => json!({ "minimum": text(a.min(b)), "maximum": text(a.max(b)), "exclusiveMinimum": x, "exclusiveMaximum": y }),
        }
    });
    let kind = prop::sample::select(InterestKind::ALL);
    let interest =
        (kind, prop::option::of(share), prop::sample::select(vec!["direct", "indirect", "unknown"]))
            .prop_map(|(kind, share, directness)| {
                let mut interest = json!({ "kind": kind, "directness": directness });
                if let Some(share) = share {
                    interest["share"] = share;
                }
                interest
            });
    let relationship =
        (0usize..5, prop::option::of(0usize..5), prop::option::of(prop::collection::vec(interest, 0..3)));
    let parties = prop::collection::vec(
        (
            prop::sample::select(PartyKind::ALL),
            facts(),
            prop::option::of(prop::sample::select(vec!["SG", "UA-43"])),
        ),
        5,
    );
    (parties, prop::collection::vec(relationship, 0..6), facts()).prop_map(|(parties, relationships, facts)| {
        let parties: Vec<_> = parties.into_iter().enumerate().map(|(n, (kind, facts, place))| {
            let mut party = json!({ "recordId": format!("p{n}"), "kind": kind, "facts": facts });
            if let Some(place) = place {
                party["headquarters"] = json!(place);
            }
            party
        }).collect();
        let relationships: Vec<_> = relationships.into_iter().enumerate().map(|(n, (subject, owner, interests))| {
            let mut relationship = json!({ "recordId": format!("r{n}"), "subject": format!("p{subject}") });
            if let Some(owner) = owner {
                relationship["interestedParty"] = json!(format!("p{owner}"));
            }
            if let Some(interests) = interests {
                relationship["interests"] = json!(interests);
            }
            relationship
        }).collect();
        json!({ "evaluationDate": "2025-09-05", "action": "supply", "participants": [], "parties": parties,
                "relationships": relationships, "resource": { "recordId": "item" }, "facts": facts })
    })
}

/// Collects the pointers to everything in a value.
fn pointers(value: &serde_json::Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    if let Some(object) = value.as_object() {
        object.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{}", escape(name)), all));
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        pointers(value, &format!("{at}/{index}"), all);
    }
}

/// Checks that pointers find in the request what they find in its JSON.
fn finds_the_same(request: &Request) {
    let value = request.to_value();
    let mut all = Vec::new();
    pointers(&value, "", &mut all);
    for pointer in all {
        for tail in ["", "/", "/0", "/00", "/+0", "/x", "/facts", "/~1", "x"] {
            let pointer = format!("{pointer}{tail}");
            assert_eq!(at(request, &pointer), value.pointer(&pointer).cloned(), "{pointer}");
        }
    }
}

#[test]
fn a_pointer_finds_in_a_request_what_it_finds_in_its_json() {
    finds_the_same(&read(EXAMPLE).unwrap());
}

#[test]
fn a_request_has_the_records_it_lists_and_no_other() {
    let request = read(EXAMPLE).unwrap();
    let value = request.to_value();
    let count = |pointer: &str| {
        value
            .pointer(pointer)
            .and_then(|list| list.as_array())
            .map_or(0, |list| u32::try_from(list.len()).unwrap())
    };
    let mut all = vec![Element::Request, Element::Item, Element::Deployment];
    for index in 0..6 {
        all.extend([Element::Participant(index), Element::Party(index), Element::Relationship(index)]);
        all.extend([Element::Certificate(index), Element::Authorization(index)]);
        all.extend((0..6).map(|interest| Element::Interest(index, interest)));
    }
    for element in all {
        assert_eq!(request.has(element), value.pointer(&element.pointer()).is_some(), "{element:?}");
    }
    for list in ["/participants", "/parties", "/relationships", "/relationships/0/interests", "/certificates"]
    {
        assert!((1..6).contains(&count(list)), "{list} of the example shows both");
    }
    let bare = with("facts", "{}").unwrap();
    let none =
        [Element::Deployment, Element::Relationship(0), Element::Interest(0, 0), Element::Certificate(0)];
    assert!(none.into_iter().chain([Element::Authorization(0)]).all(|element| !bare.has(element)));
}

#[test]
fn a_reference_to_nothing_loses_nothing_else() {
    let mut request = read(EXAMPLE).unwrap();
    request.resource.producer = Some(PartyRef(7_000));
    let value = request.to_value();
    assert_eq!(value["resource"]["producer"], Value::Null);
    assert_eq!(value["parties"], read(EXAMPLE).unwrap().to_value()["parties"]);
}

proptest! {
    #[test]
    fn a_pointer_finds_the_same_in_any_request(request in requests()) {
        finds_the_same(&read(&request.to_string()).unwrap());
    }

    #[test]
    fn parse_print_parse_is_the_identity(request in requests()) {
        let first = read(&request.to_string()).unwrap();
        let text = first.canonical().text().to_owned();
        prop_assert_eq!(&text, &serde_jcs::to_string(&first.to_value()).unwrap());
        let second = read(&text).unwrap();
        prop_assert_eq!(&second, &first);
        prop_assert_eq!(second.canonical().text().to_owned(), text);
    }

    #[test]
    fn the_order_of_members_does_not_matter(request in requests()) {
        let pretty = serde_json::to_string_pretty(&request).unwrap();
        prop_assert_eq!(read(&pretty).unwrap().canonical(), read(&request.to_string()).unwrap().canonical());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Request::from_json(&bytes, &RequestLimits::default());
    }

    #[test]
    fn a_cut_or_altered_request_is_an_error_and_no_panic(at in 0usize..1500, byte in any::<u8>()) {
        let mut text = EXAMPLE.as_bytes().to_vec();
        let at = at % text.len();
        text[at] = byte;
        let _ = Request::from_json(&text, &RequestLimits::default());
        prop_assert!(Request::from_json(&text[..at], &RequestLimits::default()).is_err());
    }
}
