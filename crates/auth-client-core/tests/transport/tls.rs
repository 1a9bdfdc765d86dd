//! TLS: which library speaks, whose certificates are trusted, and the certificate of the client.

use super::Subject;
use crate::common::{Json, READ};
use crate::{Served, engine, head_of, served};
use auth_client_core::transport::{BodyLimits, Phase, Transport as _};
use auth_client_core::{Error, ErrorKind, RetryPolicy, TlsBackend, TransportSettings, decode};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

pub(super) const AUTHORITY: &str = include_str!("certificates/ca.pem");
const SERVER: &str = include_str!("certificates/server.pem");
pub(super) const CLIENT: &str = include_str!("certificates/client.pem");

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    #[cfg(feature = "rustls-ring")]
    return Arc::new(rustls::crypto::ring::default_provider());
    #[cfg(not(feature = "rustls-ring"))]
    return Arc::new(rustls::crypto::aws_lc_rs::default_provider());
}

pub(super) fn config(wants_client: bool) -> rustls::ServerConfig {
    config_of(SERVER, wants_client)
}

pub(super) fn config_of(certificate: &str, wants_client: bool) -> rustls::ServerConfig {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let builder = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if wants_client {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    // Without the library's checks, so that a server can have an invalid certificate.
    let key = provider().key_provider.load_private_key(key).unwrap();
    let certified = rustls::sign::CertifiedKey::new(chain, key);
    builder.with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)))
}

/// Serves one connection, and returns the head of its request, or an empty string where TLS failed.
pub(super) fn serve(listener: TcpListener, wants_client: bool) -> Served<String> {
    serve_with(listener, config(wants_client))
}

pub(super) fn serve_with(listener: TcpListener, config: rustls::ServerConfig) -> Served<String> {
    let config = Arc::new(config);
    served(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let head = head_of(&mut stream);
        if !head.is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1").unwrap();
        }
        stream.conn.send_close_notify();
        let _ = stream.flush();
        // Until the client hangs up, so that what it sent last does not reset the connection.
        let _ = std::io::copy(&mut socket, &mut std::io::sink());
        head
    })
}

