//! A login with a second factor in an axum service: the password in one request, the code in another.
//!
//! ```sh
//! cargo run --example two_factor
//! ```
//!
//! The example starts the emulator and the service in this process, and makes the requests of a browser.

#![allow(clippy::print_stdout, reason = "the example prints the dialogue")]

use auth_client_examples::Result;
use auth_emulator::Emulator;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Router, response::IntoResponse, response::Response};
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use verigator_client::models::{AuthMethod, NewService, NewUser};
use verigator_client::{Challenge, Client, Outcome, SecondFactor};

pub(crate) struct App {
    pub(crate) verigator: Client,
    pub(crate) service_id: String,
    /// Login name → password and id at Verigator. Yours has hashes, in a database.
    pub(crate) users: HashMap<String, (String, String)>,
    /// Session id → what the server knows about it. Yours is a database or Redis, so that any instance can continue.
    sessions: Mutex<HashMap<String, Session>>,
}

#[derive(Clone)]
enum Session {
    /// The password was right. A challenge as JSON, which holds no secret.
    Pending {
        user: String,
        challenge: String,
    },
    LoggedIn {
        user: String,
    },
}

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/login", post(log_in))
        .route("/code", post(check_code))
        .route("/me", get(me))
        .with_state(app)
}

/// The first request: checks the password, and sends a code.
async fn log_in(State(app): State<Arc<App>>, Json(login): Json<Login>) -> Response {
    let user = app.users.get(&login.user).filter(|(password, _)| *password == login.password);
    let Some((_, verigator_id)) = user else { return StatusCode::UNAUTHORIZED.into_response() };
    let step = SecondFactor::new(AuthMethod::Totp).max_tries(3);
    match step.begin(&app.verigator, &app.service_id, verigator_id).await {
        Ok(challenge) => app.keep_pending(None, login.user, &challenge, "enter the code"),
        Err(error) => unavailable(&error),
    }
}

/// The second request: checks the code that the user has typed.
async fn check_code(State(app): State<Arc<App>>, headers: HeaderMap, Json(typed): Json<Code>) -> Response {
    // Taken out, so that two requests at the same time can't both use the same try. After a crash the user logs in again.
    let Some((id, Session::Pending { user, challenge })) = app.take_pending(&headers) else {
        return (StatusCode::CONFLICT, "log in first").into_response();
    };
    let Ok(mut challenge) = serde_json::from_str::<Challenge>(&challenge) else {
        return (StatusCode::CONFLICT, "log in again").into_response();
    };
    match challenge.answer(&app.verigator, typed.code).await {
        // A new id: the old one may have been planted before the login.
        Ok(Outcome::Verified) => app.keep(None, Session::LoggedIn { user }, "welcome"),
        Ok(Outcome::Rejected(_)) => app.keep_pending(Some(id), user, &challenge, "wrong code; try again"),
        Ok(Outcome::CodeReplaced) => {
            app.keep_pending(Some(id), user, &challenge, "the code had expired; enter the new one")
        }
        Ok(Outcome::Failed(_)) => (StatusCode::UNAUTHORIZED, "log in again").into_response(),
        // The challenge has counted the try, also if the response was lost.
        Err(error) => {
            drop(app.keep_pending(Some(id), user, &challenge, ""));
            unavailable(&error)
        }
    }
}

async fn me(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let sessions = app.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    match session_id(&headers).and_then(|id| sessions.get(id)) {
        Some(Session::LoggedIn { user }) => user.clone().into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// The line of an error contains neither codes nor credentials.
fn unavailable(error: &verigator_client::Error) -> Response {
    println!("[log] {error}");
    (StatusCode::SERVICE_UNAVAILABLE, "try again later").into_response()
}

impl App {
    pub(crate) fn new(
        verigator: Client,
        service_id: String,
        users: HashMap<String, (String, String)>,
    ) -> Arc<Self> {
        Arc::new(Self { verigator, service_id, users, sessions: Mutex::default() })
    }

    fn keep_pending(
        &self,
        id: Option<String>,
        user: String,
        challenge: &Challenge,
        text: &'static str,
    ) -> Response {
        match serde_json::to_string(challenge) {
            Ok(challenge) => self.keep(id, Session::Pending { user, challenge }, text),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    /// Stores a session and returns its id in a cookie. Add `Secure` to the cookie of a service that is not on loopback.
    fn keep(&self, id: Option<String>, session: Session, text: &'static str) -> Response {
        let Some(id) = id.or_else(random_id) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let cookie = format!("session={id}; HttpOnly; SameSite=Strict; Path=/");
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(id, session);
        ([(header::SET_COOKIE, cookie)], text).into_response()
    }

    fn take_pending(&self, headers: &HeaderMap) -> Option<(String, Session)> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, session) = sessions.get_key_value(session_id(headers)?)?;
        let found = matches!(session, Session::Pending { .. }).then(|| (id.clone(), session.clone()))?;
        sessions.remove(&found.0);
        Some(found)
    }
}

fn session_id(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))
}

/// 128 random bits: a session id must not be guessable.
fn random_id() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().fold(String::new(), |mut id, byte| {
        // Writing to a String can't fail.
        let _ = write!(id, "{byte:02x}");
        id
    }))
}

/// Sends a request and returns the status, the text and the session's cookie, as a browser would.
pub(crate) async fn browse(
    router: &mut Router,
    path: &str,
    cookie: &str,
    body: Option<&serde_json::Value>,
) -> Result<(StatusCode, String, Option<String>)> {
    use tower_service::Service as _;

    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.map(ToString::to_string).unwrap_or_default();
    let request = axum::http::Request::builder()
        .method(method)
        .uri(path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .body(axum::body::Body::from(body))?;
    let response = router.call(request).await?;
    let status = response.status();
    let set = response.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
    let set = set.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
    let text = axum::body::to_bytes(response.into_body(), 1 << 16).await?;
    Ok((status, String::from_utf8_lossy(&text).into_owned(), set))
}

/// Registers a service and a user at Verigator, as an installation does once.
pub(crate) async fn set_up(emulator: &Emulator) -> Result<Arc<App>> {
    let at = emulator.verigator();
    let verigator = Client::builder(at.username(), at.password()).base_url(at.base_url()).build()?;
    let service = verigator.services().create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).await?;
    let anna = NewUser::id_in_service("anna").phone_number("+37251000001");
    let anna = verigator.users(&service.id).create(anna).await?;
    let users = HashMap::from([("anna".to_owned(), ("open sesame".to_owned(), anna.id))]);
    Ok(App::new(verigator, service.id, users))
}

#[tokio::main]
async fn main() -> Result {
    let emulator = Emulator::start().await?;
    let mut router = router(set_up(&emulator).await?);
    // In a service: axum::serve(listener, router).await

    let login = serde_json::json!({ "user": "anna", "password": "open sesame" });
    let (status, text, cookie) = browse(&mut router, "/login", "", Some(&login)).await?;
    println!("POST /login: {status}, {text}");
    let mut session = cookie.ok_or("no session")?;
    // What the text message says.
    let sent = emulator.verigator().pending_codes_for("anna").remove(0).code;
    for code in ["000", &sent] {
        let typed = serde_json::json!({ "code": code });
        let (status, text, cookie) = browse(&mut router, "/code", &session, Some(&typed)).await?;
        println!("POST /code: {status}, {text}");
        session = cookie.unwrap_or(session);
    }
    let (status, text, _) = browse(&mut router, "/me", &session, None).await?;
    println!("GET /me: {status}, {text}");
    Ok(())
}
