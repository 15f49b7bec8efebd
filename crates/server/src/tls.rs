//! TLS: a certificate with its key, and what a handshake may be.

use std::fmt;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// A certificate chain and its key: TLS 1.2 or 1.3, HTTP/1.1 alone.
#[derive(Clone)]
pub struct Tls(pub(crate) TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

/// Why a certificate and a key are of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    /// The certificate.
    #[error("the certificate cannot be read: give its chain as PEM, its own first")]
    Certificate(#[source] rustls::pki_types::pem::Error),
    /// No certificate at all.
    #[error("there is no certificate in it: give its chain as PEM, its own first")]
    NoCertificate,
    /// The key. What is wrong is told without it.
    #[error("the key cannot be read: give it as PEM, without a password")]
    Key,
    /// The two do not fit, or rustls takes them not.
    #[error("the certificate and the key cannot be used together")]
    Pair(#[source] rustls::Error),
}

impl Tls {
    /// Reads a certificate chain, its own certificate first, and its key, both PEM.
    ///
    /// # Errors
    /// [`BadTls`].
    pub fn of(certificate: &[u8], key: &[u8]) -> Result<Tls, BadTls> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.map_err(BadTls::Certificate)?;
        if chain.is_empty() {
            return Err(BadTls::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| BadTls::Key)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(BadTls::Pair)?;
        let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(BadTls::Pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }
}
