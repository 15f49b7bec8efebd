//! What the certificates of a request are worth. Of several the best one counts.

use crate::KrCsap;
use crate::grade::{Equivalences, Grade};
use lexgate_sdk::view::Certificate;
use lexgate_sdk::{Answer, Condition, Gap, INCONSISTENT, Request, Truth, Weighed};

/// The certificates of a request, and what they are read with.
pub(crate) struct Certificates<'p, 'a> {
    pub(crate) request: Request<'a>,
    pub(crate) policy: &'p KrCsap,
    /// What the date of the request takes certificates without grade for.
    equivalences: &'p Equivalences,
    /// Those of the scheme `CSAP`, each with whether it counts, whatever its grade.
    pub(crate) csap: Vec<(Certificate<'a>, Weighed<'a>)>,
}

impl<'p, 'a> Certificates<'p, 'a> {
    pub(crate) fn new(request: Request<'a>, policy: &'p KrCsap) -> Certificates<'p, 'a> {
        let equivalences = policy.equivalences.at(request.date());
        let mut certificates = Certificates { request, policy, equivalences, csap: Vec::new() };
        let all = request.certificates().value().into_iter().flat_map(|list| list.iter());
        let csap = all.filter(|one| one.scheme() == "CSAP");
        certificates.csap = csap.map(|one| (one, certificates.counts(one).into())).collect();
        certificates
    }

    /// Returns whether a CSAP certificate is one for a platform or for software.
    pub(crate) fn on_infrastructure(&self) -> Condition<'a> {
        self.request.certified("CSAP", on_infrastructure)
    }

    /// Weighs whether the operator holds a valid NIS verification.
    pub(crate) fn verified(&self) -> Weighed<'a> {
        self.request.certified("NIS", |one| one.held_by_operator(self.request)).into()
    }

    /// Weighs whether the operator holds a valid CSAP certificate, of any grade or of none.
    pub(crate) fn certified(&self) -> Weighed<'a> {
        self.best(|_| Weighed::settled(Answer::Permit, []))
    }

    /// Weighs whether the operator holds a valid CSAP certificate of a grade or a higher one.
    pub(crate) fn graded(&self, needed: Grade) -> Weighed<'a> {
        self.best(|one| self.reaches(one, needed))
    }

    /// Weighs the same where a certificate for a platform or software has the grade of the infrastructure below it.
    pub(crate) fn graded_by_infrastructure(&self, needed: Grade) -> Weighed<'a> {
        self.best(|one| {
            on_infrastructure(one).choose(self.below_reaches(one, needed), self.reaches(one, needed))
        })
    }

    /// Weighs the CSAP certificates, each by whether it counts and by its grade.
    fn best(&self, grade: impl Fn(Certificate<'a>) -> Weighed<'a>) -> Weighed<'a> {
        if self.csap.is_empty() {
            return self.request.certified("CSAP", |_| Condition::fails([])).into();
        }
        let weighed = |(one, counts): &(_, Weighed<'a>)| Weighed::strictest([counts.clone(), grade(*one)]);
        Weighed::mildest(self.csap.iter().map(weighed))
    }

    /// Whether a certificate is one for this service, held by the operator and valid with all it stands on.
    fn counts(&self, one: Certificate<'a>) -> Condition<'a> {
        let date = self.request.date();
        Condition::all([one.held_by_operator(self.request), self.for_the_model(one), one.valid_below(date)])
    }

    /// Whether it is for the service model of what is supplied, as far as that is stated or must be.
    fn for_the_model(&self, one: Certificate<'a>) -> Condition<'a> {
        let supplied = self.request.resource().text("serviceModel");
        let expected = "the service model, such as `IaaS`";
        match supplied.value() {
            Some(model) => Condition::of(one.service_model(), expected, |its| its == model),
            None if self.policy.model_required => Condition::unknown(supplied.gap(expected)),
            None => Condition::holds([]),
        }
    }

    /// Weighs whether its grade is this one or a higher one. One without grade counts as the list says, unless the sources of
    /// it differ.
    fn reaches(&self, one: Certificate<'a>, needed: Grade) -> Weighed<'a> {
        let (grade, model, issued) = (one.grade(), one.service_model(), one.valid_from());
        if grade.value() != Some("none") {
            let expected =
                "its grade: `high`, `mid` or `low`; `none` if it was issued before there were grades";
            return Weighed::needs(grade.read(Grade::read), expected, |its| its >= needed, Answer::Deny);
        }
        let missing = issued.gap("its first day").or(model.gap("its service model"));
        let counts_as = issued.value().zip(model.value()).map(|(day, its)| self.equivalences.of(its, day));
        let answer = match counts_as {
            None => return open(missing),
            Some(None) => {
                return open([grade.place().gap("its grade: the list gives it none", INCONSISTENT)]);
            }
            Some(Some((lowest, _))) if lowest >= needed => Answer::Permit,
            Some(Some((_, highest))) if highest < needed => Answer::Deny,
            Some(Some(_)) => self.policy.unverified.clone(),
        };
        let evidence = [grade.evidence(), issued.evidence(), model.evidence()];
        Weighed::settled(answer, evidence.into_iter().flatten())
    }

    /// Weighs whether the grade of the infrastructure below it is this one or a higher one.
    fn below_reaches(&self, one: Certificate<'a>, needed: Grade) -> Weighed<'a> {
        let expected = "the CSAP certificate of the infrastructure it runs on";
        let Some(lowest) = one.lowest() else { return open(one.underlying().gap(expected)) };
        if lowest.scheme() != "CSAP" {
            return open([one.underlying().place().gap(expected, INCONSISTENT)]);
        }
        match on_infrastructure(lowest).truth() {
            Truth::False => self.reaches(lowest, needed),
            Truth::True => open(lowest.underlying().gap(expected)),
            Truth::Unknown => open(lowest.service_model().gap("its service model")),
        }
    }
}

fn open<'a>(missing: impl IntoIterator<Item = Gap<'a>>) -> Weighed<'a> {
    Weighed::open((Answer::Permit, Answer::Deny), missing)
}

/// Whether it is a certificate for a platform or for software.
fn on_infrastructure(one: Certificate<'_>) -> Condition<'_> {
    let above = |model: &str| model.starts_with("PaaS") || model.starts_with("SaaS");
    Condition::of(one.service_model(), "its service model", above)
}
