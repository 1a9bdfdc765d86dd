//! One floor below reqwest: hyper-util's pooled client, without TLS, redirects or time limits.

use crate::models::{NewUser, User, UserList, weigh};
use crate::{PASSWORD, Result, USERNAME};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

pub type Http = Pool<HttpConnector, Full<Bytes>>;

pub fn http() -> Http {
    Pool::builder(TokioExecutor::new()).build_http()
}

pub async fn send<T: DeserializeOwned>(http: &Http, request: http::Request<Full<Bytes>>) -> Result<T> {
    let response = http.request(request).await?;
    if !response.status().is_success() {
        return Err(format!("status {}", response.status()).into());
    }
    let body = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&body)?)
}

#[derive(Clone)]
pub struct Client {
    http: Http,
    base: String,
    credential: String,
}

impl Client {
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self {
            http: http(),
            base: format!("{url}/v1/service"),
            credential: format!("{USERNAME}:{PASSWORD}"),
        })
    }

    async fn get<T: DeserializeOwned>(&self, url: String) -> Result<T> {
        let request = http::Request::get(url).header("x-service-auth", &self.credential);
        send(&self.http, request.body(Full::default())?).await
    }

    pub async fn create(&self, service: &str) -> Result<usize> {
        let request = http::Request::post(format!("{}/service/{service}/users", self.base))
            .header("x-service-auth", &self.credential)
            .header("content-type", "application/json");
        let body = serde_json::to_vec(&NewUser::sample())?;
        let user: User = send(&self.http, request.body(Full::from(body))?).await?;
        Ok(weigh(&user.id_in_service))
    }

    pub async fn user(&self, service: &str, user: &str) -> Result<usize> {
        let user: User = self.get(format!("{}/service/{service}/users/{user}", self.base)).await?;
        Ok(weigh(&user.id_in_service))
    }

    pub async fn list(&self, service: &str) -> Result<usize> {
        let list: UserList = self.get(format!("{}/service/{service}/users", self.base)).await?;
        Ok(list.users.len())
    }
}
