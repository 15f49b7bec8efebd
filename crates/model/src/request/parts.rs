//! The records of a request, one list of fields each. The names follow BODS 0.4, GLEIF, EAR and AuthZEN as the contract
//! in `wit/` says field by field.

use super::codes::{InterestKind, IsoCode, PartyKind, RecordId};
use super::facts::Facts;
use super::json::{
    Json, NOT_SUPPLIED, Records, Reference, Unknown, Weight, records, text_or_unknown, write_member,
};
use super::reader::{BadRequest, Reader, Referred};
use crate::date::Date;
use crate::decimal::{Amount, Decimal};
use crate::interval::{End, Interval};
use jiff::Timestamp;
use jiter::Peek;
use serde::Serializer;
use serde_json::{Map, Value, json};

records! {
    /// The question: may this be done with this, between these, on this date?
    pub record Request {
        /// The instant asked about (AuthZEN `context.time`); each policy gets the date of its own time zone. Not with `evaluationDate`.
        evaluation_time: Option<Timestamp> = "evaluationTime",
        /// The date asked about, the same for every policy. Not with `evaluationTime`.
        evaluation_date: Option<Date> = "evaluationDate",
        /// `supply`, `export`, `reexport`, `in-country-transfer`, `procure`, `use`, `offer-to-public`, … AuthZEN `action.name`.
        action: String = "action",
        /// `direct`, `reseller`, `cloud-marketplace`, `white-label`, …
        channel: Option<String> = "channel",
        /// Who takes part, in which role.
        participants: Vec<Participant> = "participants",
        /// Everybody the request speaks of.
        parties: Vec<Party> = "parties",
        /// Who holds what in whom.
        relationships: Option<Vec<Relationship>> = "relationships",
        /// What is supplied. AuthZEN `resource`.
        resource: Item = "resource",
        /// How it is run.
        deployment: Option<Deployment> = "deployment",
        /// Certificates held.
        certificates: Option<Vec<Certificate>> = "certificates",
        /// Licences and exceptions held. EAR "authorization".
        authorizations: Option<Vec<Authorization>> = "authorizations",
        /// `civil`, `model-training`, `military`, `military-intelligence`, `wmd`, `research`, `resale`, … EAR "end use".
        purposes: Option<Vec<String>> = "purposes",
        /// Further statements about the whole.
        facts: Facts = "facts",
    }

    /// A party in its role.
    pub record Participant cap 1_000 {
        /// `vendor`, `reseller`, `operator`, `purchaser`, `endUser`, `intermediateConsignee`, … (EAR part 748).
        role: String = "role",
        /// Who plays it.
        party: PartyRef = "party",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// A legal entity, a person or a state. BODS entity and person records.
    pub record Party cap 10_000 {
        /// Unique among the parties. BODS `recordId`.
        record_id: RecordId = "recordId",
        /// BODS `entityType.type` or `personType`.
        kind: PartyKind = "kind",
        /// Names by which the party is known. BODS `name`, `alternateNames`.
        names: Names = "names",
        /// Registrations. BODS `identifiers`.
        identifiers: Option<Vec<Identifier>> = "identifiers",
        /// ISO 3166-1 or 3166-2 code of the law it is formed under. BODS `jurisdiction`.
        jurisdiction: Option<IsoCode> = "jurisdiction",
        /// ISO 3166-1 or 3166-2 code of its headquarters. GLEIF `HeadquartersAddress`.
        headquarters: Option<IsoCode> = "headquarters",
        /// Who consolidates it in the end. GLEIF `IS_ULTIMATELY_CONSOLIDATED_BY`.
        ultimate_parent: Parent = "ultimateParent",
        /// Whether its owners are all stated.
        ownership: Statement = "ownership",
        /// Sanctions and screening lists it is on. FollowTheMoney `Sanction`.
        listings: Option<Vec<Listing>> = "listings",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// A name of a party. BODS `name`.
    pub record Name cap 64 {
        /// The name in full.
        full_name: String = "fullName",
        /// BODS `nameType`, or FollowTheMoney `weakAlias`.
        kind: Option<String> = "kind",
        /// BCP 47 tag.
        language: Option<String> = "language",
    }

    /// An identifier of a party. BODS `identifiers`.
    pub record Identifier cap 64 {
        /// org-id.guide code of the register, such as `XI-LEI`.
        scheme: String = "scheme",
        /// The identifier in it.
        id: String = "id",
    }

    /// A place on a sanctions or screening list.
    pub record Listing cap 1_000 {
        /// Which list.
        list_id: String = "listId",
        /// Which programme of it.
        program: Option<String> = "program",
        /// First day on the list, inclusive.
        start: Option<Date> = "start",
        /// Last day on the list, inclusive.
        end: Option<Date> = "end",
        /// Version of the list this was read from.
        source_version: Option<String> = "sourceVersion",
    }

    /// The interests of one party in another. BODS relationship record.
    pub record Relationship cap 20_000 {
        /// Unique among the relationships. BODS `recordId`.
        record_id: RecordId = "recordId",
        /// The party the interests are in.
        subject: PartyRef = "subject",
        /// The party that holds them, or `{ "unknown": reason }`.
        interested_party: InterestedParty = "interestedParty",
        /// The interests. Absent: not stated. Empty: stated to hold none.
        interests: Option<Vec<Interest>> = "interests",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// An interest of one party in another. BODS `interest`.
    pub record Interest cap 64 {
        /// BODS `interestType`.
        kind: InterestKind = "kind",
        /// BODS `directOrIndirect`.
        directness: Directness = "directness",
        /// How much, in percent. BODS `share`.
        share: Option<Share> = "share",
        /// BODS `beneficialOwnershipOrControl`.
        beneficial: Option<bool> = "beneficial",
        /// First day, inclusive. BODS `startDate`.
        start: Option<Date> = "start",
        /// The day it has ended, exclusive. BODS `endDate`.
        end: Option<Date> = "end",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// What is supplied.
    pub record Item {
        /// Names it within the request.
        record_id: RecordId = "recordId",
        /// `compute`, `ai-model`, `chatbot`, `videoconference`, `storage`, `material`, `component`, …
        category: Option<String> = "category",
        /// Who makes it.
        producer: Option<PartyRef> = "producer",
        /// ISO 3166-1 code of the customs origin.
        country_of_origin: Option<IsoCode> = "countryOfOrigin",
        /// Its places in classifications.
        classifications: Option<Vec<Classification>> = "classifications",
        /// Producers of its components.
        components: Option<Vec<PartyRef>> = "components",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// The place of an item in a classification.
    pub record Classification {
        /// `ECCN`, `HS`, `CN-customs`, `CN-dual-use`, …
        scheme: String = "scheme",
        /// Version of the list.
        version: Option<String> = "version",
        /// The code in it.
        code: String = "code",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// How and where a service is run.
    pub record Deployment {
        /// Who operates it.
        operator: Option<PartyRef> = "operator",
        /// Who provides facilities, servers and systems.
        infrastructure_provider: Option<PartyRef> = "infrastructureProvider",
        /// Whose technology it is.
        technology_provider: Option<PartyRef> = "technologyProvider",
        /// ISO 3166-1 or 3166-2 code of where it runs.
        region: Option<IsoCode> = "region",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// A certificate that somebody holds.
    pub record Certificate cap 1_000 {
        /// Names it within the request.
        record_id: Option<RecordId> = "recordId",
        /// `CSAP`, `SecNumCloud`, …
        scheme: String = "scheme",
        /// Grade within the scheme.
        grade: Option<String> = "grade",
        /// `IaaS`, `PaaS`, `SaaS-standard`, `SaaS-simple`, `DaaS`, …
        service_model: Option<String> = "serviceModel",
        /// Who holds it.
        holder: Option<PartyRef> = "holder",
        /// First day, inclusive.
        valid_from: Option<Date> = "validFrom",
        /// Last day, inclusive.
        valid_until: Option<Date> = "validUntil",
        /// `recordId` of the certificate this one stands on.
        underlying: Option<CertificateRef> = "underlying",
        /// Further statements about it.
        facts: Facts = "facts",
    }

    /// A licence, exception, derogation, mitigation agreement, … EAR "authorization".
    pub record Authorization cap 1_000 {
        /// Names it within the request.
        record_id: Option<RecordId> = "recordId",
        /// `licence`, `exception`, `derogation`, `mitigation`, …
        kind: String = "kind",
        /// Who issued it.
        issuer: Option<String> = "issuer",
        /// Its number.
        number: Option<String> = "number",
        /// First day, inclusive.
        valid_from: Option<Date> = "validFrom",
        /// Last day, inclusive.
        valid_until: Option<Date> = "validUntil",
        /// What it covers.
        scope: Option<Vec<String>> = "scope",
        /// Further statements about it.
        facts: Facts = "facts",
    }
}

/// The names of a party; a party may have none stated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(pub Vec<Name>);

impl Json for Names {
    fn absent() -> Option<Self> {
        Some(Names::default())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        Vec::read(reader).map(Names)
    }

    fn is_left_out(&self) -> bool {
        self.0.is_empty()
    }

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(records, serializer)
    }

    fn at(&self, pointer: &str, records: Records<'_>) -> Option<super::Quoted> {
        self.0.at(pointer, records)
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        Vec::<Name>::schema(definitions)
    }

    fn weigh(&self, weight: &mut Weight) {
        self.0.weigh(weight);
    }
}

/// A reference to a record: in JSON its `recordId`, here its index.
macro_rules! reference {
    ($(#[$meta:meta])* $name:ident, $variant:ident, $id:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub u32);

        impl Json for $name {
            fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
                reader.reference("a record id as a string", Referred::$variant).map($name)
            }

            fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
                let id: for<'a> fn(Records<'a>, usize) -> Option<&'a RecordId> = $id;
                // INVARIANT: every reference was resolved when the request was read. One that somebody set since to nothing
                // is written as nothing, so that the rest of the request is not lost with it.
                match usize::try_from(self.0).ok().and_then(|index| id(records, index)) {
                    Some(id) => serializer.serialize_str(id.as_str()),
                    None => serializer.serialize_none(),
                }
            }

            fn schema(definitions: &mut Map<String, Value>) -> Value {
                RecordId::schema(definitions)
            }

            fn weigh(&self, _: &mut Weight) {}

            fn resolve(&mut self, index: &mut dyn FnMut(Reference<'_>)) {
                index(Reference::$variant(&mut self.0));
            }
        }
    };
}

reference! {
    /// Index into [`Request::parties`].
    PartyRef, Party, |records, index| Some(&records.parties.get(index)?.record_id)
}

reference! {
    /// Index into [`Request::certificates`].
    CertificateRef, Certificate,
    |records, index| records.certificates.get(index)?.record_id.as_ref()
}

/// Who holds the interests of a relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterestedParty {
    /// This party.
    Known(PartyRef),
    /// Unspecified, with a reason (BODS `unspecifiedReason`).
    Unknown(String),
}

impl Json for InterestedParty {
    fn absent() -> Option<Self> {
        Some(InterestedParty::Unknown(NOT_SUPPLIED.to_owned()))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let known = |reader: &mut Reader<'_>| PartyRef::read(reader).map(InterestedParty::Known);
        text_or_unknown(reader, "a record id or { \"unknown\": reason }", known, InterestedParty::Unknown)
    }

    fn is_left_out(&self) -> bool {
        matches!(self, InterestedParty::Unknown(reason) if reason == NOT_SUPPLIED)
    }

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            InterestedParty::Known(party) => party.write(records, serializer),
            InterestedParty::Unknown(reason) => write_member("unknown", reason, serializer),
        }
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        json!({ "anyOf": [RecordId::schema(definitions), Unknown::schema(definitions)] })
    }

    fn weigh(&self, weight: &mut Weight) {
        if let InterestedParty::Unknown(_) = self {
            weight.string();
        }
    }

    fn resolve(&mut self, index: &mut dyn FnMut(Reference<'_>)) {
        if let InterestedParty::Known(party) = self {
            party.resolve(index);
        }
    }
}

/// Whether the relationships given about a party are all there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// All owners are stated.
    Complete,
    /// Some are stated, there may be more.
    Partial,
    /// Not known, with a reason.
    Unknown(String),
}

impl Json for Statement {
    fn absent() -> Option<Self> {
        Some(Statement::Unknown(NOT_SUPPLIED.to_owned()))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let expected = "`complete`, `partial` or { \"unknown\": reason }";
        let known = |text: &str| match text {
            "complete" => Some(Statement::Complete),
            "partial" => Some(Statement::Partial),
            _ => None,
        };
        let text = |reader: &mut Reader<'_>| reader.code(expected, known, |_| format!("is not {expected}"));
        text_or_unknown(reader, expected, text, Statement::Unknown)
    }

    fn is_left_out(&self) -> bool {
        matches!(self, Statement::Unknown(reason) if reason == NOT_SUPPLIED)
    }

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Statement::Complete => serializer.serialize_str("complete"),
            Statement::Partial => serializer.serialize_str("partial"),
            Statement::Unknown(reason) => write_member("unknown", reason, serializer),
        }
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        json!({ "anyOf": [{ "enum": ["complete", "partial"] }, Unknown::schema(definitions)] })
    }

    fn weigh(&self, weight: &mut Weight) {
        if let Statement::Unknown(_) = self {
            weight.string();
        }
    }
}

