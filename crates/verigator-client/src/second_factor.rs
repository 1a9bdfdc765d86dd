//! The whole second-factor step in one call: send a code, ask for it, verify it.
//!
//! The vendor's samples loop until the code is right. Here the number of tries is limited, an expired code is
//! replaced only if that was allowed, and a failure has a typed reason.

use crate::models::{AuthMethod, Rejection, Verification};
use crate::{Client, Error};
use auth_client_core::auth_core::{ExposeSecret, SecretString};
use std::fmt;
use std::future::Future;

/// Prompt for a code, passed to the callback of [`SecondFactor::run`].
///
/// ```
/// use verigator_client::Prompt;
///
/// fn question(prompt: &Prompt) -> String {
///     match &prompt.rejection {
///         Some(why) => format!("Wrong code ({why}). {} tries left after this one: ", prompt.tries_left),
///         None => format!("The code sent by {}: ", prompt.method),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prompt {
    /// Delivery method used: a user without the app gets a text message in place of an app code.
    pub method: AuthMethod,
    /// Number of this try, from 1.
    pub attempt: u32,
    /// Number of tries left after this one.
    pub tries_left: u32,
    /// Why the previous code was not accepted.
    pub rejection: Option<Rejection>,
}

/// Result of the second-factor step.
///
/// ```
/// use verigator_client::{FailureReason, Outcome};
///
/// assert!(Outcome::Verified.is_verified());
/// assert!(!Outcome::Failed(FailureReason::TooManyTries).is_verified());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a failed step is a value, not an error"]
pub enum Outcome {
    /// The user entered the right code.
    Verified,
    /// The user did not enter the right code.
    Failed(FailureReason),
}

impl Outcome {
    /// Returns `true` if the user entered the right code.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        matches!(self, Self::Verified)
    }
}

/// Reason why the step ended without a right code.
///
/// ```
/// assert_eq!(verigator_client::FailureReason::Expired.to_string(), "the code has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureReason {
    /// The user cancelled: the callback returned `None`.
    Cancelled,
    /// The limit of tries was reached.
    TooManyTries,
    /// The vendor accepts no more tries for a while.
    Throttled,
    /// The code has expired, and no further one was allowed.
    Expired,
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the user did not enter a code",
            Self::TooManyTries => "too many wrong codes",
            Self::Throttled => "too many tries: wait before the next one",
            Self::Expired => "the code has expired",
        })
    }
}

/// The second-factor step of a login.
///
/// ```no_run
/// use verigator_client::{Client, Outcome, SecondFactor};
/// use verigator_client::models::AuthMethod;
///
/// # async fn ask(question: String) -> Option<String> { None }
/// # async fn run(verigator: &Client) -> Result<(), verigator_client::Error> {
/// let outcome = SecondFactor::new(AuthMethod::Totp)
///     .max_tries(3)
///     .run(verigator, "service-id", "user-id", |prompt| async move {
///         ask(format!("Your code by {} (try {}): ", prompt.method, prompt.attempt)).await.map(Into::into)
///     })
///     .await?;
/// match outcome {
///     Outcome::Verified => println!("welcome"),
///     Outcome::Failed(why) => println!("not verified: {why}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a step does nothing until it runs"]
pub struct SecondFactor {
    method: AuthMethod,
    max_tries: u32,
    max_codes: u32,
}

impl SecondFactor {
    /// Creates a step that sends codes by this method, with three tries and one code.
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

    /// Sets the maximum number of codes to send. With more than one, an expired code is replaced. Each text
    /// message costs money. Default: 1.
    pub fn max_codes(mut self, codes: u32) -> Self {
        self.max_codes = codes.max(1);
        self
    }

    /// Sends a code, asks for it and verifies it, until it is right or a limit is reached.
    ///
    /// `ask` receives the [`Prompt`] and returns what the user entered, or `None` if the user cancelled.
    /// Surrounding white space is removed.
    ///
    /// ```no_run
    /// # async fn example(client: &verigator_client::Client) -> Result<(), verigator_client::Error> {
    /// use verigator_client::SecondFactor;
    /// use verigator_client::models::AuthMethod;
    ///
    /// let step = SecondFactor::new(AuthMethod::Sms);
    /// let outcome = step.run(client, "service-id", "user-id", async |prompt| {
    ///     println!("The code sent by {}: ", prompt.method);
    ///     let typed = std::io::stdin().lines().next()?.ok()?;
    ///     Some(typed.into())
    /// });
    /// println!("{}", outcome.await?.is_verified());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] if a call fails. Neither sending a code nor verifying it is retried.
    pub async fn run<F, A>(
        &self,
        client: &Client,
        service_id: &str,
        user_id: &str,
        mut ask: F,
    ) -> Result<Outcome, Error>
    where
        F: FnMut(Prompt) -> A,
        A: Future<Output = Option<SecretString>>,
    {
        let users = client.users(service_id);
        let login = users.authentication(user_id);
        let mut attempt = 0;
        let mut rejection = None;
        for _ in 0..self.max_codes {
            let started = login.start(self.method.clone()).await?;
            loop {
                if attempt == self.max_tries {
                    return Ok(Outcome::Failed(FailureReason::TooManyTries));
                }
                attempt += 1;
                let prompt = Prompt {
                    method: started.method.clone(),
                    attempt,
                    tries_left: self.max_tries - attempt,
                    rejection: rejection.take(),
                };
                let Some(code) = ask(prompt).await else {
                    return Ok(Outcome::Failed(FailureReason::Cancelled));
                };
                let code = code.expose_secret().trim();
                // An empty code is wrong and need not be sent.
                if code.is_empty() {
                    continue;
                }
                match login.verify(SecretString::from(code)).await? {
                    Verification::Verified { .. } => return Ok(Outcome::Verified),
                    Verification::Rejected(why) if why.throttled => {
                        return Ok(Outcome::Failed(FailureReason::Throttled));
                    }
                    Verification::Rejected(why) => {
                        let expired = why.expired;
                        rejection = Some(why);
                        if expired {
                            break;
                        }
                    }
                }
            }
        }
        Ok(Outcome::Failed(FailureReason::Expired))
    }
}
