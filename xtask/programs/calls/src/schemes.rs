//! One call with the authentication of each provider: the generic request of its client, and the same headers by hand.

use crate::by_hyper::{self, Http};
use crate::models::{NewUser, User, weigh};
use crate::{Result, USER_ID};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use sha2::Sha256;
use std::time::SystemTime;
use virtuous_client::decode;

const FIRST: &str = "benchmark";
/// Base64, and hexadecimal digits too.
const SECOND: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[derive(Clone, Copy)]
enum Scheme {
    /// VISE: a token, and the cookie of a session.
    Session,
    /// Vault Vision and Virtuous: a bearer key.
    Key,
    /// Virtuous: an HMAC in a header of the vendor's.
    SignedRequest,
    /// ReveSecure: HTTP Basic whose password is an HMAC.
    SignedPassword,
}

#[derive(Clone)]
enum Way {
    Vise(vise_client::Session),
    VaultVision(vaultvision_client::Client),
    Virtuous(virtuous_client::Client),
    ReveSecure(revesecure_client::Client),
    Reqwest(Scheme, reqwest::Client),
    Hyper(Scheme, Http),
}

#[derive(Clone)]
pub struct Client {
    way: Way,
    url: String,
}

macro_rules! ours {
    ($client:expr, $error:ty, $method:expr, $path:expr, $body:expr) => {{
        let mut request = $client.request($method, &$path);
        if let Some(body) = $body {
            request = request.json(body);
        }
        request.call::<User, $error>(decode::json).await?
    }};
}

impl Client {
    /// `provider` for ours, `provider:reqwest` and `provider:hyper` for those by hand.
    pub fn new(name: &str, url: &str) -> Result<Option<Self>> {
        let (provider, by_hand) = name.split_once(':').unwrap_or((name, ""));
        let scheme = match provider {
            "vise" => Scheme::Session,
            "vaultvision" | "virtuous" => Scheme::Key,
            "virtuous-hmac" => Scheme::SignedRequest,
            "revesecure" => Scheme::SignedPassword,
            _ => return Ok(None),
        };
        let second = SECOND.to_owned();
        let way = match (by_hand, provider) {
            ("reqwest", _) => Way::Reqwest(scheme, reqwest::Client::builder().build()?),
            ("hyper", _) => Way::Hyper(scheme, by_hyper::http()),
            ("", "vise") => {
                let port = url.rsplit(':').next().unwrap_or_default().parse()?;
                let policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
                let builder = vise_client::Client::builder(FIRST.to_owned()).dashboard_url(url);
                let client = builder.host_policy(policy.also_on_port(port)).build()?;
                Way::Vise(client.resume_session(url, format!("session={second}"))?)
            }
            ("", "vaultvision") => {
                Way::VaultVision(vaultvision_client::Client::builder(second).base_url(url).build()?)
            }
            ("", "virtuous") => {
                Way::Virtuous(virtuous_client::Client::builder().api_key(second).base_url(url).build()?)
            }
            ("", "virtuous-hmac") => {
                let keys = virtuous_client::HmacKeys::new(FIRST, second);
                Way::Virtuous(virtuous_client::Client::builder().hmac(keys).base_url(url).build()?)
            }
            ("", _) => {
                Way::ReveSecure(revesecure_client::Client::builder(FIRST, second).base_url(url).build()?)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { way, url: url.to_owned() }))
    }

    pub async fn user(&self) -> Result<usize> {
        self.send(Method::GET, format!("/v1/users/{USER_ID}"), None).await
    }

    pub async fn create(&self) -> Result<usize> {
        self.send(Method::POST, "/v1/users".to_owned(), Some(&NewUser::sample())).await
    }

    async fn send(&self, method: Method, path: String, body: Option<&NewUser>) -> Result<usize> {
        let user: User = match &self.way {
            Way::Vise(client) => ours!(client, vise_client::Error, method, path, body),
            Way::VaultVision(client) => ours!(client, vaultvision_client::Error, method, path, body),
            Way::Virtuous(client) => ours!(client, virtuous_client::Error, method, path, body),
            Way::ReveSecure(client) => ours!(client, revesecure_client::Error, method, path, body),
            Way::Reqwest(scheme, http) => {
                let (headers, body) = scheme.sign(&method, &self.url, &path, body)?;
                let mut request = http.request(method, format!("{}{path}", self.url));
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                if !body.is_empty() {
                    request = request.header("content-type", "application/json").body(body);
                }
                request.send().await?.error_for_status()?.json().await?
            }
            Way::Hyper(scheme, http) => {
                let (headers, body) = scheme.sign(&method, &self.url, &path, body)?;
                let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.url));
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                if !body.is_empty() {
                    request = request.header("content-type", "application/json");
                }
                by_hyper::send(http, request.body(body.into())?).await?
            }
        };
        Ok(weigh(&user.id_in_service))
    }
}

impl Scheme {
    /// The headers that authenticate a request, and its body.
    fn sign(
        self,
        method: &Method,
        url: &str,
        path: &str,
        body: Option<&NewUser>,
    ) -> Result<(Vec<(&'static str, String)>, Vec<u8>)> {
        let body = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let headers = match self {
            Self::Session => {
                vec![("authorization", format!("Bearer {FIRST}")), ("cookie", format!("session={SECOND}"))]
            }
            Self::Key => vec![("authorization", format!("Bearer {SECOND}"))],
            Self::SignedRequest => {
                let nonce = format!("{:032x}", fastrand::u128(..));
                let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
                let address = format!("{url}{path}").to_lowercase();
                let address: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
                let text = format!("{FIRST}{address}{method}{nonce}{time}").to_lowercase();
                let signature = STANDARD.encode(mac(&STANDARD.decode(SECOND)?, text.as_bytes())?);
                vec![("authorization", format!("Hmac {FIRST}:{signature}:{nonce}:{time}"))]
            }
            Self::SignedPassword => {
                let date = httpdate::fmt_http_date(SystemTime::now()).replace("GMT", "-0000");
                let mut text = format!("{date}\n{method}\n127.0.0.1\n{path}\n").into_bytes();
                text.extend_from_slice(&body);
                let password = hex::encode(mac(&hex::decode(SECOND)?, &text)?);
                let pair = STANDARD.encode(format!("{FIRST}:{password}"));
                vec![("date", date), ("authorization", format!("Basic {pair}"))]
            }
        };
        Ok((headers, body))
    }
}

fn mac(key: &[u8], text: &[u8]) -> Result<impl AsRef<[u8]>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(text);
    Ok(mac.finalize().into_bytes())
}
