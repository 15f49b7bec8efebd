//! Which statement speaks for a record on a day. Of all its statements only three matter, so only three are kept.

use super::statement::RecordType;
use crate::import::report::Place;
use crate::import::tree::Tree;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexgate_model::{Date, When};
use std::rc::Rc;

/// One statement of a record.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) stamp: Timestamp,
    /// Its number in the files, which parts statements of one instant.
    pub(super) number: u64,
    pub(super) closed: bool,
    pub(super) record_type: RecordType,
    pub(super) place: Place,
    pub(super) tree: Tree,
}

impl Version {
    fn age(&self) -> (Timestamp, u64) {
        (self.stamp, self.number)
    }

    /// Returns the day it was declared, in UTC.
    pub(super) fn day(&self) -> Date {
        self.stamp.to_zoned(TimeZone::UTC).date()
    }
}

/// The statements of one record that matter on the day asked about.
#[derive(Debug)]
pub(super) struct Versions {
    first: Rc<Version>,
    last: Rc<Version>,
    in_effect: Option<Rc<Version>>,
}

impl Versions {
    pub(super) fn new(version: Rc<Version>, reached: bool) -> Versions {
        let in_effect = reached.then(|| Rc::clone(&version));
        Versions { first: Rc::clone(&version), last: version, in_effect }
    }

    /// Adds a statement; `reached` says whether it was declared by the day asked about.
    pub(super) fn add(&mut self, version: Rc<Version>, reached: bool) {
        if version.age() < self.first.age() {
            self.first = Rc::clone(&version);
        }
        if version.age() > self.last.age() {
            self.last = Rc::clone(&version);
        }
        let later = self.in_effect.as_ref().is_none_or(|before| version.age() > before.age());
        if reached && later {
            self.in_effect = Some(version);
        }
    }

    /// Returns how many bytes of memory they take; one that stands for several of the three counts each time.
    pub(super) fn bytes(&self) -> u64 {
        let all = [Some(&self.first), Some(&self.last), self.in_effect.as_ref()];
        all.into_iter().flatten().map(|version| version.tree.bytes()).sum()
    }

    /// Returns the statement in effect, or the earliest if all were declared later.
    pub(super) fn now(&self) -> &Version {
        self.in_effect.as_ref().unwrap_or(&self.first)
    }

    /// Returns the latest statement of all.
    pub(super) fn last(&self) -> &Version {
        &self.last
    }

    /// Returns whether all were declared after the day asked about.
    pub(super) fn is_later(&self) -> bool {
        self.in_effect.is_none()
    }
}

/// Returns whether a statement of this instant was declared by then; on a date, by its end in UTC.
pub(super) fn reached(when: When, stamp: Timestamp) -> bool {
    match when {
        When::Instant(instant) => stamp <= instant,
        When::Date(date) => stamp.to_zoned(TimeZone::UTC).date() <= date,
    }
}
