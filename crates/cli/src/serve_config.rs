//! The configuration of `lexgate serve`: TOML, every key of which is known.

use anyhow::{Context, Result, bail};
use lexgate_model::Digest;
use lexgate_server::{
    Authentication, Jwt, JwtTerms, Key, Quota, Quotas, Recording, Retention, Role, ServerLimits, TenantName,
    Tls,
};
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

/// Most bytes of the file.
const MOST_BYTES: u64 = 1 << 20;

/// The configuration of `lexgate serve`, TOML. Every key may be left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "lexgate.toml")]
pub(crate) struct File {
    /// Address and port; a public one needs `[[keys]]`. Usually `127.0.0.1:8181`.
    #[schemars(with = "Option<String>")]
    pub(crate) listen: Option<SocketAddr>,
    /// The data folder; one server at a time owns it. Usually `lexgate` in the user's data folder.
    pub(crate) data: Option<PathBuf>,
    /// How the server is called from outside; AuthZEN's metadata begins with it. Usually `http://` and what it listens on.
    pub(crate) public_url: Option<String>,
    /// The tenant that AuthZEN's paths at the root ask. Usually none.
    pub(crate) default_tenant: Option<String>,
    /// Where traces go: the address of an OpenTelemetry collector for OTLP over HTTP, such as
    /// `http://127.0.0.1:4318/v1/traces`. Usually nowhere.
    pub(crate) otlp: Option<String>,
    /// What is recorded. Usually every decision.
    records: Option<Records>,
    /// What a tenant may use.
    #[serde(default)]
    quota: QuotaOfFile,
    /// What single tenants may use, by name; the rest is as `[quota]` says.
    #[serde(default)]
    tenants: BTreeMap<String, QuotaOfFile>,
    /// What the server may use up.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// The most that a binding may be granted, by the names of its limits with hyphens, such as `base-fuel`. Usually ten times what
    /// a binding has that says nothing.
    #[serde(default)]
    ceiling: BTreeMap<String, u64>,
    /// How long decisions are kept, for each tenant; for ever, of a tenant that is not named.
    #[serde(default)]
    retention: Vec<RetentionOfFile>,
    /// What connections are encrypted with. Usually they are not.
    tls: Option<TlsOfFile>,
    /// Whose tokens are taken beside keys. Usually none.
    jwt: Option<JwtOfFile>,
    /// Who may do what. Without any, everybody on this machine is the operator.
    #[serde(default)]
    keys: Vec<KeyOfFile>,
}

/// What is recorded.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Records {
    /// Every decision, before it is answered.
    EveryDecision,
    /// No decision: an answer has no id, and cannot be proven or run again.
    Nothing,
}

/// Files, PEM.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TlsOfFile {
    /// The certificate of the server and those between it and a known one.
    certificate: PathBuf,
    /// Its private key.
    key: PathBuf,
}

/// An issuer of tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct JwtOfFile {
    /// The public keys, a JSON Web Key Set.
    jwks: PathBuf,
    /// What `iss` must be.
    issuer: String,
    /// What `aud` must have.
    audience: String,
    /// The claim that has the role. Usually `lexgate_role`.
    #[serde(default = "role_claim")]
    role_claim: String,
    /// The claim that has the tenant. Usually `lexgate_tenant`.
    #[serde(default = "tenant_claim")]
    tenant_claim: String,
}

fn role_claim() -> String {
    "lexgate_role".to_owned()
}

fn tenant_claim() -> String {
    "lexgate_tenant".to_owned()
}

/// What the server may use up.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Limits {
    /// Threads that evaluate. Usually one for each processor.
    threads: Option<std::num::NonZeroUsize>,
    /// Connections at a time. Usually 1024.
    connections: Option<usize>,
    /// Bytes of a request. Usually 1048576.
    request_bytes: Option<usize>,
    /// Milliseconds in which the head of an HTTP request must be there. Usually 10000.
    head_ms: Option<u64>,
    /// Milliseconds in which a body must be there; in a batch, the next piece of it. Usually 10000.
    body_ms: Option<u64>,
    /// Milliseconds in which a caller must take the next piece of an answer. Usually 10000.
    write_ms: Option<u64>,
    /// Milliseconds in which a decision must be durable. Usually 10000.
    decision_ms: Option<u64>,
    /// Decisions of one batch at a time. Usually 16.
    batch_ahead: Option<usize>,
    /// Evaluations in one AuthZEN call. Usually 1000.
    evaluations: Option<usize>,
    /// Milliseconds that are left to what was begun when the server is told to stop. Usually 30000.
    drain_ms: Option<u64>,
}

