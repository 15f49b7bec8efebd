//! JSON Web Tokens of one issuer: RS256, ES256 and EdDSA by the key that `kid` names, never `none` and never a shared secret.
//!
//! A token says who asks (`sub`), in which role, and over which tenant; only an operator has none. Its time is compared with
//! the clock of the server. Signatures are ring's. Reading the three parts is our own: the libraries that do it bring a second
//! cryptography, or read the clock of the machine.

use crate::access::{Caller, Role};
use crate::tenants::TenantName;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Bytes of a token; chosen by feel.
const MOST_BYTES: usize = 8 << 10;

/// Seconds by which the clock of the issuer may differ; chosen by feel.
const LEEWAY_S: i64 = 30;

/// What tokens must say.
#[derive(Debug, Clone)]
pub struct JwtTerms {
    /// Who issues them: their `iss`.
    pub issuer: String,
    /// For whom they are: in their `aud`.
    pub audience: String,
    /// The claim that names the role, by default `lexgate_role`.
    pub role_claim: String,
    /// The claim that names the tenant, by default `lexgate_tenant`.
    pub tenant_claim: String,
}

/// How tokens are checked.
#[derive(Clone)]
pub struct Jwt {
    keys: BTreeMap<String, Key>,
    terms: JwtTerms,
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.keys().collect();
        f.debug_struct("Jwt").field("keys", &keys).field("terms", &self.terms).finish()
    }
}

/// Why a set of keys is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadJwks {
    /// It cannot be read.
    #[error("it is no JSON Web Key Set")]
    Unreadable(#[source] serde_json::Error),
    /// A key in it cannot be read.
    #[error("its key `{0}` cannot be read")]
    Key(String),
    /// Two keys have one name.
    #[error("it has two keys with the `kid` `{0}`")]
    Twice(String),
    /// There is no key that could be used.
    #[error("it has no key with a `kid` for RS256, ES256 or EdDSA")]
    Empty,
}

impl Jwt {
    /// Reads a JSON Web Key Set. Keys for other things, and keys without a `kid`, are passed over.
    ///
    /// # Errors
    /// [`BadJwks`].
    pub fn of(jwks: &[u8], terms: JwtTerms) -> Result<Jwt, BadJwks> {
        let set: KeySet = serde_json::from_slice(jwks).map_err(BadJwks::Unreadable)?;
        let mut keys = BTreeMap::new();
        for of_set in set.keys {
            let Some(id) = of_set.kid.clone() else { continue };
            let Some(key) = of_set.key().map_err(|_| BadJwks::Key(id.clone()))? else { continue };
            if keys.insert(id.clone(), key).is_some() {
                return Err(BadJwks::Twice(id));
            }
        }
        if keys.is_empty() { Err(BadJwks::Empty) } else { Ok(Jwt { keys, terms }) }
    }

