//! Who may do what: keys and tokens with roles, and one table of rights.

use crate::jwt::Jwt;
use crate::problem::{Kind, Problem};
use crate::tenants::TenantName;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use lexgate_model::Digest;

/// What somebody may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs the server: may do everything.
    Operator,
    /// Changes the set of a tenant, and sees what it decides.
    TenantAdministrator,
    /// Asks for decisions.
    Evaluator,
    /// Reads decisions and sets.
    Auditor,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Ask for decisions, also what-if.
    Decide,
    /// Read recorded decisions.
    ReadDecisions,
    /// Read policy sets and their history.
    ReadSets,
    /// Change policy sets.
    ChangeSets,
    /// See which packages there are.
    ReadPackages,
    /// Upload packages and datasets.
    PutPackages,
    /// See all tenants, and metrics; put holds on decisions, lift them, and delete what is old.
    Operate,
}

impl Right {
    /// Returns its name, as the OpenAPI document has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Right::Decide => "decide",
            Right::ReadDecisions => "read-decisions",
            Right::ReadSets => "read-sets",
            Right::ChangeSets => "change-sets",
            Right::ReadPackages => "read-packages",
            Right::PutPackages => "put-packages",
            Right::Operate => "operate",
        }
    }
}

impl Role {
    fn may(self, right: Right) -> bool {
        match (self, right) {
            (Role::Operator, _) => true,
            // Packages are shared by all tenants, and preparing one costs time: the operator lets them in.
            (_, Right::PutPackages | Right::Operate) => false,
            (Role::TenantAdministrator, _) => true,
            (Role::Evaluator, right) => right == Right::Decide,
            // An auditor changes nothing, and a decision would be a record.
            (Role::Auditor, Right::ReadDecisions | Right::ReadSets | Right::ReadPackages) => true,
            (Role::Auditor, Right::Decide | Right::ChangeSets) => false,
        }
    }
}

/// A key: not itself, but its digest. Keys are random, at least 16 bytes of it, so that nothing slower is needed.
#[derive(Debug, Clone)]
pub struct Key {
    /// What it is called in logs.
    pub name: String,
    /// The digest of its text.
    pub digest: Digest,
    /// What its holder may be.
    pub role: Role,
    /// For which tenant alone; for all if it is none.
    pub tenant: Option<TenantName>,
}

/// How callers show who they are.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Not at all: everybody is the operator. For loopback alone, and only by names of this machine, so that no page in a
    /// browser reaches it under a name of its own.
    Loopback,
    /// By `Authorization: Bearer` and a key.
    Keys(Vec<Key>),
    /// By a key, or by a token of an issuer.
    KeysAndJwt(Vec<Key>, Box<Jwt>),
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) name: String,
    role: Role,
    tenant: Option<TenantName>,
}

impl Authentication {
    pub(crate) fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Problem> {
        match self {
            Authentication::Loopback => loopback(headers),
            Authentication::Keys(keys) => by_token(keys, None, headers, now),
            Authentication::KeysAndJwt(keys, jwt) => by_token(keys, Some(jwt), headers, now),
        }
    }
}

/// What proxies say of whom they ask for.
const PROXIES: [&str; 5] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Returns the name of a host without its port.
fn host_of(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_local(name: &str) -> bool {
    ["localhost", "127.0.0.1", "::1"].contains(&name)
}

fn loopback(headers: &HeaderMap) -> Result<Caller, Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host_of(host);
    let forbidden = |detail: &str| Err(Problem::new(Kind::Forbidden, detail));
    if !is_local(name) {
        return forbidden("without authentication this server answers to `localhost` and `127.0.0.1` alone");
    }
    // A page of somebody else in a browser on this machine.
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    if origin.is_some_and(|origin| !is_local(host_of(origin.split_once("://").unwrap_or_default().1))) {
        return forbidden("without authentication this server answers to no page of another origin");
    }
    // A proxy lets in whoever reaches it.
    if PROXIES.iter().any(|name| headers.contains_key(*name)) {
        return forbidden(
            "without authentication this server answers to no proxy: write `[[keys]]` into its configuration",
        );
    }
    Ok(Caller { name: "loopback".to_owned(), role: Role::Operator, tenant: None })
}

fn by_token(keys: &[Key], jwt: Option<&Jwt>, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Problem> {
    let unknown = |detail: &str| Problem::new(Kind::Unauthenticated, detail);
    let mut given = headers.get_all(header::AUTHORIZATION).into_iter();
    let (Some(header), None) = (given.next(), given.next()) else {
        return Err(unknown("give one header `Authorization: Bearer` with a key"));
    };
    let token = header.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let token = token.ok_or_else(|| unknown("the header `Authorization` is not `Bearer` and a key"))?;
    // What is compared is a digest: where it differs tells nothing about a key.
    let digest = Digest::of(token.as_bytes());
    if let Some(key) = keys.iter().find(|key| key.digest == digest) {
        return Ok(Caller { name: key.name.clone(), role: key.role, tenant: key.tenant.clone() });
    }
    match jwt {
        None => Err(unknown("the key is not known")),
        Some(jwt) => jwt.caller(token, now).map_err(unknown),
    }
}

impl Caller {
    pub(crate) fn new(name: String, role: Role, tenant: Option<TenantName>) -> Caller {
        Caller { name, role, tenant }
    }

    /// Returns an error unless the caller has a right, over a tenant where it is about one.
    pub(crate) fn must(&self, right: Right, tenant: Option<&str>) -> Result<(), Problem> {
        let of_tenant = match (&self.tenant, tenant) {
            (None, _) => true,
            (Some(own), Some(asked)) => own.as_str() == asked,
            // Packages have no tenant; reading them is for everybody who binds them.
            (Some(_), None) => right == Right::ReadPackages,
        };
        if of_tenant && self.role.may(right) {
            return Ok(());
        }
        // Whether the tenant exists is told to nobody else.
        Err(Problem::new(Kind::Forbidden, format!("`{}` may not do this", self.name)))
    }
}
