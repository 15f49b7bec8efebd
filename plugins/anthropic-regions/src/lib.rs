//! Anthropic's supported regions and its rule on majority ownership (R06 in the project's catalogue of rules).
//!
//! Four rules, of which each says something about every screened party:
//!
//! * `location`: it is headquartered, or formed, in an unsupported region;
//! * `majority`: companies headquartered in unsupported regions own more than half of it;
//! * `attribution`: so do owners of unsupported regions, natural persons included;
//! * `control`: influence from such owners reaches it with control somewhere on the way.
//!
//! `manifest` (`lexgate.toml`) says since when each holds and what is uncertain about it.

mod control;
mod location;
mod owned;
mod owners;

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::ownership::Ownership;
use lexgate_sdk::{
    Answer, Datasets, Findings, Method, Parameters, Party, Percent, Policy, Regions, Request, Threshold,
    Truth, Versions,
};
use owners::Owners;

/// The policy, as a binding configured it.
#[derive(Debug)]
pub struct AnthropicRegions {
    regions: Versions<Regions>,
    terms: Terms,
}

/// What a binding may choose; the text leaves it open.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Terms {
    /// What "indirectly" means.
    method: Arithmetic,
    /// The share that is half.
    threshold: Percent,
    /// Whether more than that is needed.
    strict: bool,
    /// Whether owners from different unsupported regions add up.
    across_regions: bool,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Arithmetic {
    Direct,
    Cascade,
    LookThrough,
}

impl Terms {
    fn threshold(&self) -> Threshold {
        let Percent(share) = self.threshold;
        if self.strict { Threshold::MoreThan(share) } else { Threshold::AtLeast(share) }
    }

    /// Returns what "indirectly" means, and what to call it.
    fn method(&self) -> (Method, &'static str) {
        match self.method {
            Arithmetic::Direct => (Method::Direct, "direct"),
            Arithmetic::Cascade => (Method::Cascade, "cascade"),
            Arithmetic::LookThrough => (Method::LookThrough, "lookThrough"),
        }
    }
}

/// Categories that are known to be something else. A word that is not known is screened: a misspelt one switches nothing
/// off.
const OTHER_CATEGORIES: [&str; 5] = ["compute", "videoconference", "storage", "material", "component"];

/// Most parties that one request can have screened: four findings each, and the host takes 256.
const MOST_SCREENED: usize = 60;

impl Policy for AnthropicRegions {
    fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<AnthropicRegions, String> {
        let regions = datasets.read_as("regions", |bytes| Regions::parse(bytes, "supported"))?;
        Ok(AnthropicRegions { regions, terms: parameters.parse()? })
    }

    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let category = request.resource().category();
        if category.value().is_some_and(|category| OTHER_CATEGORIES.contains(&category)) {
            return Ok(());
        }
        self.look(request, findings)?;
        findings.depend_on(category.missing("what is supplied, such as `ai-model`"));
        Ok(())
    }
}

impl AnthropicRegions {
    fn look(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
        let screened = request.customers();
        if screened.is_empty() {
            let expected = "a participant to screen: any role but vendor, reseller and operator";
            let missing = vec![request.nobody(expected).to_contract()];
            findings.between("location", "nobody-to-screen", (Answer::Permit, Answer::Deny), missing);
            return Ok(());
        }
        if screened.len() > MOST_SCREENED {
            return Err(Refusal::Unsupported(format!("more than {MOST_SCREENED} parties to screen")));
        }
        self.screen(request, &screened, findings);
        Ok(())
    }

    fn screen<'a>(&self, request: Request<'a>, screened: &[Party<'a>], findings: &mut Findings) {
        let owners = Owners::new(request, self.regions.at(request.date()));
        let ownership = Ownership::of(request, "shareholding");
        let attributable: &dyn Fn(Party<'a>) -> Truth = &|party| owners.is_attributable(party);
        let cascade = ownership.held(Method::Cascade, attributable, self.terms.threshold());
        let otherwise = match self.terms.method() {
            (Method::Cascade, _) => None,
            (method, _) => Some(ownership.held(method, attributable, self.terms.threshold())),
        };
        let attributed = [otherwise.as_ref().unwrap_or(&cascade)];
        let companies = owned::by_companies(&owners, &ownership, &self.terms);
        let companies: Vec<_> = companies.iter().collect();
        let owned = if companies.is_empty() { attributed.as_slice() } else { companies.as_slice() };
        let links = control::links(&owners, &self.terms);
        let reach = links.from(|party| cascade.caught(party));
        let seen = (&owners, &self.terms);
        for &party in screened {
            location::report(&owners, party, findings);
            owned::MAJORITY.report(owned, seen, party, findings);
            owned::ATTRIBUTION.report(&attributed, seen, party, findings);
            control::report(&reach, (&owners, &cascade), party, findings);
        }
    }
}

lexgate_sdk::export!(AnthropicRegions);

#[cfg(test)]
mod tests;
