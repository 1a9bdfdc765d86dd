//! A client for each way to authenticate, all behind one type.

use auth_client_core::testing::ManualTime;
use auth_client_core::transport::Transport;
use auth_client_core::{ErrorKind, RetryPolicy, decode};
use http::Method;
use serde_json::{Value, json};
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A way to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Vault Vision: a bearer key.
    Key,
    /// Virtuous: OAuth2 tokens.
    Tokens,
    /// Virtuous: an HMAC with a nonce and a time.
    SignedRequest,
    /// ReveSecure: HTTP Basic with an HMAC as the password.
    SignedPassword,
    /// Verigator: a header with a pair of credentials.
    HeaderPair,
    /// VISE: the cookie of a session and the account's token.
    Session,
}

/// The secrets of [`Scheme::client`], one per credential, to be searched for in what a client prints and sends.
pub const SECRETS: [&str; 9] = [
    "c4n4ry-vault-key.11aa",
    "c4n4ry-access-token.22bb",
    "c4n4ry-refresh-token.33cc",
    "c4n4ry-public-key.44dd",
    "YzRuNHJ5LXByaXZhdGUta2V5LTU1ZWU=",
    "c4n4ryapikey66ff",
    "c4a4a4c477aac4a4a4c477aac4a4a4c4",
    "c4n4ry-password-88bb",
    "c4n4ry-account-token.99cc",
];

/// How a client is built.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The server.
    pub url: String,
    /// The transport; `None` for the default one.
    pub transport: Option<Arc<dyn Transport>>,
    /// The clock; `None` for the system's.
    pub time: Option<ManualTime>,
    /// The maximum number of attempts; `None` for the default.
    pub attempts: Option<u32>,
    /// The maximum size of a successful response in bytes; `None` for the default.
    pub response_limit: Option<usize>,
}

impl Options {
    /// A client of the server at this URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// A client with this transport, for a server that does not exist.
    #[must_use]
    pub fn scripted(transport: impl Transport + 'static) -> Self {
        Self { transport: Some(Arc::new(transport)), ..Self::new("https://vendor.example") }
    }
}

/// What a failed call says about itself.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The kind.
    pub kind: ErrorKind,
    /// `Display`, `Debug` and the same of all sources.
    pub printed: String,
    /// Whether the error says that the call may have been executed.
    pub maybe_executed: bool,
    /// The wait that the error announces.
    pub retry_after: Option<Duration>,
}

impl Failed {
    /// A call that was never made.
    #[must_use]
    pub fn setup(printed: String) -> Self {
        Self { kind: ErrorKind::Configuration, printed, maybe_executed: false, retry_after: None }
    }
}

/// The result of a call.
pub type Outcome = Result<(), Failed>;

type Call = Box<dyn Fn(Method, &str, &Value) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// A client of any vendor.
pub struct Client(Call);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// Makes a call to any path; one with a body unless the method is GET or DELETE.
    pub async fn call(&self, method: Method, path: &str) -> Outcome {
        self.send(method, path, &json!({ "note": "text" })).await
    }

    /// Makes a call with this body, unless the method is GET or DELETE.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Outcome {
        (self.0)(method, path, body).await
    }
}

pub(crate) fn printed(error: &dyn StdError) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let _ = writeln!(text, "{error}\n{error:?}\n{error:#?}");
        next = error.source();
    }
    text
}

macro_rules! failed {
    ($error:expr) => {{
        let error = $error;
        $crate::scheme::Failed {
            kind: error.kind(),
            printed: $crate::scheme::printed(&error),
            maybe_executed: error.may_have_been_executed(),
            retry_after: error.retry_after(),
        }
    }};
}
pub(crate) use failed;