    /// Returns who asks with a token, or what is wrong with it.
    pub(crate) fn caller(&self, token: &str, now: Timestamp) -> Result<Caller, &'static str> {
        if token.len() > MOST_BYTES {
            return Err("the token is too long");
        }
        let unreadable = "neither a key that is known nor a JSON Web Token that can be read";
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return Err(unreadable) };
        let read = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| unreadable);
        let header: Header = serde_json::from_slice(&read(header)?).map_err(|_| unreadable)?;
        if header.crit.is_some() {
            return Err("the token has a critical extension, and none is known");
        }
        let id = header.kid.ok_or("the token has no `kid`")?;
        let key = self.keys.get(&id).ok_or("the `kid` of the token is not known")?;
        // The key says which algorithm it is for; the token has no choice.
        if header.alg != key.algorithm() {
            return Err("the token is signed in another way than its key is for");
        }
        let signed = token.rsplit_once('.').map(|(signed, _)| signed).ok_or(unreadable)?;
        if !key.signed(signed.as_bytes(), &read(signature)?) {
            return Err("the signature of the token is wrong");
        }
        let claims =
            serde_json::from_slice(&read(claims)?).map_err(|_| "the claims of the token are no object")?;
        self.of_claims(&claims, now)
    }

    fn of_claims(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<Caller, &'static str> {
        let text = |name: &str| claims.get(name).map(|value| value.as_str());
        if text("iss") != Some(Some(&self.terms.issuer)) {
            return Err("the token is not of the issuer");
        }
        let audience = &self.terms.audience;
        let for_us = match claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(all)) => all.iter().any(|one| one == audience),
            Some(_) | None => false,
        };
        if !for_us {
            return Err("the token is for another audience");
        }
        let seconds = |name: &str| claims.get(name).map(|value| value.as_i64());
        match seconds("exp") {
            Some(Some(until)) if now.as_second() < until.saturating_add(LEEWAY_S) => {}
            Some(Some(_)) => return Err("the token has expired"),
            Some(None) | None => return Err("the token has no `exp` in whole seconds"),
        }
        match seconds("nbf") {
            None => {}
            Some(Some(from)) if from <= now.as_second().saturating_add(LEEWAY_S) => {}
            Some(Some(_)) => return Err("the token is not valid yet"),
            Some(None) => return Err("the `nbf` of the token is not in whole seconds"),
        }
        let role = match text(&self.terms.role_claim).flatten() {
            Some("operator") => Role::Operator,
            Some("tenant-administrator") => Role::TenantAdministrator,
            Some("evaluator") => Role::Evaluator,
            Some("auditor") => Role::Auditor,
            Some(_) | None => return Err("the token names no role"),
        };
        let tenant = match (role, text(&self.terms.tenant_claim)) {
            (Role::Operator, None) => None,
            (Role::Operator, Some(_)) => return Err("the token is of an operator, who has no tenant"),
            // Without one it would be good for all.
            (_, None | Some(None)) => return Err("the token names no tenant"),
            (_, Some(Some(name))) => {
                Some(name.parse::<TenantName>().map_err(|_| "the tenant of the token is no name of one")?)
            }
        };
        let subject = text("sub").flatten().unwrap_or("?");
        let subject: String = subject.chars().filter(|c| !c.is_control()).take(128).collect();
        Ok(Caller::new(format!("jwt:{subject}"), role, tenant))
    }
}

/// The head of a token, as far as it matters.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<KeyOfSet>,
}

/// A key as RFC 7517 writes it, as far as it matters.
#[derive(Deserialize)]
struct KeyOfSet {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A member of a key that is missing or no base64.
struct Unreadable;

impl KeyOfSet {
    /// Returns the key, if it is one for what is taken here.
    fn key(&self) -> Result<Option<Key>, Unreadable> {
        let read = |member: &Option<String>| {
            let text = member.as_deref().ok_or(Unreadable)?;
            URL_SAFE_NO_PAD.decode(text).map_err(|_| Unreadable)
        };
        if self.r#use.as_deref().is_some_and(|of| of != "sig") {
            return Ok(None);
        }
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Key::Rsa { n: read(&self.n)?, e: read(&self.e)? },
            ("EC", Some("P-256")) => {
                let (x, y) = (read(&self.x)?, read(&self.y)?);
                if (x.len(), y.len()) != (32, 32) {
                    return Err(Unreadable);
                }
                // A point that is not compressed, as SEC 1 writes it.
                Key::P256([vec![4], x, y].concat())
            }
            ("OKP", Some("Ed25519")) => Key::Ed25519(read(&self.x)?),
            // Another curve, a secret that is shared, or something unknown.
            _ => return Ok(None),
        };
        let named = self.alg.as_deref().is_none_or(|name| name == key.algorithm());
        Ok(named.then_some(key))
    }
}

/// A public key, and with it the one algorithm it is for.
#[derive(Clone)]
enum Key {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Key::Rsa { .. } => "RS256",
            Key::P256(_) => "ES256",
            Key::Ed25519(_) => "EdDSA",
        }
    }

    /// Returns whether it signed a message.
    fn signed(&self, message: &[u8], given: &[u8]) -> bool {
        let verified = match self {
            Key::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, given)
            }
            Key::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, given)
            }
            Key::Ed25519(point) => UnparsedPublicKey::new(&signature::ED25519, point).verify(message, given),
        };
        verified.is_ok()
    }
}
