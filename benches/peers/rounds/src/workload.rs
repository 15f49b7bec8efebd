//! Workload W: what is asked, of everybody, and the answer that is right.
//!
//! Supply is denied to a customer that is formed or headquartered in CN, RU, IR or KP, or of which owners from there hold
//! more than 50 percent; processors that are rented out take a licence from more than 25 percent on; else it is permitted.

use serde_json::json;

/// Where supply is restricted.
pub const RESTRICTED: [&str; 4] = ["CN", "RU", "IR", "KP"];

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Permit,
    LicenceRequired,
    Deny,
}

impl Outcome {
    /// Returns the outcome as every peer writes it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Permit => "permit",
            Outcome::LicenceRequired => "licence-required",
            Outcome::Deny => "deny",
        }
    }

    /// Returns the outcome of that name.
    pub fn named(name: &str) -> Option<Outcome> {
        [Outcome::Permit, Outcome::LicenceRequired, Outcome::Deny].into_iter().find(|o| o.name() == name)
    }
}

/// A question with its answer.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub country: &'static str,
    pub headquarters: &'static str,
    /// Country and percent.
    pub owners: [(&'static str, u32); 4],
    pub category: &'static str,
    pub answer: Outcome,
}

/// The question that is timed: nothing ends it early, and its answer is the longest.
pub const TIMED: usize = 0;

const HELD: [(&str, u32); 4] = [("CN", 20), ("DE", 40), ("RU", 12), ("SG", 28)];

/// All questions.
pub const QUESTIONS: [Question; 8] = [
    question("SG", "SG", HELD, "gpu-cloud", Outcome::LicenceRequired),
    question("SG", "SG", HELD, "storage", Outcome::Permit),
    question("SG", "SG", [("DE", 70), ("SG", 20), ("JP", 5), ("US", 5)], "gpu-cloud", Outcome::Permit),
    question("SG", "SG", [("CN", 30), ("IR", 20), ("KP", 1), ("SG", 49)], "storage", Outcome::Deny),
    // The lines themselves are not passed.
    question(
        "SG",
        "SG",
        [("CN", 30), ("IR", 20), ("US", 1), ("SG", 49)],
        "gpu-cloud",
        Outcome::LicenceRequired,
    ),
    question("SG", "SG", [("CN", 25), ("DE", 25), ("US", 1), ("SG", 49)], "gpu-cloud", Outcome::Permit),
    question("RU", "SG", HELD, "storage", Outcome::Deny),
    question("SG", "CN", HELD, "gpu-cloud", Outcome::Deny),
];

const fn question(
    country: &'static str,
    headquarters: &'static str,
    owners: [(&'static str, u32); 4],
    category: &'static str,
    answer: Outcome,
) -> Question {
    Question { country, headquarters, owners, category, answer }
}

impl Question {
    /// Returns it as a request of Lexgate.
    pub fn request(&self) -> Vec<u8> {
        let party = |id: &str, country: &str| json!({ "recordId": id, "kind": "registeredEntity", "jurisdiction": country, "headquarters": country });
        let mut parties = vec![
            json!({ "recordId": "customer", "kind": "registeredEntity", "jurisdiction": self.country,
                    "headquarters": self.headquarters, "ownership": "complete" }),
            party("vendor", "US"),
        ];
        let mut relationships = Vec::new();
        for (number, (country, percent)) in self.owners.iter().enumerate() {
            let owner = format!("o{number}");
            parties.push(party(&owner, country));
            relationships.push(json!({
                "recordId": format!("r{number}"), "subject": "customer", "interestedParty": owner,
                "interests": [{ "kind": "shareholding", "directness": "direct",
                                "share": { "exact": percent.to_string() } }],
            }));
        }
        let request = json!({
            "evaluationDate": "2026-03-01", "action": "supply",
            "participants": [{ "role": "vendor", "party": "vendor" }, { "role": "endUser", "party": "customer" }],
            "parties": parties, "relationships": relationships,
            "resource": { "recordId": "service", "category": self.category, "facts": { "gpuModel": "H100" } },
        });
        request.to_string().into_bytes()
    }

    /// Returns it as most others would have it.
    pub fn natural(&self) -> Vec<u8> {
        let owner = |(country, percent): &(&str, u32)| json!({ "country": country, "percent": percent });
        let question = json!({
            "customer": { "country": self.country, "headquarters": self.headquarters,
                          "owners": self.owners.iter().map(owner).collect::<Vec<_>>() },
            "vendor": { "name": "vendor", "country": "US" },
            "service": { "category": self.category, "gpuModel": "H100" },
            "date": "2026-03-01",
        });
        question.to_string().into_bytes()
    }
}
