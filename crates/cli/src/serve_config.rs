//! The configuration of `lexgate serve`: TOML, every key of which is known.

use anyhow::{Context, Result, bail};
use lexgate_model::Digest;
use lexgate_server::{Authentication, Key, Retention, Role, ServerLimits, TenantName};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Most bytes of the file.
const MOST_BYTES: u64 = 1 << 20;

/// What stands in the file. `docs/operating.md` says what each key means.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) public_url: Option<String>,
    pub(crate) default_tenant: Option<String>,
    #[serde(default)]
    pub(crate) limits: Limits,
    /// The most that a binding may be granted.
    #[serde(default)]
    ceiling: BTreeMap<String, u64>,
    #[serde(default)]
    retention: Vec<RetentionOfFile>,
    #[serde(default)]
    keys: Vec<KeyOfFile>,
}

/// Limits; what is not there is as usual.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Limits {
    threads: Option<std::num::NonZeroUsize>,
    connections: Option<usize>,
    request_bytes: Option<usize>,
    head_ms: Option<u64>,
    body_ms: Option<u64>,
    write_ms: Option<u64>,
    decision_ms: Option<u64>,
    batch_ahead: Option<usize>,
    evaluations: Option<usize>,
    drain_ms: Option<u64>,
}

/// How long decisions of a tenant are kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RetentionOfFile {
    tenant: String,
    keep_days: std::num::NonZeroU32,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KeyOfFile {
    name: String,
    sha256: String,
    role: RoleOfFile,
    tenant: Option<String>,
}

impl std::fmt::Debug for KeyOfFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RoleOfFile {
    Operator,
    TenantAdministrator,
    Evaluator,
    Auditor,
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
        file.authentication()?;
        file.retention()?;
        file.limits(ServerLimits::of(std::num::NonZeroUsize::MIN))?;
        Ok(file)
    }

    /// Returns how callers show who they are.
    pub(crate) fn authentication(&self) -> Result<Authentication> {
        if self.keys.is_empty() {
            return Ok(Authentication::Loopback);
        }
        self.keys.iter().map(key).collect::<Result<_>>().map(Authentication::Keys)
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
    fn what_is_given_takes_the_place_of_the_usual() {
        let file = File::parse("[limits]\nconnections = 7\n[ceiling]\nbase-fuel = 9").unwrap();
        let limits = file.limits(ServerLimits::of(std::num::NonZeroUsize::MIN)).unwrap();
        assert_eq!((limits.connections, limits.drain_ms, limits.ceiling.base_fuel), (7, 30_000, 9));
        assert!(matches!(file.authentication().unwrap(), Authentication::Loopback));
    }
}
