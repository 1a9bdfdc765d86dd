//! `authctl login` and `authctl logout`: a user's session at Virtuous, whose tokens a store keeps.
//!
//! The password and the code are typed without an echo, or come from standard input; they are never arguments.

use crate::client::{Options, token_store, virtuous};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::Class;
use crate::interrupt;
use crate::output::note;
use crate::settings::{Settings, Source, environment, ways};
use crate::state::{Login, State, Store, token_file};
use auth_client_core::provider::BaseUrl;
use auth_client_core::provider::auth_core::store::{StoreKey, StoredToken, TokenStore as _};
use std::io::{BufRead as _, Write as _};
use virtuous_client::{LoginStep, SessionProblem};

pub(crate) const DEFAULT_HOST: &str = "https://api.virtuoussoftware.com";
pub(crate) const URL: &str = "VIRTUOUS_BASE_URL";
/// Codes that are tried before the login is given up.
const MAX_CODES: usize = 3;

/// Log a user in and store the tokens. Asks for user, password and one-time code.
#[derive(clap::Args, Debug)]
pub(crate) struct LoginArguments {
    /// The provider. Only virtuous has sessions of users; the others take keys.
    #[arg(value_name = "virtuous")]
    provider: String,
    /// The user name, usually an email address.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Where the tokens are stored. It is never changed without being asked.
    #[arg(long, value_enum, value_name = "STORE", default_value = "file")]
    store: Store,
    /// Read the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Read the one-time code from the next line of standard input, after the password if both come from there. Each login sends
    /// a new code, so write the code after the login has started: one that was known before is rejected.
    #[arg(long)]
    code_stdin: bool,
}

/// Delete the stored tokens of a login.
#[derive(clap::Args, Debug)]
pub(crate) struct LogoutArguments {
    /// The provider.
    #[arg(value_name = "virtuous")]
    provider: String,
}

fn only_virtuous(provider: &str) -> Result<(), Failure> {
    if provider == "virtuous" {
        return Ok(());
    }
    Err(match crate::settings::variables(provider) {
        [] => Failure::usage(format!("there is no provider {provider:?} with logins: virtuous has them")),
        _ => Failure::usage(format!("{provider} has no logins of users, only fixed credentials"))
            .hint(ways(provider, None)),
    })
}

/// Refuses what applies to the response of an operation.
fn plain(globals: &Globals) -> Result<(), Failure> {
    globals.refuse_all("logins have no request and no response to print")
}

fn profile(globals: &Globals) -> String {
    globals.profile().unwrap_or("default").to_owned()
}

pub(crate) async fn log_in(arguments: &LoginArguments, globals: &Globals) -> Result<(), Failure> {
    only_virtuous(&arguments.provider)?;
    if globals.emulator {
        return Err(Failure::usage(
            "the emulator of --emulator ends with the command, and so would the session",
        )
        .hint("start one with authctl emulator serve, and set VIRTUOUS_BASE_URL to its address"));
    }
    plain(globals)?;
    let profile = profile(globals);
    token_file(&profile)?;
    let environment = environment("virtuous")?;
    let config = Config::load()?;
    let of_profile = config.values(&profile, "virtuous")?.unwrap_or_default();
    let base_url = environment.get(URL).or_else(|| of_profile.get(URL)).cloned();
    let user = match &arguments.user {
        Some(user) => user.clone(),
        None => ask_user(globals)?,
    };
    if let Some(other) = State::load()?.login(&profile, "virtuous").filter(|other| other.user != user) {
        let other = crate::failure::visible(&other.user);
        return Err(Failure::usage(format!("{other} is logged in with profile {profile}"))
            .hint("authctl logout virtuous first, or --profile NAME"));
    }
    let login = Login { user: user.clone(), store: arguments.store, base_url, ended: None };
    let settings = Settings::of_login(&profile, login.clone(), config.assumed(&profile, "virtuous"));
    let client = virtuous(&settings, &Options::of(globals))?.build();
    let client = client.map_err(|error| Failure::call("virtuous", Class::Read, true, &error))?;
    let password = match arguments.password_stdin {
        true => line_of_input("password")?,
        false => hidden("Password", "--password-stdin", globals)?,
    };
    let failed = |error: &virtuous_client::Error| match error.session_problem() {
        Some(SessionProblem::LoginRefused) => Failure::new(
            Exit::Credentials,
            "login_refused",
            "the server rejected the login: user, password or code is wrong",
        ),
        Some(SessionProblem::StoreLocked | SessionProblem::StoreUnavailable) => {
            Failure::local(format!("the tokens could not be stored: {error}"))
        }
        _ => Failure::call("virtuous", Class::Read, true, error),
    };
    let outcome = async {
        let step = interrupt::until(Class::Read, client.login(&user, password)).await?;
        let challenge = match step.map_err(|error| failed(&error))? {
            LoginStep::LoggedIn(_) => return Ok(()),
            LoginStep::CodeRequired(challenge) => challenge,
            _ => return Err(Failure::local("this version doesn't know the next step of the login")),
        };
        let tries = if arguments.code_stdin { 1 } else { MAX_CODES };
        for attempt in 1..=tries {
            let code = match arguments.code_stdin {
                true => line_of_input("code"),
                false => hidden("One-time code", "--code-stdin", globals),
            };
            // Something was sent already, so it is no usage failure.
            let code = code.map_err(|failure| failure.after_password())?;
            match interrupt::until(Class::Read, challenge.answer(code)).await? {
                Ok(_) => return Ok(()),
                Err(error) if error.session_problem() != Some(SessionProblem::LoginRefused) => {
                    return Err(failed(&error));
                }
                Err(_) if attempt < tries => note("The code was rejected. Try again."),
                Err(_) => {}
            }
        }
        let message = "the server rejected the one-time code";
        Err(Failure::new(Exit::Credentials, "login_refused", message)
            .hint("each login sends a new code; earlier ones are invalid"))
    }
    .await;
    client.close().await;
    outcome?;
    State::load()?.set(&profile, "virtuous", Some(login.clone()))?;
    let place = match login.store {
        Store::File => format!("in {}", token_file(&profile)?.display()),
        #[cfg(feature = "keyring")]
        Store::Keyring => "in the keyring".to_owned(),
    };
    note(&format!("Logged in as {}. The tokens are stored {place}.", crate::failure::visible(&user)));
    let credentials = environment.keys().find(|name| **name != URL);
    if let Some(name) = credentials.filter(|_| globals.profile().is_none()) {
        note(&format!("Warning: {name} is set in the environment and is used instead of this login."));
    }
    Ok(())
}