macro_rules! configured {
    ($builder:expr, $options:expr) => {{
        let (mut builder, options) = ($builder, $options);
        if let Some(transport) = options.transport.clone() {
            builder = builder.transport(transport);
        }
        if let Some(time) = &options.time {
            builder = builder.time(time.clock(), time.timer());
        }
        if let Some(attempts) = options.attempts {
            builder = builder.retry(RetryPolicy::default().max_attempts(attempts));
        }
        if let Some(limit) = options.response_limit {
            builder = builder.max_response_bytes(limit);
        }
        builder.operation_timeout(Duration::from_secs(20))
    }};
}

macro_rules! requests {
    ($client:expr, $error:ty) => {{
        let client = $client;
        Ok(Client(Box::new(move |method, path, body| {
            let mut request = client.request(method.clone(), path);
            if !matches!(method, Method::GET | Method::DELETE) {
                request = request.json(body);
            }
            let call = request.call::<_, $error>(decode::raw);
            Box::pin(async move { call.await.map(drop).map_err(|error| failed!(error)) })
        })))
    }};
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Key, Self::Tokens, Self::SignedRequest, Self::SignedPassword, Self::HeaderPair, Self::Session];

    /// A client whose credentials are those of [`SECRETS`].
    ///
    /// # Errors
    ///
    /// What the builder says.
    pub fn client(self, options: &Options) -> Built {
        let [key, access, refresh, public, private, api_key, secret_key, password, account] = SECRETS;
        match self {
            Self::Key => self.with(options, [key, ""]),
            Self::Tokens => self.with(options, [access, refresh]),
            Self::SignedRequest => self.with(options, [public, private]),
            Self::SignedPassword => self.with(options, [api_key, secret_key]),
            Self::HeaderPair => self.with(options, ["username", password]),
            Self::Session => self.with(options, [account, "c4n4ry-cookie"]),
        }
    }

    /// A client with these credentials, in the order of the vendor's documentation.
    ///
    /// # Errors
    ///
    /// What the builder says.
    pub fn with(self, options: &Options, [first, second]: [&str; 2]) -> Built {
        let url = options.url.clone();
        match self {
            Self::Key => {
                let builder = configured!(vaultvision_client::Client::builder(first.to_owned()), options);
                let client = builder.base_url(url).build().map_err(|error| failed!(error))?;
                requests!(client, vaultvision_client::Error)
            }
            Self::Tokens => {
                let tokens =
                    virtuous_client::Tokens::new(first.to_owned()).with_refresh_token(second.to_owned());
                let builder = configured!(virtuous_client::Client::builder().tokens(tokens), options);
                let client = builder.base_url(url).build().map_err(|error| failed!(error))?;
                requests!(client, virtuous_client::Error)
            }
            Self::SignedRequest => {
                let keys = virtuous_client::HmacKeys::new(first.to_owned(), second.to_owned());
                let builder = configured!(virtuous_client::Client::builder().hmac(keys), options);
                let client = builder.base_url(url).build().map_err(|error| failed!(error))?;
                requests!(client, virtuous_client::Error)
            }
            Self::SignedPassword => {
                let builder = revesecure_client::Client::builder(first.to_owned(), second.to_owned());
                let builder = configured!(builder, options);
                let client = builder.base_url(url).build().map_err(|error| failed!(error))?;
                requests!(client, revesecure_client::Error)
            }
            Self::HeaderPair => {
                let builder = verigator_client::Client::builder(first.to_owned(), second.to_owned());
                let builder = configured!(builder, options);
                let client = builder.base_url(url).build().map_err(|error| failed!(error))?;
                requests!(client, verigator_client::Error)
            }
            Self::Session => {
                let builder = configured!(vise_client::Client::builder(first.to_owned()), options);
                let mut policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
                if let Some(port) = url::Url::parse(&url).ok().and_then(|url| url.port()) {
                    policy = policy.also_on_port(port);
                }
                let client = builder.dashboard_url(url.clone()).host_policy(policy).build();
                let client = client.map_err(|error| failed!(error))?;
                let session =
                    client.resume_session(&url, second.to_owned()).map_err(|error| failed!(error))?;
                requests!(session, vise_client::Error)
            }
        }
    }
}

/// A client, or what the builder says.
pub type Built = Result<Client, Failed>;
