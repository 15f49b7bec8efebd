//! The facts a policy reads: the part of the vocabulary it declares, so that people can see what to supply.
//!
//! Fields of the contract have their types from there; named facts are the open part, and have them from here.

use super::Manifest;
use super::check::is_id;
use crate::request::shorten;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A fact that rules read: a named one, or a field of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FactRead {
    /// The record it stands on.
    pub of: RecordKind,
    /// The name of a named fact, such as `militaryEndUser`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of a field of the contract, such as `headquarters`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The type of a named fact.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FactType>,
    /// UCUM code, for numbers; absent for a pure number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The words it may be, where there is a list of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What it tells, in words; required for a named fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The rules that read it.
    pub rules: Vec<String>,
}

/// A record of a request that has facts or fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// The request itself.
    Request,
    /// `participants`.
    Participant,
    /// `parties`.
    Party,
    /// `listings` of a party.
    Listing,
    /// `relationships`.
    Relationship,
    /// `interests` of a relationship.
    Interest,
    /// `resource`.
    Resource,
    /// `classifications` of the resource.
    Classification,
    /// `deployment`.
    Deployment,
    /// `certificates`.
    Certificate,
    /// `authorizations`.
    Authorization,
}

/// The type of a named fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactType {
    /// A text or a code.
    Text,
    /// True or false.
    Flag,
    /// A number with its unit.
    Number,
    /// A calendar date.
    Date,
    /// Several texts or codes.
    Texts,
}

impl RecordKind {
    /// Every kind, in the order of the contract.
    pub const ALL: [RecordKind; 11] = [
        RecordKind::Request,
        RecordKind::Participant,
        RecordKind::Party,
        RecordKind::Listing,
        RecordKind::Relationship,
        RecordKind::Interest,
        RecordKind::Resource,
        RecordKind::Classification,
        RecordKind::Deployment,
        RecordKind::Certificate,
        RecordKind::Authorization,
    ];

    /// Returns its fields that a policy may read, by JSON name.
    #[must_use]
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            RecordKind::Request => &[
                "action",
                "channel",
                "participants",
                "relationships",
                "deployment",
                "certificates",
                "authorizations",
                "purposes",
            ],
            RecordKind::Participant => &["role", "party"],
            RecordKind::Party => &[
                "kind",
                "names",
                "identifiers",
                "jurisdiction",
                "headquarters",
                "ultimateParent",
                "ownership",
                "listings",
            ],
            RecordKind::Listing => &["listId", "program", "start", "end", "sourceVersion"],
            RecordKind::Relationship => &["subject", "interestedParty", "interests"],
            RecordKind::Interest => &["kind", "directness", "share", "beneficial", "start", "end"],
            RecordKind::Resource => {
                &["category", "producer", "countryOfOrigin", "classifications", "components"]
            }
            RecordKind::Classification => &["scheme", "version", "code"],
            RecordKind::Deployment => &["operator", "infrastructureProvider", "technologyProvider", "region"],
            RecordKind::Certificate => {
                &["scheme", "grade", "serviceModel", "holder", "validFrom", "validUntil", "underlying"]
            }
            RecordKind::Authorization => &["kind", "issuer", "number", "validFrom", "validUntil", "scope"],
        }
    }

    /// Returns whether named facts may stand on it.
    #[must_use]
    pub fn has_facts(self) -> bool {
        self != RecordKind::Listing
    }

    /// Returns its name in manifests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::Request => "request",
            RecordKind::Participant => "participant",
            RecordKind::Party => "party",
            RecordKind::Listing => "listing",
            RecordKind::Relationship => "relationship",
            RecordKind::Interest => "interest",
            RecordKind::Resource => "resource",
            RecordKind::Classification => "classification",
            RecordKind::Deployment => "deployment",
            RecordKind::Certificate => "certificate",
            RecordKind::Authorization => "authorization",
        }
    }
}

impl FactType {
    /// Returns its name in manifests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FactType::Text => "text",
            FactType::Flag => "flag",
            FactType::Number => "number",
            FactType::Date => "date",
            FactType::Texts => "texts",
        }
    }
}

/// What a pointer into a request points to: a record, and what of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The record.
    pub of: RecordKind,
    /// What of it.
    pub part: Part,
}

/// A part of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The whole of it.
    Whole,
    /// A field of the contract.
    Field(String),
    /// A named fact.
    Fact(String),
}

