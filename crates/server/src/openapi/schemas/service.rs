//! The schemas of AuthZEN, of how long decisions are kept, and of the server itself.

use super::{
    Schemas, closed, flag, instant, list, map, named, object, or_null, text, told, whole, with, words,
};
use serde_json::json;

pub(super) fn of_authzen() -> Schemas {
    let text = || json!({ "type": "string" });
    let properties = || json!({ "type": "object", "description": "Values that facts can have" });
    let named_one =
        |says: &str| object(says, &[("type", text()), ("id", text()), ("properties?", properties())]);
    let action = || object("What is done", &[("name", text()), ("properties?", properties())]);
    let semantics = ["execute_all", "deny_on_first_deny", "permit_on_first_permit"];
    let one = [
        ("subject", named_one("Who does it")),
        ("action", action()),
        ("resource", named_one("What it is done with")),
        ("context?", properties()),
    ];
    let any = [
        ("subject?", named_one("Who does it")),
        ("action?", action()),
        ("resource?", named_one("What it is done with")),
        ("context?", properties()),
    ];
    let options =
        object("How they are asked", &[("evaluations_semantic?", words("When they end", &semantics))]);
    let answer = [
        ("decision", flag("Permit is true, everything else false")),
        (
            "context?",
            object(
                "With `explain=true`",
                &[
                    ("id?", text()),
                    ("reason_admin?", map(text())),
                    (
                        "error?",
                        object(
                            "What was wrong with it",
                            &[("status", json!({ "const": 400 })), ("message", text())],
                        ),
                    ),
                ],
            ),
        ),
    ];
    vec![
        ("AuthzenCall", object("An evaluation", &one)),
        (
            "AuthzenCalls",
            object(
                "Several evaluations; what one lacks it has from the call",
                &with(&any, &[("evaluations?", list(object("One of them", &any))), ("options?", options)]),
            ),
        ),
        ("AuthzenAnswer", object("The answer to an evaluation", &answer)),
        (
            "AuthzenAnswers",
            object("The answers to several", &[("evaluations", list(named("AuthzenAnswer")))]),
        ),
        (
            "AuthzenConfiguration",
            object(
                "The metadata document",
                &[
                    ("policy_decision_point", text()),
                    ("access_evaluation_endpoint", text()),
                    ("access_evaluations_endpoint", text()),
                ],
            ),
        ),
    ]
}

pub(super) fn of_retention() -> Schemas {
    let ids = || list(json!({ "type": "string", "format": "uuid" }));
    let scope = closed(
        "What is held: what was recorded in a time, single decisions, or, if nothing is said, everything",
        &[("from?", instant()), ("until?", instant()), ("decisions?", ids())],
    );
    let lifted = [("name", text()), ("reason", told("Why")), ("by", told("Who did it"))];
    let hold = object("A hold", &with(&lifted, &[("scope", scope.clone())]));
    let entry = || told("The id of the entry in the log");
    let age = object("An age", &[("days", whole("Of 24 hours")), ("reason", told("Why no longer"))]);
    vec![
        ("HoldDocument", closed("A hold to put on", &[("reason", told("Why")), ("scope?", scope)])),
        ("LiftDocument", closed("A hold to lift", &[("reason", told("Why"))])),
        ("HoldPut", object("A hold that is put on", &[("entry", entry()), ("hold", hold.clone())])),
        (
            "HoldLifted",
            object("A hold that is lifted", &[("entry", entry()), ("lifted", object("It", &lifted))]),
        ),
        ("Holds", object("How long decisions are kept", &[("keep", or_null(age)), ("holds", list(hold))])),
        (
            "Swept",
            object(
                "What was deleted",
                &[
                    ("decisions", whole("Decisions of which the head is left")),
                    ("segments", whole("Segments of the log that were written anew")),
                    ("bytes", whole("Bytes that are free")),
                ],
            ),
        ),
    ]
}

pub(super) fn of_server() -> Schemas {
    let package = [
        ("digest", named("Digest")),
        ("policy", told("Its id")),
        ("version", text()),
        ("title", text()),
        ("bytes", whole("How large it is")),
    ];
    let tenant = [
        ("tenant", named("Tenant")),
        ("revision", or_null(text())),
        ("serves", flag("Whether its stored set could be prepared")),
    ];
    let at = object("What is wrong, and where", &[("pointer", text()), ("detail", text())]);
    let problem = [
        ("type", told("`urn:lexgate:problem:` and what kind it is")),
        ("title", text()),
        ("status", json!({ "type": "integer", "minimum": 400, "maximum": 599 })),
        ("detail", text()),
        ("pointer?", told("Where in the body (RFC 6901)")),
        ("errors?", list(at)),
    ];
    vec![
        ("Problem", object("Problem details, RFC 9457", &problem)),
        ("Package", object("A package", &package)),
        ("Packages", object("All packages", &[("packages", list(named("Package")))])),
        ("Dataset", object("A dataset", &[("digest", named("Digest")), ("bytes", whole("How large it is"))])),
        ("Tenants", object("All tenants", &[("tenants", list(object("A tenant", &tenant)))])),
        ("Alive", object("It lives", &[("alive", json!({ "const": true }))])),
        (
            "Ready",
            object(
                "Whether it is ready",
                &[
                    ("ready", flag("Whether it is")),
                    ("records", flag("Whether decisions can be recorded")),
                    ("stopping", flag("Whether it lets nobody in any more")),
                    ("tenantsNotServed", whole("Tenants whose stored set could not be prepared")),
                ],
            ),
        ),
    ]
}
