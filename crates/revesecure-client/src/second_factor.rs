//! A login with its second factor: check the policy, then a code or a push.
//!
//! The first step returns one of three variants. Only the variant that needs a second factor leads to codes and
//! pushes, so that a code of a denied user is never taken for a login.

use crate::models::{
    AuthResult, AuthType, LoginToken, OtpCheck, Policy, PushRequest, TokenType, UserInfo, UserQuery,
};
use crate::{Client, Error, PushOutcome, PushWait};
use auth_client_core::auth_core::SecretString;
use std::fmt;

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
///         let result = challenge.code(AuthType::Software, typed).await?;
///         println!("{}", if result.is_valid() { "welcome" } else { "wrong code" });
///     }
///     Login::Bypassed(_) => println!("welcome; no second factor needed"),
///     Login::Denied(_) => println!("access denied"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
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
pub enum Login {
    /// A second factor is required; the challenge asks for it.
    NeedsFactor(Box<Challenge>),
    /// The policy admits this user without a second factor.
    Bypassed(Box<UserInfo>),
    /// This user is not admitted. An unknown policy counts as denied.
    Denied(Box<UserInfo>),
}

/// A login that waits for its second factor.
///
/// ```no_run
/// use revesecure_client::{Challenge, PushWait};
/// use revesecure_client::models::AuthType;
///
/// # async fn example(challenge: Challenge, typed: Option<String>) -> Result<bool, revesecure_client::Error> {
/// // The user confirms a push on the phone, or enters a code.
/// let phone = challenge.push_tokens().next().map(|phone| phone.token_id.clone());
/// Ok(match (phone, typed) {
///     (_, Some(code)) => challenge.code(AuthType::Software, code).await?.is_valid(),
///     (Some(phone), None) => challenge.push(&phone, PushWait::new()).await?.is_approved(),
///     (None, None) => false,
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct Challenge {
    client: Client,
    login: SecondFactor,
    user: UserInfo,
}

impl SecondFactor {
    /// Creates a login for the user with this e-mail address or unique user name at ReveSecure.
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

    /// Sets the name on the machine or site of the login. Default: the user name, as in the vendor's plugin.
    pub fn login_name(mut self, login_name: impl Into<String>) -> Self {
        self.login_name = login_name.into();
        self
    }

    /// Sets the user's IP address. Default: `UNKNOWN`.
    pub fn end_user_ip(mut self, address: impl Into<String>) -> Self {
        self.end_user_ip = Some(address.into());
        self
    }

    /// Asks the server whether the user may log in.
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
                Login::NeedsFactor(Box::new(Challenge { client: client.clone(), login: self, user }))
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
    /// Returns the user information that the vendor sent.
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

    /// Checks a code that the user entered. A check consumes the code and is never retried.
    ///
    /// ```no_run
    /// # async fn example(challenge: &revesecure_client::Challenge) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::models::AuthType;
    ///
    /// let result = challenge.code(AuthType::Software, "123456").await?;
    /// println!("{}", if result.is_valid() { "welcome" } else { "wrong code" });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if the call fails, or the response doesn't say if the code was right.
    pub async fn code(&self, source: AuthType, code: impl Into<SecretString>) -> Result<AuthResult, Error> {
        let check = OtpCheck::login_name(&self.login.login_name)
            .user_name(&self.login.user_name)
            .end_user_ip(self.login.address())
            .otp(code)
            .auth_type(source);
        Ok(self.client.validation().otp(check).await?.auth_result)
    }

    /// Sends a push to one of [`push_tokens`](Self::push_tokens) and waits for its result.
    ///
    /// ```no_run
    /// # async fn example(challenge: &revesecure_client::Challenge) -> Result<(), revesecure_client::Error> {
    /// use revesecure_client::PushWait;
    ///
    /// if let Some(phone) = challenge.push_tokens().next() {
    ///     println!("{}", challenge.push(&phone.token_id, PushWait::new()).await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`PushWait::run`].
    pub async fn push(&self, token_id: &str, wait: PushWait) -> Result<PushOutcome, Error> {
        let push = PushRequest::login_name(&self.login.login_name)
            .user_name(&self.login.user_name)
            .end_user_ip(self.login.address())
            .token_id(token_id);
        wait.run(&self.client, push).await
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("login", &self.login)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
