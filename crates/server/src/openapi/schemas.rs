//! The schemas of the document. That of requests is the published one of the model, and the names of limits are read from it;
//! the others describe what `answer.rs`, `decisions.rs`, `control.rs`, `sets.rs`, `authzen.rs` and the record of the model
//! write. `tests/server/openapi.rs` holds every answer of all tests of the server to them.

mod service;

use super::operation::{named, put};
use lexgate_model::{Limits, Request};
use serde_json::{Map, Value, json};

/// Returns an object of these members. Those whose names end with `?` may be absent; there are no others.
fn object(says: &str, members: &[(&str, Value)]) -> Value {
    let required: Vec<_> =
        members.iter().map(|(name, _)| *name).filter(|name| !name.ends_with('?')).collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema.clone()))
        .collect();
    json!({ "type": "object", "description": says, "required": required, "properties": properties })
}

/// Returns an object that is refused with any other member.
fn closed(says: &str, members: &[(&str, Value)]) -> Value {
    let mut schema = object(says, members);
    put(&mut schema, "additionalProperties", false.into());
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn told(says: &str) -> Value {
    json!({ "type": "string", "description": says })
}

fn whole(says: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": says })
}

fn flag(says: &str) -> Value {
    json!({ "type": "boolean", "description": says })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn words(says: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "description": says, "enum": words })
}

fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn map(of: Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

/// Returns members and more of them.
fn with<'a>(members: &[(&'a str, Value)], more: &[(&'a str, Value)]) -> Vec<(&'a str, Value)> {
    members.iter().chain(more).cloned().collect()
}

/// Returns what stands in a path, by name, and the header that any request may have.
pub(super) fn parameters() -> Value {
    let of_path = |name: &str, says: &str, schema: Value| json!({ "name": name, "in": "path", "required": true, "description": says, "schema": schema });
    json!({
        "tenant": of_path("tenant", "The name of a tenant", named("Tenant")),
        "id": of_path("id", "The id of a decision", json!({ "type": "string", "format": "uuid" })),
        "digest": of_path("digest", "The digest of the package", named("Digest")),
        "name": of_path("name", "The name of a hold", text()),
        "revision": of_path("revision", "The name of a revision", text()),
        "x-request-id": {
            "name": "x-request-id", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "Repeated in the answer; up to 256 bytes of it are recorded with decisions",
        },
    })
}

/// Returns all schemas, by name.
pub(super) fn all() -> Map<String, Value> {
    let mut all = of_requests();
    let of_service = [service::of_authzen(), service::of_retention(), service::of_server()];
    let parts = [words_of_the_model(), of_decisions(), of_records(), of_sets()].into_iter().chain(of_service);
    for (name, schema) in parts.flatten() {
        all.insert(name.to_owned(), schema);
    }
    all
}

/// Returns the published schema of requests, its definitions among the others.
fn of_requests() -> Map<String, Value> {
    let mut definitions = Request::json_schema();
    let mut definitions = definitions.get_mut("$defs").map(Value::take).unwrap_or_default();
    moved(&mut definitions);
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

/// Lets references point to where definitions stand in the document.
fn moved(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
                    Some(definition) if name == "$ref" => {
                        *value = format!("#/components/schemas/{definition}").into();
                    }
                    _ => moved(value),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(moved),
        _ => {}
    }
}

type Schemas = Vec<(&'static str, Value)>;

fn words_of_the_model() -> Schemas {
    let outcomes =
        ["not-applicable", "permit", "permit-with-obligations", "review", "licence-required", "deny"];
    let statuses =
        ["in-force", "guidance", "vendor-policy", "proposed", "announced", "suspended", "superseded"];
    let projections =
        ["permit", "deny", "not-applicable", "indeterminate-p", "indeterminate-d", "indeterminate-dp"];
    let licensing = ["presumption-of-approval", "case-by-case", "presumption-of-denial", "policy-of-denial"];
    vec![
        ("Outcome", words("From the mildest to the strictest", &outcomes)),
        ("Projection", words("As XACML knows it", &projections)),
        ("Status", words("Whether a rule is law", &statuses)),
        ("Licensing", words("How applications are treated", &licensing)),
        ("Mode", words("Whether a binding decides", &["enforce", "shadow", "off"])),
        ("Posture", words("What a fault counts as", &["closed", "review"])),
        ("Otherwise", words("What is told where no policy says anything", &["permit", "deny"])),
        ("Digest", json!({ "type": "string", "pattern": "^sha256:[0-9a-f]{64}$" })),
        ("Tenant", json!({ "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" })),
    ]
}

/// Both ends of an outcome.
fn span() -> [(&'static str, Value); 2] {
    [("floor", named("Outcome")), ("ceiling", named("Outcome"))]
}

fn of_decisions() -> Schemas {
    let span = span();
    let owner = [("binding", text()), ("rule", text())];
    let members = [("explanation", list(named("Explained"))), ("bindings", list(named("Evaluated")))];
    let head = [
        (
            "id?",
            json!({ "type": "string", "format": "uuid", "description": "Absent where nothing is recorded" }),
        ),
        ("tenant", named("Tenant")),
        ("revision", told("The revision of the set that decided")),
        ("recorded?", instant()),
        ("permitted", flag("The answer for a caller that has only yes and no")),
        ("projection", named("Projection")),
        ("otherwise", named("Otherwise")),
        ("fulfilsObligations", flag("Whether the caller declared that it fulfils obligations")),
    ];
    let decision = with(&with(&head, &[("decision", named("Combined"))]), &members);
    let would_be = [
        ("whatIf", json!({ "const": true })),
        ("tenant", named("Tenant")),
        ("revision", text()),
        ("wouldBe", named("Combined")),
    ];
    let explained = [
        ("decides", flag("Whether it entered the decision")),
        ("message", told("In English")),
        ("citation", named("Citation")),
    ];
    let evaluated = [
        ("binding", text()),
        ("mode", named("Mode")),
        ("policy", named("Policy")),
        ("date", json!({ "type": "string", "format": "date" })),
        ("verdict", object("What it comes to", &span)),
        ("fuel", whole("What it used")),
        ("fault?", named("Fault")),
    ];
    let combined = [
        (
            "because",
            list(object("A finding that set an end", &with(&with(&owner, &span), &[("code", text())]))),
        ),
        ("actions", list(named("Action"))),
        ("missing", list(named("Wanted"))),
    ];
    let listed = [
        ("id", json!({ "type": "string", "format": "uuid" })),
        ("recorded", instant()),
        ("revision", or_null(text())),
        ("requestId?", text()),
        ("floor?", named("Outcome")),
        ("ceiling?", named("Outcome")),
        ("fault?", flag("Whether a policy ended in a fault")),
        ("deleted?", flag("Whether all but the head was deleted")),
    ];
    let line = |members: Vec<(&'static str, Value)>| with(&[("line", whole("Its number, from 1"))], &members);
    vec![
        ("Decision", object("A decision, as it was recorded", &decision)),
        (
            "RecordedDecision",
            object("A decision with its record", &with(&decision, &[("record", named("Record"))])),
        ),
        ("WouldBe", object("What would be decided", &with(&would_be, &members))),
        (
            "Line",
            json!({ "anyOf": [
                object("A decision", &line(decision.clone())),
                object("An error", &line(vec![("error", named("Problem"))])),
            ] }),
        ),
        ("Combined", object("The verdicts of a set, combined", &with(&span, &combined))),
        ("Explained", object("What a rule says", &with(&with(&owner, &span), &explained))),
        ("Evaluated", object("What a binding came to", &evaluated)),
        ("Action", action(&owner)),
        (
            "Wanted",
            object(
                "A missing fact",
                &with(
                    &missing(),
                    &[
                        ("width", whole("Steps between the ends of the widest finding that names it")),
                        ("askedBy", list(object("A rule of a binding", &owner))),
                    ],
                ),
            ),
        ),
        (
            "Citation",
            object(
                "Where a rule stands written",
                &[("instrument", text()), ("section", told("May be empty")), ("url?", text())],
            ),
        ),
        (
            "Policy",
            object("Which policy", &[("id", text()), ("version", text()), ("package", named("Digest"))]),
        ),
        ("Obligation", obligation()),
        ("Fault", fault()),
        (
            "Decisions",
            object(
                "A page of decisions",
                &[
                    ("decisions", list(object("A decision in a list", &listed))),
                    ("next?", told("What to give as `after` for the next page")),
                ],
            ),
        ),
    ]
}

fn fault() -> Value {
    let kinds =
        ["trap", "fuel", "memory", "output", "refusal", "anachronistic", "deadline", "stack", "no-instance"];
    object(
        "What a policy did wrong, or what went wrong around it",
        &[
            ("kind", words("The last three depend on the machine", &kinds)),
            ("detail?", json!({ "description": "Whatever there is to say" })),
        ],
    )
}

fn missing() -> [(&'static str, Value); 3] {
    [
        ("pointer", told("Where it would be in the canonical request")),
        ("expected", told("What is expected there")),
        ("reason", told("Why it is missing")),
    ]
}

/// What must be done.
fn obligation() -> Value {
    let members = [
        ("kind", text()),
        ("binding", flag("Whether the permission hangs on it")),
        ("properties?", map(json!(true))),
        ("fulfilOn?", list(named("Outcome"))),
    ];
    object("What must be done", &members)
}

fn action(owner: &[(&'static str, Value)]) -> Value {
    let members = [
        ("certain", flag("Whether it is asked for whatever the missing facts are")),
        ("action", words("What must happen", &["review", "licence", "obligation"])),
        ("policy?", named("Licensing")),
        ("obligation?", named("Obligation")),
    ];
    object("What must happen before the matter clears", &with(owner, &members))
}

fn of_records() -> Schemas {
    let mut limits = vec![("fuel", whole("For a request of this size"))];
    let names = limit_names();
    limits.extend(names.iter().map(|name| (name.as_str(), whole("A limit of the binding"))));
    let standing = object(
        "Whether a finding decides",
        &[("is", words("It", &["deciding", "advice", "record"])), ("because?", text())],
    );
    let evidence = object("A fact it rests on", &[("pointer", text()), ("value", json!(true))]);
    let derived = object(
        "A value it computed",
        &[
            ("name", text()),
            ("method", text()),
            ("minimum", text()),
            ("maximum", text()),
            ("exclusiveMinimum?", flag("Whether the lower end lies outside")),
            ("exclusiveMaximum?", flag("Whether the upper end lies outside")),
            ("unit?", told("UCUM")),
        ],
    );
    let finding = [
        ("rule", text()),
        ("code", text()),
        ("standing", standing),
        ("licensing?", named("Licensing")),
        ("message", text()),
        ("arguments?", map(text())),
        ("citation", named("Citation")),
        ("evidence?", list(evidence)),
        ("derived?", list(derived)),
        ("obligations?", list(named("Obligation"))),
        ("missing?", list(object("A missing fact", &missing()))),
        ("defects?", list(text())),
    ];
    let dataset = object(
        "A version of a dataset",
        &[("name", text()), ("version", text()), ("digest", named("Digest"))],
    );
    let used = object(
        "What it used",
        &[
            ("fuel", whole("Units of fuel")),
            ("memoryBytes", whole("Bytes, at most at one time")),
            ("hostCalls", whole("Calls of host functions")),
            ("configureFuel?", whole("Units of fuel for configuring")),
        ],
    );
    let evaluation = [
        ("binding", text()),
        ("mode", named("Mode")),
        ("posture", named("Posture")),
        ("policy", named("Policy")),
        ("parameters", named("Digest")),
        ("datasets?", list(dataset)),
        ("overrides?", list(named("Override"))),
        ("timeZone", text()),
        ("date", json!({ "type": "string", "format": "date" })),
        ("limits", object("What it was allowed", &limits)),
        ("used", used),
        ("anachronistic?", list(text())),
        ("verdict", object("What it comes to", &span())),
        ("findings", list(object("What a rule says", &with(&span(), &finding)))),
        ("fault?", named("Fault")),
        ("replayable", flag("Whether running it again must give the same")),
    ];
    let record = [
        ("lexgate", told("The version of Lexgate")),
        ("meter", told("What fuel means here")),
        ("zoneData", told("The version of the time-zone data")),
        ("whatIf", flag("Always false in what is recorded")),
        ("requestDigest", named("Digest")),
        ("request", json!({ "type": "object", "description": "The canonical request" })),
        ("bindings", list(object("What a binding came to", &evaluation))),
        ("decision", named("Combined")),
    ];
    vec![("Record", object("A decision with everything needed to make it again", &record))]
}

/// Returns the names of the limits of a binding.
fn limit_names() -> Vec<String> {
    let limits = serde_json::to_value(Limits::default()).unwrap_or_default();
    limits.as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

fn of_sets() -> Schemas {
    let day = || json!({ "type": "string", "format": "date" });
    let days =
        || closed("Days, both ends inclusive; an absent end is open", &[("from?", day()), ("until?", day())]);
    let names = limit_names();
    let limits: Vec<_> =
        names.iter().map(|name| (format!("{name}?"), whole("Up to the operator's ceiling"))).collect();
    let limits: Vec<_> = limits.iter().map(|(name, schema)| (name.as_str(), schema.clone())).collect();
    let dataset = closed(
        "A version of a dataset, uploaded before",
        &[("name", text()), ("version", text()), ("digest", named("Digest")), ("period?", days())],
    );
    let binding = [
        ("id", json!({ "type": "string", "minLength": 1, "maxLength": 128 })),
        ("package", named("Digest")),
        ("parameters?", json!({ "type": "object", "description": "As the manifest declares them" })),
        ("datasets?", list(dataset)),
        ("mode?", named("Mode")),
        ("posture?", named("Posture")),
        ("limits?", closed("Limits other than the usual ones", &limits)),
        ("period?", days()),
        ("overrides?", list(named("Override"))),
        ("anachronistic?", words("Where a dataset has no version for the date", &["mark", "refuse"])),
    ];
    let revision =
        [("revision", text()), ("number", whole("From 1")), ("put", instant()), ("by", told("Who put it"))];
    let status = object(
        "How a binding serves",
        &[
            ("binding", text()),
            ("mode", named("Mode")),
            ("policy", named("Policy")),
            ("starts", words("How an evaluation starts", &["from a snapshot", "by configuring anew"])),
        ],
    );
    let copy_of = || told("The revision it is a copy of");
    let past = with(&revision, &[("rollbackTo?", copy_of()), ("bindings", list(text()))]);
    let shown = [("rollbackTo", or_null(copy_of())), ("set", named("SetDocument")), ("status", list(status))];
    vec![
        (
            "SetDocument",
            closed(
                "A policy set, as a whole",
                &[("otherwise", named("Otherwise")), ("bindings", list(named("Binding")))],
            ),
        ),
        ("Binding", closed("A package in a set under its own id", &binding)),
        (
            "Override",
            closed(
                "What the operator changes about a rule",
                &[("rule", text()), ("status?", or_null(named("Status"))), ("period?", or_null(days()))],
            ),
        ),
        ("Set", object("A set as it serves", &with(&revision, &shown))),
        (
            "Revision",
            object(
                "A stored set",
                &with(&revision, &[("rollbackTo?", copy_of()), ("set", named("SetDocument"))]),
            ),
        ),
        (
            "History",
            object(
                "A page of the history",
                &[
                    ("revisions", list(object("A revision", &past))),
                    ("next", or_null(whole("What to give as `before` for the next page"))),
                ],
            ),
        ),
        ("Rollback", closed("A revision to return to", &[("to", told("Its name"))])),
    ]
}
