//! What the certificates of a request are worth. Of several the best one counts.

use crate::KrCsap;
use crate::grade::Grade;
use lexgate_sdk::contract::Outcome;
use lexgate_sdk::view::Certificate;
use lexgate_sdk::{Answer, Condition, Gap, INCONSISTENT, Party, Request, Truth, Weighed};

/// Most certificates that one stands on, one below the other; chosen by feel: software, platform, infrastructure are two.
const MOST_UNDERLYING: usize = 3;

/// The certificates of a request, and what they are read with.
pub(crate) struct Certificates<'p, 'a> {
    pub(crate) request: Request<'a>,
    pub(crate) policy: &'p KrCsap,
    /// Those of the scheme `CSAP`, each with whether it counts, whatever its grade.
    pub(crate) csap: Vec<(Certificate<'a>, Weighed<'a>)>,
}

impl<'p, 'a> Certificates<'p, 'a> {
    pub(crate) fn new(request: Request<'a>, policy: &'p KrCsap) -> Certificates<'p, 'a> {
        let mut certificates = Certificates { request, policy, csap: Vec::new() };
        let all = request.certificates().value().into_iter().flat_map(|list| list.iter());
        let csap = all.filter(|one| one.scheme() == "CSAP");
        certificates.csap = csap.map(|one| (one, certificates.counts(one).into())).collect();
        certificates
    }

    /// Returns whether a CSAP certificate may be one for a platform or for software.
    pub(crate) fn some_on_infrastructure(&self) -> bool {
        self.csap.iter().any(|(one, _)| on_infrastructure(*one).truth().possible())
    }

    /// Weighs whether the provider holds a valid NIS verification.
    pub(crate) fn verified(&self) -> Weighed<'a> {
        self.request.certified("NIS", |one| self.held(one)).into()
    }

    /// Weighs whether the provider holds a valid CSAP certificate, of any grade or of none.
    pub(crate) fn certified(&self) -> Weighed<'a> {
        self.best(|_| Weighed::settled(Answer::Permit, []))
    }

    /// Weighs whether the provider holds a valid CSAP certificate of a grade or a higher one.
    pub(crate) fn graded(&self, needed: Grade) -> Weighed<'a> {
        self.best(|one| self.reaches(one, needed))
    }

    /// Weighs the same where a certificate for a platform or software has the grade of the infrastructure below it.
    pub(crate) fn graded_by_infrastructure(&self, needed: Grade) -> Weighed<'a> {
        self.best(|one| {
            on_infrastructure(one).choose(self.below_reaches(one, needed), self.reaches(one, needed))
        })
    }

    /// Weighs the CSAP certificates that count, each with its grade; one that does not count needs none.
    fn best(&self, grade: impl Fn(Certificate<'a>) -> Weighed<'a>) -> Weighed<'a> {
        if self.csap.is_empty() {
            return self.request.certified("CSAP", |_| Condition::fails([])).into();
        }
        Weighed::mildest(self.csap.iter().map(|(one, counts)| match counts.outcome() {
            Some(Outcome::Deny) => counts.clone(),
            _ => Weighed::strictest([counts.clone(), grade(*one)]),
        }))
    }

    /// Whether a certificate is one for this service, held by the provider and valid with all it stands on.
    fn counts(&self, one: Certificate<'a>) -> Condition<'a> {
        let mut parts = vec![self.held(one), self.for_the_model(one)];
        parts.extend(underlying(one).map(|below| below.valid_on(self.request.date())));
        if underlying(one).nth(MOST_UNDERLYING).is_some() {
            let expected = "a certificate that stands on at most three others, none twice";
            parts.push(Condition::unknown([one.underlying().place().gap(expected, INCONSISTENT)]));
        }
        Condition::all(parts)
    }

    /// Whether the provider holds it, and the date is one of its days.
    fn held(&self, one: Certificate<'a>) -> Condition<'a> {
        let providers = providers(self.request);
        let operator = self.request.deployment().operator();
        let holder = if providers.is_empty() {
            Condition::unknown(operator.gap("who operates the service"))
        } else {
            one.held_by(&providers)
        };
        Condition::all([holder, one.valid_on(self.request.date())])
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

    /// Weighs whether its grade is this one or a higher one.
    fn reaches(&self, one: Certificate<'a>, needed: Grade) -> Weighed<'a> {
        let equivalences = self.policy.equivalences.at(self.request.date());
        let (grade, model, issued) = (one.grade(), one.service_model(), one.valid_from());
        if grade.value().is_some() {
            let grade = grade.read(Grade::read);
            return Weighed::needs(grade, "`high`, `mid` or `low`", |its| its >= needed, Answer::Deny);
        }
        // Issued before there were grades: what the list says, unless the sources of it differ.
        let answer = match (issued.value().filter(|day| equivalences.cover(*day)), model.value()) {
            (None, _) => return open(grade.gap("its grade: `high`, `mid` or `low`")),
            (Some(_), None) => return open(model.gap("its service model")),
            (Some(day), Some(its)) => match equivalences.of(its, day) {
                Some((lowest, _)) if lowest >= needed => Answer::Permit,
                Some((_, highest)) if highest < needed => Answer::Deny,
                Some(_) => self.policy.unverified.clone(),
                None => return open(grade.gap("its grade; the list gives its service model none")),
            },
        };
        Weighed::settled(answer, issued.evidence().into_iter().chain(model.evidence()))
    }

    /// Weighs whether the grade of the infrastructure below it is this one or a higher one.
    fn below_reaches(&self, one: Certificate<'a>, needed: Grade) -> Weighed<'a> {
        let expected = "the certificate of the infrastructure it runs on";
        let Some(lowest) = underlying(one).last() else { return open(one.underlying().gap(expected)) };
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

/// Whose certificates count: who operates the deployment, else the operators that take part, else the vendors.
fn providers(request: Request<'_>) -> Vec<Party<'_>> {
    let playing = |role: &str| request.players(|its| its == role);
    match request.deployment().operator().value() {
        Some(operator) => vec![operator],
        None => {
            Some(playing("operator")).filter(|found| !found.is_empty()).unwrap_or_else(|| playing("vendor"))
        }
    }
}

/// Whether it is a certificate for a platform or for software.
fn on_infrastructure(one: Certificate<'_>) -> Condition<'_> {
    let above = |model: &str| model.starts_with("PaaS") || model.starts_with("SaaS");
    Condition::of(one.service_model(), "its service model", above)
}

/// The certificates it stands on, the nearest first; one more than there may be shows that there are too many.
fn underlying(one: Certificate<'_>) -> impl Iterator<Item = Certificate<'_>> {
    core::iter::successors(one.underlying().value(), |one| one.underlying().value()).take(MOST_UNDERLYING + 1)
}
