//! A pair of tokens, and the response of `/Token` that contains one.
//!
//! The response is a flat object with two dotted names and a boolean that is a string. The vendor documents three
//! lifetimes (an hour in a sample, two weeks, 15 days), so none is assumed: the response states the expiry.

use auth_client_core::decode::{self, DecodeFailure};
use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::secret::{check_trimmed, has_visible};
use auth_client_core::provider::auth_core::{ExposeSecret, InvalidCredential, SecretString};
use auth_client_core::{RawJson, UnknownFields};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use std::fmt;
use std::time::{Duration, SystemTime};

/// The tokens of a user.
///
/// They are obtained by a login, or created from values that the program has stored:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use virtuous_client::{Client, Tokens};
///
/// let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
/// let kept = Tokens::new("access").with_refresh_token("refresh").with_expires_at(end);
/// let virtuous = Client::builder().tokens(kept).build()?;
/// # Ok::<(), virtuous_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Tokens {
    pub(crate) access: SecretString,
    pub(crate) refresh: Option<SecretString>,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) user_name: Option<String>,
    pub(crate) two_factor_enabled: Option<bool>,
}

impl Tokens {
    /// Creates tokens from an access token without a known expiry, which is used until the server rejects it.
    ///
    /// ```
    /// use virtuous_client::Tokens;
    ///
    /// let tokens = Tokens::new("access");
    /// assert!(tokens.refresh_token().is_none() && tokens.expires_at().is_none());
    /// ```
    #[must_use]
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access: access_token.into(),
            refresh: None,
            expires_at: None,
            user_name: None,
            two_factor_enabled: None,
        }
    }

    /// Sets the refresh token, which obtains the next pair. An empty string means none.
    ///
    /// ```
    /// use virtuous_client::Tokens;
    ///
    /// let tokens = Tokens::new("access").with_refresh_token("refresh");
    /// assert!(tokens.refresh_token().is_some());
    /// ```
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<SecretString>) -> Self {
        self.refresh = Some(refresh_token.into()).filter(is_given);
        self
    }

    /// Returns the tokens, or an error if the refresh token was pasted with something else, before it is spent.
    pub(crate) fn checked(self) -> Result<Self, InvalidCredential> {
        let refresh = self.refresh.as_ref().map(|refresh| refresh.expose_secret());
        refresh.map_or(Ok(()), |refresh| check_trimmed("refresh token", refresh))?;
        Ok(self)
    }

    /// Sets the expiry of the access token.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use virtuous_client::Tokens;
    ///
    /// let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    /// assert_eq!(Tokens::new("access").with_expires_at(end).expires_at(), Some(end));
    /// ```
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Returns the access token.
    ///
    /// ```
    /// use virtuous_client::ExposeSecret as _;
    /// use virtuous_client::Tokens;
    ///
    /// assert_eq!(Tokens::new("access").access_token().expose_secret(), "access");
    /// ```
    #[must_use]
    pub fn access_token(&self) -> &SecretString {
        &self.access
    }

    /// Returns the refresh token. The vendor doesn't document whether it can be used more than once; assume that it
    /// can't, and store the newest.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh.as_ref()
    }

    /// Returns the expiry of the access token, in local time.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Returns the name of the user, as reported by the server.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        self.user_name.as_deref()
    }

    /// Returns whether this user needs a one-time code to log in, if the server has reported it.
    #[must_use]
    pub fn two_factor_enabled(&self) -> Option<bool> {
        self.two_factor_enabled
    }
}

/// Returns whether a token has a visible character. Servers send an empty string for an unchanged token.
pub(super) fn is_given(token: &SecretString) -> bool {
    has_visible(token.expose_secret())
}

/// Prints the expiry, but neither tokens nor user.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("has_refresh_token", &self.refresh.is_some())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A successful response of `/Token`.
pub(crate) enum TokenResponse {
    Granted(Box<Granted>),
    /// 202: a one-time code is required. The body is not documented, so the status alone decides.
    CodeRequired,
}

/// Tokens whose expiry is not yet converted to local time.
pub(crate) struct Granted {
    pub(crate) tokens: Tokens,
    ends: Ends,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    At(SystemTime),
    After(Duration),
    Unknown,
}