pub(crate) async fn log_out(arguments: &LogoutArguments, globals: &Globals) -> Result<(), Failure> {
    only_virtuous(&arguments.provider)?;
    plain(globals)?;
    let profile = profile(globals);
    let state = State::load()?;
    let Some(login) = state.login(&profile, "virtuous") else {
        note(&format!("Nobody is logged in with profile {profile}."));
        return Ok(());
    };
    let store = token_store(login.store, &profile)?;
    let failed =
        |error: &dyn std::fmt::Display| Failure::local(format!("the tokens could not be deleted: {error}"));
    let mut locked = store.lock(&key(&login)?).await.map_err(|error| failed(&error))?;
    locked.clear().await.map_err(|error| failed(&error))?;
    drop(locked);
    state.set(&profile, "virtuous", None)?;
    note(&format!(
        "Logged out {}. The vendor has no call that ends the session; its tokens expire.",
        crate::failure::visible(&login.user)
    ));
    if let Some(name) = environment("virtuous")?.keys().find(|name| **name != URL) {
        note(&format!("{name} is still set in the environment."));
    }
    Ok(())
}

/// Makes the stored token count as expired, so that the next call renews it.
pub(crate) async fn expire(profile: &str, login: &Login) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::credentials(format!("the tokens can't be renewed: {error}"));
    let store = token_store(login.store, profile)?;
    let mut locked = store.lock(&key(login)?).await.map_err(|error| failed(&error))?;
    let Some(mut token) = locked.load().await.map_err(|error| failed(&error))? else { return Ok(()) };
    token.expires_at = Some(std::time::SystemTime::UNIX_EPOCH);
    locked.save(&token).await.map_err(|error| failed(&error))
}

/// Reads the stored token of a login.
pub(crate) async fn stored(profile: &str, login: &Login) -> Result<Option<StoredToken>, Failure> {
    let store = token_store(login.store, profile)?;
    store.load(&key(login)?).await.map_err(|error| Failure::credentials(error.to_string()))
}

/// Notes for `status` that the session of a login has ended, if this is why a call has failed.
pub(crate) async fn note_end(settings: &Settings, outcome: &Result<(), Failure>) {
    let (Err(Failure { ended: true, .. }), Source::Login(profile, login)) = (outcome, &settings.source)
    else {
        return;
    };
    // Ignored: the failure of the call says it too.
    let (Ok(Some(token)), Ok(state)) = (stored(profile, login).await, State::load()) else { return };
    if state.login(profile, "virtuous").as_ref() == Some(login) {
        let ended = Login { ended: Some(token.generation), ..login.clone() };
        let _ = state.set(profile, "virtuous", Some(ended));
    }
}

fn key(login: &Login) -> Result<StoreKey, Failure> {
    key_of(login.base_url.as_deref(), &login.user)
}

/// The key of a login in a token store, as the client makes it.
pub(crate) fn key_of(base_url: Option<&str>, account: &str) -> Result<StoreKey, Failure> {
    let base = BaseUrl::parse(URL, base_url.unwrap_or(DEFAULT_HOST))
        .map_err(|error| Failure::credentials(error.to_string()))?;
    Ok(StoreKey::new("virtuous", &base.origin().to_string(), account))
}

fn ask_user(globals: &Globals) -> Result<String, Failure> {
    if !globals.can_ask() {
        return Err(
            Failure::usage("the user is missing, and there is no terminal to ask").hint("--user NAME")
        );
    }
    let mut error = std::io::stderr();
    // Ignored: standard error is a terminal.
    let _ = write!(error, "User: ");
    let _ = error.flush();
    line_of_input("user").map(|line| line.trim().to_owned())
}

/// Asks on the terminal, without an echo.
pub(crate) fn hidden(what: &str, instead: &str, globals: &Globals) -> Result<String, Failure> {
    if !globals.can_ask() {
        return Err(Failure::usage(format!("there is no terminal to ask for the {}", what.to_lowercase()))
            .hint(instead));
    }
    // The function asks first and then reads Ctrl-C as a character, for which it sends the signal to this process.
    interrupt::terminal::save();
    rpassword::prompt_password(format!("{what}: ")).map_err(|error| match error.kind() {
        std::io::ErrorKind::Interrupted => {
            // In the meantime the signal ends the program.
            std::thread::sleep(std::time::Duration::from_secs(1));
            Failure::interrupted(Class::Read)
        }
        _ => Failure::local(format!("the terminal: {error}")),
    })
}

/// One line of standard input, without its end.
pub(crate) fn line_of_input(what: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|_| Failure::usage(format!("standard input has no {what}: it is not UTF-8")))?;
    let line = line.trim_end_matches(['\n', '\r']).to_owned();
    if line.is_empty() {
        return Err(Failure::usage(format!("standard input has no {what}")));
    }
    Ok(line)
}
