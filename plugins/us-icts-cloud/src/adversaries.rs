//! Who is owned by, controlled by, or subject to the jurisdiction or direction of a foreign adversary.

use lexgate_sdk::contract::Missing;
use lexgate_sdk::influence::{Lines, Links, Passes};
use lexgate_sdk::ownership::Ownership;
use lexgate_sdk::{Condition, Evidence, Gap, Party, Regions, Request, Threshold, Truth, region_code};

/// The parties of a request, seen with the list of adversaries of its date.
pub(crate) struct Adversaries<'a> {
    request: Request<'a>,
    threshold: Threshold,
    /// By party, whether it, or its ultimate parent, is subject to jurisdiction or direction.
    subject: Vec<Condition<'a>>,
}

/// Whether a supplier is owned or controlled, the facts that show it, and those that are missing.
pub(crate) type Owned<'a> = (Truth, Vec<Evidence<'a>>, Vec<Missing>);

impl<'a> Adversaries<'a> {
    pub(crate) fn new(request: Request<'a>, regions: &Regions, threshold: Threshold) -> Adversaries<'a> {
        let subject = |party| {
            let parent = Condition::of_parents(party, |parent| directly(parent, regions));
            Condition::any([directly(party, regions), parent])
        };
        Adversaries { request, threshold, subject: request.parties().iter().map(subject).collect() }
    }

    /// Looks through the owners of each supplier of which it is not clear already.
    pub(crate) fn owned(&self, suppliers: &[Party<'a>]) -> Vec<Owned<'a>> {
        let ownership = Ownership::of(self.request, "shareholding");
        let held = ownership.held_by_cascade(|party| self.is_subject(party), self.threshold);
        let lines = Lines { votes: self.threshold, shares: self.threshold };
        let links = Links::of(self.request, lines, |_| Truth::False, passes);
        let reach = links.from(|party| held.caught(party));
        let base = |owner| self.missing(owner).into_iter().next();
        let held_missing = |owner| -> Vec<_> { held.missing(owner, base).collect() };
        let of = |&party: &Party<'a>| {
            let (mut evidence, mut origins) = reach.evidence(party);
            for (stake, holder) in held.evidence(party) {
                evidence.push(stake);
                origins.extend(holder);
            }
            let subjects = origins.into_iter().filter_map(|origin| self.subject(origin));
            evidence.extend(subjects.flat_map(Condition::evidence));
            evidence.extend(party.ownership().evidence());
            let start = |owner| [self.missing(owner), held_missing(owner)].concat();
            let missing = [held_missing(party), reach.missing(party, start)].concat();
            (held.passes(party).or(reach.controlled(party)), evidence, missing)
        };
        suppliers.iter().map(of).collect()
    }

    /// Returns whether a supplier is of a foreign adversary.
    pub(crate) fn of_adversary<'o>(&'o self, party: Party<'a>, owned: &'o Owned<'a>) -> Condition<'o> {
        let (truth, evidence, missing) = owned;
        let owned = Condition::as_true_as(*truth, evidence.iter().copied(), missing.iter().map(Gap::from));
        Condition::any(self.subject(party).cloned().into_iter().chain([owned]))
    }

    fn subject(&self, party: Party<'a>) -> Option<&Condition<'a>> {
        self.subject.get(party.index() as usize)
    }

    fn is_subject(&self, party: Party<'a>) -> Truth {
        self.subject(party).map_or(Truth::Unknown, |subject| subject.truth())
    }

    fn missing(&self, party: Party<'a>) -> Vec<Missing> {
        let gaps =
            self.subject(party).map(|subject| subject.missing().map(|gap| gap.to_contract()).collect());
        gaps.unwrap_or_default()
    }
}

/// Whether it is subject to the jurisdiction of an adversary by its place, or to its jurisdiction or direction otherwise.
///
/// Where the list cannot tell of a place, what is stated otherwise decides.
fn directly<'a>(party: Party<'a>, regions: &Regions) -> Condition<'a> {
    let expected = "whether it is otherwise subject to the jurisdiction or direction of a foreign adversary";
    let otherwise = Condition::of(party.flag("subjectToForeignAdversary"), expected, |subject| subject);
    let adversary = |code: &str| regions.has(code).certain();
    if party.is_person() {
        let codes = party.texts("nationalities");
        let codes = codes.read(|codes| codes.iter().all(|code| region_code(code).is_some()).then_some(codes));
        let any = |codes: &[String]| codes.iter().any(|code| adversary(code));
        let nationality = Condition::of(codes, "the nationalities (ISO 3166)", any);
        return Condition::any([nationality, otherwise]);
    }
    let law = Condition::of(party.jurisdiction(), "under which law it is formed (ISO 3166)", adversary);
    let seat = Condition::of(party.headquarters(), "where it is headquartered (ISO 3166)", adversary);
    Condition::any([law, seat, otherwise])
}

/// What interests of a kind pass on: all control but those that are known to give mere income, or one seat of several. A
/// word that is not known passes it on.
fn passes(kind: &str) -> Passes {
    match kind {
        "shareholding" => Passes::Shares,
        "votingRights" => Passes::Votes,
        "rightsToSurplusAssetsOnDissolution" | "rightsToProfitOrIncome" | "boardMember" => Passes::Not,
        _ => Passes::Control,
    }
}