/// What a tenant may use.
#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct QuotaOfFile {
    /// Decisions of its turn, when several tenants wait. Usually 1.
    weight: Option<NonZeroU32>,
    /// Threads that evaluate for it at a time. Usually all but one.
    threads: Option<NonZeroUsize>,
    /// Units of fuel a second, on average; ten seconds of it are saved up. Usually as many as there are.
    fuel_per_s: Option<NonZeroU64>,
}

impl QuotaOfFile {
    fn over(self, usual: Quota) -> Quota {
        Quota {
            weight: self.weight.unwrap_or(usual.weight),
            threads: self.threads.or(usual.threads),
            fuel_per_s: self.fuel_per_s.or(usual.fuel_per_s),
        }
    }
}

/// How long decisions of a tenant are kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RetentionOfFile {
    /// The tenant.
    tenant: String,
    /// Days of 24 hours.
    keep_days: std::num::NonZeroU32,
    /// Why no longer; it is recorded with each deletion.
    reason: String,
}

/// A key: not itself, but its digest.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KeyOfFile {
    /// What it is called in logs and histories.
    name: String,
    /// SHA-256 of the key, 64 lower-case hexadecimal digits.
    sha256: String,
    /// What its holder may do.
    role: RoleOfFile,
    /// For which tenant alone. Usually for all.
    tenant: Option<String>,
}

impl std::fmt::Debug for KeyOfFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What somebody may be.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum RoleOfFile {
    Operator,
    TenantAdministrator,
    Evaluator,
    Auditor,
}

/// Returns the JSON Schema (2020-12) of the file.
pub(crate) fn schema() -> Schema {
    schema_for!(File)
}

impl File {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<File> {
        let bytes = crate::ambient::read(path, MOST_BYTES)?;
        let text = String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8", path.display()))?;
        File::parse(&text).with_context(|| format!("`{}` is no configuration", path.display()))
    }

    fn parse(text: &str) -> Result<File> {
        let file: File = toml::from_str(text)?;
        file.keys()?;
        file.quotas()?;
        file.retention()?;
        file.limits(ServerLimits::of(std::num::NonZeroUsize::MIN))?;
        Ok(file)
    }

    fn keys(&self) -> Result<Vec<Key>> {
        self.keys.iter().map(key).collect()
    }

    /// Returns how callers show who they are. Reads the keys of the issuer of tokens.
    pub(crate) fn authentication(&self) -> Result<Authentication> {
        let keys = self.keys()?;
        match &self.jwt {
            Some(jwt) => Ok(Authentication::KeysAndJwt(keys, Box::new(jwt.read()?))),
            None if keys.is_empty() => Ok(Authentication::Loopback),
            None => Ok(Authentication::Keys(keys)),
        }
    }

    /// Reads what connections are encrypted with.
    pub(crate) fn tls(&self) -> Result<Option<Tls>> {
        let Some(TlsOfFile { certificate, key }) = &self.tls else { return Ok(None) };
        let (chain, secret) =
            (crate::ambient::read(certificate, MOST_BYTES)?, crate::ambient::read(key, MOST_BYTES)?);
        let tls = Tls::of(&chain, &secret);
        let files = || format!("`{}` and `{}` are of no use for TLS", certificate.display(), key.display());
        tls.with_context(files).map(Some)
    }

    /// Returns what is recorded.
    pub(crate) fn recording(&self) -> Recording {
        match self.records {
            None | Some(Records::EveryDecision) => Recording::EveryDecision,
            Some(Records::Nothing) => Recording::Nothing,
        }
    }

    /// Returns what tenants may use.
    pub(crate) fn quotas(&self) -> Result<Quotas> {
        let usual = self.quota.over(Quota::default());
        let named = self.tenants.iter().map(|(name, quota)| {
            let name = name.parse().with_context(|| format!("`[tenants.{name}]`"))?;
            Ok((name, quota.over(usual)))
        });
        Ok(Quotas { usual, named: named.collect::<Result<_>>()? })
    }