#[derive(Clone, Default)]
struct Body {
    access_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    expires_in: RawJson,
    issued: RawJson,
    expires: RawJson,
    user_name: RawJson,
    two_factor_enabled: RawJson,
    unknown: UnknownFields,
}

auth_client_core::provider::record! {
    Lenient Body {
        "access_token" required => access_token,
        "refresh_token" => refresh_token,
        "expires_in" => expires_in,
        ".issued" => issued,
        ".expires" => expires,
        "userName" => user_name,
        "twoFactorEnabled" => two_factor_enabled,
    }
}

/// Decodes a response of `/Token`. Assumption (otp-request): a 202 requires a one-time code, whatever its body.
pub(crate) fn read(response: &Response<Bytes>) -> Result<TokenResponse, DecodeFailure> {
    if response.status() == StatusCode::ACCEPTED {
        return Ok(TokenResponse::CodeRequired);
    }
    let body: Body = decode::json(response)?;
    let access_token = body.access_token.ok_or(DecodeFailure::Rule("the access token is null"))?;
    if Bearer::new(&access_token).is_err() {
        return Err(DecodeFailure::Rule("the access token is not a valid header value"));
    }
    let ends = ends(&body.issued, &body.expires, &body.expires_in, response.headers());
    let mut tokens = Tokens::new(access_token);
    tokens.refresh = body.refresh_token.filter(is_given);
    tokens.user_name = body.user_name.as_str().map(str::to_owned);
    tokens.two_factor_enabled = flag(&body.two_factor_enabled);
    Ok(TokenResponse::Granted(Box::new(Granted { tokens, ends })))
}

/// Returns the expiry: from `.expires` and the server's clock if the response contains it, otherwise from `expires_in`,
/// otherwise from `.expires` and the local clock.
fn ends(issued: &RawJson, expires: &RawJson, expires_in: &RawJson, headers: &HeaderMap) -> Ends {
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let dated = headers.get(header::DATE).and_then(|now| now.to_str().ok()).and_then(date);
    let server_now = dated.or_else(|| issued.as_str().and_then(date));
    let end = expires.as_str().and_then(date);
    let seconds = expires_in.as_str().unwrap_or(expires_in.get()).trim().parse().ok();
    match (end, server_now, seconds) {
        (Some(end), Some(now), _) => Ends::After(end.duration_since(now).unwrap_or(Duration::ZERO)),
        (_, _, Some(seconds)) => Ends::After(Duration::from_secs(seconds)),
        (Some(end), None, None) => Ends::At(end),
        (None, _, None) => Ends::Unknown,
    }
}

/// Parses `"True"`, as in the vendor's sample, or a boolean.
fn flag(value: &RawJson) -> Option<bool> {
    value.as_str().unwrap_or(value.get()).to_ascii_lowercase().parse().ok()
}

