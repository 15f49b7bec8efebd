//! Grades (하/중/상) of systems and of certificates.

use lexgate_sdk::view::Certificate;
use lexgate_sdk::{Condition, Fact, Party, Request};

/// A grade of a system, or of a certificate: 하 (low), 중 (mid), 상 (high).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Low,
    Mid,
    High,
}

impl Grade {
    fn read(word: &str) -> Option<Grade> {
        match word {
            "low" => Some(Grade::Low),
            "mid" => Some(Grade::Mid),
            "high" => Some(Grade::High),
            _ => None,
        }
    }
}

/// The system that is to be run, as its buyer classified it.
pub(crate) struct System<'a> {
    pub(crate) request: Request<'a>,
    scheme: Fact<'a, ()>,
    level: Fact<'a, Grade>,
}

impl<'a> System<'a> {
    pub(crate) fn of(request: Request<'a>) -> System<'a> {
        let deployment = request.deployment();
        let scheme = deployment.text("dataClassification.scheme");
        let scheme = scheme.read(|scheme| (scheme == "CSAP").then_some(()));
        System { request, scheme, level: deployment.text("dataClassification.level").read(Grade::read) }
    }

    /// Whether a company holds a certificate that is valid on the date, of the system's grade or a higher one.
    pub(crate) fn certified(&self, holder: Party<'a>) -> Condition<'a> {
        let counts = |one: Certificate<'a>| {
            Condition::all([one.held_by(&[holder]), one.valid_on(self.request.date()), self.reached_by(one)])
        };
        self.request.certified("CSAP", counts)
    }

    /// Whether the grade of a certificate is the system's or a higher one. The highest is enough for every system.
    fn reached_by(&self, certificate: Certificate<'a>) -> Condition<'a> {
        let expected =
            "its grade: `high`, `mid` or `low`; of one from before the grades the one that it counts as";
        let reaches =
            |needed| Condition::of(certificate.grade().read(Grade::read), expected, |its| its >= needed);
        let scheme = Condition::of(self.scheme, "the classification that the level is of: `CSAP`", |()| true);
        let classified =
            Condition::of(self.level, "the grade of the system: `high`, `mid` or `low`", |_| true);
        let needed = self.level.value().map(reaches);
        let as_classified = Condition::all([scheme, classified].into_iter().chain(needed));
        Condition::any([reaches(Grade::High), as_classified])
    }
}
