//! What the certificates of a request are worth. Of several the best one counts.

use crate::equivalences::Equivalences;
use crate::grade::Grade;
use crate::parties::providers;
use crate::{ServiceModel, Terms};
use lexgate_sdk::view::Certificate;
use lexgate_sdk::{Answer, INCONSISTENT, Party, Request, Weighed};

/// Most certificates that one stands on, one below the other; chosen by feel: software, platform, infrastructure are two.
const MOST_UNDERLYING: usize = 3;

/// The certificates of a request, and what they are read with.
pub(crate) struct Certificates<'p, 'a> {
    pub(crate) request: Request<'a>,
    pub(crate) providers: Vec<Party<'a>>,
    pub(crate) equivalences: &'p Equivalences,
    pub(crate) terms: &'p Terms,
}

/// Whose grade counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GradeOf {
    /// The certificate's own.
    Itself,
    /// Of a certificate for a platform or software that of the infrastructure below.
    Infrastructure,
}

impl<'p, 'a> Certificates<'p, 'a> {
    pub(crate) fn new(
        request: Request<'a>,
        equivalences: &'p Equivalences,
        terms: &'p Terms,
    ) -> Certificates<'p, 'a> {
        Certificates { request, providers: providers(request), equivalences, terms }
    }

    /// Returns whether a certificate of the scheme that meets a test is listed.
    pub(crate) fn some(&self, scheme: &str, test: impl Fn(Certificate<'a>) -> bool) -> bool {
        let certificates = self.request.certificates();
        certificates.value().is_some_and(|list| list.iter().any(|one| one.scheme() == scheme && test(one)))
    }

    /// Weighs whether the provider holds a valid NIS verification.
    pub(crate) fn verified(&self) -> Weighed<'a> {
        self.best("NIS", |verification| self.held(verification))
    }

