//! TLS over real sockets, and that who fails at it, or is slow, is alone with that.

use super::*;
use lexgate_server::{BadTls, Tls};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// PEM of some bytes.
fn pem(name: &str, der: &[u8]) -> String {
    let lines: Vec<_> = der.chunks(48).map(|line| jwt::base64(line, false)).collect();
    format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", lines.join("\n"))
}

struct Pair {
    certificate: CertificateDer<'static>,
    chain: String,
    key: String,
}

fn pair() -> Pair {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Pair {
        certificate: cert.der().clone(),
        chain: pem("CERTIFICATE", cert.der()),
        key: pem("PRIVATE KEY", signing_key.serialized_der()),
    }
}

fn host(pair: &Pair) -> Host {
    let tls = Tls::of(pair.chain.as_bytes(), pair.key.as_bytes()).unwrap();
    Host::with(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.tls = Some(tls);
        config.limits.head_ms = 500;
    })
}

fn connect(host: &Host, trusted: &CertificateDer<'static>) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let stream = TcpStream::connect(host.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    StreamOwned::new(connection, stream)
}

/// Asks whether it lives.
fn ask(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> std::io::Result<String> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn requests_are_answered_over_tls_as_http_1() {
    let pair = pair();
    let host = host(&pair);
    let mut stream = connect(&host, &pair.certificate);
    let answer = ask(&mut stream).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
    // A certificate of somebody else is not taken for this one.
    let other = self::pair();
    assert!(ask(&mut connect(&host, &other.certificate)).is_err());
}

#[test]
fn a_handshake_that_fails_or_is_slow_holds_nobody_up() {
    let pair = pair();
    let host = host(&pair);
    let mut silent = TcpStream::connect(host.address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // Whoever speaks in clear gets an alert, no answer.
    let plain = host.raw(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(!plain.contains("HTTP"), "{plain}");
    assert!(ask(&mut connect(&host, &pair.certificate)).unwrap().starts_with("HTTP/1.1 200"));
    // The one who says nothing is let go, in the time a head may take.
    assert_eq!(silent.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn what_is_no_certificate_or_no_key_of_it_is_told_apart() {
    let (pair, other) = (pair(), self::pair());
    let of = |chain: &str, key: &str| Tls::of(chain.as_bytes(), key.as_bytes()).unwrap_err();
    assert!(matches!(of("", &pair.key), BadTls::NoCertificate));
    assert!(matches!(of("-----BEGIN CERTIFICATE-----\n!\n", &pair.key), BadTls::Certificate(_)));
    assert!(matches!(of(&pair.chain, &pair.chain), BadTls::Key));
    assert!(matches!(of(&pair.chain, &other.key), BadTls::Pair(_)));
}