impl Spot {
    /// Returns what an RFC 6901 pointer into the canonical JSON of a request points to, or would if it stood there.
    #[must_use]
    pub fn of_pointer(pointer: &str) -> Option<Spot> {
        let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
        let tokens: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let (of, rest): (_, &[&str]) = match tokens.as_slice() {
            ["participants", _, rest @ ..] => (RecordKind::Participant, rest),
            ["parties", _, "listings", _, rest @ ..] => (RecordKind::Listing, rest),
            ["parties", _, rest @ ..] => (RecordKind::Party, rest),
            ["relationships", _, "interests", _, rest @ ..] => (RecordKind::Interest, rest),
            ["relationships", _, rest @ ..] => (RecordKind::Relationship, rest),
            ["resource", "classifications", _, rest @ ..] => (RecordKind::Classification, rest),
            ["resource", rest @ ..] => (RecordKind::Resource, rest),
            ["deployment", rest @ ..] if !rest.is_empty() => (RecordKind::Deployment, rest),
            ["certificates", _, rest @ ..] => (RecordKind::Certificate, rest),
            ["authorizations", _, rest @ ..] => (RecordKind::Authorization, rest),
            rest => (RecordKind::Request, rest),
        };
        let part = match rest {
            [] => Part::Whole,
            ["facts", name] => Part::Fact((*name).to_owned()),
            [field, ..] if of.fields().contains(field) => Part::Field((*field).to_owned()),
            _ => return None,
        };
        Some(Spot { of, part })
    }
}

impl FactRead {
    /// Returns where it stands.
    #[must_use]
    pub fn spot(&self) -> Spot {
        let part = match (&self.name, &self.field) {
            (Some(name), _) => Part::Fact(name.clone()),
            (None, Some(field)) => Part::Field(field.clone()),
            (None, None) => Part::Whole,
        };
        Spot { of: self.of, part }
    }

    /// Returns its name, of a named fact or of a field.
    #[must_use]
    pub fn called(&self) -> &str {
        self.name.as_deref().or(self.field.as_deref()).unwrap_or_default()
    }
}

impl<D> Manifest<D> {
    /// Returns what is declared of the fact that a pointer points to.
    #[must_use]
    pub fn fact_at(&self, pointer: &str) -> Option<&FactRead> {
        let spot = Spot::of_pointer(pointer)?;
        self.facts.iter().find(|fact| fact.spot() == spot)
    }

    pub(super) fn check_facts(&self, fault: &mut impl FnMut(String, String)) {
        let mut spots = BTreeSet::new();
        for fact in &self.facts {
            let of = fact.of.as_str();
            let place = format!("facts.{of}.{}", shorten(fact.called()));
            let mut wrong = |why: String| fault(place.clone(), why);
            if !spots.insert(fact.spot()) {
                wrong("is declared twice".to_owned());
            }
            match (&fact.name, &fact.field) {
                (Some(name), None) => {
                    if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
                        wrong("`name` must be 1 to 128 bytes without control characters".to_owned());
                    }
                    if !fact.of.has_facts() {
                        wrong(format!("a {of} has no named facts"));
                    }
                    if fact.kind.is_none() {
                        wrong("has no `type`: `text`, `flag`, `number`, `date` or `texts`".to_owned());
                    }
                    if fact.says.as_deref().is_none_or(|says| says.trim().is_empty()) {
                        wrong("has no `says`: write what it tells".to_owned());
                    }
                }
                (None, Some(field)) if fact.of.fields().contains(&field.as_str()) => {
                    if fact.kind.is_some() {
                        wrong("`type` stands in the contract for a field; leave it out".to_owned());
                    }
                }
                (None, Some(_)) => {
                    wrong(format!("a {of} has no such field; it has {}", fact.of.fields().join(", ")));
                }
                _ => wrong("needs either `name`, of a named fact, or `field`, of the contract".to_owned()),
            }
            if fact.unit.is_some() && fact.kind != Some(FactType::Number) {
                wrong("`unit` is for the type `number`".to_owned());
            }
            if !fact.values.is_empty() && !matches!(fact.kind, None | Some(FactType::Text | FactType::Texts))
            {
                wrong("`values` are for the types `text` and `texts`".to_owned());
            }
            if fact.rules.is_empty() {
                wrong("has no `rules` that read it".to_owned());
            }
            for rule in fact.rules.iter().filter(|rule| self.rule(rule).is_none()) {
                wrong(format!("`{}` is no rule of this policy", shorten(rule)));
            }
        }
    }

    /// Two versions of one rule must not hold on one day: else both would decide.
    pub(super) fn check_versions(&self, fault: &mut impl FnMut(String, String)) {
        for (index, rule) in self.rules.iter().enumerate() {
            let Some(of) = &rule.version_of else { continue };
            let place = format!("rules.{}", shorten(&rule.id));
            if !is_id(of) {
                fault(place.clone(), format!("`version-of` is not an id: `{}`", shorten(of)));
            }
            let earlier = self.rules.iter().take(index);
            for other in earlier.filter(|other| other.version_of.as_ref() == Some(of)) {
                if rule.period().overlaps(&other.period()) {
                    let (of, other) = (shorten(of), shorten(&other.id));
                    let why = format!("holds on days on which `{other}` holds, another version of `{of}`");
                    fault(place.clone(), why);
                }
            }
        }
    }
}
