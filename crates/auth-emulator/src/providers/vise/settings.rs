//! Settings. The vendor documents very little, so almost everything is a setting. They can be set at start, through the typed
//! handle, and as JSON through the control API.

use serde::{Deserialize, Serialize};

use crate::framework::settings::{ActionError, ProviderSettings};

/// The maximum number of VISE hosts; each has its own port.
pub(super) const MAX_HOSTS: usize = 256;
const MAX_DOMAINS: usize = 10_000;

/// Paths of hosts that `auth_path` can't have.
const TAKEN: &[&str] = &["/domains", "/login", "/welcome", "/notes"];

/// Settings for behavior that the vendor does not document.
///
/// ```
/// use auth_emulator::providers::vise::{Carrier, Challenge, CookieExpiry, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.hosts, settings.session_seconds), (3, 900));
/// settings.cookie_expiry = CookieExpiry::MaxAge;
/// settings.vise_token = Carrier::Header("X-Token".to_owned());
/// settings.challenge = Challenge::Page;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Number of VISE hosts, each on its own port; at most 256. Fixed at start. Default: 3.
    pub hosts: usize,
    /// Lifetime of a session, in seconds of emulator time. Assumption (session-lifetime): 900; the vendor documents only that
    /// it expires.
    pub session_seconds: u64,
    /// Expiry attribute of the session cookie. Assumption (session-lifetime): none.
    pub cookie_expiry: CookieExpiry,
    /// Response to a call with an expired session. Assumption (session-expired): 401.
    pub expired_response: ExpiredResponse,
    /// Number of calls after which a session ends; the response to the last one deletes the cookie. Default: no limit.
    pub calls_per_session: Option<u64>,
    /// Probability, in thousandths, that a session ends right before a call. Default: 0.
    pub random_expiry_per_mille: u32,
    /// Response to the opening of a session. Assumption (auth-response): 200 with an HTML page.
    pub opened_response: OpenedResponse,
    /// Method of the request that opens a session. Assumption (auth-request): GET.
    pub auth_method: AuthMethod,
    /// Path of that request. Documented: `/auth`.
    pub auth_path: String,
    /// Query parameter of the phrase. Documented: `pfk`.
    pub auth_parameter: String,
    /// Key phrases in the list of domains. Assumption (phrase-encoding): of any characters, and listed as they are.
    pub phrases: Phrases,
    /// Response to a wrong phrase. Assumption (phrase-refused): 401.
    pub wrong_phrase: WrongPhrase,
    /// Name of the session cookie. Assumption (session-cookie): `session`, as the vendor's page suggests.
    pub session_cookie: String,
    /// Whether opening a session sets two more cookies: one for the load balancer, and one for a wider domain. Default: true.
    pub sibling_cookies: bool,
    /// How the dashboard expects the token. Assumption (token-placement): `Authorization: Bearer`.
    pub dashboard_token: Carrier,
    /// How VISE hosts expect the token. Assumption (token-placement): the same way.
    pub vise_token: Carrier,
    /// Format of the list of domains. Assumption (domains-format): an array.
    pub domain_list: DomainList,
    /// Number of domains without VISE fields, listed after the others. Default: 0.
    pub domains_without_vise: usize,
    /// Whether the dashboard lists malicious addresses. Default: false.
    pub hostile: bool,
    /// The addresses that a hostile dashboard lists. Default: a built-in list.
    pub hostile_hosts: Vec<String>,
    /// Response of the protection layer to calls. Assumption (challenge): off.
    pub challenge: Challenge,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: 3,
            session_seconds: 900,
            cookie_expiry: CookieExpiry::Session,
            expired_response: ExpiredResponse::Unauthorized,
            calls_per_session: None,
            random_expiry_per_mille: 0,
            opened_response: OpenedResponse::Page,
            auth_method: AuthMethod::Get,
            auth_path: "/auth".to_owned(),
            auth_parameter: "pfk".to_owned(),
            phrases: Phrases::Raw,
            wrong_phrase: WrongPhrase::Unauthorized,
            session_cookie: "session".to_owned(),
            sibling_cookies: true,
            dashboard_token: Carrier::Bearer,
            vise_token: Carrier::Bearer,
            domain_list: DomainList::Array,
            domains_without_vise: 0,
            hostile: false,
            hostile_hosts: Vec::new(),
            challenge: Challenge::Off,
        }
    }
}

/// The expiry attribute of the session cookie.
///
/// ```
/// use auth_emulator::providers::vise::CookieExpiry;
///
/// assert_eq!(serde_json::json!(CookieExpiry::MaxAge), serde_json::json!("max_age"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CookieExpiry {
    /// None: a session cookie.
    Session,
    /// `Max-Age`.
    MaxAge,
    /// `Expires`.
    Expires,
}

