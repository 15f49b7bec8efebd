//! Runs policies. The only crate that knows wasmtime.
//!
//! * [`Engine`] compiles and runs; one per process, cheap to clone.
//! * [`Engine::prepare`] takes a [`Verified`](lexgate_model::Verified) package with checked parameters and gives a
//!   [`Prepared`] policy: compiled, linked, and known to accept its configuration. It costs milliseconds to seconds; keep
//!   what it gives.
//! * [`Engine::evaluate`] runs a prepared policy on one request, in a fresh store with [limits](lexgate_model::Limits)
//!   that is dropped afterwards, so nothing passes from one request to the next. It costs microseconds.
//! * [`Engine::decide`] evaluates an ordered [`PolicySet`] and combines what it says into a
//!   [`Record`](lexgate_model::Record).
//! * [`Engine::profile`] says where the fuel of a policy goes, by function. It is for authors.
//!
//! What a guest does wrong is a [`Fault`](lexgate_model::Fault), data of the record; what goes wrong with us is an `Err`.
//!
//! ```no_run
//! use lexgate_engine::{Binding, Engine, PolicySet};
//! use lexgate_model::decision::Enforced;
//! use lexgate_model::{Package, Request, RequestLimits, Verified, When};
//!
//! fn ask(package: Verified<Package>, json: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//!     let engine = Engine::new()?;
//!     let parameters = package.manifest.parameters.accept(Default::default())?;
//!     let policy = engine.prepare(package, parameters, Vec::new())?;
//!     let set = PolicySet::new(vec![Binding::new("rules", policy)])?;
//!     let request = Request::from_json(json, &RequestLimits::default())?;
//!     let when = request.when().ok_or("the request has no date")?;
//!     let record = engine.decide::<Enforced>(&set, &request, when);
//!     println!("{}", record.decision.span);
//!     Ok(())
//! }
//! ```

mod alone;
mod artifact;
mod cache;
mod code;
mod config;
pub mod contract;
mod crew;
mod decide;
mod engine;
mod host;
mod lift;
mod lower;
mod make;
mod package;
mod prepare;
mod profile;
mod resident;
mod run;
mod ticker;
mod v0_1;
mod worker;

pub use artifact::{Artifact, Start};
pub use cache::Cache;
pub use config::Instances;
pub use crew::{Busy, Crew, CrewLimits, Terms, in_order, interrupt_nobody};
pub use decide::{Anachronism, Binding, MOST_BINDINGS, PolicySet, Unusable};
pub use engine::{Builder, Engine, Unstartable};
pub use host::LogLine;
pub use make::{Failed, Order, Workshop, prevents_snapshot};
pub use prepare::{Prepared, Unprepared};
pub use profile::{Profile, Profiled, Stack};
pub use resident::Room;
pub use run::Run;
pub use worker::{Worker, WorkerLimits, work};
