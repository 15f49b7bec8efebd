//! Conditions on which rules of several authorities turn: whether a public body is a customer, whether a certificate is
//! held; and codes that several of them read.

use crate::condition::Condition;
use crate::fact::{Fact, INCONSISTENT};
use crate::regions::country;
use crate::view::{Authorization, Certificate, Classification, Item, Party, Request};
use alloc::vec::Vec;
use lexgate_model::Date;

/// Most certificates that one stands on, one below the other; chosen by feel: software, platform, infrastructure are two.
const MOST_UNDERLYING: usize = 3;

impl<'a> Party<'a> {
    /// Returns whether it is a state or a public body. The kind tells it of states, their bodies and natural persons; of
    /// others the fact `isPublicSector` does.
    #[must_use]
    pub fn public_body(&self) -> Condition<'a> {
        match self.kind() {
            "state" | "stateBody" => Condition::holds(self.kind_as_fact().evidence()),
            _ if self.is_person() => Condition::fails(self.kind_as_fact().evidence()),
            _ => {
                let expected = "whether it belongs to the public sector";
                Condition::of(self.flag("isPublicSector"), expected, |public| public)
            }
        }
    }

    /// Returns whether it is a public body of a country (ISO 3166-1): one formed under the law of the country or of a
    /// subdivision. The seat tells nothing: an embassy has it abroad.
    #[must_use]
    pub fn public_body_of(&self, code: &str) -> Condition<'a> {
        let expected = "the country under whose law it is formed (ISO 3166)";
        let its = Condition::of(self.jurisdiction(), expected, |law| country(law) == code);
        Condition::all([self.public_body(), its])
    }
}

impl<'a> Classification<'a> {
    /// Returns the ECCN that it states; nothing where its scheme is known to be another. A scheme that is not known is taken
    /// for it, and so is one of the customs, whose codes are numbers, if the code is an ECCN. A code in another form is
    /// inconsistent. Any of these could hide an entry of the Commerce Control List.
    #[must_use]
    pub fn eccn(&self) -> Option<Fact<'a, &'a str>> {
        let other = match self.scheme() {
            "HS" | "CN-customs" => !is_eccn(&self.raw().code),
            scheme => scheme == "CN-dual-use",
        };
        (!other).then(|| self.code().read(|code| is_eccn(code).then_some(code)))
    }
}

/// Whether it is written as an ECCN is: `3A090`, `3A090.a.1`, or `EAR99`.
fn is_eccn(code: &str) -> bool {
    let (entry, paragraph) = code.split_once('.').unwrap_or((code, ""));
    let digit = |byte: &u8| byte.is_ascii_digit();
    let written = match entry.as_bytes() {
        [category, b'A'..=b'E', number @ ..] => {
            digit(category) && number.len() == 3 && number.iter().all(digit)
        }
        _ => false,
    };
    let small = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.');
    code == "EAR99" || written && paragraph.bytes().all(small)
}