/// The accounting-consolidation ultimate parent. In JSON a `recordId`, `{ "hasNoParent": true }` or `{ "unknown": reason }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// The parent is this party.
    Known(PartyRef),
    /// Stated to have none.
    HasNoParent,
    /// Not known, with a reason (GLEIF `ExceptionReason`).
    Unknown(String),
}

records! {
    /// The object forms of a parent.
    record NoParent {
        /// Stated to have none; only `true` is meaningful.
        has_no_parent: Option<bool> = "hasNoParent",
        /// Why it is not known.
        unknown: Option<String> = "unknown",
    }
}

impl Json for Parent {
    fn absent() -> Option<Self> {
        Some(Parent::Unknown(NOT_SUPPLIED.to_owned()))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        match reader.peek()? {
            Peek::Object => {
                match NoParent::read(reader)? {
                    NoParent { has_no_parent: Some(true), unknown: None } => Ok(Parent::HasNoParent),
                    NoParent { has_no_parent: None, unknown: Some(reason) } => Ok(Parent::Unknown(reason)),
                    _ => Err(reader
                        .value_error("{…}", "must be { \"hasNoParent\": true } or { \"unknown\": reason }")),
                }
            }
            _ => PartyRef::read(reader).map(Parent::Known),
        }
    }

    fn is_left_out(&self) -> bool {
        matches!(self, Parent::Unknown(reason) if reason == NOT_SUPPLIED)
    }

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Parent::Known(party) => party.write(records, serializer),
            Parent::HasNoParent => write_member("hasNoParent", &true, serializer),
            Parent::Unknown(reason) => write_member("unknown", reason, serializer),
        }
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        let none = json!({ "type": "object", "properties": { "hasNoParent": { "const": true } },
                           "required": ["hasNoParent"], "additionalProperties": false });
        json!({ "anyOf": [RecordId::schema(definitions), none, Unknown::schema(definitions)] })
    }

    fn weigh(&self, weight: &mut Weight) {
        if let Parent::Unknown(_) = self {
            weight.string();
        }
    }

    fn resolve(&mut self, index: &mut dyn FnMut(Reference<'_>)) {
        if let Parent::Known(party) = self {
            party.resolve(index);
        }
    }
}

