//! A login at Vault Vision in an axum service, by OpenID Connect.
//!
//! ```sh
//! cargo run --example login                    # logs a test user in, and ends
//! cargo run --example login -- --serve 8090    # for a browser
//! ```
//!
//! The example starts the emulator, whose tenant has a login page, and the service.

#![allow(clippy::print_stdout, reason = "the example prints what happens")]

use auth_client_examples::Result;
use auth_emulator::Emulator;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use vaultvision_client::oidc::{Login, Page, Pending};

struct App {
    login: Login,
    home: String,
    /// Logins that were started, by the id in a cookie. Yours is a session store: `Pending::to_secret` is a string for it.
    pending: Mutex<HashMap<String, Pending>>,
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(async || "log in at /auth/login, log out at /auth/logout"))
        .route("/auth/login", get(log_in))
        .route("/auth/callback", get(callback))
        .route("/auth/logout", get(log_out))
        .with_state(app)
}

/// Sends the visitor to the tenant's login page.
async fn log_in(State(app): State<Arc<App>>) -> Response {
    let started = app.login.begin(Page::Login);
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let id = format!("{:032x}", u128::from_be_bytes(bytes));
    app.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), started.pending);
    let cookie = format!("login={id}; Path=/auth; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(started.url.as_str())).into_response()
}

/// The tenant sends the visitor back here, with a code or an error.
async fn callback(State(app): State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let id = cookie.split("; ").find_map(|pair| pair.strip_prefix("login=")).unwrap_or_default();
    let pending = app.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    let Some(pending) = pending else { return (StatusCode::CONFLICT, "please log in again").into_response() };
    match app.login.finish(pending, &query.unwrap_or_default()).await {
        // Start a session of your own here; the subject identifies the user.
        Ok(logged_in) => match app.login.user_info(&logged_in).await {
            Ok(user) => {
                format!("welcome, {} ({})", user.email.unwrap_or_default(), user.subject).into_response()
            }
            Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        },
        Err(error) => (StatusCode::UNAUTHORIZED, error.to_string()).into_response(),
    }
}

/// Ends the visitor's sessions at the tenant, too.
async fn log_out(State(app): State<Arc<App>>) -> Response {
    match app.login.logout_url(&app.home) {
        Ok(url) => Redirect::to(url.as_str()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--serve", port] => Some(port.parse::<u16>()?),
        _ => None,
    };
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(0))).await?;
    let home = format!("http://{}/", listener.local_addr()?);
    let callback = format!("{home}auth/callback");

    // At the vendor, the console shows the application's id and secret, and the issuer is `https://` and the tenant's domain.
    let emulator = Emulator::start().await?;
    let prepared = emulator.vaultvision().prepare_login(&callback)?;
    let login = Login::at(&prepared.issuer).client_id(&prepared.client_id).redirect_url(&callback);
    let login = login.client_secret(prepared.client_secret.clone()).discover().await?;
    let app = Arc::new(App { login, home: home.clone(), pending: Mutex::default() });
    println!("{home}auth/login: log in as {} with the password {:?}", prepared.email, prepared.password);
    if port.is_some() {
        axum::serve(listener, router(app)).await?;
        return Ok(());
    }

    // What a browser does, without the page: the emulator logs the user in at the address to which the service redirects.
    let started = app.login.begin(Page::Login);
    let redirected = emulator.vaultvision().authorize(started.url.as_str(), &prepared.email)?;
    println!("the tenant redirects to {}?code=…", redirected.split('?').next().unwrap_or_default());
    let query = redirected.split_once('?').map_or("", |(_, query)| query);
    let logged_in = app.login.finish(started.pending, query).await?;
    let user = app.login.user_info(&logged_in).await?;
    println!("welcome, {} ({})", user.email.unwrap_or_default(), user.subject);
    println!("log out at {}", app.login.logout_url(&home)?);
    Ok(())
}
