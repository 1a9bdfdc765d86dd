//! The callers of the proxy: how they prove who they are, and what is counted for each.

use super::policy::Rules;
use super::rate::{Bucket, Rate};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Semaphore;

/// Calls of one caller at the same time.
const IN_FLIGHT: usize = 256;
/// Bytes of the bodies of one caller at the same time.
const BODY_BYTES: usize = 64 << 20;

/// The beginning of every token, so that scanners for leaked secrets can find them.
pub(crate) const PREFIX: &str = "actl_";

/// The header for a token of clients that can set any header.
pub(crate) const HEADER: &str = "x-authctl-token";

/// The SHA-256 digest of a token. The token itself is not kept: who reads the memory or the policy file can't call with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token([u8; 32]);

impl Token {
    /// Creates a random token and its digest.
    pub(crate) fn create() -> Result<(String, Self), getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let token = Self::of(&text);
        Ok((text, token))
    }

    fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Parses 64 hexadecimal digits.
    pub(crate) fn of_digest(digits: &str) -> Result<Self, &'static str> {
        const FORM: &str = "`token_sha256` must have 64 hexadecimal digits; authctl policy token prints one";
        if digits.len() != 64 {
            return Err(FORM);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| FORM)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| FORM)?;
        }
        Ok(Self(bytes))
    }

    /// The digest as hexadecimal digits.
    pub(crate) fn digits(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// One caller.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) token: Option<Token>,
    /// The user that may connect to the unix socket.
    pub(crate) user_id: Option<u32>,
    pub(crate) rules: Rules,
    pub(crate) bucket: Option<Arc<Bucket>>,
    pub(crate) expires: Option<SystemTime>,
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) body_bytes: Arc<Semaphore>,
}

impl Caller {
    pub(crate) fn new(
        name: String,
        token: Option<Token>,
        user_id: Option<u32>,
        rules: Rules,
        rate: Option<Rate>,
        expires: Option<SystemTime>,
    ) -> Self {
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
        let body_bytes = Arc::new(Semaphore::new(BODY_BYTES));
        let bucket = rate.map(|rate| Arc::new(Bucket::new(rate)));
        Self { name, token, user_id, rules, bucket, expires, in_flight, body_bytes }
    }

    /// The caller of a server without a policy: nobody else needs a share of the limits.
    pub(crate) fn only(name: String, token: Token, user_id: Option<u32>, rules: Rules) -> Self {
        Self {
            in_flight: Arc::new(Semaphore::new(super::IN_FLIGHT)),
            body_bytes: Arc::new(Semaphore::new(super::ALL_BODIES)),
            ..Self::new(name, Some(token), user_id, rules, None, None)
        }
    }
}

impl Caller {
    /// Continues what is counted for the same caller of an earlier policy.
    pub(crate) fn continuing(mut self, earlier: &[Arc<Self>]) -> Self {
        if let Some(same) = earlier.iter().find(|one| one.name == self.name) {
            self.in_flight = Arc::clone(&same.in_flight);
            self.body_bytes = Arc::clone(&same.body_bytes);
            if let (Some(own), Some(other)) = (&self.bucket, &same.bucket)
                && own.rate() == other.rate()
            {
                self.bucket = Some(Arc::clone(other));
            }
        }
        self
    }
}

/// Returns the caller that sent a request: by a token in any place where clients put their credential, or else by the user of a
/// unix socket.
///
/// Tokens are compared by their digests, so the duration of a comparison says nothing about a token.
pub(crate) fn identify<'c>(
    callers: &'c [Arc<Caller>],
    headers: &HeaderMap,
    peer: Option<u32>,
) -> Option<&'c Arc<Caller>> {
    let given: Vec<Token> = tokens(headers).iter().map(|text| Token::of(text)).collect();
    let by_token = callers.iter().find(|one| one.token.is_some_and(|own| given.contains(&own)));
    by_token.or_else(|| callers.iter().find(|one| peer.is_some() && one.user_id == peer))
}

