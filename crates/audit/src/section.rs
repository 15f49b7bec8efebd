//! Sections: the parts of an entry that can be shown or withheld each by itself.
//!
//! The head of an entry has a commitment to each section: SHA-256 over a salt of 32 random bytes, the name of the section
//! with its length, and its bytes with theirs (lengths are 8 bytes, little end first). Who is shown a section with its salt
//! checks it against the head; who is not learns nothing, not even whether two requests are equal, because the salt is
//! random. The name is inside, so that no section passes for another.

use crate::error::Error;
use lexgate_model::decision::Kind as Counts;
use lexgate_model::{Digest, Record};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// Most sections of an entry, and most bytes of a name.
pub(crate) const MOST_SECTIONS: usize = 16;
const MOST_NAME_BYTES: usize = 64;

/// The members of a record that are sections of their own. All others are the section [`META`].
const OWN: [&str; 3] = [REQUEST, BINDINGS, DECISION];

/// The section with the canonical request.
pub const REQUEST: &str = "request";
/// The section with what each binding came to.
pub const BINDINGS: &str = "bindings";
/// The section with the decision.
pub const DECISION: &str = "decision";
/// The section with all other members of the record: versions, meter, the digest of the request.
pub const META: &str = "meta";
/// The section with what the caller said beside the request, see [`Caller`](crate::Caller).
pub const CALLER: &str = "caller";

/// The salt of a section: 32 random bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl fmt::Debug for Salt {
    /// Says nothing of it: with the salt, what was withheld can be guessed at.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// A section that is there: with its salt, whoever has the head of the entry can check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name: lower-case letters and hyphens.
    pub name: String,
    /// Its salt.
    pub salt: Salt,
    /// Its bytes, JSON.
    pub bytes: Vec<u8>,
}

impl Section {
    /// Returns at most [`MOST_SECTIONS`] sections, each with a salt of its own; the system is asked for them once.
    pub(crate) fn all(sections: Vec<(&str, Vec<u8>)>) -> Result<Vec<Section>, Error> {
        let mut salts = [[0; 32]; MOST_SECTIONS];
        let room = salts.get_mut(..sections.len());
        let salts = room.ok_or_else(|| Error::Invalid(format!("more than {MOST_SECTIONS} sections")))?;
        let no_salt = |error| Error::Invalid(format!("the system gives no random bytes for a salt: {error}"));
        getrandom::fill(salts.as_flattened_mut()).map_err(no_salt)?;
        let salted = |((name, bytes), salt): ((&str, Vec<u8>), &[u8; 32])| Section {
            name: name.to_owned(),
            salt: Salt(*salt),
            bytes,
        };
        Ok(sections.into_iter().zip(&*salts).map(salted).collect())
    }

    /// Returns the commitment to it.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        commitment(&self.name, &self.salt, &self.bytes)
    }
}

/// Returns the commitment to a section: what stands in the head of its entry.
#[must_use]
pub fn commitment(name: &str, salt: &Salt, bytes: &[u8]) -> Digest {
    let length = |bytes: &[u8]| (bytes.len() as u64).to_le_bytes();
    Digest::of_parts(&[&salt.0, &length(name.as_bytes()), name.as_bytes(), &length(bytes), bytes])
}

/// Returns whether sections may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    !name.is_empty() && name.len() <= MOST_NAME_BYTES && name.bytes().all(plain)
}

/// A JSON object, its members in order and as they are written.
#[derive(Deserialize)]
#[serde(transparent)]
struct Members<'a>(#[serde(borrow, deserialize_with = "members")] Vec<(String, &'a RawValue)>);

fn members<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<(String, &'de RawValue)>, D::Error> {
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            let mut names = HashSet::new();
            while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                if !names.insert(name.clone()) {
                    return Err(serde::de::Error::custom(format!("`{name}` stands twice")));
                }
                members.push((name, value));
            }
            Ok(members)
        }
    }
    from.deserialize_map(Visitor)
}

fn read(json: &[u8]) -> Result<Vec<(String, &RawValue)>, Error> {
    let bad = |error| Error::Invalid(format!("not the JSON of a record: {error}"));
    serde_json::from_slice::<Members<'_>>(json).map(|Members(members)| members).map_err(bad)
}

