//! US review of cloud services from persons of foreign adversaries: transactions in information and communications
//! technology and services, ICTS (R03 in the project's catalogue of rules).
//!
//! Where a cloud service goes to a US person, each rule looks at everybody who supplies, runs or makes it:
//!
//! * `icts-order`, `icts-rule`: of a foreign adversary, and sensitive personal data of US persons: a person looks; permitted
//!   with its obligations under a mitigation agreement that is loaded as reference data;
//! * `determination`: prohibited by a determination that is loaded as reference data;
//! * `dod-procurement`: for the Department of Defense, not from a listed Chinese military company;
//! * `stricter-rules`: reported as under discussion.
//!
//! `manifest` (`lexgate.toml`) says since when each holds and what is uncertain about it.

mod adversaries;
mod mitigations;
mod parties;

use adversaries::Adversaries;
use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Amount, Answer, Codes, Condition, Datasets, Decimal, Finding, Findings, Names, Parameters, Party, Policy,
    Regions, Request, Threshold, Truth, Versions, Weighed,
};
use mitigations::Mitigations;
use parties::Suppliers;

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct UsIctsCloud {
    adversaries: Versions<Regions>,
    determinations: Versions<Names>,
    mitigations: Versions<Mitigations>,
    military_companies: Versions<Names>,
    terms: Terms,
}

/// What a binding may choose; the sources leave it open.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
struct Terms {
    /// From which likeness to a name in a determination on a person looks, in percent.
    alike: u8,
    /// The share from which on somebody is owned, in percent.
    threshold: u8,
}

/// Categories that are known not to be cloud services. A word that is not known is looked at.
const GOODS: [&str; 2] = ["material", "component"];

/// The list of Chinese military companies (section 1260H), as listings name it.
const MILITARY_COMPANIES: &str = "DOD-1260H";

impl Policy for UsIctsCloud {
    fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<UsIctsCloud, String> {
        Ok(UsIctsCloud {
            adversaries: datasets.read_as("adversaries", |bytes| Regions::parse(bytes, "adversary"))?,
            determinations: datasets.read_as("determinations", Names::parse)?,
            mitigations: datasets.read_as("mitigations", Mitigations::parse)?,
            military_companies: datasets.read_as("military-companies", Names::parse)?,
            terms: parameters.parse()?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let (category, expected) = (request.resource().category(), "what service it is, such as `compute`");
        let category = Condition::of(category, expected, |category| !GOODS.contains(&category));
        if category.truth() == Truth::False {
            return Ok(());
        }
        let (of_us, defense) = parties::customers(request);
        let suppliers = Suppliers::new(request);
        let threshold = Decimal::from(i32::from(self.terms.threshold));
        let threshold = Threshold::AtLeast(Amount::try_from(threshold).unwrap_or(Amount::HUNDRED));
        let adversaries = Adversaries::new(request, self.adversaries.at(request.date()), threshold);
        let owned = adversaries.owned(&suppliers.parties);
        let each = suppliers.parties.iter().zip(&owned);
        let of_adversary = each.map(|(&party, owned)| adversaries.of_adversary(party, owned)).collect();
        let scope = Condition::all([category, of_us]);
        let case = Case { request, scope, suppliers, of_adversary };
        self.review(&case, findings);
        self.determination(&case, findings);
        self.procurement(&case, &defense, findings);
        let weighed = case.any(&case.of_adversary).then(Answer::Review, Answer::NotApplicable);
        let codes = Codes { clear: "no-objection", caught: "stricter-rules", open: "icts-open" };
        case.tell("stricter-rules", codes, weighed, &case.of_adversary, findings);
        Ok(())
    }
}

/// What is asked about, and what is known of everybody in it.
struct Case<'a> {
    request: Request<'a>,
    /// Whether it is a cloud service to a US person.
    scope: Condition<'a>,
    suppliers: Suppliers<'a>,
    /// Of each supplier whether it is of a foreign adversary.
    of_adversary: Vec<Condition<'a>>,
}

impl<'a> Case<'a> {
    /// Returns a condition of each supplier.
    fn each(&self, of: &dyn Fn(Party<'a>) -> Condition<'a>) -> Vec<Condition<'a>> {
        self.suppliers.parties.iter().map(|&party| of(party)).collect()
    }

