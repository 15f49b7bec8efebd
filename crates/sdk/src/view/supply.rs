//! What is supplied, how it is run, and the papers for it.

use super::parties::{Last, holds};
use super::{Authorization, Certificate, Classification, Deployment, Item, List, Party};
use crate::contract;
use crate::fact::{Fact, NOT_SUPPLIED};
use crate::place::{Place, Spot};
use lexgate_model::Date;

impl<'a> Item<'a> {
    /// Returns what kind of thing it is, such as `ai-model`.
    #[must_use]
    pub fn category(&self) -> Fact<'a, &'a str> {
        self.text_of("category", &self.raw.category)
    }

    /// Returns who makes it.
    #[must_use]
    pub fn producer(&self) -> Fact<'a, Party<'a>> {
        self.party_of("producer", self.raw.producer)
    }

    /// Returns the ISO 3166-1 code of its customs origin.
    #[must_use]
    pub fn country_of_origin(&self) -> Fact<'a, &'a str> {
        self.text_of("countryOfOrigin", &self.raw.country_of_origin)
    }

    /// Returns its places in classifications.
    #[must_use]
    pub fn classifications(&self) -> Fact<'a, List<'a, contract::Classification>> {
        let (request, parent) = (self.request, self.spot);
        let spot: fn(Spot, u32) -> Spot =
            |item, index| Spot { entry: Some(("classifications", index)), ..item };
        let records = self.raw.classifications.as_deref();
        self.optional("classifications", records).map(|records| List { request, records, parent, spot })
    }

    /// Returns the positions of the producers of its components among the parties.
    #[must_use]
    pub fn components(&self) -> Fact<'a, &'a [u32]> {
        self.optional("components", self.raw.components.as_deref())
    }
}

impl<'a> Classification<'a> {
    /// Returns the scheme, such as `ECCN`.
    #[must_use]
    pub fn scheme(&self) -> &'a str {
        &self.raw.scheme
    }

    /// Returns the version of the scheme.
    #[must_use]
    pub fn version(&self) -> Fact<'a, &'a str> {
        self.text_of("version", &self.raw.version)
    }

    /// Returns the code, such as `3A090.a`.
    #[must_use]
    pub fn code(&self) -> Fact<'a, &'a str> {
        Fact::known(self.place("code"), self.raw.code.as_str())
    }
}

impl<'a> Deployment<'a> {
    /// Returns who operates it.
    #[must_use]
    pub fn operator(&self) -> Fact<'a, Party<'a>> {
        self.party_of("operator", self.raw.operator)
    }

    /// Returns who provides facilities, servers and systems.
    #[must_use]
    pub fn infrastructure_provider(&self) -> Fact<'a, Party<'a>> {
        self.party_of("infrastructureProvider", self.raw.infrastructure_provider)
    }

    /// Returns whose technology it is.
    #[must_use]
    pub fn technology_provider(&self) -> Fact<'a, Party<'a>> {
        self.party_of("technologyProvider", self.raw.technology_provider)
    }

    /// Returns the ISO 3166 code of where it runs.
    #[must_use]
    pub fn region(&self) -> Fact<'a, &'a str> {
        self.text_of("region", &self.raw.region)
    }
}

impl<'a> Certificate<'a> {
    /// Returns the scheme, such as `CSAP`.
    #[must_use]
    pub fn scheme(&self) -> &'a str {
        &self.raw.scheme
    }

    /// Returns the same as a fact, for findings that rest on it.
    #[must_use]
    pub fn scheme_as_fact(&self) -> Fact<'a, &'a str> {
        Fact::known(self.place("scheme"), self.scheme())
    }

    /// Returns the grade within the scheme.
    #[must_use]
    pub fn grade(&self) -> Fact<'a, &'a str> {
        self.text_of("grade", &self.raw.grade)
    }

    /// Returns the service model, such as `IaaS`.
    #[must_use]
    pub fn service_model(&self) -> Fact<'a, &'a str> {
        self.text_of("serviceModel", &self.raw.service_model)
    }

    /// Returns who holds it.
    #[must_use]
    pub fn holder(&self) -> Fact<'a, Party<'a>> {
        self.party_of("holder", self.raw.holder)
    }

    /// Returns its first day.
    #[must_use]
    pub fn valid_from(&self) -> Fact<'a, Date> {
        self.day_of("validFrom", self.raw.valid_from)
    }

    /// Returns its last day.
    #[must_use]
    pub fn valid_until(&self) -> Fact<'a, Date> {
        self.day_of("validUntil", self.raw.valid_until)
    }

    /// Returns whether it is valid on the date; both days are inclusive, absent ones open.
    #[must_use]
    pub fn holds_on(&self, date: Date) -> bool {
        holds(date, self.raw.valid_from, self.raw.valid_until, Last::Inclusive)
    }

    /// Returns the certificate it stands on.
    #[must_use]
    pub fn underlying(&self) -> Fact<'a, Certificate<'a>> {
        let request = self.request;
        self.optional("underlying", self.raw.underlying).read(|index| {
            let raw = request.certificates.as_ref()?.get(index as usize)?;
            Some(Certificate::new(request, raw, contract::Element::Certificate(index)))
        })
    }
}

