//! The manifest: what a policy declares about itself, readable without running it.
//!
//! It is written by hand as `lexgate.toml` and travels in the package as canonical JSON of the same shape. A manifest is
//! hostile until [`Manifest::check`] has seen it.

mod check;
mod facts;
pub(crate) mod message;
mod parameters;

pub use check::BadManifest;
pub use facts::{FactRead, FactType, Part, RecordKind, Spot};
pub use message::{Catalogue, Messages};
pub use parameters::{BadParameters, ParameterSchema, Parameters};

use crate::date::{Date, Period};
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a policy declares about itself. `D` describes its datasets: here as they travel in a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest<D = Dataset> {
    /// Who the policy is.
    pub policy: Head,
    /// The rules its findings may name.
    pub rules: Vec<Rule>,
    /// The facts of a request they read.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactRead>,
    /// The datasets it reads when it is configured; several versions of one name may stand side by side.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<D>,
    /// JSON Schema (2020-12) of what a binding may set.
    #[serde(default)]
    pub parameters: ParameterSchema,
    /// Texts by message code and BCP 47 tag; `en` is required.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: Messages,
    /// What the author expects an evaluation to need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Expected>,
}

/// Who a policy is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Head {
    /// Its id: lower-case words joined by hyphens, such as `anthropic-regions`.
    pub id: String,
    /// Its semantic version.
    pub version: semver::Version,
    /// Its name for people.
    pub title: String,
    /// The contract it implements, such as `lexgate:screening@0.1.0`.
    pub contract: String,
    /// IANA time zone of its calendar, such as `America/Los_Angeles`.
    pub time_zone: String,
    /// Who makes the rules it encodes.
    pub authority: String,
    /// What it decides, for whom, and what it leaves to others, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// One numbered statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// Its id within the policy.
    pub id: String,
    /// Whether it is law.
    pub status: Status,
    /// The first day it holds; absent means open.
    #[serde(default, with = "optional_date", skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day it holds; absent means open.
    #[serde(default, with = "optional_date", skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The rule in time that this is one version of: no two versions of one hold on the same day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_of: Option<String>,
    /// What it says, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Where it stands written.
    pub citation: Citation,
    /// How we know: the text or report it was read from.
    pub source: String,
    /// What is uncertain about it, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Rule {
    /// Returns the days it holds.
    #[must_use]
    pub fn period(&self) -> Period {
        Period { from: self.from, until: self.until }
    }
}

/// Where a rule stands written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Citation {
    /// The instrument, such as a regulation or terms of service.
    pub instrument: String,
    /// The section of it; may be empty.
    #[serde(default)]
    pub section: String,
    /// Where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Whether a rule is law, and whether it may therefore decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Law in force.
    InForce,
    /// Guidance of the authority.
    Guidance,
    /// A vendor's own policy.
    VendorPolicy,
    /// Proposed, not adopted.
    Proposed,
    /// Announced, its text not yet found.
    Announced,
    /// Adopted, but suspended.
    Suspended,
    /// Replaced by another text.
    Superseded,
}

/// A version of a dataset, as its package carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dataset {
    /// Its name, as the policy reads it.
    pub name: String,
    /// The name of this version.
    pub version: String,
    /// The first day it holds; absent means open.
    #[serde(default, with = "optional_date", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// The last day it holds; absent means open.
    #[serde(default, with = "optional_date", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// Where it was taken from.
    pub source: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Dataset {
    /// Returns the days it holds.
    #[must_use]
    pub fn period(&self) -> Period {
        Period { from: self.valid_from, until: self.valid_until }
    }
}

/// What the author expects an evaluation to need at most; shown, never enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expected {
    /// Units of fuel.
    pub fuel: u64,
    /// Bytes of linear memory.
    pub memory: u64,
}

impl<D> Manifest<D> {
    /// Returns the message of a code in a language (RFC 4647 look-up, `en` last), filled; nothing if there is no such code.
    #[must_use]
    pub fn message(
        &self,
        code: &str,
        language: &str,
        arguments: &BTreeMap<String, String>,
    ) -> Option<String> {
        let text = message::look_up(self.messages.get(code)?, language)?;
        Some(message::render(text, arguments))
    }

    /// Returns the rule of this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

impl Manifest {
    /// Reads a manifest as a package carries it: canonical JSON.
    ///
    /// # Errors
    /// When it is not JSON of a manifest, not canonical, or [`Manifest::check`] finds fault.
    pub fn from_canonical_json(bytes: &[u8]) -> Result<Manifest, BadManifest> {
        let manifest: Manifest =
            serde_json::from_slice(bytes).map_err(|error| BadManifest::syntax(error.to_string()))?;
        if manifest.to_canonical_json().as_bytes() != bytes {
            return Err(BadManifest::syntax("it is not in canonical form (RFC 8785)".to_owned()));
        }
        manifest.check()?;
        Ok(manifest)
    }

    /// Returns the canonical JSON.
    #[must_use]
    pub fn to_canonical_json(&self) -> String {
        // INVARIANT: the numbers of a checked manifest are integers, and those always have a canonical form.
        serde_jcs::to_string(self).unwrap_or_default()
    }

    /// Returns the versions of a dataset, oldest first.
    #[must_use]
    pub fn versions(&self, name: &str) -> Vec<&Dataset> {
        let mut versions: Vec<_> = self.datasets.iter().filter(|dataset| dataset.name == name).collect();
        versions.sort_by_key(|dataset| (dataset.valid_from, dataset.valid_until));
        versions
    }
}

/// Dates as ISO 8601 text, in TOML and in JSON.
pub(crate) mod optional_date {
    use crate::date::{self, Date};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde hands the field in by reference")]
    pub(crate) fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        date.map(|date| date.to_string()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| {
            let shown: String = text.chars().take(32).collect();
            date::parse(&text)
                .ok_or_else(|| Error::custom(format!("`{shown}` is not a date; write `\"2025-09-05\"`")))
        })
        .transpose()
    }
}

#[cfg(test)]
mod tests;
