use super::*;
use serde_json::{Value, json};

fn manifest() -> Value {
    json!({
        "policy": { "id": "test-policy", "version": "1.0.0", "title": "Test", "contract": "lexgate:screening@0.1.0",
                    "time-zone": "Asia/Seoul", "authority": "Nobody" },
        "rules": [{ "id": "majority", "status": "in-force", "from": "2025-01-01", "until": "2025-12-31",
                    "citation": { "instrument": "Act", "section": "1" }, "source": "primary" }],
        "facts": [{ "of": "party", "name": "public", "type": "flag", "says": "whether it is", "rules": ["majority"] },
                  { "of": "party", "field": "headquarters", "rules": ["majority"] }],
        "datasets": [{ "name": "regions", "version": "1", "valid-until": "2024-12-31", "source": "s", "bytes": 0,
                       "digest": Digest::of(b"") },
                     { "name": "regions", "version": "2", "valid-from": "2025-01-01", "source": "s", "bytes": 0,
                       "digest": Digest::of(b"") }],
        "parameters": { "type": "object", "additionalProperties": false,
                        "properties": { "threshold": { "type": "string", "pattern": "^[0-9]+$", "default": "50" },
                                        "strict": { "type": "boolean", "default": true } } },
        "messages": { "exceeded": { "en": "more than {threshold} %", "ko": "{threshold}% 초과" } },
    })
}

/// Checks the message that a manifest with one member replaced is refused with.
#[track_caller]
fn refuse(pointer: &str, value: Value, message: &str) {
    let mut manifest = manifest();
    *manifest.pointer_mut(pointer).unwrap() = value;
    let error = match serde_json::from_value::<Manifest>(manifest) {
        Ok(manifest) => manifest.check().expect_err("is refused").to_string(),
        Err(error) => error.to_string(),
    };
    assert!(error.contains(message), "{error}");
}

fn good() -> Manifest {
    serde_json::from_value(manifest()).unwrap()
}

