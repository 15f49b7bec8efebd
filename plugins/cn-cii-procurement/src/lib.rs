//! China's notice that operators of critical information infrastructure (关键信息基础设施运营者) stop purchasing Micron
//! products (R04 in the project's catalogue of rules).
//!
//! Three rules, of which the host lets those decide that hold on the date:
//!
//! * `micron-review`: the cybersecurity review was opened and not yet closed: advice about purchases;
//! * `micron-purchase`: operators should stop purchasing;
//! * `micron-use`: a report says "use" where the notice says "purchase", so a person looks at what is installed.
//!
//! Each asks whether it is a purchase or a use, who buys or uses, and whose product it is.

mod buyers;
mod product;

use buyers::Buyers;
use lexgate_sdk::contract::{Outcome, Refusal};
use lexgate_sdk::{
    Answer, Condition, Datasets, Findings, Names, Parameters, Policy, Regions, Request, Truth, Versions,
    Weighed,
};
use product::Product;

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct CnCiiProcurement {
    regions: Versions<Regions>,
    producers: Versions<Names>,
    terms: Terms,
}

/// What a binding may choose; the sources leave it open.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Terms {
    /// From which likeness of a name on a person looks, in percent.
    alike: u8,
    /// What follows where the sources are silent or differ: use, products of subsidiaries, components.
    unverified: Unverified,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unverified {
    Permit,
    Review,
    Deny,
}

impl Terms {
    fn unverified(&self) -> Answer {
        match self.unverified {
            Unverified::Permit => Answer::Permit,
            Unverified::Review => Answer::Review,
            Unverified::Deny => Answer::Deny,
        }
    }
}

/// Most makers of components that one request can have looked up; chosen by feel, with room in the fuel of an evaluation.
const MOST_COMPONENTS: usize = 64;

impl Policy for CnCiiProcurement {
    fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<CnCiiProcurement, String> {
        let regions = datasets.read_as("regions", |bytes| Regions::parse(bytes, "china"))?;
        let producers = datasets.read_as("producers", Names::parse)?;
        Ok(CnCiiProcurement { regions, producers, terms: parameters.parse()? })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let buyers = Buyers::new(request, self.regions.at(request.date()));
        let (purchase, use_of_it) = (purchase(request), purchase(request).not());
        let rules = [
            ("micron-review", &purchase, "review-pending", Answer::Review),
            ("micron-purchase", &purchase, "purchase-banned", Answer::Deny),
            ("micron-use", &use_of_it, "use-reported", self.terms.unverified()),
        ];
        let rules = rules.into_iter().filter(|(_, act, _, _)| act.truth().possible());
        if buyers.operator.truth() == Truth::False {
            rules.for_each(|(rule, ..)| _ = findings.weighed(rule, "no-operator", &buyers.otherwise));
            return Ok(());
        }
        let components = request.resource().components().value();
        if components.is_some_and(|makers| makers.len() > MOST_COMPONENTS) {
            return Err(Refusal::Unsupported(format!("more than {MOST_COMPONENTS} makers of components")));
        }
        let product = Product::new(request, self.producers.at(request.date()), self.terms);
        for (rule, act, caught, severe) in rules {
            let bought = buyers.operator.choose(product.weigh(severe), buyers.otherwise.clone());
            let weighed = act.choose(bought, Weighed::settled(Answer::NotApplicable, []));
            let scope = Condition::all([act.clone(), buyers.operator.clone()]).truth();
            let code = match weighed.outcome() {
                None if scope == Truth::Unknown => "scope-open",
                None => "producer-open",
                Some(Outcome::Permit) if product.is_tied() => "left-free",
                Some(Outcome::NotApplicable | Outcome::Permit) => "no-objection",
                Some(_) => product.code(caught),
            };
            product.explain(findings.weighed(rule, code, &weighed));
        }
        Ok(())
    }
}

/// Whether it is a purchase; of `use` it is not, and of other words that is unknown. A supply is the other side of one.
fn purchase(request: Request<'_>) -> Condition<'_> {
    let expected = "`procure` or `supply` where it is purchased, `use` where it is installed already";
    Condition::of(request.action_as_fact(), expected, |action| match action {
        "procure" | "supply" => Truth::True,
        "use" => Truth::False,
        _ => Truth::Unknown,
    })
}

lexgate_sdk::export!(CnCiiProcurement);

#[cfg(test)]
mod tests;