/// Returns whether an ECCN is this entry, or a paragraph of it.
#[must_use]
pub fn eccn_is_of(code: &str, entry: &str) -> bool {
    code.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl<'a> Certificate<'a> {
    /// Returns whether one of these parties holds it.
    #[must_use]
    pub fn held_by(&self, holders: &[Party<'a>]) -> Condition<'a> {
        let listed = |holder: Party<'_>| holders.iter().any(|party| party.index() == holder.index());
        Condition::of(self.holder(), "who holds it", listed)
    }

    /// Returns whether the date is one of its days, the first and the last included. Where [`Certificate::holds_on`] takes an
    /// end that is not stated for open, this asks for it.
    #[must_use]
    pub fn valid_on(&self, date: Date) -> Condition<'a> {
        valid(self.valid_from(), self.valid_until(), date)
    }

    /// Returns whether the date is one of the days of every certificate that it stands on, one below the other. If there are
    /// more than three that is unknown: they may go round in a ring.
    #[must_use]
    pub fn valid_below(&self, date: Date) -> Condition<'a> {
        let expected = "a certificate that stands on at most three others, none twice";
        let too_many = self.all_below().nth(MOST_UNDERLYING);
        let too_many =
            too_many.map(|_| Condition::unknown([self.underlying().place().gap(expected, INCONSISTENT)]));
        Condition::all(self.all_below().map(|below| below.valid_on(date)).chain(too_many))
    }

    /// Returns the one at the end of those that it stands on, one below the other; none if there are more than three.
    #[must_use]
    pub fn lowest(&self) -> Option<Certificate<'a>> {
        if self.all_below().nth(MOST_UNDERLYING).is_some() { None } else { self.all_below().last() }
    }

    /// The certificates it stands on, the nearest first; one more than there may be shows that there are too many.
    fn all_below(&self) -> impl Iterator<Item = Certificate<'a>> {
        core::iter::successors(self.underlying().value(), |one| one.underlying().value())
            .take(MOST_UNDERLYING + 1)
    }

    /// Returns whether who operates the service holds it, on the date of the request. Where no operator is stated it may be
    /// anybody, whoever takes part.
    #[must_use]
    pub fn held_by_operator(&self, request: Request<'a>) -> Condition<'a> {
        let operator = request.deployment().operator();
        let known = Condition::of(operator, "who operates the service", |_| true);
        let holder = operator.value().map(|operator| self.held_by(&[operator]));
        Condition::all([known, self.valid_on(request.date())].into_iter().chain(holder))
    }
}

impl<'a> Authorization<'a> {
    /// Returns whether the date is one of its days, the first and the last included. Where [`Authorization::holds_on`] takes
    /// an end that is not stated for open, this asks for it.
    #[must_use]
    pub fn valid_on(&self, date: Date) -> Condition<'a> {
        valid(self.valid_from(), self.valid_until(), date)
    }

    /// Returns whether this word is among those of its scope, which is asked for.
    #[must_use]
    pub fn covers(&self, word: &'a str) -> Condition<'a> {
        Condition::of(self.scope(), word, |scope| scope.iter().any(|its| its == word))
    }
}

fn valid<'a>(from: Fact<'a, Date>, until: Fact<'a, Date>, date: Date) -> Condition<'a> {
    let begun = Condition::of(from, "its first day", |day| day <= date);
    let not_over = Condition::of(until, "its last day", |day| day >= date);
    Condition::all([begun, not_over])
}

impl<'a> Item<'a> {
    /// Returns whether it is a service: its category is none of goods. A word that is not known is none: a misspelt one
    /// switches nothing off.
    #[must_use]
    pub fn is_service(&self) -> Condition<'a> {
        let goods = |category| matches!(category, "material" | "component");
        Condition::of(self.category(), "what is supplied, such as `compute`", |category| !goods(category))
    }
}

impl<'a> Request<'a> {
    /// Returns whether a customer passes a test. A request without customers is asked for one.
    #[must_use]
    pub fn any_customer(&self, test: impl Fn(Party<'a>) -> Condition<'a>) -> Condition<'a> {
        let customers = self.customers();
        if customers.is_empty() {
            return Condition::unknown([self.nobody("a buyer: any role but vendor, reseller and operator")]);
        }
        Condition::any(customers.into_iter().map(test))
    }

