//! Formats responses: JSON, HTML pages, and cookies.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::settings::{
    Challenge, CookieExpiry, DomainList, ExpiredResponse, OpenedResponse, Settings, WrongPhrase,
};
use crate::framework::exchange::Reply;
use crate::framework::timestamp::Timestamp;

const PAGE: &str = "<!doctype html><title>VISE</title><p>Please sign in.</p>";
const CHALLENGE: &str = "<!doctype html><title>Checking your browser</title><p>One moment.</p>";
/// The target of redirects, a page without a cookie.
const LOGIN: &str = "/login";

/// Assumption (error-bodies): errors are `{"message": …}`; the vendor documents no error body.
pub(super) fn problem(status: StatusCode, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

pub(super) fn page(status: StatusCode) -> Reply {
    Reply::text(status, "text/html; charset=utf-8", PAGE)
}

fn redirect() -> Reply {
    Reply::empty(StatusCode::FOUND).header(header::LOCATION, HeaderValue::from_static(LOGIN))
}

/// Adds a cookie to earlier ones.
fn set_cookie(mut reply: Reply, cookie: &str) -> Reply {
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        reply.headers.append(header::SET_COOKIE, cookie);
    }
    reply
}

/// A redirect that must be followed with its cookie.
pub(super) fn step(value: &str) -> Reply {
    let reply = Reply::empty(StatusCode::FOUND);
    let reply = reply.header(header::LOCATION, HeaderValue::from_static("/welcome?from=auth"));
    set_cookie(reply, &format!("step={value}; Path=/; HttpOnly"))
}

pub(super) fn opened(settings: &Settings, value: &str, now: Timestamp) -> Reply {
    let mut reply = match settings.opened_response {
        OpenedResponse::Page | OpenedResponse::RedirectFirst => page(StatusCode::OK),
        OpenedResponse::NoContent => Reply::empty(StatusCode::NO_CONTENT),
        OpenedResponse::Redirect => redirect(),
    };
    let seconds = settings.session_seconds;
    let expiry = match settings.cookie_expiry {
        CookieExpiry::Session => String::new(),
        CookieExpiry::MaxAge => format!("; Max-Age={seconds}"),
        CookieExpiry::Expires => {
            let end = now.plus(std::time::Duration::from_secs(seconds)).to_system_time();
            format!("; Expires={}", httpdate::fmt_http_date(end))
        }
    };
    if settings.sibling_cookies {
        reply = set_cookie(reply, "lb=node-7; Path=/; HttpOnly");
        reply = set_cookie(reply, "wide=1; Domain=0.0.1; Path=/");
    }
    set_cookie(reply, &format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{expiry}", settings.session_cookie))
}

/// Adds a header that deletes the session cookie.
pub(super) fn clearing(settings: &Settings, reply: Reply) -> Reply {
    set_cookie(reply, &format!("{}=; Path=/; Max-Age=0", settings.session_cookie))
}

pub(super) fn wrong_phrase(settings: &Settings) -> Reply {
    match settings.wrong_phrase {
        WrongPhrase::Unauthorized => problem(StatusCode::UNAUTHORIZED, "wrong phrase"),
        WrongPhrase::Forbidden => problem(StatusCode::FORBIDDEN, "wrong phrase"),
        WrongPhrase::Page => page(StatusCode::OK),
        WrongPhrase::Redirect => redirect(),
    }
}

pub(super) fn session_ended(settings: &Settings) -> Reply {
    match settings.expired_response {
        ExpiredResponse::Unauthorized => problem(StatusCode::UNAUTHORIZED, "no session"),
        ExpiredResponse::Redirect => redirect(),
        ExpiredResponse::Page => page(StatusCode::OK),
        ExpiredResponse::ClearedCookie => {
            clearing(settings, problem(StatusCode::FORBIDDEN, "the session has ended"))
        }
    }
}

/// The response of the protection layer in front of the host.
pub(super) fn challenge(challenge: Challenge) -> Option<Reply> {
    let status = match challenge {
        Challenge::Off => return None,
        Challenge::Page => StatusCode::OK,
        Challenge::Forbidden => StatusCode::FORBIDDEN,
    };
    Some(Reply::text(status, "text/html; charset=utf-8", CHALLENGE))
}

/// The list of domains, in the format that the settings require.
pub(super) fn domain_list(settings: &Settings, domains: Vec<Value>) -> Reply {
    let body = match &settings.domain_list {
        DomainList::Array => Value::Array(domains),
        DomainList::Enveloped(name) => json!({ name.as_str(): domains, "count": domains.len() }),
        DomainList::Single => domains.into_iter().next().unwrap_or_else(|| json!({})),
        DomainList::OtherNames => Value::Array(domains.into_iter().map(other_names).collect()),
    };
    Reply::json(StatusCode::OK, &body)
}

fn other_names(domain: Value) -> Value {
    let Value::Object(domain) = domain else { return domain };
    domain.into_iter().map(|(name, value)| (name.replace("domain_vise_", "vise-"), value)).collect()
}
