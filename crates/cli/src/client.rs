//! Speaks HTTP to a server of Lexgate. A key goes to https and to this machine, and to nobody else.

use crate::ambient;
use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{Request, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Most bytes of an answer; a set has 4 MiB at most.
const MOST_BYTES: u64 = 64 << 20;
/// Most bytes of the files of a key and of certificates.
const MOST_FILE_BYTES: u64 = 1 << 20;
/// The variable that holds a key.
const KEY: &str = "LEXGATE_KEY";
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take. Preparing a set takes its time.
const ANSWER: Duration = Duration::from_secs(600);

/// Where a server is, and who asks it.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: Option<String>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: Vec<u8>,
}

impl Client {
    /// Makes one, with the key of a file or of the environment.
    pub(crate) fn new(server: &str, key_file: Option<&Path>, ca: Option<&Path>) -> Result<Client> {
        let place = Place::read(server)?;
        let key = match key_file {
            Some(path) => Some(
                String::from_utf8(ambient::read(path, MOST_FILE_BYTES)?)
                    .ok()
                    .with_context(|| format!("`{}` holds no key: it is not text", path.display()))?,
            ),
            None => ambient::variable(KEY),
        };
        let authorization = key.map(|key| authorization(key.trim())).transpose()?;
        if authorization.is_some() && !place.keeps_a_key {
            bail!(
                "a key is not sent to `{server}`, where others could read it: use https, or a server on this machine"
            );
        }
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // What answers with another address is not what was asked.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .user_agent(concat!("lexgate/", env!("CARGO_PKG_VERSION")));
        if place.secure {
            config = config.tls_config(tls(ca)?);
        } else {
            // A proxy could read what is not encrypted.
            config = config.proxy(None);
        }
        Ok(Client { agent: config.build().into(), base: place.base, authorization })
    }

    /// Asks for something.
    pub(crate) fn get(&self, path: &str) -> Result<Answer> {
        self.run(self.request("GET", path).body(())?)
    }

    /// Sends something, with more headers.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.run(request.body(body)?)
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }

    fn run(&self, request: Request<impl ureq::AsSendBody>) -> Result<Answer> {
        let from = || format!("no answer from `{}`", self.base);
        let mut answer = self.agent.run(request).with_context(from)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec().with_context(from)?;
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// Returns the body of an answer that was a success; an error with what the server says otherwise.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        if !(200..300).contains(&self.status) {
            return Err(self.problem());
        }
        serde_json::from_slice(&self.body).context("what answered is no server of Lexgate")
    }

    /// Returns what a server says is wrong (RFC 9457).
    pub(crate) fn problem(&self) -> anyhow::Error {
        let told: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(mut detail) = text(&told, "detail") else {
            return anyhow::anyhow!("the answer is {}, and not of a server of Lexgate", self.status);
        };
        let errors = told.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for error in errors {
            let (at, what) = (text(error, "pointer"), text(error, "detail"));
            detail.push_str(&format!("\n  {}: {}", at.unwrap_or_default(), what.unwrap_or_default()));
        }
        if let (Some(at), []) = (text(&told, "pointer").filter(|at| !at.is_empty()), errors) {
            detail.push_str(&format!(" (at {at})"));
        }
        anyhow::anyhow!("the server refuses ({}): {detail}", self.status)
    }
}

/// A URL, taken apart.
#[derive(Debug)]
struct Place {
    base: String,
    secure: bool,
    keeps_a_key: bool,
}

impl Place {
    fn read(server: &str) -> Result<Place> {
        let wrong = || {
            format!("`--server {server}` is not like `https://lexgate.example` or `http://127.0.0.1:8181`")
        };
        let uri: Uri = server.trim_end_matches('/').parse().with_context(wrong)?;
        let (Some(scheme), Some(authority), Some(host)) = (uri.scheme_str(), uri.authority(), uri.host())
        else {
            bail!(wrong())
        };
        if authority.as_str().contains('@') || uri.query().is_some() || !["http", "https"].contains(&scheme) {
            bail!(wrong());
        }
        let inside = host.trim_start_matches('[').trim_end_matches(']');
        let own = host == "localhost" || inside.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        let secure = scheme == "https";
        Ok(Place { base, secure, keeps_a_key: secure || own })
    }
}

/// Returns the header of a key. What is wrong with it is told without it.
fn authorization(key: &str) -> Result<String> {
    if key.is_empty() || key.len() > 8 << 10 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!("the key is empty, or has letters that no key has");
    }
    Ok(format!("Bearer {key}"))
}

pub(crate) fn tls(ca: Option<&Path>) -> Result<TlsConfig> {
    let roots: Vec<Certificate<'static>> = match ca {
        Some(path) => {
            let bytes = ambient::read(path, MOST_FILE_BYTES)?;
            let certificates = parse_pem(&bytes).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            });
            certificates
                .collect::<Result<_, _>>()
                .with_context(|| format!("cannot read `{}`", path.display()))?
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        }
    };
    if roots.is_empty() {
        bail!("no certificate is trusted: say which with `--ca`");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots)));
    Ok(config.unversioned_rustls_crypto_provider(provider).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(server: &str, base: &str, keeps_a_key: bool) {
        let place = Place::read(server).unwrap();
        assert_eq!((place.base.as_str(), place.keeps_a_key), (base, keeps_a_key));
    }

    #[test]
    fn a_key_goes_to_https_and_to_this_machine() {
        check("https://lexgate.example/", "https://lexgate.example", true);
        check("https://lexgate.example:8443/pdp/", "https://lexgate.example:8443/pdp", true);
        check("http://127.0.0.1:8181", "http://127.0.0.1:8181", true);
        check("http://127.9.9.9", "http://127.9.9.9", true);
        check("http://[::1]:8181", "http://[::1]:8181", true);
        check("http://localhost", "http://localhost", true);
        check("http://lexgate.example", "http://lexgate.example", false);
        check("http://localhost.example", "http://localhost.example", false);
        check("http://10.0.0.1", "http://10.0.0.1", false);
        check("http://127.0.0.1.example", "http://127.0.0.1.example", false);
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for server in ["", "lexgate.example", "ftp://x", "http://a:b@127.0.0.1", "http://x/?a=b", "http://"] {
            assert!(Place::read(server).is_err(), "{server}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_without_it() {
        for key in ["", "se cret", "secret\n", "sécret"] {
            let error = authorization(key).unwrap_err().to_string();
            assert!(!error.contains('s') || !error.contains("cret"), "{error}");
        }
        assert_eq!(authorization("abc").unwrap(), "Bearer abc");
    }
}
