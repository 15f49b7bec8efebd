//! Codes with a closed or checkable domain: record ids, ISO 3166, BODS codelists.

use super::json::{Json, Records, Weight};
use super::reader::{BadRequest, Reader, nearest};
use serde::Serializer;
use serde_json::{Map, Value, json};

/// The name of a record within a request. BODS `recordId`: 1 to 256 bytes, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub(super) String);

impl RecordId {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Json for RecordId {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let text = reader.string("a record id as a string")?;
        if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
            return Err(
                reader.value_error(&text, "is not a record id: 1 to 256 bytes without control characters")
            );
        }
        Ok(RecordId(text))
    }

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": 256 })
    }

    fn weigh(&self, weight: &mut Weight) {
        weight.string();
    }
}

/// A country (ISO 3166-1 alpha-2) or a subdivision (ISO 3166-2), such as `SG` or `UA-43`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoCode(&'static str);

impl IsoCode {
    /// Returns the code if ISO 3166 has it. `XK` is let in: the registers that requests are made from use that
    /// user-assigned code for Kosovo.
    #[must_use]
    pub fn new(code: &str) -> Option<IsoCode> {
        match code {
            "XK" => Some(IsoCode("XK")),
            _ if code.contains('-') => Some(IsoCode(rust_iso3166::iso3166_2::from_code(code)?.code)),
            _ => Some(IsoCode(rust_iso3166::from_alpha2(code)?.alpha2)),
        }
    }

    /// Returns the code.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl Json for IsoCode {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        reader.code("an ISO 3166 code as a string", IsoCode::new, |text| {
            let rule = "is not an ISO 3166-1 alpha-2 or ISO 3166-2 code, such as `SG` or `UA-43`";
            let upper = text.to_uppercase();
            let country = upper.split('-').next().unwrap_or_default();
            let alpha3 = rust_iso3166::from_alpha3(&upper).map(|country| country.alpha2.to_owned());
            let meant = alpha3.or_else(|| {
                [upper.as_str(), country].into_iter().find_map(IsoCode::new).map(|code| code.0.to_owned())
            });
            match meant {
                Some(meant) => format!("{rule}; did you mean `{meant}`?"),
                None => rule.to_owned(),
            }
        })
    }

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$" })
    }

    fn weigh(&self, weight: &mut Weight) {
        weight.string();
    }
}

/// Declares a closed codelist.
macro_rules! codelist {
    ($(#[$meta:meta])* $name:ident, $what:literal: $($code:literal)*) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(&'static str);

        impl $name {
            /// All codes.
            pub const ALL: &'static [&'static str] = &[$($code),*];

            /// Returns the code if the list has it.
            #[must_use]
            pub fn new(code: &str) -> Option<$name> {
                Self::ALL.iter().find(|known| **known == code).map(|known| $name(known))
            }

            /// Returns the code.
            #[must_use]
            pub fn as_str(&self) -> &'static str {
                self.0
            }
        }

        impl Json for $name {
            fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
                let expected = concat!("a ", $what, " as a string");
                reader.code(expected, $name::new, |text| match nearest(text, Self::ALL.iter()) {
                    Some(near) => format!("is not a {}; did you mean `{near}`?", $what),
                    None => format!("is not a {}: {}", $what, Self::ALL.join(", ")),
                })
            }

            fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0)
            }

            fn schema(_: &mut Map<String, Value>) -> Value {
                json!({ "enum": Self::ALL })
            }

            fn weigh(&self, weight: &mut Weight) {
                weight.string();
            }
        }
    };
}

codelist! {
    /// BODS 0.4 `entityType.type` or `personType`.
    PartyKind, "BODS entity or person type":
    "registeredEntity" "legalEntity" "arrangement" "anonymousEntity" "unknownEntity" "state" "stateBody"
    "knownPerson" "anonymousPerson" "unknownPerson"
}

codelist! {
    /// BODS 0.4 `interestType`.
    InterestKind, "BODS interest type":
    "shareholding" "votingRights" "appointmentOfBoard" "otherInfluenceOrControl" "seniorManagingOfficial" "settlor"
    "trustee" "protector" "beneficiaryOfLegalArrangement" "rightsToSurplusAssetsOnDissolution" "rightsToProfitOrIncome"
    "rightsGrantedByContract" "conditionalRightsGrantedByContract" "controlViaCompanyRulesOrArticles"
    "controlByLegalFramework" "boardMember" "boardChair" "unknownInterest" "unpublishedInterest"
    "enjoymentAndUseOfAssets" "rightToProfitOrIncomeFromAssets" "nominee" "nominator"
}
