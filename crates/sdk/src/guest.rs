//! What [`crate::export!`] puts between the host and a policy.

use crate::contract;
use crate::{Datasets, Findings, Parameters, Policy, Request};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::OnceCell;

/// Bytes an evaluation can use without growing memory: a request of 64 KiB takes less. More would be looked through by the kernel
/// after every evaluation.
#[cfg(target_arch = "wasm32")]
const ROOM: usize = 256 << 10;

/// Holds the policy from `configure` on.
#[derive(Debug)]
pub struct Slot<P>(OnceCell<P>);

impl<P: Policy> Slot<P> {
    /// Returns a slot without policy.
    #[must_use]
    pub const fn new() -> Slot<P> {
        Slot(OnceCell::new())
    }

    /// Configures the policy, once.
    ///
    /// # Errors
    /// When the policy refuses its parameters or datasets, or there is one already.
    pub fn configure(&self, parameters: String, datasets: &Datasets) -> Result<(), String> {
        #[cfg(target_arch = "wasm32")]
        tell_of_panics();
        let policy = P::configure(&Parameters::new(parameters), datasets)?;
        let stored = self.0.set(policy).map_err(|_| "the policy is configured already".to_string());
        #[cfg(target_arch = "wasm32")]
        crate::heap::reserve(ROOM);
        stored
    }

    /// Asks the policy.
    ///
    /// # Errors
    /// When the policy refuses the request, or was never configured.
    pub fn evaluate(&self, request: contract::Request) -> Result<Vec<contract::Finding>, contract::Refusal> {
        // The instance ends with this call, so taking the request apart again would be for nothing.
        #[cfg(target_arch = "wasm32")]
        let request = core::mem::ManuallyDrop::new(request);
        let unset = || contract::Refusal::Internal("the policy was asked before it was configured".into());
        let policy = self.0.get().ok_or_else(unset)?;
        let mut findings = Findings::new();
        policy.evaluate(Request::new(&request)?, &mut findings)?;
        Ok(findings.into_contract())
    }
}

impl<P: Policy> Default for Slot<P> {
    fn default() -> Slot<P> {
        Slot::new()
    }
}

/// Writes the message of a panic to the log before it ends as a trap.
#[cfg(target_arch = "wasm32")]
fn tell_of_panics() {
    use crate::bindings::lexgate::screening::log;
    std::panic::set_hook(alloc::boxed::Box::new(|panic| {
        log::write(log::Level::Warn, &panic.to_string());
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, testing};

    struct Polite;

    impl Policy for Polite {
        fn configure(parameters: &Parameters, _: &Datasets) -> Result<Polite, String> {
            if parameters.as_str() == "{}" { Ok(Polite) } else { Err("too much to ask".into()) }
        }

        fn evaluate(&self, _: Request<'_>, findings: &mut Findings) -> Result<(), contract::Refusal> {
            findings.say("manners", "welcome", Answer::Permit);
            Ok(())
        }
    }

    #[test]
    fn a_policy_answers_once_it_is_configured() {
        let slot = Slot::<Polite>::new();
        let request = testing::request("2025-09-05").build();
        assert!(matches!(slot.evaluate(request.clone()), Err(contract::Refusal::Internal(_))));
        assert_eq!(slot.configure("[]".into(), &Datasets::new()), Err("too much to ask".into()));
        assert_eq!(slot.configure("{}".into(), &Datasets::new()), Ok(()));
        assert_eq!(slot.evaluate(request).unwrap().len(), 1);
        assert!(slot.configure("{}".into(), &Datasets::new()).is_err());
    }

    #[test]
    fn a_request_without_date_contradicts_the_contract() {
        let slot = Slot::<Polite>::new();
        slot.configure("{}".into(), &Datasets::new()).unwrap();
        let request = testing::request("2025-02-30").build();
        assert!(matches!(slot.evaluate(request), Err(contract::Refusal::InvalidRequest(_))));
    }
}
