use super::*;
use serde_json::{Value, json};

fn manifest() -> Value {
    json!({
        "policy": { "id": "test-policy", "version": "1.0.0", "title": "Test", "contract": "lexgate:screening@0.1.0",
                    "time-zone": "Asia/Seoul", "authority": "Nobody" },
        "rules": [{ "id": "majority", "status": "in-force", "from": "2025-01-01", "until": "2025-12-31",
                    "citation": { "instrument": "Act", "section": "1" }, "source": "primary" }],
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
