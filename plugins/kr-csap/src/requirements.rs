//! What is required of a system by its grade, beside the certificate.
//!
//! The sources tell what low systems need, and what high ones need in addition. What low ones need is the least for all. Whether
//! mid and high ones need physical separation they do not say: there the parameter `unverified` answers.

use crate::certificates::Certificates;
use crate::grade::Grade;
use lexgate_sdk::{Answer, Condition, Fact, Request, Requirement, Weighed, country, region_code};

/// One on a word, of which messages tell the name and the value.
fn on<'a>(
    (name, word): (&'static str, Fact<'a, &'a str>),
    unmet: &'static str,
    expected: &'a str,
    test: impl FnOnce(&str) -> bool,
    otherwise: Answer,
) -> Requirement<'a> {
    let weighed = Weighed::needs(word, expected, test, otherwise);
    Requirement::new([unmet, "requirement-unverified", "requirement-open"], weighed)
        .argument("fact", name)
        .argument("value", word.value().unwrap_or_default())
}

/// What a system of a grade needs.
pub(crate) fn graded<'a>(certificates: &Certificates<'_, 'a>, grade: Grade) -> Vec<Requirement<'a>> {
    let (request, low) = (certificates.request, grade == Grade::Low);
    let separation = separation(request);
    let unverified = !low && separation.1.value() == Some("logical");
    let otherwise = if unverified { certificates.policy.unverified.clone() } else { Answer::Deny };
    let separated = |word: &str| word == "physical" || low && word == "logical";
    let region = ("region", request.deployment().region());
    let operations = request.deployment().text("operationsCountry");
    let operations = ("operationsCountry", operations.read(region_code));
    let place = "where system and data are (ISO 3166)";
    let from_where = "the country from which it is operated (ISO 3166)";
    let insufficient = or_none(certificates, "certificate-insufficient");
    let codes = [insufficient, "certificate-unverified", "certificate-open"];
    let mut needed = vec![
        Requirement::new(codes, certificates.graded(grade)),
        on(separation, "separation-insufficient", SEPARATION, separated, otherwise),
        on(region, "place-abroad", place, in_korea, Answer::Deny),
        on(operations, "operations-abroad", from_where, in_korea, Answer::Deny),
    ];
    if grade == Grade::High {
        needed.extend(HIGH.map(|(name, unmet, expected)| {
            let word = request.deployment().flag(name).map(|met| if met { "true" } else { "false" });
            on((name, word), unmet, expected, |word| word == "true", Answer::Deny)
        }));
    }
    needed.into_iter().map(|requirement| requirement.argument("grade", grade.called())).collect()
}

/// What high systems need in addition: the fact, the code if it is not met, and what it says.
const HIGH: [(&str, &str, &str); 4] = [
    ("externalNetworkBlocked", "external-reachable", "whether it is closed to outside networks"),
    ("unifiedAuditLogs", "management-lacking", "whether its audit logs are kept together"),
    ("automatedAccounts", "management-lacking", "whether its accounts are managed automatically"),
    ("automatedPatching", "management-lacking", "whether it is patched automatically"),
];

/// What a system needed before there were grades.
pub(crate) fn ungraded<'a>(certificates: &Certificates<'_, 'a>) -> Vec<Requirement<'a>> {
    let codes = [or_none(certificates, "certificate-invalid"), "certificate-unverified", "validity-open"];
    let (separation, physical) = (separation(certificates.request), |word: &str| word == "physical");
    vec![
        Requirement::new(codes, certificates.certified()),
        on(separation, "separation-not-physical", SEPARATION, physical, Answer::Deny),
    ]
}

/// What is needed from the single gate on: either paper will do.
pub(crate) fn single_gate<'a>(certificates: &Certificates<'_, 'a>) -> Vec<Requirement<'a>> {
    let either = Weighed::mildest([certificates.verified(), certificates.certified()]);
    vec![Requirement::new(["gate-not-passed", "gate-not-passed", "gate-open"], either)]
}

/// What was proposed: a platform or software has the grade of the infrastructure it runs on.
pub(crate) fn proposed<'a>(
    certificates: &Certificates<'_, 'a>,
    applies: &Condition<'a>,
    grade: Grade,
) -> Vec<Requirement<'a>> {
    let codes = ["infrastructure-lower", "infrastructure-lower", "infrastructure-open"];
    let follows = certificates.graded_by_infrastructure(grade);
    let nothing = Weighed::settled(Answer::NotApplicable, []);
    vec![Requirement::new(codes, applies.choose(follows, nothing)).argument("grade", grade.called())]
}

/// The code for certificates of which none is enough; or for having none.
fn or_none(certificates: &Certificates<'_, '_>, insufficient: &'static str) -> &'static str {
    if certificates.csap.is_empty() { "no-certificate" } else { insufficient }
}

const SEPARATION: &str = "`physical`, `logical` or `none`";

fn separation(request: Request<'_>) -> (&'static str, Fact<'_, &str>) {
    let word = request.deployment().text("networkSeparation");
    let known = |word| matches!(word, "physical" | "logical" | "none").then_some(word);
    ("networkSeparation", word.read(known))
}

/// Whether a country, or a subdivision of one, is Korea or in it.
fn in_korea(code: &str) -> bool {
    country(code) == "KR"
}