impl Granted {
    /// Returns the tokens with their expiry on a clock that shows `now`.
    ///
    /// The lifetime is computed with the server's time if the response contains it, so that a wrong local clock neither
    /// shortens nor extends it. If a pair has already expired when it is issued, according to the response, it is used
    /// until the server rejects it.
    pub(crate) fn at(self, now: SystemTime) -> Tokens {
        let left = match self.ends {
            Ends::At(end) => end.duration_since(now).ok(),
            Ends::After(left) => Some(left),
            Ends::Unknown => None,
        };
        let left = left.filter(|left| !left.is_zero());
        Tokens { expires_at: left.and_then(|left| now.checked_add(left)), ..self.tokens }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::provider::auth_core::ExposeSecret;
    use http::HeaderValue;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn answer(status: u16, body: &str, date: Option<&str>) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(body.to_owned()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        if let Some(date) = date {
            response.headers_mut().insert(header::DATE, HeaderValue::from_str(date).unwrap());
        }
        response
    }

    fn granted(body: &str, date: Option<&str>) -> Tokens {
        match read(&answer(200, body, date)) {
            Ok(TokenResponse::Granted(granted)) => granted.at(SystemTime::UNIX_EPOCH + NOW),
            Ok(TokenResponse::CodeRequired) => panic!("a code is required"),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn life(body: &str, date: Option<&str>) -> Option<u64> {
        let end = granted(body, date).expires_at?;
        Some(end.duration_since(SystemTime::UNIX_EPOCH + NOW).unwrap().as_secs())
    }

    #[test]
    fn the_vendors_sample_is_read() {
        let tokens = granted(
            r#"{"access_token":"a","token_type":"bearer","expires_in":3599,"refresh_token":"r","userName":"u@x.org",
                "twoFactorEnabled":"True",".issued":"Thu, 10 Feb 2022 22:27:19 GMT",".expires":"Thu, 10 Feb 2022 23:27:19 GMT"}"#,
            Some("Thu, 10 Feb 2022 22:27:19 GMT"),
        );
        assert_eq!(tokens.access_token().expose_secret(), "a");
        assert_eq!(tokens.refresh_token().unwrap().expose_secret(), "r");
        assert_eq!((tokens.user_name(), tokens.two_factor_enabled()), (Some("u@x.org"), Some(true)));
        assert_eq!(tokens.expires_at(), Some(SystemTime::UNIX_EPOCH + NOW + Duration::from_secs(3600)));
    }

    #[test]
    fn the_end_is_the_date_or_else_the_seconds() {
        // 14 November 2023, 22:13:20 is 1,700,000,000.
        let at = r#"".expires":"Tue, 14 Nov 2023 23:13:20 GMT""#;
        for (members, date, expected) in [
            (at.to_owned(), None, Some(3600)),
            (format!("{at},\"expires_in\":60"), None, Some(60)),
            (format!("{at},\".issued\":\"Tue, 14 Nov 2023 23:13:00 GMT\""), None, Some(20)),
            (format!("{at},\"expires_in\":60"), Some("Tue, 14 Nov 2023 23:13:10 GMT"), Some(10)),
            (format!("{at},\"expires_in\":60"), Some("nonsense"), Some(60)),
            (r#"".expires":"soon","expires_in":60"#.to_owned(), None, Some(60)),
            (r#"".expires":7,"expires_in":"60""#.to_owned(), None, Some(60)),
            (r#"".expires":null,"expires_in":1295999"#.to_owned(), None, Some(1_295_999)),
            (r#""expires_in":-1"#.to_owned(), None, None),
            (r#""expires_in":null"#.to_owned(), None, None),
            // A pair that was just issued has not expired.
            (r#""expires_in":0"#.to_owned(), None, None),
            (format!("{at},\"expires_in\":60"), Some("Tue, 14 Nov 2023 23:13:20 GMT"), None),
            (r#"".expires":"Tue, 14 Nov 2023 22:13:20 GMT""#.to_owned(), None, None),
            (r#"".expires":"Tue, 14 Nov 2000 22:13:20 GMT","expires_in":60"#.to_owned(), None, Some(60)),
        ] {
            let body = format!("{{\"access_token\":\"a\",{members}}}");
            assert_eq!(life(&body, date), expected, "{body} {date:?}");
        }
        assert_eq!(life(r#"{"access_token":"a","expires_in":18446744073709551615}"#, None), None);
    }

    #[test]
    fn a_202_is_a_challenge_whatever_its_body() {
        for body in
            ["", "<html>", r#"{"error":"awaiting_verification"}"#, r#"{"access_token":"a","expires_in":60}"#]
        {
            assert!(matches!(read(&answer(202, body, None)), Ok(TokenResponse::CodeRequired)), "{body}");
        }
    }

    #[test]
    fn what_is_no_token_is_not_taken_for_one() {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"access_token":null}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\r\nb"}"#,
            r#"["a","r"]"#,
        ] {
            assert!(read(&answer(200, body, None)).is_err(), "{body}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_a_repeated_field_are_accepted() {
        let body =
            "\u{feff}{\"access_token\":\"old\",\"access_token\":\"a\",\"expires_in\":60,\"expires_in\":60}";
        assert_eq!(granted(body, None).access_token().expose_secret(), "a");
        assert_eq!(life(body, None), Some(60));
    }

    #[test]
    fn both_spellings_of_the_flag_are_read() {
        for (value, expected) in [
            ("\"True\"", Some(true)),
            ("\"false\"", Some(false)),
            ("true", Some(true)),
            ("\"maybe\"", None),
            ("null", None),
        ] {
            let body = format!("{{\"access_token\":\"a\",\"twoFactorEnabled\":{value}}}");
            assert_eq!(granted(&body, None).two_factor_enabled(), expected, "{value}");
        }
    }
}