/// Whether an interest is held directly. BODS `directOrIndirect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directness {
    /// Held by the interested party itself.
    Direct,
    /// Held through others.
    Indirect,
    /// Not stated.
    Unknown,
}

impl Json for Directness {
    fn absent() -> Option<Self> {
        Some(Directness::Unknown)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let expected = "`direct`, `indirect` or `unknown`";
        let known = |text: &str| match text {
            "direct" => Some(Directness::Direct),
            "indirect" => Some(Directness::Indirect),
            "unknown" => Some(Directness::Unknown),
            _ => None,
        };
        reader.code(expected, known, |_| format!("is not {expected}"))
    }

    fn is_left_out(&self) -> bool {
        *self == Directness::Unknown
    }

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Directness::Direct => "direct",
            Directness::Indirect => "indirect",
            Directness::Unknown => "unknown",
        })
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "enum": ["direct", "indirect", "unknown"] })
    }

    fn weigh(&self, _: &mut Weight) {}
}

/// One end of a [`Share`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Where the share ends, in percent.
    pub value: Decimal,
    /// Whether the value itself lies outside.
    pub exclusive: bool,
}

/// A share in percent, 0 to 100: `{ "exact": "60" }`, or a band with `minimum`, `maximum` (open ends: 0 and 100) and
/// `exclusiveMinimum`, `exclusiveMaximum` (true or false).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Lower end.
    pub minimum: Bound,
    /// Upper end.
    pub maximum: Bound,
}

