//! The second-factor step of a login, across two requests of a web service or in a loop of a program.
//!
//! [`SecondFactor::begin`] sends a code and returns a [`Challenge`], which can be stored between two requests or passed
//! to another instance. [`Challenge::answer`] checks the code that the user entered. In contrast to the vendor's
//! samples, which loop until the code is correct, the number of tries is limited, an expired code is replaced only if
//! [`SecondFactor::max_codes`] allows it, and a failure has a typed reason.

use crate::models::{AuthMethod, Rejection, Verification};
use crate::{Client, Error};
use auth_client_core::provider::auth_core::secret::one_time_code;
use auth_client_core::provider::auth_core::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Settings of the second-factor step.
///
/// ```no_run
/// use verigator_client::{Outcome, Client, SecondFactor};
/// use verigator_client::models::AuthMethod;
///
/// # async fn ask(question: String) -> String { question }
/// # async fn run(verigator: &Client) -> Result<bool, verigator_client::Error> {
/// let step = SecondFactor::new(AuthMethod::Totp).max_tries(3);
/// let mut challenge = step.begin(verigator, "service-id", "user-id").await?;
/// loop {
///     let typed = ask(format!("Your code by {}: ", challenge.method())).await;
///     match challenge.answer(verigator, typed).await? {
///         Outcome::Verified => return Ok(true),
///         Outcome::Rejected(why) => println!("{why}; {} tries left", challenge.tries_left()),
///         Outcome::CodeReplaced => println!("the code had expired; another one was sent"),
///         Outcome::Failed(why) => {
///             println!("not verified: {why}");
///             return Ok(false);
///         }
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `begin` is called"]
pub struct SecondFactor {
    method: AuthMethod,
    max_tries: u32,
    max_codes: u32,
}

/// A code that was sent and not yet checked. It contains no secret and can be serialized, for example to a session or a
/// database.
///
/// Store it where the user can neither change it nor restore an older copy, because it counts the tries. It is bound to
/// the server and the API username of the client that created it, and contains both.
///
/// ```no_run
/// use verigator_client::{Outcome, Challenge, Client};
///
/// /// The second request of a login. The first one stored the challenge in the user's session.
/// async fn second_request(
///     verigator: &Client,
///     session: &mut String,
///     typed: String,
/// ) -> Result<&'static str, Box<dyn std::error::Error>> {
///     let mut challenge: Challenge = serde_json::from_str(session)?;
///     let outcome = challenge.answer(verigator, typed).await;
///     // The challenge counts the tries, also one whose response was lost.
///     *session = serde_json::to_string(&challenge)?;
///     Ok(match outcome? {
///         Outcome::Verified => "welcome",
///         Outcome::Rejected(_) => "wrong code; try again",
///         Outcome::CodeReplaced => "the code had expired; enter the new one",
///         Outcome::Failed(_) => "not verified",
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "the step is incomplete until the code is checked"]
pub struct Challenge {
    account: String,
    service_id: String,
    user_id: String,
    requested: AuthMethod,
    method: AuthMethod,
    tries_left: u32,
    codes_left: u32,
}

/// Result of checking a code, see [`Challenge`].
///
/// ```
/// use verigator_client::{Outcome, FailureReason};
///
/// assert!(Outcome::Verified.is_verified());
/// assert!(!Outcome::Failed(FailureReason::TooManyTries).is_verified());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a wrong code is a value, not an error"]
#[expect(clippy::exhaustive_enums, reason = "a login must decide each")]
pub enum Outcome {
    /// The code is correct.
    Verified,
    /// The code is wrong. The challenge accepts another try.
    Rejected(Rejection),
    /// The code had expired, and a new one was sent. The challenge accepts the new code.
    CodeReplaced,
    /// The step has ended without a correct code.
    Failed(FailureReason),
}

impl Outcome {
    /// Returns `true` if the code is correct.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        matches!(self, Self::Verified)
    }
}

/// The reason why the step ended without a correct code.
///
/// ```
/// assert_eq!(verigator_client::FailureReason::Expired.to_string(), "the code has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureReason {
    /// The limit of tries was reached.
    TooManyTries,
    /// The vendor temporarily accepts no more tries.
    Throttled,
    /// The code has expired, and no other code was allowed.
    Expired,
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyTries => "too many wrong codes",
            Self::Throttled => "too many tries: wait before the next one",
            Self::Expired => "the code has expired",
        })
    }
}

