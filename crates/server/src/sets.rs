//! Policy sets as they are put: a document, checked and prepared completely before anything is swapped.

use crate::blobs::Blobs;
use crate::problem::{At, Kind, Problem};
use lexgate_engine::{Anachronism, Binding, Engine, MOST_BINDINGS, PolicySet};
use lexgate_model::combine::Otherwise;
use lexgate_model::decision::{Mode, Override, Posture};
use lexgate_model::package::DatasetVersion;
use lexgate_model::{Digest, Limits, Manifest, Package, Period, Verified, date};
use lexgate_packages::{Trust, Unverified, verify};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// A policy set, declared as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetDocument {
    /// What a yes-or-no caller is told where no policy had anything to say.
    pub otherwise: Otherwise,
    /// The bindings, in order.
    pub bindings: Vec<BindingDocument>,
}

/// A package in a set under its own id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BindingDocument {
    /// Its id, unique in the set.
    pub id: String,
    /// The digest of the package, uploaded before.
    pub package: Digest,
    /// Parameters, as the manifest declares them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// Datasets in place of the package's own of the same name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<DatasetDocument>,
    /// Whether it decides.
    #[serde(default)]
    pub mode: Mode,
    /// What a fault counts as.
    #[serde(default)]
    pub posture: Posture,
    /// Limits other than the usual ones.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub limits: Map<String, Value>,
    /// The days it applies.
    #[serde(default, skip_serializing_if = "Days::is_always")]
    pub period: Days,
    /// What the operator changes about its rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// What happens when a dataset has no version for the date.
    #[serde(default, skip_serializing_if = "Anachronistic::is_marked")]
    pub anachronistic: Anachronistic,
}

/// A version of a dataset, uploaded before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatasetDocument {
    /// Its name, as the manifest declares it.
    pub name: String,
    /// The version.
    pub version: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The days it holds.
    #[serde(default, skip_serializing_if = "Days::is_always")]
    pub period: Days,
}

/// Days, both ends inclusive; an end that is absent is open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// The first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What happens when a dataset has no version for the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anachronistic {
    /// The evaluation is marked, and counts.
    #[default]
    Mark,
    /// The evaluation is refused: a fault.
    Refuse,
}

impl Anachronistic {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field in by reference")]
    fn is_marked(&self) -> bool {
        *self == Anachronistic::Mark
    }
}

impl Days {
    fn is_always(&self) -> bool {
        *self == Days::default()
    }

    fn period(&self) -> Result<Period, String> {
        let day = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => match date::parse(text) {
                Some(date) => Ok(Some(date)),
                None => Err(format!("`{text}` is not a date; write `2025-09-05`")),
            },
        };
        let period = Period { from: day(&self.from)?, until: day(&self.until)? };
        if period.is_empty() { Err("it ends before it begins".to_owned()) } else { Ok(period) }
    }
}

/// Why a document is no set: every reason, with its place.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the set cannot be used: {}", told(.0))]
pub struct BadSet(pub(crate) Vec<At>);

fn told(errors: &[At]) -> String {
    errors.iter().map(|at| format!("{} (at {})", at.detail, at.pointer)).collect::<Vec<_>>().join("; ")
}

impl From<BadSet> for Problem {
    fn from(bad: BadSet) -> Problem {
        let pointer = bad.0.first().map(|at| at.pointer.clone()).unwrap_or_default();
        let problem = Problem::new(Kind::Unusable, "the set cannot be used; the one before goes on serving");
        problem.at(pointer).with(bad.0)
    }
}

