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

use items::{Column, Items, Lists};
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
    lists: Lists,
    places: Versions<Places>,
}

impl Policy for CnDualUseMinerals {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<CnDualUseMinerals, String> {
        Ok(CnDualUseMinerals {
            lists: Lists::read(datasets)?,
            places: datasets.read_as("places", Places::parse)?,
        })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let trade = Trade { places: self.places.at(request.date()), request };
        let items = self.lists.of(request);
        let controlled = Condition::all([
            trade.of_goods(),
            items.on(Column::Licence),
            trade.leaves_china(),
            trade.abroad(),
        ]);
        let licence =
            licences::held(&trade, &items).then(Answer::Permit, Answer::LicenceRequired(CaseByCase));
        let licence = controlled.choose(licence, Weighed::settled(Answer::NotApplicable, []));
        for rule in ["licence-2023", "licence-2024"] {
            tell_licence(rule, request, &items, &licence, findings);
        }
        let prohibited = |to| Condition::all([trade.of_goods(), trade.of_china(), to]);
        let military = prohibited(Condition::all([items.on(Column::DualUse), trade.military()]));
        findings.tell("us-military", MILITARY, &military.then(Answer::Deny, Answer::NotApplicable));
        let ban = prohibited(Condition::all([items.on(Column::UnitedStates), trade.to_united_states()]));
        let ban = ban.then(Answer::Deny, Answer::NotApplicable);
        findings.tell("us-ban-2024", BAN, &ban);
        findings.tell("us-ban-suspended", BAN_SUSPENDED, &ban);
        findings.tell("us-ban-2026", BAN_REVIVED, &ban);
        Ok(())
    }
}

/// What a request needs as a certificate for its application.
const END_USER_CERTIFICATE: &str = "end-user";

/// Tells what the licence rule comes to, and what an application needs.
fn tell_licence(
    rule: &str,
    request: Request<'_>,
    items: &Items<'_, '_>,
    licence: &Weighed<'_>,
    findings: &mut Findings,
) {
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
    let required = || Answer::LicenceRequired(CaseByCase);
    let certificates = request.certificates();
    let mut held = certificates.value().into_iter().flat_map(|list| list.iter());
    // It changes nothing about the licence, but without it there is no application: so it is named as missing too.
    let lacks = !held.any(|one| one.scheme() == END_USER_CERTIFICATE);
    let expected = "an end-user and end-use certificate (scheme `end-user`)";
    let lacking = lacks.then(|| certificates.place().missing(expected, NOT_SUPPLIED));
    let finding = findings
        .between(rule, "licence-required", (required(), required()), lacking)
        .evidence(licence.evidence())
        .obligation(
            Obligation::binding("apply-for-licence").text("through", "provincial commerce authority"),
        );
    if lacks {
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
