//! What a Rust policy links: the contract, views of a request whose answers know their place, a builder of findings,
//! exact ownership and control arithmetic, and an allocator that grows memory during an evaluation for large requests alone.
//!
//! A policy is a type that implements [`Policy`] in a crate of type `cdylib` and `rlib`, and one line that exports it.
//! [`export!`] comes to nothing outside WebAssembly, so the same code is tested natively. A whole policy:
//!
//! ```
//! use lexgate_sdk::contract::Refusal;
//! use lexgate_sdk::{Answer, Datasets, Findings, Parameters, Percent, Policy, Request, Table, Versions};
//!
//! /// No supply to places on a list; someone must look where too much is held by nobody knows whom.
//! struct Embargo {
//!     regions: Versions<Vec<String>>,
//!     tolerated: Percent,
//! }
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Terms {
//!     tolerated: Percent,
//! }
//!
//! fn codes(bytes: &[u8]) -> Result<Vec<String>, String> {
//!     Table::parse(bytes)?.rows().map(|row| Ok(row.get("code")?.to_owned())).collect()
//! }
//!
//! impl Policy for Embargo {
//!     fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<Embargo, String> {
//!         let Terms { tolerated } = parameters.parse()?;
//!         Ok(Embargo { regions: datasets.read_as("regions", codes)?, tolerated })
//!     }
//!
//!     fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), Refusal> {
//!         let embargoed = self.regions.at(request.date());
//!         for party in request.participants().iter().filter_map(|participant| participant.party()) {
//!             let seat = party.headquarters();
//!             match seat.value() {
//!                 Some(code) if embargoed.iter().any(|listed| listed == code) => findings
//!                     .say("embargo", "embargoed", Answer::Deny)
//!                     .argument("region", code)
//!                     .evidence(seat.evidence()),
//!                 Some(_) => findings.say("embargo", "free", Answer::Permit).evidence(seat.evidence()),
//!                 None => findings.between("embargo", "open", (Answer::Permit, Answer::Deny), seat.missing("a region")),
//!             };
//!         }
//!         Ok(())
//!     }
//! }
//!
//! lexgate_sdk::export!(Embargo);
//! # fn main() {}
//! ```

extern crate alloc;

#[doc(hidden)]
pub mod bindings;
#[cfg(any(test, target_arch = "wasm32"))]
mod bump;
mod condition;
mod dataset;
mod fact;
mod finding;
#[doc(hidden)]
pub mod guest;
#[cfg(target_arch = "wasm32")]
mod heap;
pub mod influence;
pub mod listed;
mod names;
pub mod ownership;
mod parameters;
mod place;
mod regions;
mod requirement;
mod table;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod usual;
pub mod view;
mod weighed;

pub use bindings::lexgate::screening::types as contract;
pub use condition::{Codes, Condition};
pub use dataset::{Datasets, Version, Versions};
pub use fact::{Fact, INCONSISTENT, NOT_SUPPLIED, Quantity};
pub use finding::{Answer, Finding, Findings, MOST_PLACES, Obligation};
pub use lexgate_model::ownership::Method;
pub use lexgate_model::{Amount, Date, Decimal, End, Interval, Period, Threshold, Truth, date};
pub use names::{Match, Names};
pub use parameters::{Exact, Parameters, Percent};
pub use place::{Evidence, Gap, Place};
pub use regions::{Regions, country, region_code};
pub use requirement::{CaseCodes, Possible, Requirement};
pub use table::{Row, Table};
pub use usual::eccn_is_of;
pub use view::{Interest, Party, Record, Request};
pub use weighed::Weighed;

/// A policy: configured once, then asked as often as the host likes, always with the same answer.
///
/// What it learns from parameters and datasets it keeps in itself; the host takes a snapshot after `configure` and starts
/// every evaluation from that, so work done there costs no evaluation anything.
pub trait Policy: Sized + 'static {
    /// Returns the policy with these parameters. Datasets can be read here only.
    ///
    /// # Errors
    /// When parameters or datasets cannot be used, in words for the operator.
    fn configure(parameters: &Parameters, datasets: &Datasets) -> Result<Self, alloc::string::String>;

    /// Adds what the policy finds about the request. Without any finding it has nothing to say.
    ///
    /// # Errors
    /// When it cannot treat the request. That is a fault in the decision, not a way to say "unknown": for that there is
    /// [`Findings::between`].
    fn evaluate(&self, request: Request<'_>, findings: &mut Findings) -> Result<(), contract::Refusal>;
}

/// Writes a line to the log of the tenant; never part of a decision. Natively it says nothing.
pub fn log(message: &str) {
    #[cfg(target_arch = "wasm32")]
    bindings::lexgate::screening::log::write(bindings::lexgate::screening::log::Level::Info, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = message;
}

/// Makes a [`Policy`] the one that this component exports. Outside WebAssembly it comes to nothing.
#[macro_export]
macro_rules! export {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            ::std::thread_local! {
                static POLICY: $crate::guest::Slot<$policy> = const { $crate::guest::Slot::new() };
            }

            struct Exported;

            impl $crate::bindings::exports::lexgate::screening::policy::Guest for Exported {
                fn configure(parameters: ::std::string::String) -> Result<(), ::std::string::String> {
                    POLICY.with(|policy| policy.configure(parameters, &$crate::Datasets::new()))
                }

                fn evaluate(
                    request: $crate::contract::Request,
                ) -> Result<::std::vec::Vec<$crate::contract::Finding>, $crate::contract::Refusal> {
                    POLICY.with(|policy| policy.evaluate(request))
                }
            }

    $crate::bindings::__export_policy!(Exported with_types_in $crate::bindings);
        };
    };
}