impl SetDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Problem`] with the place.
    pub fn read(json: &[u8]) -> Result<SetDocument, Problem> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let read = serde_path_to_error::deserialize(&mut reader);
        let set = read.map_err(|error| {
            let pointer = pointer(error.path());
            Problem::new(Kind::BadRequest, error.inner().to_string()).at(pointer)
        })?;
        let bad = |error: serde_json::Error| Problem::new(Kind::BadRequest, error.to_string()).at("");
        reader.end().map_err(bad)?;
        Ok(set)
    }

    /// Returns its bytes, equal for equal sets.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// Returns the RFC 6901 pointer to a place.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// What sets are made with.
pub(crate) struct Workbench<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) blobs: &'a Blobs,
    pub(crate) trust: &'a Trust,
    pub(crate) ceiling: &'a Limits,
}

impl Workbench<'_> {
    /// Verifies the bytes of a package.
    pub(crate) fn verify(&self, bytes: Vec<u8>) -> Result<Verified<Package>, lexgate_packages::Refused> {
        verify(Unverified::from_bytes("package", bytes), self.trust)
    }

    /// Prepares all bindings of a document. Takes as long as preparing takes.
    pub(crate) fn prepare(&self, document: &SetDocument) -> Result<PolicySet, BadSet> {
        let (mut bindings, mut errors) = (Vec::new(), Vec::new());
        // Before anything is prepared, which takes long.
        let bad = |pointer: String, detail| Err(BadSet(vec![At { pointer, detail }]));
        let count = document.bindings.len();
        if count > MOST_BINDINGS {
            let detail = format!("the set has {count} bindings, at most {MOST_BINDINGS}");
            return bad("/bindings".to_owned(), detail);
        }
        let mut ids = HashSet::new();
        if let Some(twice) = document.bindings.iter().position(|binding| !ids.insert(&binding.id)) {
            return bad(format!("/bindings/{twice}/id"), "the id stands twice in the set".to_owned());
        }
        let mut packages = HashMap::new();
        for (number, binding) in document.bindings.iter().enumerate() {
            match self.bind(binding, &mut packages) {
                Ok(binding) => bindings.push(binding),
                Err(Wrong(place, detail)) => {
                    errors.push(At { pointer: format!("/bindings/{number}{place}"), detail });
                }
            }
        }
        if !errors.is_empty() {
            return Err(BadSet(errors));
        }
        let bad = |error: lexgate_engine::Unusable| {
            BadSet(vec![At { pointer: "/bindings".to_owned(), detail: error.to_string() }])
        };
        PolicySet::new(bindings).map_err(bad)
    }

    fn bind(
        &self,
        document: &BindingDocument,
        packages: &mut HashMap<Digest, Verified<Package>>,
    ) -> Result<Binding, Wrong> {
        if document.id.is_empty() || document.id.len() > 128 || document.id.chars().any(char::is_control) {
            return Err(Wrong("/id", "an id has 1 to 128 bytes without control characters".to_owned()));
        }
        let package = match packages.get(&document.package) {
            Some(package) => package.clone(),
            None => self.package(document.package)?,
        };
        packages.insert(document.package, package.clone());
        let wrong = |place| move |why: String| Wrong(place, why);
        let limits = limits(&document.limits, self.ceiling).map_err(wrong("/limits"))?;
        let period = document.period.period().map_err(wrong("/period"))?;
        known_rules(&document.overrides, &package.manifest).map_err(wrong("/overrides"))?;
        let parameters = package.manifest.parameters.accept(document.parameters.clone());
        let parameters = parameters.map_err(|error| Wrong("/parameters", error.to_string()))?;
        let datasets = document.datasets.iter().map(|dataset| self.dataset(dataset));
        let datasets = datasets.collect::<Result<Vec<_>, _>>().map_err(wrong("/datasets"))?;
        let policy = self.engine.prepare(package, parameters, datasets);
        let policy = policy.map_err(|error| Wrong("/package", error.to_string()))?;
        let anachronism = match document.anachronistic {
            Anachronistic::Mark => Anachronism::Mark,
            Anachronistic::Refuse => Anachronism::Refuse,
        };
        Ok(Binding {
            mode: document.mode,
            posture: document.posture,
            period,
            limits,
            overrides: document.overrides.clone(),
            anachronism,
            ..Binding::new(&document.id, policy)
        })
    }

    fn package(&self, digest: Digest) -> Result<Verified<Package>, Wrong> {
        let wrong = |why: String| Wrong("/package", why);
        let bytes = self.blobs.package(digest).map_err(|error| wrong(error.to_string()))?;
        let missing = || wrong(format!("there is no package `{digest}`; upload it to /v1/packages"));
        self.verify(bytes.ok_or_else(missing)?).map_err(|error| wrong(error.to_string()))
    }

    fn dataset(&self, document: &DatasetDocument) -> Result<DatasetVersion, String> {
        let bytes = self.blobs.dataset(document.digest).map_err(|error| error.to_string())?;
        let missing = || format!("there is no dataset `{}`; upload it to /v1/datasets", document.digest);
        Ok(DatasetVersion {
            name: document.name.clone(),
            version: document.version.clone(),
            period: document.period.period()?,
            digest: document.digest,
            bytes: bytes.ok_or_else(missing)?.into(),
        })
    }
}

/// A place inside a binding, and what is wrong there.
struct Wrong(&'static str, String);

fn known_rules(overrides: &[Override], manifest: &Manifest) -> Result<(), String> {
    match overrides.iter().find(|o| manifest.rule(&o.rule).is_none()) {
        None => Ok(()),
        Some(stray) => Err(format!("policy `{}` has no rule `{}`", manifest.policy.id, stray.rule)),
    }
}

/// Returns the usual limits with those that are given, none above the operator's ceiling.
fn limits(given: &Map<String, Value>, ceiling: &Limits) -> Result<Limits, String> {
    let (mut all, most) = (numbers(&Limits::default())?, numbers(ceiling)?);
    for (name, value) in given {
        let known = || most.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let most = most.get(name).and_then(Value::as_u64);
        let most = most.ok_or_else(|| format!("there is no limit `{name}`; there are: {}", known()))?;
        match value.as_u64() {
            Some(wanted) if wanted <= most => all.insert(name.clone(), value.clone()),
            Some(wanted) => return Err(format!("`{name}` may be {most} at most, not {wanted}")),
            None => return Err(format!("`{name}` must be a whole number")),
        };
    }
    serde_json::from_value(Value::Object(all)).map_err(|error| error.to_string())
}

fn numbers(limits: &Limits) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(limits) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("limits are no object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_given_by_name_up_to_the_ceiling() {
        let ceiling = Limits { findings: 300, ..Limits::default() };
        let ask = |json: &str| limits(&serde_json::from_str(json).unwrap(), &ceiling);
        assert_eq!(ask("{}"), Ok(Limits::default()));
        assert_eq!(ask(r#"{"findings":300}"#), Ok(ceiling));
        assert!(ask(r#"{"findings":301}"#).unwrap_err().contains("300 at most"));
        assert!(ask(r#"{"findings":"1"}"#).unwrap_err().contains("whole number"));
        assert!(ask(r#"{"finding":1}"#).unwrap_err().contains("there is no limit `finding`"));
    }

    #[test]
    fn a_document_that_is_none_says_where() {
        let check = |json: &str, pointer: &str, detail: &str| {
            let problem =
                serde_json::to_value(SetDocument::read(json.as_bytes()).unwrap_err().body()).unwrap();
            assert_eq!(problem["pointer"], pointer, "{json}");
            assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
        };
        check(r#"{"bindings":[]}"#, "", "missing field `otherwise`");
        check(r#"{"otherwise":"perhaps","bindings":[]}"#, "/otherwise", "unknown variant");
        check(
            r#"{"otherwise":"deny","bindings":[{"id":"a","package":"x"}]}"#,
            "/bindings/0/package",
            "digest",
        );
        check(r#"{"otherwise":"deny","bindings":[],"extra":1}"#, "/extra", "unknown field");
        check(r#"{"otherwise":"deny","bindings":[]} x"#, "", "trailing");
    }
}
