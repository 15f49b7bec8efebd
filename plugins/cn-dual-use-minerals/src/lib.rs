//! China's export control of gallium and germanium, and its prohibitions towards the United States (R05 in the project's
//! catalogue of rules).
//!
//! Three rules, each in the versions that the manifest (`lexgate.toml`) dates:
//!
//! * `licence-…`: a listed material leaves China, to wherever it goes: a licence is required;
//! * `us-military`: dual-use items of China go to a military user or use of the United States: not allowed;
//! * `us-ban-…`: gallium, germanium, antimony or superhard materials of China go to the United States, directly or through a
//!   third country: in principle not allowed.
//!
//! A licence is looked at for the first only. Whether the application succeeds is the ministry's to say.

mod items;
mod licences;
mod trade;

use items::{Code, Items, Material};
use lexgate_sdk::contract::LicensingPolicy::CaseByCase;
use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Findings, NOT_SUPPLIED, Obligation, Parameters, Policy, Request,
    Versions, Weighed,
};
use trade::{Places, Trade};

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct CnDualUseMinerals {
    materials: Versions<Vec<Material>>,
    codes: Versions<Vec<Code>>,
    places: Versions<Places>,
}

impl Policy for CnDualUseMinerals {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<CnDualUseMinerals, String> {
        Ok(CnDualUseMinerals {
            materials: datasets.read_as("items", items::materials)?,
            codes: datasets.read_as("codes", items::codes)?,
            places: datasets.read_as("places", Places::parse)?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let date = request.date();
        let trade = Trade { places: self.places.at(date), request };
        let items = Items { materials: self.materials.at(date), codes: self.codes.at(date), request };
        let (goods, exported) = (trade.of_goods(), trade.leaves_china());
        let listed = items.listed(|material| material.licence);
        let controlled = Condition::all([goods.clone(), listed, exported.clone(), trade.abroad()]);
        let held = licences::held(&trade, &items);
        let licence = held.then(Answer::Permit, Answer::LicenceRequired(CaseByCase));
        let licence = controlled.choose(licence, Weighed::settled(Answer::NotApplicable, []));
        for rule in ["licence-2023", "licence-2024"] {
            tell_licence(rule, &items, &licence, findings);
        }
        let of_china = Condition::any([exported, trade.originates_in_china()]);
        let prohibited = |listed, to| {
            let all = Condition::all([goods.clone(), of_china.clone(), listed, to]);
            all.then(Answer::Deny, Answer::NotApplicable)
        };
        let to_united_states = trade.to_united_states();
        let military = trade.military(to_united_states.clone());
        let military = prohibited(items.listed(|material| material.dual_use), military);
        findings.tell("us-military", MILITARY, &military);
        let ban = prohibited(items.listed(|material| material.united_states), to_united_states);
        findings.tell("us-ban-2024", BAN, &ban);
        findings.tell("us-ban-suspended", BAN_SUSPENDED, &ban);
        findings.tell("us-ban-2026", BAN_REVIVED, &ban);
        Ok(())
    }
}

/// Tells what the licence rule comes to, and what an application needs.
fn tell_licence(rule: &str, items: &Items<'_, '_>, licence: &Weighed<'_>, findings: &mut Findings) {
    if licence.outcome() != Some(Outcome::LicenceRequired) {
        // Without description a code is all there is.
        let codes = items.only_codes();
        let open = if codes.is_empty() { "licence-open" } else { "licence-open-code" };
        let held = licence.outcome() == Some(Outcome::Permit);
        let clear = if held { "licence-held" } else { "not-controlled" };
        let finding = findings.tell(rule, Codes { clear, open, caught: "licence-required" }, licence);
        if licence.outcome().is_none() {
            finding.evidence(codes);
        }
        return;
    }
    let required = Answer::LicenceRequired(CaseByCase);
    let certificates = items.request.certificates();
    let held = certificates.value().is_some_and(|list| list.iter().any(|one| one.scheme() == "end-user"));
    // It changes nothing about the licence, but without it there is no application: so it is named as missing too.
    let expected = "an end-user and end-use certificate (scheme `end-user`)";
    let lacking = (!held).then(|| certificates.place().missing(expected, NOT_SUPPLIED));
    let apply = Obligation::binding("apply-for-licence").text("through", "provincial commerce authority");
    let finding = findings.between(rule, "licence-required", (required.clone(), required), lacking);
    let finding = finding.evidence(licence.evidence()).obligation(apply);
    if !held {
        finding.obligation(Obligation::binding("obtain-end-user-certificate"));
    }
}

const MILITARY: Codes = Codes { clear: "military-clear", caught: "military-denied", open: "military-open" };
const BAN: Codes = Codes { clear: "ban-clear", caught: "ban-denied", open: "ban-open" };
const BAN_SUSPENDED: Codes = Codes { caught: "ban-suspended", ..BAN };
const BAN_REVIVED: Codes = Codes { caught: "ban-revived", ..BAN };

lexgate_sdk::export!(CnDualUseMinerals);

#[cfg(test)]
mod tests;
