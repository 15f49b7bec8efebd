//! From a verified package to a prepared policy.
//!
//! Preparation compiles, links, and runs `configure` once to see that it accepts its parameters and datasets. It happens
//! in this process. A worker process with limits of its own, a snapshot of the configured state and a cache take this
//! function's place inside, its callers see none of that; until then every evaluation configures afresh.

use crate::config::Engine;
use crate::contract::Guest;
use crate::host::State;
use lexgate_model::date::Period;
use lexgate_model::fault::Fault;
use lexgate_model::manifest::Parameters;
use lexgate_model::package::DatasetVersion;
use lexgate_model::record::{DatasetIdentity, PolicyIdentity};
use lexgate_model::zone::Zone;
use lexgate_model::{Limits, Manifest, Package, Verified};
use std::fmt;
use std::sync::Arc;
use wasmtime::component::{Component, InstancePre};

/// A package that was verified, compiled, and found to accept its parameters; what runs. Cheap to clone.
#[derive(Clone)]
pub struct Prepared(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) manifest: Manifest,
    pub(crate) zone: Zone,
    pub(crate) identity: PolicyIdentity,
    pub(crate) parameters: Parameters,
    pub(crate) datasets: Arc<[DatasetVersion]>,
    pub(crate) component: InstancePre<State>,
    pub(crate) guest: Box<dyn Guest>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("policy", &self.0.identity).finish_non_exhaustive()
    }
}

/// Why a package cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum Unprepared {
    /// No contract of that name is served.
    #[error("policy `{0}` implements `{1}`, which this host does not serve")]
    Contract(String, String),
    /// The time zone is none.
    #[error("policy `{0}` has the time zone `{1}`, which does not exist")]
    Zone(String, String),
    /// The component does not compile.
    #[error("policy `{0}` does not compile")]
    Compile(String, #[source] wasmtime::Error),
    /// The component imports or exports something else than the contract says.
    #[error("policy `{0}` does not fit the contract `{1}`")]
    Unfit(String, String, #[source] wasmtime::Error),
    /// A dataset was attached that the manifest does not declare.
    #[error("policy `{0}` declares no dataset `{1}`; it declares: {2}")]
    UnknownDataset(String, String, String),
    /// Two attached versions of a dataset hold on the same day.
    #[error("versions `{2}` and `{3}` of dataset `{1}` of policy `{0}` hold on the same days")]
    Overlapping(String, String, String, String),
    /// The policy refused its parameters.
    #[error("policy `{0}` refuses its configuration: {1}")]
    Refused(String, String),
    /// The policy faulted while it was configured.
    #[error(
        "policy `{0}` faulted while it was configured: {1} (it may use {2} fuel and {3} bytes of memory)"
    )]
    Faulted(String, Fault, u64, u64),
}

impl Prepared {
    /// Returns what the policy declares about itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Returns which policy it is.
    #[must_use]
    pub fn identity(&self) -> &PolicyIdentity {
        &self.0.identity
    }

    /// Returns the parameters it runs with.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.0.parameters
    }

    /// Returns which datasets it runs with.
    #[must_use]
    pub fn datasets(&self) -> Vec<DatasetIdentity> {
        let identity = |dataset: &DatasetVersion| DatasetIdentity {
            name: dataset.name.clone(),
            version: dataset.version.clone(),
            digest: dataset.digest,
        };
        self.0.datasets.iter().map(identity).collect()
    }

    /// Returns the days on which the versions of these datasets hold, in their order.
    #[must_use]
    pub fn dataset_periods(&self) -> Vec<Period> {
        self.0.datasets.iter().map(|dataset| dataset.period).collect()
    }
}

impl Engine {
    /// Prepares a policy. Attached datasets take the place of the package's versions of the same name.
    ///
    /// # Errors
    /// [`Unprepared`], naming the policy.
    pub fn prepare(
        &self,
        package: Verified<Package>,
        parameters: Parameters,
        attached: Vec<DatasetVersion>,
    ) -> Result<Prepared, Unprepared> {
        let Package { digest, bytes, manifest, datasets, .. } = package.into_inner();
        let id = manifest.policy.id.clone();
        let datasets = bind_datasets(&manifest, datasets, attached)?;
        let name = manifest.policy.contract.clone();
        let served = self
            .contracts
            .iter()
            .find(|served| served.contract.name() == name)
            .ok_or_else(|| Unprepared::Contract(id.clone(), name.clone()))?;
        let zone = Zone::find(&manifest.policy.time_zone)
            .ok_or_else(|| Unprepared::Zone(id.clone(), manifest.policy.time_zone.clone()))?;
        let component =
            Component::new(&self.wasmtime, &bytes).map_err(|error| Unprepared::Compile(id.clone(), error))?;
        let unfit = |error| Unprepared::Unfit(id.clone(), name.clone(), error);
        let component = served.linker.instantiate_pre(&component).map_err(unfit)?;
        let guest = served.contract.bind(&component).map_err(unfit)?;
        let identity = PolicyIdentity { id, version: manifest.policy.version.to_string(), package: digest };
        let inner =
            Inner { manifest, zone, identity, parameters, datasets: datasets.into(), component, guest };
        let prepared = Prepared(Arc::new(inner));
        self.try_configure(&prepared)?;
        Ok(prepared)
    }

    fn try_configure(&self, prepared: &Prepared) -> Result<(), Unprepared> {
        let limits = Limits::default();
        let id = || prepared.0.identity.id.clone();
        match self.configure(prepared, &limits, u64::MAX) {
            Ok(_) => Ok(()),
            Err((Fault::Refusal(refusal), _)) => Err(Unprepared::Refused(id(), refusal.to_string())),
            Err((fault, _)) => {
                Err(Unprepared::Faulted(id(), fault, limits.configure_fuel, limits.memory_bytes))
            }
        }
    }
}

/// Returns the versions a policy runs with, each name oldest first.
fn bind_datasets(
    manifest: &Manifest,
    packaged: Vec<DatasetVersion>,
    attached: Vec<DatasetVersion>,
) -> Result<Vec<DatasetVersion>, Unprepared> {
    let id = || manifest.policy.id.clone();
    if let Some(stray) = attached.iter().find(|a| !manifest.datasets.iter().any(|d| d.name == a.name)) {
        let mut declared: Vec<_> = manifest.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
        declared.dedup();
        return Err(Unprepared::UnknownDataset(id(), stray.name.clone(), declared.join(", ")));
    }
    let replaced = |dataset: &DatasetVersion| attached.iter().any(|a| a.name == dataset.name);
    let mut datasets: Vec<_> = packaged.into_iter().filter(|dataset| !replaced(dataset)).collect();
    datasets.extend(attached);
    datasets.sort_by(|a, b| (&a.name, a.period.from, &a.version).cmp(&(&b.name, b.period.from, &b.version)));
    for pair in datasets.windows(2) {
        if let [a, b] = pair
            && a.name == b.name
            && a.period.overlaps(&b.period)
        {
            return Err(Unprepared::Overlapping(id(), a.name.clone(), a.version.clone(), b.version.clone()));
        }
    }
    Ok(datasets)
}
