//! What the certificates of a request are worth. Of several the best one counts.

use crate::equivalences::Equivalences;
use crate::grade::Grade;
use crate::parties::providers;
use crate::{ServiceModel, Terms};
use lexgate_sdk::contract::Outcome;
use lexgate_sdk::view::Certificate;
use lexgate_sdk::{Answer, INCONSISTENT, Party, Request, Truth, Weighed};

/// Most certificates that one stands on, one below the other; chosen by feel: software, platform, infrastructure are two.
const MOST_UNDERLYING: usize = 3;

/// The certificates of a request, and what they are read with.
pub(crate) struct Certificates<'p, 'a> {
    pub(crate) request: Request<'a>,
    pub(crate) terms: &'p Terms,
    providers: Vec<Party<'a>>,
    equivalences: &'p Equivalences,
    /// Those of the scheme `CSAP`, each with whether it counts, whatever its grade.
    csap: Vec<(Certificate<'a>, Weighed<'a>)>,
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
        let providers = providers(request);
        let mut certificates = Certificates { request, terms, providers, equivalences, csap: Vec::new() };
        let csap = certificates.of_scheme("CSAP");
        certificates.csap = csap.map(|certificate| (certificate, certificates.counts(certificate))).collect();
        certificates
    }

    /// Returns whether there is no CSAP certificate at all.
    pub(crate) fn none(&self) -> bool {
        self.csap.is_empty()
    }

    /// Returns whether a CSAP certificate may be one for a platform or for software.
    pub(crate) fn some_on_infrastructure(&self) -> bool {
        self.csap.iter().any(|(certificate, _)| on_infrastructure(*certificate).possible())
    }

    /// Weighs whether the provider holds a valid NIS verification.
    pub(crate) fn verified(&self) -> Weighed<'a> {
        self.best(self.of_scheme("NIS").map(|verification| self.held(verification)).collect())
    }

    /// Weighs whether the provider holds a valid CSAP certificate, of any grade or of none.
    pub(crate) fn certified(&self) -> Weighed<'a> {
        self.best(self.csap.iter().map(|(_, counts)| counts.clone()).collect())
    }

    /// Weighs whether the provider holds a valid CSAP certificate of a grade or a higher one.
    pub(crate) fn graded(&self, needed: Grade, whose: GradeOf) -> Weighed<'a> {
        let grade = |certificate| match (whose, on_infrastructure(certificate)) {
            (GradeOf::Itself, _) | (_, Truth::False) => self.reaches(certificate, needed),
            (_, Truth::True) => self.below(certificate, needed),
            (_, Truth::Unknown) => {
                let either = [self.reaches(certificate, needed), self.below(certificate, needed)];
                Weighed::one_of(either, certificate.service_model().gap("its service model"))
            }
        };
        let both = |(certificate, counts): &(_, Weighed<'a>)| {
            // One that does not count needs no grade.
            let settled = counts.outcome() == Some(Outcome::Deny);
            if settled { counts.clone() } else { Weighed::strictest([counts.clone(), grade(*certificate)]) }
        };
        self.best(self.csap.iter().map(both).collect())
    }

    fn of_scheme(&self, scheme: &'static str) -> impl Iterator<Item = Certificate<'a>> + use<'a> {
        let list = self.request.certificates().value();
        list.into_iter().flat_map(|list| list.iter()).filter(move |one| one.scheme() == scheme)
    }

    /// Weighs the certificates that may do. A list that was not supplied is asked for; an empty one says there are none.
    fn best(&self, worth: Vec<Weighed<'a>>) -> Weighed<'a> {
        let list = self.request.certificates();
        if list.value().is_none() {
            let expected = "the certificates held; an empty list if there are none";
            return Weighed::open((Answer::Permit, Answer::Deny), list.gap(expected));
        }
        if worth.is_empty() {
            Weighed::settled(Answer::Deny, list.evidence())
        } else {
            Weighed::mildest(worth)
        }
    }

    /// Weighs whether a certificate is one for this service, held by the provider and valid with all it stands on.
    fn counts(&self, certificate: Certificate<'a>) -> Weighed<'a> {
        let mut parts = vec![self.held(certificate), self.model(certificate)];
        parts.extend(underlying(certificate).map(|below| self.valid(below)));
        if underlying(certificate).nth(MOST_UNDERLYING).is_some() {
            let expected = "a certificate that stands on at most three others, none twice";
            let endless = certificate.underlying().place().gap(expected, INCONSISTENT);
            parts.push(Weighed::open((Answer::Permit, Answer::Deny), [endless]));
        }
        Weighed::strictest(parts)
    }

    fn held(&self, certificate: Certificate<'a>) -> Weighed<'a> {
        let of_provider =
            |holder: Party<'_>| self.providers.iter().any(|provider| provider.index() == holder.index());
        let holder = if self.providers.is_empty() {
            let operator = self.request.deployment().then("operator", |deployment| deployment.operator());
            Weighed::open((Answer::Permit, Answer::Deny), operator.gap("who operates the service"))
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
                    None => open(grade.gap("its grade; the list gives its service model none")),
                }
            }
            (None, Some(day), None) if self.equivalences.cover(day) => open(model.gap("its service model")),
            (None, _, _) => open(grade.gap("its grade: `high`, `mid` or `low`")),
        }
    }

    /// Weighs whether the grade of the infrastructure below it is this one or a higher one.
    fn below(&self, certificate: Certificate<'a>, needed: Grade) -> Weighed<'a> {
        let open = |missing| Weighed::open((Answer::Permit, Answer::Deny), missing);
        let expected = "the certificate of the infrastructure it runs on";
        let Some(lowest) = underlying(certificate).last() else {
            return open(certificate.underlying().gap(expected));
        };
        match on_infrastructure(lowest) {
            Truth::False => self.reaches(lowest, needed),
            Truth::True => open(lowest.underlying().gap(expected)),
            Truth::Unknown => open(lowest.service_model().gap("its service model")),
        }
    }
}

/// Returns whether it is a certificate for a platform or for software.
fn on_infrastructure(certificate: Certificate<'_>) -> Truth {
    certificate.service_model().test(|model| model.starts_with("PaaS") || model.starts_with("SaaS"))
}

/// Returns the certificates it stands on, the nearest first; one more than there may be shows that there are too many.
fn underlying(certificate: Certificate<'_>) -> impl Iterator<Item = Certificate<'_>> {
    core::iter::successors(Some(certificate), |one| one.underlying().value())
        .skip(1)
        .take(MOST_UNDERLYING.saturating_add(1))
}