    /// Weighs whether the provider holds a valid CSAP certificate, of any grade or of none.
    pub(crate) fn certified(&self) -> Weighed<'a> {
        self.best("CSAP", |certificate| self.counts(certificate))
    }

    /// Weighs whether the provider holds a valid CSAP certificate of a grade or a higher one.
    pub(crate) fn graded(&self, needed: Grade, whose: GradeOf) -> Weighed<'a> {
        self.best("CSAP", |certificate| {
            let grade = match whose {
                GradeOf::Infrastructure if on_infrastructure(certificate) => self.below(certificate, needed),
                GradeOf::Infrastructure | GradeOf::Itself => self.reaches(certificate, needed),
            };
            Weighed::strictest([self.counts(certificate), grade])
        })
    }

    /// Weighs the certificates of a scheme. A list that was not supplied is asked for; an empty one says there are none.
    fn best(&self, scheme: &str, worth: impl Fn(Certificate<'a>) -> Weighed<'a>) -> Weighed<'a> {
        let certificates = self.request.certificates();
        let Some(list) = certificates.value() else {
            let expected = "the certificates held; an empty list if there are none";
            return Weighed::open((Answer::Permit, Answer::Deny), certificates.missing(expected));
        };
        let of_scheme: Vec<_> = list.iter().filter(|one| one.scheme() == scheme).map(worth).collect();
        if of_scheme.is_empty() {
            return Weighed::settled(Answer::Deny, certificates.evidence());
        }
        Weighed::mildest(of_scheme)
    }

    /// Weighs whether a certificate is one for this service, held by the provider and valid with all it stands on.
    fn counts(&self, certificate: Certificate<'a>) -> Weighed<'a> {
        let mut parts = vec![self.held(certificate), self.model(certificate)];
        parts.extend(underlying(certificate).map(|below| self.valid(below)));
        if underlying(certificate).count() > MOST_UNDERLYING {
            let expected =
                format!("a certificate that stands on at most {MOST_UNDERLYING} others, none twice");
            let endless = certificate.underlying().place().missing(&expected, INCONSISTENT);
            parts.push(Weighed::open((Answer::Permit, Answer::Deny), [endless]));
        }
        Weighed::strictest(parts)
    }

    fn held(&self, certificate: Certificate<'a>) -> Weighed<'a> {
        let of_provider =
            |holder: Party<'_>| self.providers.iter().any(|provider| provider.index() == holder.index());
        let holder = if self.providers.is_empty() {
            let operator = self.request.deployment().then("operator", |deployment| deployment.operator());
            Weighed::open((Answer::Permit, Answer::Deny), operator.missing("who operates the service"))
        } else {
            Weighed::needs(certificate.holder(), "who holds it", of_provider, Answer::Deny)
        };
        Weighed::strictest([holder, self.valid(certificate)])
    }

    /// Weighs whether the date is one of its days; the last one belongs to them.
    fn valid(&self, certificate: Certificate<'a>) -> Weighed<'a> {
        let today = self.request.date();
        let begun =
            Weighed::needs(certificate.valid_from(), "its first day", |day| day <= today, Answer::Deny);
        let not_over =
            Weighed::needs(certificate.valid_until(), "its last day", |day| day >= today, Answer::Deny);
        Weighed::strictest([begun, not_over])
    }

    /// Weighs whether it is for the service model of what is supplied, as far as that is stated or must be.
    fn model(&self, certificate: Certificate<'a>) -> Weighed<'a> {
        let supplied = self.request.resource().text("serviceModel");
        let expected = "the service model, such as `IaaS`";
        match (supplied.value(), self.terms.service_model) {
            (Some(model), _) => {
                Weighed::needs(certificate.service_model(), expected, |its| its == model, Answer::Deny)
            }
            (None, ServiceModel::Required) => Weighed::needs(supplied, expected, |_| true, Answer::Deny),
            (None, ServiceModel::IfStated) => Weighed::settled(Answer::Permit, []),
        }
    }

    /// Weighs whether its grade is this one or a higher one.
    fn reaches(&self, certificate: Certificate<'a>, needed: Grade) -> Weighed<'a> {
        let grade = certificate.grade();
        let (model, issued) = (certificate.service_model(), certificate.valid_from());
        let open = |missing| Weighed::open((Answer::Permit, Answer::Deny), missing);
        match (grade.value(), issued.value(), model.value()) {
            (Some(_), _, _) => {
                let grade = grade.read(Grade::read);
                Weighed::needs(grade, "`high`, `mid` or `low`", |its| its >= needed, Answer::Deny)
            }
            // Issued before there were grades: what the list says, unless the sources of it differ.
            (None, Some(day), Some(its)) if self.equivalences.cover(day) => {
                let evidence = [issued.evidence(), model.evidence()].into_iter().flatten();
                match self.equivalences.of(its, day) {
                    Some((lowest, _)) if lowest >= needed => Weighed::settled(Answer::Permit, evidence),
                    Some((_, highest)) if highest < needed => Weighed::settled(Answer::Deny, evidence),
                    Some(_) => Weighed::settled(self.terms.unverified(), evidence),
                    None => open(grade.missing("its grade; the list gives its service model none")),
                }
            }
            (None, Some(day), None) if self.equivalences.cover(day) => {
                open(model.missing("its service model"))
            }
            (None, _, _) => open(grade.missing("its grade: `high`, `mid` or `low`")),
        }
    }

    /// Weighs whether the grade of the infrastructure below it is this one or a higher one.
    fn below(&self, certificate: Certificate<'a>, needed: Grade) -> Weighed<'a> {
        let lowest = underlying(certificate).last().unwrap_or(certificate);
        if on_infrastructure(lowest) {
            let missing = lowest.underlying().missing("the certificate of the infrastructure it runs on");
            return Weighed::open((Answer::Permit, Answer::Deny), missing);
        }
        self.reaches(lowest, needed)
    }
}

/// Returns whether it is a certificate for a platform or for software.
pub(crate) fn on_infrastructure(certificate: Certificate<'_>) -> bool {
    let model = certificate.service_model().value();
    model.is_some_and(|model| model.starts_with("PaaS") || model.starts_with("SaaS"))
}

/// Returns the certificates it stands on, the nearest first; one more than there may be shows that there are too many.
fn underlying(certificate: Certificate<'_>) -> impl Iterator<Item = Certificate<'_>> {
    core::iter::successors(Some(certificate), |one| one.underlying().value())
        .skip(1)
        .take(MOST_UNDERLYING.saturating_add(1))
}