#[test]
fn a_manifest_reads_what_it_writes_and_only_that() {
    let text = good().to_canonical_json();
    assert_eq!(Manifest::from_canonical_json(text.as_bytes()).unwrap(), good());
    let spaced = text.replacen(':', ": ", 1);
    assert!(Manifest::from_canonical_json(spaced.as_bytes()).unwrap_err().to_string().contains("canonical"));
    assert_eq!(good().versions("regions").iter().map(|v| v.version.as_str()).collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn every_fault_names_its_place() {
    refuse("/policy/id", json!("Test Policy"), "policy.id: `Test Policy` is not an id");
    refuse("/policy/version", json!("1.0"), "unexpected end of input");
    refuse("/policy/time-zone", json!("Seoul"), "policy.time-zone: `Seoul` is not an IANA time zone");
    refuse("/policy/time-zone", json!("asia/seoul"), "is not an IANA time zone");
    refuse("/rules", json!([]), "a policy needs at least one rule");
    refuse("/rules/0/until", json!("2024-12-31"), "rules.majority.until: lies before `from`");
    refuse("/rules/0/from", json!("2025-13-01"), "`2025-13-01` is not a date");
    refuse("/rules/0/status", json!("law"), "unknown variant `law`");
    refuse("/rules/0/citation/instrument", json!(" "), "rules.majority.citation.instrument: is empty");
    refuse("/datasets/1/valid-from", json!("2024-12-31"), "holds on days on which version `1` holds");
    refuse("/datasets/1/version", json!("1"), "is declared twice");
    refuse("/datasets/1/name", json!("../regions"), "its name is not an id");
    refuse("/messages/exceeded/ko", json!("{limit}% 초과"), "messages.exceeded.ko: has other placeholders");
    refuse("/messages/exceeded", json!({ "ko": "초과" }), "messages.exceeded: has no text for `en`");
    refuse("/parameters/properties/threshold/default", json!(50), "its defaults do not fit it");
    refuse("/parameters/properties/threshold", json!({ "default": 50.5 }), "write fractions as strings");
    refuse("/parameters/properties/threshold/pattern", json!("("), "is not a JSON Schema");
    refuse("/parameters", json!({ "type": "object", "$ref": "https://example.com/schema" }), "parameters: ");
}

#[test]
fn facts_are_declared_soundly() {
    refuse("/facts/0/of", json!("partie"), "unknown variant `partie`");
    refuse("/facts/0/of", json!("listing"), "facts.listing.public: a listing has no named facts");
    refuse("/facts/0/type", json!(null), "facts.party.public: has no `type`");
    refuse("/facts/0/says", json!(" "), "has no `says`");
    refuse("/facts/0/rules", json!([]), "has no `rules` that read it");
    refuse("/facts/0/rules", json!(["other"]), "`other` is no rule of this policy");
    refuse("/facts/0/name", json!(""), "must be 1 to 128 bytes");
    refuse("/facts/1/field", json!("headquarter"), "has no such field; it has kind, names,");
    refuse("/facts/1/field", json!(null), "needs either `name`");
    let with = |fact: Value| refuse("/facts/1", fact, "facts.party.");
    with(json!({ "of": "party", "name": "public", "type": "flag", "says": "twice", "rules": ["majority"] }));
    with(json!({ "of": "party", "field": "kind", "type": "text", "rules": ["majority"] }));
    with(json!({ "of": "party", "field": "kind", "name": "x", "rules": ["majority"] }));
    with(
        json!({ "of": "party", "name": "x", "type": "flag", "unit": "m", "says": "s", "rules": ["majority"] }),
    );
    with(
        json!({ "of": "party", "name": "x", "type": "flag", "values": ["a"], "says": "s", "rules": ["majority"] }),
    );
}

#[test]
fn a_pointer_leads_to_what_is_declared() {
    let field = |of, name: &str| Some(Spot { of, part: Part::Field(name.to_owned()) });
    let check = |pointer, spot: Option<Spot>| assert_eq!(Spot::of_pointer(pointer), spot, "{pointer}");
    check("/parties/3/headquarters", field(RecordKind::Party, "headquarters"));
    check("/parties/3/listings", field(RecordKind::Party, "listings"));
    check("/parties/3/listings/0/end", field(RecordKind::Listing, "end"));
    check("/relationships/1/interests/0/share", field(RecordKind::Interest, "share"));
    check("/resource/classifications/0/code", field(RecordKind::Classification, "code"));
    check("/deployment", field(RecordKind::Request, "deployment"));
    check("/deployment/operator", field(RecordKind::Deployment, "operator"));
    check("/purposes", field(RecordKind::Request, "purposes"));
    check("/certificates/0", Some(Spot { of: RecordKind::Certificate, part: Part::Whole }));
    let fact = |name: &str| Part::Fact(name.to_owned());
    check("/facts/a~1b", Some(Spot { of: RecordKind::Request, part: fact("a/b") }));
    check("/deployment/facts/a", Some(Spot { of: RecordKind::Deployment, part: fact("a") }));
    check("/parties/0/nothing", None);
    assert_eq!(good().fact_at("/parties/7/facts/public").unwrap().called(), "public");
    assert_eq!(good().fact_at("/parties/7/facts/other"), None);
}

#[test]
fn two_versions_of_a_rule_never_hold_on_one_day() {
    let rule = |id: &str, from: &str, until: Option<&str>| {
        json!({ "id": id, "version-of": "ban", "status": "in-force", "from": from, "until": until, "source": "s",
                "citation": { "instrument": "Act" } })
    };
    let rules = |until, from| {
        let old = json!({ "id": "majority", "status": "in-force", "citation": { "instrument": "Act" }, "source": "s" });
        json!([old, rule("first", "2024-01-01", Some(until)), rule("second", from, None)])
    };
    let mut sound = manifest();
    sound["rules"] = rules("2024-12-31", "2025-01-01");
    serde_json::from_value::<Manifest>(sound).unwrap().check().unwrap();
    refuse(
        "/rules",
        rules("2025-01-01", "2025-01-01"),
        "rules.second: holds on days on which `first` holds, another version of `ban`",
    );
}

#[test]
fn unknown_keys_are_refused() {
    let mut with_extra = manifest();
    with_extra["policy"]["licence"] = json!("x");
    assert!(
        serde_json::from_value::<Manifest>(with_extra)
            .unwrap_err()
            .to_string()
            .contains("unknown field `licence`")
    );
}

#[test]
fn parameters_get_their_defaults_and_are_checked() {
    let schema = good().parameters;
    let accept = |given: Value| schema.accept(given.as_object().cloned().unwrap());
    assert_eq!(accept(json!({})).unwrap().as_str(), r#"{"strict":true,"threshold":"50"}"#);
    assert_eq!(accept(json!({ "strict": false })).unwrap().as_str(), r#"{"strict":false,"threshold":"50"}"#);
    let wrong = accept(json!({ "threshold": "half" })).unwrap_err();
    assert_eq!((wrong.pointer.as_str(), wrong.why.contains("does not match")), ("/threshold", true));
    assert!(accept(json!({ "thresold": "50" })).unwrap_err().why.contains("'thresold' was unexpected"));
    assert!(accept(json!({ "threshold": 50.5 })).unwrap_err().why.contains("write fractions as strings"));
}

#[test]
fn messages_are_looked_up_by_language_and_filled() {
    let messages = good().messages;
    let text = |language| message::look_up(&messages["exceeded"], language).unwrap().to_owned();
    assert_eq!(text("ko-KR"), text("ko"));
    assert_eq!(text("fr"), text("en"));
    let arguments = BTreeMap::from([("threshold".to_owned(), "{threshold}".to_owned())]);
    assert_eq!(
        message::render(&text("en"), &arguments),
        "more than {threshold} %",
        "a value is never read as a text"
    );
    assert_eq!(message::render("{a {b} {}", &arguments), "{a {b} {}");
}

#[test]
fn a_schema_that_names_itself_or_doubles_is_refused() {
    let message = "references can loop and multiply";
    let object = |more: Value| {
        let mut schema = json!({ "type": "object" });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    refuse("/parameters", object(json!({ "$ref": "#" })), message);
    refuse("/parameters", object(json!({ "allOf": [{ "not": { "$dynamicRef": "#" } }] })), message);
    // Checking nothing at all against this takes two to the power of sixty steps.
    let doubled = |number: u32| {
        let next = json!({ "$ref": format!("#/$defs/d{}", number + 1) });
        (format!("d{number}"), json!({ "allOf": [next.clone(), next] }))
    };
    let mut definitions: serde_json::Map<_, _> = (0..60).map(doubled).collect();
    definitions.insert("d60".to_owned(), json!(true));
    refuse(
        "/parameters",
        object(json!({ "$defs": definitions, "allOf": [{ "$ref": "#/$defs/d0" }] })),
        message,
    );
    // A parameter may be called so.
    let mut named = manifest();
    named["parameters"]["properties"]["$ref"] = json!({ "type": "boolean", "default": true });
    serde_json::from_value::<Manifest>(named).unwrap().check().unwrap();
}

#[test]
fn parameters_that_explode_are_refused() {
    let schema = |parameters: Value| {
        let mut manifest = manifest();
        manifest["parameters"] = parameters;
        serde_json::from_value::<Manifest>(manifest).unwrap()
    };
    let long = "x".repeat(70_000);
    let properties = json!({ "a": { "type": "string", "default": long } });
    let message =
        schema(json!({ "type": "object", "properties": properties })).check().unwrap_err().to_string();
    assert!(message.contains("is larger than 65536 bytes"), "{message}");
    // Repetitions of repetitions are as large as what they stand for.
    let pattern = |pattern: &str| json!({ "type": "object", "properties": { "a": { "pattern": pattern } } });
    let message = schema(pattern("((a{1000}){1000}){1000}")).check().unwrap_err().to_string();
    assert!(message.contains("is not a JSON Schema"), "{message}");
    // What takes others exponentially long takes as long as the text.
    let slow = schema(pattern("^(a+)+$"));
    let text = format!("{}b", "a".repeat(60_000));
    let given = |text: &str| json!({ "a": text }).as_object().unwrap().clone();
    slow.parameters.accept(given(&text)).unwrap_err();
    let open = schema(json!({ "type": "object" }));
    let message = open.parameters.accept(given(&long)).unwrap_err().to_string();
    assert!(message.contains("larger than 65536 bytes"), "{message}");
}