    /// Returns whether a service is supplied to a public body of a country (ISO 3166-1).
    #[must_use]
    pub fn serves_public_body_of(&self, code: &str) -> Condition<'a> {
        let public = self.any_customer(|party| party.public_body_of(code));
        Condition::all([self.resource().is_service(), public])
    }

    /// Returns whether there is a certificate of a scheme that passes a test. A list that was not supplied is asked for; an
    /// empty one says that there is none.
    #[must_use]
    pub fn certified(&self, scheme: &str, test: impl Fn(Certificate<'a>) -> Condition<'a>) -> Condition<'a> {
        let list = self.certificates();
        let Some(certificates) = list.value() else {
            return Condition::unknown(list.gap("the certificates held; an empty list if there are none"));
        };
        let tested: Vec<_> = certificates.iter().filter(|one| one.scheme() == scheme).map(test).collect();
        if tested.is_empty() { Condition::fails(list.evidence()) } else { Condition::any(tested) }
    }

    /// Returns whether there is an authorization of a kind that passes a test. A list that was not supplied is asked for; an
    /// empty one says that there is none.
    #[must_use]
    pub fn authorized(&self, kind: &str, test: impl Fn(Authorization<'a>) -> Condition<'a>) -> Condition<'a> {
        let list = self.authorizations();
        let Some(authorizations) = list.value() else {
            let expected = "the licences, exceptions and derogations held; an empty list if there are none";
            return Condition::unknown(list.gap(expected));
        };
        let of_kind = authorizations.iter().filter(|one| one.kind() == kind);
        let tested: Vec<_> = of_kind.map(|one| test(one).shown_by(one.kind_as_fact().evidence())).collect();
        if tested.is_empty() { Condition::fails(list.evidence()) } else { Condition::any(tested) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{self, Value};
    use crate::testing::{company, fact, request};
    use lexgate_model::Truth;

    #[track_caller]
    fn public(kind: &str, flag: Option<bool>, truth: Truth, missing: usize) {
        let facts = flag.map(|flag| fact("isPublicSector", Value::Flag(flag))).into_iter().collect();
        let buyer = contract::Party { kind: kind.to_owned(), facts, ..company("buyer", "KR") };
        let raw = request("2025-01-01").party(buyer).participant("purchaser", "buyer").build();
        let found = Request::new(&raw).unwrap().any_customer(|party| party.public_body());
        assert_eq!((found.truth(), found.missing().count()), (truth, missing), "{kind}");
    }

    #[test]
    fn a_public_body_is_one_by_kind_or_by_the_flag() {
        public("stateBody", None, Truth::True, 0);
        public("state", Some(false), Truth::True, 0);
        public("knownPerson", Some(true), Truth::False, 0);
        public("registeredEntity", Some(true), Truth::True, 0);
        public("registeredEntity", Some(false), Truth::False, 0);
        public("registeredEntity", None, Truth::Unknown, 1);
    }

    #[test]
    fn without_customers_one_is_asked_for() {
        let raw = request("2025-01-01").party(company("shop", "KR")).participant("vendor", "shop").build();
        let found = Request::new(&raw).unwrap().any_customer(|party| party.public_body());
        assert_eq!(found.missing().next().unwrap().to_contract().at.field, "participants");
    }

    #[test]
    fn a_classification_states_an_eccn_unless_its_scheme_is_another() {
        let stated = |scheme: &str, code: &str| {
            let one = contract::Classification {
                scheme: scheme.to_owned(),
                version: None,
                code: code.to_owned(),
                facts: Vec::new(),
            };
            let raw = request("2025-01-01").with(|raw| raw.resource.classifications = Some(vec![one]));
            let raw = raw.build();
            let view = Request::new(&raw).unwrap();
            let list = view.resource().classifications().value().unwrap();
            list.get(0).unwrap().eccn().map(|fact| fact.value().is_some())
        };
        for code in ["3A090", "3A090.a", "3A090.a.1", "4E999", "EAR99"] {
            assert_eq!(stated("ECCN", code), Some(true), "{code}");
        }
        for code in
            ["", "3a090.a", "3A090.A", "3A090 a", "3F090", "EA090", "3A09", "3A0900", "3A09O", "3A", "EAR99."]
        {
            assert_eq!(stated("ECCN", code), Some(false), "{code}");
            assert_eq!(stated("eccn", code), Some(false), "{code}");
        }
        assert_eq!(stated("eccn", "3A090"), Some(true));
        for scheme in ["HS", "CN-customs", "CN-dual-use"] {
            assert_eq!(stated(scheme, "854231"), None, "{scheme}");
        }
        assert_eq!(stated("HS", "3A090"), Some(true));
        assert_eq!(stated("CN-customs", "3A090"), Some(true));
        assert_eq!(stated("CN-dual-use", "3A090"), None);
    }

    #[test]
    fn an_eccn_is_of_an_entry_with_all_its_paragraphs() {
        assert!(eccn_is_of("3A090", "3A090") && eccn_is_of("3A090.a.1", "3A090.a"));
        assert!(!eccn_is_of("3A0901", "3A090") && !eccn_is_of("3A090.ab", "3A090.a"));
        assert!(!eccn_is_of("3A090", "3A090.a"));
    }

    #[test]
    fn only_known_words_are_goods() {
        let service = |category: Option<&str>| {
            let raw = request("2025-01-01").with(|raw| raw.resource.category = category.map(str::to_owned));
            Request::new(&raw.build()).unwrap().resource().is_service().truth()
        };
        assert_eq!((service(Some("material")), service(Some("component"))), (Truth::False, Truth::False));
        assert_eq!((service(Some("Material")), service(Some("compute"))), (Truth::True, Truth::True));
        assert_eq!(service(None), Truth::Unknown);
    }

    /// Says of a chain of certificates, each valid until a day of January, whether those below the first are valid on the
    /// fifth, how many facts are missing, and what the grade of the lowest is.
    #[track_caller]
    fn chain(days: &[u8], last_stands_on: Option<u32>, truth: Truth, missing: &[&str], lowest: Option<&str>) {
        let raw = request("2025-01-05").with(|raw| {
            let day = |day| contract::Date { year: 2025, month: 1, day };
            let one = |(index, &until): (u32, &u8)| contract::Certificate {
                record_id: None,
                scheme: "CSAP".to_owned(),
                grade: Some(format!("g{index}")),
                service_model: None,
                holder: None,
                valid_from: Some(day(1)),
                valid_until: (until > 0).then(|| day(until)),
                underlying: if index as usize + 1 < days.len() { Some(index + 1) } else { last_stands_on },
                facts: Vec::new(),
            };
            raw.certificates = Some((0..).zip(days).map(one).collect());
        });
        let raw = raw.build();
        let view = Request::new(&raw).unwrap();
        let first = view.certificates().value().unwrap().get(0).unwrap();
        let valid = first.valid_below(view.date());
        let fields: Vec<_> = valid.missing().map(|gap| gap.to_contract().at.field).collect();
        assert_eq!(
            (valid.truth(), fields.iter().map(String::as_str).collect::<Vec<_>>()),
            (truth, missing.to_vec())
        );
        assert_eq!(first.lowest().and_then(|one| one.grade().value()), lowest);
    }

    #[test]
    fn certificates_stand_on_three_others_at_most() {
        chain(&[1], None, Truth::True, &[], None);
        chain(&[1, 5], None, Truth::True, &[], Some("g1"));
        chain(&[1, 4], None, Truth::False, &[], Some("g1"));
        chain(&[1, 5, 4], None, Truth::False, &[], Some("g2"));
        chain(&[1, 0, 5], None, Truth::Unknown, &["validUntil"], Some("g2"));
        chain(&[1, 5, 5, 5], None, Truth::True, &[], Some("g3"));
        chain(&[1, 5, 5, 5, 5], None, Truth::Unknown, &["underlying"], None);
        chain(&[1, 5, 4, 5, 5], None, Truth::False, &[], None);
        chain(&[5], Some(0), Truth::Unknown, &["underlying"], None);
    }

    #[test]
    fn the_law_tells_of_which_country_a_public_body_is() {
        let serves = |kind: &str, law: Option<&str>, seat: &str, category: Option<&str>| {
            let jurisdiction = law.map(str::to_owned);
            let buyer = contract::Party { kind: kind.to_owned(), jurisdiction, ..company("buyer", seat) };
            let raw = request("2025-01-01").party(buyer).participant("purchaser", "buyer");
            let raw = raw.with(|raw| raw.resource.category = category.map(str::to_owned)).build();
            let served = Request::new(&raw).unwrap().serves_public_body_of("KR");
            let missing = served.missing().map(|gap| gap.to_contract().at.field);
            (served.truth(), missing.collect::<Vec<_>>().join(" "))
        };
        let (service, asks) = (Some("compute"), |field: &str| (Truth::Unknown, field.to_owned()));
        assert_eq!(serves("stateBody", Some("KR-11"), "FR", service).0, Truth::True);
        assert_eq!(serves("stateBody", Some("FR"), "KR", service).0, Truth::False);
        assert_eq!(serves("stateBody", None, "KR", service), asks("jurisdiction"));
        assert_eq!(serves("knownPerson", None, "KR", service).0, Truth::False);
        assert_eq!(serves("stateBody", Some("KR"), "KR", Some("material")).0, Truth::False);
        assert_eq!(serves("stateBody", Some("KR"), "KR", None), asks("category"));
    }

    /// Whether a certificate held until the fifth of January, if at all, does on a day.
    #[track_caller]
    fn held(on: &str, change: impl FnOnce(&mut contract::Request), truth: Truth, missing: usize) {
        let raw = request(on).parties(vec![company("holder", "KR"), company("other", "KR")]).with(|raw| {
            let day = |text| request(text).build().evaluation_date;
            raw.certificates = Some(vec![contract::Certificate {
                record_id: None,
                scheme: "CSAP".to_owned(),
                grade: None,
                service_model: None,
                holder: Some(0),
                valid_from: Some(day("2025-01-02")),
                valid_until: Some(day("2025-01-05")),
                underlying: None,
                facts: Vec::new(),
            }]);
            raw.deployment = Some(contract::Deployment {
                operator: Some(0),
                infrastructure_provider: None,
                technology_provider: None,
                region: None,
                facts: Vec::new(),
            });
            change(raw);
        });
        let raw = raw.build();
        let request = Request::new(&raw).unwrap();
        let found = request.certified("CSAP", |one| one.held_by_operator(request));
        assert_eq!((found.truth(), found.missing().count()), (truth, missing), "{on}");
    }

    fn first(raw: &mut contract::Request) -> &mut contract::Certificate {
        raw.certificates.as_mut().unwrap().first_mut().unwrap()
    }

    #[test]
    fn a_certificate_counts_on_its_days_and_asks_for_what_is_not_stated() {
        held("2025-01-01", |_| {}, Truth::False, 0);
        held("2025-01-02", |_| {}, Truth::True, 0);
        held("2025-01-05", |_| {}, Truth::True, 0);
        held("2025-01-06", |_| {}, Truth::False, 0);
        held("2025-01-02", |raw| first(raw).valid_from = None, Truth::Unknown, 1);
        held("2025-01-02", |raw| first(raw).valid_until = None, Truth::Unknown, 1);
        held("2025-01-02", |raw| first(raw).holder = None, Truth::Unknown, 1);
        held("2025-01-02", |raw| first(raw).holder = Some(1), Truth::False, 0);
        held("2025-01-02", |raw| first(raw).scheme = "NIS".to_owned(), Truth::False, 0);
        held("2025-01-02", |raw| raw.certificates = Some(Vec::new()), Truth::False, 0);
        held("2025-01-02", |raw| raw.certificates = None, Truth::Unknown, 1);
        held("2025-01-02", |raw| raw.deployment = None, Truth::Unknown, 1);
        held("2025-01-06", |raw| raw.deployment = None, Truth::False, 0);
    }

    /// Whether an exception for telephones held until the fifth of January, if at all, does on a day.
    #[track_caller]
    fn excepted(
        on: &str,
        change: impl FnOnce(&mut contract::Authorization),
        (truth, evidence, missing): (Truth, usize, usize),
    ) {
        let day = |text| request(text).build().evaluation_date;
        let mut exception = contract::Authorization {
            record_id: None,
            kind: "exception".to_owned(),
            issuer: None,
            number: None,
            valid_from: Some(day("2025-01-02")),
            valid_until: Some(day("2025-01-05")),
            scope: Some(vec!["fax".to_owned(), "telephone".to_owned()]),
            facts: Vec::new(),
        };
        change(&mut exception);
        let raw = request(on).with(|raw| raw.authorizations = Some(vec![exception])).build();
        let request = Request::new(&raw).unwrap();
        let found = request.authorized("exception", |one| {
            Condition::all([one.covers("telephone"), one.valid_on(request.date())])
        });
        let counts = (found.truth(), found.evidence().count(), found.missing().count());
        assert_eq!(counts, (truth, evidence, missing), "{on}");
    }

    #[test]
    fn an_authorization_counts_on_its_days_and_for_its_scope() {
        use Truth::{False, True, Unknown};
        excepted("2025-01-01", |_| {}, (False, 2, 0));
        excepted("2025-01-02", |_| {}, (True, 4, 0));
        excepted("2025-01-05", |_| {}, (True, 4, 0));
        excepted("2025-01-06", |_| {}, (False, 2, 0));
        excepted("2025-01-02", |one| one.valid_from = None, (Unknown, 3, 1));
        excepted("2025-01-02", |one| one.valid_until = None, (Unknown, 3, 1));
        excepted("2025-01-02", |one| one.scope = None, (Unknown, 3, 1));
        excepted("2025-01-02", |one| one.scope = Some(vec!["fax".to_owned()]), (False, 2, 0));
        excepted("2025-01-02", |one| one.kind = "licence".to_owned(), (False, 1, 0));
        let raw = request("2025-01-02").build();
        let none = Request::new(&raw).unwrap().authorized("exception", |_| Condition::holds([]));
        assert_eq!((none.truth(), none.missing().count()), (Unknown, 1));
    }

    #[test]
    fn what_a_deployment_would_tell_is_missing_at_its_place_when_there_is_none() {
        let raw = request("2025-01-01").build();
        let deployment = Request::new(&raw).unwrap().deployment();
        let field = |gap: Option<crate::place::Gap<'_>>| gap.unwrap().to_contract().at.field;
        assert_eq!(field(deployment.operator().gap("x")), "operator");
        assert_eq!(field(deployment.infrastructure_provider().gap("x")), "infrastructureProvider");
        assert_eq!(field(deployment.region().gap("x")), "region");
        assert_eq!(field(deployment.flag("personalData").gap("x")), "facts/personalData");
        assert_eq!(field(deployment.text("networkSeparation").gap("x")), "facts/networkSeparation");
        assert_eq!(field(deployment.texts("sharedInfrastructure").gap("x")), "facts/sharedInfrastructure");
    }

    #[test]
    fn what_a_deployment_tells_is_known() {
        let flag = fact("closed", Value::Flag(true));
        let text = fact("level", Value::Text("low".to_owned()));
        let texts = fact("with", Value::Texts(vec!["other".to_owned()]));
        let raw =
            request("2025-01-01").parties(vec![company("one", "KR"), company("other", "KR")]).with(|raw| {
                raw.deployment = Some(contract::Deployment {
                    operator: Some(0),
                    infrastructure_provider: Some(1),
                    technology_provider: None,
                    region: Some("KR".to_owned()),
                    facts: vec![flag, text, texts],
                });
            });
        let raw = raw.build();
        let deployment = Request::new(&raw).unwrap().deployment();
        assert_eq!(deployment.operator().value().map(|party| party.index()), Some(0));
        assert_eq!(deployment.infrastructure_provider().value().map(|party| party.index()), Some(1));
        assert_eq!(deployment.region().value(), Some("KR"));
        assert_eq!(deployment.flag("closed").value(), Some(true));
        assert_eq!(deployment.text("level").value(), Some("low"));
        assert_eq!(deployment.texts("with").value().map(<[_]>::len), Some(1));
    }
}
