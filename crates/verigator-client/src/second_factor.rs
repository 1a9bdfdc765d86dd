//! The whole second-factor step in one call: start, ask, verify, a bounded number of times.
//!
//! The vendor's own samples loop until the code is right, without a limit. Here the tries are bounded, an expired code
//! is replaced by a new one only if that was allowed, and giving up has a typed reason.

use crate::models::{AuthMethod, Rejection, Verification};
use crate::{Client, Error};
use auth_client_core::auth_core::{ExposeSecret, SecretString};
use std::fmt;
use std::future::Future;

/// What the user is asked for.
///
/// ```
/// use verigator_client::Prompt;
///
/// fn question(prompt: &Prompt) -> String {
///     match &prompt.rejected {
///         Some(why) => format!("That was not it ({why}). {} more after this one: ", prompt.left),
///         None => format!("The code that came by {}: ", prompt.method),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prompt {
    /// How the code was really sent: a user without the app gets a text message instead of an app's code.
    pub method: AuthMethod,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// How many tries are left after this one.
    pub left: u32,
    /// Why the code before was not accepted.
    pub rejected: Option<Rejection>,
}

/// How the step ended.
///
/// ```
/// use verigator_client::{GaveUp, Outcome};
///
/// assert!(Outcome::Verified.is_verified());
/// assert!(!Outcome::GaveUp(GaveUp::TooManyTries).is_verified());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "giving up comes back as a value, not as an error"]
pub enum Outcome {
    /// The user typed the right code.
    Verified,
    /// The user did not.
    GaveUp(GaveUp),
}

impl Outcome {
    /// Whether the user typed the right code.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        matches!(self, Self::Verified)
    }
}

/// Why the step ended without a right code.
///
/// ```
/// assert_eq!(verigator_client::GaveUp::Expired.to_string(), "the code has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GaveUp {
    /// The user went away: the callback returned `None`.
    Cancelled,
    /// All tries were wrong.
    TooManyTries,
    /// The vendor takes no more tries for a while.
    Throttled,
    /// The code has expired, and no further one was allowed.
    Expired,
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the user did not enter a code",
            Self::TooManyTries => "every code that was entered is wrong",
            Self::Throttled => "too many tries; wait before the next one",
            Self::Expired => "the code has expired",
        })
    }
}

/// The second-factor step of a user's login.
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
///     Outcome::GaveUp(why) => println!("no: {why}"),
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
    /// A step that sends codes in this way, with three tries of one code.
    ///
    /// ```
    /// use verigator_client::SecondFactor;
    /// use verigator_client::models::AuthMethod;
    ///
    /// // Five tries in all, and a second message when the first code has expired.
    /// let step = SecondFactor::new(AuthMethod::Sms).max_tries(5).max_codes(2);
    /// # let _ = step;
    /// ```
    pub fn new(method: AuthMethod) -> Self {
        Self { method, max_tries: 3, max_codes: 1 }
    }

    /// How many codes the user may type in all; at least one. Default 3.
    pub fn max_tries(mut self, tries: u32) -> Self {
        self.max_tries = tries.max(1);
        self
    }

    /// How many codes may be sent: more than one sends another when a code has expired. Each costs what a text message
    /// costs. Default 1.
    pub fn max_codes(mut self, codes: u32) -> Self {
        self.max_codes = codes.max(1);
        self
    }

    /// Sends a code, asks for it and checks it, until it is right or a limit is reached.
    ///
    /// `ask` gets the [`Prompt`] and returns what the user typed, or `None` when the user goes away. White space around
    /// the code is dropped.
    ///
    /// ```no_run
    /// # async fn example(client: &verigator_client::Client) -> Result<(), verigator_client::Error> {
    /// use verigator_client::SecondFactor;
    /// use verigator_client::models::AuthMethod;
    ///
    /// let step = SecondFactor::new(AuthMethod::Sms);
    /// let outcome = step.run(client, "service-id", "user-id", async |prompt| {
    ///     println!("The code that came by {}: ", prompt.method);
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
    /// [`Error`] when a call fails. Nothing is repeated by itself: neither the sending of a code nor its check.
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
        let mut rejected = None;
        for _ in 0..self.max_codes {
            let started = login.start(self.method.clone()).await?;
            loop {
                if attempt == self.max_tries {
                    return Ok(Outcome::GaveUp(GaveUp::TooManyTries));
                }
                attempt += 1;
                let prompt = Prompt {
                    method: started.method.clone(),
                    attempt,
                    left: self.max_tries - attempt,
                    rejected: rejected.take(),
                };
                let Some(code) = ask(prompt).await else {
                    return Ok(Outcome::GaveUp(GaveUp::Cancelled));
                };
                let code = code.expose_secret().trim();
                // Nothing typed is a wrong code that need not be sent.
                if code.is_empty() {
                    continue;
                }
                match login.verify(SecretString::from(code)).await? {
                    Verification::Verified { .. } => return Ok(Outcome::Verified),
                    Verification::Rejected(why) if why.throttled => {
                        return Ok(Outcome::GaveUp(GaveUp::Throttled));
                    }
                    Verification::Rejected(why) => {
                        let expired = why.expired;
                        rejected = Some(why);
                        if expired {
                            break;
                        }
                    }
                }
            }
        }
        Ok(Outcome::GaveUp(GaveUp::Expired))
    }
}
