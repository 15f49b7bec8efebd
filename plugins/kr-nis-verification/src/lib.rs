//! Korea's security verification by the National Intelligence Service (NIS, 국가정보원): the gate beside CSAP (R12 in the
//! project's catalogue of rules).
//!
//! Three rules, of which the host lets those decide that hold on the date:
//!
//! * `low-grade-group`: a CSAP certificate of the low grade opens only bodies of the NIS group 다;
//! * `security-review`: the NIS has reviewed the system, and it passed;
//! * `single-gate`: one verification by the NIS is enough, or a CSAP certificate that has not expired.
//!
//! The manifest (`lexgate.toml`) says since when each holds and what is uncertain about it. What a system of a grade needs,
//! and whether a certificate is for this service, is decided by `kr-csap`.

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::view::Certificate;
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Findings, Parameters, Policy, Request, Truth, Weighed,
};

/// The policy. There is nothing to configure.
#[derive(Debug)]
pub struct KrNisVerification;

/// Most certificates that one request can have weighed; chosen by feel, with room in the fuel of an evaluation.
const MOST_CERTIFICATES: usize = 16;

impl Policy for KrNisVerification {
    fn configure(_: &Parameters, _: &Datasets) -> Result<KrNisVerification, String> {
        Ok(KrNisVerification)
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        if request.resource().is_service().truth() == Truth::False {
            return Ok(());
        }
        if request.certificates().value().is_some_and(|list| list.len() > MOST_CERTIFICATES) {
            return Err(Refusal::Unsupported(format!("more than {MOST_CERTIFICATES} certificates to weigh")));
        }
        let buyers = request.serves_public_body_of("KR");
        let mut tell = |rule, codes: Codes, weighed: Weighed<'_>| {
            let clear = if buyers.truth() == Truth::False { "private-buyer" } else { codes.clear };
            let weighed = buyers.choose(weighed, Weighed::settled(Answer::NotApplicable, []));
            findings.tell(rule, Codes { clear, ..codes }, &weighed);
        };
        let opened = opened(request);
        let codes = Codes { clear: "group-opened", caught: "group-not-opened", open: "group-open" };
        tell("low-grade-group", codes, opened.clone().into());
        let codes = Codes { clear: "review-passed", caught: "review-not-passed", open: "review-open" };
        tell("security-review", codes, reviewed(request));
        let verified = request.certified("NIS", |one| one.held_by_operator(request));
        let codes = Codes { clear: "gate-passed", caught: "gate-not-passed", open: "gate-open" };
        tell("single-gate", codes, Condition::any([verified, opened]).into());
        Ok(())
    }
}

/// Whether the operator holds a CSAP certificate that opens every public body among the buyers: of any grade where these
/// are of group 다, else of one above low.
fn opened(request: Request<'_>) -> Condition<'_> {
    let groups = request.customers().into_iter().map(|party| {
        let group = party.text("verificationGroup").read(|group| match group {
            "가" | "나" => Some(false),
            "다" => Some(true),
            _ => None,
        });
        let open_to_low = Condition::of(group, "its NIS group: `가`, `나` or `다`", |open| open);
        Condition::any([party.public_body_of("KR").not(), open_to_low])
    });
    let groups = Condition::all(groups);
    request.certified("CSAP", |one| {
        let enough = Condition::any([groups.clone(), is_above_low(one)]);
        Condition::all([one.held_by_operator(request), enough])
    })
}

fn is_above_low(certificate: Certificate<'_>) -> Condition<'_> {
    let grade = certificate.grade().read(|grade| match grade {
        "low" => Some(false),
        "mid" | "high" => Some(true),
        _ => None,
    });
    let expected =
        "its grade: `high`, `mid` or `low`; of one from before the grades the one that it counts as";
    Condition::of(grade, expected, |above| above)
}

/// What the review by the NIS comes to: passed, not done yet, or failed.
fn reviewed(request: Request<'_>) -> Weighed<'_> {
    let review = request.deployment().text("nisReview");
    let review = review.read(|word| matches!(word, "passed" | "not-done" | "failed").then_some(word));
    let is = |word| {
        Condition::of(review, "the review by the NIS: `passed`, `not-done` or `failed`", move |is| is == word)
    };
    is("passed").choose(Weighed::settled(Answer::Permit, []), is("failed").then(Answer::Deny, Answer::Review))
}

lexgate_sdk::export!(KrNisVerification);

#[cfg(test)]
mod tests;
