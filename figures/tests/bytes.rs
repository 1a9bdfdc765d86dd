//! S4: no byte in a credential or a caller's header changes a request, and none stops the program.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ScriptedTransport;
use figures::report_all;
use figures::scheme::{Options, Scheme};
use http::{HeaderMap, Method};

/// Headers that carry a credential, of all schemes.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "x-service-auth"];

/// Two credentials of each scheme. Virtuous's private key is base64.
fn plain(scheme: Scheme) -> [&'static str; 2] {
    match scheme {
        Scheme::SignedRequest => ["public", "cHJpdmF0ZQ=="],
        Scheme::SignedPassword => ["apikey", "5ec0d5ec0d"],
        _ => ["first", "second"],
    }
}

fn lines(headers: &HeaderMap) -> usize {
    CREDENTIALS.iter().map(|name| headers.get_all(*name).iter().count()).sum()
}

#[tokio::test]
async fn every_character_in_every_credential_is_an_error_or_reaches_the_server_in_one_header() {
    let (mut tried, mut refused) = (0, 0);
    for scheme in Scheme::ALL {
        let transport = ScriptedTransport::new().json(200, "{}");
        let client = scheme.with(&Options::scripted(transport.clone()), plain(scheme)).unwrap();
        client.call(Method::GET, "/things/7").await.unwrap();
        let usual = lines(&transport.requests()[0].headers);
        assert!((1..=2).contains(&usual), "{scheme:?}");
        for position in 0..2 {
            // Characters up to 255: what a byte becomes that somebody reads as Latin-1.
            for character in (0..=255_u8).map(char::from) {
                for text in [
                    format!("{character}"),
                    format!("zq{character}xj"),
                    format!("{character}zqx"),
                    format!("zqx{character}"),
                ] {
                    let mut credentials = plain(scheme);
                    credentials[position] = &text;
                    tried += 1;
                    let transport = ScriptedTransport::new().json(200, "{}").json(200, "{}");
                    let options = Options { attempts: Some(1), ..Options::scripted(transport.clone()) };
                    let result = match scheme.with(&options, credentials) {
                        Ok(client) => client.call(Method::GET, "/things/7").await,
                        Err(failed) => Err(failed),
                    };
                    let requests = transport.requests();
                    refused += u64::from(requests.is_empty());
                    let what = format!("{scheme:?} {position} {text:?}");
                    assert_eq!(result.is_err(), requests.is_empty(), "{what}: {result:?}");
                    for request in requests {
                        assert_eq!(lines(&request.headers), usual, "{what}");
                        for value in request.headers.values() {
                            let bytes = value.as_bytes();
                            let text = std::str::from_utf8(bytes).unwrap();
                            assert!(!text.chars().any(char::is_control), "{what}: {bytes:?}");
                        }
                    }
                    if let Err(failed) = result {
                        assert!(
                            text.trim().len() < 3 || !failed.printed.contains(&text),
                            "{what}: {}",
                            failed.printed
                        );
                    }
                }
            }
        }
    }
    assert!(refused > 0 && refused < tried);
    report_all(
        "S4.header-injection",
        tried,
        6 * 2 * 256 * 4,
        &format!("0 panics; {refused} refused before sending, all others sent in one header"),
    );
}
