//! A login with a second factor: checks the user's policy, then a code or a push, in one program or across several
//! requests of a web service.
//!
//! The first step returns one of three variants. Only the variant that requires a second factor can check codes and
//! send pushes, so that a code of a denied user is never accepted as a login.

use crate::models::{
    AuthResult, AuthType, LoginToken, OtpCheck, Policy, PushRequest, TokenType, UserInfo, UserQuery,
};
use crate::{Client, Error, PushOutcome, PushWait};
use auth_client_core::UnknownFields;
use auth_client_core::provider::auth_core::secret::one_time_code;
use auth_client_core::provider::auth_core::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Placeholder that the vendor's plugin sends for an unknown address.
const NO_ADDRESS: &str = "UNKNOWN";

/// The second factor of one login.
///
/// ```no_run
/// use revesecure_client::{Client, Login, SecondFactor};
/// use revesecure_client::models::AuthType;
///
/// # async fn run(revesecure: &Client, typed: String) -> Result<(), revesecure_client::Error> {
/// match SecondFactor::of("ann@example.com").end_user_ip("203.0.113.7").begin(revesecure).await? {
///     Login::NeedsFactor(challenge) => {
///         let result = challenge.answer(revesecure, AuthType::Software, typed).await?;
///         println!("{}", if result.is_valid() { "welcome" } else { "wrong code" });
///     }
///     Login::Bypassed(_) => println!("welcome; no second factor needed"),
///     Login::Denied(_) => println!("access denied"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "nothing is sent until `begin` is called"]
pub struct SecondFactor {
    user_name: String,
    login_name: String,
    end_user_ip: Option<String>,
}

/// Result of the first step of a login.
///
/// ```
/// use revesecure_client::Login;
///
/// fn may_enter_at_once(login: &Login) -> bool {
///     matches!(login, Login::Bypassed(_))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a denied user is a value, not an error"]
#[expect(clippy::exhaustive_enums, reason = "a login must decide each")]
pub enum Login {
    /// A second factor is required; the challenge checks it.
    NeedsFactor(Box<Challenge>),
    /// This user may log in without a second factor.
    Bypassed(Box<UserInfo>),
    /// This user may not log in. An unknown policy counts as denied.
    Denied(Box<UserInfo>),
}

/// A login that awaits its second factor. It contains no secret and can be serialized, for example to a session or a
/// database. Store it where the user can't change it.
///
/// It is bound to the server, the API key and the [service](Client::for_service) of the client that created it.
///
/// ```no_run
/// use revesecure_client::models::AuthType;
/// use revesecure_client::{Challenge, Client, PushOutcome, PushWait};
///
/// /// A later request of a login. The first one stored the challenge in the user's session.
/// async fn later_request(
///     revesecure: &Client,
///     session: &str,
///     typed: Option<String>,
/// ) -> Result<&'static str, Box<dyn std::error::Error>> {
///     let challenge: Challenge = serde_json::from_str(session)?;
///     if let Some(code) = typed {
///         let result = challenge.answer(revesecure, AuthType::Software, code).await?;
///         return Ok(if result.is_valid() { "welcome" } else { "wrong code; try again" });
///     }
///     // No code: the page asks from time to time about the push that `send_push` sent.
///     Ok(match challenge.push_outcome(revesecure, PushWait::once()).await? {
///         PushOutcome::Approved => "welcome",
///         PushOutcome::StillPending { .. } => "confirm on your phone",
///         _ => "not approved",
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[must_use = "the login is incomplete until the challenge is completed"]
pub struct Challenge {
    login: SecondFactor,
    user: UserInfo,
    push_txn_id: Option<String>,
    client: String,
}

impl SecondFactor {
    /// Creates a login for the user with this email address or unique username at ReveSecure.
    ///
    /// ```
    /// use revesecure_client::SecondFactor;
    ///
    /// let login = SecondFactor::of("ann@example.com").login_name("root").end_user_ip("203.0.113.7");
    /// # let _ = login;
    /// ```
    pub fn of(user_name: impl Into<String>) -> Self {
        let user_name = user_name.into();
        Self { login_name: user_name.clone(), user_name, end_user_ip: None }
    }

    /// Sets the user's name at the site that the user logs in to. Default: the username, as in the vendor's plugin.
    pub fn login_name(mut self, login_name: impl Into<String>) -> Self {
        self.login_name = login_name.into();
        self
    }

    /// Sets the user's IP address. Default: `UNKNOWN`.
    pub fn end_user_ip(mut self, address: impl Into<String>) -> Self {
        self.end_user_ip = Some(address.into());
        self
    }

    /// Requests the user's policy from the server.
    ///
    /// ```no_run
    /// # async fn example(client: &revesecure_client::Client) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::{Login, SecondFactor};
    ///
    /// let login = SecondFactor::of("ann@example.com").begin(client).await?;
    /// println!("{}", if matches!(login, Login::Denied(_)) { "access denied" } else { "continue" });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if the call fails, or the response contains no policy.
    pub async fn begin(self, client: &Client) -> Result<Login, Error> {
        let mut query = UserQuery::login_name(&self.login_name).user_name(&self.user_name);
        if let Some(address) = &self.end_user_ip {
            query = query.ip(address);
        }
        let user = client.validation().user(query).await?;
        Ok(match user.policy {
            Policy::Enabled => {
                let client = fingerprint(client);
                let user = without_secrets(user);
                Login::NeedsFactor(Box::new(Challenge { login: self, user, push_txn_id: None, client }))
            }
            Policy::Bypass => Login::Bypassed(Box::new(user)),
            Policy::Denied | Policy::Unknown(_) => Login::Denied(Box::new(user)),
        })
    }

