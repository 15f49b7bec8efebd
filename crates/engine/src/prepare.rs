//! From a verified package to a prepared policy.
//!
//! What can be told without running anything is told first. Then what was made ready before is looked for in the cache;
//! else a [`Workshop`](crate::Workshop) makes it. What comes out is loaded now, and loaded again on demand when it had to
//! leave memory.

use crate::alone::Alone;
use crate::artifact::{Artifact, Head, Start};
use crate::cache::Name;
use crate::code::Code;
use crate::config::{PRICE_LIST, WASMTIME};
use crate::engine::{Engine, Served};
use crate::make::{Failed, Order};
use crate::package::Known;
use crate::resident::{Loaded, Slot};
use lexgate_model::date::Period;
use lexgate_model::fault::Fault;
use lexgate_model::manifest::Parameters;
use lexgate_model::package::DatasetVersion;
use lexgate_model::record::{DatasetIdentity, PolicyIdentity, Used};
use lexgate_model::zone::Zone;
use lexgate_model::{Digest, Limits, Manifest, Package, Verified};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use wasmtime::Module;
use wasmtime::component::Component;

/// A package that was verified, compiled, and found to accept its parameters; what runs. Cheap to clone.
#[derive(Clone)]
pub struct Prepared(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) known: Arc<Known>,
    pub(crate) identity: PolicyIdentity,
    pub(crate) parameters: Parameters,
    pub(crate) parameters_digest: Digest,
    pub(crate) datasets: Arc<[DatasetVersion]>,
    dataset_identities: Vec<DatasetIdentity>,
    pub(crate) slot: Slot,
    name: Name,
    start: Start,
    alone: bool,
    configuring: Used,
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
    #[error("policy `{0}` does not compile: {1}")]
    Compile(String, String),
    /// The component imports or exports something else than the contract says.
    #[error("policy `{0}` does not fit the contract `{1}`: {2}")]
    Unfit(String, String, String),
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
    /// Preparing took more time or memory than it may, or broke.
    #[error("policy `{0}` cannot be prepared: {1}")]
    Unmade(String, String),
}

impl Inner {
    /// Returns the order to make this policy ready of a component, under limits.
    pub(crate) fn order<'a>(&'a self, package: &'a [u8], limits: &'a Limits, alone: bool) -> Order<'a> {
        Order {
            package,
            contract: &self.known.manifest().policy.contract,
            parameters: self.parameters.as_str(),
            datasets: &self.datasets,
            limits,
            alone,
        }
    }
}

impl Prepared {
    /// Returns what the policy declares about itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.0.known.manifest()
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
    pub fn datasets(&self) -> &[DatasetIdentity] {
        &self.0.dataset_identities
    }

    /// Returns how its evaluations start.
    #[must_use]
    pub fn start(&self) -> &Start {
        &self.0.start
    }

