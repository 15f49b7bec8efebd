use super::*;
use serde_json::json;

fn request() -> Request {
    let text = json!({
        "evaluationDate": "2025-09-05", "action": "supply", "participants": [{ "role": "endUser", "party": "customer" }],
        "parties": [{ "recordId": "customer", "kind": "registeredEntity", "headquarters": "KR", "ownership": "complete" }],
        "resource": { "recordId": "api" },
    });
    Request::from_json(text.to_string().as_bytes(), &RequestLimits::default()).unwrap()
}

fn answers(texts: &[&str]) -> Result<Vec<Answer>, BadAnswer> {
    texts.iter().map(|text| text.parse()).collect()
}

fn answered(texts: &[&str]) -> Result<Value, BadAnswer> {
    Ok(put(&request(), &answers(texts)?, &RequestLimits::default())?.to_value())
}

#[track_caller]
fn check(text: &str, pointer: &str, expected: Value) {
    assert_eq!(answered(&[text]).unwrap().pointer(pointer), Some(&expected), "{text}");
}

#[test]
fn an_answer_is_put_where_it_belongs_and_members_on_the_way_are_made() {
    check("/parties/0/headquarters=\"SG\"", "/parties/0/headquarters", json!("SG"));
    check("/parties/0/facts/served=false", "/parties/0/facts", json!({ "served": false }));
    check("/deployment/facts/a~1b~0c=\"x\"", "/deployment/facts", json!({ "a/b~c": "x" }));
    check("/deployment/region=\"KR\"", "/deployment", json!({ "region": "KR" }));
    check("/certificates/0/scheme=\"CSAP\"", "/certificates", json!([{ "scheme": "CSAP" }]));
    check("/certificates=[]", "/certificates", json!([]));
    check(
        "/resource/classifications/0={\"scheme\":\"HS\",\"code\":\"8471\"}",
        "/resource/classifications/0/code",
        json!("8471"),
    );
    check(
        "/parties/0/ultimateParent/hasNoParent=true",
        "/parties/0/ultimateParent",
        json!({ "hasNoParent": true }),
    );
    check("/parties/0/facts/revenue/number=\"1.5\"", "/parties/0/facts/revenue", json!({ "number": "1.5" }));
    check("/parties/0/facts/a=b=\"x\"", "/parties/0/facts", json!({ "a=b": "x" }));
    check("/parties/1={\"recordId\":\"p\",\"kind\":\"state\"}", "/parties/1/recordId", json!("p"));
}

#[test]
fn answers_stand_on_each_other() {
    let done = answered(&[
        "/certificates/0/scheme=\"CSAP\"",
        "/certificates/0/grade=\"high\"",
        "/parties/0/ultimateParent=\"parent\"",
        "/parties/1={\"recordId\":\"parent\",\"kind\":\"state\"}",
    ]);
    assert_eq!(done.unwrap()["certificates"], json!([{ "scheme": "CSAP", "grade": "high" }]));
}

#[track_caller]
fn refuse(texts: &[&str], words: &str) {
    let error = answered(texts).unwrap_err().to_string();
    assert!(error.contains(words), "{texts:?}: {error}");
}

#[test]
fn what_is_no_answer_is_refused_with_the_remedy() {
    refuse(&["/parties/0/headquarters"], "is not of the form POINTER=JSON");
    refuse(&[""], "is not of the form POINTER=JSON");
    refuse(&["/parties/0/headquarters=SG"], "a text stands in double quotes");
    refuse(&["/parties/0/headquarters="], "not JSON");
    refuse(&["parties/0/headquarters=\"SG\""], "is no pointer");
    refuse(&["=1"], "is no pointer");
    refuse(&["/parties/0/facts/a~2=true"], "is no pointer");
    refuse(&["/parties/0/facts/x=1.5"], "write it as a string");
    refuse(&["/parties/0/facts/x=[{\"a\":1e2}]"], "write it as a string");
    refuse(&["/action=\"a\"", "/action=\"b\""], "`/action` is answered twice");
    refuse(&["/parties/0/ownership/x=true"], "`/parties/0/ownership` is a text; nothing stands below it");
    refuse(
        &["/parties/2/headquarters=\"SG\""],
        "`/parties` has 1 elements; the next is `/parties/1`, and `2` is none",
    );
    refuse(&["/parties/00/headquarters=\"SG\""], "`00` is none");
    refuse(&["/parties/-/headquarters=\"SG\""], "`-` is none");
}

#[test]
fn what_the_request_cannot_be_its_reader_says() {
    refuse(
        &["/parties/0/headquarter=\"SG\""],
        "unknown field `headquarter`; did you mean `headquarters`? (at /parties/0)",
    );
    refuse(&["/partys/0/headquarters=\"SG\""], "unknown field `partys`; did you mean `parties`?");
    refuse(&["/certificates/0/grade=\"high\""], "field `scheme` is missing (at /certificates/0)");
    refuse(&["/deployment/operator=\"custmer\""], "did you mean `customer`?");
    refuse(&["/parties/0/headquarters=null"], "null (leave the field out instead)");
    refuse(&["/parties/0/headquarters/code=\"SG\""], "`/parties/0/headquarters` is a text");
    refuse(&["/parties/0/jurisdiction/code=\"SG\""], "found an object (at /parties/0/jurisdiction)");
}

