//! TLS of a reqwest client.

use crate::error::Error;
#[cfg(any(feature = "reqwest-013-rustls", feature = "reqwest-013-native-tls"))]
use crate::transport::tls;
use crate::transport::tls::{Adapter, Certificates, TlsBackend};
use crate::transport_error::cause::Cause;

const NO_TLS: &str =
    "this build has no TLS for reqwest: turn on `reqwest-013-rustls` or `reqwest-013-native-tls`";

/// Sets the TLS library and the certificates of a reqwest client. Returns why https can't be called, if it can't.
pub(super) fn set(
    builder: reqwest::ClientBuilder,
    backend: Option<TlsBackend>,
    certificates: &Certificates,
) -> Result<(reqwest::ClientBuilder, Option<Cause>), Error> {
    match backend.or(super::ReqwestTransport::tls_backends().first().copied()) {
        None => certificates.refuse_without_tls().map(|()| (builder, Some(Cause::new(NO_TLS)))),
        #[cfg(feature = "reqwest-013-native-tls")]
        Some(TlsBackend::Native) => Ok((native(builder.tls_backend_native(), certificates)?, None)),
        #[cfg(feature = "reqwest-013-rustls")]
        Some(rustls) if super::ReqwestTransport::tls_backends().contains(&rustls) => {
            let (config, cause) = match tls::config::rustls(rustls, certificates)? {
                Ok(config) => ((*config).clone(), None),
                Err(error) => (tls::config::distrustful(rustls)?, Some(Cause::new(error.to_string()))),
            };
            Ok((builder.tls_backend_preconfigured(config), cause))
        }
        Some(missing) => Err(missing.is_missing(Adapter::Reqwest)),
    }
}

#[cfg(feature = "reqwest-013-native-tls")]
fn native(
    mut builder: reqwest::ClientBuilder,
    certificates: &Certificates,
) -> Result<reqwest::ClientBuilder, Error> {
    use auth_core::secret::ExposeSecret as _;

    for bytes in &certificates.roots {
        let parsed = match tls::is_pem(bytes) {
            true => reqwest::Certificate::from_pem_bundle(bytes),
            false => reqwest::Certificate::from_der(bytes).map(|one| vec![one]),
        };
        let roots = parsed.ok().filter(|roots| !roots.is_empty());
        let roots = roots.ok_or_else(|| Error::configuration("root certificate", tls::NO_ROOT))?;
        builder = roots.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
    }
    if let Some(pem) = &certificates.identity {
        let pem = pem.expose_secret();
        let identity = private_key(pem)
            .and_then(|key| reqwest::Identity::from_pkcs8_pem(pem.as_bytes(), key.as_bytes()).ok())
            .ok_or_else(|| Error::configuration("client certificate", tls::NO_IDENTITY))?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// PEM block of the private key; native-tls takes it separately.
#[cfg(feature = "reqwest-013-native-tls")]
fn private_key(pem: &str) -> Option<&str> {
    const END: &str = "-----END PRIVATE KEY-----";

    let block = pem.get(pem.find("-----BEGIN PRIVATE KEY-----")?..)?;
    block.get(..block.find(END)? + END.len())
}