impl SecondFactor {
    /// Creates a step that sends codes with this method. Default: three tries, one code.
    ///
    /// ```
    /// use verigator_client::SecondFactor;
    /// use verigator_client::models::AuthMethod;
    ///
    /// // Five tries in all, and a second code if the first one expires.
    /// let step = SecondFactor::new(AuthMethod::Sms).max_tries(5).max_codes(2);
    /// # let _ = step;
    /// ```
    pub fn new(method: AuthMethod) -> Self {
        Self { method, max_tries: 3, max_codes: 1 }
    }

    /// Sets the maximum number of tries; at least one. Default: 3.
    pub fn max_tries(mut self, tries: u32) -> Self {
        self.max_tries = tries.max(1);
        self
    }

    /// Sets the maximum number of codes to send; with more than one, an expired code is replaced. Each text message
    /// costs money. Default: 1.
    pub fn max_codes(mut self, codes: u32) -> Self {
        self.max_codes = codes.max(1);
        self
    }

    /// Sends a code.
    ///
    /// ```no_run
    /// # async fn example(client: &verigator_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use verigator_client::SecondFactor;
    /// use verigator_client::models::AuthMethod;
    ///
    /// let challenge = SecondFactor::new(AuthMethod::Sms).begin(client, "service-id", "user-id").await?;
    /// println!("{}", serde_json::to_string(&challenge)?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if the call fails. It is not retried, because each text message costs money.
    pub async fn begin(&self, client: &Client, service_id: &str, user_id: &str) -> Result<Challenge, Error> {
        let started = client.users(service_id).authentication(user_id).start(self.method.clone()).await?;
        Ok(Challenge {
            account: client.account().to_owned(),
            service_id: service_id.to_owned(),
            user_id: user_id.to_owned(),
            requested: self.method.clone(),
            method: started.method,
            tries_left: self.max_tries,
            codes_left: self.max_codes - 1,
        })
    }
}

impl Challenge {
    /// Returns the delivery method that was used; a user without the app receives a text message instead of an app
    /// code.
    #[must_use]
    pub fn method(&self) -> &AuthMethod {
        &self.method
    }

    /// Returns the id of the user to whom the code was sent.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Returns the number of tries left.
    #[must_use]
    pub fn tries_left(&self) -> u32 {
        self.tries_left
    }

    /// Checks the code that the user entered; whitespace and invisible characters are removed. Store the challenge
    /// again afterwards, also after an error, because it counts the tries, including those whose response was lost.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: &verigator_client::Client,
    /// #     mut challenge: verigator_client::Challenge,
    /// # ) -> Result<(), verigator_client::Error> {
    /// let outcome = challenge.answer(client, "045961").await?;
    /// println!("{}", outcome.is_verified());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if a call fails; neither a check nor a new code is retried.
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the challenge belongs to a client of another
    /// server or API username.
    pub async fn answer(
        &mut self,
        client: &Client,
        typed: impl Into<SecretString>,
    ) -> Result<Outcome, Error> {
        if self.account != client.account() {
            let reason = "belongs to a client of another server or API username";
            return Err(
                auth_client_core::Error::invalid_input("authentication.verify", "challenge", reason).into()
            );
        }
        let Some(tries_left) = self.tries_left.checked_sub(1) else {
            return Ok(Outcome::Failed(FailureReason::TooManyTries));
        };
        let users = client.users(&self.service_id);
        let login = users.authentication(&self.user_id);
        let typed = typed.into();
        let code = one_time_code(&typed);
        // An empty code is wrong, and costs no try.
        if code.expose_secret().is_empty() {
            return Ok(Outcome::Rejected(Rejection { invalid: true, ..Rejection::default() }));
        }
        self.tries_left = tries_left;
        let rejection = match login.verify(code).await? {
            Verification::Verified { .. } => {
                self.tries_left = 0;
                return Ok(Outcome::Verified);
            }
            Verification::Rejected(why) => why,
        };
        let failure = match rejection {
            Rejection { throttled: true, .. } => FailureReason::Throttled,
            Rejection { expired: true, .. } if self.codes_left == 0 => FailureReason::Expired,
            _ if tries_left == 0 => FailureReason::TooManyTries,
            Rejection { expired: true, .. } => {
                self.codes_left -= 1;
                self.method = login.start(self.requested.clone()).await?.method;
                return Ok(Outcome::CodeReplaced);
            }
            rejection => return Ok(Outcome::Rejected(rejection)),
        };
        self.tries_left = 0;
        Ok(Outcome::Failed(failure))
    }
}