fn vocabulary(more: &str) -> Vocabulary {
    let text = format!(
        r#"
        policy = {{ id = "one", version = "1.0.0", title = "T", contract = "c", time-zone = "UTC", authority = "A" }}
        rules = [{{ id = "a", status = "in-force", citation = {{ instrument = "I" }}, source = "S" }}]
        [[facts]]
        of = "party"
        name = "militaryEndUser"
        type = "flag"
        says = "whether"
        rules = ["a"]
        [[facts]]
        of = "deployment"
        name = "networkSeparation"
        type = "text"
        values = ["physical", "logical"]
        says = "how"
        rules = ["a"]
        {more}
        "#
    );
    Vocabulary::of([&toml::from_str::<lexgate_model::Manifest>(&text).unwrap()])
}

#[test]
fn a_slip_in_a_fact_is_an_error_and_an_oddity_a_remark() {
    let asked = BTreeSet::from(["/parties/0/facts/operationsCountry"]);
    let vocabulary = vocabulary("");
    let suits = |text: &str| suits(&text.parse().unwrap(), &vocabulary, &asked);
    let refused = |text: &str, words: &str| {
        let error = suits(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    };
    assert_eq!(suits("/parties/0/facts/militaryEndUser=false"), Ok(None));
    assert_eq!(suits("/parties/0/facts/militaryEndUser={\"unknown\":\"stale\"}"), Ok(None));
    assert_eq!(suits("/parties/0/facts/operationsCountry=\"KR\""), Ok(None), "it is asked for");
    assert_eq!(suits("/parties/0/headquarters=5"), Ok(None), "fields are for the reader");
    refused(
        "/parties/0/facts/militaryEnduser=false",
        "no policy here reads the fact `militaryEnduser` of a party; did you mean `militaryEndUser`?",
    );
    refused("/parties/0/facts/operationCountry=\"KR\"", "did you mean `operationsCountry`?");
    refused("/parties/0/facts/militaryEndUser=\"no\"", "is a fact of type flag; write `true` or `false`");
    refused("/deployment/facts/networkSeparation=\"phisical\"", "did you mean `physical`?");
    assert!(
        suits("/parties/0/facts/colour=\"red\"").unwrap().is_some_and(|remark| remark.contains("`colour`"))
    );
    assert!(
        suits("/deployment/facts/networkSeparation=\"air-gapped\"")
            .unwrap()
            .is_some_and(|r| r.contains("physical, logical"))
    );
}

#[test]
fn policies_that_declare_nothing_refuse_nothing() {
    let answer: Answer = "/parties/0/facts/x=1".parse().unwrap();
    assert_eq!(
        suits(&answer, &Vocabulary::of::<lexgate_model::manifest::Dataset>([]), &BTreeSet::new()),
        Ok(None)
    );
}

/// Checks that the example for a place is taken as an answer.
#[track_caller]
fn check_example(pointer: &str, kind: Option<FactType>, expected: Value) {
    let request = json!({
        "evaluationDate": "2025-09-05", "action": "supply", "participants": [{ "role": "endUser", "party": "a" }],
        "parties": [{ "recordId": "a", "kind": "registeredEntity" }, { "recordId": "b", "kind": "registeredEntity" }],
        "relationships": [{ "recordId": "r", "subject": "a", "interestedParty": "b", "interests": [{ "kind": "shareholding" }] }],
        "certificates": [{ "scheme": "CSAP" }],
        "resource": { "recordId": "api", "classifications": [{ "scheme": "HS", "code": "1" }] },
    });
    let schema = Request::json_schema();
    let example =
        Example { schema: &schema, request: &request, pointer, kind, unit: None, values: &[] }.value();
    assert_eq!(example, expected, "{pointer}");
    let answer: Answer = format!("{pointer}={example}").parse().unwrap();
    let request = Request::from_json(request.to_string().as_bytes(), &Default::default()).unwrap();
    let put = put(&request, &[answer], &Default::default());
    assert!(put.is_ok(), "{pointer}={example}: {put:?}");
}

#[test]
fn an_example_can_be_pasted_as_an_answer() {
    check_example("/parties/0/facts/x", Some(FactType::Flag), json!(true));
    check_example("/parties/0/facts/x", Some(FactType::Text), json!("text"));
    check_example("/parties/0/facts/x", Some(FactType::Texts), json!(["text"]));
    check_example("/parties/0/facts/x", Some(FactType::Date), json!({ "date": "2025-09-05" }));
    check_example("/parties/0/facts/x", Some(FactType::Number), json!({ "number": "50" }));
    check_example("/parties/0/facts/x", None, json!("text"));
    check_example("/parties/0/headquarters", None, json!("SG"));
    check_example("/parties/0/names", None, json!([{ "fullName": "text" }]));
    check_example("/parties/0/identifiers", None, json!([{ "scheme": "text", "id": "text" }]));
    check_example("/parties/0/listings", None, json!([{ "listId": "text" }]));
    check_example("/parties/1/ultimateParent", None, json!("a"));
    check_example("/parties/1/ownership", None, json!("complete"));
    check_example("/participants", None, json!([{ "role": "text", "party": "a" }]));
    check_example("/relationships/0/interests/0/share", None, json!({ "exact": "50" }));
    check_example("/relationships/0/interests/0/directness", None, json!("direct"));
    check_example("/relationships/0/interestedParty", None, json!("a"));
    check_example("/relationships", None, json!([{ "recordId": "new", "subject": "a" }]));
    check_example("/certificates", None, json!([{ "scheme": "text" }]));
    check_example("/certificates/0/validUntil", None, json!("2025-09-05"));
    check_example("/certificates/0/holder", None, json!("a"));
    check_example("/authorizations", None, json!([{ "kind": "text" }]));
    check_example("/resource/classifications", None, json!([{ "scheme": "text", "code": "text" }]));
    check_example("/resource/components", None, json!(["a"]));
    check_example("/resource/producer", None, json!("a"));
    check_example("/purposes", None, json!(["text"]));
    check_example("/deployment/operator", None, json!("a"));
}
