//! Datasets: what a package carries or a binding attaches, in versions that hold on certain days.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use lexgate_model::{Date, Period};

/// The datasets a policy may read while it is configured.
#[derive(Debug, Default)]
pub struct Datasets {
    memory: Vec<(String, Vec<Version>)>,
}

/// One version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its name, such as `2025-09-05`.
    pub id: String,
    /// The days it holds.
    pub period: Period,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Datasets {
    /// Returns no datasets, to which a test adds its own. In a component these are the host's.
    #[must_use]
    pub fn new() -> Datasets {
        Datasets::default()
    }

    /// Adds the versions of a dataset.
    #[must_use]
    pub fn with(mut self, name: &str, versions: Vec<Version>) -> Datasets {
        self.memory.push((name.into(), versions));
        self
    }

    /// Returns every bound version of a dataset, oldest first.
    ///
    /// # Errors
    /// When the manifest declares no such dataset.
    pub fn read(&self, name: &str) -> Result<Vec<Version>, String> {
        match self.memory.iter().find(|(known, _)| known == name) {
            Some((_, versions)) => Ok(versions.clone()),
            None => from_host(name),
        }
    }

    /// Returns every bound version of a dataset, each read by `parse`.
    ///
    /// # Errors
    /// When there is no version, or `parse` refuses one; the message names dataset and version.
    pub fn read_as<T>(
        &self,
        name: &str,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<Versions<T>, String> {
        // A plain loop: it is in a package once for each sort of list, and iterators would be five times as long.
        let (mut oldest, mut newer) = (None, Vec::new());
        for version in self.read(name)? {
            let content = parse(&version.content).map_err(|error| refused(name, &version.id, &error))?;
            match oldest {
                None => oldest = Some((version.period, content)),
                Some(_) => newer.push((version.period, content)),
            }
        }
        let Some(oldest) = oldest else { return Err(format!("dataset `{name}` has no version")) };
        Ok(Versions { oldest, newer })
    }
}

fn refused(name: &str, version: &str, error: &str) -> String {
    format!("dataset `{name}` {version}: {error}")
}

#[cfg(target_arch = "wasm32")]
fn from_host(name: &str) -> Result<Vec<Version>, String> {
    use crate::bindings::lexgate::screening::datasets;
    use crate::fact::day;
    let version = |version: datasets::Version| Version {
        id: version.id,
        period: Period { from: version.valid_from.and_then(day), until: version.valid_until.and_then(day) },
        content: version.content,
    };
    Ok(datasets::read(name)?.into_iter().map(version).collect())
}

#[cfg(not(target_arch = "wasm32"))]
fn from_host(name: &str) -> Result<Vec<Version>, String> {
    Err(format!("there is no dataset `{name}`"))
}

/// The versions of a dataset, at least one.
#[derive(Debug, Clone)]
pub struct Versions<T> {
    oldest: (Period, T),
    newer: Vec<(Period, T)>,
}

impl<T> Versions<T> {
    /// Returns the version that holds on the date, else the nearest; of two as near the newer.
    ///
    /// The host marks an evaluation outside every version's days as anachronistic.
    #[must_use]
    pub fn at(&self, date: Date) -> &T {
        let nearer = |best: &'_ (u64, _), next: &(u64, _)| next.0 <= best.0;
        let far = |(period, content)| (distance(period, date), content);
        let mut best = far((&self.oldest.0, &self.oldest.1));
        for (period, content) in &self.newer {
            let next = far((period, content));
            if nearer(&best, &next) {
                best = next;
            }
        }
        best.1
    }
}

/// How many days lie between the period and the date.
fn distance(period: &Period, date: Date) -> u64 {
    let hours = |from: Date, to: Date| from.duration_until(to).as_hours().unsigned_abs();
    match (period.from, period.until) {
        (Some(from), _) if date < from => hours(date, from) / 24,
        (_, Some(until)) if date > until => hours(until, date) / 24,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str, from: Option<&str>, until: Option<&str>) -> Version {
        let day = |text: Option<&str>| text.map(|text| lexgate_model::date::parse(text).unwrap());
        Version { id: id.into(), period: Period { from: day(from), until: day(until) }, content: id.into() }
    }

    #[track_caller]
    fn check(date: &str, expected: &str) {
        let versions = vec![
            version("2023", Some("2023-01-01"), Some("2023-12-31")),
            version("2025", Some("2025-01-01"), Some("2025-06-30")),
            version("2025b", Some("2025-07-01"), None),
        ];
        let datasets = Datasets::new().with("regions", versions);
        let versions = datasets.read_as("regions", |bytes| Ok(bytes.to_vec())).unwrap();
        let date = lexgate_model::date::parse(date).unwrap();
        assert_eq!(core::str::from_utf8(versions.at(date)), Ok(expected), "{date}");
    }

    #[test]
    fn the_version_of_the_date_is_taken_else_the_nearest() {
        check("2023-05-05", "2023");
        check("2025-06-30", "2025");
        check("2025-07-01", "2025b");
        check("2030-01-01", "2025b");
        check("1999-01-01", "2023");
        check("2024-03-01", "2023");
        check("2024-12-01", "2025");
    }

    #[test]
    fn a_dataset_without_version_or_with_a_bad_one_is_refused_by_name() {
        let datasets =
            Datasets::new().with("regions", Vec::new()).with("bad", vec![version("1", None, None)]);
        let refuse = |_: &[u8]| Err::<(), _>("line 2: no".into());
        let error = |name| datasets.read_as(name, refuse).unwrap_err();
        assert_eq!(error("regions"), "dataset `regions` has no version");
        assert_eq!(error("bad"), "dataset `bad` 1: line 2: no");
        assert_eq!(error("other"), "there is no dataset `other`");
    }
}