    /// Whether something holds of one of the suppliers.
    fn any(&self, each: &[Condition<'a>]) -> Condition<'a> {
        Condition::any(each.iter().cloned().chain(self.suppliers.unknown()))
    }

    /// Tells what a rule says of a cloud service to a US person, and of which supplier: the first that is surely `caught`.
    fn tell<'f>(
        &self,
        rule: &str,
        codes: Codes,
        weighed: Weighed<'a>,
        caught: &[Condition<'a>],
        findings: &'f mut Findings,
    ) -> Finding<'f> {
        let codes = match self.scope.truth() {
            Truth::True => codes,
            Truth::False => Codes { clear: "no-us-person", ..codes },
            Truth::Unknown => Codes { open: "us-open", ..codes },
        };
        let found = self.suppliers.parties.iter().zip(caught).find(|(_, caught)| caught.truth().certain());
        let weighed = self.scope.choose(weighed, Weighed::settled(Answer::NotApplicable, []));
        findings
            .tell(rule, codes, &weighed)
            .argument("supplier", found.map_or("", |(party, _)| party.called()))
    }

    /// Tells what a rule says that bars whoever is `named`, and has a person look at whoever is `perhaps` meant.
    fn bar(
        &self,
        rule: &str,
        [clear, barred, looked_at, open]: [&'static str; 4],
        (applies, named, perhaps): (&Condition<'a>, &[Condition<'a>], &[Condition<'a>]),
        findings: &mut Findings,
    ) {
        let other = self.any(perhaps).then(Answer::Review, Answer::NotApplicable);
        let bar = self.any(named).choose(Weighed::settled(Answer::Deny, []), other);
        let weighed = applies.choose(bar, Weighed::settled(Answer::NotApplicable, []));
        let deny = weighed.outcome() == Some(Outcome::Deny);
        let (caught, whom) = if deny { (barred, named) } else { (looked_at, perhaps) };
        self.tell(rule, Codes { clear, caught, open }, weighed, whom, findings);
    }
}

impl UsIctsCloud {
    /// Of a foreign adversary: what the mitigation agreement says, else a person looks where sensitive data is hosted.
    fn review<'a>(&self, case: &Case<'a>, findings: &mut Findings) {
        let sensitive = case.request.deployment().flag("sensitivePersonalData");
        let expected = "whether it hosts sensitive personal data of US persons";
        let class = Condition::of(sensitive, expected, |holds| holds).then(Answer::Review, Answer::Permit);
        let permit = || Weighed::settled(Answer::Permit, []);
        let each = || case.suppliers.parties.iter().copied().zip(&case.of_adversary);
        let date = case.request.date();
        let meant = |by: &Names| each().any(|(party, of)| of.truth().and(by.has(party).truth()).possible());
        let agreements: Vec<_> = self.mitigations.at(date).on(date).filter(|(with, _)| meant(with)).collect();
        let mitigated = |party| match agreements.first() {
            Some((_, first)) => Condition::any(agreements.iter().map(|(with, _)| with.has(party)))
                .choose(Weighed::settled(Answer::PermitWith((*first).clone()), []), class.clone()),
            None => class.clone(),
        };
        let known = each().map(|(party, of_adversary)| of_adversary.choose(mitigated(party), permit()));
        let unknown = case.suppliers.unknown().map(|unknown| unknown.choose(class.clone(), permit()));
        let weighed = Weighed::strictest(known.chain(unknown));
        let some = case.of_adversary.iter().any(|of_adversary| of_adversary.truth().certain());
        let clear = if some { "reviewable" } else { "no-objection" };
        let review = weighed.outcome() == Some(Outcome::Review);
        let caught = if review { "covered-class" } else { "mitigated" };
        for rule in ["icts-order", "icts-rule"] {
            let codes = Codes { clear, caught, open: "icts-open" };
            let finding = case.tell(rule, codes, weighed.clone(), &case.of_adversary, findings);
            let further = agreements.iter().skip(1).filter(|_| !review);
            further.fold(finding, |finding, (_, further)| finding.obligation((*further).clone()));
        }
    }

    /// Named in a determination, or perhaps: called alike, or consolidated by somebody who is named.
    fn determination<'a>(&self, case: &Case<'a>, findings: &mut Findings) {
        let date = case.request.date();
        let determined = self.determinations.at(date).on(date);
        if determined.is_empty() {
            return;
        }
        let perhaps = case.each(&|party| {
            let parent = Condition::of_parents(party, |parent| determined.has(parent));
            Condition::any([determined.alike(party, self.terms.alike), parent])
        });
        let named = case.each(&|party| determined.has(party));
        let codes = ["not-determined", "determined", "determined-perhaps", "determination-open"];
        case.bar("determination", codes, (&Condition::holds([]), &named, &perhaps), findings);
    }

    /// Bought for the Department of Defense: not from a listed company, and looked at from others of a foreign adversary.
    fn procurement<'a>(&self, case: &Case<'a>, defense: &Condition<'a>, findings: &mut Findings) {
        let date = case.request.date();
        let companies = self.military_companies.at(date).on(date);
        let listed = case.each(&|party| {
            let expected = "the lists it is on; an empty list for none";
            let stated = Condition::of(party.listings(), expected, |listings| {
                listings.iter().any(|one| one.list_id() == MILITARY_COMPANIES && one.holds_on(date))
            });
            Condition::any([companies.has(party), stated])
        });
        let codes = ["defense-clear", "defense-listed", "defense-review", "defense-open"];
        case.bar("dod-procurement", codes, (defense, &listed, &case.of_adversary), findings);
    }
}

lexgate_sdk::export!(UsIctsCloud);

#[cfg(test)]
mod tests;
