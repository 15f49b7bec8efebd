//! Rule `cloud-au-centre`: particularly sensitive data of State bodies in a commercial cloud.

use crate::bodies::{Bodies, Follows};
use crate::lists::Words;
use crate::{Codes, nothing};
use lexgate_sdk::view::Certificate;
use lexgate_sdk::{Answer, Condition, Fact, Findings, Obligation, Party, Request, Truth, Weighed};

/// Categories that are known not to run in a cloud. Another word may be one that does.
const GOODS: [&str; 2] = ["material", "component"];

/// Words of the scheme `SecNumCloud` for how sensitive data are. Another word may be either.
const SENSITIVE: &str = "particularly-sensitive";
const ORDINARY: &str = "ordinary";

const CODES: Codes = Codes {
    not_covered: "no-state-cloud",
    permitted: "cloud-allowed",
    bound: "derogation-granted",
    review: "cloud-scope-unverified",
    denied: "cloud-not-trusted",
    open: "cloud-open",
};

/// Reports the rule.
pub(crate) fn report<'a>(
    request: Request<'a>,
    bodies: &Bodies<'_, 'a>,
    schemes: &Words,
    findings: &mut Findings,
) {
    let expected = "what it is, such as `compute` or `videoconference`";
    let service = Condition::of(request.resource().category(), expected, |word| !GOODS.contains(&word));
    let protected = protected(request, schemes);
    let derogation = request.authorized("derogation", |paper| {
        Condition::all([paper.covers("commercial-cloud"), paper.valid_on(request.date())])
    });
    let record = Answer::PermitWith(Obligation::binding("record-exception"));
    let of_the_state = protected.choose(permit(), derogation.then(record, Answer::Deny));
    // Whether a public body that is neither of the State, local nor of the EU is a State body is not known.
    let of_another = protected.then(Answer::Permit, Answer::Review);
    let who = bodies.strictest(&Follows { state: of_the_state, other: of_another, rest: nothing() });
    CODES.tell("cloud-au-centre", &service.choose(who, nothing()), findings);
}

/// Returns whether the data are not particularly sensitive, not in a commercial cloud, or in one that is both qualified and
/// immune from law from outside the EU.
fn protected<'a>(request: Request<'a>, schemes: &Words) -> Condition<'a> {
    let flag = |name, expected| Condition::of(request.deployment().flag(name), expected, |flag| flag);
    let commercial = flag("commercialCloud", "whether it runs in a commercial cloud");
    let immune = flag("immuneFromNonEuLaw", "whether its provider is immune from law from outside the EU");
    let trusted = Condition::all([qualified(request, schemes), immune]);
    Condition::any([sensitive(request).not(), commercial.not(), trusted])
}

/// Returns whether who runs the cloud, or provides its infrastructure, holds a valid certificate of one of these schemes.
fn qualified<'a>(request: Request<'a>, schemes: &Words) -> Condition<'a> {
    let deployment = request.deployment();
    Condition::any(schemes.iter().map(|scheme| {
        request.certified(scheme, |paper| {
            let held = held_by(paper, [deployment.operator(), deployment.infrastructure_provider()]);
            let valid = paper.valid_on(request.date());
            Condition::all([held, valid]).shown_by(paper.scheme_as_fact().evidence())
        })
    }))
}

fn held_by<'a>(
    paper: Certificate<'a>,
    [operator, infrastructure]: [Fact<'a, Party<'a>>; 2],
) -> Condition<'a> {
    let Some(holder) = paper.holder().value() else {
        return Condition::unknown(paper.holder().gap("who holds it"));
    };
    let same = |party: Party<'_>| party.index() == holder.index();
    let provides = Condition::any([
        Condition::of(operator, "who operates the service", same),
        Condition::of(infrastructure, "who provides facilities, servers and systems", same),
    ]);
    provides.shown_by(paper.holder().evidence())
}

/// Returns whether the data are particularly sensitive. A level of another scheme does not tell.
fn sensitive(request: Request<'_>) -> Condition<'_> {
    let deployment = request.deployment();
    let scheme = deployment.text("dataClassification.scheme");
    let level = deployment.text("dataClassification.level");
    let expected = "the sensitivity of the data: `particularly-sensitive` or `ordinary`";
    if scheme.value() != Some("SecNumCloud") {
        let own = Condition::of(scheme, "`SecNumCloud`", |_| Truth::Unknown);
        return Condition::unknown(own.missing().chain(level.gap(expected)));
    }
    let high = Condition::of(level, expected, |level| match level {
        SENSITIVE => Truth::True,
        ORDINARY => Truth::False,
        _ => Truth::Unknown,
    });
    high.shown_by(scheme.evidence())
}

fn permit<'a>() -> Weighed<'a> {
    Weighed::settled(Answer::Permit, [])
}
