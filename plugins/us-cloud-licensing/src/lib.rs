//! US licences for cloud services to Chinese firms, planned and proposed, and the guidance on training AI models for others
//! (R02 in the project's catalogue of rules).
//!
//! No rule in force requires a licence for access to computers from afar. Of the rules here the host lets two decide,
//! which are guidance: `iaas-red-flag` and `military-intelligence`. The others are advice: what was reported as planned in
//! 2023 (`licence-plan`, `military-plan`, `service-level-plan`), a proposed rule (`customer-identification`) and a bill
//! (`remote-access-bill`). Under what-if they decide, too.
//!
//! The manifest (`lexgate.toml`) says since when each holds and what is uncertain about it. Items that move are another
//! policy's.

mod chips;
mod parties;

use chips::{Chips, Class};
use lexgate_sdk::contract::{LicensingPolicy, Outcome, Refusal};
use lexgate_sdk::{
    Answer, Codes, Condition, Datasets, Findings, Obligation, Parameters, Policy, Regions, Request, Versions,
    Weighed,
};
use parties::{Customers, provided_from_the_states};

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct UsCloudLicensing {
    china: Versions<Regions>,
    group_d5: Versions<Regions>,
    chips: Versions<Chips>,
}

/// Categories that are known to be something else. A word that is not known is looked at: a misspelt one switches nothing
/// off.
const OTHER_CATEGORIES: [&str; 6] =
    ["ai-model", "chatbot", "videoconference", "storage", "material", "component"];

/// Most customers that one request can have screened; chosen by feel, with room in the fuel of an evaluation.
const MOST_CUSTOMERS: usize = 10;

const MILITARY: (&[&str], &[&str]) =
    (&["military", "military-intelligence"], &["militaryEndUser", "militaryIntelligenceEndUser"]);
const INTELLIGENCE: (&[&str], &[&str]) =
    (&["military-intelligence", "wmd"], &["militaryIntelligenceEndUser"]);

impl Policy for UsCloudLicensing {
    fn configure(_: &Parameters, datasets: &Datasets) -> Result<UsCloudLicensing, String> {
        let regions = |column| datasets.read_as("regions", |bytes| Regions::parse(bytes, column));
        let (china, group_d5) = (regions("china")?, regions("group-d5")?);
        Ok(UsCloudLicensing { china, group_d5, chips: datasets.read_as("chips", Chips::parse)? })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let expected = "what is supplied: `compute` for computing power";
        let category = request.resource().category();
        let compute = Condition::of(category, expected, |word| !OTHER_CATEGORIES.contains(&word));
        if !compute.truth().possible() {
            return Ok(());
        }
        let customers = Customers::new(request);
        if customers.parties.len() > MOST_CUSTOMERS {
            return Err(Refusal::Unsupported(format!("more than {MOST_CUSTOMERS} customers to screen")));
        }
        self.screen(request, &compute, &customers, findings);
        Ok(())
    }
}

impl UsCloudLicensing {
    fn screen<'a>(
        &self,
        request: Request<'a>,
        compute: &Condition<'a>,
        customers: &Customers<'a>,
        findings: &mut Findings,
    ) {
        let (date, item) = (request.date(), request.resource());
        let american = provided_from_the_states(request);
        let chinese = customers.headquartered(self.china.at(date));
        let listed = customers.headquartered(self.group_d5.at(date));
        let advanced = self.chips.at(date).are(item, Class::Advanced);
        let at_least_a = self.chips.at(date).are(item, Class::AtLeastA);
        let training = customers.purpose(&["model-training"]);
        let military = customers.meant_for(MILITARY.0, MILITARY.1);
        let intelligence = customers.meant_for(INTELLIGENCE.0, INTELLIGENCE.1);

        let licence = || Answer::LicenceRequired(LicensingPolicy::PresumptionOfDenial);
        let must = |kind| Answer::PermitWith(Obligation::binding(kind));
        let all = |parts: &[&Condition<'a>]| Condition::all(parts.iter().map(|&part| part.clone()));
        let mut tell = |rule, caught, found: Weighed<'a>| {
            let weighed = compute.choose(found, Weighed::settled(Answer::NotApplicable, []));
            let codes = Codes { clear: "nothing-found", caught, open: "depends-on-missing-facts" };
            let finding = findings.tell(rule, codes, &weighed);
            if weighed.ends().1 == Outcome::Review {
                finding.obligation(Obligation::binding("resolve-red-flag").due_on(Outcome::Review));
            }
        };

        let found = all(&[&american, &chinese, &at_least_a]).then(licence(), Answer::Permit);
        tell("licence-plan", "licence-planned", found);
        let found = all(&[&american, &chinese, &military]).then(Answer::Deny, Answer::Permit);
        tell("military-plan", "military-ban-planned", found);
        let found = all(&[&american, &chinese]).then(must("limit-service-level"), Answer::Permit);
        tell("service-level-plan", "service-level-planned", found);
        let found =
            all(&[&american, &customers.foreign(), &training]).then(must("notify-authority"), Answer::Permit);
        tell("customer-identification", "training-reported", found);
        let found = all(&[&advanced, &listed]).then(licence(), Answer::Permit);
        tell("remote-access-bill", "remote-access-licensed", found);

        // Guidance. Where nobody trains, it has nothing to say. A customer may train for others who are not named.
        let for_others = customers.train_for_group_d5();
        let for_listed = Condition::any([for_others.clone(), all(&[&training, &listed])]);
        let found = all(&[&advanced, &for_listed]).then(Answer::Review, Answer::Permit);
        let found =
            Condition::any([training, for_others]).choose(found, Weighed::settled(Answer::NotApplicable, []));
        tell("iaas-red-flag", "red-flag", found);
        let found = all(&[&advanced, &intelligence]).then(Answer::Review, Answer::NotApplicable);
        tell("military-intelligence", "licence-may-be-needed", found);
    }
}

lexgate_sdk::export!(UsCloudLicensing);

#[cfg(test)]
mod tests;