    /// Returns how long tenants keep decisions.
    pub(crate) fn retention(&self) -> Result<Vec<Retention>> {
        let mut tenants = BTreeSet::new();
        let one = |given: &RetentionOfFile| {
            let tenant = given.tenant.parse::<TenantName>()?.as_str().to_owned();
            if !tenants.insert(tenant.clone()) {
                bail!("the retention of tenant `{tenant}` stands twice");
            }
            Ok(Retention { tenant, keep_days: given.keep_days.get(), reason: given.reason.clone() })
        };
        self.retention.iter().map(one).collect()
    }

    /// Returns the limits, of those that are usual and those that are given.
    pub(crate) fn limits(&self, usual: ServerLimits) -> Result<ServerLimits> {
        let given = &self.limits;
        let mut limits = match given.threads {
            Some(threads) => ServerLimits::of(threads),
            None => usual,
        };
        limits.connections = given.connections.unwrap_or(limits.connections);
        limits.request.bytes = given.request_bytes.unwrap_or(limits.request.bytes);
        limits.head_ms = given.head_ms.unwrap_or(limits.head_ms);
        limits.body_ms = given.body_ms.unwrap_or(limits.body_ms);
        limits.write_ms = given.write_ms.unwrap_or(limits.write_ms);
        limits.decision_ms = given.decision_ms.unwrap_or(limits.decision_ms);
        limits.batch_ahead = given.batch_ahead.unwrap_or(limits.batch_ahead).max(1);
        limits.evaluations = given.evaluations.unwrap_or(limits.evaluations);
        limits.drain_ms = given.drain_ms.unwrap_or(limits.drain_ms);
        let mut ceiling = serde_json::to_value(limits.ceiling)?;
        for (name, most) in &self.ceiling {
            // In TOML names have hyphens, in JSON capitals.
            let place =
                ceiling.get_mut(camel(name)).with_context(|| format!("`[ceiling]` has no `{name}`"))?;
            *place = (*most).into();
        }
        limits.ceiling = serde_json::from_value(ceiling)?;
        Ok(limits)
    }
}

/// Returns `base-fuel` as `baseFuel`; what is not written with hyphens becomes a name that nothing has.
fn camel(name: &str) -> String {
    let capital =
        |part: &str| part.get(..1).unwrap_or_default().to_uppercase() + part.get(1..).unwrap_or_default();
    let mut parts = name.split('-');
    let first = parts.next().unwrap_or_default().to_lowercase();
    parts.fold(first, |name, part| name + &capital(part))
}

impl JwtOfFile {
    fn read(&self) -> Result<Jwt> {
        let jwks = crate::ambient::read(&self.jwks, MOST_BYTES)?;
        let terms = JwtTerms {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            role_claim: self.role_claim.clone(),
            tenant_claim: self.tenant_claim.clone(),
        };
        Jwt::of(&jwks, terms).with_context(|| format!("`{}` cannot be used", self.jwks.display()))
    }
}

