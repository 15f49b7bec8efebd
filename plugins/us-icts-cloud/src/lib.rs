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
mod parties;
mod register;

use adversaries::Adversaries;
use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Date, Finding, Findings, Parameters, Party, Percent, Policy, Regions,
    Request, Threshold, Truth, Versions, Weighed,
};
use parties::{Customers, Suppliers};
use register::Register;

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct UsIctsCloud {
    adversaries: Versions<Regions>,
    determinations: Versions<Register>,
    mitigations: Versions<Register>,
    military_companies: Versions<Register>,
    terms: Terms,
}

/// What a binding may choose; the sources leave it open.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    /// From which likeness to a name in a determination on a person looks, in percent.
    alike: u8,
    /// The share from which on somebody is owned.
    threshold: Percent,
}

/// Categories that are known not to be cloud services. A word that is not known is looked at.
const GOODS: [&str; 2] = ["material", "component"];

/// The list of Chinese military companies (section 1260H), as listings name it.
const MILITARY_COMPANIES: &str = "DOD-1260H";

/// Most suppliers that one request can have looked up; chosen by feel, with room in the fuel of an evaluation.
const MOST_SUPPLIERS: usize = 32;

impl Policy for UsIctsCloud {
    fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<UsIctsCloud, String> {
        Ok(UsIctsCloud {
            adversaries: datasets.read_as("adversaries", |bytes| Regions::parse(bytes, "adversary"))?,
            determinations: datasets.read_as("determinations", Register::parse)?,
            mitigations: datasets.read_as("mitigations", Register::of_obligations)?,
            military_companies: datasets.read_as("military-companies", Register::parse)?,
            terms: parameters.parse()?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let category = Condition::of(
            request.resource().category(),
            "what kind of service it is, such as `compute`",
            |category| !GOODS.contains(&category),
        );
        if category.truth() == Truth::False {
            return Ok(());
        }
        let customers = Customers::new(request);
        let scope = Condition::all([category, customers.of_us.clone()]);
        if scope.truth() == Truth::False {
            let nothing = scope.then(Answer::Permit, Answer::NotApplicable);
            for rule in ["icts-order", "icts-rule", "determination", "dod-procurement"] {
                findings.weighed(rule, "no-us-person", &nothing);
            }
            return Ok(());
        }
        let suppliers = Suppliers::new(request);
        if suppliers.parties.len() > MOST_SUPPLIERS {
            return Err(Refusal::Unsupported(format!("more than {MOST_SUPPLIERS} suppliers to look at")));
        }
        let Percent(threshold) = self.terms.threshold;
        let regions = self.adversaries.at(request.date());
        let adversaries = Adversaries::new(request, regions, Threshold::AtLeast(threshold));
        let owned = adversaries.owned(&suppliers.parties);
        let of_adversary = suppliers.parties.iter().zip(&owned);
        let of_adversary =
            of_adversary.map(|(&party, owned)| adversaries.of_adversary(party, owned)).collect();
        let case = Case { date: request.date(), customers, scope, suppliers, of_adversary };
        self.review(request, &case, findings);
        self.determination(&case, findings);
        self.procurement(&case, findings);
        let any = Condition::any(case.of_adversary.iter().cloned().chain(case.suppliers.unknown()));
        let codes = Codes { clear: "no-objection", caught: "stricter-rules", open: "icts-open" };
        let weighed = case.weigh(any.then(Answer::Review, Answer::NotApplicable));
        case.tell(("stricter-rules", codes), &weighed, &case.of_adversary, findings);
        Ok(())
    }
}

/// What is asked about, and what is known of everybody in it.
struct Case<'a> {
    date: Date,
    customers: Customers<'a>,
    /// Whether it is a cloud service to a US person.
    scope: Condition<'a>,
    suppliers: Suppliers<'a>,
    /// Of each supplier whether it is of a foreign adversary.
    of_adversary: Vec<Condition<'a>>,
}

impl<'a> Case<'a> {
    /// Weighs something for a cloud service to a US person; of others nothing is said.
    fn weigh(&self, weighed: Weighed<'a>) -> Weighed<'a> {
        self.scope.choose(weighed, Weighed::settled(Answer::NotApplicable, []))
    }

    /// Tells what a rule says, and of which supplier: the first of which `caught` surely holds.
    fn tell<'f>(
        &self,
        (rule, codes): (&str, Codes),
        weighed: &Weighed<'a>,
        caught: &[Condition<'a>],
        findings: &'f mut Findings,
    ) -> Finding<'f> {
        let open = if self.scope.truth() == Truth::Unknown { "us-open" } else { codes.open };
        let found = self.suppliers.parties.iter().zip(caught).find(|(_, caught)| caught.truth().certain());
        let name = found.map_or("", |(party, _)| party.called());
        findings.tell(rule, Codes { open, ..codes }, weighed).argument("supplier", name)
    }
}

impl UsIctsCloud {
    /// Of a foreign adversary: what the mitigation agreement says, else a person looks where sensitive data is hosted.
    fn review<'a>(&self, request: Request<'a>, case: &Case<'a>, findings: &mut Findings) {
        let mitigations = self.mitigations.at(case.date);
        let expected = "whether it hosts sensitive personal data of US persons";
        let sensitive =
            request.deployment().then_fact("sensitivePersonalData", |deployment, name| deployment.flag(name));
        let covered_class = Condition::of(sensitive, expected, |sensitive| sensitive);
        let covered_class = covered_class.then(Answer::Review, Answer::Permit);
        let permit = || Weighed::settled(Answer::Permit, []);
        let each = || case.suppliers.parties.iter().copied().zip(&case.of_adversary);
        let bound = each().filter(|(_, of_adversary)| of_adversary.truth().possible());
        let obligations = mitigations.obligations(bound.map(|(party, _)| party), case.date);
        let mitigated = |party| match obligations.first() {
            Some(first) => mitigations
                .has(party, case.date)
                .choose(Weighed::settled(Answer::PermitWith(first.clone()), []), covered_class.clone()),
            None => covered_class.clone(),
        };
        let each = each().map(|(party, of_adversary)| of_adversary.choose(mitigated(party), permit()));
        let unknown = case.suppliers.unknown().map(|unknown| unknown.choose(covered_class.clone(), permit()));
        let weighed = case.weigh(Weighed::strictest(each.chain(unknown)));
        let some = case.of_adversary.iter().any(|of_adversary| of_adversary.truth().certain());
        let codes = Codes {
            clear: if some { "reviewable" } else { "no-objection" },
            caught: if weighed.outcome() == Some(Outcome::Review) { "covered-class" } else { "mitigated" },
            open: "icts-open",
        };
        let can_be_mitigated =
            (weighed.ends().0..=weighed.ends().1).contains(&Outcome::PermitWithObligations);
        let further = if can_be_mitigated { obligations.get(1..).unwrap_or_default() } else { &[] };
        for rule in ["icts-order", "icts-rule"] {
            let finding = case.tell((rule, codes), &weighed, &case.of_adversary, findings);
            further.iter().cloned().fold(finding, |finding, obligation| finding.obligation(obligation));
        }
    }

