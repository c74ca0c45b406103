//! TLS to PostgreSQL, as `sslmode` and `sslrootcert` of the URL ask for it.
//!
//! tokio-postgres knows neither `verify-full` nor `sslrootcert`, so both parameters are taken
//! out of the URL before it reads the rest.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::Startup;

/// What a URL says: how to connect, and how to encrypt.
pub fn read(url: &str) -> Result<(Config, MakeRustlsConnect), Startup> {
    let Parameters { rest, mode, verify, roots } = Parameters::take(url)?;
    let mut config: Config =
        rest.parse().map_err(|error| Startup(format!("the PostgreSQL URL is wrong: {error}")))?;
    config.ssl_mode(mode);
    let provider = Arc::new(ring::default_provider());
    let tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Startup(error.to_string()))?;
    let tls = match (verify, roots) {
        (false, _) => {
            tls.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
        }
        (true, Some(path)) => tls.with_root_certificates(roots_of(&path)?),
        (true, None) => tls.with_root_certificates(roots_of_the_system()?),
    };
    Ok((config, MakeRustlsConnect::new(tls.with_no_client_auth())))
}

/// A URL without the parameters that are read here, and these.
struct Parameters {
    rest: String,
    mode: SslMode,
    verify: bool,
    roots: Option<String>,
}

impl Parameters {
    fn take(url: &str) -> Result<Self, Startup> {
        // A password may hold a question mark, the host after it cannot.
        let host = url.find('@').unwrap_or_default();
        let query = url[host..].find('?').map_or(url.len(), |at| host + at + 1);
        let (mut mode, mut roots, mut rest) = ("prefer".into(), None, Vec::new());
        for pair in url[query..].split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            match &*percent_decode_str(key).decode_utf8_lossy() {
                "sslmode" => mode = value,
                "sslrootcert" => roots = Some(value.into_owned()),
                _ => rest.push(pair),
            }
        }
        let (mode, verify) = match (&*mode, &roots) {
            ("disable" | "prefer", Some(_)) => {
                let message = "sslrootcert needs sslmode=require or sslmode=verify-full";
                return Err(Startup(message.to_owned()));
            }
            ("disable", _) => (SslMode::Disable, false),
            ("prefer", _) => (SslMode::Prefer, false),
            ("require", roots) => (SslMode::Require, roots.is_some()),
            ("verify-full", _) => (SslMode::Require, true),
            _ => {
                let message = "sslmode must be disable, prefer, require or verify-full";
                return Err(Startup(message.to_owned()));
            }
        };
        Ok(Self { rest: format!("{}{}", &url[..query], rest.join("&")), mode, verify, roots })
    }
}

fn roots_of(path: &str) -> Result<RootCertStore, Startup> {
    let failed = |error: &dyn std::fmt::Display| Startup(format!("sslrootcert {path}: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
        roots.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    }
    match roots.is_empty() {
        true => Err(failed(&"there is no certificate in it")),
        false => Ok(roots),
    }
}

fn roots_of_the_system() -> Result<RootCertStore, Startup> {
    let mut roots = RootCertStore::empty();
    // One that cannot be read must not stop a connection that another vouches for.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    match roots.is_empty() {
        true => Err(Startup("the system has no root certificates; give sslrootcert".to_owned())),
        false => Ok(roots),
    }
}

/// Takes any certificate, which helps against listeners only. That the server holds its key is
/// still checked: channel binding rests on it.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