fn key(key: &KeyOfFile) -> Result<Key> {
    let of = || format!("the key `{}`", key.name);
    let tenant = key.tenant.as_deref().map(str::parse).transpose().with_context(of)?;
    let role = match key.role {
        RoleOfFile::Operator if tenant.is_some() => bail!("{} is of the operator, who has no tenant", of()),
        RoleOfFile::Operator => Role::Operator,
        RoleOfFile::TenantAdministrator => Role::TenantAdministrator,
        RoleOfFile::Evaluator => Role::Evaluator,
        RoleOfFile::Auditor => Role::Auditor,
    };
    // What is wrong with it is told without it: somebody may have written the key itself.
    let digest = format!("sha256:{}", key.sha256).parse::<Digest>().ok();
    let digest = digest.with_context(|| {
        format!("{}: `sha256` is not 64 lower-case hexadecimal digits; `printf %s KEY | sha256sum`", of())
    })?;
    Ok(Key { name: key.name.clone(), digest, role, tenant })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, why: &str) {
        let error = format!("{:#}", File::parse(text).unwrap_err());
        assert!(error.contains(why), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        refused("listn = \"127.0.0.1:1\"", "unknown field `listn`");
        refused("[limits]\nthread = 1", "unknown field `thread`");
        refused("[ceiling]\nfuel = 1", "no `fuel`");
        refused("[ceiling]\nbaseFuel = 1", "no `baseFuel`");
        let keeps = "[[retention]]\ntenant = \"a\"\nkeep-days = 1\nreason = \"r\"\n";
        refused(&keeps.repeat(2), "stands twice");
        refused(&keeps.replace("= 1", "= 0"), "nonzero");
        refused("listen = \"localhost\"", "listen");
        refused("[[keys]]\nname = \"a\"\nsha256 = \"5ecre7\"\nrole = \"evaluator\"", "not 64 lower-case");
        let digest = "0".repeat(64);
        refused(
            &format!("[[keys]]\nname = \"a\"\nsha256 = \"{digest}\"\nrole = \"admin\""),
            "unknown variant",
        );
        let operator =
            format!("[[keys]]\nname = \"a\"\nsha256 = \"{digest}\"\nrole = \"operator\"\ntenant = \"x\"");
        refused(&operator, "has no tenant");
    }

    #[test]
    fn files_that_are_not_what_they_should_be_are_named() {
        let mut file = tempfile::NamedTempFile::with_suffix("not.pem").unwrap();
        std::io::Write::write_all(&mut file, b"secret").unwrap();
        let path = file.path().display();
        let wrong = |text: &str, why: [&str; 2]| {
            let file = File::parse(text).unwrap();
            let error = file.tls().map(drop).and_then(|()| file.authentication().map(drop)).unwrap_err();
            let error = format!("{error:#}");
            assert!(why.iter().all(|why| error.contains(why)), "{error}");
            assert!(!error.contains("secret"), "{error}");
        };
        let tls = format!("[tls]\ncertificate = \"{path}\"\nkey = \"{path}\"");
        wrong(&tls, ["not.pem", "no certificate"]);
        wrong(&tls.replace("not.pem", "gone.pem"), ["gone.pem", "cannot"]);
        let jwt = format!("[jwt]\njwks = \"{path}\"\nissuer = \"i\"\naudience = \"a\"");
        wrong(&jwt, ["not.pem", "no JSON Web Key Set"]);
        refused("[jwt]\njwks = \"x\"\nissuer = \"i\"", "missing field `audience`");
        refused("[tls]\ncertificate = \"x\"\nkey = \"y\"\nclients = true", "unknown field `clients`");
    }

    #[test]
    fn what_is_given_takes_the_place_of_the_usual() {
        let file = File::parse("[limits]\nconnections = 7\n[ceiling]\nbase-fuel = 9").unwrap();
        let limits = file.limits(ServerLimits::of(std::num::NonZeroUsize::MIN)).unwrap();
        assert_eq!((limits.connections, limits.drain_ms, limits.ceiling.base_fuel), (7, 30_000, 9));
        assert!(matches!(file.authentication().unwrap(), Authentication::Loopback));
        let file = File::parse("[quota]\nfuel-per-s = 5\n[tenants.acme]\nweight = 3").unwrap();
        let quotas = file.quotas().unwrap();
        let acme = quotas.named[&"acme".parse().unwrap()];
        assert_eq!((quotas.usual.weight.get(), acme.weight.get()), (1, 3));
        assert_eq!(acme.fuel_per_s, quotas.usual.fuel_per_s);
        refused("[tenants.\"A b\"]\nweight = 3", "[tenants.A b]");
        refused("[quota]\nweight = 0", "weight");
    }

    #[test]
    fn the_published_schema_is_that_of_the_file() {
        let published = include_str!("../../../docs/config.schema.json");
        let schema = serde_json::to_string_pretty(&schema()).unwrap();
        assert!(published.trim_end() == schema, "`lexgate schema config > docs/config.schema.json`");
    }

    #[test]
    fn every_key_is_documented() {
        let page = include_str!("../../../docs/operating.md");
        let schema = serde_json::to_value(schema()).unwrap();
        let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
        let keys: Vec<String> = objects
            .filter_map(|object| object["properties"].as_object())
            .flat_map(|properties| properties.keys().cloned())
            .collect();
        assert!(keys.len() > 20, "{keys:?}");
        let missing: Vec<_> = keys
            .iter()
            .filter(|key| {
                ["`{}`", "`[{}]`", "`[{}.NAME]`", "`[[{}]]`"]
                    .iter()
                    .all(|form| !page.contains(&form.replace("{}", key)))
            })
            .collect();
        assert!(missing.is_empty(), "docs/operating.md says nothing of {missing:?}");
    }
}
