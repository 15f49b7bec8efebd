//! What a manifest must be beyond its fields.

use super::{Dataset, Manifest, message};
use crate::request::shorten;
use std::collections::BTreeSet;
use std::fmt;

/// Why a manifest is refused: every fault found, each with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadManifest {
    /// Place and fault, in the order of the manifest.
    pub faults: Vec<(String, String)>,
}

impl BadManifest {
    pub(super) fn syntax(why: String) -> BadManifest {
        BadManifest { faults: vec![("manifest".to_owned(), why)] }
    }
}

impl fmt::Display for BadManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (place, fault)) in self.faults.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{place}: {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BadManifest {}

/// Most rules, datasets and messages a manifest may declare, each; chosen by feel, far above any law we ship.
const MOST: usize = 1_000;

impl Manifest {
    /// Checks ids, version, time zone, periods, parameters and messages.
    ///
    /// # Errors
    /// [`BadManifest`] with every fault found.
    pub fn check(&self) -> Result<(), BadManifest> {
        let mut faults = Vec::new();
        let mut fault = |place: String, text: String| faults.push((place, text));
        let head = &self.policy;
        if !is_id(&head.id) {
            let text = format!(
                "`{}` is not an id: lower-case words joined by hyphens, at most 64 bytes",
                shorten(&head.id)
            );
            fault("policy.id".to_owned(), text);
        }
        if crate::zone::Zone::find(&head.time_zone).is_none() {
            let text =
                format!("`{}` is not an IANA time zone, such as `Asia/Seoul`", shorten(&head.time_zone));
            fault("policy.time-zone".to_owned(), text);
        }
        for (field, text) in [("title", &head.title), ("authority", &head.authority)] {
            if text.trim().is_empty() {
                fault(format!("policy.{field}"), "is empty".to_owned());
            }
        }
        for (what, count) in [
            ("rules", self.rules.len()),
            ("facts", self.facts.len()),
            ("datasets", self.datasets.len()),
            ("messages", self.messages.len()),
        ] {
            if count > MOST {
                fault(what.to_owned(), format!("has {count} entries, at most {MOST}"));
            }
        }
        self.check_rules(&mut fault);
        self.check_versions(&mut fault);
        self.check_facts(&mut fault);
        self.check_datasets(&mut fault);
        if let Err(error) = self.parameters.check() {
            fault("parameters".to_owned(), error);
        }
        message::check(&self.messages, &mut fault);
        if faults.is_empty() { Ok(()) } else { Err(BadManifest { faults }) }
    }

    fn check_rules(&self, fault: &mut impl FnMut(String, String)) {
        if self.rules.is_empty() {
            fault("rules".to_owned(), "a policy needs at least one rule".to_owned());
        }
        let mut ids = BTreeSet::new();
        for rule in &self.rules {
            let place = format!("rules.{}", shorten(&rule.id));
            if !is_id(&rule.id) {
                fault(
                    place.clone(),
                    "is not an id: lower-case words joined by hyphens, at most 64 bytes".to_owned(),
                );
            }
            if !ids.insert(&rule.id) {
                fault(place.clone(), "is declared twice".to_owned());
            }
            if rule.period().is_empty() {
                fault(format!("{place}.until"), "lies before `from`".to_owned());
            }
            if rule.citation.instrument.trim().is_empty() {
                fault(format!("{place}.citation.instrument"), "is empty".to_owned());
            }
        }
    }

    fn check_datasets(&self, fault: &mut impl FnMut(String, String)) {
        for (index, dataset) in self.datasets.iter().enumerate() {
            let Dataset { name, version, .. } = dataset;
            let period = dataset.period();
            let place = format!("datasets.{}@{}", shorten(name), shorten(version));
            if !is_id(name) {
                fault(place.clone(), "its name is not an id: lower-case words joined by hyphens".to_owned());
            }
            if !is_version(version) {
                let text = "its version must be 1 to 64 letters, digits, `.`, `-`, `_` or `+`";
                fault(place.clone(), text.to_owned());
            }
            if period.is_empty() {
                fault(place.clone(), "`valid-until` lies before `valid-from`".to_owned());
            }
            for other in self.datasets.iter().take(index).filter(|other| other.name == *name) {
                if *version == other.version {
                    fault(place.clone(), "is declared twice".to_owned());
                } else if period.overlaps(&other.period()) {
                    fault(
                        place.clone(),
                        format!("holds on days on which version `{}` holds", shorten(&other.version)),
                    );
                }
            }
        }
    }
}

/// Lower-case words of letters and digits joined by single hyphens, at most 64 bytes.
pub(crate) fn is_id(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 64 && text.split('-').all(word)
}

fn is_version(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
