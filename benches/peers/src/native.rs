//! The workload in native Rust: reads the same bytes as Lexgate, and writes the same decision. It checks nothing that the
//! rule does not need.

use anyhow::{Context, Result};
use lexgate_model::RequestLimits;
use lexgate_model::request::{InterestedParty, IsoCode, PartyRef};
use rounds::workload::RESTRICTED;
use rounds::{Answer, Outcome, QUESTIONS, Question, Row};
use serde::{Deserialize, Serialize};
use std::hint::black_box;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    participants: Vec<Participant<'a>>,
    #[serde(borrow)]
    parties: Vec<Party<'a>>,
    #[serde(borrow)]
    relationships: Vec<Relationship<'a>>,
    #[serde(borrow)]
    resource: Resource<'a>,
}

#[derive(Deserialize)]
struct Participant<'a> {
    role: &'a str,
    party: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party<'a> {
    record_id: &'a str,
    jurisdiction: &'a str,
    headquarters: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'a> {
    subject: &'a str,
    interested_party: &'a str,
    #[serde(borrow)]
    interests: Vec<Interest<'a>>,
}

#[derive(Deserialize)]
struct Interest<'a> {
    #[serde(borrow)]
    share: Share<'a>,
}

#[derive(Deserialize)]
struct Share<'a> {
    exact: &'a str,
}

#[derive(Deserialize)]
struct Resource<'a> {
    category: &'a str,
}

/// A decision, as Lexgate writes it.
#[derive(Serialize)]
struct Decision {
    floor: &'static str,
    ceiling: &'static str,
    because: [Reason; 1],
    actions: Vec<Action>,
    missing: [(); 0],
}

#[derive(Serialize)]
struct Reason {
    binding: &'static str,
    rule: &'static str,
    code: &'static str,
    floor: &'static str,
    ceiling: &'static str,
}

#[derive(Serialize)]
struct Action {
    binding: &'static str,
    rule: &'static str,
    certain: bool,
    action: &'static str,
    policy: &'static str,
}

fn restricted(place: &str) -> bool {
    RESTRICTED.contains(&place)
}

/// What the rule reads.
struct Facts<'a, Owners> {
    country: &'a str,
    headquarters: &'a str,
    owners: Owners,
    category: &'a str,
}

/// The rule.
fn rule<'a, E>(
    facts: Facts<'a, impl Iterator<Item = Result<(&'a str, f64), E>>>,
) -> Result<(Outcome, &'static str), E> {
    if restricted(facts.country) || restricted(facts.headquarters) {
        return Ok((Outcome::Deny, "place"));
    }
    let mut owned = 0.0;
    for owner in facts.owners {
        let (country, percent) = owner?;
        if restricted(country) {
            owned += percent;
        }
    }
    Ok(if owned > 50.0 {
        (Outcome::Deny, "owned")
    } else if owned > 25.0 && facts.category == "gpu-cloud" {
        (Outcome::LicenceRequired, "licence")
    } else {
        (Outcome::Permit, "clear")
    })
}

pub fn decide(text: &[u8]) -> Result<Vec<u8>> {
    let request: Request<'_> = serde_json::from_slice(text)?;
    let customer = request.participants.iter().find(|participant| participant.role == "endUser");
    let id = customer.context("no end user")?.party;
    let party =
        |id: &str| request.parties.iter().find(|party| party.record_id == id).context("no such party");
    let customer = party(id)?;
    let held = request.relationships.iter().filter(|relationship| relationship.subject == id);
    let owners = held.flat_map(|relationship| {
        let country = party(relationship.interested_party).map(|owner| owner.jurisdiction);
        let country = country.unwrap_or_default();
        relationship.interests.iter().map(move |interest| Ok((country, interest.share.exact.parse()?)))
    });
    let Party { jurisdiction: country, headquarters, .. } = customer;
    written(Facts { country, headquarters, owners, category: request.resource.category })
}

/// Decides on a request that was read and checked as Lexgate does, every text and code of it.
fn decide_checked(text: &[u8]) -> Result<Vec<u8>> {
    let request = lexgate_model::Request::from_json(text, &RequestLimits::default())?;
    let customer = request.participants.iter().find(|participant| participant.role == "endUser");
    let id = customer.context("no end user")?.party;
    let party = |id: PartyRef| request.parties.get(id.0 as usize).context("no such party");
    let customer = party(id)?;
    let held = request.relationships.iter().flatten().filter(|relationship| relationship.subject == id);
    let owners = held.flat_map(|relationship| {
        let country = match relationship.interested_party {
            InterestedParty::Known(owner) => party(owner).ok().and_then(|owner| owner.jurisdiction),
            InterestedParty::Unknown(_) => None,
        };
        let country = country.as_ref().map_or("", IsoCode::as_str);
        relationship.interests.iter().flatten().map(move |interest| {
            let share = interest.share.context("no share")?;
            Ok((country, share.minimum.value.to_string().parse()?))
        })
    });
    let code = |code: &Option<IsoCode>| code.as_ref().map_or("", IsoCode::as_str);
    let (country, headquarters) = (code(&customer.jurisdiction), code(&customer.headquarters));
    let category = request.resource.category.as_deref().unwrap_or_default();
    written(Facts { country, headquarters, owners, category })
}

/// Returns the decision as Lexgate writes it.
fn written<'a>(facts: Facts<'a, impl Iterator<Item = Result<(&'a str, f64)>>>) -> Result<Vec<u8>> {
    let (outcome, code) = rule(facts)?;
    let (binding, rule, name) = ("b", "supply", outcome.name());
    let licence = Action { binding, rule, certain: true, action: "licence", policy: "case-by-case" };
    let decision = Decision {
        floor: name,
        ceiling: name,
        because: [Reason { binding, rule, code, floor: name, ceiling: name }],
        actions: if outcome == Outcome::LicenceRequired { vec![licence] } else { Vec::new() },
        missing: [],
    };
    Ok(serde_json::to_vec(&decision)?)
}

/// Returns the rows of native Rust.
pub fn rows() -> Vec<Row> {
    let inputs = QUESTIONS.iter().map(Question::request).collect();
    let alone = |number: usize| {
        let question = black_box(QUESTIONS.get(number)).context("there is no such question")?;
        let owners = question.owners.iter().map(|&(country, percent)| Ok((country, f64::from(percent))));
        let Question { country, headquarters, category, .. } = *question;
        let (outcome, _) = rule::<anyhow::Error>(Facts { country, headquarters, owners, category })?;
        Ok(Answer::Outcome(outcome))
    };
    let checked = QUESTIONS.iter().map(Question::request).collect();
    vec![
        Row::whole("native Rust", inputs, decide),
        Row::whole("native Rust that checks the request as Lexgate does", checked, decide_checked),
        Row::part("native Rust, the rule alone", alone),
    ]
}

/// Returns the decision on a request, as native Rust writes it.
pub fn decision(question: &Question) -> Result<Vec<u8>> {
    decide(&question.request())
}