    /// Named in a determination, or perhaps: called alike, or consolidated by somebody who is named.
    fn determination<'a>(&self, case: &Case<'a>, findings: &mut Findings) {
        let determinations = self.determinations.at(case.date);
        if !determinations.any_on(case.date) {
            return;
        }
        let parties = || case.suppliers.parties.iter().copied();
        let named: Vec<_> = parties().map(|party| determinations.has(party, case.date)).collect();
        let perhaps = parties().map(|party| {
            let parent = Condition::of_parents(party, |parent| determinations.has(parent, case.date));
            Condition::any([determinations.alike(party, case.date, self.terms.alike), parent])
        });
        let perhaps = Condition::any(perhaps).then(Answer::Review, Answer::NotApplicable);
        let any = Condition::any(named.iter().cloned().chain(case.suppliers.unknown()));
        let weighed = case.weigh(any.choose(Weighed::settled(Answer::Deny, []), perhaps));
        let deny = weighed.outcome() == Some(Outcome::Deny);
        let caught = if deny { "determined" } else { "determined-perhaps" };
        let codes = Codes { clear: "not-determined", caught, open: "determination-open" };
        case.tell(("determination", codes), &weighed, &named, findings);
    }

    /// Bought for the Department of Defense: not from a listed company, and looked at from others of a foreign adversary.
    fn procurement<'a>(&self, case: &Case<'a>, findings: &mut Findings) {
        let companies = self.military_companies.at(case.date);
        let expected = "the lists it is on; an empty list for none";
        let listed = |party: &Party<'a>| {
            let listings = Condition::of(party.listings(), expected, |listings| {
                listings.iter().any(|one| one.list_id() == MILITARY_COMPANIES && one.holds_on(case.date))
            });
            Condition::any([companies.has(*party, case.date), listings])
        };
        let listed: Vec<_> = case.suppliers.parties.iter().map(listed).collect();
        let any = |conditions: &[Condition<'a>]| {
            Condition::any(conditions.iter().cloned().chain(case.suppliers.unknown()))
        };
        let others = any(&case.of_adversary).then(Answer::Review, Answer::NotApplicable);
        let bought = any(&listed).choose(Weighed::settled(Answer::Deny, []), others);
        let nothing = Weighed::settled(Answer::NotApplicable, []);
        let weighed = case.weigh(case.customers.defense.choose(bought, nothing));
        let (caught, whom) = match weighed.outcome() {
            Some(Outcome::Deny) => ("defense-listed", &listed),
            _ => ("defense-review", &case.of_adversary),
        };
        let codes = Codes { clear: "defense-clear", caught, open: "defense-open" };
        case.tell(("dod-procurement", codes), &weighed, whom, findings);
    }
}

lexgate_sdk::export!(UsIctsCloud);

#[cfg(test)]
mod tests;