impl Share {
    /// Returns the share as an interval to compute with.
    #[must_use]
    pub fn interval(&self) -> Interval {
        let end = |bound: &Bound| {
            Amount::try_from(bound.value).ok().map(|value| End { value, exclusive: bound.exclusive })
        };
        // INVARIANT: `read` lets in only shares between 0 and 100 whose ends are in order.
        end(&self.minimum)
            .zip(end(&self.maximum))
            .and_then(|(minimum, maximum)| Interval::new(minimum, maximum))
            .unwrap_or(Interval::ANY_SHARE)
    }

    fn is_exact(&self) -> bool {
        self.minimum.value == self.maximum.value
    }
}

records! {
    /// A share as JSON writes it.
    record ShareFields {
        /// The share itself, in percent. Not with the others.
        exact: Option<Decimal> = "exact",
        /// Lower end of a band; absent: 0.
        minimum: Option<Decimal> = "minimum",
        /// Whether the lower end lies outside.
        exclusive_minimum: Option<bool> = "exclusiveMinimum",
        /// Upper end of a band; absent: 100.
        maximum: Option<Decimal> = "maximum",
        /// Whether the upper end lies outside.
        exclusive_maximum: Option<bool> = "exclusiveMaximum",
    }
}

impl Json for Share {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let fields = ShareFields::read(reader)?;
        let ShareFields { exact, minimum, exclusive_minimum, maximum, exclusive_maximum } = fields;
        if exact.is_some()
            && (minimum.is_some()
                || maximum.is_some()
                || exclusive_minimum.is_some()
                || exclusive_maximum.is_some())
        {
            return Err(reader.value_error("exact", "stands alone; give either `exact` or a band"));
        }
        if exact.is_none() && minimum.is_none() && maximum.is_none() {
            return Err(reader.value_error(
                "{…}",
                "says nothing; give `exact`, `minimum` or `maximum`, or leave `share` out",
            ));
        }
        let minimum = exact.or(minimum).unwrap_or(Decimal::ZERO);
        let maximum = exact.or(maximum).unwrap_or(Decimal::HUNDRED);
        for value in [minimum, maximum] {
            if value < Decimal::ZERO || value > Decimal::HUNDRED {
                return Err(reader.value_error(&value.to_string(), "is not a share: 0 to 100 percent"));
            }
        }
        let share = Share {
            minimum: Bound { value: minimum, exclusive: exclusive_minimum.unwrap_or(false) },
            maximum: Bound { value: maximum, exclusive: exclusive_maximum.unwrap_or(false) },
        };
        let open = share.minimum.exclusive || share.maximum.exclusive;
        if minimum > maximum || (minimum == maximum && open) {
            let band = format!("{minimum} to {maximum}");
            return Err(reader.value_error(&band, "is an empty band; the minimum must lie below the maximum"));
        }
        Ok(share)
    }

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        let Share { minimum, maximum } = *self;
        let [mut exact, mut low, mut high] = [None, Some(minimum.value), Some(maximum.value)];
        if self.is_exact() {
            (exact, low, high) = (low, None, None);
        }
        let fields = ShareFields {
            exact,
            minimum: low,
            exclusive_minimum: minimum.exclusive.then_some(true),
            maximum: high,
            exclusive_maximum: maximum.exclusive.then_some(true),
        };
        fields.write(records, serializer)
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        ShareFields::schema(definitions)
    }

    fn weigh(&self, _: &mut Weight) {}
}
