//! What is required of a system by its grade, beside the certificate.
//!
//! The sources tell what low systems need, and what high ones need in addition. Whether mid and high systems need more than
//! low ones in network separation and place they do not say: there the parameter `unverified` answers.

use crate::Terms;
use crate::certificates::{Certificates, GradeOf};
use crate::grade::Grade;
use crate::parties::in_korea;
use lexgate_sdk::contract::Outcome;
use lexgate_sdk::{Answer, Fact, Request, Weighed};

/// One requirement, what it comes to, and how that is told.
pub(crate) struct Requirement<'a> {
    /// Message codes for: not met, not verified, open.
    codes: [&'static str; 3],
    pub(crate) arguments: Vec<(&'static str, String)>,
    pub(crate) weighed: Weighed<'a>,
}

impl Requirement<'_> {
    /// Returns the message code for what it comes to.
    pub(crate) fn code(&self) -> &'static str {
        let [unmet, unverified, open] = self.codes;
        match self.weighed.outcome() {
            Some(Outcome::Deny) => unmet,
            Some(_) => unverified,
            None => open,
        }
    }
}

/// What a system of a grade needs.
pub(crate) fn graded<'a>(certificates: &Certificates<'_, 'a>, grade: Grade) -> Vec<Requirement<'a>> {
    let (request, terms) = (certificates.request, certificates.terms);
    let mut requirements = vec![certificate(certificates, grade)];
    requirements.extend(separation_and_place(request, terms, grade));
    if grade == Grade::High {
        requirements.extend(high(request));
    }
    requirements
}

/// What a system needed before there were grades.
pub(crate) fn ungraded<'a>(certificates: &Certificates<'_, 'a>) -> Vec<Requirement<'a>> {
    let separation = network_separation(certificates.request);
    vec![
        Requirement {
            codes: [or_none(certificates, "certificate-invalid"), "certificate-unverified", "validity-open"],
            arguments: Vec::new(),
            weighed: certificates.certified(),
        },
        Requirement {
            codes: ["separation-not-physical", "requirement-unverified", "requirement-open"],
            arguments: about("networkSeparation", separation, None),
            weighed: Weighed::needs(separation, SEPARATION_WORDS, |word| word == "physical", Answer::Deny),
        },
    ]
}

/// What is needed from the single gate on: either paper will do.
pub(crate) fn single_gate<'a>(certificates: &Certificates<'_, 'a>) -> Vec<Requirement<'a>> {
    vec![Requirement {
        codes: ["gate-not-passed", "gate-not-passed", "gate-open"],
        arguments: Vec::new(),
        weighed: Weighed::mildest([certificates.verified(), certificates.certified()]),
    }]
}

/// What was proposed: a platform or software has the grade of the infrastructure it runs on.
pub(crate) fn infrastructure<'a>(certificates: &Certificates<'_, 'a>, grade: Grade) -> Vec<Requirement<'a>> {
    vec![Requirement {
        codes: ["infrastructure-lower", "infrastructure-lower", "infrastructure-open"],
        arguments: vec![("grade", grade.called().to_owned())],
        weighed: certificates.graded(grade, GradeOf::Infrastructure),
    }]
}

fn certificate<'a>(certificates: &Certificates<'_, 'a>, grade: Grade) -> Requirement<'a> {
    let unmet = or_none(certificates, "certificate-insufficient");
    Requirement {
        codes: [unmet, "certificate-unverified", "certificate-open"],
        arguments: vec![("grade", grade.called().to_owned())],
        weighed: certificates.graded(grade, GradeOf::Itself),
    }
}

/// The code for certificates of which none is enough; or for having none.
fn or_none(certificates: &Certificates<'_, '_>, insufficient: &'static str) -> &'static str {
    if certificates.none() { "no-certificate" } else { insufficient }
}

fn separation_and_place<'a>(request: Request<'a>, terms: &Terms, grade: Grade) -> [Requirement<'a>; 3] {
    let low = grade == Grade::Low;
    let otherwise = || if low { Answer::Deny } else { terms.unverified() };
    let enough = |separation: &str| separation == "physical" || low && separation == "logical";
    let separation = network_separation(request);
    let deployment = request.deployment();
    let region = deployment.then("region", |deployment| deployment.region());
    let operations = deployment.then_fact("operationsCountry", |deployment, name| deployment.text(name));
    let operations = operations.read(|code| is_country(code).then_some(code));
    let requirement = |unmet, name, fact, expected, test: &dyn Fn(&str) -> bool| Requirement {
        codes: [unmet, "requirement-unverified", "requirement-open"],
        arguments: about(name, fact, Some(grade)),
        weighed: Weighed::needs(fact, expected, test, otherwise()),
    };
    let from_where = "the country from which it is operated (ISO 3166)";
    [
        requirement("separation-insufficient", "networkSeparation", separation, SEPARATION_WORDS, &enough),
        requirement("place-abroad", "region", region, "where system and data are (ISO 3166)", &in_korea),
        requirement("operations-abroad", "operationsCountry", operations, from_where, &in_korea),
    ]
}

/// What high systems need in addition.
fn high(request: Request<'_>) -> impl Iterator<Item = Requirement<'_>> {
    let needed = [
        ("externalNetworkBlocked", "external-reachable", "whether it is closed to outside networks"),
        ("unifiedAuditLogs", "management-lacking", "whether its audit logs are kept together"),
        ("automatedAccounts", "management-lacking", "whether its accounts are managed automatically"),
        ("automatedPatching", "management-lacking", "whether it is patched automatically"),
    ];
    needed.into_iter().map(move |(name, unmet, expected)| {
        let fact = request.deployment().then_fact(name, |deployment, name| deployment.flag(name));
        Requirement {
            codes: [unmet, "requirement-unverified", "requirement-open"],
            arguments: about(name, fact.map(|_| ""), Some(Grade::High)),
            weighed: Weighed::needs(fact, expected, |met| met, Answer::Deny),
        }
    })
}

const SEPARATION_WORDS: &str = "`physical`, `logical` or `none`";

fn network_separation(request: Request<'_>) -> Fact<'_, &str> {
    let separation =
        request.deployment().then_fact("networkSeparation", |deployment, name| deployment.text(name));
    separation.read(|word| matches!(word, "physical" | "logical" | "none").then_some(word))
}

/// Whether it is an ISO 3166-1 code, or a 3166-2 code of a subdivision.
fn is_country(code: &str) -> bool {
    let country = code.split('-').next().unwrap_or_default();
    country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Returns what messages say about a fact: its name, its value, and the grade that needs it.
fn about(name: &str, fact: Fact<'_, &str>, grade: Option<Grade>) -> Vec<(&'static str, String)> {
    let value = fact.value().unwrap_or_default();
    let mut arguments = vec![("fact", name.to_owned()), ("value", value.to_owned())];
    arguments.extend(grade.map(|grade| ("grade", grade.called().to_owned())));
    arguments
}
