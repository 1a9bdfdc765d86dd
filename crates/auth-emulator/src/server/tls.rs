//! TLS: a certification authority and a certificate, made at each start.

#[cfg(feature = "tls")]
pub(crate) use with_tls::Tls;
#[cfg(not(feature = "tls"))]
pub(crate) use without_tls::Tls;

#[cfg(feature = "tls")]
mod with_tls {
    use std::io;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use rcgen::{
        BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
        Issuer, KeyPair, KeyUsagePurpose,
    };
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

    use crate::framework::faults::TlsFlaw;
    use crate::server::stream::Stream;

    /// Some clients reject certificates with a longer lifetime.
    const LIFETIME: Duration = Duration::from_secs(365 * 86_400);
    /// Clocks of clients may be slow.
    const SLACK: Duration = Duration::from_secs(86_400);

    /// The server side of TLS.
    #[derive(Clone)]
    pub(crate) struct Tls {
        acceptor: TlsAcceptor,
        made: Arc<Made>,
    }

    /// What the certificate was made of; one with a flaw is made of the same but for the flaw.
    struct Made {
        authority: Issuer<'static, KeyPair>,
        names: Vec<String>,
        now: SystemTime,
    }

    /// The `ServerHello` of a server that speaks TLS 1.1: version, random bytes, no session, a cipher suite, no compression.
    const OLD_SERVER_HELLO: &[u8] =
        b"\x16\x03\x02\0\x2a\x02\0\0\x26\x03\x02ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ\0\xc0\x13\0";

    impl Tls {
        /// A certificate for these names and IP addresses; also returns the authority's certificate as PEM.
        pub(crate) fn generate(names: Vec<String>, now: SystemTime) -> io::Result<(Self, String)> {
            let (authority, pem) = authority("auth-emulator test CA", now).map_err(io::Error::other)?;
            let acceptor = acceptor(&authority, now, names.clone())?;
            Ok((Self { acceptor, made: Arc::new(Made { authority, names, now }) }, pem))
        }

        pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
            Ok(Stream::Tls(Box::new(self.acceptor.accept(stream).await?)))
        }

        /// A handshake with a flaw, which clients end. One that doesn't is served.
        pub(crate) async fn accept_with(&self, flaw: TlsFlaw, mut stream: TcpStream) -> io::Result<Stream> {
            let Made { authority: known, names, now } = &*self.made;
            let acceptor = match flaw {
                TlsFlaw::WrongHost => acceptor(known, *now, vec!["other.invalid".to_owned()])?,
                TlsFlaw::Expired => acceptor(known, *now - LIFETIME - 2 * SLACK, names.clone())?,
                TlsFlaw::UnknownIssuer => {
                    let (unknown, _) = authority("an unknown CA", *now).map_err(io::Error::other)?;
                    acceptor(&unknown, *now, names.clone())?
                }
                TlsFlaw::OldVersion => {
                    // The beginning of the `ClientHello`; the rest is of no interest to a server that is about to be left.
                    let _ = stream.read(&mut [0; 4096]).await?;
                    stream.write_all(OLD_SERVER_HELLO).await?;
                    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
                    return Err(io::Error::other("the client left"));
                }
            };
            Ok(Stream::Tls(Box::new(acceptor.accept(stream).await?)))
        }
    }

    fn acceptor(
        authority: &Issuer<'static, KeyPair>,
        now: SystemTime,
        names: Vec<String>,
    ) -> io::Result<TlsAcceptor> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = params("auth-emulator", now, names).map_err(io::Error::other)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, authority).map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let chain = vec![certificate.der().clone()];
                builder.with_no_client_auth().with_single_cert(chain, key.into())
            })
            .map_err(io::Error::other)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn authority(name: &str, now: SystemTime) -> Result<(Issuer<'static, KeyPair>, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = params(name, now, Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key)?.pem();
        Ok((Issuer::new(params, key), pem))
    }

    fn params(name: &str, now: SystemTime, names: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = (now - SLACK).into();
        params.not_after = (now + LIFETIME).into();
        Ok(params)
    }
}

#[cfg(not(feature = "tls"))]
mod without_tls {
    use std::io;

    use tokio::net::TcpStream;

    use crate::framework::faults::TlsFlaw;
    use crate::server::stream::Stream;

    /// Never made: the feature `tls` is disabled.
    #[derive(Clone)]
    pub(crate) enum Tls {}

    impl Tls {
        pub(crate) async fn accept(&self, _: TcpStream) -> io::Result<Stream> {
            match *self {}
        }

        pub(crate) async fn accept_with(&self, _: TlsFlaw, _: TcpStream) -> io::Result<Stream> {
            match *self {}
        }
    }
}