/// The members of a record that are no sections of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    lexgate: &'a str,
    meter: &'a str,
    zone_data: &'a str,
    what_if: bool,
    request_digest: Digest,
}

/// Returns the sections of a record: its JSON, cut.
///
/// # Errors
/// When it cannot be written.
pub fn sections<M: Counts>(record: &Record<M>) -> Result<Vec<(&'static str, Vec<u8>)>, Error> {
    let Record { lexgate, meter, zone_data, request_digest, request, bindings, decision, .. } = record;
    let (what_if, request_digest) = (M::WHAT_IF, *request_digest);
    let meta = Meta { lexgate, meter, zone_data, what_if, request_digest };
    Ok(vec![
        (META, json(&meta)?),
        (REQUEST, request.text().as_bytes().to_vec()),
        (BINDINGS, json(bindings)?),
        (DECISION, json(decision)?),
    ])
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value)
        .map_err(|error| Error::Invalid(format!("the record cannot be written: {error}")))
}

/// Returns the record of some [`sections`]: other members first, then request, bindings, decision. That is their order in
/// the JSON of a [`Record`](lexgate_model::Record), so what comes out has the bytes that went in.
///
/// # Errors
/// When a section that it needs is not there, or is no JSON.
pub fn join(sections: &[Section]) -> Result<Vec<u8>, Error> {
    let find = |name: &str| {
        let found = sections.iter().find(|section| section.name == name);
        found.ok_or_else(|| Error::Invalid(format!("the section `{name}` is withheld")))
    };
    let mut members = read(&find(META)?.bytes)?;
    for name in OWN {
        let bad = |error| Error::Invalid(format!("the section `{name}` is no JSON: {error}"));
        members.push((name.to_owned(), serde_json::from_slice(&find(name)?.bytes).map_err(bad)?));
    }
    Ok(object(&members))
}

fn object(members: &[(String, &RawValue)]) -> Vec<u8> {
    let mut text = vec![b'{'];
    for (number, (name, value)) in members.iter().enumerate() {
        if number > 0 {
            text.push(b',');
        }
        text.extend_from_slice(serde_json::Value::from(name.as_str()).to_string().as_bytes());
        text.push(b':');
        text.extend_from_slice(value.get().as_bytes());
    }
    text.push(b'}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the JSON of a record split into sections, byte for byte.
    #[test]
    fn the_sections_of_a_record_are_joined_to_its_json() {
        let request =
            br#"{"action":"supply","participants":[],"parties":[],"resource":{"recordId":"a \" b"}}"#;
        let request = lexgate_model::Request::from_json(request, &Default::default()).unwrap();
        let verdict = lexgate_model::verdict::Verdict::from_span(lexgate_model::Span::NEUTRAL);
        let decision = lexgate_model::decision::Decision::<lexgate_model::decision::Enforced>::of(&verdict);
        let record = Record::new("meter".to_owned(), request.canonical(), Vec::new(), decision);
        let parts = sections(&record).unwrap();
        assert_eq!(
            parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            [META, REQUEST, BINDINGS, DECISION]
        );
        let parts = Section::all(parts).unwrap();
        assert_eq!(join(&parts).unwrap(), serde_json::to_vec(&record).unwrap());
        assert!(join(&parts[..3]).unwrap_err().to_string().contains("`decision` is withheld"));
    }

    #[test]
    fn what_is_no_object_or_has_a_member_twice_is_refused() {
        for bad in ["", "[]", "{", r#"{"a":1,"a":2}"#, r#"{"a":1} x"#] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_commitment_holds_for_one_salt_one_name_and_these_bytes() {
        let part = Section { name: "request".into(), salt: Salt([7; 32]), bytes: b"{}".to_vec() };
        let commitment = part.commitment();
        assert_eq!(part.clone().commitment(), commitment);
        assert_ne!(Section { name: "requestx".into(), ..part.clone() }.commitment(), commitment);
        assert_ne!(Section { salt: Salt([8; 32]), ..part.clone() }.commitment(), commitment);
        assert_ne!(Section { bytes: b"{} ".to_vec(), ..part.clone() }.commitment(), commitment);
        // Equal bytes have unequal commitments: the salt is random.
        let twice = Section::all(["request"; 2].map(|name| (name, b"{}".to_vec())).to_vec()).unwrap();
        assert_ne!(twice[0].commitment(), twice[1].commitment());
    }
}