    /// Returns whether it is one module of code, which runs without wasmtime's component layer.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.0.alone
    }

    /// Returns what configuring it used when it was prepared.
    #[must_use]
    pub fn configuring(&self) -> Used {
        self.0.configuring
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
        let package = package.into_inner();
        let id = package.manifest.policy.id.clone();
        let datasets = bind_datasets(&package.manifest, &package.datasets, attached)?;
        let contract = package.manifest.policy.contract.clone();
        self.served(&contract).ok_or_else(|| Unprepared::Contract(id.clone(), contract.clone()))?;
        let zone = package.manifest.policy.time_zone.clone();
        let zone = Zone::find(&zone).ok_or_else(|| Unprepared::Zone(id.clone(), zone))?;
        let version = package.manifest.policy.version.to_string();
        let identity = PolicyIdentity { id, version, package: package.digest };
        let known = self.0.packages.share(package, zone);
        let mut inner = Inner {
            name: self.name(&known.package, &parameters, &datasets),
            known,
            identity,
            parameters_digest: parameters.digest(),
            parameters,
            dataset_identities: datasets.iter().map(identity_of).collect(),
            datasets: datasets.into(),
            slot: Slot::default(),
            start: Start::Snapshot,
            alone: false,
            configuring: Used::default(),
        };
        let ready = self.ready(&inner)?;
        (inner.start, inner.configuring) = (ready.head.start.clone(), ready.head.configuring);
        inner.alone = ready.head.alone.is_some();
        let prepared = Prepared(Arc::new(inner));
        self.keep(&prepared, ready);
        Ok(prepared)
    }

    /// Returns what runs of a prepared policy; loaded, or made, again if it had to leave memory.
    pub(crate) fn loaded(&self, policy: &Prepared) -> Result<Arc<Loaded>, Unprepared> {
        match self.0.residents.get(&policy.0) {
            Some(loaded) => Ok(loaded),
            None => Ok(self.keep(policy, self.ready(&policy.0)?)),
        }
    }

    fn keep(&self, policy: &Prepared, ready: Ready) -> Arc<Loaded> {
        let Ready { head, code, bytes } = ready;
        self.0.residents.put(&policy.0, (head.start, code), bytes, self.0.cache.is_some())
    }

    /// Loads a policy from the cache, or makes it ready.
    fn ready(&self, policy: &Inner) -> Result<Ready, Unprepared> {
        if let Some(cache) = &self.0.cache
            && let Some(entry) = cache.get(policy.name)
            && let Some((head, code)) = Artifact::read(entry.bytes())
            && let Ok(ready) = self.load(policy, head, code)
        {
            return Ok(ready);
        }
        let limits = Limits::default();
        let order = policy.order(&policy.known.package.bytes, &limits, self.0.alone);
        let artifact = self.0.workshop.make(order).map_err(|failed| unprepared(policy, failed, &limits))?;
        if let Some(cache) = &self.0.cache {
            // It runs all the same; the next start makes it again.
            let _ = cache.put(policy.name, &artifact.to_bytes());
        }
        self.load(policy, artifact.head(), &artifact.code)
    }

    fn load(&self, policy: &Inner, head: Head, code: &[u8]) -> Result<Ready, Unprepared> {
        let manifest = policy.known.manifest();
        let unfit = |error: wasmtime::Error| {
            let (id, contract) = (manifest.policy.id.clone(), manifest.policy.contract.clone());
            Unprepared::Unfit(id, contract, format!("{error:#}"))
        };
        let served = self.served(&manifest.policy.contract).ok_or_else(|| {
            Unprepared::Contract(manifest.policy.id.clone(), manifest.policy.contract.clone())
        })?;
        // SAFETY: these bytes were made by a workshop, thus by wasmtime's own compiler in this process or in one of this
        // program; or they were when they were put into the cache, whose authentication code was checked on the very bytes
        // that are loaded here.
        let bytes = code.len();
        let code = match &head.alone {
            Some(ways) => {
                #[expect(unsafe_code, reason = "loading compiled code is trusting it, see above")]
                let module = unsafe { Module::deserialize(&self.0.wasmtime, code) }.map_err(unfit)?;
                Code::Alone(Alone::link(&self.0.wasmtime, &module, ways).map_err(unfit)?)
            }
            None => {
                #[expect(unsafe_code, reason = "loading compiled code is trusting it, see above")]
                let component = unsafe { Component::deserialize(&self.0.wasmtime, code) }.map_err(unfit)?;
                let component = served.linker.instantiate_pre(&component).map_err(unfit)?;
                let guest = served.contract.bind(&component).map_err(unfit)?;
                Code::Component(component, guest)
            }
        };
        Ok(Ready { head, code, bytes })
    }

    fn served(&self, contract: &str) -> Option<&Served> {
        self.0.contracts.iter().find(|served| served.contract.name() == contract)
    }

    /// Returns a digest of everything that what is made depends on.
    fn name(&self, package: &Package, parameters: &Parameters, datasets: &[DatasetVersion]) -> Name {
        let mut digest = Digesting(blake3::Hasher::new());
        (env!("CARGO_PKG_VERSION"), WASMTIME, PRICE_LIST, self.0.alone).hash(&mut digest);
        self.0.wasmtime.precompile_compatibility_hash().hash(&mut digest);
        (package.digest, &package.manifest.policy.contract, parameters.digest()).hash(&mut digest);
        for dataset in datasets {
            (&dataset.name, &dataset.version, dataset.period, dataset.digest).hash(&mut digest);
        }
        Name(*digest.0.finalize().as_bytes())
    }
}

fn identity_of(dataset: &DatasetVersion) -> DatasetIdentity {
    let (name, version) = (dataset.name.clone(), dataset.version.clone());
    DatasetIdentity { name, version, digest: dataset.digest }
}

/// What is loaded.
struct Ready {
    head: Head,
    code: Code,
    bytes: usize,
}

/// A digest of whatever can be hashed; Rust's own hashes are too short to name something by.
struct Digesting(blake3::Hasher);

impl Hasher for Digesting {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

pub(crate) fn unprepared(policy: &Inner, failed: Failed, limits: &Limits) -> Unprepared {
    let manifest = policy.known.manifest();
    let (id, contract) = (manifest.policy.id.clone(), manifest.policy.contract.clone());
    match failed {
        Failed::Compile(why) => Unprepared::Compile(id, why),
        Failed::Unfit(why) => Unprepared::Unfit(id, contract, why),
        Failed::Refused(why) => Unprepared::Refused(id, why),
        Failed::Faulted(fault) => Unprepared::Faulted(id, fault, limits.configure_fuel, limits.memory_bytes),
        Failed::Unmade(why) => Unprepared::Unmade(id, why),
    }
}

/// Returns the versions a policy runs with, each name oldest first.
fn bind_datasets(
    manifest: &Manifest,
    packaged: &[DatasetVersion],
    attached: Vec<DatasetVersion>,
) -> Result<Vec<DatasetVersion>, Unprepared> {
    let id = || manifest.policy.id.clone();
    if let Some(stray) = attached.iter().find(|a| !manifest.datasets.iter().any(|d| d.name == a.name)) {
        let mut declared: Vec<_> = manifest.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
        declared.dedup();
        return Err(Unprepared::UnknownDataset(id(), stray.name.clone(), declared.join(", ")));
    }
    let replaced = |dataset: &DatasetVersion| attached.iter().any(|a| a.name == dataset.name);
    let mut datasets: Vec<_> = packaged.iter().filter(|dataset| !replaced(dataset)).cloned().collect();
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
