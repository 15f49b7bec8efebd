//! Who buys or uses: operators of critical information infrastructure in China.

use lexgate_sdk::{Answer, Condition, Party, Regions, Request, Weighed};

/// Who is on the side of the purchase or the use: everybody who takes part except vendors and resellers.
pub(crate) struct Buyers<'a> {
    /// Whether one of them is an operator of critical information infrastructure in China.
    pub(crate) operator: Condition<'a>,
    /// What follows if none is: no objection to others in China, nothing to say to others elsewhere.
    pub(crate) otherwise: Weighed<'a>,
}

impl<'a> Buyers<'a> {
    pub(crate) fn new(request: Request<'a>, regions: &Regions) -> Buyers<'a> {
        let buyers = request.players(|role| !matches!(role, "vendor" | "reseller"));
        if buyers.is_empty() {
            let nobody = request.nobody("who buys or uses it: any role but vendor and reseller");
            let operator = Condition::unknown([nobody]);
            let otherwise = operator.then(Answer::Permit, Answer::NotApplicable);
            return Buyers { operator, otherwise };
        }
        let here: Vec<_> = buyers.iter().map(|&buyer| in_china(buyer, regions)).collect();
        let operators = buyers.iter().zip(&here).map(|(&buyer, here)| {
            let flag = buyer.flag("isCriticalInformationInfrastructureOperator");
            let expected = "whether it operates critical information infrastructure";
            Condition::all([here.clone(), Condition::of(flag, expected, |operator| operator)])
        });
        let operator = Condition::any(operators);
        let otherwise = Condition::any(here).then(Answer::Permit, Answer::NotApplicable);
        Buyers { otherwise: otherwise.shown_by(operator.evidence()), operator }
    }
}

/// Whether it is formed under Chinese law, or headquartered in China.
fn in_china<'a>(party: Party<'a>, regions: &Regions) -> Condition<'a> {
    Condition::any([
        regions.condition(party.jurisdiction(), "under which law it is formed (ISO 3166)"),
        regions.condition(party.headquarters(), "where it is headquartered (ISO 3166)"),
    ])
}
