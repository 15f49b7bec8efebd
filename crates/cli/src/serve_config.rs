//! The configuration of `lexgate serve`: TOML, every key of which is known.

use anyhow::{Context, Result, bail};
use lexgate_model::Digest;
use lexgate_server::{Authentication, Jwt, JwtTerms, Key, Role, ServerLimits, Tls};
use serde::Deserialize;
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
    tls: Option<TlsOfFile>,
    jwt: Option<JwtOfFile>,
    #[serde(default)]
    keys: Vec<KeyOfFile>,
}

/// Files, PEM.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TlsOfFile {
    certificate: PathBuf,
    key: PathBuf,
}

/// An issuer of tokens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct JwtOfFile {
    jwks: PathBuf,
    issuer: String,
    audience: String,
    #[serde(default = "role_claim")]
    role_claim: String,
    #[serde(default = "tenant_claim")]
    tenant_claim: String,
}

fn role_claim() -> String {
    "lexgate_role".to_owned()
}

fn tenant_claim() -> String {
    "lexgate_tenant".to_owned()
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
    decision_ms: Option<u64>,
    batch_ahead: Option<usize>,
    evaluations: Option<usize>,
    drain_ms: Option<u64>,
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
        file.keys()?;
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

    /// Returns the limits, of those that are usual and those that are given.
    pub(crate) fn limits(&self, usual: ServerLimits) -> ServerLimits {
        let given = &self.limits;
        let mut limits = match given.threads {
            Some(threads) => ServerLimits::of(threads),
            None => usual,
        };
        limits.connections = given.connections.unwrap_or(limits.connections);
        limits.request.bytes = given.request_bytes.unwrap_or(limits.request.bytes);
        limits.head_ms = given.head_ms.unwrap_or(limits.head_ms);
        limits.body_ms = given.body_ms.unwrap_or(limits.body_ms);
        limits.decision_ms = given.decision_ms.unwrap_or(limits.decision_ms);
        limits.batch_ahead = given.batch_ahead.unwrap_or(limits.batch_ahead).max(1);
        limits.evaluations = given.evaluations.unwrap_or(limits.evaluations);
        limits.drain_ms = given.drain_ms.unwrap_or(limits.drain_ms);
        limits
    }
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
        let file = File::parse("[limits]\nconnections = 7").unwrap();
        let limits = file.limits(ServerLimits::of(std::num::NonZeroUsize::MIN));
        assert_eq!((limits.connections, limits.drain_ms), (7, 30_000));
        assert!(matches!(file.authentication().unwrap(), Authentication::Loopback));
    }
}