/// The response to a call with an expired session.
///
/// ```
/// use auth_emulator::providers::vise::ExpiredResponse;
///
/// assert_eq!(serde_json::json!(ExpiredResponse::ClearedCookie), serde_json::json!("cleared_cookie"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpiredResponse {
    /// 401 with JSON.
    Unauthorized,
    /// 302 to an HTML page.
    Redirect,
    /// 200 with an HTML page.
    Page,
    /// 403 that deletes the cookie.
    ClearedCookie,
}

/// The response to the opening of a session.
///
/// ```
/// use auth_emulator::providers::vise::OpenedResponse;
///
/// assert_eq!(serde_json::json!(OpenedResponse::NoContent), serde_json::json!("no_content"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenedResponse {
    /// 200 with an HTML page.
    Page,
    /// 204.
    NoContent,
    /// 302 to a page on the same host.
    Redirect,
    /// 302 with another cookie; the page that it leads to opens the session for that cookie.
    RedirectFirst,
}

/// The method of the request that opens a session.
///
/// ```
/// use auth_emulator::providers::vise::AuthMethod;
///
/// assert_eq!(serde_json::json!(AuthMethod::Post), serde_json::json!("POST"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum AuthMethod {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// Key phrases in the list of domains.
///
/// ```
/// use auth_emulator::providers::vise::Phrases;
///
/// assert_eq!(serde_json::json!(Phrases::Plain), serde_json::json!("plain"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phrases {
    /// Listed as they are. That of the first host has letters and digits only; a client must encode the others.
    Raw,
    /// Letters and digits only, so that they can be inserted into a URL as they are listed.
    Plain,
    /// Listed percent-encoded, so that they can be inserted into a URL as they are listed.
    Encoded,
}

/// The response to a wrong phrase; never with the cookie.
///
/// ```
/// use auth_emulator::providers::vise::WrongPhrase;
///
/// assert_eq!(serde_json::json!(WrongPhrase::Forbidden), serde_json::json!("forbidden"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WrongPhrase {
    /// 401 with JSON.
    Unauthorized,
    /// 403 with JSON.
    Forbidden,
    /// 200 with an HTML page.
    Page,
    /// 302 to an HTML page.
    Redirect,
}

/// The place of a token in a request.
///
/// ```
/// use auth_emulator::providers::vise::Carrier;
///
/// assert_eq!(serde_json::json!(Carrier::Header("X-Token".to_owned())), serde_json::json!({"header": "X-Token"}));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Carrier {
    /// `Authorization: Bearer <token>`.
    Bearer,
    /// `Authorization: <token>`.
    Authorization,
    /// A header of this name.
    Header(String),
    /// A query parameter of this name.
    Query(String),
}

/// The format of the list of domains.
///
/// ```
/// use auth_emulator::providers::vise::DomainList;
///
/// assert_eq!(serde_json::json!(DomainList::Enveloped("data".to_owned())), serde_json::json!({"enveloped": "data"}));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DomainList {
    /// An array.
    Array,
    /// An object with the array in a field of this name.
    Enveloped(String),
    /// The first domain, as an object.
    Single,
    /// An array with other names of the two fields.
    OtherNames,
}

/// The response of the protection layer to calls to VISE hosts, including the opening of sessions.
///
/// ```
/// use auth_emulator::providers::vise::Challenge;
///
/// assert_eq!(serde_json::json!(Challenge::Page), serde_json::json!("page"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Challenge {
    /// None: calls pass.
    Off,
    /// 200 with a challenge page for browsers.
    Page,
    /// 403 with a challenge page.
    Forbidden,
}

impl ProviderSettings for Settings {
    fn check(&self, before: &Self) -> Result<(), ActionError> {
        let invalid = |message: &str| Err(ActionError::new(message));
        if self.hosts != before.hosts {
            return invalid("hosts: can only be set at start");
        }
        // RFC 6265: a token.
        let is_token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
        if self.session_cookie.is_empty() || !self.session_cookie.bytes().all(is_token) {
            return invalid("session_cookie: not the name of a cookie");
        }
        let is_of_path = |byte: u8| byte.is_ascii_graphic() && !b"?#".contains(&byte);
        if !self.auth_path.starts_with('/') || !self.auth_path.bytes().all(is_of_path) {
            return invalid("auth_path: not a path such as /auth");
        }
        if TAKEN.contains(&self.auth_path.as_str()) {
            return invalid("auth_path: another operation has this path");
        }
        if self.auth_parameter.is_empty() {
            return invalid("auth_parameter: is empty");
        }
        if self.domains_without_vise > MAX_DOMAINS {
            return Err(ActionError::new(format!("domains_without_vise: the maximum is {MAX_DOMAINS}")));
        }
        if self.random_expiry_per_mille > 1000 {
            return invalid("random_expiry_per_mille: the maximum is 1000");
        }
        Ok(())
    }

    fn restore_fixed(&mut self, before: &Self) {
        self.hosts = before.hosts;
    }
}