async fn call(transport: Subject, host: &str, wants_client: bool) -> (Result<Json, Error>, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{host}:{}", listener.local_addr().unwrap().port());
    let server = serve(listener, wants_client);
    let engine = engine(transport, &url, RetryPolicy::none());
    let result = engine.request(&READ, &["7".into()]).call(decode::json).await;
    drop(engine);
    let head = tokio::task::spawn_blocking(move || server.result()).await.unwrap();
    (result, head)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_of_the_caller_is_trusted_in_pem_and_in_der() {
    let der = CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap().to_vec();
    for backend in Subject::tls_backends() {
        for roots in [AUTHORITY.as_bytes().to_vec(), der.clone()] {
            for host in ["localhost", "127.0.0.1"] {
                let settings = TransportSettings::new().tls(*backend).add_root_certificate(roots.clone());
                let (result, head) = call(Subject::new(settings).unwrap(), host, false).await;
                assert_eq!(result.unwrap(), 1, "{backend} {host}");
                assert!(head.starts_with("GET /items/7 HTTP/1.1\r\n"), "{head}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_authority_is_an_error_that_no_retry_helps() {
    for backend in Subject::tls_backends() {
        let (result, head) =
            call(Subject::new(TransportSettings::new().tls(*backend)).unwrap(), "localhost", false).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false), "{error:?}");
        assert!(!error.is_retryable(), "{backend}: {error:?}");
        assert_eq!(head, "", "nothing of the request was sent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_asks_for_a_certificate_gets_the_one_of_the_caller() {
    for backend in Subject::tls_backends() {
        let settings = TransportSettings::new().tls(*backend).add_root_certificate(AUTHORITY);
        let (result, _) = call(Subject::new(settings.clone()).unwrap(), "localhost", true).await;
        assert!(result.is_err(), "{backend}: without a certificate the server refuses");
        let settings = settings.client_certificate(CLIENT);
        assert!(!format!("{settings:?}").contains("PRIVATE"), "{settings:?}");
        let (result, _) = call(Subject::new(settings).unwrap(), "localhost", true).await;
        assert_eq!(result.unwrap(), 1, "{backend}");
    }
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    for backend in Subject::tls_backends() {
        let built = Subject::new(TransportSettings::new().tls(*backend).client_certificate(AUTHORITY));
        assert_eq!(built.unwrap_err().field(), Some("client certificate"), "{backend}");
    }
}

#[test]
fn a_library_that_is_not_compiled_in_is_an_error_that_names_the_feature() {
    for backend in [TlsBackend::RustlsRing, TlsBackend::RustlsAwsLc, TlsBackend::Native] {
        let built = Subject::new(TransportSettings::new().tls(backend));
        if Subject::tls_backends().contains(&backend) {
            built.unwrap();
            continue;
        }
        let error = built.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("TLS")));
        assert!(error.to_string().contains(backend.as_str()), "{error}");
    }
}

/// What a client offers in its ClientHello: cipher suites and groups of keys.
struct Hello {
    suites: Vec<u16>,
    groups: Vec<u16>,
    protocols: Vec<u8>,
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// Cuts off a part with a length of `size` bytes before it.
fn part<'a>(bytes: &mut &'a [u8], size: usize) -> &'a [u8] {
    let length = bytes[..size].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let (part, rest) = bytes[size..].split_at(length);
    *bytes = rest;
    part
}

/// Parses a ClientHello, by RFC 8446, section 4.1.2.
fn hello(mut record: &[u8]) -> Hello {
    // Type and version of the record; type of the message; version and random.
    record = &record[3..];
    let mut message = part(&mut record, 2);
    message = &message[1..];
    let mut body = part(&mut message, 3);
    body = &body[34..];
    part(&mut body, 1);
    let suites = numbers(part(&mut body, 2));
    part(&mut body, 1);
    let mut extensions = part(&mut body, 2);
    let (mut groups, mut protocols) = (Vec::new(), Vec::new());
    while !extensions.is_empty() {
        let kind = numbers(&extensions[..2])[0];
        extensions = &extensions[2..];
        let mut extension = part(&mut extensions, 2);
        match kind {
            10 => groups = numbers(part(&mut extension, 2)),
            16 => protocols = part(&mut extension, 2).to_vec(),
            _ => {}
        }
    }
    Hello { suites, groups, protocols }
}

async fn hello_of(backend: TlsBackend) -> Hello {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = served(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let mut record = head.to_vec();
        record.resize(5 + usize::from(u16::from_be_bytes([head[3], head[4]])), 0);
        stream.read_exact(&mut record[5..]).unwrap();
        record
    });
    let transport = Subject::new(TransportSettings::new().tls(backend)).unwrap();
    let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
    let error = transport.send(request, BodyLimits::default()).await.unwrap_err();
    assert_eq!(error.phase(), Phase::Connecting, "{error:?}");
    hello(&server.result())
}

#[tokio::test]
async fn the_chosen_library_is_the_one_that_speaks() {
    /// X25519MLKEM768, which ring does not have.
    const POST_QUANTUM: u16 = 0x11ec;
    /// Every suite that rustls ever offers.
    const OF_RUSTLS: [u16; 10] =
        [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff];

    for backend in Subject::tls_backends() {
        let hello = hello_of(*backend).await;
        let is_rustls = *backend != TlsBackend::Native;
        let is_aws = *backend == TlsBackend::RustlsAwsLc;
        assert!(!hello.groups.is_empty() && !hello.suites.is_empty());
        // The operating system's library differs from one to the next, so it is recognised by what rustls never offers.
        if is_rustls {
            assert_eq!(hello.groups.contains(&POST_QUANTUM), is_aws, "{backend}: {:x?}", hello.groups);
        }
        let all_of_rustls = hello.suites.iter().all(|suite| OF_RUSTLS.contains(suite));
        assert_eq!(all_of_rustls, is_rustls, "{backend}: {:x?}", hello.suites);
        // HTTP/2 is offered with its feature only, even if another crate turns it on in hyper.
        let offers_h2 = hello.protocols.windows(2).any(|window| window == b"h2");
        assert_eq!(offers_h2, cfg!(feature = "http2"), "{backend}: {:?}", hello.protocols);
    }
}
