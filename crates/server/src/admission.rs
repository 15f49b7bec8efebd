//! Who may ask how much: quotas of tenants, and the fuel that each has left.
//!
//! A bucket of fuel fills at the tenant's rate up to what ten seconds give, and every decision takes out what its policies
//! used, which is known only afterwards: the level may fall below zero, and nothing is let in until it is above again.

use crate::problem::{Kind, Problem};
use crate::tenants::TenantName;
use jiff::Timestamp;
use lexgate_engine::Terms;
use std::collections::{BTreeMap, HashMap};
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds in which an empty bucket fills; chosen by feel.
const FULL_S: u64 = 10;

/// What a tenant may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Decisions of its turn, when several tenants wait.
    pub weight: NonZeroU32,
    /// Threads that evaluate for it at a time; all but one, if it is none.
    pub threads: Option<NonZeroUsize>,
    /// Units of fuel a second, on average; as many as there are, if it is none.
    pub fuel_per_s: Option<NonZeroU64>,
}

impl Default for Quota {
    fn default() -> Quota {
        Quota { weight: NonZeroU32::MIN, threads: None, fuel_per_s: None }
    }
}

/// The quotas of tenants.
#[derive(Debug, Clone, Default)]
pub struct Quotas {
    /// Of tenants that are not named.
    pub usual: Quota,
    /// Of those that are.
    pub named: BTreeMap<TenantName, Quota>,
}

/// Lets decisions in.
pub(crate) struct Admission {
    usual: Quota,
    named: HashMap<String, Quota>,
    buckets: Mutex<HashMap<Arc<str>, Bucket>>,
}

struct Bucket {
    /// Units of fuel, in millionths, so that what a microsecond gives is exact.
    level: i128,
    filled: Timestamp,
}

const MILLION: i128 = 1_000_000;

impl Bucket {
    fn fill(&mut self, rate: NonZeroU64, now: Timestamp) {
        let gone = now.duration_since(self.filled).as_micros();
        // A clock that goes backwards gives nothing and takes nothing; what it repeats counts again, up to a full bucket.
        self.level = self.level.saturating_add(i128::from(rate.get()) * gone.max(0)).min(full(rate));
        self.filled = now;
    }
}

fn full(rate: NonZeroU64) -> i128 {
    i128::from(rate.get()) * i128::from(FULL_S) * MILLION
}

impl Admission {
    pub(crate) fn new(quotas: &Quotas) -> Admission {
        let named = quotas.named.iter().map(|(name, quota)| (name.as_str().to_owned(), *quota)).collect();
        Admission { usual: quotas.usual, named, buckets: Mutex::default() }
    }

    fn quota(&self, tenant: &str) -> Quota {
        self.named.get(tenant).copied().unwrap_or(self.usual)
    }

    /// Returns on which terms a tenant is let in, unless its fuel is used up.
    pub(crate) fn admit(&self, tenant: &Arc<str>, now: Timestamp) -> Result<Terms, Problem> {
        let Quota { weight, threads, fuel_per_s } = self.quota(tenant);
        let terms = Terms { weight, threads };
        let Some(rate) = fuel_per_s else { return Ok(terms) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Bucket { level: full(rate), filled: now };
        let bucket = buckets.entry(Arc::clone(tenant)).or_insert_with(new);
        bucket.fill(rate, now);
        if bucket.level > 0 {
            return Ok(terms);
        }
        let short = (1 - bucket.level) / (i128::from(rate.get()) * MILLION);
        let seconds = u32::try_from(short).unwrap_or(u32::MAX).saturating_add(1);
        let detail = format!("this tenant has used up its fuel of {rate} units a second");
        Err(Problem::new(Kind::TooMany, detail).again_in(seconds))
    }

    /// Takes out what was used.
    pub(crate) fn spend(&self, tenant: &str, fuel: u64) {
        if self.quota(tenant).fuel_per_s.is_none() {
            return;
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(tenant) {
            bucket.level = bucket.level.saturating_sub(i128::from(fuel) * MILLION);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_by_use_and_filled_by_time() {
        let rate = NonZeroU64::new(100);
        let quotas = Quotas { usual: Quota { fuel_per_s: rate, ..Quota::default() }, ..Quotas::default() };
        let admission = Admission::new(&quotas);
        let (acme, other): (Arc<str>, Arc<str>) = ("acme".into(), "other".into());
        let at = |milliseconds: i64| Timestamp::from_millisecond(1_000_000 + milliseconds).unwrap();
        let again = |now| admission.admit(&acme, now).err().map(|problem| problem.again_s());
        assert_eq!(again(at(0)), None);
        admission.spend("acme", 999);
        assert_eq!(again(at(0)), None);
        admission.spend("acme", 301);
        assert_eq!(again(at(0)), Some(Some(4)));
        assert_eq!(again(at(2_900)), Some(Some(1)));
        assert!(admission.admit(&other, at(0)).is_ok());
        // A clock that goes backwards gives nothing; it counts on from there.
        assert_eq!(again(at(0)), Some(Some(1)));
        assert_eq!(again(at(200)), None);
        // No more than ten seconds are saved up.
        assert_eq!(again(at(1_000_000)), None);
        admission.spend("acme", 1_000);
        assert_eq!(again(at(1_000_000)), Some(Some(1)));
    }

    #[test]
    fn who_is_named_has_a_quota_of_its_own() {
        let named = Quota { weight: NonZeroU32::new(3).unwrap(), ..Quota::default() };
        let quotas = Quotas { named: [("acme".parse().unwrap(), named)].into(), ..Quotas::default() };
        let admission = Admission::new(&quotas);
        let weight =
            |tenant: &str| admission.admit(&tenant.into(), Timestamp::UNIX_EPOCH).unwrap().weight.get();
        assert_eq!((weight("acme"), weight("other")), (3, 1));
    }
}
