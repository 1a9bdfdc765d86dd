//! HTTPS with the emulator's own certification authority.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]
#![cfg(feature = "tls")]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;

use auth_emulator::{Emulator, Fault, FaultRule, TlsFlaw};
use common::PATIENCE;
use common::crm::Signer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

fn address(url: &str) -> SocketAddr {
    url.strip_prefix("https://").expect("not https").parse().unwrap()
}

/// Sends a request and returns the response, or the error of the handshake.
async fn ask(ca_pem: &str, address: SocketAddr, name: &str, path: &str) -> std::io::Result<String> {
    ask_with(ca_pem, address, name, path, "").await
}

/// With more headers, as lines.
async fn ask_with(
    ca_pem: &str,
    address: SocketAddr,
    name: &str,
    path: &str,
    headers: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector.connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await?;
    let host = format!("{name}:{}", address.port());
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n{headers}\r\n").as_bytes()).await?;
    let mut response = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut response)).await.expect("no response")?;
    Ok(response)
}

#[tokio::test]
async fn every_provider_serves_https_for_the_names_of_this_machine() {
    let file = |name: &str| {
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pem", std::process::id()))
    };
    let (ca_file, other_file) = (file("ca"), file("other"));
    let emulator = Emulator::builder().tls(&ca_file).allow_host("api.test").start().await.unwrap();
    let tls = emulator.ready().tls.clone().unwrap();
    assert_eq!(std::fs::read_to_string(&ca_file).unwrap(), tls.ca_pem);
    assert!(tls.ca_pem.starts_with("-----BEGIN CERTIFICATE-----"));
    for (name, provider) in &emulator.ready().providers {
        let response = ask(&tls.ca_pem, address(&provider.base_url), "127.0.0.1", "/unknown").await.unwrap();
        assert!(response.starts_with("HTTP/1.0 4"), "{name}: {response}");
    }
    let verigator = address(&emulator.verigator().base_url());
    for name in ["localhost", "api.test"] {
        let response = ask(&tls.ca_pem, verigator, name, "/v1/service/service/none").await.unwrap();
        assert!(response.starts_with("HTTP/1.0 401"), "{name}: {response}");
    }
    assert!(ask(&tls.ca_pem, verigator, "other.example", "/").await.is_err(), "a foreign name");
    // VISE hosts too: the list of domains has no scheme, and clients use https.
    let vise = &emulator.ready().providers["vise"].env;
    let response = ask(&tls.ca_pem, address(&vise["VISE_HOST"]), "localhost", "/notes").await.unwrap();
    assert!(response.starts_with("HTTP/1.0 4"), "{response}");

    // Virtuous signatures contain the scheme.
    let virtuous = emulator.virtuous();
    let path = "/api/Contact/ByReference/crm%2F17";
    let mut signer = Signer::new(&virtuous, 1);
    signer.time = emulator.clock().now().unix_seconds();
    let signature = signer.signed(&signer.text(&format!("{}{path}", virtuous.base_url())));
    let header = format!("Authorization: {signature}\r\n");
    let response =
        ask_with(&tls.ca_pem, address(&virtuous.base_url()), "127.0.0.1", path, &header).await.unwrap();
    let checks = emulator.explain(&emulator.journal().pop().unwrap().request_id).unwrap().checks;
    assert!(response.starts_with("HTTP/1.0 200"), "{checks:?}");

    let other = Emulator::builder().tls(&other_file).start().await.unwrap();
    let foreign = other.ready().tls.as_ref().unwrap();
    assert!(ask(&foreign.ca_pem, verigator, "localhost", "/").await.is_err(), "another authority");

    let mut plain = TcpStream::connect(verigator).await.unwrap();
    plain.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut told = String::new();
    tokio::time::timeout(PATIENCE, plain.read_to_string(&mut told)).await.expect("not closed").unwrap();
    assert!(told.starts_with("HTTP/1.1 400") && told.contains("serves HTTPS only"), "{told}");
    for file in [ca_file, other_file] {
        std::fs::remove_file(file).unwrap();
    }
}

#[tokio::test]
async fn a_handshake_fails_as_the_fault_says_and_the_next_one_succeeds() {
    let file =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("flaw-{}.pem", std::process::id()));
    let emulator = Emulator::builder().tls(&file).start().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let ca_pem = emulator.ready().tls.clone().unwrap().ca_pem;
    let verigator = address(&emulator.verigator().base_url());
    for (tls, expected) in [
        (TlsFlaw::WrongHost, "NotValidForName"),
        (TlsFlaw::Expired, "Expired"),
        (TlsFlaw::UnknownIssuer, "UnknownIssuer"),
        (TlsFlaw::OldVersion, "Tls12"),
    ] {
        emulator.add_fault(FaultRule::new("verigator", Fault::Tls { tls })).unwrap();
        let error = ask(&ca_pem, verigator, "localhost", "/").await.unwrap_err();
        assert!(format!("{error:?}").contains(expected), "{tls:?}: {error:?}");
        assert!(emulator.journal().is_empty() && emulator.faults().is_empty(), "{tls:?}");
    }
    let response = ask(&ca_pem, verigator, "localhost", "/v1/service/service/none").await.unwrap();
    assert!(response.starts_with("HTTP/1.0 401"), "{response}");

    // The bytes of the old version: a record of TLS 1.1 with a `ServerHello` of TLS 1.1.
    emulator.add_fault(FaultRule::new("verigator", Fault::Tls { tls: TlsFlaw::OldVersion })).unwrap();
    let mut stream = TcpStream::connect(verigator).await.unwrap();
    stream.write_all(&[22, 3, 1]).await.unwrap();
    let mut hello = [0; 47];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut hello)).await.expect("no bytes").unwrap();
    assert_eq!(
        (&hello[..5], &hello[5..11], &hello[43..]),
        (&[22, 3, 2, 0, 42][..], &[2, 0, 0, 38, 3, 2][..], &[0, 0xc0, 0x13, 0][..])
    );
}
