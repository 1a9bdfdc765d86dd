//! The knobs of the VISE stand-in. The vendor says very little, so almost everything is one.
//!
//! They can be set before the start, through the typed handle, and through the control API as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::providers::NotDone;

/// VISE hosts that one emulator runs at most; each has a port of its own.
pub(super) const MAX_HOSTS: usize = 256;

/// How the stand-in behaves where the vendor does not say.
///
/// ```
/// use auth_emulator::providers::vise::{Carrier, Challenge, CookieEnd, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.hosts, settings.session_seconds), (3, 900));
/// settings.cookie_end = CookieEnd::MaxAge;
/// settings.vise_token = Carrier::Header("X-Token".to_owned());
/// settings.challenge = Challenge::Page;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// How many VISE hosts there are, each on a port of its own; 256 at most. Can only be chosen before the start.
    pub hosts: usize,
    /// Assumption: a session lives 900 seconds from its opening, of emulator time. The vendor says only that it ends.
    pub session_seconds: u64,
    /// Assumption: the session cookie does not say when it ends.
    pub cookie_end: CookieEnd,
    /// Assumption: a call with an ended session is answered with 401.
    pub expired_answer: ExpiredAnswer,
    /// A session ends by itself after so many calls; the answer to the last of them clears the cookie. Off by default.
    pub calls_per_session: Option<u64>,
    /// How many in a thousand calls find that their session has just ended. 0 by default.
    pub random_end_per_mille: u32,
    /// Assumption: the answer to a session that was opened has status 200 and a page as its body.
    pub opened_answer: OpenedAnswer,
    /// Assumption: a wrong phrase is answered with 401.
    pub wrong_phrase: WrongPhrase,
    /// Assumption: the cookie is called `session`, as the vendor's page suggests.
    pub session_cookie: String,
    /// Opening a session sets more cookies: one for the load balancer, and one for a wider domain. On by default.
    pub sibling_cookies: bool,
    /// Assumption: the dashboard takes the token as `Authorization: Bearer`.
    pub dashboard_token: Carrier,
    /// Assumption: VISE hosts take it in the same way.
    pub vise_token: Carrier,
    /// Assumption: the list of domains is an array.
    pub domain_list: DomainList,
    /// Domains of the account that are listed without VISE fields, after those that have them. 0 by default.
    pub domains_without_vise: usize,
    /// The dashboard lies: the addresses in its list lead elsewhere. Off by default.
    pub hostile: bool,
    /// What a hostile dashboard lists; a list of the stand-in's own where this is empty.
    pub poisoned_hosts: Vec<String>,
    /// The protection layer answers calls by itself. Off by default.
    pub challenge: Challenge,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: 3,
            session_seconds: 900,
            cookie_end: CookieEnd::Unsaid,
            expired_answer: ExpiredAnswer::Unauthorized,
            calls_per_session: None,
            random_end_per_mille: 0,
            opened_answer: OpenedAnswer::Page,
            wrong_phrase: WrongPhrase::Unauthorized,
            session_cookie: "session".to_owned(),
            sibling_cookies: true,
            dashboard_token: Carrier::Bearer,
            vise_token: Carrier::Bearer,
            domain_list: DomainList::Array,
            domains_without_vise: 0,
            hostile: false,
            poisoned_hosts: Vec::new(),
            challenge: Challenge::Off,
        }
    }
}

/// Whether the session cookie says when it ends.
///
/// ```
/// use auth_emulator::providers::vise::CookieEnd;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(CookieEnd::MaxAge), serde_json::json!("max_age"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CookieEnd {
    /// It does not.
    Unsaid,
    /// As `Max-Age`.
    MaxAge,
    /// As `Expires`.
    Expires,
}

/// How a call with an ended session is answered.
///
/// ```
/// use auth_emulator::providers::vise::ExpiredAnswer;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(ExpiredAnswer::ClearedCookie), serde_json::json!("cleared_cookie"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpiredAnswer {
    /// 401 with JSON.
    Unauthorized,
    /// 302 to a page for people.
    Redirect,
    /// 200 with a page for people.
    Page,
    /// 403 that clears the cookie.
    ClearedCookie,
}

/// How the opening of a session is answered.
///
/// ```
/// use auth_emulator::providers::vise::OpenedAnswer;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(OpenedAnswer::NoContent), serde_json::json!("no_content"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenedAnswer {
    /// 200 with a page.
    Page,
    /// 204.
    NoContent,
    /// 302 to a page on the same host.
    Redirect,
}

/// How a wrong phrase is answered; never with the cookie.
///
/// ```
/// use auth_emulator::providers::vise::WrongPhrase;
///
/// // As the control API writes it.
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
    /// 200 with a page.
    Page,
    /// 302 to a page.
    Redirect,
}

/// How a token is carried.
///
/// ```
/// use auth_emulator::providers::vise::Carrier;
///
/// // As the control API writes it.
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
    /// A pair of this name in the query.
    Query(String),
}

/// The form of the list of domains.
///
/// ```
/// use auth_emulator::providers::vise::DomainList;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(DomainList::Enveloped("data".to_owned())), serde_json::json!({"enveloped": "data"}));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DomainList {
    /// An array.
    Array,
    /// An object that has the array under this name.
    Enveloped(String),
    /// The first domain alone, as an object.
    Single,
    /// The array, with other names for the two fields.
    OtherNames,
}

/// What the protection layer does with calls to VISE hosts, the opening of sessions included.
///
/// ```
/// use auth_emulator::providers::vise::Challenge;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(Challenge::Page), serde_json::json!("page"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Challenge {
    /// Nothing.
    Off,
    /// 200 with a page to be solved by a browser.
    Page,
    /// 403 with such a page.
    Forbidden,
}

impl Settings {
    /// These settings with the fields of `change` (an object) put in; all or nothing.
    pub(super) fn changed(&self, change: &Value) -> Result<Self, NotDone> {
        let Value::Object(change) = change else { return Err(NotDone("an object is needed".to_owned())) };
        let mut merged = serde_json::to_value(self).map_err(|error| NotDone(error.to_string()))?;
        if let Value::Object(merged) = &mut merged {
            merged.extend(change.clone());
        }
        let changed: Self = serde_json::from_value(merged).map_err(|error| NotDone(error.to_string()))?;
        if changed.hosts != self.hosts {
            return Err(NotDone("hosts: their ports are bound at the start".to_owned()));
        }
        Ok(changed)
    }
}