/// Whether a request has anything that may be a token.
pub(crate) fn has_token(headers: &HeaderMap) -> bool {
    !tokens(headers).is_empty()
}

/// The values that may be a token: the own header, a bearer, name or password of Basic or of Verigator's header.
fn tokens(headers: &HeaderMap) -> Vec<String> {
    let mut found = Vec::new();
    let text = |name: &str| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    found.extend(text(HEADER).map(str::to_owned));
    for value in text(header::AUTHORIZATION.as_str()) {
        match value.split_once(' ') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("basic") => {
                let decoded = STANDARD.decode(rest.trim()).ok().and_then(|pair| String::from_utf8(pair).ok());
                found.extend(decoded.iter().flat_map(|pair| halves(pair)));
            }
            Some((_, rest)) => found.push(rest.trim().to_owned()),
            None => found.push(value.to_owned()),
        }
    }
    found.extend(text("x-service-auth").flat_map(halves));
    found.retain(|text| is_token(text));
    found
}

/// Returns `true` if a string has the form of a token of a caller. The vendor never gets one.
pub(crate) fn is_token(text: &str) -> bool {
    text.starts_with(PREFIX)
}

fn halves(pair: &str) -> Vec<String> {
    pair.splitn(2, ':').map(|half| half.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn caller(name: &str, token: Option<Token>, user_id: Option<u32>) -> Arc<Caller> {
        Arc::new(Caller::new(name.to_owned(), token, user_id, Rules::open(false), None, None))
    }

    #[test]
    fn a_token_is_found_wherever_clients_put_their_credential() {
        let (text, token) = Token::create().unwrap();
        assert!(text.starts_with("actl_") && text.len() == 48, "{text}");
        let callers =
            [caller("other", Some(Token::create().unwrap().1), None), caller("own", Some(token), None)];
        let of = |name: &'static str, value: String| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
            identify(&callers, &headers, Some(7)).map(|caller| caller.name.clone())
        };
        let basic = |user: &str, password: &str| STANDARD.encode(format!("{user}:{password}"));
        for (name, value) in [
            ("x-authctl-token", text.clone()),
            ("authorization", format!("Bearer {text}")),
            ("authorization", format!("bearer  {text}")),
            ("authorization", format!("Basic {}", basic("any", &text))),
            ("authorization", format!("BASIC {}", basic(&text, "a signature: of a client"))),
            ("authorization", text.clone()),
            ("x-service-auth", format!("user:{text}")),
        ] {
            assert_eq!(of(name, value.clone()).as_deref(), Some("own"), "{name}: {value}");
        }
        for (name, value) in [
            ("authorization", "Bearer actl_".to_owned()),
            ("authorization", format!("Bearer {}", text.to_uppercase())),
            ("authorization", format!("Bearer {text}x")),
            ("authorization", format!("Basic {text}")),
            ("cookie", format!("token={text}")),
            ("x-other", text.clone()),
        ] {
            assert_eq!(of(name, value.clone()), None, "{name}: {value}");
        }
    }

    #[test]
    fn the_user_of_a_socket_is_a_caller_if_a_rule_names_it() {
        let callers = [caller("job", None, Some(1000))];
        let name = |peer| identify(&callers, &HeaderMap::new(), peer).map(|caller| caller.name.clone());
        assert_eq!(name(Some(1000)).as_deref(), Some("job"));
        assert_eq!((name(Some(0)), name(None)), (None, None));
    }

    #[test]
    fn digests_are_read_as_they_are_printed() {
        let (_, token) = Token::create().unwrap();
        assert_eq!(Token::of_digest(&token.digits()), Ok(token));
        for bad in ["", "abc", &"g".repeat(64), &"a".repeat(63), &"é".repeat(32)] {
            assert!(Token::of_digest(bad).is_err(), "{bad}");
        }
    }
}