    fn address(&self) -> &str {
        self.end_user_ip.as_deref().unwrap_or(NO_ADDRESS)
    }
}

impl Challenge {
    /// Returns the user information that the vendor sent, without the API key and unknown fields.
    ///
    /// ```
    /// fn devices(challenge: &revesecure_client::Challenge) -> usize {
    ///     challenge.user().tokens.len()
    /// }
    /// ```
    #[must_use]
    pub fn user(&self) -> &UserInfo {
        &self.user
    }

    /// Returns the tokens that a push can be sent to: software tokens that are not blocked.
    ///
    /// ```
    /// fn phones(challenge: &revesecure_client::Challenge) -> Vec<&str> {
    ///     challenge.push_tokens().filter_map(|phone| phone.token_name.as_deref()).collect()
    /// }
    /// ```
    pub fn push_tokens(&self) -> impl Iterator<Item = &LoginToken> {
        self.user.tokens.iter().filter(|token| {
            token.token_type == Some(TokenType::Software)
                && !token.token_blocked.is_some_and(|flag| flag.is_set())
        })
    }

    /// Checks a code that the user entered; whitespace and invisible characters are removed. The call is never retried.
    /// Assumption (token-codes): a code is valid once, and the number of tries is unlimited, so limit them in your
    /// program.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: &revesecure_client::Client,
    /// #     challenge: &revesecure_client::Challenge,
    /// # ) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::models::AuthType;
    ///
    /// let result = challenge.answer(client, AuthType::Software, "123456").await?;
    /// println!("{}", if result.is_valid() { "welcome" } else { "wrong code" });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if the call fails, or the response doesn't contain a result.
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the challenge belongs to another server or
    /// service.
    pub async fn answer(
        &self,
        client: &Client,
        source: AuthType,
        code: impl Into<SecretString>,
    ) -> Result<AuthResult, Error> {
        self.check("validation.otp", client)?;
        let code = one_time_code(&code.into());
        // An empty code is wrong, and costs no try.
        if code.expose_secret().is_empty() {
            return Ok(AuthResult::Invalid("the code is empty".to_owned()));
        }
        let check = OtpCheck::login_name(&self.login.login_name)
            .user_name(&self.login.user_name)
            .end_user_ip(self.login.address())
            .otp(code)
            .auth_type(source);
        Ok(client.validation().otp(check).await?.auth_result)
    }

    /// Sends a push to one of [`push_tokens`](Self::push_tokens). Store the challenge again afterwards: it contains the
    /// id of the push, which [`push_outcome`](Self::push_outcome) requires.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: &revesecure_client::Client,
    /// #     challenge: &mut revesecure_client::Challenge,
    /// # ) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::PushWait;
    ///
    /// let phone = challenge.push_tokens().next().map(|phone| phone.token_id.clone());
    /// if let Some(phone) = phone {
    ///     challenge.send_push(client, &phone).await?;
    ///     println!("{}", challenge.push_outcome(client, PushWait::new()).await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`answer`](Self::answer). The push is never sent twice. If the response is lost,
    /// [`may_have_been_executed`](crate::CoreError::may_have_been_executed) returns `true`, because the push may have
    /// reached the phone.
    pub async fn send_push(&mut self, client: &Client, token_id: &str) -> Result<(), Error> {
        self.check("validation.push", client)?;
        let push = PushRequest::login_name(&self.login.login_name)
            .user_name(&self.login.user_name)
            .end_user_ip(self.login.address())
            .token_id(token_id);
        self.push_txn_id = Some(client.validation().push(push).await?.push_txn_id);
        Ok(())
    }

    /// Waits for the result of the last push. Use [`PushWait::once`] if your web page polls.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: &revesecure_client::Client,
    /// #     challenge: &revesecure_client::Challenge,
    /// # ) -> Result<(), revesecure_client::Error> {
    /// let outcome = challenge.push_outcome(client, revesecure_client::PushWait::once()).await?;
    /// println!("{outcome}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`answer`](Self::answer), and [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if no
    /// push was sent.
    pub async fn push_outcome(&self, client: &Client, wait: PushWait) -> Result<PushOutcome, Error> {
        const OPERATION: &str = "validation.push_status";
        self.check(OPERATION, client)?;
        match &self.push_txn_id {
            Some(push) => wait.wait(client, push).await,
            None => Err(auth_client_core::Error::invalid_input(OPERATION, "challenge", "has no push").into()),
        }
    }

    fn check(&self, operation: &'static str, client: &Client) -> Result<(), Error> {
        if self.client == fingerprint(client) {
            return Ok(());
        }
        let reason = "belongs to a client of another server or service";
        Err(auth_client_core::Error::invalid_input(operation, "challenge", reason).into())
    }
}

/// Removes what a stored challenge must not contain: the API key, which the server echoes, and fields that the client
/// doesn't know, which may contain it under another name.
fn without_secrets(user: UserInfo) -> UserInfo {
    let known = |token| LoginToken { unknown: UnknownFields::default(), ..token };
    let tokens = user.tokens.into_iter().map(known).collect();
    UserInfo { api_key: None, tokens, unknown: UnknownFields::default(), ..user }
}

/// Returns a digest of the client's server and API keys, which identifies the client without revealing its secrets.
fn fingerprint(client: &Client) -> String {
    let keys = (client.api_key(), client.service_key());
    let digest = Sha256::digest(format!("{}\n{}\n{}", client.engine().origin(), keys.0, keys.1));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
