//! The cause of a failed TLS handshake.

#[cfg(all(test, feature = "__rustls"))]
use super::super::Phase;
use super::chain;
use std::borrow::Cow;
use std::error::Error as StdError;
#[cfg(feature = "__rustls")]
use std::fmt;
#[cfg(feature = "__rustls")]
use std::io;

#[cfg(not(feature = "__rustls"))]
pub(super) fn of(cause: &(dyn StdError + 'static)) -> Option<Cow<'static, str>> {
    of_native_tls(cause)
}

#[cfg(feature = "__rustls")]
pub(super) fn of(cause: &(dyn StdError + 'static)) -> Option<Cow<'static, str>> {
    use rustls::Error;

    if cause.is::<NoTrustStore>() {
        return Some(cause.to_string().into());
    }
    let Some(error) = cause.downcast_ref::<Error>() else { return of_native_tls(cause) };
    let text = match error {
        Error::InvalidCertificate(fault) => return Some(of_certificate(fault)),
        Error::InvalidMessage(_) => NO_TLS_HERE,
        Error::PeerIncompatible(_) => NOTHING_IN_COMMON,
        Error::AlertReceived(alert) => of_alert(u8::from(*alert)),
        _ => HANDSHAKE,
    };
    Some(text.into())
}

/// Describes what is wrong with the server's certificate, and what to do about it.
#[cfg(feature = "__rustls")]
fn of_certificate(fault: &rustls::CertificateError) -> Cow<'static, str> {
    use rustls::CertificateError as Certificate;

    let text = match fault {
        Certificate::Expired | Certificate::ExpiredContext { .. } => EXPIRED,
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => NOT_YET_VALID,
        Certificate::NotValidForNameContext { presented, .. } if presented.is_empty() => NAMELESS,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => OTHER_NAME,
        Certificate::UnknownIssuer => UNKNOWN_ISSUER,
        Certificate::Revoked => REVOKED,
        Certificate::BadEncoding => "the server's certificate can't be parsed; it must be reissued",
        // Of the authority that is trusted under this name.
        Certificate::BadSignature => BAD_SIGNATURE,
        Certificate::UnhandledCriticalExtension => CRITICAL_EXTENSION,
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => PURPOSE,
        // The types of these are not public, or not in every version of rustls.
        other => match other_name(other).as_str() {
            "UnsupportedSignatureAlgorithm" | "UnsupportedSignatureAlgorithmContext" => WEAK,
            "UnsupportedSignatureAlgorithmForPublicKeyContext" => BAD_SIGNATURE,
            "CaUsedAsEndEntity" => {
                "the server's certificate is that of an authority (CA:TRUE), which rustls does not accept for a server; \
                reissue it with CA:FALSE and a subjectAltName"
            }
            "UnsupportedCertVersion" => {
                "the server's certificate has no extensions (version 1); reissue it with a subjectAltName"
            }
            "EndEntityUsedAsCa" => NO_AUTHORITY,
            "UnsupportedCriticalExtension" => CRITICAL_EXTENSION,
            "certificate had invalid extensions" | "EmptyEkuExtension" => PURPOSE,
            // A word such as `NameConstraintViolation`; anything else may be about the caller's network.
            word if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                return format!("the server's certificate is invalid ({word}); it must be reissued").into();
            }
            _ => INVALID,
        },
    };
    text.into()
}

/// Returns the message of an error inside, or the name of the fault.
#[cfg(feature = "__rustls")]
fn other_name(fault: &rustls::CertificateError) -> String {
    match fault {
        rustls::CertificateError::Other(error) => error.to_string(),
        known => {
            let name = format!("{known:?}");
            name.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
        }
    }
}

/// Describes an alert of the server, by its number in RFC 8446, section 6.
fn of_alert(number: u8) -> &'static str {
    match number {
        // handshake_failure: TLS 1.2 has no other alert for a missing client certificate.
        40 => {
            "the server and this client have no version or cipher of TLS in common, or the server requires a client \
            certificate; set one with `client_certificate`"
        }
        // protocol_version
        70 => NOTHING_IN_COMMON,
        // unrecognized_name
        112 => "the server does not know this host name",
        _ if is_about_client(number) => CLIENT_CERTIFICATE,
        _ => "the server ended the TLS handshake",
    }
}

/// Returns whether the alert means that the server rejected the client's certificate or received none: bad_certificate,
/// unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown, unknown_ca, access_denied,
/// certificate_required.
fn is_about_client(alert: u8) -> bool {
    matches!(alert, 42..=46 | 48 | 49 | 116)
}

/// Returns whether the server closed the connection because of the client's certificate. The alert arrives after the
/// client's handshake, but before the server reads any part of a request.
pub(crate) fn is_refused_client(error: &(dyn StdError + 'static)) -> bool {
    chain(error).filter_map(alert).any(is_about_client)
}

#[cfg(feature = "__rustls")]
fn alert(cause: &(dyn StdError + 'static)) -> Option<u8> {
    match cause.downcast_ref() {
        Some(rustls::Error::AlertReceived(alert)) => Some(u8::from(*alert)),
        Some(_) => None,
        None => native_alert(&cause.to_string()),
    }
}

#[cfg(not(feature = "__rustls"))]
fn alert(cause: &(dyn StdError + 'static)) -> Option<u8> {
    native_alert(&cause.to_string())
}

/// Returns the number at the end of OpenSSL's message about an alert.
fn native_alert(message: &str) -> Option<u8> {
    let (_, rest) = message.split_once(OPENSSL)?;
    let number = rest.split_once(":SSL alert number ")?.1;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Part of OpenSSL's messages about TLS.
const OPENSSL: &str = ":SSL routines:";

/// Returns whether TLS failed, other than by the end of the connection.
pub(crate) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let native = |message: &str| message.contains(OPENSSL) && !message.contains(EOF);
    chain(error).any(|cause| {
        #[cfg(feature = "__rustls")]
        if cause.is::<rustls::Error>() {
            return true;
        }
        native(&cause.to_string())
    })
}

/// OpenSSL's message about a connection that was closed in the middle of the handshake.
const EOF: &str = "unexpected eof";

/// The operating system's library has messages only. These are OpenSSL's.
fn of_native_tls(cause: &(dyn StdError + 'static)) -> Option<Cow<'static, str>> {
    let message = cause.to_string();
    if !message.contains(OPENSSL) {
        return None;
    }
    let contains = |part: &&str| message.contains(part);
    if let Some(alert) = native_alert(&message) {
        return Some(of_alert(alert).into());
    }
    if !message.contains("certificate verify failed") {
        let text = match () {
            () if message.contains(EOF) => "the connection was closed",
            () if ["wrong version number", "packet length too long", "record layer failure"]
                .iter()
                .any(contains) =>
            {
                NO_TLS_HERE
            }
            () if ["unsupported protocol", "no protocols available", "no ciphers available"]
                .iter()
                .any(contains) =>
            {
                NOTHING_IN_COMMON
            }
            () => HANDSHAKE,
        };
        return Some(text.into());
    }
    let known = [
        ("expired", EXPIRED),
        ("not yet valid", NOT_YET_VALID),
        ("ostname mismatch", OTHER_NAME),
        ("IP address mismatch", OTHER_NAME),
        ("issuer certificate", UNKNOWN_ISSUER),
        ("self-signed", UNKNOWN_ISSUER),
        ("self signed", UNKNOWN_ISSUER),
        ("certificate purpose", PURPOSE),
        ("certificate signature failure", BAD_SIGNATURE),
        ("critical extension", CRITICAL_EXTENSION),
        ("too weak", WEAK),
        ("invalid CA certificate", NO_AUTHORITY),
        ("revoked", REVOKED),
    ];
    let known = known.iter().find(|(part, _)| message.contains(part));
    Some(known.map_or(INVALID, |(_, text)| text).into())
}

const INVALID: &str = "the server's certificate is invalid";
const EXPIRED: &str = "the server's certificate has expired";
const NOT_YET_VALID: &str = "the server's certificate is not valid yet: check the clock of this system";
const OTHER_NAME: &str = "the server's certificate is for another host name";
const REVOKED: &str = "the server's certificate was revoked";
const UNKNOWN_ISSUER: &str = "the server's certificate was issued by an authority that is not trusted here; trust your \
    own with `add_root_certificate`";
const PURPOSE: &str =
    "the server's certificate is for another purpose; reissue it with the extended key usage serverAuth";
const BAD_SIGNATURE: &str = "the server's certificate is not signed by the authority that is trusted under its name; if \
    that was renewed, trust the new one with `add_root_certificate`";
const CRITICAL_EXTENSION: &str =
    "the server's certificate has a critical extension that is not supported here; reissue it without";
const WEAK: &str = "the server's certificate is signed with an algorithm or a key that is not accepted here; reissue it, \
    for example with SHA-256 and 2048 bits";
const NO_AUTHORITY: &str =
    "the server's certificate was issued by a certificate that is not one of an authority (CA:TRUE)";
#[cfg(feature = "__rustls")]
const NAMELESS: &str = "the server's certificate names no host; reissue it with a subjectAltName";
const NO_TLS_HERE: &str = "the server does not speak TLS on this port";
const NOTHING_IN_COMMON: &str = "the server and this client have no version or cipher of TLS in common";
const HANDSHAKE: &str = "the TLS handshake failed";
const CLIENT_CERTIFICATE: &str =
    "the server did not accept the client's certificate, or requires one; set it with `client_certificate`";

/// The operating system has no certificate authorities, so https servers can't be verified.
#[cfg(feature = "__rustls")]
#[derive(Clone, Debug)]
pub(crate) struct NoTrustStore {
    /// What is wrong with the files that the environment names instead.
    named: Option<String>,
    source: std::sync::Arc<rustls::Error>,
}

#[cfg(feature = "__rustls")]
impl NoTrustStore {
    pub(crate) fn new(source: rustls::Error) -> Self {
        let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let file = named("SSL_CERT_FILE")
            .map(|path| describe("SSL_CERT_FILE", &path, std::fs::read(&path).map(drop)));
        let directories = named("SSL_CERT_DIR").map(|paths| {
            let read = std::env::split_paths(&paths).try_for_each(|path| std::fs::read_dir(path).map(drop));
            describe("SSL_CERT_DIR", &paths, read)
        });
        let all: Vec<_> = file.into_iter().chain(directories).collect();
        let named = (!all.is_empty()).then(|| all.join("; "));
        Self { named, source: std::sync::Arc::new(source) }
    }
}

/// Describes why the files that a variable names contain no certificate authorities.
#[cfg(feature = "__rustls")]
fn describe(variable: &str, value: &std::ffi::OsStr, read: io::Result<()>) -> String {
    let value = value.to_string_lossy();
    match read {
        Ok(()) => format!("`{variable}` names `{value}`, where there is none in PEM"),
        Err(error) => format!("`{variable}` names `{value}`, which can't be read: {error}"),
    }
}

#[cfg(feature = "__rustls")]
impl fmt::Display for NoTrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.named {
            Some(named) => write!(f, "no certificate authorities were found: {named}"),
            None => f.write_str(
                "no certificate authorities were found on this system: install the package `ca-certificates`, set \
                `SSL_CERT_FILE`, or trust your own with `add_root_certificate`",
            ),
        }
    }
}

#[cfg(feature = "__rustls")]
impl StdError for NoTrustStore {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(all(test, feature = "__rustls"))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::of;
    use super::*;
    use rustls::CertificateError as Certificate;

    #[derive(Debug)]
    struct Named(&'static str);

    impl fmt::Display for Named {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Named {}

    fn of_other(name: &'static str) -> String {
        let other = Certificate::Other(rustls::OtherError(std::sync::Arc::new(Named(name))));
        let error = io::Error::other(rustls::Error::InvalidCertificate(other));
        of(&error, Phase::Connecting).unwrap().into_owned()
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_named_without_its_contents() {
        assert!(of_certificate(&Certificate::BadEncoding).contains("can't be parsed"));
        assert!(of_certificate(&Certificate::BadSignature).contains("`add_root_certificate`"));
        assert!(of_certificate(&Certificate::InvalidPurpose).contains("serverAuth"));
        assert!(of_other("CaUsedAsEndEntity").contains("CA:FALSE"));
        assert!(of_other("EmptyEkuExtension").contains("serverAuth"));
        assert_eq!(of_other("NameConstraintViolation").matches("(NameConstraintViolation)").count(), 1);
        assert!(of_certificate(&Certificate::UnknownRevocationStatus).contains("(UnknownRevocationStatus)"));
        assert_eq!(of_other("the certificate of canary.corp is not trusted"), INVALID);
        assert_eq!(of_other(""), INVALID);
    }

    #[test]
    fn alerts_mean_the_same_with_every_library() {
        let alert = |code| rustls::Error::AlertReceived(rustls::AlertDescription::from(code));
        let openssl =
            |text: &str| io::Error::other(format!("error:0A000412:SSL routines:ssl3_read_bytes:{text}"));
        let said = |error: &(dyn StdError + 'static)| of(error, Phase::Sending).unwrap();
        for (code, part, refused) in [
            (40, "or the server requires a client certificate", false),
            (48, "`client_certificate`", true),
            (70, "no version or cipher", false),
            (80, "ended the TLS handshake", false),
            (112, "host name", false),
            (116, "`client_certificate`", true),
        ] {
            let native = openssl(&format!("x:../ssl/record/rec_layer_s3.c:1605:SSL alert number {code}"));
            let rustls = io::Error::other(alert(code));
            assert!(said(&rustls).contains(part) && said(&native) == said(&rustls), "{}", said(&native));
            assert_eq!(
                (is_refused_client(&rustls), is_refused_client(&native)),
                (refused, refused),
                "{code}"
            );
            assert!(is_tls(&rustls) && is_tls(&native));
        }
        let ended = openssl("unexpected eof while reading:../ssl/record/rec_layer_s3.c:322:");
        assert!(!is_tls(&ended) && said(&ended).contains("closed"), "{}", said(&ended));
        assert_eq!(said(&openssl("bad record mac:x.c:1:")), HANDSHAKE);
    }
}