impl<'a> Authorization<'a> {
    /// Returns what it is, such as `licence`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        &self.raw.kind
    }

    /// Returns the same as a fact, for findings that rest on it.
    #[must_use]
    pub fn kind_as_fact(&self) -> Fact<'a, &'a str> {
        Fact::known(self.place("kind"), self.kind())
    }

    /// Returns who issued it.
    #[must_use]
    pub fn issuer(&self) -> Fact<'a, &'a str> {
        self.text_of("issuer", &self.raw.issuer)
    }

    /// Returns its number.
    #[must_use]
    pub fn number_of_it(&self) -> Fact<'a, &'a str> {
        self.text_of("number", &self.raw.number)
    }

    /// Returns what it covers.
    #[must_use]
    pub fn scope(&self) -> Fact<'a, &'a [alloc::string::String]> {
        self.optional("scope", self.raw.scope.as_deref())
    }

    /// Returns its first day.
    #[must_use]
    pub fn valid_from(&self) -> Fact<'a, Date> {
        self.day_of("validFrom", self.raw.valid_from)
    }

    /// Returns its last day.
    #[must_use]
    pub fn valid_until(&self) -> Fact<'a, Date> {
        self.day_of("validUntil", self.raw.valid_until)
    }

    /// Returns whether it is valid on the date; both days are inclusive, absent ones open.
    #[must_use]
    pub fn holds_on(&self, date: Date) -> bool {
        holds(date, self.raw.valid_from, self.raw.valid_until, Last::Inclusive)
    }
}

impl<'a> Fact<'a, Deployment<'a>> {
    /// Returns a field of the deployment; without a deployment the field is missing for the same reason.
    pub fn then<T: Copy>(
        &self,
        field: &'static str,
        read: impl FnOnce(Deployment<'a>) -> Fact<'a, T>,
    ) -> Fact<'a, T> {
        match self.value() {
            Some(deployment) => read(deployment),
            None => {
                let place = Place::named(contract::Element::Deployment.into(), field);
                Fact::unknown(place, self.reason().unwrap_or(NOT_SUPPLIED))
            }
        }
    }

    /// Returns a fact of the deployment; without a deployment it is missing for the same reason.
    pub fn then_fact<T: Copy>(
        &self,
        name: &'a str,
        read: impl FnOnce(Deployment<'a>, &'a str) -> Fact<'a, T>,
    ) -> Fact<'a, T> {
        match self.value() {
            Some(deployment) => read(deployment, name),
            None => {
                let place = Place::fact(contract::Element::Deployment.into(), name);
                Fact::unknown(place, self.reason().unwrap_or(NOT_SUPPLIED))
            }
        }
    }

    /// Returns who operates it. Without a deployment this, and all that follows here, is missing for the same reason.
    #[must_use]
    pub fn operator(&self) -> Fact<'a, Party<'a>> {
        self.then("operator", |deployment| deployment.operator())
    }

    /// Returns who provides facilities, servers and systems.
    #[must_use]
    pub fn infrastructure_provider(&self) -> Fact<'a, Party<'a>> {
        self.then("infrastructureProvider", |deployment| deployment.infrastructure_provider())
    }

    /// Returns the ISO 3166 code of where it runs.
    #[must_use]
    pub fn region(&self) -> Fact<'a, &'a str> {
        self.then("region", |deployment| deployment.region())
    }

    /// Returns a fact of it that is true or false.
    #[must_use]
    pub fn flag(&self, name: &'a str) -> Fact<'a, bool> {
        self.then_fact(name, |deployment, name| deployment.flag(name))
    }

    /// Returns a fact of it that is a text or a code.
    #[must_use]
    pub fn text(&self, name: &'a str) -> Fact<'a, &'a str> {
        self.then_fact(name, |deployment, name| deployment.text(name))
    }

    /// Returns a fact of it that is a list of texts.
    #[must_use]
    pub fn texts(&self, name: &'a str) -> Fact<'a, &'a [alloc::string::String]> {
        self.then_fact(name, |deployment, name| deployment.texts(name))
    }
}
